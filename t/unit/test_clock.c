/* Times and dates, to text and back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "t/unit/random.h"

#define FIRST INT64_C(-62135596800000)
#define LAST  INT64_C(253402300799999)

static void
rfc_3339_is_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2026-01-05T08:00:00Z", INT64_C(1767600000000) },
        { "2026-01-05T08:00:00.5Z", INT64_C(1767600000500) },
        { "2026-01-05T08:00:00.123987654321Z", INT64_C(1767600000123) },
        { "2026-01-05T13:30:00+05:30", INT64_C(1767600000000) },
        { "2026-01-05T00:00:00-08:00", INT64_C(1767600000000) },
        { "2026-01-05t08:00:00z", INT64_C(1767600000000) },
        { "2026-01-05 08:00:00Z", INT64_C(1767600000000) },
        { "2016-12-31T23:59:60Z", INT64_C(1483228799999) },
        { "2024-02-29T00:00:00Z", INT64_C(1709164800000) },
        { "2000-02-29T00:00:00Z", INT64_C(951782400000) },
        { "1969-12-31T23:59:59.999Z", -1 },
        { "1970-01-01T00:00:00+05:30", INT64_C(-19800000) },
        { "0001-01-01T00:00:00Z", FIRST },
        { "0001-01-01T00:00:00+05:30", FIRST - INT64_C(19800000) },
        { "9999-12-31T23:59:59.999Z", LAST },
        { "9999-12-31T23:59:59.999-05:00", LAST + INT64_C(18000000) },
    };
    int64_t ms;

    (void) state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ms = -1;
        assert_true(sv_time_parse(good[i].text, &ms));
        assert_int_equal(ms, good[i].ms);
    }
}

static void
what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "2026",
        "2026-01-05",
        "2026-01-05T08:00Z",
        "2026-01-05T08:00:00",
        "2026-01-05T08:00:00.Z",
        "2026-01-05T24:00:00Z",
        "2026-01-05T08:60:00Z",
        "2026-01-05T08:00:61Z",
        "2026-13-05T08:00:00Z",
        "2026-00-05T08:00:00Z",
        "2026-02-29T08:00:00Z",
        "2100-02-29T08:00:00Z",
        "2026-01-00T08:00:00Z",
        "2026-04-31T08:00:00Z",
        "0000-12-31T23:59:59Z",
        "2026-01-05T08:00:00+5:30",
        "2026-01-05T08:00:00+05",
        "2026-01-05T08:00:00+0530",
        "2026-01-05T08:00:00+24:00",
        "2026-01-05T08:00:00+05:60",
        "2026-01-05T08:00:00Zx",
        "2026-01-05T08:00:00Z ",
        " 2026-01-05T08:00:00Z",
        "2026-1-5T08:00:00Z",
        "+2026-01-05T08:00:00Z",
        "2026-01-05T08:00:00,5Z",
        "1767600000000",
        "-026-01-05T08:00:00Z",
    };
    int64_t ms = 7;

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(sv_time_parse(bad[i], &ms));
    }
    assert_int_equal(ms, 7); /* untouched */
}

static void
a_date_is_midnight_utc(void **state)
{
    static const char *const bad[] = { "", "2026-01", "2026-01-32", "2026-01-05T00:00:00Z", "2026-1-05", "26-01-05" };
    int64_t ms;

    (void) state;
    assert_true(sv_date_parse("2026-01-05", &ms));
    assert_int_equal(ms, INT64_C(1767571200000));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(sv_date_parse(bad[i], &ms));
    }
}

static void
written_times_leave_out_zero_milliseconds(void **state)
{
    char text[SV_TIME_TEXT_SIZE];

    (void) state;
    assert_int_equal(sv_time_format(INT64_C(1767600000000), text), 20);
    assert_string_equal(text, "2026-01-05T08:00:00Z");
    assert_int_equal(sv_time_format(INT64_C(1767600000007), text), 24);
    assert_string_equal(text, "2026-01-05T08:00:00.007Z");
    sv_time_format(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    sv_time_format(FIRST, text);
    assert_string_equal(text, "0001-01-01T00:00:00Z");
}

static void
what_utc_cannot_write_has_an_offset(void **state)
{
    static const char *const sent[] = { "0001-01-01T00:00:00+05:30", "0001-01-01T00:00:00.001+23:59",
                                        "9999-12-31T23:59:59.999-05:00", "9999-12-31T23:59:59-23:59" };
    char text[SV_TIME_TEXT_SIZE];
    int64_t ms, back;

    (void) state;
    for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
        assert_true(sv_time_parse(sent[i], &ms));
        sv_time_format(ms, text);
        assert_true(sv_time_parse(text, &back));
        assert_int_equal(back, ms);
    }
    sv_time_format(INT64_MIN, text);
    assert_string_equal(text, "0001-01-01T00:00:00+23:59");
    sv_time_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999-23:59");
}

static void
random_times_come_back_and_agree_with_the_c_library(void **state)
{
    random_t random = random_seeded(4);

    (void) state;
    for (int i = 0; i < 200000; i++) {
        int64_t ms = random_between(&random, FIRST, LAST), back = -1;
        char text[SV_TIME_TEXT_SIZE], expected[32];
        int length;
        time_t seconds = (time_t) ((ms - FIRST) / 1000 + FIRST / 1000);
        struct tm parts;

        length = sv_time_format(ms, text);
        assert_int_equal(length, strlen(text));
        gmtime_r(&seconds, &parts);
        strftime(expected + snprintf(expected, sizeof(expected), "%04d", parts.tm_year + 1900), 16, "-%m-%dT%H:%M:%S",
                 &parts);
        assert_memory_equal(text, expected, 19);
        assert_true(sv_time_parse(text, &back));
        assert_int_equal(back, ms);
    }
}

static void
every_day_of_four_centuries_comes_back(void **state)
{
    char text[SV_TIME_TEXT_SIZE];

    (void) state;
    for (int64_t day = 0; day < 146097 + 366; day++) {
        int64_t ms = -1;

        sv_time_format(day * 86400000, text);
        text[10] = '\0';
        assert_true(sv_date_parse(text, &ms));
        assert_int_equal(ms, day * 86400000);
    }
}

static void
clocks_go_forward(void **state)
{
    int64_t before = sv_clock_monotonic_ms();

    (void) state;
    assert_true(sv_clock_now_ms() > INT64_C(1700000000000));
    assert_true(sv_clock_monotonic_ms() >= before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_3339_is_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_date_is_midnight_utc),
        cmocka_unit_test(written_times_leave_out_zero_milliseconds),
        cmocka_unit_test(what_utc_cannot_write_has_an_offset),
        cmocka_unit_test(random_times_come_back_and_agree_with_the_c_library),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
        cmocka_unit_test(clocks_go_forward),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
