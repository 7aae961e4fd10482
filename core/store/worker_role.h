#ifndef SV_WORKER_ROLE_H
#define SV_WORKER_ROLE_H

#include "core/store/store.h"

/*
 * Roles of workers (worker_roles): which of several does what one alone had better do.  A role is held for a while by
 * MongoDB's clock.  It only saves work: every duty is right also when two do it at once, so a holder who was
 * stopped and goes on needs no fence.
 */

/* Takes the role, or keeps it: *mine says whether `holder` has it for the next `ttl_ms`. */
sv_status_t sv_worker_role_take(sv_store_t *store, const char *role, const char *holder, int64_t ttl_ms, bool *mine,
                                sv_error_t *error);

/* Keeps those of the roles that `holder` has, for as long again as they were taken for. */
sv_status_t
sv_worker_roles_keep(sv_store_t *store, const char *const *roles, size_t count, const char *holder, sv_error_t *error);

/* Gives it back, so that another need not wait. */
sv_status_t sv_worker_role_release(sv_store_t *store, const char *role, const char *holder, sv_error_t *error);

/* Whether any worker has a role now, and the version of one that has. */
sv_status_t sv_worker_roles_alive(sv_store_t *store, bool *alive, const char **version, sv_error_t *error);

#endif
