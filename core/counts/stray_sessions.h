#ifndef SV_STRAY_SESSIONS_H
#define SV_STRAY_SESSIONS_H

#include "core/redis/client.h"
#include "core/store/store.h"

/*
 * What became of counts and is still to be made known.  Standing counts whose period is over are ended; counts that
 * went a step on while whoever took it died are settled (count_settle.h).  And floor sessions that take their count for
 * open although it is not: a claim that commits just after its count was closed or reconciled puts that right itself
 * (core/floor/rack_claim.c); one whose process died in between leaves its session to a round here, which brings it into
 * line as closing does.  Its holder's lease goes, and listeners are told, after the commit; both are lost when the
 * worker dies there: a lease runs out, and syncs are refused all the same.
 */
enum { SV_STRAY_SESSIONS_MS = 10000 }; /* between rounds */

typedef struct {
    int64_t periods;     /* of standing counts, ended */
    int64_t counts;      /* looked at: those some floor session takes for open */
    int64_t settled;     /* sessions brought into line */
    int64_t interrupted; /* of these, live ones */
} sv_stray_sessions_t;

/* One round over all counts.  Two workers at it interrupt a session once. */
sv_status_t
sv_stray_sessions_round(sv_store_t *store, sv_redis_client_t *redis, sv_stray_sessions_t *done, sv_error_t *error);

#endif
