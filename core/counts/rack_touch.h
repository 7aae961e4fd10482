#ifndef SV_RACK_TOUCH_H
#define SV_RACK_TOUCH_H

#include "core/store/store.h"

/* Has the lines of everything that the rack is expected to hold, or that was counted on it in the count, derived anew:
 * how the rack stands there has changed.  Inside the transaction that changed it. */
sv_status_t sv_rack_touch(sv_store_t *store, const char *count_id, const char *warehouse, const char *rack_id,
                          sv_arena_t *arena, sv_error_t *error);

#endif
