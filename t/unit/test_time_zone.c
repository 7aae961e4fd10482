/* Days of a time zone, and their dates. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/time_zone.h"

static int64_t
at(const char *text)
{
    int64_t ms = 0;

    if (!sv_time_parse(text, &ms)) {
        fail_msg("no time: %s", text);
    }
    return ms;
}

static int64_t
day(const char *text)
{
    int64_t ms = 0;

    if (!sv_date_parse(text, &ms)) {
        fail_msg("no date: %s", text);
    }
    return ms / 86400000;
}

static void
an_instant_is_on_the_day_its_zone_shows(void **state)
{
    static const struct {
        const char *zone, *instant, *day;
    } cases[] = {
        { "UTC", "2026-03-10T23:59:59.999Z", "2026-03-10" },
        { "UTC", "2026-03-11T00:00:00Z", "2026-03-11" },
        { "Asia/Kolkata", "2026-03-10T18:29:59Z", "2026-03-10" },
        { "Asia/Kolkata", "2026-03-10T18:30:00Z", "2026-03-11" },
        { "America/Los_Angeles", "2026-03-11T06:59:59Z", "2026-03-10" },
        { "America/Los_Angeles", "2026-03-11T07:00:00Z", "2026-03-11" },
        { "Pacific/Kiritimati", "2026-01-01T10:00:00Z", "2026-01-02" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sv_time_zone_t *zone = sv_time_zone_open(cases[i].zone);

        assert_non_null(zone);
        assert_int_equal(sv_time_zone_day(zone, at(cases[i].instant)), day(cases[i].day));
        sv_time_zone_free(zone);
    }
}

static void
a_day_begins_at_its_first_instant(void **state)
{
    static const struct {
        const char *zone, *day, *start;
    } cases[] = {
        { "UTC", "2026-03-10", "2026-03-10T00:00:00Z" },
        { "Asia/Kolkata", "2026-03-10", "2026-03-09T18:30:00Z" },
        /* Clocks go forward at midnight: the day begins at one o'clock. */
        { "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z" },
        /* A day of 23 hours, and the one after it. */
        { "Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z" },
        { "Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sv_time_zone_t *zone = sv_time_zone_open(cases[i].zone);
        int64_t start = sv_time_zone_day_start(zone, day(cases[i].day));

        assert_int_equal(start, at(cases[i].start));
        assert_int_equal(sv_time_zone_day(zone, start), day(cases[i].day));
        assert_int_equal(sv_time_zone_day(zone, start - 1), day(cases[i].day) - 1);
        sv_time_zone_free(zone);
    }
}

static void
days_have_dates(void **state)
{
    int year, month, day_of_month;

    (void) state;
    for (int64_t n = -719162; n < 2932896; n += 997) {
        sv_day_to_date(n, &year, &month, &day_of_month);
        assert_int_equal(sv_day_from_date(year, month, day_of_month), n);
    }
    sv_day_to_date(0, &year, &month, &day_of_month);
    assert_int_equal(year, 1970);
    assert_int_equal(month, 1);
    assert_int_equal(day_of_month, 1);
    assert_int_equal(sv_day_from_date(2024, 2, 29) + 1, sv_day_from_date(2024, 3, 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_is_on_the_day_its_zone_shows),
        cmocka_unit_test(a_day_begins_at_its_first_instant),
        cmocka_unit_test(days_have_dates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
