#ifndef SV_COUNT_SETTLE_H
#define SV_COUNT_SETTLE_H

#include "core/counts/count.h"

/*
 * What follows when a count has gone a step on.  The step itself is one conditional update of the count, which marks it
 * `settling`; then its floor sessions are told in chunks, each a transaction that copies the count's status and raises
 * `writes`, so that it conflicts with a sync under way, and (of a closed count) interrupts live ones; then its racks
 * are brought to what they are, and the mark goes.  Every part may be repeated and run twice at once: whoever takes the
 * step goes on with this, and when it dies the worker does.
 */
typedef struct {
    sv_floor_session_t *interrupted; /* sessions that were, for the clean-up in Redis */
    size_t interrupted_count, capacity;
    int64_t told; /* floor sessions */
} sv_count_settled_t;

sv_status_t sv_count_settle(sv_store_t *store, const char *count_id, sv_arena_t *arena, sv_count_settled_t *settled,
                            sv_error_t *error);

/* The next count after `*count_id` that is settling; NULL: there is none. */
sv_status_t sv_count_settling_next(sv_store_t *store, const char **count_id, sv_arena_t *arena, sv_error_t *error);

#endif
