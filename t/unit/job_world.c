#include "t/unit/job_world.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/jobs/runner_state.h"
#include "core/store/document.h"

enum { SV_PATIENCE_MS = 60000 };

static void
sv_job_world_pause(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

bool
sv_job_world_open(sv_job_world_t *world)
{
    memset(world, 0, sizeof(*world));
    if (!sv_real_redis_named() || !sv_real_mongodb_open(&world->real)) {
        return false;
    }
    world->redis = sv_real_redis_open(&world->real.settings, world->real.arena);
    strcpy(world->spool, "/tmp/sv_spool_XXXXXX");
    assert_non_null(mkdtemp(world->spool));
    world->real.settings.spool_dir = world->spool;
    world->real.settings.scratch_dir = "/tmp";
    world->real.settings.job_claim = SV_WORLD_CLAIM_MS;
    world->real.settings.job_retry_delay = 10;
    world->who = (sv_principal_t){ .user_id = "u1", .username = "u1", .role = SV_ROLE_SUPERVISOR, .warehouse = "W1" };
    return true;
}

static int
sv_job_world_remove(const char *path, const struct stat *state, int kind, struct FTW *walk)
{
    (void) state;
    (void) kind;
    (void) walk;
    return remove(path);
}

void
sv_job_world_close(sv_job_world_t *world)
{
    if (world->real.pool == NULL) {
        return;
    }
    nftw(world->spool, sv_job_world_remove, 8, FTW_DEPTH | FTW_PHYS);
    sv_real_redis(world->redis, "FLUSHDB");
    sv_redis_client_destroy(world->redis);
    sv_real_mongodb_close(&world->real);
}

void
sv_job_world_clear(sv_job_world_t *world)
{
    static const sv_collection_t collections[] = { SV_COLLECTION_JOBS, SV_COLLECTION_REPORT_SCHEDULES,
                                                   SV_COLLECTION_USERS };

    sv_error_clear(&world->real.error);
    for (size_t i = 0; i < sizeof(collections) / sizeof(collections[0]); i++) {
        SV_MUST(world, sv_store_delete_many(world->real.store, collections[i], sv_doc_new(world->real.arena), NULL,
                                            &world->real.error));
    }
    sv_real_redis(world->redis, "FLUSHDB");
}

void
sv_job_world_check(sv_job_world_t *world, sv_status_t status, const char *what)
{
    if (status != SV_OK) {
        fail_msg("%s: %s: %s", what, sv_status_code(status),
                 world->real.error.cause != NULL ? world->real.error.cause : world->real.error.message);
    }
}

const char *
sv_job_world_request(sv_job_world_t *world, const char *type, const char *key)
{
    sv_job_request_t request = { .type = type, .unique_key = key };
    const bson_t *job = NULL;
    const char *job_id;
    bool created = false;

    SV_MUST(world, sv_job_request(world->real.store, &world->who, &request, world->real.arena, &job, &created,
                                  &world->real.error));
    job_id = sv_doc_text(job, "job_id", world->real.arena);
    SV_MUST(world, sv_dispatch(world->redis, sv_job_kind(type)->queue, &job_id, 1, SV_DISPATCH_KEEP, NULL,
                               &world->real.error));
    return job_id;
}

sv_job_claim_t *
sv_job_world_start(sv_job_world_t *world, const char *job_id, const char *worker)
{
    sv_job_claim_t *claim = NULL;

    SV_MUST(world,
            sv_job_start(world->real.store, job_id, worker, world->real.arena, &claim, NULL, &world->real.error));
    return claim;
}

const bson_t *
sv_job_world_job(sv_job_world_t *world, const char *job_id)
{
    const bson_t *job =
        sv_real_find(&world->real, SV_COLLECTION_JOBS, sv_arena_printf(world->real.arena, "{'job_id': '%s'}", job_id));

    assert_non_null(job);
    return job;
}

const char *
sv_job_world_text(sv_job_world_t *world, const char *job_id, const char *path)
{
    const char *text = sv_doc_text(sv_job_world_job(world, job_id), path, world->real.arena);

    return text != NULL ? text : "";
}

int64_t
sv_job_world_int(sv_job_world_t *world, const char *job_id, const char *path)
{
    return sv_doc_int(sv_job_world_job(world, job_id), path);
}

void
sv_job_world_lapse(sv_job_world_t *world, const char *job_id)
{
    int64_t swept = 0;

    /* Its worker may be alive and renew in between. */
    do {
        sv_real_update(&world->real, SV_COLLECTION_JOBS,
                       sv_arena_printf(world->real.arena, "{'job_id': '%s', 'status': 'running'}", job_id),
                       "{'$set': {'claimed_at': {'$date': '2020-01-01T00:00:00Z'}}}");
        SV_MUST(world, sv_jobs_sweep(world->real.store, world->redis, &swept, &world->real.error));
    } while (swept == 0);
}

void
sv_job_world_await(sv_job_world_t *world, const char *job_id, const char *status)
{
    int64_t until_ms = sv_clock_monotonic_ms() + SV_PATIENCE_MS;

    while (strcmp(sv_job_world_text(world, job_id, "status"), status) != 0) {
        if (sv_clock_monotonic_ms() > until_ms) {
            fail_msg("job %s is %s, not %s", job_id, sv_job_world_text(world, job_id, "status"), status);
        }
        sv_job_world_pause();
    }
}

static void *
sv_job_worker_thread(void *runner)
{
    sv_runner_run(runner);
    return NULL;
}

void
sv_job_worker_start(sv_job_world_t *world, sv_job_worker_t *worker, const sv_job_handler_row_t *handlers, size_t count)
{
    sv_runner_options_t options = {
        .settings = &world->real.settings, .pool = world->real.pool, .handlers = handlers, .handler_count = count
    };

    worker->runner = sv_runner_create(&options, &world->real.error);
    assert_non_null(worker->runner);
    assert_int_equal(pthread_create(&worker->thread, NULL, sv_job_worker_thread, worker->runner), 0);
}

void
sv_job_worker_pass_limit(sv_job_worker_t *worker)
{
    sv_runner_t *runner = worker->runner;
    bool begun = false;

    /* The job is told to run a moment before the runner minds its time. */
    while (!begun) {
        pthread_mutex_lock(&runner->lock);
        begun = runner->claim != NULL;
        runner->started_ms -= begun ? (runner->claim->kind->time_limit_s + 1) * 1000 : 0;
        pthread_mutex_unlock(&runner->lock);
        sched_yield();
    }
}

void
sv_job_worker_stop(sv_job_worker_t *worker, int64_t grace_ms)
{
    sv_runner_stop(worker->runner, grace_ms);
    pthread_join(worker->thread, NULL);
    sv_runner_destroy(worker->runner);
}
