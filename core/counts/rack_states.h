#ifndef SV_RACK_STATES_H
#define SV_RACK_STATES_H

#include "core/counts/count.h"

/*
 * A rack that nobody holds is `completed` when it stands completed in the count a claim of it would be of, else
 * `available`.  Which count that is changes when counts are opened, closed or come to the end of their period.
 */

/* What the rack shows when a floor session of `count_id` completes it. */
sv_status_t sv_rack_state_completed(sv_store_t *store, const sv_rack_t *rack, const char *count_id, sv_arena_t *arena,
                                    const char **state, sv_error_t *error);

/* Brings the racks of the warehouse that nobody holds to what they are.  May be repeated, and run beside claims. */
sv_status_t sv_rack_states_follow(sv_store_t *store, const char *warehouse, int64_t *changed, sv_error_t *error);

#endif
