/* Takes a snapshot (core/report/snapshots/snapshot_take.h). */
#include "core/jobs/handler_calls.h"
#include "core/report/snapshots/snapshot_take.h"
#include "worker/jobs/kinds.h"

static sv_status_t
sv_snapshot_told(void *context, const char *stage, int64_t rows, sv_error_t *error)
{
    return sv_job_run_progress(context, stage, rows, 0, error);
}

sv_status_t
sv_job_snapshot_create(sv_job_run_t *run, sv_error_t *error)
{
    sv_snapshot_watch_t watch = { .progress = sv_snapshot_told, .context = run };
    const char *snapshot_id;
    sv_status_t status =
        sv_snapshot_take(run->store, run->claim, run->scratch_dir, &watch, run->arena, &snapshot_id, error);

    if (status == SV_OK) {
        run->result.resource_type = "snapshot";
        run->result.resource_id = snapshot_id;
        run->result.resource_url = sv_arena_printf(run->arena, "/api/reports/snapshots/%s", snapshot_id);
    }
    return status;
}
