#include "worker/job_runner.h"

#include <unistd.h>

#include "worker/jobs/kinds.h"
#include "worker/log.h"

enum { SV_EXIT_HUNG = 1 };

/* A thread cannot be ended from outside; the process can, and is started again.  Its duties may be killed at any point.
 */
static void
sv_job_runner_hung(void *context, const char *job_id)
{
    (void) context;
    sv_worker_log(SV_LOG_ERROR, "job.hangs", SV_FIELD_TEXT("job", job_id));
    _exit(SV_EXIT_HUNG);
}

static void *
sv_job_runner_thread(void *context)
{
    sv_job_runner_t *mine = context;

    sv_runner_run(mine->runner);
    sv_stop_leave(mine->worker->stop);
    return NULL;
}

static bool
sv_job_runner_start(sv_job_runner_t *mine, const sv_worker_t *worker, sv_lane_t lane)
{
    sv_runner_options_t options = { .settings = worker->settings,
                                    .pool = worker->pool,
                                    .handlers = sv_job_handlers,
                                    .handler_count = sv_job_handler_count,
                                    .lane = lane,
                                    .hung = sv_job_runner_hung };
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;

    sv_error_init(&error, arena);
    mine->worker = worker;
    mine->runner = sv_runner_create(&options, &error);
    sv_arena_destroy(arena);
    if (mine->runner == NULL) {
        return false;
    }
    sv_stop_enter(worker->stop);
    if (pthread_create(&mine->thread, NULL, sv_job_runner_thread, mine) != 0) {
        sv_stop_leave(worker->stop);
        sv_runner_destroy(mine->runner);
        return false;
    }
    return true;
}

size_t
sv_job_runners_wanted(const sv_settings_t *settings)
{
    return settings->worker_jobs > 0 ? (size_t) settings->worker_jobs + SV_LANE_COUNT - 1 : 0;
}

/* The first ones have a lane each. */
bool
sv_job_runners_start(sv_job_runners_t *runners, const sv_worker_t *worker)
{
    size_t wanted = sv_job_runners_wanted(worker->settings);
    bool whole = true;

    for (runners->count = 0; whole && runners->count < wanted; runners->count += whole) {
        sv_lane_t lane = runners->count + 1 < SV_LANE_COUNT ? (sv_lane_t) (runners->count + 1) : SV_LANE_ALL;

        whole = sv_job_runner_start(&runners->runners[runners->count], worker, lane);
    }
    return whole;
}

void
sv_job_runners_stop(sv_job_runners_t *runners)
{
    for (size_t i = 0; i < runners->count; i++) {
        sv_runner_stop(runners->runners[i].runner, runners->runners[i].worker->settings->worker_grace * 1000);
    }
}

void
sv_job_runners_join(sv_job_runners_t *runners)
{
    for (size_t i = 0; i < runners->count; i++) {
        pthread_join(runners->runners[i].thread, NULL);
        sv_runner_destroy(runners->runners[i].runner);
    }
}
