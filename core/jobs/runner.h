#ifndef SV_RUNNER_H
#define SV_RUNNER_H

#include "core/jobs/runner_options.h"

/*
 * Runs jobs, one at a time: takes an entry, starts the job, calls its kind's handler, settles what came of it.  A
 * thread of its own renews the claim meanwhile, sees a cancellation within a second, ends a job at its time limit, and
 * hands it back when the worker must go, so that a busy handler never loses its claim.
 */

/* NULL with `error` when the pool gives no clients or no thread can be made.  `options` is copied, its tables are not.
 */
sv_runner_t *sv_runner_create(const sv_runner_options_t *options, sv_error_t *error);
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
