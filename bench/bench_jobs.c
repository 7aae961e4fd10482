/*
 * The job queue beside the bare driver on the same servers and collection:
 *
 *     MONGODB_URI=... REDIS_HOST=... REDIS_PORT=... bench_jobs [ROUNDS]
 *
 *   start     one worker idle: from the request's first byte to the handler's first line, and from the request's answer
 * on ours      two workers empty a queue of JOBS empty durable jobs: take, start, handler, success, drop, event bare
 * two threads of libmongoc make the same two writes a job, on jobs that were requested the same way `ours` and `bare`
 * take turns, a queue each.  Uses a database of its own, dropped at the end, and Redis database 13, which is emptied.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/codec.h"
#include "core/jobs/dispatch.h"
#include "core/jobs/runner.h"
#include "core/store/document.h"
#include "core/store/indexes.h"

#define KIND "report.generate"

enum { JOBS = 300, WORKERS = 2, LATENCIES = 200, REDIS_DATABASE = 13 };

static sv_settings_t settings;
static sv_store_pool_t *pool;
static sv_store_t *store;
static sv_redis_client_t *redis;
static atomic_int done;
static _Atomic double begun_s;

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "bench_jobs: %s: %s\n", what, why != NULL ? why : "?");
    exit(1);
}

static sv_status_t
handle(sv_job_run_t *run, sv_error_t *error)
{
    (void) run;
    (void) error;
    atomic_store(&begun_s, now_s());
    atomic_fetch_add(&done, 1);
    return SV_OK;
}

static const sv_job_handler_row_t handlers[] = { { KIND, handle } };

static const char *
request(sv_arena_t *arena, bool dispatch)
{
    sv_principal_t who = { .user_id = "bench", .role = SV_ROLE_ADMIN };
    sv_job_request_t asked = { .type = KIND };
    const bson_t *job;
    const char *job_id;
    bool created;
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_job_request(store, &who, &asked, arena, &job, &created, &error) != SV_OK) {
        die("request", error.cause);
    }
    job_id = sv_doc_text(job, "job_id", arena);
    if (dispatch && sv_dispatch(redis, SV_QUEUE_LOW, &job_id, 1, SV_DISPATCH_KEEP, NULL, &error) != SV_OK) {
        die("dispatch", error.cause);
    }
    return job_id;
}

typedef struct {
    sv_runner_t *runner;
    pthread_t thread;
} worker_t;

static void *
run_runner(void *runner)
{
    sv_runner_run(runner);
    return NULL;
}

static void
start_workers(worker_t *workers, int count)
{
    sv_runner_options_t options = { .settings = &settings, .pool = pool, .handlers = handlers, .handler_count = 1 };
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;

    sv_error_init(&error, arena);
    for (int i = 0; i < count; i++) {
        workers[i].runner = sv_runner_create(&options, &error);
        if (workers[i].runner == NULL || pthread_create(&workers[i].thread, NULL, run_runner, workers[i].runner) != 0) {
            die("worker", error.cause);
        }
    }
    sv_arena_destroy(arena);
}

static void
stop_workers(worker_t *workers, int count)
{
    for (int i = 0; i < count; i++) {
        sv_runner_stop(workers[i].runner, 10000);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        sv_runner_destroy(workers[i].runner);
    }
}

static void
await_done(int count)
{
    while (atomic_load(&done) < count) {
        nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
    }
}

static int
by_size(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;

    return (left > right) - (left < right);
}

static void
measure_start(void)
{
    double whole[LATENCIES], after[LATENCIES];
    worker_t worker;

    start_workers(&worker, 1);
    for (int i = 0; i < LATENCIES; i++) {
        sv_arena_t *arena = sv_arena_create();
        double asked_s, answered_s;

        /* The worker has gone to sleep again. */
        nanosleep(&(struct timespec){ .tv_nsec = 15000000 }, NULL);
        atomic_store(&done, 0);
        asked_s = now_s();
        request(arena, true);
        answered_s = now_s();
        await_done(1);
        whole[i] = atomic_load(&begun_s) - asked_s;
        after[i] = atomic_load(&begun_s) - answered_s;
        sv_arena_destroy(arena);
    }
    stop_workers(&worker, 1);
    qsort(whole, LATENCIES, sizeof(whole[0]), by_size);
    qsort(after, LATENCIES, sizeof(after[0]), by_size);
    printf("start: request to start p50 %.2f ms, p99 %.2f ms; answer to start p50 %.2f ms\n",
           whole[LATENCIES / 2] * 1e3, whole[LATENCIES * 99 / 100] * 1e3, after[LATENCIES / 2] * 1e3);
}

/* Seconds for a queue of JOBS. */
static double
measure_ours(void)
{
    sv_arena_t *arena = sv_arena_create();
    worker_t workers[WORKERS];
    double from_s, to_s;

    for (int i = 0; i < JOBS; i++) {
        request(arena, true);
    }
    atomic_store(&done, 0);
    from_s = now_s();
    start_workers(workers, WORKERS);
    await_done(JOBS);
    /* The last success is written by now or within a write of it. */
    to_s = now_s();
    stop_workers(workers, WORKERS);
    sv_arena_destroy(arena);
    return to_s - from_s;
}

typedef struct {
    pthread_t thread;
    sv_store_t *store;
    const char *const *job_ids;
    int count;
} bare_t;

static void
bare_write(sv_store_t *mine, const bson_t *filter, const bson_t *update, bool find)
{
    mongoc_collection_t *jobs = mine->collections[SV_COLLECTION_JOBS];
    bson_error_t reason;
    bson_t reply;
    bool good;

    if (find) {
        mongoc_find_and_modify_opts_t *options = mongoc_find_and_modify_opts_new();

        mongoc_find_and_modify_opts_set_update(options, update);
        mongoc_find_and_modify_opts_set_flags(options, MONGOC_FIND_AND_MODIFY_RETURN_NEW);
        good = mongoc_collection_find_and_modify_with_opts(jobs, filter, options, &reply, &reason);
        mongoc_find_and_modify_opts_destroy(options);
    } else {
        good = mongoc_collection_update_one(jobs, filter, update, NULL, &reply, &reason);
    }
    if (!good) {
        die("bare", reason.message);
    }
    bson_destroy(&reply);
}

static void *
run_bare(void *context)
{
    bare_t *mine = context;

    for (int i = 0; i < mine->count; i++) {
        bson_t *filter = BCON_NEW("job_id", BCON_UTF8(mine->job_ids[i]), "status", "queued", "$expr", "{", "$lte", "[",
                                  "{", "$dateAdd", "{", "startDate", "$queued_at", "unit", "millisecond", "amount",
                                  "$delay_ms", "}", "}", "$$NOW", "]", "}");
        bson_t *update =
            BCON_NEW("$set", "{", "status", "running", "worker", "bare", "claim_ms", BCON_INT64(15000), "progress",
                     BCON_NULL, "}", "$inc", "{", "attempt", BCON_INT64(1), "}", "$currentDate", "{", "claimed_at",
                     BCON_BOOL(true), "started_at", BCON_BOOL(true), "}");

        bare_write(mine->store, filter, update, true);
        bson_destroy(filter);
        bson_destroy(update);
        filter = BCON_NEW("job_id", BCON_UTF8(mine->job_ids[i]), "worker", "bare", "attempt", BCON_INT64(1), "status",
                          "running");
        update = BCON_NEW("$set", "{", "status", "succeeded", "pending", BCON_BOOL(false), "error", BCON_NULL, "}",
                          "$currentDate", "{", "finished_at", BCON_BOOL(true), "}");
        bare_write(mine->store, filter, update, false);
        bson_destroy(filter);
        bson_destroy(update);
    }
    return NULL;
}

static double
measure_bare(void)
{
    sv_arena_t *arena = sv_arena_create();
    const char *job_ids[JOBS];
    bare_t threads[WORKERS];
    double from_s, to_s;

    for (int i = 0; i < JOBS; i++) {
        job_ids[i] = request(arena, false);
    }
    for (int i = 0; i < WORKERS; i++) {
        threads[i].store = sv_store_acquire(pool);
        threads[i].job_ids = job_ids + i * (JOBS / WORKERS);
        threads[i].count = JOBS / WORKERS;
    }
    from_s = now_s();
    for (int i = 0; i < WORKERS; i++) {
        pthread_create(&threads[i].thread, NULL, run_bare, &threads[i]);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i].thread, NULL);
    }
    to_s = now_s();
    for (int i = 0; i < WORKERS; i++) {
        sv_store_release(threads[i].store);
    }
    sv_arena_destroy(arena);
    return to_s - from_s;
}

static void
open_servers(sv_arena_t *arena)
{
    sv_index_summary_t summary;
    sv_error_t error;
    char suffix[SV_UUID_SIZE];

    if (getenv("MONGODB_URI") == NULL || getenv("REDIS_HOST") == NULL || getenv("REDIS_PORT") == NULL) {
        die("MONGODB_URI, REDIS_HOST, REDIS_PORT", "they must name the servers");
    }
    sv_scripts_init();
    sv_error_init(&error, arena);
    sv_settings_defaults(&settings);
    sv_uuid_v4(suffix);
    settings.mongodb_uri = getenv("MONGODB_URI");
    settings.mongodb_database = sv_arena_printf(arena, "sv_bench_%.8s", suffix);
    settings.redis_host = getenv("REDIS_HOST");
    settings.redis_port = atoi(getenv("REDIS_PORT"));
    settings.redis_password = getenv("REDIS_PASSWORD");
    settings.redis_db = REDIS_DATABASE;
    pool = sv_store_pool_create(&settings, 1 + 2 * WORKERS, &error);
    store = pool != NULL ? sv_store_acquire(pool) : NULL;
    if (store == NULL || sv_indexes_ensure(store, NULL, NULL, &summary, &error) != SV_OK) {
        die("MongoDB", error.cause);
    }
    redis = sv_redis_client_create(&settings);
}

static void
empty_redis(sv_arena_t *arena)
{
    sv_redis_command_t command;
    redisReply *reply = NULL;
    sv_error_t error;

    sv_error_init(&error, arena);
    sv_redis_command(&command, arena, "FLUSHDB");
    if (sv_redis_client_run(redis, &command, &reply, &error) != SV_OK) {
        die("Redis", error.cause);
    }
    freeReplyObject(reply);
}

int
main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 5;
    sv_arena_t *arena = sv_arena_create();
    double ours_s = 0, bare_s = 0;

    open_servers(arena);
    empty_redis(arena);
    measure_start();
    for (int i = 0; i < rounds; i++) {
        ours_s += measure_ours();
        bare_s += measure_bare();
    }
    printf("jobs: ours %.0f/s, bare %.0f/s with %d workers; ours / bare %.2f\n", rounds * JOBS / ours_s,
           rounds * JOBS / bare_s, WORKERS, bare_s / ours_s);
    empty_redis(arena);
    mongoc_database_drop(store->database, NULL);
    sv_redis_client_destroy(redis);
    sv_store_release(store);
    sv_store_pool_destroy(pool);
    sv_arena_destroy(arena);
    return 0;
}
