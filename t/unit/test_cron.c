/* When schedules are due, also where clocks change. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/jobs/cron.h"
#include "t/unit/random.h"

static sv_cron_t
parsed(const char *text)
{
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;
    sv_cron_t cron;

    sv_error_init(&error, arena);
    if (sv_cron_parse(text, &cron, &error) != SV_OK) {
        fail_msg("%s: %s", text, error.details[0].message);
    }
    sv_arena_destroy(arena);
    return cron;
}

static int64_t
at(const char *time)
{
    int64_t ms = 0;

    assert_true(sv_time_parse(time, &ms));
    return ms;
}

/* The slots after `from` are `expected`, in order; "" ends the list. */
static void
expect_slots(const char *text, const char *zone_name, const char *from, const char *const *expected)
{
    sv_time_zone_t *zone = sv_time_zone_open(zone_name);
    sv_cron_t cron = parsed(text);
    int64_t slot = at(from);
    char got[SV_TIME_TEXT_SIZE];

    assert_non_null(zone);
    for (size_t i = 0; *expected[i] != '\0'; i++) {
        slot = sv_cron_next(&cron, zone, slot);
        sv_time_format(slot, got);
        if (slot != at(expected[i])) {
            fail_msg("%s in %s, slot %zu: %s, not %s", text, zone_name, i, got, expected[i]);
        }
    }
    sv_time_zone_free(zone);
}

static void
plain_fields(void **state)
{
    (void) state;
    expect_slots("30 6 * * *", "UTC", "2026-01-05T06:29:59Z",
                 (const char *[]){ "2026-01-05T06:30:00Z", "2026-01-06T06:30:00Z", "" });
    expect_slots("*/20 * * * *", "UTC", "2026-01-05T23:20:00Z",
                 (const char *[]){ "2026-01-05T23:40:00Z", "2026-01-06T00:00:00Z", "2026-01-06T00:20:00Z", "" });
    expect_slots("0 9-17/4 * * MON-FRI", "UTC", "2026-01-02T12:00:00Z", /* a Friday */
                 (const char *[]){ "2026-01-02T13:00:00Z", "2026-01-02T17:00:00Z", "2026-01-05T09:00:00Z", "" });
    expect_slots("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z",
                 (const char *[]){ "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z", "" });
    expect_slots("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", (const char *[]){ "2104-02-29T00:00:00Z", "" });
    expect_slots("@weekly", "UTC", "2026-01-05T00:00:00Z",
                 (const char *[]){ "2026-01-11T00:00:00Z", "2026-01-18T00:00:00Z", "" });
    expect_slots("0 12 * * 7", "UTC", "2026-01-05T00:00:00Z", (const char *[]){ "2026-01-11T12:00:00Z", "" });
    expect_slots("0 12 * * 5-7", "UTC", "2026-01-09T12:00:00Z",
                 (const char *[]){ "2026-01-10T12:00:00Z", "2026-01-11T12:00:00Z", "2026-01-16T12:00:00Z", "" });
}

/* As crontab(5): both restricted, either will do; one of them restricted, that one. */
static void
days_of_month_and_of_week(void **state)
{
    (void) state;
    expect_slots("0 0 13 * FRI", "UTC", "2026-01-01T00:00:00Z",
                 (const char *[]){ "2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z",
                                   "2026-01-16T00:00:00Z", "" });
    expect_slots("0 0 13 * *", "UTC", "2026-01-01T00:00:00Z",
                 (const char *[]){ "2026-01-13T00:00:00Z", "2026-02-13T00:00:00Z", "" });
    expect_slots("0 0 * JAN FRI", "UTC", "2026-01-23T00:00:00Z",
                 (const char *[]){ "2026-01-30T00:00:00Z", "2027-01-01T00:00:00Z", "" });
}

static void
times_that_are_skipped(void **state)
{
    (void) state;
    /* Berlin, 29 March 2026: 02:00 becomes 03:00. */
    expect_slots("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z",
                 (const char *[]){ "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "" });
    /* The skipped ones and the one at the change itself are one instant, one slot. */
    expect_slots("0,20,40 2,3 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z",
                 (const char *[]){ "2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z", "2026-03-29T01:40:00Z",
                                   "2026-03-30T00:00:00Z", "" });
    /* New York, 8 March 2026. */
    expect_slots("15 2 * * *", "America/New_York", "2026-03-07T12:00:00Z",
                 (const char *[]){ "2026-03-08T07:00:00Z", "2026-03-09T06:15:00Z", "" });
    /* Lord Howe moves by half an hour: 4 October 2026, 02:00 becomes 02:30. */
    expect_slots("10 2 * * *", "Australia/Lord_Howe", "2026-10-02T20:00:00Z",
                 (const char *[]){ "2026-10-03T15:30:00Z", "2026-10-04T15:10:00Z", "" });
    /* Beirut changes at midnight, 31 March 2024: the day begins at 01:00. */
    expect_slots("0 0 * * *", "Asia/Beirut", "2024-03-30T00:00:00Z",
                 (const char *[]){ "2024-03-30T22:00:00Z", "2024-03-31T21:00:00Z", "" });
    /* Samoa had no 30 December 2011. */
    expect_slots("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z",
                 (const char *[]){ "2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z", "" });
}

static void
times_that_come_twice(void **state)
{
    (void) state;
    /* Berlin, 25 October 2026: 03:00 becomes 02:00; the first 02:30 is the slot. */
    expect_slots("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
                 (const char *[]){ "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "" });
    expect_slots("0 1,2,3 * * *", "Europe/Berlin", "2026-10-24T20:00:00Z",
                 (const char *[]){ "2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "" });
    /* Ireland's winter time is what its rules call daylight saving. */
    expect_slots("30 1 * * *", "Europe/Dublin", "2026-10-24T12:00:00Z",
                 (const char *[]){ "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "" });
    /* Havana goes from 01:00 back to 00:00, 3 November 2024: midnight comes twice. */
    expect_slots("0 0 * * *", "America/Havana", "2024-11-02T12:00:00Z",
                 (const char *[]){ "2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z", "" });
}

/* Every hour is every hour that passes, changed clocks or not. */
static void
every_hour_runs_on(void **state)
{
    (void) state;
    expect_slots("30 * * * *", "Europe/Berlin", "2026-10-24T23:00:00Z",
                 (const char *[]){ "2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z",
                                   "2026-10-25T02:30:00Z", "" });
    expect_slots("30 * * * *", "Europe/Berlin", "2026-03-28T23:45:00Z",
                 (const char *[]){ "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z", "" });
    expect_slots("0 * * * *", "Asia/Kolkata", "2026-01-05T00:00:00Z",
                 (const char *[]){ "2026-01-05T00:30:00Z", "2026-01-05T01:30:00Z", "" });
    expect_slots("59 * 31 12 *", "Asia/Kathmandu", "2026-01-05T00:00:00Z",
                 (const char *[]){ "2026-12-30T19:14:00Z", "2026-12-30T20:14:00Z", "" });
}

/* Rules go on after the zone file's table has ended. */
static void
years_far_ahead(void **state)
{
    (void) state;
    expect_slots("0 12 15 7 *", "Europe/Berlin", "2044-12-01T00:00:00Z",
                 (const char *[]){ "2045-07-15T10:00:00Z", "" });
    expect_slots("0 12 15 1 *", "Europe/Berlin", "2044-12-01T00:00:00Z",
                 (const char *[]){ "2045-01-15T11:00:00Z", "" });
}

static const char *const zones[] = { "UTC",          "Europe/Berlin",       "America/New_York", "America/Havana",
                                     "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia",     "America/St_Johns",
                                     "Africa/Cairo", "Pacific/Chatham",     "Asia/Beirut",      "America/Santiago" };

static const char *const expressions[] = { "0 0 * * *",   "*/15 * * * *", "30 2 * * *",
                                           "7 1-4 * * *", "0 */6 * * 1",  "0 0 1 * *" };

/* From anywhere: the next slot is later, and from just before it, it is the same. */
static void
slots_are_the_same_from_wherever_one_looks(void **state)
{
    random_t random = random_seeded(7);

    (void) state;
    for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
        sv_time_zone_t *zone = sv_time_zone_open(zones[z]);

        assert_non_null(zone);
        for (size_t e = 0; e < sizeof(expressions) / sizeof(expressions[0]); e++) {
            sv_cron_t cron = parsed(expressions[e]);

            for (int i = 0; i < 40; i++) {
                int64_t from = random_between(&random, at("2010-01-01T00:00:00Z"), at("2036-01-01T00:00:00Z"));
                int64_t slot = sv_cron_next(&cron, zone, from), between;

                assert_true(slot > from);
                assert_int_equal(slot % 1000, 0);
                between = random_between(&random, from, slot - 1);
                assert_true(sv_cron_next(&cron, zone, between) == slot);
                assert_true(sv_cron_next(&cron, zone, slot - 1) == slot);
                assert_true(sv_cron_next(&cron, zone, slot) > slot);
            }
        }
        sv_time_zone_free(zone);
    }
}

/* A daily slot of a year is 365 instants, in every zone. */
static void
a_day_has_one_slot(void **state)
{
    sv_cron_t cron = parsed("30 2 * * *");

    (void) state;
    for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
        sv_time_zone_t *zone = sv_time_zone_open(zones[z]);
        int64_t slot = at("2025-01-01T12:00:00Z"), end = at("2026-01-01T12:00:00Z");
        int count = 0;

        while ((slot = sv_cron_next(&cron, zone, slot)) <= end) {
            count++;
        }
        assert_int_equal(count, 365);
        sv_time_zone_free(zone);
    }
}

static void
never(void **state)
{
    sv_time_zone_t *zone = sv_time_zone_open("UTC");
    sv_cron_t cron = parsed("0 0 30 2 *");

    (void) state;
    assert_int_equal(sv_cron_next(&cron, zone, at("2026-01-01T00:00:00Z")), 0);
    sv_time_zone_free(zone);
}

static void
what_cannot_be_read(void **state)
{
    static const char *const bad[] = {
        "",           "* * * *",    "* * * * * *",         "60 * * * *",   "* 24 * * *",  "* * 0 * *",
        "* * 32 * *", "* * * 13 *", "* * * * 8",           "5-1 * * * *",  "*/0 * * * *", "*/99 * * * *",
        "*/4294967297 * * * *",
        "1, * * * *", ",1 * * * *", "a * * * *",           "-1 * * * *",   "1-* * * * *", "* * * FOO *",
        "@sometimes", "1/ * * * *", "99999999999 * * * *", "* * * * MONX", "1 2 3 4 5;6",
    };
    sv_arena_t *arena = sv_arena_create();
    char longest[400];

    (void) state;
    for (size_t i = 0; i <= sizeof(bad) / sizeof(bad[0]); i++) {
        sv_error_t error;
        sv_cron_t cron;

        memset(longest, '1', sizeof(longest) - 1);
        longest[sizeof(longest) - 1] = '\0';
        sv_error_init(&error, arena);
        if (sv_cron_parse(i < sizeof(bad) / sizeof(bad[0]) ? bad[i] : longest, &cron, &error) == SV_OK) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_int_equal(error.status, SV_ERR_VALIDATION_FAILED);
        assert_string_equal(error.details[0].field, "cron");
    }
    sv_arena_destroy(arena);
}

static void
names_of_zones(void **state)
{
    static const char *const bad[] = { "",
                                       "Mars/Olympus",
                                       "../../etc/passwd",
                                       "/etc/localtime",
                                       ":",
                                       "+05:30",
                                       "Europe/../Europe/Berlin",
                                       "Europe/Berlin\n",
                                       "EST5EDT,M3.2.0,M11.1.0" };

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (sv_time_zone_open(bad[i]) != NULL) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    sv_time_zone_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_fields),
        cmocka_unit_test(days_of_month_and_of_week),
        cmocka_unit_test(times_that_are_skipped),
        cmocka_unit_test(times_that_come_twice),
        cmocka_unit_test(every_hour_runs_on),
        cmocka_unit_test(years_far_ahead),
        cmocka_unit_test(slots_are_the_same_from_wherever_one_looks),
        cmocka_unit_test(a_day_has_one_slot),
        cmocka_unit_test(never),
        cmocka_unit_test(what_cannot_be_read),
        cmocka_unit_test(names_of_zones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
