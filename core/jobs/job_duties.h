#ifndef SV_JOB_DUTIES_H
#define SV_JOB_DUTIES_H

#include "core/redis/client.h"
#include "core/store/store.h"

/*
 * What keeps the queue whole, one round a call; any number of workers may be at it, each round may die anywhere and is
 * done again by the next.  Blocks; the thread owns store and redis.
 */

/* How often each is due. */
enum {
    SV_JOBS_SWEEP_MS = 2000, /* and the repair */
    SV_JOBS_RECOVER_MS = 10000,
    SV_JOBS_EXPIRE_MS = 60000,
    SV_JOBS_TIDY_MS = 3600000,
};

/* Running jobs whose claim lapsed (their worker died, or hangs): queued again and dispatched, failed with
 * attempts_exhausted after SV_JOB_MAX_CRASHES, or cancelled where that was asked for. */
sv_status_t sv_jobs_sweep(sv_store_t *store, sv_redis_client_t *redis, int64_t *swept, sv_error_t *error);

/* Queued jobs that are due and have no entry in their stream: a dispatch that was lost, a delay that has passed, a
 * Redis that was emptied.  Looks at some thousands in each queue, in the order they were asked for, and goes on from
 * there in the next round: memory and time are bounded however many wait.  *repaired counts the entries added; *more:
 * some were missing and there is more to look at. */
sv_status_t
sv_jobs_repair(sv_store_t *store, sv_redis_client_t *redis, int64_t *repaired, bool *more, sv_error_t *error);

/* The same from the queues' beginnings on, until a round finds nothing missing. */
sv_status_t sv_jobs_repair_anew(sv_store_t *store, sv_redis_client_t *redis, sv_error_t *error);

/* Entries given to workers that died before they started the job: dropped, and dispatched again where the job is still
 * queued.  `worker` names this worker; *recovered counts the entries dropped. */
sv_status_t
sv_jobs_recover(sv_store_t *store, sv_redis_client_t *redis, const char *worker, int64_t *recovered, sv_error_t *error);

/* Removes files whose time is over (a hundred at most) and jobs that ended more than JOB_RETENTION ago. */
sv_status_t sv_jobs_expire(sv_store_t *store, int64_t *removed, sv_error_t *error);

/* Removes what dead attempts left in the spool, and expired files that nobody downloads any more.  Nothing of a spool
 * that is another database's: SV_ERR_CONFLICT_STATE as sv_spool_claim() gives it. */
sv_status_t sv_jobs_tidy_spool(sv_store_t *store, sv_error_t *error);

#endif
