#ifndef SV_TOTALS_TOUCH_H
#define SV_TOTALS_TOUCH_H

#include "core/store/store.h"

/* Has the totals of these items derived anew in the counts of the warehouse that are not over, where they are counted:
 * something they depend on has become known. */
sv_status_t
sv_totals_touch(sv_store_t *store, const char *warehouse, const char *const *codes, size_t count, sv_error_t *error);
/* Whether the warehouse has any such count. */
sv_status_t sv_totals_has_live_counts(sv_store_t *store, const char *warehouse, bool *has, sv_error_t *error);

#endif
