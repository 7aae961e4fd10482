#ifndef SV_SYNC_RECORD_TABLE_H
#define SV_SYNC_RECORD_TABLE_H

#include "core/base/json_reader.h"
#include "core/sync/record.h"

/* record.def as rows, for the parser and the forms. */
typedef struct {
    const char *name;
    size_t name_length;
    sv_member_kind_t kind;
    sv_presence_t presence;
    size_t limit;
    bool content;
    size_t offset; /* in sv_record_t */
} sv_member_row_t;

extern const sv_member_row_t sv_member_rows[SV_RECORD_MEMBER_COUNT];
extern const uint64_t sv_members_required;       /* bits */
extern const char *const sv_record_conditions[]; /* "good", "damaged", "expired", NULL */

#endif
