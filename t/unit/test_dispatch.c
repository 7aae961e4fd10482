/* Jobs in Redis: one entry for a job, nothing lost with what Redis loses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/store/document.h"
#include "t/unit/job_world.h"

#define NORMAL "snapshot.create" /* queue default */
#define URGENT "indexes.ensure"  /* queue high */
#define LOW    "report.generate" /* queue low */

static sv_job_world_t world;

static int
clear(void **state)
{
    (void) state;
    sv_job_world_clear(&world);
    return 0;
}

/* What a worker's slot is given next; "" for nothing. */
static const char *
take_of(sv_lane_t lane, const char *worker, int64_t ageing_ms, sv_dispatch_entry_t *entry)
{
    bool found = false;

    SV_MUST(&world,
            sv_dispatch_take(world.redis, worker, lane, ageing_ms, world.real.arena, entry, &found, &world.real.error));
    return found ? entry->job_id : "";
}

static const char *
take(const char *worker, sv_dispatch_entry_t *entry)
{
    sv_dispatch_entry_t mine;

    return take_of(SV_LANE_ALL, worker, 0, entry != NULL ? entry : &mine);
}

static int64_t
dispatch(sv_queue_t queue, const char *job_id, sv_dispatch_mode_t mode)
{
    int64_t added = -1;

    SV_MUST(&world, sv_dispatch(world.redis, queue, &job_id, 1, mode, &added, &world.real.error));
    return added;
}

static int64_t
repair(void)
{
    int64_t repaired = -1;

    SV_MUST(&world, sv_jobs_repair(world.real.store, world.redis, &repaired, &(bool){ false }, &world.real.error));
    return repaired;
}

static int64_t
recover(void)
{
    int64_t recovered = -1;

    SV_MUST(&world, sv_jobs_recover(world.real.store, world.redis, "rescuer", &recovered, &world.real.error));
    return recovered;
}

static void
nothing_is_given_of_nothing(void **state)
{
    (void) state;
    assert_string_equal(take("w1", NULL), "");
    assert_string_equal(take("w1", NULL), "");
    SV_MUST(&world, sv_dispatch_wait(world.redis, SV_LANE_ALL, 0.01, &world.real.error));
}

static void
high_goes_before_default_before_low(void **state)
{
    (void) state;
    dispatch(SV_QUEUE_LOW, "l1", SV_DISPATCH_KEEP);
    dispatch(SV_QUEUE_DEFAULT, "d1", SV_DISPATCH_KEEP);
    dispatch(SV_QUEUE_DEFAULT, "d2", SV_DISPATCH_KEEP);
    dispatch(SV_QUEUE_HIGH, "h1", SV_DISPATCH_KEEP);
    assert_string_equal(take("w1", NULL), "h1");
    assert_string_equal(take("w2", NULL), "d1");
    dispatch(SV_QUEUE_HIGH, "h2", SV_DISPATCH_KEEP);
    assert_string_equal(take("w1", NULL), "h2");
    assert_string_equal(take("w1", NULL), "d2");
    assert_string_equal(take("w1", NULL), "l1");
    assert_string_equal(take("w1", NULL), "");
}

static void
a_lane_is_given_its_own(void **state)
{
    sv_dispatch_entry_t entry;

    (void) state;
    dispatch(SV_QUEUE_DEFAULT, "snapshot", SV_DISPATCH_KEEP);
    dispatch(SV_QUEUE_HIGH, "indexes", SV_DISPATCH_KEEP);
    dispatch(SV_QUEUE_SHORT, "csv", SV_DISPATCH_KEEP);
    dispatch(SV_QUEUE_MAIL, "mail", SV_DISPATCH_KEEP);
    assert_string_equal(take_of(SV_LANE_MAIL, "w1", 1000, &entry), "mail");
    assert_int_equal(entry.queue, SV_QUEUE_MAIL);
    assert_string_equal(take_of(SV_LANE_MAIL, "w1", 1000, &entry), "");
    assert_string_equal(take_of(SV_LANE_SHORT, "w1", 1000, &entry), "csv");
    assert_int_equal(entry.queue, SV_QUEUE_SHORT);
    assert_string_equal(take_of(SV_LANE_SHORT, "w1", 1000, &entry), "");
    dispatch(SV_QUEUE_SHORT, "csv-2", SV_DISPATCH_KEEP);
    dispatch(SV_QUEUE_MAIL, "mail-2", SV_DISPATCH_KEEP);
    assert_string_equal(take("w1", NULL), "indexes"); /* a slot for all helps where it is free */
    assert_string_equal(take("w1", NULL), "mail-2");
    assert_string_equal(take("w1", NULL), "csv-2");
    assert_string_equal(take("w1", NULL), "snapshot");
}

/* An entry as it is when it has waited for years. */
static void
dispatch_long_ago(const char *queue, int year, const char *job_id)
{
    sv_real_redis(world.redis, "XADD jobs:%s %d000000000-0 job %s", queue, year, job_id);
}

static void
what_waited_for_long_goes_first(void **state)
{
    sv_dispatch_entry_t entry;

    (void) state;
    dispatch_long_ago("low", 200, "old");
    dispatch_long_ago("default", 300, "less-old");
    dispatch(SV_QUEUE_DEFAULT, "new", SV_DISPATCH_KEEP);
    dispatch(SV_QUEUE_LOW, "new-too", SV_DISPATCH_KEEP);
    dispatch(SV_QUEUE_HIGH, "urgent", SV_DISPATCH_KEEP);
    assert_string_equal(take("w1", NULL), "urgent");
    dispatch(SV_QUEUE_HIGH, "urgent-2", SV_DISPATCH_KEEP);
    assert_string_equal(take_of(SV_LANE_ALL, "w1", 60000, &entry), "urgent-2"); /* nothing goes before that */
    assert_false(entry.aged);
    assert_string_equal(take_of(SV_LANE_ALL, "w1", 0, &entry), "less-old"); /* order is all */
    dispatch_long_ago("mail", 400, "old-mail");
    assert_string_equal(take_of(SV_LANE_ALL, "w1", 0, &entry), "old-mail");
    assert_string_equal(take_of(SV_LANE_ALL, "w1", 60000, &entry), "old");
    assert_true(entry.aged);
    assert_int_equal(entry.queue, SV_QUEUE_LOW);
    assert_string_equal(take_of(SV_LANE_ALL, "w1", 60000, &entry), "new"); /* not long ago: order again */
    assert_false(entry.aged);
    assert_string_equal(take_of(SV_LANE_ALL, "w1", 60000, &entry), "new-too");
}

static void
a_job_has_one_entry(void **state)
{
    sv_dispatch_entry_t entry;

    (void) state;
    assert_int_equal(dispatch(SV_QUEUE_HIGH, "a", SV_DISPATCH_KEEP), 1);
    assert_int_equal(dispatch(SV_QUEUE_HIGH, "a", SV_DISPATCH_KEEP), 0);
    assert_string_equal(take("w1", &entry), "a");
    assert_int_equal(dispatch(SV_QUEUE_HIGH, "a", SV_DISPATCH_KEEP), 0); /* given to a worker, still there */
    assert_int_equal(dispatch(SV_QUEUE_HIGH, "a", SV_DISPATCH_REPLACE), 1);
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:high"), 1);
    SV_MUST(&world, sv_dispatch_drop(world.redis, SV_QUEUE_HIGH, &entry, 1, &world.real.error)); /* the old one: gone */
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:high"), 1);
    assert_int_equal(sv_real_redis(world.redis, "HLEN jobs:entries"), 1);
    assert_string_equal(take("w2", &entry), "a");
    SV_MUST(&world, sv_dispatch_drop(world.redis, SV_QUEUE_HIGH, &entry, 1, &world.real.error));
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:high"), 0);
    assert_int_equal(sv_real_redis(world.redis, "HLEN jobs:entries"), 0);
    SV_MUST(&world, sv_dispatch_drop(world.redis, SV_QUEUE_HIGH, &entry, 1, &world.real.error));
}

/* An entry that was removed by hand, or a stream that was evicted: the hash alone keeps no job from its dispatch, not
 * even when another job's entry got the same id, as entries of one millisecond do. */
static void
an_entry_that_is_gone_is_made_again(void **state)
{
    (void) state;
    for (int round = 0; round < 100; round++) {
        dispatch(SV_QUEUE_LOW, "a", SV_DISPATCH_KEEP);
        sv_real_redis(world.redis, "DEL jobs:low");
        dispatch(SV_QUEUE_LOW, "b", SV_DISPATCH_KEEP);
        assert_int_equal(dispatch(SV_QUEUE_LOW, "a", SV_DISPATCH_KEEP), 1);
        assert_string_equal(take("w1", NULL), "b");
        assert_string_equal(take("w1", NULL), "a");
        sv_real_redis(world.redis, "DEL jobs:low jobs:entries");
    }
}

static void
wake_ups_do_not_pile_up(void **state)
{
    (void) state;
    for (int i = 0; i < 200; i++) {
        dispatch(SV_QUEUE_LOW, sv_arena_printf(world.real.arena, "job-%d", i), SV_DISPATCH_KEEP);
    }
    assert_int_equal(sv_real_redis(world.redis, "LLEN jobs:wake:low"), 64);
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:low"), 200);
}

static void
a_group_that_is_gone_is_made_again(void **state)
{
    const char *first, *second;

    (void) state;
    first = sv_job_world_request(&world, NORMAL, NULL);
    assert_string_equal(take("w1", NULL), first);
    second = sv_job_world_request(&world, NORMAL, NULL);
    sv_real_redis(world.redis, "XGROUP DESTROY jobs:default workers");
    assert_int_equal(recover(), 0);
    assert_string_equal(take("w1", NULL), first); /* from the beginning: a start's guard drops what is done */
    assert_string_equal(take("w1", NULL), second);
    sv_real_redis(world.redis, "DEL jobs:default");
    assert_string_equal(take("w1", NULL), "");
}

static sv_status_t
handle(sv_job_run_t *run, sv_error_t *error)
{
    (void) run;
    (void) error;
    return SV_OK;
}

static const sv_job_handler_row_t handlers[] = { { NORMAL, handle }, { URGENT, handle }, { LOW, handle } };

static void
an_emptied_redis_loses_no_job(void **state)
{
    enum { JOBS = 30 };
    const char *ids[JOBS];
    sv_job_worker_t worker;

    (void) state;
    for (int i = 0; i < JOBS; i++) {
        ids[i] = sv_job_world_request(&world, i % 2 ? NORMAL : LOW, NULL);
    }
    sv_real_redis(world.redis, "FLUSHDB");
    sv_job_worker_start(&world, &worker, handlers, 3);
    assert_int_equal(repair(), JOBS);
    sv_real_redis(world.redis, "FLUSHDB"); /* under load */
    repair();
    for (int i = 0; i < JOBS; i++) {
        sv_job_world_await(&world, ids[i], "succeeded");
        assert_int_equal(sv_job_world_int(&world, ids[i], "attempt"), 1);
    }
    sv_job_worker_stop(&worker, 10000);
    assert_int_equal(repair(), 0);
}

static void
repair_adds_what_is_missing_and_due(void **state)
{
    const char *there = sv_job_world_request(&world, NORMAL, NULL), *lost = sv_job_world_request(&world, NORMAL, NULL);
    const char *later = sv_job_world_request(&world, NORMAL, NULL), *running = sv_job_world_request(&world, LOW, NULL);

    (void) state;
    sv_real_redis(world.redis, "FLUSHDB");
    assert_non_null(sv_job_world_start(&world, running, "w1"));
    sv_real_update(&world.real, SV_COLLECTION_JOBS, sv_arena_printf(world.real.arena, "{'job_id': '%s'}", later),
                   "{'$set': {'delay_ms': {'$numberLong': '600000'}}}");
    dispatch(SV_QUEUE_DEFAULT, there, SV_DISPATCH_KEEP);
    assert_int_equal(repair(), 1);
    assert_int_equal(repair(), 0);
    assert_string_equal(take("w1", NULL), there);
    assert_string_equal(take("w1", NULL), lost);
    assert_string_equal(take("w1", NULL), "");
}

/* As many as two rounds and a half look at, all asked for in the same moment, so that the id alone orders them. */
static void
a_long_queue_is_repaired_in_rounds(void **state)
{
    enum { ROUND = 5000, JOBS = 2 * ROUND + ROUND / 2, PART = 500 };
    const char *urgent;
    bool more = false;
    int64_t repaired = 0;

    (void) state;
    for (int i = 0; i < JOBS; i += PART) {
        sv_arena_t *arena = sv_arena_create();
        bson_t *insert = sv_doc_new(arena);
        bson_t documents;

        BSON_APPEND_UTF8(insert, "insert", "jobs");
        BSON_APPEND_ARRAY_BEGIN(insert, "documents", &documents);
        for (int job = 0; job < PART; job++) {
            bson_t *document =
                sv_real_json(arena, "{'status': 'queued', 'queue': 'low', 'pending': true, 'delay_ms': 0,"
                                    " 'created_at': {'$date': '2026-01-01T00:00:00Z'},"
                                    " 'queued_at': {'$date': '2026-01-01T00:00:00Z'}}");

            BSON_APPEND_UTF8(document, "job_id", sv_arena_printf(arena, "job-%05d", i + job));
            BSON_APPEND_DOCUMENT(&documents, sv_arena_printf(arena, "%d", job), document);
        }
        bson_append_array_end(insert, &documents);
        assert_true(mongoc_database_command_simple(world.real.store->database, insert, NULL, NULL, NULL));
        sv_arena_destroy(arena);
    }
    urgent = sv_job_world_request(&world, NORMAL, NULL);
    sv_real_redis(world.redis, "FLUSHDB");
    SV_MUST(&world, sv_jobs_repair(world.real.store, world.redis, &repaired, &more, &world.real.error));
    assert_int_equal(repaired, ROUND + 1);
    assert_true(more); /* some were missing, so the next round need not wait */
    assert_string_equal(take("w1", NULL), urgent);
    assert_string_equal(take("w1", NULL), "job-00000");
    assert_int_equal(repair(), ROUND);
    assert_int_equal(repair(), ROUND / 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(repair(), 0);
    }
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:low"), JOBS);
    sv_real_redis(world.redis, "FLUSHDB"); /* in the middle of the second walk */
    SV_MUST(&world, sv_jobs_repair(world.real.store, world.redis, &repaired, &more, &world.real.error));
    assert_int_equal(repaired, ROUND + 1);
    assert_string_equal(take("w1", NULL), urgent);
    assert_string_equal(take("w1", NULL), "job-00000"); /* it began anew */
}

/* Another release may have queues of its own. */
static void
jobs_of_queues_nobody_knows_are_dispatched_too(void **state)
{
    const char *job_id = sv_job_world_request(&world, NORMAL, NULL);

    (void) state;
    sv_real_update(&world.real, SV_COLLECTION_JOBS, sv_arena_printf(world.real.arena, "{'job_id': '%s'}", job_id),
                   "{'$set': {'queue': 'overnight'}}");
    sv_real_redis(world.redis, "FLUSHDB");
    assert_int_equal(repair(), 1);
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:default"), 1);
}

/* The dead worker's claims: entries without a job to run are forgotten, jobs that are running are left alone. */
static void
recovery_asks_mongodb(void **state)
{
    const char *queued = sv_job_world_request(&world, NORMAL, NULL),
               *running = sv_job_world_request(&world, NORMAL, NULL);
    const char *done = sv_job_world_request(&world, NORMAL, NULL);
    sv_job_claim_t *claim;
    bool held = false;

    (void) state;
    for (int i = 0; i < 3; i++) {
        assert_string_not_equal(take("dead", NULL), "");
    }
    world.real.settings.job_claim = 600000;
    assert_non_null(sv_job_world_start(&world, running, "alive"));
    claim = sv_job_world_start(&world, done, "dead");
    SV_MUST(&world, sv_job_succeed(world.real.store, claim, NULL, &held, &world.real.error));
    assert_int_equal(recover(), 0); /* not idle for long enough */
    world.real.settings.job_claim = 0;
    assert_int_equal(recover(), 2);
    world.real.settings.job_claim = SV_WORLD_CLAIM_MS;
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:default"), 2); /* the running one's, and the queued again */
    assert_string_equal(take("w1", NULL), queued);
    assert_string_equal(take("w1", NULL), "");
}

static void
what_is_worked_on_does_not_look_idle(void **state)
{
    sv_dispatch_entry_t entry;
    const char *cursor = "0-0";
    sv_dispatch_entry_t idle[4];
    size_t count = 9;

    (void) state;
    dispatch(SV_QUEUE_LOW, "a", SV_DISPATCH_KEEP);
    take("w1", &entry);
    while (count != 1) { /* idle for 30 ms, in Redis' eyes */
        cursor = "0-0";
        SV_MUST(&world, sv_dispatch_recover(world.redis, SV_QUEUE_LOW, "w2", 30, 4, &cursor, world.real.arena, idle,
                                            &count, &world.real.error));
    }
    assert_string_equal(idle[0].job_id, "a");
    SV_MUST(&world, sv_dispatch_touch(world.redis, "w1", &entry, &world.real.error));
    cursor = "0-0";
    SV_MUST(&world, sv_dispatch_recover(world.redis, SV_QUEUE_LOW, "w2", 600000, 4, &cursor, world.real.arena, idle,
                                        &count, &world.real.error));
    assert_int_equal(count, 0);
    assert_string_equal(cursor, "0-0");
}

static void
workers_that_leave_are_forgotten_unless_something_is_pending(void **state)
{
    sv_dispatch_entry_t entry;

    (void) state;
    dispatch(SV_QUEUE_LOW, "a", SV_DISPATCH_KEEP);
    take("w1", &entry);
    SV_MUST(&world, sv_dispatch_leave(world.redis, "w1", &world.real.error));
    /* DELCONSUMER tells how many entries were pending: the consumer is still there, and so is its entry. */
    assert_int_equal(sv_real_redis(world.redis, "XGROUP DELCONSUMER jobs:low workers w1"), 1);
    dispatch(SV_QUEUE_LOW, "a", SV_DISPATCH_REPLACE);
    take("w1", &entry);
    SV_MUST(&world, sv_dispatch_drop(world.redis, SV_QUEUE_LOW, &entry, 1, &world.real.error));
    SV_MUST(&world, sv_dispatch_leave(world.redis, "w1", &world.real.error));
    assert_int_equal(sv_real_redis(world.redis, "XGROUP CREATECONSUMER jobs:low workers w1"), 1); /* it was gone */
}

/* Queued jobs by the thousand, written as sv_job_request() would. */
static void
insert_jobs(int count)
{
    mongoc_bulk_operation_t *bulk =
        mongoc_collection_create_bulk_operation_with_opts(world.real.store->collections[SV_COLLECTION_JOBS], NULL);
    bson_error_t reason;

    for (int i = 0; i < count; i++) {
        bson_t job = BSON_INITIALIZER;

        BCON_APPEND(&job, "job_id", BCON_UTF8(sv_arena_printf(world.real.arena, "bulk-%05d", i)), "type", NORMAL,
                    "queue", "default", "params", "{", "}", "requested_by", "u1", "role", "supervisor", "pending",
                    BCON_BOOL(true), "status", "queued", "delay_ms", BCON_INT64(0), "attempt", BCON_INT64(0), "crashed",
                    BCON_INT64(0), "failed_attempts", BCON_INT64(0), "scheduled", BCON_BOOL(false));
        BSON_APPEND_DATE_TIME(&job, "queued_at", 1577836800000);
        BSON_APPEND_DATE_TIME(&job, "created_at", 1577836800000);
        mongoc_bulk_operation_insert(bulk, &job);
        bson_destroy(&job);
    }
    if (mongoc_bulk_operation_execute(bulk, NULL, &reason) == 0) {
        fail_msg("%s", reason.message);
    }
    mongoc_bulk_operation_destroy(bulk);
}

/* Each of insert_jobs() is there again to be taken, once, but for the few that a worker declined meanwhile.  One of
 * these may be there as well: recovery looks at jobs, and finds one queued whose entry its worker is about to drop. */
static void
assert_all_given_or_declined(int jobs)
{
    bool *given = calloc((size_t) jobs, sizeof(bool));
    const char *job_id;

    assert_non_null(given);
    while (*(job_id = take("w2", NULL)) != '\0') {
        int place = -1;

        assert_int_equal(sscanf(job_id, "bulk-%d", &place), 1);
        assert_in_range(place, 0, jobs - 1);
        assert_false(given[place]);
        given[place] = true;
    }
    for (int i = 0; i < jobs; i++) {
        const char *declined = sv_arena_printf(
            world.real.arena, "{'job_id': 'bulk-%05d', 'attempt': {'$gt': 0}, 'status': 'queued'}", i);

        assert_true(given[i] || sv_real_count(&world.real, SV_COLLECTION_JOBS, declined) == 1);
    }
    free(given);
}

static void
thousands_of_a_dead_worker_are_recovered_beside_live_work(void **state)
{
    int jobs = getenv("SV_TEST_QUICK") != NULL ? 400 : 5000;
    int64_t recovered = 0, until_ms = sv_clock_monotonic_ms() + 60000;
    const char *live[10];
    sv_job_worker_t worker;

    (void) state;
    insert_jobs(jobs);
    assert_int_equal(repair(), jobs);
    /* A string of stream and entries is no integer reply: -1. */
    sv_real_redis(world.redis, "XGROUP CREATE jobs:default workers 0");
    assert_int_equal(sv_real_redis(world.redis, "XREADGROUP GROUP workers dead COUNT %d STREAMS jobs:default >", jobs),
                     -1);
    sv_job_worker_start(&world, &worker, handlers + 1, 1); /* one for the high queue alone; declines the others */
    while (recovered < jobs && sv_clock_monotonic_ms() < until_ms) {
        if (recovered == 0) {
            for (int i = 0; i < 10; i++) {
                live[i] = sv_job_world_request(&world, URGENT, NULL);
            }
        }
        recovered += recover();
    }
    /* On a machine that stalls, an entry that the live worker was about to drop may look dead too. */
    assert_true(recovered >= jobs);
    for (int i = 0; i < 10; i++) {
        sv_job_world_await(&world, live[i], "succeeded");
    }
    sv_job_worker_stop(&worker, 10000);
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_JOBS, "{'pending': true}"), jobs);
    assert_all_given_or_declined(jobs);
    assert_int_equal(sv_real_redis(world.redis, "XGROUP DELCONSUMER jobs:default workers dead"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_given_of_nothing, clear),
        cmocka_unit_test_setup(high_goes_before_default_before_low, clear),
        cmocka_unit_test_setup(a_lane_is_given_its_own, clear),
        cmocka_unit_test_setup(what_waited_for_long_goes_first, clear),
        cmocka_unit_test_setup(a_job_has_one_entry, clear),
        cmocka_unit_test_setup(an_entry_that_is_gone_is_made_again, clear),
        cmocka_unit_test_setup(wake_ups_do_not_pile_up, clear),
        cmocka_unit_test_setup(a_group_that_is_gone_is_made_again, clear),
        cmocka_unit_test_setup(an_emptied_redis_loses_no_job, clear),
        cmocka_unit_test_setup(repair_adds_what_is_missing_and_due, clear),
        cmocka_unit_test_setup(a_long_queue_is_repaired_in_rounds, clear),
        cmocka_unit_test_setup(jobs_of_queues_nobody_knows_are_dispatched_too, clear),
        cmocka_unit_test_setup(recovery_asks_mongodb, clear),
        cmocka_unit_test_setup(what_is_worked_on_does_not_look_idle, clear),
        cmocka_unit_test_setup(workers_that_leave_are_forgotten_unless_something_is_pending, clear),
        cmocka_unit_test_setup(thousands_of_a_dead_worker_are_recovered_beside_live_work, clear),
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
