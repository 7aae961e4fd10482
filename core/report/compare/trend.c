#include "core/report/compare/trend.h"

#include <stdlib.h>
#include <string.h>

#include "core/report/rows/ratio.h"

/* Values are held fourfold: a median of an even number of values is a half of one, and the median of deviations from it
 * a quarter. */
enum { SV_FOLD = 4 };

static int
sv_compare_wide(const void *a, const void *b)
{
    __int128 x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

/* The median of a number of values; sorts them. */
static __int128
sv_median(__int128 *values, size_t count)
{
    qsort(values, count, sizeof(values[0]), sv_compare_wide);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static __int128
sv_size(__int128 value)
{
    return value < 0 ? -value : value;
}

/* value / divisor, rounded half away from zero, kept within int64. */
static int64_t
sv_rounded(__int128 value, __int128 divisor)
{
    __int128 quotient = (value + (value < 0 ? -(divisor / 2) : divisor / 2)) / divisor;

    return quotient > INT64_MAX ? INT64_MAX : quotient < INT64_MIN ? INT64_MIN : (int64_t) quotient;
}

static void
sv_trend_changes(sv_trend_point_t *points, size_t count)
{
    const sv_trend_point_t *last = NULL;

    for (size_t i = 0; i < count; i++) {
        sv_trend_point_t *point = &points[i];

        point->has_change =
            point->known && last != NULL && !__builtin_sub_overflow(point->value, last->value, &point->change);
        point->has_percent = point->has_change && sv_ratio(point->change, last->value, &point->percent);
        if (point->known) {
            last = point;
        }
    }
}

/* score = deviation x over / under, all of them whole numbers. */
static void
sv_trend_score(sv_trend_point_t *point, __int128 deviation, __int128 over, __int128 under, sv_trend_summary_t *summary)
{
    point->has_score = true;
    point->score = sv_rounded(deviation * over, under);
    /* |deviation| x over / under > threshold, without dividing. */
    point->outlier = sv_size(deviation) * over > (__int128) SV_TREND_THRESHOLD * under;
    summary->outliers += point->outlier;
}

static void
sv_trend_scores(sv_trend_point_t *points, size_t count, __int128 median, __int128 mad, __int128 sum,
                sv_trend_summary_t *summary)
{
    for (size_t i = 0; i < count; i++) {
        __int128 deviation = (__int128) points[i].value * SV_FOLD - median;

        if (!points[i].known) {
            continue;
        }
        if (summary->method == SV_TREND_MAD) {
            sv_trend_score(&points[i], deviation, 674500, mad, summary);
        } else if (summary->method == SV_TREND_MEAN) {
            /* MeanAD = sum / known */
            sv_trend_score(&points[i], deviation, (__int128) 1000000 * 1000000 * (__int128) summary->known,
                           (__int128) 1253314 * sum, summary);
        }
    }
}

void
sv_trend_figures(sv_trend_point_t *points, size_t count, sv_arena_t *arena, sv_trend_summary_t *summary)
{
    __int128 *values = sv_arena_alloc(arena, (count + 1) * sizeof(values[0]));
    __int128 median, mad, sum = 0;

    memset(summary, 0, sizeof(*summary));
    for (size_t i = 0; i < count; i++) {
        points[i].outlier = points[i].has_score = false;
        if (points[i].known) {
            values[summary->known++] = (__int128) points[i].value * SV_FOLD;
        }
    }
    sv_trend_changes(points, count);
    if (summary->known == 0) {
        return;
    }
    median = sv_median(values, summary->known);
    for (size_t i = 0; i < summary->known; i++) {
        values[i] = sv_size(values[i] - median);
        sum += values[i];
    }
    mad = sv_median(values, summary->known);
    summary->median = sv_rounded(median, SV_FOLD);
    summary->deviation = sv_rounded(mad, SV_FOLD);
    if (summary->known < SV_TREND_MIN_POINTS || sum == 0) {
        return;
    }
    summary->method = mad > 0 ? SV_TREND_MAD : SV_TREND_MEAN;
    if (mad == 0) {
        summary->deviation = sv_rounded(sum, (__int128) SV_FOLD * (__int128) summary->known);
    }
    sv_trend_scores(points, count, median, mad, sum, summary);
}

const char *
sv_trend_method_name(sv_trend_method_t method)
{
    static const char *const names[] = { "none", "median_absolute_deviation", "mean_absolute_deviation" };

    return names[method];
}
