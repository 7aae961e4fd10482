/* Schedules: one run for a slot, whoever looks and whatever the clock says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/jobs/schedule.h"
#include "core/report/fixed/fixed.h"
#include "core/store/document.h"
#include "t/unit/job_world.h"

enum { MINUTE = 60000, HOUR = 3600000, DAY = 86400000 };

static sv_job_world_t world;

static int
clear(void **state)
{
    (void) state;
    sv_job_world_clear(&world);
    sv_real_insert(&world.real, SV_COLLECTION_USERS,
                   "{'user_id': 'u1', 'username': 'u1', 'full_name': 'U', 'role': 'supervisor', 'warehouse': 'W1', "
                   "'enabled': true, 'generation': 0, 'version': 1}");
    return 0;
}

static sv_schedule_t
wanted(const char *cron, const char *zone)
{
    return (sv_schedule_t){
        .name = "Every day", .cron = cron, .time_zone = zone, .type = "report.generate", .enabled = true
    };
}

static const char *
create(const char *cron, const char *zone)
{
    sv_schedule_t schedule = wanted(cron, zone);
    const bson_t *made = NULL;

    SV_MUST(&world,
            sv_schedule_create(world.real.store, &world.who, &schedule, world.real.arena, &made, &world.real.error));
    return sv_doc_text(made, "schedule_id", world.real.arena);
}

static const bson_t *
schedule(const char *schedule_id)
{
    return sv_real_find(&world.real, SV_COLLECTION_REPORT_SCHEDULES,
                        sv_arena_printf(world.real.arena, "{'schedule_id': '%s'}", schedule_id));
}

static void
set_next(const char *next)
{
    sv_real_update(&world.real, SV_COLLECTION_REPORT_SCHEDULES, "{}",
                   sv_arena_printf(world.real.arena, "{'$set': {'next_at': {'$date': '%s'}}}", next));
}

static int64_t
at(const char *time)
{
    int64_t ms = 0;

    assert_true(sv_time_parse(time, &ms));
    return ms;
}

static int64_t
round_at(int64_t now_ms)
{
    int64_t requested = -1;

    SV_MUST(&world, sv_schedules_round(world.real.store, world.redis, now_ms, &requested, &world.real.error));
    return requested;
}

static void
end_jobs(sv_store_t *store, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *pending = sv_doc_take(BCON_NEW("pending", BCON_BOOL(true)), arena);
    bson_t *ended = sv_doc_take(BCON_NEW("$set", "{", "status", "succeeded", "pending", BCON_BOOL(false), "}"), arena);

    if (sv_store_update_many(store, SV_COLLECTION_JOBS, pending, ended, NULL, error) != SV_OK) {
        fail_msg("jobs cannot be ended: %s", error->message);
    }
}

static void
all_jobs_end(void)
{
    end_jobs(world.real.store, world.real.arena, &world.real.error);
}

static int64_t
jobs(void)
{
    return sv_real_count(&world.real, SV_COLLECTION_JOBS, "{}");
}

static void
a_slot_is_run_when_it_is_due(void **state)
{
    const char *id = create("30 6 * * *", "Asia/Kolkata");
    const bson_t *job;

    (void) state;
    assert_true(sv_doc_time(schedule(id), "next_at") > 0);
    set_next("2026-01-05T01:00:00Z");
    assert_int_equal(round_at(at("2026-01-05T00:59:59Z")), 0);
    assert_int_equal(round_at(at("2026-01-05T01:00:00Z")), 1);
    assert_int_equal(round_at(at("2026-01-05T01:00:01Z")), 0);
    assert_true(sv_doc_time(schedule(id), "next_at") == at("2026-01-06T01:00:00Z"));
    job = sv_real_find(&world.real, SV_COLLECTION_JOBS, "{}");
    assert_true(sv_doc_time(job, "slot") == at("2026-01-05T01:00:00Z"));
    assert_string_equal(sv_doc_text(job, "schedule_id", world.real.arena), id);
    assert_string_equal(sv_doc_text(job, "requested_by", world.real.arena), "u1");
    assert_int_equal(sv_real_redis(world.redis, "XLEN jobs:low"), 1);
}

/* Everybody was away: one run makes up for what was missed, that of the latest slot. */
static void
missed_slots_are_made_up_for_by_one_run(void **state)
{
    const char *id = create("0 * * * *", "UTC");

    (void) state;
    set_next("2026-01-05T00:00:00Z");
    assert_int_equal(round_at(at("2026-01-07T10:20:00Z")), 1);
    assert_true(sv_doc_time(sv_real_find(&world.real, SV_COLLECTION_JOBS, "{}"), "slot") == at("2026-01-07T10:00:00Z"));
    assert_true(sv_doc_time(schedule(id), "next_at") == at("2026-01-07T11:00:00Z"));
}

/* The day that a report which a job asks for is of, from its beginning to its end. */
static void
must_be_of_day(const bson_t *job, const char *from, const char *to)
{
    sv_fixed_request_t request;

    assert_true(sv_fixed_request_from_bson(sv_doc_child(job, "params", world.real.arena), world.real.arena, &request));
    SV_MUST(&world,
            sv_fixed_request_settle(world.real.store, &request, NULL, sv_doc_time(job, "slot"), &world.real.error));
    assert_true(request.filters.from_ms == at(from));
    assert_true(request.filters.to_ms == at(to));
}

/* Periods and days of what is made are the schedule's, by its slots and by hand; a zone that the params name stays. */
static void
its_jobs_are_told_its_zone(void **state)
{
    sv_schedule_t daily = wanted("0 18 * * *", "America/Los_Angeles");
    const bson_t *made = NULL, *job = NULL;
    const char *id;
    bool created = false;

    (void) state;
    daily.params =
        sv_real_json(world.real.arena, "{'type': 'user_activity', 'format': 'csv', 'filters': {'period': 'today'}}");
    SV_MUST(&world,
            sv_schedule_create(world.real.store, &world.who, &daily, world.real.arena, &made, &world.real.error));
    id = sv_doc_text(made, "schedule_id", world.real.arena);
    /* Six in the evening there is two in the morning of UTC's next day. */
    set_next("2026-01-05T02:00:00Z");
    assert_int_equal(round_at(at("2026-01-05T02:00:00Z")), 1);
    job = sv_real_find(&world.real, SV_COLLECTION_JOBS, "{}");
    assert_string_equal(sv_doc_text(job, "params.tz", world.real.arena), "America/Los_Angeles");
    must_be_of_day(job, "2026-01-04T08:00:00Z", "2026-01-05T08:00:00Z");
    SV_MUST(&world,
            sv_schedule_run(world.real.store, &world.who, id, world.real.arena, &job, &created, &world.real.error));
    assert_true(created);
    assert_string_equal(sv_doc_text(job, "params.tz", world.real.arena), "America/Los_Angeles");
    sv_real_update(&world.real, SV_COLLECTION_REPORT_SCHEDULES, "{}", "{'$set': {'params.tz': 'Asia/Tokyo'}}");
    all_jobs_end();
    assert_int_equal(round_at(at("2026-01-06T02:00:00Z")), 1);
    job = sv_real_find(&world.real, SV_COLLECTION_JOBS, "{'slot': {'$date': '2026-01-06T02:00:00Z'}}");
    assert_string_equal(sv_doc_text(job, "params.tz", world.real.arena), "Asia/Tokyo");
    must_be_of_day(job, "2026-01-05T15:00:00Z", "2026-01-06T15:00:00Z");
}

static void
a_slot_waits_for_the_run_before(void **state)
{
    const char *id = create("0 * * * *", "UTC");
    const bson_t *job;

    (void) state;
    set_next("2026-01-05T00:00:00Z");
    assert_int_equal(round_at(at("2026-01-05T00:00:00Z")), 1);
    job = sv_real_find(&world.real, SV_COLLECTION_JOBS, "{}");
    assert_null(sv_doc_text(schedule(id), "waiting_for", world.real.arena));
    assert_int_equal(round_at(at("2026-01-05T01:00:00Z")), 0);
    assert_string_equal(sv_doc_text(schedule(id), "waiting_for", world.real.arena),
                        sv_doc_text(job, "job_id", world.real.arena));
    assert_true(sv_doc_time(schedule(id), "next_at") == at("2026-01-05T01:00:00Z")); /* it is due still */
    assert_int_equal(round_at(at("2026-01-05T02:30:00Z")), 0);
    all_jobs_end();
    assert_int_equal(round_at(at("2026-01-05T02:31:00Z")), 1);
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_JOBS, "{'slot': {'$date': '2026-01-05T02:00:00Z'}}"), 1);
    assert_int_equal(jobs(), 2);
    assert_null(sv_doc_text(schedule(id), "waiting_for", world.real.arena));
}

typedef struct {
    int64_t from_ms, to_ms;
    uint32_t seed;
    int64_t requested;
} scheduler_t;

static pthread_barrier_t together;

/* Looks every quarter of an hour, with a clock that is some minutes off and steps back now and then. */
static void *
run_scheduler(void *context)
{
    scheduler_t *mine = context;
    sv_store_t *store = sv_store_acquire(world.real.pool);
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;

    sv_error_init(&error, arena);
    pthread_barrier_wait(&together);
    for (int64_t now_ms = mine->from_ms; now_ms < mine->to_ms; now_ms += 15 * MINUTE) {
        int64_t requested = 0, mended = 0, seen_ms;

        mine->seed = mine->seed * 1103515245 + 12345;
        seen_ms = now_ms + (int64_t) (mine->seed >> 16) % (5 * MINUTE);
        seen_ms -= mine->seed >> 28 == 3 ? 2 * HOUR : 0;
        sv_error_clear(&error);
        end_jobs(store, arena, &error);
        if (sv_schedules_mend(store, seen_ms, &mended, &error) != SV_OK ||
            sv_schedules_round(store, NULL, seen_ms, &requested, &error) != SV_OK) {
            mine->requested = -1000000;
        }
        mine->requested += requested;
    }
    sv_arena_destroy(arena);
    sv_store_release(store);
    return NULL;
}

/* Two days around the night in which Berlin's clocks are put back, an hour that comes twice included. */
static void
two_schedulers_with_stepping_clocks_run_each_slot_once(void **state)
{
    scheduler_t schedulers[2] = { { at("2026-10-24T12:00:00Z"), at("2026-10-26T12:00:00Z"), 1, 0 },
                                  { at("2026-10-24T12:00:00Z"), at("2026-10-26T12:00:00Z"), 77, 0 } };
    int64_t daily, hourly;
    pthread_t threads[2];
    const char *id;

    (void) state;
    id = create("30 2 * * *", "Europe/Berlin");
    set_next("2026-10-25T00:30:00Z");
    pthread_barrier_init(&together, NULL, 2);
    create("0 * * * *", "Europe/Berlin");
    sv_real_update(&world.real, SV_COLLECTION_REPORT_SCHEDULES, "{'cron': '0 * * * *'}",
                   "{'$set': {'next_at': {'$date': '2026-10-24T12:00:00Z'}}}");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_scheduler, &schedulers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&together);
    daily =
        sv_real_count(&world.real, SV_COLLECTION_JOBS, sv_arena_printf(world.real.arena, "{'schedule_id': '%s'}", id));
    hourly = jobs() - daily;
    assert_int_equal(schedulers[0].requested + schedulers[1].requested, jobs());
    assert_int_equal(daily, 2);
    /* A clock that stepped back may find slots of before the beginning, each once. */
    assert_true(hourly >= 48 && hourly <= 51);
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_JOBS, "{'slot': {'$date': '2026-10-25T00:30:00Z'}}"), 1);
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_JOBS, "{'slot': {'$date': '2026-10-25T01:30:00Z'}}"), 0);
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_JOBS, "{'slot': {'$date': '2026-10-26T01:30:00Z'}}"), 1);
}

/* A scheduler that died after its request, or that read the schedule before another went on. */
static void
a_slot_that_has_its_job_is_passed_over(void **state)
{
    const char *id = create("0 0 * * *", "UTC");

    (void) state;
    set_next("2026-01-05T00:00:00Z");
    assert_int_equal(round_at(at("2026-01-05T00:00:00Z")), 1);
    set_next("2026-01-05T00:00:00Z");
    assert_int_equal(round_at(at("2026-01-05T00:00:30Z")), 0);
    assert_int_equal(jobs(), 1);
    assert_true(sv_doc_time(schedule(id), "next_at") == at("2026-01-06T00:00:00Z"));
}

static void
a_clock_that_was_ahead_is_mended(void **state)
{
    const char *id = create("0 0 * * *", "UTC");
    int64_t mended = -1;

    (void) state;
    set_next("2026-01-05T00:00:00Z");
    assert_int_equal(round_at(at("2026-02-01T00:10:00Z")), 1); /* the clock was a month ahead */
    all_jobs_end();
    SV_MUST(&world, sv_schedules_mend(world.real.store, at("2026-01-05T00:10:00Z"), &mended, &world.real.error));
    assert_int_equal(mended, 1);
    assert_true(sv_doc_time(schedule(id), "next_at") == at("2026-01-06T00:00:00Z"));
    SV_MUST(&world, sv_schedules_mend(world.real.store, at("2026-01-05T00:10:00Z"), &mended, &world.real.error));
    assert_int_equal(mended, 0);
    assert_int_equal(round_at(at("2026-01-06T00:00:00Z")), 1);
    all_jobs_end();
    set_next("2026-02-01T00:00:00Z");
    assert_int_equal(round_at(at("2026-02-01T00:00:00Z")), 0); /* has run */
}

static void
an_owner_who_may_no_longer_disables_it(void **state)
{
    static const char *const changes[] = { "{'$set': {'enabled': false}}",
                                           "{'$set': {'enabled': true, 'role': 'staff'}}", NULL };

    (void) state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const char *id = create("0 0 * * *", "UTC");

        if (changes[i] != NULL) {
            sv_real_update(&world.real, SV_COLLECTION_USERS, "{}", changes[i]);
        } else { /* the account is gone */
            SV_MUST(&world, sv_store_delete_many(world.real.store, SV_COLLECTION_USERS, sv_doc_new(world.real.arena),
                                                 NULL, &world.real.error));
        }
        assert_int_equal(round_at(at("2046-01-01T00:00:00Z")), 0);
        assert_false(sv_doc_bool(schedule(id), "enabled"));
        assert_non_null(sv_doc_text(schedule(id), "disabled_reason", world.real.arena));
        assert_true(sv_doc_bool(schedule(id), "untold"));
    }
    assert_int_equal(jobs(), 0);
}

static void
a_run_by_hand_takes_no_slot(void **state)
{
    const char *id = create("0 0 * * *", "UTC");
    const bson_t *job = NULL, *again = NULL;
    bool created = false;

    (void) state;
    SV_MUST(&world,
            sv_schedule_run(world.real.store, &world.who, id, world.real.arena, &job, &created, &world.real.error));
    assert_true(created);
    SV_MUST(&world,
            sv_schedule_run(world.real.store, &world.who, id, world.real.arena, &again, &created, &world.real.error));
    assert_false(created);
    assert_string_equal(sv_doc_text(job, "job_id", world.real.arena), sv_doc_text(again, "job_id", world.real.arena));
    set_next("2026-01-05T00:00:00Z");
    assert_int_equal(round_at(at("2026-01-05T00:00:00Z")), 1);
    assert_int_equal(jobs(), 2);
}

static void
what_is_wrong_is_said(void **state)
{
    sv_principal_t staff = { .user_id = "u2", .role = SV_ROLE_STAFF };
    sv_schedule_t bad = wanted("61 * * * *", "Mars/Olympus"), never = wanted("0 0 30 2 *", "UTC");
    sv_schedule_t good = wanted("0 0 * * *", "UTC");
    const bson_t *made = NULL;

    (void) state;
    assert_int_equal(sv_schedule_create(world.real.store, &world.who, &bad, world.real.arena, &made, &world.real.error),
                     SV_ERR_VALIDATION_FAILED);
    assert_int_equal(world.real.error.detail_count, 2);
    sv_error_clear(&world.real.error);
    assert_int_equal(
        sv_schedule_create(world.real.store, &world.who, &never, world.real.arena, &made, &world.real.error),
        SV_ERR_VALIDATION_FAILED);
    assert_string_equal(world.real.error.details[0].code, "never");
    sv_error_clear(&world.real.error);
    assert_int_equal(sv_schedule_create(world.real.store, &staff, &good, world.real.arena, &made, &world.real.error),
                     SV_ERR_FORBIDDEN);
    sv_error_clear(&world.real.error);
    assert_int_equal(
        sv_schedule_change(world.real.store, &world.who, "none", &good, world.real.arena, &made, &world.real.error),
        SV_ERR_NOT_FOUND);
    sv_error_clear(&world.real.error);
    assert_int_equal(sv_schedule_delete(world.real.store, "none", &world.real.error), SV_ERR_NOT_FOUND);
    sv_error_clear(&world.real.error);
    assert_int_equal(sv_real_count(&world.real, SV_COLLECTION_REPORT_SCHEDULES, "{}"), 0);
}

static void
a_changed_schedule_goes_by_its_new_times(void **state)
{
    sv_schedule_t other = wanted("0 12 * * *", "UTC");
    const char *id = create("0 0 * * *", "UTC");
    const bson_t *changed = NULL;

    (void) state;
    SV_MUST(&world, sv_schedule_change(world.real.store, &world.who, id, &other, world.real.arena, &changed,
                                       &world.real.error));
    assert_int_equal(sv_doc_time(changed, "next_at") % DAY, DAY / 2);
    other.enabled = false;
    SV_MUST(&world, sv_schedule_change(world.real.store, &world.who, id, &other, world.real.arena, &changed,
                                       &world.real.error));
    assert_int_equal(round_at(at("2046-01-01T00:00:00Z")), 0);
    SV_MUST(&world, sv_schedule_delete(world.real.store, id, &world.real.error));
    assert_null(schedule(id));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_slot_is_run_when_it_is_due, clear),
        cmocka_unit_test_setup(missed_slots_are_made_up_for_by_one_run, clear),
        cmocka_unit_test_setup(its_jobs_are_told_its_zone, clear),
        cmocka_unit_test_setup(a_slot_waits_for_the_run_before, clear),
        cmocka_unit_test_setup(two_schedulers_with_stepping_clocks_run_each_slot_once, clear),
        cmocka_unit_test_setup(a_slot_that_has_its_job_is_passed_over, clear),
        cmocka_unit_test_setup(a_clock_that_was_ahead_is_mended, clear),
        cmocka_unit_test_setup(an_owner_who_may_no_longer_disables_it, clear),
        cmocka_unit_test_setup(a_run_by_hand_takes_no_slot, clear),
        cmocka_unit_test_setup(what_is_wrong_is_said, clear),
        cmocka_unit_test_setup(a_changed_schedule_goes_by_its_new_times, clear),
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
