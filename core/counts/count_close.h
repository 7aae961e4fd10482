#ifndef SV_COUNT_CLOSE_H
#define SV_COUNT_CLOSE_H

#include "core/auth/principal.h"
#include "core/counts/count.h"

typedef enum { SV_COUNT_RECONCILE = 0, SV_COUNT_CLOSE } sv_count_step_t;

/* What a bulk request did with one count. */
typedef struct {
    const char *count_id;
    const char *warehouse; /* the count's; NULL when it is not known */
    const char *status;    /* the count's now; NULL when it is not known */
    sv_status_t result;
    const char *message;
    sv_floor_session_t *interrupted; /* sessions that were, for the clean-up in Redis: */
    size_t interrupted_count;
} sv_count_verdict_t;

/* How a count is ended: `reason` (NULL: none is told) stays with one that is closed, in `close_reason`. */
typedef struct {
    bool force;
    const char *reason;
} sv_count_end_t;

/* Takes a count a step on: RECONCILE stops claims; CLOSE ends it, refused with SV_ERR_STILL_COUNTING while floor
 * sessions are live, unless `force`, which interrupts them.  Then its floor sessions and racks follow (count_settle.h);
 * when this fails in the midst of that, the worker goes on with it.  A step that was made before is made again without
 * effect.  The verdict holds every outcome except an unavailable database, which is returned. */
sv_status_t
sv_count_advance(sv_store_t *store, const sv_principal_t *who, const char *count_id, sv_count_step_t step,
                 const sv_count_end_t *end, sv_arena_t *arena, sv_count_verdict_t *verdict, sv_error_t *error);

/* The end of a standing count's period: it becomes RECONCILE, unless it did or its period is not over.  Its floor
 * sessions and racks are the worker's to tell. */
sv_status_t sv_count_end_period(sv_store_t *store, const char *count_id, sv_arena_t *arena, sv_error_t *error);

/* Brings a floor session into line with its count, which is not open any more: tells it the count's state and, if it is
 * live, interrupts it, its rack available.  `session` is it afterwards (in the arena); `who` NULL: nobody, the worker.
 */
sv_status_t
sv_count_interrupt_session(sv_store_t *store, const sv_principal_t *who, const char *session_id, sv_arena_t *arena,
                           sv_floor_session_t *session, bool *interrupted, sv_error_t *error);

#endif
