#include "core/jobs/handler_calls.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/jobs/dispatch.h"
#include "core/jobs/job_tell.h"
#include "core/jobs/runner_state.h"
#include "core/jobs/spool.h"

enum { SV_PROGRESS_EVERY_MS = 500 };

bool
sv_job_run_cancelled(const sv_job_run_t *run)
{
    return atomic_load_explicit(&run->runner->flags, memory_order_relaxed) != 0;
}

sv_status_t
sv_job_run_give_up(const sv_job_run_t *run, sv_error_t *error)
{
    return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "job %s was told to stop", run->claim->job_id);
}

static void
sv_runner_lose(sv_runner_t *runner)
{
    pthread_mutex_lock(&runner->lock);
    atomic_fetch_or(&runner->flags, SV_RUN_LOST);
    if (runner->lost_ms == 0) {
        runner->lost_ms = sv_clock_monotonic_ms();
    }
    pthread_mutex_unlock(&runner->lock);
}

/* How far it is, is said as well as can be: a database that is away for a moment fails no job here. */
static void
sv_progress_tell(sv_job_run_t *run, const char *stage, int64_t done, int64_t total)
{
    sv_arena_t *arena = sv_arena_create();
    bool held = true;
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_job_progress(run->store, run->claim, stage, done, total, &held, &error) == SV_OK) {
        if (!held) {
            sv_runner_lose(run->runner);
        } else {
            sv_dispatch_publish(run->redis, run->claim->job_id, run->claim->requested_by,
                                sv_job_event(run->claim->job_id, "running", stage, done, total, arena), &error);
        }
    }
    sv_arena_destroy(arena);
}

sv_status_t
sv_job_run_progress(sv_job_run_t *run, const char *stage, int64_t done, int64_t total, sv_error_t *error)
{
    sv_runner_t *runner = run->runner;
    int64_t now_ms = sv_clock_monotonic_ms();

    if (runner->stage == NULL || strcmp(runner->stage, stage) != 0 ||
        now_ms - runner->progress_ms >= SV_PROGRESS_EVERY_MS) {
        if (runner->stage == NULL || strcmp(runner->stage, stage) != 0) {
            runner->stage = sv_arena_strdup(run->arena, stage);
        }
        runner->progress_ms = now_ms;
        sv_progress_tell(run, stage, done, total);
    }
    return sv_job_run_cancelled(run) ? sv_job_run_give_up(run, error) : SV_OK;
}

sv_status_t
sv_job_run_file(sv_job_run_t *run, const char *extension, const char **path, sv_error_t *error)
{
    run->result.file = sv_spool_file(run->claim->job_id, run->claim->attempt, extension, run->arena);
    *path = sv_arena_printf(run->arena, "%s/%s", run->spool_dir, run->result.file);
    return sv_spool_prepare(run->spool_dir, run->claim->job_id, error);
}
