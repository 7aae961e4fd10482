#ifndef SV_RACK_CHANGE_H
#define SV_RACK_CHANGE_H

#include "core/auth/principal.h"
#include "core/floor/floor.h"
#include "core/floor/stats.h"

#define SV_RELEASE_REASON_MAX 500

/* What is done to a floor session and its rack after the claim. */
typedef enum { SV_RACK_PAUSE = 0, SV_RACK_RESUME, SV_RACK_RELEASE, SV_RACK_COMPLETE } sv_rack_action_t;

typedef struct {
    sv_rack_action_t action;
    const sv_principal_t *who;
    const char *rack_id;    /* NULL: the session's */
    const char *session_id; /* NULL: the rack's current one; one of the two is given */
    int64_t records;        /* of a completion: how many of the session must be stored; 0: it does not matter */
    const char *reason;     /* of a release, kept in the audit trail; NULL: none was given */
} sv_rack_change_t;

typedef struct {
    sv_floor_session_t session;
    int64_t lock_ttl_s;       /* 0: the rack is free */
    const char *event;        /* "rack.paused" */
    sv_session_stats_t stats; /* of a completion */
} sv_rack_change_result_t;

/* Makes the change in one transaction, with its audit entry; a change that was made before gives its answer
 * again.  Staff change their own sessions, supervisors any.  Errors: SV_ERR_NOT_FOUND, SV_ERR_WRONG_KIND,
 * SV_ERR_FORBIDDEN (a session of another user, named), SV_ERR_LOCK_LOST (with the holder), SV_ERR_SESSION_COMPLETED,
 * SV_ERR_SESSION_CLOSED (resuming in a count that is over), SV_ERR_RECORDS_MISSING, SV_ERR_UNAVAILABLE. */
sv_status_t sv_rack_change(sv_store_t *store, const sv_rack_change_t *change, sv_arena_t *arena,
                           sv_rack_change_result_t *result, sv_error_t *error);

#endif
