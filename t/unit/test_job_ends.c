/* However a job ends, who listens is told, and who counts counts it once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <string.h>

#include "core/jobs/handler_calls.h"
#include "core/jobs/job_figures.h"
#include "core/store/document.h"
#include "t/unit/job_world.h"

#define KIND "snapshot.export"

static sv_job_world_t world;
static atomic_bool gate; /* handlers wait while it is shut */

static int
clear(void **state)
{
    (void) state;
    sv_job_world_clear(&world);
    atomic_store(&gate, false);
    return 0;
}

/* Hears what is told of one job. */
static redisContext *
listen_to(const char *job_id)
{
    redisContext *ear = redisConnectWithTimeout(world.real.settings.redis_host, (int) world.real.settings.redis_port,
                                                (struct timeval){ .tv_sec = 60 });
    redisReply *reply;

    assert_non_null(ear);
    redisSetTimeout(ear, (struct timeval){ .tv_sec = 60 });
    reply = redisCommand(ear, "SUBSCRIBE jobs:updates:%s", job_id);
    assert_non_null(reply);
    freeReplyObject(reply);
    return ear;
}

/* Until it is told that the job has this status. */
static void
hear(redisContext *ear, const char *status)
{
    const char *wanted = sv_arena_printf(world.real.arena, "\"status\":\"%s\"", status);
    bool heard = false;

    while (!heard) {
        void *reply = NULL;

        if (redisGetReply(ear, &reply) != REDIS_OK) {
            fail_msg("nobody told that the job is %s: %s", status, ear->errstr);
        }
        heard = strstr(sv_redis_element_text(reply, 2), wanted) != NULL;
        freeReplyObject(reply);
    }
}

static int64_t
counted(const char *outcome)
{
    sv_redis_command_t command;
    redisReply *reply;
    const sv_job_count_t *counts;
    size_t count;
    int64_t found = 0;

    sv_job_counts_command(&command, world.real.arena);
    SV_MUST(&world, sv_redis_client_run(world.redis, &command, &reply, &world.real.error));
    counts = sv_job_counts_read(reply, world.real.arena, &count);
    for (size_t i = 0; i < count; i++) {
        found += strcmp(counts[i].type, KIND) == 0 && strcmp(counts[i].outcome, outcome) == 0 ? counts[i].count : 0;
    }
    freeReplyObject(reply);
    return found;
}

static sv_status_t
handle_at_the_gate(sv_job_run_t *run, sv_error_t *error)
{
    while (!atomic_load(&gate)) {
        if (sv_job_run_cancelled(run)) {
            return sv_job_run_give_up(run, error);
        }
    }
    return SV_OK;
}

static sv_status_t
handle_wrongly(sv_job_run_t *run, sv_error_t *error)
{
    (void) run;
    return sv_fail(error, SV_ERR_VALIDATION_FAILED, "It is wrong");
}

static const sv_job_handler_row_t at_the_gate[] = { { KIND, handle_at_the_gate } };
static const sv_job_handler_row_t wrongly[] = { { KIND, handle_wrongly } };

/* The last its kind allows. */
static void
fail_all_but_once(const char *job_id)
{
    sv_real_update(&world.real, SV_COLLECTION_JOBS, sv_arena_printf(world.real.arena, "{'job_id': '%s'}", job_id),
                   sv_arena_printf(world.real.arena, "{'$set': {'failed_attempts': {'$numberLong': '%d'}}}",
                                   sv_job_kind(KIND)->max_failures - 1));
}

static void
run_past_its_limit(const char *job_id, const char *then)
{
    sv_job_worker_t worker;
    redisContext *ear = listen_to(job_id);

    sv_job_worker_start(&world, &worker, at_the_gate, 1);
    sv_job_world_await(&world, job_id, "running");
    sv_job_worker_pass_limit(&worker);
    hear(ear, then);
    sv_job_worker_stop(&worker, 1000);
    redisFree(ear);
}

static void
at_its_time_limit(void **state)
{
    const char *again = sv_job_world_request(&world, KIND, NULL), *last;

    (void) state;
    run_past_its_limit(again, "queued");
    assert_int_equal(counted("failed"), 0);
    sv_job_world_clear(&world);
    last = sv_job_world_request(&world, KIND, NULL);
    fail_all_but_once(last);
    run_past_its_limit(last, "failed");
    assert_string_equal(sv_job_world_text(&world, last, "status"), "failed");
    assert_int_equal(counted("failed"), 1);
}

static void
with_its_third_dead_worker(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    redisContext *ear = listen_to(job_id);

    (void) state;
    for (int i = 1; i <= SV_JOB_MAX_CRASHES; i++) {
        assert_non_null(sv_job_world_start(&world, job_id, "w1"));
        sv_job_world_lapse(&world, job_id);
        hear(ear, i < SV_JOB_MAX_CRASHES ? "queued" : "failed");
        assert_int_equal(counted("failed"), i < SV_JOB_MAX_CRASHES ? 0 : 1);
    }
    redisFree(ear);
}

static bool
cancel(const char *job_id)
{
    const bson_t *job = NULL;
    bool ended = false;

    SV_MUST(&world,
            sv_job_cancel(world.real.store, &world.who, job_id, world.real.arena, &job, &ended, &world.real.error));
    return ended;
}

static void
cancelled_with_a_dead_worker(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    redisContext *ear = listen_to(job_id);

    (void) state;
    assert_non_null(sv_job_world_start(&world, job_id, "w1"));
    assert_false(cancel(job_id));
    sv_job_world_lapse(&world, job_id);
    hear(ear, "cancelled");
    assert_int_equal(counted("cancelled"), 1);
    redisFree(ear);
}

/* Handed back by one worker with a cancellation standing, it is declined by the next. */
static void
cancelled_before_it_is_begun_again(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);
    redisContext *ear = listen_to(job_id);
    sv_job_worker_t worker;
    sv_job_claim_t *claim;
    bool held = false;

    (void) state;
    claim = sv_job_world_start(&world, job_id, "w1");
    assert_false(cancel(job_id));
    SV_MUST(&world, sv_job_hand_back(world.real.store, claim, 0, &held, &world.real.error));
    sv_job_worker_start(&world, &worker, at_the_gate, 1);
    hear(ear, "cancelled");
    sv_job_worker_stop(&worker, 1000);
    assert_int_equal(counted("cancelled"), 1);
    redisFree(ear);
}

static void
cancelled_while_queued_it_is_ended_once(void **state)
{
    const char *job_id = sv_job_world_request(&world, KIND, NULL);

    (void) state;
    assert_true(cancel(job_id));
    assert_false(cancel(job_id)); /* whoever asks again tells nothing again */
}

static void
by_its_handler(void **state)
{
    const char *good = sv_job_world_request(&world, KIND, NULL), *bad;
    redisContext *ear = listen_to(good);
    sv_job_worker_t worker;

    (void) state;
    atomic_store(&gate, true);
    sv_job_worker_start(&world, &worker, at_the_gate, 1);
    hear(ear, "succeeded");
    sv_job_worker_stop(&worker, 1000);
    redisFree(ear);
    bad = sv_job_world_request(&world, KIND, NULL);
    ear = listen_to(bad);
    sv_job_worker_start(&world, &worker, wrongly, 1);
    hear(ear, "failed");
    sv_job_worker_stop(&worker, 1000);
    redisFree(ear);
    assert_int_equal(counted("succeeded"), 1);
    assert_int_equal(counted("failed"), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(at_its_time_limit, clear),
        cmocka_unit_test_setup(with_its_third_dead_worker, clear),
        cmocka_unit_test_setup(cancelled_with_a_dead_worker, clear),
        cmocka_unit_test_setup(cancelled_before_it_is_begun_again, clear),
        cmocka_unit_test_setup(cancelled_while_queued_it_is_ended_once, clear),
        cmocka_unit_test_setup(by_its_handler, clear),
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
