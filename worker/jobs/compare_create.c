/* Makes a comparison (core/report/compare/comparison.h). */
#include "core/jobs/handler_calls.h"
#include "core/report/compare/comparison.h"
#include "worker/jobs/kinds.h"

static sv_status_t
sv_comparison_told(void *context, const char *stage, int64_t done, int64_t total, sv_error_t *error)
{
    return sv_job_run_progress(context, stage, done, total, error);
}

sv_status_t
sv_job_compare_create(sv_job_run_t *run, sv_error_t *error)
{
    sv_comparison_watch_t watch = { .progress = sv_comparison_told, .context = run };
    sv_status_t status = sv_comparison_make(run->store, run->claim, run->scratch_dir, &watch, run->arena, error);

    if (status == SV_OK) {
        run->result.resource_type = "comparison";
        run->result.resource_id = run->claim->job_id;
        run->result.resource_url = sv_arena_printf(run->arena, "/api/reports/compare/%s", run->claim->job_id);
    }
    return status;
}
