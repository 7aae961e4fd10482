#ifndef SV_CONFLICT_EXPIRE_H
#define SV_CONFLICT_EXPIRE_H

#include "core/store/store.h"

/* Between rounds; conflicts are kept for days (CONFLICT_RETENTION). */
enum { SV_CONFLICTS_EXPIRE_MS = 3600000 };

/* Removes conflicts that nobody met or resolved for CONFLICT_RETENTION days: resolved ones, and open ones of counts
 * that are closed, where no figure can come of them any more.  An open one of a count that goes on waits for its
 * person. */
sv_status_t sv_conflicts_expire(sv_store_t *store, int64_t *removed, sv_error_t *error);

#endif
