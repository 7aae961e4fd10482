#ifndef SV_CRON_H
#define SV_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/time_zone.h"

/*
 * When a schedule is due: five fields as in crontab(5) (minute, hour, day of month, month, day of week; lists, ranges,
 * steps, names, and @hourly ... @yearly) read in a time zone.  Days match as crontab's: where both day fields are
 * restricted, either will do.
 *
 * Where the clocks change, each slot is one instant: a time that is skipped is due at the moment of the change, one
 * that comes twice is due the first time, and a schedule of every hour is due in each hour that passes.
 */
typedef struct {
    uint64_t minutes; /* bit n: minute n */
    uint32_t hours, days, months, weekdays;
    bool any_day, any_weekday; /* "*" stood there */
} sv_cron_t;

/* SV_ERR_VALIDATION_FAILED with a sentence and the field "cron". */
sv_status_t sv_cron_parse(const char *text, sv_cron_t *cron, sv_error_t *error);

/* The first slot after `after_ms` (UTC); 0 when there is none in the next eight years (30 February). */
int64_t sv_cron_next(const sv_cron_t *cron, const sv_time_zone_t *zone, int64_t after_ms);

#endif
