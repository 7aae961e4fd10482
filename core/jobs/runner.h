#ifndef SV_RUNNER_H
#define SV_RUNNER_H

#include "core/jobs/dispatch.h"
#include "core/jobs/job.h"

/*
 * Runs jobs, one at a time: takes an entry, starts the job, calls its kind's handler, settles what came of it.  A
 * thread of its own renews the claim meanwhile, sees a cancellation within a second, ends a job at its time limit, and
 * hands it back when the worker must go, so that a busy handler never loses its claim.
 */
typedef struct sv_runner_s sv_runner_t;

/* What a handler works with.  It runs on the runner's thread, which owns store, redis and arena while it does. */
typedef struct {
    const sv_job_claim_t *claim; /* claim->params is what was asked */
    sv_store_t *store;
    sv_redis_client_t *redis;
    const sv_settings_t *settings;
    sv_arena_t *arena;       /* of this attempt; a handler with much to do takes arenas of its own for its steps */
    const char *spool_dir;   /* shared with nginx and other hosts: for results alone */
    const char *scratch_dir; /* local: for all that is needed on the way */
    sv_job_result_t result;  /* the handler's to fill in; texts live as long as `arena` */
    sv_runner_t *runner;
} sv_job_run_t;

/*
 * SV_OK: the job has succeeded with run->result.  SV_ERR_UNAVAILABLE and SV_ERR_INTERNAL are tried again, any other
 * error fails the job for good and is shown to who asked for it.  A handler may be run again at any time, also beside
 * an attempt that believes to be alive: it writes under its job's id and attempt, and what it writes counts by its
 * job's success.
 */
typedef sv_status_t (*sv_job_handler_t)(sv_job_run_t *run, sv_error_t *error);

typedef struct {
    const char *type; /* a row of kinds.def */
    sv_job_handler_t handler;
} sv_job_handler_row_t;

/* Whether to stop: cancelled, lost to another worker, past its time limit, or the worker goes.  Costs nothing; to be
 * asked every few milliseconds of work. */
bool sv_job_run_cancelled(const sv_job_run_t *run);
/* What a handler that stops for that returns. */
sv_status_t sv_job_run_give_up(const sv_job_run_t *run, sv_error_t *error);
/* Says how far it is (written twice a second at most, and at a new stage); `total` 0: unknown.  SV_OK, or as
 * sv_job_run_give_up() when it is to stop. */
sv_status_t sv_job_run_progress(sv_job_run_t *run, const char *stage, int64_t done, int64_t total, sv_error_t *error);
/* The file of this attempt ("csv"), its folder made: *path for opening, run->result.file for the job.  It is removed
 * unless the job succeeds with it. */
sv_status_t sv_job_run_file(sv_job_run_t *run, const char *extension, const char **path, sv_error_t *error);

typedef struct {
    const sv_settings_t *settings;
    sv_store_pool_t *pool; /* two clients of it are kept */
    const sv_job_handler_row_t *handlers;
    size_t handler_count;
    sv_lane_t lane; /* which jobs it takes */
    /* A handler did not return in WORKER_GRACE after it lost its job: the process should end.  On the renewing thread;
     * NULL: nobody is told. */
    void (*hung)(void *context, const char *job_id);
    void *context;
} sv_runner_options_t;

/* NULL with `error` when the pool gives no clients or no thread can be made.  `options` is copied, its tables are not.
 */
sv_runner_t *sv_runner_create(const sv_runner_options_t *options, sv_error_t *error);
/* "host:pid:random" */
const char *sv_runner_worker(const sv_runner_t *runner);
/* Takes one job and runs it, waiting up to `wait_s` for it; *ran false when there was none.  SV_ERR_UNAVAILABLE: Redis
 * or MongoDB does not answer. */
sv_status_t sv_runner_step(sv_runner_t *runner, double wait_s, bool *ran, sv_error_t *error);
/* Steps until it is stopped. */
void sv_runner_run(sv_runner_t *runner);
/* From any thread: takes nothing more; what runs may finish, is told to stop after half of `grace_ms` and is handed
 * back before the end of it. */
void sv_runner_stop(sv_runner_t *runner, int64_t grace_ms);
/* After sv_runner_run has returned. */
void sv_runner_destroy(sv_runner_t *runner);

#endif
