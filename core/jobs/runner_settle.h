#ifndef SV_RUNNER_SETTLE_H
#define SV_RUNNER_SETTLE_H

#include "core/jobs/dispatch.h"
#include "core/jobs/handler.h"

/* Ends an attempt whose handler returned `status` (with `reason`) while `flags` were set; for core/jobs/runner.c only.
 */
void sv_runner_settle(sv_job_run_t *run, const sv_dispatch_entry_t *entry, unsigned flags, sv_status_t status,
                      const sv_error_t *reason);

#endif
