#ifndef SV_DISPATCH_H
#define SV_DISPATCH_H

#include "core/jobs/job.h"
#include "core/redis/client.h"

/*
 * Jobs in Redis (docs/jobs.md): wakes workers, decides nothing.  One stream a queue, one consumer group; jobs:entries
 * knows the entry of each job that has one, so a job can be dispatched again at any time without being there twice. A
 * function that takes a client blocks for a round trip and runs on the thread that owns it.
 */

/* For whoever has a connection of its own: dispatches one job.  Keeps pointers until it has run. */
void sv_dispatch_command(sv_redis_command_t *command, sv_arena_t *arena, sv_queue_t queue, const char *job_id);

typedef enum { SV_DISPATCH_KEEP, SV_DISPATCH_REPLACE } sv_dispatch_mode_t;

/* Jobs of one queue; `replace` where an entry that may be there belongs to an attempt that is over.  *added: entries
 * that were missing (may be NULL). */
sv_status_t sv_dispatch(sv_redis_client_t *redis, sv_queue_t queue, const char *const *job_ids, size_t count,
                        sv_dispatch_mode_t mode, int64_t *added, sv_error_t *error);

/* What a slot of a worker takes: jobs of every queue, or of one alone, which so never waits behind another kind. */
typedef enum { SV_LANE_ALL, SV_LANE_SHORT, SV_LANE_MAIL, SV_LANE_COUNT } sv_lane_t;

/* What a worker was given. */
typedef struct {
    sv_queue_t queue;
    bool aged;      /* it had waited so long that it went first */
    const char *id; /* of the entry */
    const char *job_id;
} sv_dispatch_entry_t;

/* The next entry for this worker, high first, never waiting; *found false when all is empty.  Texts live in the arena.
 * Nothing of `high` waiting, one that has waited for `ageing_ms` (0: none) goes before those of queues above its own: a
 * caller who allows that every other time starves neither. */
sv_status_t sv_dispatch_take(sv_redis_client_t *redis, const char *worker, sv_lane_t lane, int64_t ageing_ms,
                             sv_arena_t *arena, sv_dispatch_entry_t *entry, bool *found, sv_error_t *error);
/* Waits until something of the lane is dispatched, at most `seconds` (which must stay below REDIS_TIMEOUT). */
sv_status_t sv_dispatch_wait(sv_redis_client_t *redis, sv_lane_t lane, double seconds, sv_error_t *error);
/* Removes entries of one queue; those that are gone already are no error. */
sv_status_t sv_dispatch_drop(sv_redis_client_t *redis, sv_queue_t queue, const sv_dispatch_entry_t *entries,
                             size_t count, sv_error_t *error);
/* The entry is being worked on: it does not look idle. */
sv_status_t
sv_dispatch_touch(sv_redis_client_t *redis, const char *worker, const sv_dispatch_entry_t *entry, sv_error_t *error);
/* Takes over up to `limit` entries of a queue idle for `idle_ms`; entries[limit].  `cursor` is "0-0" at first and again
 * after the last. */
sv_status_t sv_dispatch_recover(sv_redis_client_t *redis, sv_queue_t queue, const char *worker, int64_t idle_ms,
                                size_t limit, const char **cursor, sv_arena_t *arena, sv_dispatch_entry_t *entries,
                                size_t *count, sv_error_t *error);
/* A worker goes: forgets it (NULL: nobody in particular), and those not heard of for a day, where nothing is pending.
 */
sv_status_t sv_dispatch_leave(sv_redis_client_t *redis, const char *worker, sv_error_t *error);
/* Tells of the job on jobs:updates:{job_id} (core/events/event.h); `owner` asked for it. */
sv_status_t sv_dispatch_publish(sv_redis_client_t *redis, const char *job_id, const char *owner,
                                const char *message, sv_error_t *error);

#endif
