/* The renewing thread: keeps the claim, looks for a cancellation, minds the time limit and the worker's end. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/jobs/job_tell.h"
#include "core/jobs/runner_state.h"

enum { SV_TICK_MIN_MS = 50, SV_TICK_MAX_MS = 500 };

/* The running job as it was at a tick, in an arena of the tick. */
typedef struct {
    uint64_t serial;
    sv_job_claim_t claim;
    sv_dispatch_entry_t entry;
    int64_t now_ms, started_ms, renewed_ms, lost_ms;
    bool soft, hard; /* the worker's end */
    bool told_hung;
} sv_tick_t;

static void
sv_tick_read(sv_runner_t *runner, sv_tick_t *tick, sv_arena_t *arena)
{
    tick->serial = runner->serial;
    if (tick->serial == 0) {
        return;
    }
    tick->claim = *runner->claim;
    tick->claim.job_id = sv_arena_strdup(arena, runner->claim->job_id);
    tick->claim.worker = runner->worker;
    tick->claim.type = sv_arena_strdup(arena, runner->claim->type);
    tick->claim.params = NULL;
    tick->claim.requested_by = tick->claim.warehouse = tick->claim.schedule_id = NULL;
    tick->entry = *runner->entry;
    tick->entry.id = sv_arena_strdup(arena, runner->entry->id);
    tick->entry.job_id = tick->claim.job_id;
    tick->now_ms = sv_clock_monotonic_ms();
    tick->started_ms = runner->started_ms;
    tick->renewed_ms = runner->renewed_ms;
    tick->lost_ms = runner->lost_ms;
    tick->told_hung = runner->told_hung;
    tick->soft = runner->stopping && tick->now_ms >= runner->stop_soft_ms;
    tick->hard = runner->stopping && tick->now_ms >= runner->stop_hard_ms;
}

/* Tells the handler, if it is still the same job's. */
static void
sv_tick_flag(sv_runner_t *runner, const sv_tick_t *tick, unsigned flags)
{
    pthread_mutex_lock(&runner->lock);
    if (runner->serial == tick->serial) {
        atomic_fetch_or(&runner->flags, flags);
        if (flags & SV_RUN_LOST && runner->lost_ms == 0) {
            runner->lost_ms = sv_clock_monotonic_ms();
        }
    }
    pthread_mutex_unlock(&runner->lock);
}

static void
sv_tick_renewed(sv_runner_t *runner, const sv_tick_t *tick)
{
    pthread_mutex_lock(&runner->lock);
    if (runner->serial == tick->serial) {
        runner->renewed_ms = tick->now_ms;
    }
    pthread_mutex_unlock(&runner->lock);
}

static void
sv_tick_time_limit(sv_runner_t *runner, const sv_tick_t *tick, sv_error_t *error)
{
    bool held = false;

    if (sv_job_fail_time_limit(runner->renew_store, &tick->claim, &held, error) != SV_OK) {
        return;
    }
    sv_log(SV_LOG_WARNING, "job %s took longer than its %" PRId64 " s", tick->claim.job_id,
           tick->claim.kind->time_limit_s);
    sv_tick_flag(runner, tick, SV_RUN_TIMED_OUT | SV_RUN_LOST);
    sv_dispatch_drop(runner->renew_redis, tick->entry.queue, &tick->entry, 1, error);
    if (held) {
        const sv_job_news_t news =
            sv_job_claim_news(&tick->claim, sv_job_will_retry(&tick->claim, true) ? "queued" : "failed");

        sv_job_tell(runner->renew_redis, &news, error->arena);
    }
}

static void
sv_tick_hand_back(sv_runner_t *runner, const sv_tick_t *tick, sv_error_t *error)
{
    bool held = false;

    if (sv_job_hand_back(runner->renew_store, &tick->claim, 0, &held, error) != SV_OK) {
        return;
    }
    sv_tick_flag(runner, tick, SV_RUN_STOPPED | SV_RUN_LOST);
    if (held) {
        sv_dispatch(runner->renew_redis, tick->entry.queue, &tick->claim.job_id, 1, SV_DISPATCH_REPLACE, NULL, error);
        const sv_job_news_t news = sv_job_claim_news(&tick->claim, "queued");

        sv_job_tell(runner->renew_redis, &news, error->arena);
    }
}

static void
sv_tick_keep(sv_runner_t *runner, const sv_tick_t *tick, sv_error_t *error)
{
    bool held = true, cancel = false;
    bool renew = tick->now_ms - tick->renewed_ms >= runner->options.settings->job_claim / 3;
    sv_status_t status = renew ? sv_job_renew(runner->renew_store, &tick->claim, &held, &cancel, error)
                               : sv_job_look(runner->renew_store, &tick->claim, &held, &cancel, error);

    if (status != SV_OK) {
        return; /* the guard of what follows will tell whether the job is still ours */
    }
    if (!held || cancel) {
        sv_tick_flag(runner, tick, !held ? SV_RUN_LOST : SV_RUN_CANCELLED);
    }
    if (renew && held) {
        sv_tick_renewed(runner, tick);
        sv_dispatch_touch(runner->renew_redis, runner->worker, &tick->entry, error);
    }
}

static void
sv_tick_hung(sv_runner_t *runner, const sv_tick_t *tick)
{
    if (tick->told_hung || tick->now_ms - tick->lost_ms < runner->options.settings->worker_grace * 1000) {
        return;
    }
    pthread_mutex_lock(&runner->lock);
    runner->told_hung = runner->told_hung || runner->serial == tick->serial;
    pthread_mutex_unlock(&runner->lock);
    if (runner->options.hung != NULL) {
        runner->options.hung(runner->options.context, tick->claim.job_id);
    }
}

static void
sv_runner_tick(sv_runner_t *runner, const sv_tick_t *tick, sv_arena_t *arena)
{
    sv_error_t error;

    sv_error_init(&error, arena);
    if (tick->lost_ms != 0) {
        sv_tick_hung(runner, tick);
        return;
    }
    if (tick->soft) {
        sv_tick_flag(runner, tick, SV_RUN_STOPPED);
    }
    if (tick->claim.kind != NULL && tick->now_ms - tick->started_ms > tick->claim.kind->time_limit_s * 1000) {
        sv_tick_time_limit(runner, tick, &error);
    } else if (tick->hard) {
        sv_tick_hand_back(runner, tick, &error);
    } else {
        sv_tick_keep(runner, tick, &error);
    }
}

static void
sv_runner_sleep(sv_runner_t *runner)
{
    int64_t tick_ms = runner->options.settings->job_claim / 6;
    struct timespec until;

    tick_ms = tick_ms < SV_TICK_MIN_MS ? SV_TICK_MIN_MS : tick_ms > SV_TICK_MAX_MS ? SV_TICK_MAX_MS : tick_ms;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += tick_ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&runner->changed, &runner->lock, &until);
}

/* A job shorter than a tick is never looked at: it costs this thread nothing. */
void *
sv_runner_renew(void *context)
{
    sv_runner_t *runner = context;

    pthread_mutex_lock(&runner->lock);
    while (!runner->ending) {
        sv_arena_t *arena;
        sv_tick_t tick;

        sv_runner_sleep(runner);
        if (runner->serial == 0) {
            continue;
        }
        arena = sv_arena_create();
        sv_tick_read(runner, &tick, arena);
        pthread_mutex_unlock(&runner->lock);
        sv_runner_tick(runner, &tick, arena);
        sv_arena_destroy(arena);
        pthread_mutex_lock(&runner->lock);
    }
    pthread_mutex_unlock(&runner->lock);
    return NULL;
}
