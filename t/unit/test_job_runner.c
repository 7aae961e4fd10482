/* Workers: every job is run once by somebody, whatever happens to who runs it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/jobs/handler_calls.h"
#include "core/store/document.h"
#include "t/unit/job_world.h"

#define KIND "snapshot.export"

static sv_job_world_t world;
static atomic_int runs, entered, gate; /* handlers wait while gate is shut (0) */

static int
clear(void **state)
{
    (void) state;
    sv_job_world_clear(&world);
    atomic_store(&runs, 0);
    atomic_store(&entered, 0);
    atomic_store(&gate, 0);
    return 0;
}

static void
pause_a_little(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static void
await_entered(int count)
{
    int64_t until_ms = sv_clock_monotonic_ms() + 60000;

    while (atomic_load(&entered) < count) {
        if (sv_clock_monotonic_ms() > until_ms) {
            fail_msg("%d of %d handlers have begun", atomic_load(&entered), count);
        }
        pause_a_little();
    }
}

static bool
has_file(const char *file)
{
    return access(sv_arena_printf(world.real.arena, "%s/%s", world.spool, file), F_OK) == 0;
}

static sv_status_t
write_result(sv_job_run_t *run, const char *text, sv_error_t *error)
{
    const char *path;
    FILE *out;

    if (sv_job_run_file(run, "csv", &path, error) != SV_OK) {
        return error->status;
    }
    out = fopen(path, "w");
    if (out == NULL || fputs(text, out) < 0 || fclose(out) != 0) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%s", path);
    }
    run->result.file_name = "rows.csv";
    run->result.content_type = "text/csv";
    run->result.size = (int64_t) strlen(text);
    return SV_OK;
}

static sv_status_t
handle_at_once(sv_job_run_t *run, sv_error_t *error)
{
    atomic_fetch_add(&runs, 1);
    if (sv_job_run_progress(run, "rows", 1, 1, error) != SV_OK) {
        return error->status;
    }
    return write_result(run, "a,b\n", error);
}

/* Works until it is told to stop or the gate opens. */
static sv_status_t
handle_at_the_gate(sv_job_run_t *run, sv_error_t *error)
{
    sv_status_t status = write_result(run, "half", error);

    atomic_fetch_add(&entered, 1);
    while (status == SV_OK && atomic_load(&gate) == 0) {
        if (sv_job_run_cancelled(run)) {
            return sv_job_run_give_up(run, error);
        }
        pause_a_little();
    }
    atomic_fetch_add(&runs, 1);
    return status;
}

/* As one whose process is stopped and continued: it notices nothing until the gate opens. */
static sv_status_t
handle_deaf(sv_job_run_t *run, sv_error_t *error)
{
    sv_status_t status = write_result(run, "deaf", error);

    atomic_fetch_add(&entered, 1);
    while (atomic_load(&gate) == 0) {
        pause_a_little();
    }
    atomic_fetch_add(&runs, 1);
    return status;
}

static sv_status_t
handle_failing(sv_job_run_t *run, sv_error_t *error)
{
    atomic_fetch_add(&runs, 1);
    return run->claim->attempt < 2 ? sv_fail_cause(error, SV_ERR_UNAVAILABLE, "not yet")
                                   : sv_fail(error, SV_ERR_VALIDATION_FAILED, "There are too many rows");
}

static const sv_job_handler_row_t at_once[] = { { KIND, handle_at_once } };
static const sv_job_handler_row_t at_the_gate[] = { { KIND, handle_at_the_gate } };
static const sv_job_handler_row_t deaf[] = { { KIND, handle_deaf } };
static const sv_job_handler_row_t failing[] = { { KIND, handle_failing } };

static void
a_job_is_run_and_its_file_stays(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL), *file;
    sv_job_worker_t worker;

    (void) state;
    sv_job_worker_start(&world, &worker, at_once, 1);
    sv_job_world_await(&world, job_id, "succeeded");
    sv_job_worker_stop(&worker, 10000);
    file = sv_job_world_text(&world, job_id, "result.file");
    assert_string_equal(file, sv_arena_printf(world.real.arena, "jobs/%s/1.csv", job_id));
    assert_true(has_file(file));
    assert_string_equal(sv_job_world_text(&world, job_id, "progress.stage"), "rows");
    assert_int_equal(sv_job_world_int(&world, job_id, "result.size"), 4);
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:short"), 0);
    assert_int_equal(sv_real_redis(world.redis, "HLEN jobs:entries"), 0);
}

static void
two_workers_share_and_run_each_job_once(void **state)
{
    enum { JOBS = 60 };
    const char *ids[JOBS];
    sv_job_worker_t workers[2];

    (void) state;
    for (int i = 0; i < 2; i++) {
        sv_job_worker_start(&world, &workers[i], at_once, 1);
    }
    for (int i = 0; i < JOBS; i++) {
        ids[i] = sv_job_world_request(&world, KIND, NULL);
    }
    for (int i = 0; i < JOBS; i++) {
        sv_job_world_await(&world, ids[i], "succeeded");
        assert_int_equal(sv_job_world_int(&world, ids[i], "attempt"), 1);
    }
    for (int i = 0; i < 2; i++) {
        sv_job_worker_stop(&workers[i], 10000);
    }
    assert_int_equal(atomic_load(&runs), JOBS);
}

/* Five times the claim, while somebody sweeps and recovers all the time. */
static void
a_long_job_keeps_its_claim(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    int64_t until_ms, swept, recovered;
    sv_job_worker_t workers[2];

    (void) state;
    for (int i = 0; i < 2; i++) {
        sv_job_worker_start(&world, &workers[i], at_the_gate, 1);
    }
    await_entered(1);
    until_ms = sv_clock_monotonic_ms() + 5 * SV_WORLD_CLAIM_MS;
    while (sv_clock_monotonic_ms() < until_ms) {
        SV_MUST(&world, sv_jobs_sweep(world.real.store, world.redis, &swept, &world.real.error));
        SV_MUST(&world, sv_jobs_recover(world.real.store, world.redis, "rescuer", &recovered, &world.real.error));
        assert_int_equal(swept + recovered, 0);
        pause_a_little();
    }
    atomic_store(&gate, 1);
    sv_job_world_await(&world, job_id, "succeeded");
    for (int i = 0; i < 2; i++) {
        sv_job_worker_stop(&workers[i], 10000);
    }
    assert_int_equal(atomic_load(&runs), 1);
    assert_int_equal(sv_job_world_int(&world, job_id, "attempt"), 1);
}

static void
the_finish_of_a_worker_that_lost_its_job_is_refused(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    sv_job_worker_t old, new;

    (void) state;
    sv_job_worker_start(&world, &old, deaf, 1);
    await_entered(1);
    sv_job_world_lapse(&world, job_id);
    sv_job_worker_start(&world, &new, at_once, 1);
    sv_job_world_await(&world, job_id, "succeeded");
    assert_int_equal(sv_job_world_int(&world, job_id, "attempt"), 2);
    atomic_store(&gate, 1);
    sv_job_worker_stop(&old, 10000);
    sv_job_worker_stop(&new, 10000);
    assert_int_equal(atomic_load(&runs), 2);
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "succeeded");
    assert_int_equal(sv_job_world_int(&world, job_id, "attempt"), 2);
    assert_string_equal(sv_job_world_text(&world, job_id, "result.file"),
                        sv_arena_printf(world.real.arena, "jobs/%s/2.csv", job_id));
    assert_true(has_file(sv_job_world_text(&world, job_id, "result.file")));
    assert_false(has_file(sv_arena_printf(world.real.arena, "jobs/%s/1.csv", job_id)));
}

static void
a_running_job_sees_its_cancellation(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    const bson_t *job = NULL;
    sv_job_worker_t worker;

    (void) state;
    sv_job_worker_start(&world, &worker, at_the_gate, 1);
    await_entered(1);
    SV_MUST(&world, sv_job_cancel(world.real.store, &world.who, job_id, world.real.arena, &job, &(bool){ false },
                                  &world.real.error));
    sv_job_world_await(&world, job_id, "cancelled");
    sv_job_worker_stop(&worker, 10000);
    assert_int_equal(atomic_load(&runs), 0);
    assert_false(has_file(sv_arena_printf(world.real.arena, "jobs/%s/1.csv", job_id)));
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:short"), 0);
}

static void
a_stopping_worker_hands_its_job_back(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    sv_job_worker_t worker;

    (void) state;
    sv_job_worker_start(&world, &worker, at_the_gate, 1);
    await_entered(1);
    sv_job_worker_stop(&worker, 200);
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "queued");
    assert_int_equal(sv_job_world_int(&world, job_id, "crashed") + sv_job_world_int(&world, job_id, "failed_attempts"),
                     0);
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:short"), 1); /* for whoever comes first */
    sv_job_worker_start(&world, &worker, at_once, 1);
    sv_job_world_await(&world, job_id, "succeeded");
    sv_job_worker_stop(&worker, 200);
}

/* A handler that looks at nothing: its job is taken from it and handed back in its stead. */
static void
a_job_is_handed_back_over_a_deaf_handlers_head(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    sv_job_worker_t old, new;

    (void) state;
    sv_job_worker_start(&world, &old, deaf, 1);
    await_entered(1);
    sv_runner_stop(old.runner, 100);
    sv_job_worker_start(&world, &new, at_once, 1);
    sv_job_world_await(&world, job_id, "succeeded");
    assert_int_equal(sv_job_world_int(&world, job_id, "attempt"), 2);
    assert_int_equal(sv_job_world_int(&world, job_id, "crashed"), 0);
    atomic_store(&gate, 1);
    sv_job_worker_stop(&old, 100);
    sv_job_worker_stop(&new, 100);
    assert_true(has_file(sv_job_world_text(&world, job_id, "result.file")));
}

static atomic_int hung;

static void
note_hung(void *context, const char *job_id)
{
    (void) context;
    (void) job_id;
    atomic_fetch_add(&hung, 1);
}

static void *
run_runner(void *runner)
{
    sv_runner_run(runner);
    return NULL;
}

/* The kind's limit is hours: the clock of the attempt is put back by as much. */
static void
a_job_beyond_its_time_limit_is_lost_and_its_worker_said_to_hang(void **state)
{
    sv_runner_options_t options = { .settings = &world.real.settings,
                                    .pool = world.real.pool,
                                    .handlers = deaf,
                                    .handler_count = 1,
                                    .hung = note_hung };
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    int64_t grace = world.real.settings.worker_grace;
    sv_job_worker_t worker;

    (void) state;
    atomic_store(&hung, 0);
    world.real.settings.worker_grace = 1;
    worker.runner = sv_runner_create(&options, &world.real.error);
    assert_non_null(worker.runner);
    assert_int_equal(pthread_create(&worker.thread, NULL, run_runner, worker.runner), 0);
    await_entered(1);
    sv_job_worker_pass_limit(&worker);
    sv_job_world_await(&world, job_id, "queued");
    assert_string_equal(sv_job_world_text(&world, job_id, "error.code"), "time_limit_exceeded");
    assert_int_equal(sv_job_world_int(&world, job_id, "failed_attempts"), 1);
    while (atomic_load(&hung) == 0) {
        pause_a_little();
    }
    sv_runner_stop(worker.runner, 100);
    atomic_store(&gate, 1);
    pthread_join(worker.thread, NULL);
    sv_runner_destroy(worker.runner);
    world.real.settings.worker_grace = grace;
    assert_int_equal(atomic_load(&hung), 1);
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "queued");
}

static void
a_failing_handler_is_tried_again_only_where_that_may_help(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    sv_job_worker_t worker;
    int64_t repaired;

    (void) state;
    sv_job_worker_start(&world, &worker, failing, 1);
    while (strcmp(sv_job_world_text(&world, job_id, "status"), "failed") != 0) {
        SV_MUST(&world, sv_jobs_repair(world.real.store, world.redis, &repaired, &(bool){ false }, &world.real.error));
        pause_a_little();
    }
    sv_job_worker_stop(&worker, 10000);
    assert_int_equal(atomic_load(&runs), 2);
    assert_string_equal(sv_job_world_text(&world, job_id, "error.code"), "validation_failed");
    assert_string_equal(sv_job_world_text(&world, job_id, "error.message"), "There are too many rows");
}

/* While releases are mixed. */
static void
a_worker_leaves_kinds_it_does_not_know_to_others(void **state)
{
    const char *job_id = sv_job_world_request(&world, "compare.create", NULL);
    sv_job_worker_t worker;

    (void) state;
    sv_job_worker_start(&world, &worker, at_once, 1);
    while (sv_job_world_int(&world, job_id, "delay_ms") == 0) {
        pause_a_little();
    }
    sv_job_worker_stop(&worker, 10000);
    assert_string_equal(sv_job_world_text(&world, job_id, "status"), "queued");
    assert_int_equal(sv_job_world_int(&world, job_id, "failed_attempts"), 0);
}

static void
results_go_when_their_time_is_over(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL), *file;
    int64_t removed = -1, retention = world.real.settings.job_retention;
    sv_job_worker_t worker;

    (void) state;
    sv_job_worker_start(&world, &worker, at_once, 1);
    sv_job_world_await(&world, job_id, "succeeded");
    sv_job_worker_stop(&worker, 10000);
    file = sv_job_world_text(&world, job_id, "result.file");
    SV_MUST(&world, sv_jobs_expire(world.real.store, &removed, &world.real.error));
    assert_int_equal(removed, 0);
    assert_true(has_file(file));
    sv_real_update(&world.real, SV_COLLECTION_JOBS, "{}", "{'$set': {'result.keep_ms': {'$numberLong': '0'}}}");
    SV_MUST(&world, sv_jobs_expire(world.real.store, &removed, &world.real.error));
    assert_int_equal(removed, 1);
    assert_false(has_file(file));
    assert_false(has_file(sv_arena_printf(world.real.arena, "jobs/%s", job_id)));
    assert_true(sv_doc_bool(sv_job_world_job(&world, job_id), "result.expired"));
    assert_false(sv_doc_has(sv_job_world_job(&world, job_id), "result.file"));

    SV_MUST(&world, sv_jobs_expire(world.real.store, &removed, &world.real.error));
    assert_int_equal(removed, 0);
    world.real.settings.job_retention = 0; /* the job itself, once it ended long enough ago */
    sv_real_update(&world.real, SV_COLLECTION_JOBS, "{}",
                   "{'$set': {'finished_at': {'$date': '2020-01-01T00:00:00Z'}}}");
    SV_MUST(&world, sv_jobs_expire(world.real.store, &removed, &world.real.error));
    world.real.settings.job_retention = retention;
    assert_int_equal(removed, 1);
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_JOBS, "{}"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_job_is_run_and_its_file_stays, clear),
        cmocka_unit_test_setup(two_workers_share_and_run_each_job_once, clear),
        cmocka_unit_test_setup(a_long_job_keeps_its_claim, clear),
        cmocka_unit_test_setup(the_finish_of_a_worker_that_lost_its_job_is_refused, clear),
        cmocka_unit_test_setup(a_running_job_sees_its_cancellation, clear),
        cmocka_unit_test_setup(a_stopping_worker_hands_its_job_back, clear),
        cmocka_unit_test_setup(a_job_is_handed_back_over_a_deaf_handlers_head, clear),
        cmocka_unit_test_setup(a_job_beyond_its_time_limit_is_lost_and_its_worker_said_to_hang, clear),
        cmocka_unit_test_setup(a_failing_handler_is_tried_again_only_where_that_may_help, clear),
        cmocka_unit_test_setup(a_worker_leaves_kinds_it_does_not_know_to_others, clear),
        cmocka_unit_test_setup(results_go_when_their_time_is_over, clear),
    };
    int failed;

    mongoc_init();
    sv_scripts_init();
    if (!sv_job_world_open(&world)) {
        return 0;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    sv_job_world_close(&world);
    mongoc_cleanup();
    return failed;
}
