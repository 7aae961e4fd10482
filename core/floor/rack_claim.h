#ifndef SV_RACK_CLAIM_H
#define SV_RACK_CLAIM_H

#include "core/auth/principal.h"
#include "core/counts/assignments.h"
#include "core/floor/floor.h"

typedef struct {
    const sv_principal_t *who;
    const char *rack_id;
    const char *floor;    /* when given, must be the rack's */
    const char *count_id; /* NULL: chosen by the rack */
    bool recount;
} sv_claim_t;

typedef struct {
    sv_floor_session_t session;
    sv_floor_session_t displaced; /* session_id NULL: none */
    bool resumed;
    sv_assigned_t
        assigned;         /* to somebody else, of a session that was opened; user_id NULL: to nobody, or to this user */
    bool outcome_unknown; /* with an error: the claim may stand; its lease must not be given back */
} sv_claim_result_t;

/* Takes the rack for the user in one transaction: raises its fence, displaces a silent holder's session, opens the new
 * one; or resumes the one this user has there.  The answer does not depend on any lease.  Runs on any thread
 * that owns `store`.  Errors: SV_ERR_NOT_FOUND, SV_ERR_RACK_LOCKED (holder set), SV_ERR_RACK_COMPLETED,
 * SV_ERR_COUNT_AMBIGUOUS, SV_ERR_SESSION_CLOSED, SV_ERR_CONFLICT_STATE, SV_ERR_VALIDATION_FAILED, SV_ERR_UNAVAILABLE.
 */
sv_status_t sv_rack_claim(sv_store_t *store, const sv_claim_t *claim, sv_arena_t *arena, sv_claim_result_t *result,
                          sv_error_t *error);

#endif
