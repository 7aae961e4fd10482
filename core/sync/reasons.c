#include "core/sync/reasons.h"

#include <stddef.h>
#include <string.h>

static const char *const sv_damage_reasons[] = {
    "broken", "wet", "torn_packaging", "expired", "infested", "other", NULL
};
static const char *const sv_variance_reasons[] = { "miscount",       "misplaced", "unbooked_receipt",
                                                   "unbooked_issue", "theft",     "unit_error",
                                                   "other",          NULL };
static const char *const sv_correction_reasons[] = { "typing_error", "wrong_item", "wrong_rack",
                                                     "recounted",    "other",      NULL };

const sv_reason_list_t sv_reason_lists[SV_REASON_KINDS] = {
    [SV_REASON_DAMAGE] = { "damage", "damage_reason", sv_damage_reasons },
    [SV_REASON_VARIANCE] = { "variance", "variance_reason", sv_variance_reasons },
    [SV_REASON_CORRECTION] = { "correction", "correction_reason", sv_correction_reasons },
};

bool
sv_reason_is_known(sv_reason_kind_t kind, const char *reason)
{
    for (size_t i = 0; sv_reason_lists[kind].words[i] != NULL; i++) {
        if (strcmp(sv_reason_lists[kind].words[i], reason) == 0) {
            return true;
        }
    }
    return false;
}
