#ifndef SV_SYNC_FENCE_H
#define SV_SYNC_FENCE_H

#include "core/floor/floor.h"
#include "core/store/store.h"

/*
 * The fence write with which every transaction begins that writes a floor session's records
 * (docs/data-model.md, verification_sessions).
 */
typedef enum {
    SV_FENCE_HOLDS,
    SV_FENCE_LOST,   /* displaced by somebody's newer claim */
    SV_FENCE_UNKNOWN /* there is no such session of this user */
} sv_fence_outcome_t;

typedef struct {
    const char *session_id;
    sv_fence_outcome_t outcome;
    /* unless it is unknown: */
    sv_floor_session_t facts;  /* as the fence write left it */
    bool open;                 /* its count takes records: OPEN or RECONCILE */
    bool closed;               /* it does not */
    bool plain;                /* the unique keys alone find what stands in the way of its new records */
    bool displaced;            /* by its own user's next claim, through whose session it writes */
    int64_t present_round;     /* past the fence: that of the session the rack carries */
    int64_t now_ms;            /* the database's clock, told by the fence write itself */
    const sv_holder_t *holder; /* SV_FENCE_LOST: who holds the rack now; NULL: nobody */
    bool bypassed;             /* written to by a supervisor, not by its user */
    /* what the transaction did for it */
    bool wrote;
    bool leaves_plain; /* it has figures now that add up, or yield */
    bool rearmed;
} sv_fenced_t;

/* The fence write of one session, inside a transaction.  A miss is looked into: a session displaced by its own user's
 * next claim fences on the session the rack carries, as long as nobody else had the rack since; else lost or unknown.
 * `left`: how many records the phone still has unsent, to be noted with it; NULL: not told. */
sv_status_t sv_fence_write(sv_store_t *store, const char *user_id, const char *session_id, const int64_t *left,
                           sv_fenced_t *fenced, sv_error_t *error);

/* The same for a supervisor, who is not fenced: raises `writes` of the session the rack carries, so that it collides
 * with the holder's writes and with every other decision about the rack, and of the record's own session, whoever's
 * that is.  `outcome` says whether the fence would have held for its user. */
sv_status_t sv_fence_bypass(sv_store_t *store, const char *session_id, sv_fenced_t *fenced, sv_error_t *error);

/* Once its records are written, in the same transaction: notes that it is plain no more, and arms the hold again of a
 * session that was interrupted or had fallen silent for a lease's length.  Sets `rearmed`. */
sv_status_t sv_fence_finish(sv_store_t *store, sv_fenced_t *fenced, sv_error_t *error);

#endif
