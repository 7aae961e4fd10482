#ifndef SV_WORKER_JOB_RUNNER_H
#define SV_WORKER_JOB_RUNNER_H

#include "core/jobs/runner.h"
#include "worker/duty.h"

/* Clients of the database: the runner's two, and three for a handler, which writes blocks through one while it reads
 * those of two snapshots ahead through one each. */
enum { SV_MAX_JOB_RUNNERS = 16 + SV_LANE_COUNT - 1, SV_CLIENTS_PER_JOB_RUNNER = 2 + 3 };

/* The threads that run jobs, each with a renewing thread of its own: WORKER_JOBS of them for jobs of every kind, and
 * one for each lane of kinds that are not to wait behind those. */
typedef struct {
    const sv_worker_t *worker;
    sv_runner_t *runner;
    pthread_t thread;
} sv_job_runner_t;

typedef struct {
    sv_job_runner_t runners[SV_MAX_JOB_RUNNERS];
    size_t count;
} sv_job_runners_t;

/* How many this worker has; none where WORKER_JOBS is 0. */
size_t sv_job_runners_wanted(const sv_settings_t *settings);
/* False when a thread or a MongoDB client is not to be had; those that were started are to be ended all the same. */
bool sv_job_runners_start(sv_job_runners_t *runners, const sv_worker_t *worker);
/* Nothing more is taken; what runs finishes or is handed back within WORKER_GRACE. */
void sv_job_runners_stop(sv_job_runners_t *runners);
/* After all threads have left. */
void sv_job_runners_join(sv_job_runners_t *runners);

#endif
