#ifndef SV_TREND_H
#define SV_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

/*
 * Figures of a series: what changed from point to point, and which points are outliers, by the modified z-score of
 * Iglewicz and Hoaglin (How to Detect and Handle Outliers, 1993): 0.6745 |x - median| / MAD, where MAD is the median of
 * |x - median|.  When more than half of the points are equal the MAD is 0; then |x - median| / (1.253314 MeanAD), with
 * their mean, stands in for it.  An outlier's score is above 3.5.
 *
 * All of it is exact: decisions are made in whole numbers, only what is shown is rounded.
 */
enum { SV_TREND_MIN_POINTS = 5 };           /* fewer known points have no outliers */
#define SV_TREND_THRESHOLD INT64_C(3500000) /* 3.5 */

typedef struct {
    bool known;    /* false: the point has no such figure and takes no part */
    int64_t value; /* millionths */

    /* what is found */
    bool has_change; /* against the known point before */
    int64_t change;
    bool has_percent; /* of |that point|; not of 0 */
    int64_t percent;  /* millionths: 1000000 is 100 % */
    bool outlier;
    bool has_score; /* false: too few points, or all are equal */
    int64_t score;  /* millionths, with the sign of the deviation */
} sv_trend_point_t;

typedef enum { SV_TREND_NONE, SV_TREND_MAD, SV_TREND_MEAN } sv_trend_method_t;

const char *sv_trend_method_name(sv_trend_method_t method); /* "median_absolute_deviation", "none", ... */

typedef struct {
    size_t known;
    int64_t median;    /* millionths, rounded half away from zero */
    int64_t deviation; /* MAD, or MeanAD, as `method` says */
    sv_trend_method_t method;
    size_t outliers;
} sv_trend_summary_t;

/* Fills in what is found of each point, in their order; `arena` for what is needed meanwhile. */
void sv_trend_figures(sv_trend_point_t *points, size_t count, sv_arena_t *arena, sv_trend_summary_t *summary);

#endif
