#ifndef SV_TIME_BOUND_H
#define SV_TIME_BOUND_H

#include "core/base/clock.h"
#include "core/base/time_zone.h"

/*
 * What a client names where a time is wanted: an instant, or a bare date, which means the whole day.  When a day begins
 * and ends is for the zone to say, so it is kept as a day until the zone is known.
 */
typedef enum { SV_BOUND_NONE, SV_BOUND_INSTANT, SV_BOUND_DAY } sv_bound_kind_t;

typedef struct {
    sv_bound_kind_t kind;
    int64_t value; /* ms, UTC; a day: days since 1970-01-01 */
} sv_time_bound_t;

/* "2026-01-05T08:00:00Z" or "2026-01-05". */
bool sv_time_bound_parse(const char *text, sv_time_bound_t *bound);
/* As it is read back. */
void sv_time_bound_format(const sv_time_bound_t *bound, char text[SV_TIME_TEXT_SIZE]);

/* The first ms of it, and the first ms behind it: a day's end, and of an instant the instant itself.  `zone` NULL: UTC.
 */
int64_t sv_time_bound_start(const sv_time_bound_t *bound, const sv_time_zone_t *zone);
int64_t sv_time_bound_end(const sv_time_bound_t *bound, const sv_time_zone_t *zone);

/* The date, as midnight in UTC, of the day that begins at an instant: as MongoDB tells it, whatever the clocks do in
 * that night. */
int64_t sv_time_zone_date(const sv_time_zone_t *zone, int64_t ms);

/* From the one to the other, as lists and reports are asked: a day stands with all of it in `from` and `to`, an instant
 * in `to` is not in it any more. */
typedef struct {
    sv_time_bound_t from, to;
    const char *zone; /* whose days they are; NULL: not named */
} sv_time_range_t;

#endif
