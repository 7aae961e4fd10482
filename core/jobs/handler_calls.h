#ifndef SV_HANDLER_CALLS_H
#define SV_HANDLER_CALLS_H

#include "core/jobs/handler.h"

/* What a handler says to the runner of its job and asks of it; on the handler's thread. */

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

#endif
