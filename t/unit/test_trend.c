/* A series' figures: against a computation of its own over random series, and by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "core/report/compare/trend.h"
#include "t/unit/random.h"

enum { ROUNDS = 2000, MOST = 40, ONE = 1000000 };

static sv_arena_t *arena;

static int
setup(void **state)
{
    (void) state;
    arena = sv_arena_create();
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

/* The median by counting: the value, or the two, that as many others are below as above. */
static long double
counted_median(const long double *values, size_t count)
{
    long double low = 0, high = 0;

    for (size_t i = 0; i < count; i++) {
        size_t below = 0, equal = 0;

        for (size_t k = 0; k < count; k++) {
            below += values[k] < values[i];
            equal += values[k] == values[i];
        }
        if (below <= (count - 1) / 2 && (count - 1) / 2 < below + equal) {
            low = values[i];
        }
        if (below <= count / 2 && count / 2 < below + equal) {
            high = values[i];
        }
    }
    return (low + high) / 2;
}

static void
random_series_are_as_computed_in_floats(void **state)
{
    (void) state;
    for (int round = 0; round < ROUNDS; round++) {
        random_t random = random_seeded((uint64_t) round + 1);
        size_t count = (size_t) random_between(&random, 0, MOST), known = 0;
        int64_t width = random_between(&random, 1, 4) * random_between(&random, 1, 300);
        sv_trend_point_t points[MOST] = { 0 };
        long double values[MOST], deviations[MOST], median, mad, mean = 0;
        sv_trend_summary_t summary;

        for (size_t i = 0; i < count; i++) {
            points[i].known = random_between(&random, 0, 9) > 0;
            points[i].value = random_between(&random, -width, width) / (round % 5 + 1) * ONE;
            if (random_between(&random, 0, 15) == 0) {
                points[i].value *= 20;
            }
            if (points[i].known) {
                values[known++] = (long double) points[i].value / ONE;
            }
        }
        sv_trend_figures(points, count, arena, &summary);
        assert_int_equal(summary.known, known);
        if (known == 0) {
            continue;
        }
        median = counted_median(values, known);
        for (size_t i = 0; i < known; i++) {
            deviations[i] = fabsl(values[i] - median);
            mean += deviations[i] / (long double) known;
        }
        mad = counted_median(deviations, known);
        assert_int_equal(summary.median, llroundl(median * ONE));
        if (known < SV_TREND_MIN_POINTS || mean == 0) {
            assert_int_equal(summary.method, SV_TREND_NONE);
            assert_int_equal(summary.outliers, 0);
            continue;
        }
        assert_int_equal(summary.method, mad > 0 ? SV_TREND_MAD : SV_TREND_MEAN);
        for (size_t i = 0; i < count; i++) {
            long double deviation = (long double) points[i].value / ONE - median;
            long double score = mad > 0 ? 0.6745L * deviation / mad : deviation / (1.253314L * mean);

            assert_int_equal(points[i].has_score, points[i].known);
            if (!points[i].known) {
                assert_false(points[i].outlier);
                continue;
            }
            assert_true(fabsl(score * ONE - (long double) points[i].score) <= 0.51L);
            if (fabsl(fabsl(score) - 3.5L) > 1e-9L) {
                assert_int_equal(points[i].outlier, fabsl(score) > 3.5L);
            }
        }
    }
}

static void
one_far_point_is_the_outlier(void **state)
{
    /* median 100, deviations 0 1 1 2 2 3 400: MAD 2 */
    sv_trend_point_t points[] = {
        { .known = true, .value = 100 * ONE }, { .known = true, .value = 101 * ONE },
        { .known = true, .value = 99 * ONE },  { .known = true, .value = 98 * ONE },
        { .known = true, .value = 102 * ONE }, { .known = true, .value = 500 * ONE },
        { .known = true, .value = 97 * ONE },
    };
    sv_trend_summary_t summary;

    (void) state;
    sv_trend_figures(points, 7, arena, &summary);
    assert_int_equal(summary.median, 100 * ONE);
    assert_int_equal(summary.deviation, 2 * ONE);
    assert_int_equal(summary.outliers, 1);
    assert_true(points[5].outlier);
    assert_int_equal(points[5].score, 134900000); /* 0.6745 x 400 / 2 */
    assert_false(points[0].has_change);
    assert_int_equal(points[1].change, ONE);
    assert_int_equal(points[1].percent, 10000); /* 1 % */
    assert_int_equal(points[6].percent, -806000);
}

static void
equal_points_leave_the_mean(void **state)
{
    sv_trend_point_t points[9] = { 0 };
    sv_trend_summary_t summary;

    (void) state;
    for (int i = 0; i < 9; i++) {
        points[i] = (sv_trend_point_t){ .known = true, .value = 7 * ONE };
    }
    sv_trend_figures(points, 9, arena, &summary);
    assert_int_equal(summary.method, SV_TREND_NONE);
    assert_int_equal(summary.outliers, 0);
    assert_false(points[3].has_score);

    points[4].value = 8 * ONE; /* MAD 0; MeanAD 1/9: score 9 / 1.253314 */
    sv_trend_figures(points, 9, arena, &summary);
    assert_int_equal(summary.method, SV_TREND_MEAN);
    assert_int_equal(summary.deviation, 111111);
    assert_int_equal(summary.outliers, 1);
    assert_true(points[4].outlier);
    assert_int_equal(points[4].score, 7180962);
    assert_int_equal(points[3].score, 0);
}

static void
few_points_and_gaps(void **state)
{
    sv_trend_point_t points[] = { { .known = true, .value = 0 },
                                  { .known = false, .value = 900 * ONE },
                                  { .known = true, .value = 5 * ONE },
                                  { .known = true, .value = -ONE },
                                  { .known = true, .value = 1 } };
    sv_trend_summary_t summary;

    (void) state;
    sv_trend_figures(points, 0, arena, &summary);
    assert_int_equal(summary.known, 0);
    sv_trend_figures(points, 5, arena, &summary);
    assert_int_equal(summary.known, 4);
    assert_int_equal(summary.method, SV_TREND_NONE);
    assert_int_equal(summary.median, 1); /* between 0 and 0.000001 */
    assert_false(points[1].has_change);
    assert_true(points[2].has_change); /* since the point before the gap */
    assert_int_equal(points[2].change, 5 * ONE);
    assert_false(points[2].has_percent); /* of 0 */
    assert_int_equal(points[3].percent, -1200000);
    assert_int_equal(points[4].percent, 1000001); /* of |-1| */
}

static void
extremes_do_not_overflow(void **state)
{
    sv_trend_point_t points[] = { { .known = true, .value = INT64_MAX }, { .known = true, .value = INT64_MIN },
                                  { .known = true, .value = INT64_MAX }, { .known = true, .value = INT64_MIN },
                                  { .known = true, .value = 0 },         { .known = true, .value = INT64_MAX } };
    sv_trend_summary_t summary;

    (void) state;
    sv_trend_figures(points, 6, arena, &summary);
    assert_int_equal(summary.outliers, 0);
    assert_false(points[1].has_change);
    for (int i = 0; i < 6; i++) {
        points[i].value = i == 0 ? INT64_MAX : INT64_MIN;
    }
    sv_trend_figures(points, 6, arena, &summary);
    assert_int_equal(summary.method, SV_TREND_MEAN);
    assert_true(points[0].outlier);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_series_are_as_computed_in_floats, setup, teardown),
        cmocka_unit_test_setup_teardown(one_far_point_is_the_outlier, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_points_leave_the_mean, setup, teardown),
        cmocka_unit_test_setup_teardown(few_points_and_gaps, setup, teardown),
        cmocka_unit_test_setup_teardown(extremes_do_not_overflow, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
