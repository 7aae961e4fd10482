#include "core/counts/count_state.h"

#include <string.h>

typedef struct {
    const char *name;
    bool claims, records, over;
} sv_count_state_t;

static const sv_count_state_t sv_count_states[] = {
#define SV_COUNT_STATE(name, claims, records, over) { name, claims, records, over },
#include "core/counts/count_states.def"
#undef SV_COUNT_STATE
};

const char *const sv_count_state_names[] = {
#define SV_COUNT_STATE(name, claims, records, over) name,
#include "core/counts/count_states.def"
#undef SV_COUNT_STATE
    NULL
};

enum { SV_COUNT_STATES = sizeof(sv_count_states) / sizeof(sv_count_states[0]) };

static const sv_count_state_t *
sv_count_state(const char *status)
{
    static const sv_count_state_t none = { "", false, false, false };

    for (size_t i = 0; status != NULL && i < SV_COUNT_STATES; i++) {
        if (strcmp(sv_count_states[i].name, status) == 0) {
            return &sv_count_states[i];
        }
    }
    return &none;
}

bool
sv_count_state_admits_claims(const char *status)
{
    return sv_count_state(status)->claims;
}

bool
sv_count_takes_records(const char *status)
{
    return sv_count_state(status)->records;
}

bool
sv_count_is_over(const char *status)
{
    return sv_count_state(status)->over;
}

void
sv_count_filter_live(bson_t *filter, const char *field)
{
    char digits[16];
    const char *key;
    bson_t condition, names;
    uint32_t n = 0;

    BSON_APPEND_DOCUMENT_BEGIN(filter, field, &condition);
    BSON_APPEND_ARRAY_BEGIN(&condition, "$in", &names);
    for (size_t i = 0; i < SV_COUNT_STATES; i++) {
        if (!sv_count_states[i].over) {
            bson_uint32_to_string(n++, &key, digits, sizeof(digits));
            BSON_APPEND_UTF8(&names, key, sv_count_states[i].name);
        }
    }
    bson_append_array_end(&condition, &names);
    bson_append_document_end(filter, &condition);
}
