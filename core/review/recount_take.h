#ifndef SV_RECOUNT_TAKE_H
#define SV_RECOUNT_TAKE_H

#include "core/auth/principal.h"
#include "core/counts/count.h"

/* A recount on its way: asked for, taken by a claim that says so, done when its rack is completed. */

/* Which count a claim with `recount` would take one of: that named, else one that waits for the rack.  *found false:
 * nobody asked for a recount of it. */
sv_status_t sv_recount_count(sv_store_t *store, const char *rack_id, const char *count_id, sv_arena_t *arena,
                             sv_count_t *count, bool *found, sv_error_t *error);

/* The rack's latest recount in the count that is not done; NULL: none. */
sv_status_t sv_recount_pending(sv_store_t *store, const char *count_id, const char *rack_id, sv_arena_t *arena,
                               const bson_t **recount, sv_error_t *error);

/* SV_ERR_RECOUNT_OTHER_USER: it wants somebody who did not count what it is of. */
sv_status_t sv_recount_may_take(const bson_t *recount, const char *user_id, sv_error_t *error);

/* Inside the claim's transaction, and that of a completion; nothing happens where the round was not asked for. */
sv_status_t sv_recount_taken(sv_store_t *store, const bson_t *recount, const char *session_id, sv_arena_t *arena,
                             sv_error_t *error);
sv_status_t sv_recount_done(sv_store_t *store, const char *count_id, const char *rack_id, int64_t round,
                            sv_arena_t *arena, sv_error_t *error);

/* Whether one waits for the rack in the count. */
sv_status_t sv_recount_waits(sv_store_t *store, const char *count_id, const char *rack_id, sv_arena_t *arena,
                             bool *waits, sv_error_t *error);

#endif
