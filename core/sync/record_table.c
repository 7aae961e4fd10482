#include "core/sync/record_table.h"

#include <stddef.h>

const char *const sv_record_conditions[] = { "good", "damaged", "expired", NULL };

const sv_member_row_t sv_member_rows[SV_RECORD_MEMBER_COUNT] = {
#define SV_RECORD_MEMBER(name, kind, presence, limit, content)                                                         \
    { #name, sizeof(#name) - 1, SV_MEMBER_##kind, SV_##presence, limit, content, offsetof(sv_record_t, name) },
#include "core/sync/record.def"
#undef SV_RECORD_MEMBER
};

enum { SV_PRESENCE_OPTIONAL_BIT = 0, SV_PRESENCE_REQUIRED_BIT = 1 };

const uint64_t sv_members_required = 0
#define SV_RECORD_MEMBER(name, kind, presence, limit, content)                                                         \
    | (uint64_t) SV_PRESENCE_##presence##_BIT << SV_RECORD_HAS_##name
#include "core/sync/record.def"
#undef SV_RECORD_MEMBER
    ;
