/* How many lines of adjustments go to the ERP together. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/adjust/posting_pace.h"

static const struct {
    size_t lines, tried;
    int64_t waited_ms;
    size_t next;
} turns[] = {
    /* As many as the ERP takes in half a second. */
    { 400, 400, 400, 500 },
    { 100, 100, 500, 100 },
    { 800, 800, 1000, 400 },
    /* A quick one's grow, to four times as many each turn and an end. */
    { 100, 100, 0, 400 },
    { 100, 100, 13, 400 },
    { 500, 500, 100, SV_POSTING_LINES_MAX },
    { SV_POSTING_LINES_MAX, SV_POSTING_LINES_MAX, 0, SV_POSTING_LINES_MAX },
    /* Of a slow one it counts what went, not what was wanted; one is the least. */
    { 100, 10, 1000, 5 },
    { 100, 1, 1000, 1 },
    { 100, 0, 1000, 1 },
    { 1, 1, 120000, 1 },
    /* The few that an adjustment had left tell as much. */
    { 400, 3, 0, SV_POSTING_LINES_MAX },
    { 400, 3, 10, 150 },
    /* It recovers. */
    { 1, 1, 1, 4 },
};

static void
as_many_go_as_the_erp_takes_in_time(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
        assert_int_equal(sv_posting_lines_next(turns[i].lines, turns[i].tried, turns[i].waited_ms), turns[i].next);
    }
}

/* So a turn of an ERP that always takes as long is found, whatever that is, and kept. */
static void
a_steady_erp_is_met(void **state)
{
    (void) state;
    for (size_t line_ms = 1; line_ms <= SV_POSTING_WAIT_MAX_MS; line_ms++) {
        size_t in_time = SV_POSTING_WAIT_MAX_MS / line_ms, lines = SV_POSTING_LINES_FIRST;

        for (int turn = 0; turn < 12; turn++) {
            size_t tried = lines < in_time ? lines : in_time;

            lines = sv_posting_lines_next(lines, tried, (int64_t) (tried * line_ms));
        }
        assert_int_equal(lines, line_ms < SV_POSTING_WAIT_MS ? SV_POSTING_WAIT_MS / line_ms : 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_go_as_the_erp_takes_in_time),
        cmocka_unit_test(a_steady_erp_is_met),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
