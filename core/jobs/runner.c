#include "core/jobs/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/codec.h"
#include "core/base/log.h"
#include "core/jobs/job_owner.h"
#include "core/jobs/job_tell.h"
#include "core/jobs/runner_settle.h"
#include "core/jobs/runner_state.h"
#include "core/store/document.h"

enum { SV_NO_HANDLER_DELAY_MS = 10000, SV_PAUSE_MS = 500, SV_WAIT_MAX_MS = 500 };

static sv_job_handler_t
sv_runner_handler(const sv_runner_t *runner, const char *type)
{
    for (size_t i = 0; i < runner->options.handler_count; i++) {
        if (strcmp(runner->options.handlers[i].type, type) == 0) {
            return runner->options.handlers[i].handler;
        }
    }
    return NULL;
}

/* From here on the renewing thread minds the job. */
static void
sv_runner_begin(sv_runner_t *runner, const sv_job_claim_t *claim, const sv_dispatch_entry_t *entry)
{
    pthread_mutex_lock(&runner->lock);
    runner->serial = ++runner->last_serial;
    runner->claim = claim;
    runner->entry = entry;
    runner->started_ms = runner->renewed_ms = sv_clock_monotonic_ms();
    runner->lost_ms = 0;
    runner->told_hung = false;
    atomic_store(&runner->flags, 0);
    pthread_mutex_unlock(&runner->lock);
    runner->stage = NULL;
    runner->progress_ms = runner->started_ms;
}

static void
sv_runner_end(sv_runner_t *runner)
{
    pthread_mutex_lock(&runner->lock);
    runner->serial = 0;
    runner->claim = NULL;
    runner->entry = NULL;
    pthread_mutex_unlock(&runner->lock);
}

static sv_status_t
sv_runner_handle(sv_job_run_t *run, const sv_dispatch_entry_t *entry, sv_job_handler_t handler)
{
    sv_runner_t *runner = run->runner;
    sv_error_t reason;
    sv_status_t status;
    sv_role_t role;

    sv_error_init(&reason, run->arena);
    sv_runner_begin(runner, run->claim, entry);
    status = sv_job_owner_check(run->store, run->claim, run->arena, &role, &reason);
    if (status == SV_OK) {
        status = handler(run, &reason);
    }
    sv_runner_settle(run, entry, atomic_load(&runner->flags), status, &reason);
    sv_runner_end(runner);
    return SV_OK;
}

/* A job that is ours and is not to be run: cancelled just before, or of a kind this release does not know. */
static sv_status_t
sv_runner_decline(sv_runner_t *runner, const sv_job_claim_t *claim, const sv_dispatch_entry_t *entry, bool cancelled,
                  sv_error_t *error)
{
    bool held = false;
    sv_status_t status = cancelled ? sv_job_end_cancelled(runner->store, claim, &held, error)
                                   : sv_job_hand_back(runner->store, claim, SV_NO_HANDLER_DELAY_MS, &held, error);

    if (held) {
        const sv_job_news_t news = sv_job_claim_news(claim, cancelled ? "cancelled" : "queued");

        sv_job_tell(runner->redis, &news, error->arena);
    }
    return status == SV_OK ? sv_dispatch_drop(runner->redis, entry->queue, entry, 1, error) : status;
}

static sv_status_t
sv_runner_process(sv_runner_t *runner, const sv_dispatch_entry_t *entry, sv_arena_t *arena, bool *ran,
                  sv_error_t *error)
{
    sv_job_claim_t *claim = NULL;
    const bson_t *job = NULL;
    sv_job_handler_t handler;
    sv_status_t status = sv_job_start(runner->store, entry->job_id, runner->worker, arena, &claim, &job, error);
    sv_error_t ignored;

    if (claim == NULL) {
        /* Decided already, not due yet, or not to be known now: what is still queued is dispatched again. */
        sv_error_init(&ignored, arena);
        sv_dispatch_drop(runner->redis, entry->queue, entry, 1, &ignored);
        return status;
    }
    handler = sv_runner_handler(runner, claim->type);
    if (handler == NULL || sv_doc_bool(job, "cancel_requested")) {
        return sv_runner_decline(runner, claim, entry, sv_doc_bool(job, "cancel_requested"), error);
    }
    *ran = true;
    return sv_runner_handle(&(sv_job_run_t){ .claim = claim,
                                             .store = runner->store,
                                             .redis = runner->redis,
                                             .settings = runner->options.settings,
                                             .arena = arena,
                                             .spool_dir = runner->options.settings->spool_dir,
                                             .scratch_dir = runner->options.settings->scratch_dir,
                                             .runner = runner },
                            entry, handler);
}

static sv_status_t
sv_runner_take(sv_runner_t *runner, sv_arena_t *arena, sv_dispatch_entry_t *entry, bool *found, sv_error_t *error)
{
    int64_t ageing_ms = runner->took_aged ? 0 : runner->options.settings->job_ageing * 1000;
    sv_status_t status =
        sv_dispatch_take(runner->redis, runner->worker, runner->options.lane, ageing_ms, arena, entry, found, error);

    if (*found) {
        runner->took_aged = entry->aged;
    }
    return status;
}

sv_status_t
sv_runner_step(sv_runner_t *runner, double wait_s, bool *ran, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_dispatch_entry_t entry;
    bool found = false;
    sv_status_t status = sv_runner_take(runner, arena, &entry, &found, error);

    *ran = false;
    if (status == SV_OK && !found && wait_s > 0) {
        status = sv_dispatch_wait(runner->redis, runner->options.lane, wait_s, error);
        if (status == SV_OK) {
            status = sv_runner_take(runner, arena, &entry, &found, error);
        }
    }
    if (status == SV_OK && found) {
        status = sv_runner_process(runner, &entry, arena, ran, error);
    }
    sv_arena_destroy(arena);
    return status;
}

static bool
sv_runner_is_stopping(sv_runner_t *runner)
{
    bool stopping;

    pthread_mutex_lock(&runner->lock);
    stopping = runner->stopping;
    pthread_mutex_unlock(&runner->lock);
    return stopping;
}

/* Told once when it begins and once when it is over. */
static void
sv_runner_note(bool *away, sv_status_t status, const sv_error_t *error)
{
    if (status != SV_OK && !*away) {
        sv_log(SV_LOG_WARNING, "jobs wait: %s", error->cause != NULL ? error->cause : sv_status_code(status));
    } else if (status == SV_OK && *away) {
        sv_log(SV_LOG_NOTICE, "jobs are run again");
    }
    *away = status != SV_OK;
}

void
sv_runner_run(sv_runner_t *runner)
{
    const struct timespec pause = { .tv_nsec = SV_PAUSE_MS * 1000000 };
    int64_t wait_ms = runner->options.settings->redis_timeout / 2;
    bool away = false;

    wait_ms = wait_ms > SV_WAIT_MAX_MS ? SV_WAIT_MAX_MS : wait_ms;
    while (!sv_runner_is_stopping(runner)) {
        sv_arena_t *arena = sv_arena_create();
        sv_error_t error;
        bool ran;
        sv_status_t status;

        sv_error_init(&error, arena);
        status = sv_runner_step(runner, (double) wait_ms / 1000, &ran, &error);
        sv_runner_note(&away, status, &error);
        sv_arena_destroy(arena);
        if (status != SV_OK) {
            nanosleep(&pause, NULL);
        }
    }
}

void
sv_runner_stop(sv_runner_t *runner, int64_t grace_ms)
{
    int64_t now_ms = sv_clock_monotonic_ms();

    pthread_mutex_lock(&runner->lock);
    if (!runner->stopping) {
        runner->stopping = true;
        runner->stop_soft_ms = now_ms + grace_ms / 2;
        runner->stop_hard_ms = now_ms + grace_ms * 4 / 5;
    }
    pthread_mutex_unlock(&runner->lock);
}

static void
sv_runner_name(sv_runner_t *runner)
{
    char host[64] = "", hex[17];
    uint8_t random[8];

    gethostname(host, sizeof(host) - 1);
    sv_random_bytes(random, sizeof(random));
    sv_hex_encode(random, sizeof(random), hex);
    snprintf(runner->worker, sizeof(runner->worker), "%s:%ld:%s", host, (long) getpid(), hex);
}

static bool
sv_runner_open(sv_runner_t *runner, sv_error_t *error)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&runner->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&runner->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    runner->store = sv_store_acquire(runner->options.pool);
    runner->renew_store = sv_store_acquire(runner->options.pool);
    runner->redis = sv_redis_client_create(runner->options.settings);
    runner->renew_redis = sv_redis_client_create(runner->options.settings);
    if (runner->store == NULL || runner->renew_store == NULL) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no MongoDB client for jobs came free");
        return false;
    }
    runner->has_renewer = pthread_create(&runner->renewer, NULL, sv_runner_renew, runner) == 0;
    if (!runner->has_renewer) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no thread for renewing could be made");
    }
    return runner->has_renewer;
}

sv_runner_t *
sv_runner_create(const sv_runner_options_t *options, sv_error_t *error)
{
    sv_runner_t *runner = calloc(1, sizeof(*runner));

    if (runner == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
        return NULL;
    }
    runner->options = *options;
    sv_runner_name(runner);
    if (!sv_runner_open(runner, error)) {
        sv_runner_destroy(runner);
        return NULL;
    }
    return runner;
}

static void
sv_runner_leave(sv_runner_t *runner)
{
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;

    sv_error_init(&error, arena);
    sv_dispatch_leave(runner->redis, runner->worker, &error);
    sv_arena_destroy(arena);
}

void
sv_runner_destroy(sv_runner_t *runner)
{
    if (runner == NULL) {
        return;
    }
    if (runner->has_renewer) {
        pthread_mutex_lock(&runner->lock);
        runner->ending = true;
        pthread_cond_signal(&runner->changed);
        pthread_mutex_unlock(&runner->lock);
        pthread_join(runner->renewer, NULL);
        sv_runner_leave(runner);
    }
    if (runner->store != NULL) {
        sv_store_release(runner->store);
    }
    if (runner->renew_store != NULL) {
        sv_store_release(runner->renew_store);
    }
    sv_redis_client_destroy(runner->redis);
    sv_redis_client_destroy(runner->renew_redis);
    pthread_cond_destroy(&runner->changed);
    pthread_mutex_destroy(&runner->lock);
    free(runner);
}
