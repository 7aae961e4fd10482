#include "worker/duty.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/codec.h"
#include "core/store/worker_role.h"
#include "worker/log.h"

enum { SV_BACKOFF_MAX_MS = 15000 };

/* What the thread remembers between rounds. */
typedef struct {
    sv_duty_t *duty;
    sv_store_t *store;
    sv_redis_client_t *redis;
    int64_t role_asked_ms; /* monotonic; 0: not yet */
    int failures;          /* rounds in a row */
    int64_t rounds, done;
} sv_duty_loop_t;

/* A tenth more or less, so that workers do not keep step. */
static int64_t
sv_with_jitter(int64_t ms)
{
    uint16_t random;

    sv_random_bytes(&random, sizeof(random));
    return ms - ms / 10 + ms * random / 5 / UINT16_MAX;
}

static int64_t
sv_duty_interval_ms(const sv_duty_t *duty)
{
    const char *settings = (const char *) duty->worker->settings;

    if (duty->row->every_ms != 0) {
        return duty->row->every_ms;
    }
    return *(const int64_t *) (settings + duty->row->interval);
}

static int64_t
sv_duty_backoff_ms(const sv_duty_loop_t *loop)
{
    int64_t ms = sv_duty_interval_ms(loop->duty);

    for (int i = 0; i < loop->failures && ms < SV_BACKOFF_MAX_MS; i++) {
        ms *= 2;
    }
    return ms < SV_BACKOFF_MAX_MS ? ms : SV_BACKOFF_MAX_MS;
}

/* Asks for the role before a round, not more often than it must; in between and during the round the keeper keeps it
 * (worker/role_keeper.h). */
static sv_status_t
sv_duty_take_role(sv_duty_loop_t *loop, sv_error_t *error)
{
    int64_t now_ms = sv_clock_monotonic_ms();
    sv_duty_t *duty = loop->duty;
    const sv_worker_t *worker = duty->worker;
    bool mine = false;
    sv_status_t status;

    if (loop->role_asked_ms != 0 && now_ms - loop->role_asked_ms < worker->role_ttl_ms / 3) {
        return SV_OK;
    }
    status = sv_worker_role_take(loop->store, duty->row->name, worker->worker_id, worker->role_ttl_ms, &mine, error);
    loop->role_asked_ms = status == SV_OK ? now_ms : 0;
    if (mine != atomic_load(&duty->mine)) {
        /* A duty that fails for longer than a role lasts wanders between workers; that it fails was told. */
        if (loop->failures == 0) {
            sv_worker_log(SV_LOG_INFO, mine ? "role.taken" : "role.lost", SV_FIELD_TEXT("duty", duty->row->name));
        }
        atomic_store(&duty->mine, mine);
    }
    return status;
}

static sv_status_t
sv_duty_run_round(sv_duty_loop_t *loop, bool *ran, sv_duty_round_t *round, sv_error_t *error)
{
    *round = (sv_duty_round_t){ .store = loop->store,
                                .redis = loop->redis,
                                .running_ms = sv_clock_monotonic_ms() - loop->duty->worker->started_ms };
    sv_status_t status = sv_duty_take_role(loop, error);

    *ran = status == SV_OK && atomic_load(&loop->duty->mine);
    if (!*ran) {
        return status;
    }
    status = loop->duty->row->run(round, error);
    loop->rounds++;
    loop->done += round->done;
    return status;
}

/* Only changes are told: the first failure of a row of them, and the end of the row.  Leaving the work to another
 * worker ends no row. */
static void
sv_duty_note_outcome(sv_duty_loop_t *loop, bool ran, const sv_error_t *error)
{
    const char *name = loop->duty->row->name;

    if (ran && error->status == SV_OK && loop->failures > 0) {
        sv_worker_log(SV_LOG_NOTICE, "duty.recovered", SV_FIELD_TEXT("duty", name),
                      SV_FIELD_NUMBER("failures", loop->failures));
        loop->failures = 0;
    } else if (error->status != SV_OK && loop->failures++ == 0) {
        sv_worker_log(sv_status_kind(error->status) == SV_KIND_UNAVAILABLE ? SV_LOG_WARNING : SV_LOG_ERROR,
                      "duty.failing", SV_FIELD_TEXT("duty", name), SV_FIELD_TEXT("code", sv_status_code(error->status)),
                      SV_FIELD_TEXT("cause", error->cause != NULL ? error->cause : error->message));
    }
}

static int64_t
sv_duty_pause_ms(const sv_duty_loop_t *loop, const sv_duty_round_t *round, const sv_error_t *error)
{
    int64_t interval_ms = sv_duty_interval_ms(loop->duty);

    if (error->status != SV_OK) {
        return sv_with_jitter(sv_duty_backoff_ms(loop));
    }
    if (round->again) {
        return 0;
    }
    return round->rest_ms > interval_ms ? round->rest_ms : sv_with_jitter(interval_ms);
}

static void
sv_duty_loop(sv_duty_loop_t *loop)
{
    sv_duty_t *duty = loop->duty;
    int64_t pause_ms = 0;

    while (!sv_stop_wait(duty->worker->stop, pause_ms)) {
        sv_arena_t *arena = sv_arena_create();
        sv_error_t error;
        sv_duty_round_t round;
        bool ran = false;

        sv_error_init(&error, arena);
        atomic_store(&duty->begun_ms, sv_clock_monotonic_ms());
        sv_duty_run_round(loop, &ran, &round, &error);
        atomic_store(&duty->begun_ms, 0);
        sv_duty_note_outcome(loop, ran, &error);
        pause_ms = sv_duty_pause_ms(loop, &round, &error);
        sv_arena_destroy(arena);
    }
}

static void
sv_duty_end(sv_duty_loop_t *loop)
{
    sv_duty_t *duty = loop->duty;
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;

    sv_error_init(&error, arena);
    if (atomic_exchange(&duty->mine, false)) {
        sv_worker_role_release(loop->store, duty->row->name, duty->worker->worker_id, &error);
    }
    sv_worker_log(SV_LOG_INFO, "duty.stopped", SV_FIELD_TEXT("duty", duty->row->name),
                  SV_FIELD_NUMBER("rounds", loop->rounds), SV_FIELD_NUMBER("done", loop->done));
    sv_arena_destroy(arena);
}

static void *
sv_duty_thread(void *context)
{
    sv_duty_loop_t loop = { .duty = context };
    sv_worker_t const *worker = loop.duty->worker;

    loop.store = sv_store_acquire(worker->pool);
    loop.redis = sv_redis_client_create(worker->settings);
    sv_duty_loop(&loop);
    sv_duty_end(&loop);
    sv_redis_client_destroy(loop.redis);
    sv_store_release(loop.store);
    sv_stop_leave(worker->stop);
    return NULL;
}

bool
sv_duty_hangs(sv_duty_t *duty)
{
    int64_t begun_ms = atomic_load(&duty->begun_ms);

    return begun_ms != 0 && sv_clock_monotonic_ms() - begun_ms > duty->row->limit_ms;
}

bool
sv_duty_start(sv_duty_t *duty, const sv_duty_row_t *row, const sv_worker_t *worker)
{
    duty->row = row;
    duty->worker = worker;
    atomic_init(&duty->begun_ms, 0);
    atomic_init(&duty->mine, false);
    sv_stop_enter(worker->stop);
    if (pthread_create(&duty->thread, NULL, sv_duty_thread, duty) != 0) {
        sv_stop_leave(worker->stop);
        return false;
    }
    return true;
}
