#ifndef SV_SYNC_REASONS_H
#define SV_SYNC_REASONS_H

#include <stdbool.h>

/*
 * Why pieces are damaged, a figure differs, or a figure was corrected: words that an app offers (GET /api/config) and
 * reports group by.
 */
typedef enum { SV_REASON_DAMAGE, SV_REASON_VARIANCE, SV_REASON_CORRECTION, SV_REASON_KINDS } sv_reason_kind_t;

typedef struct {
    const char *name;         /* as /api/config calls the list */
    const char *field;        /* the record's member */
    const char *const *words; /* NULL-terminated */
} sv_reason_list_t;

extern const sv_reason_list_t sv_reason_lists[SV_REASON_KINDS];

bool sv_reason_is_known(sv_reason_kind_t kind, const char *reason);

#endif
