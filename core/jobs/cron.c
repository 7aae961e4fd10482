#include "core/jobs/cron.h"

#include <string.h>

/* Days are counted since 1970-01-01, a Thursday; local seconds are those of a clock on the wall since then. */
enum {
    SV_DAY_S = 86400,
    SV_HOUR_S = 3600,
    SV_MINUTE_S = 60,
    SV_ALL_HOURS = 0xffffff,
    SV_CRON_DAYS = 366 * 8, /* 29 February, also around a year like 2100 */
};

static int64_t
sv_day_of(int64_t local_s)
{
    return local_s >= 0 ? local_s / SV_DAY_S : -((SV_DAY_S - 1 - local_s) / SV_DAY_S);
}

static bool
sv_cron_day_matches(const sv_cron_t *cron, int64_t day)
{
    int year, month, day_of_month;
    bool by_day, by_weekday;

    sv_day_to_date(day, &year, &month, &day_of_month);
    by_day = cron->days >> day_of_month & 1;
    by_weekday = cron->weekdays >> ((day + 4) % 7) & 1;
    if (!(cron->months >> month & 1)) {
        return false;
    }
    return cron->any_day || cron->any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

/* Of a schedule with hours of its own: the first on this day after `after_s`; 0: none. */
static int64_t
sv_cron_next_at_hours(const sv_cron_t *cron, const sv_time_zone_t *zone, int64_t day, int64_t after_s)
{
    for (int hour = 0; hour < 24; hour++) {
        for (int minute = 0; cron->hours >> hour & 1 && minute < 60; minute++) {
            if (cron->minutes >> minute & 1) {
                int64_t at_s = sv_time_zone_instant(zone, day * SV_DAY_S + hour * SV_HOUR_S + minute * SV_MINUTE_S);

                if (at_s > after_s) {
                    return at_s;
                }
            }
        }
    }
    return 0;
}

/* Of a schedule of every hour: minutes as they pass, for as long as the clock on the wall shows this day; 0: none. */
static int64_t
sv_cron_next_minute(const sv_cron_t *cron, const sv_time_zone_t *zone, int64_t day, int64_t after_s)
{
    int64_t at_s = sv_time_zone_instant(zone, day * SV_DAY_S);

    if (at_s <= after_s) {
        at_s = after_s + 1;
    }
    for (;;) {
        int64_t local_s = at_s + sv_time_zone_offset(zone, at_s),
                second = (local_s % SV_MINUTE_S + SV_MINUTE_S) % SV_MINUTE_S;

        if (sv_day_of(local_s) > day) {
            return 0;
        }
        if (second == 0 && sv_day_of(local_s) == day && cron->minutes >> (local_s / SV_MINUTE_S % 60) & 1) {
            return at_s;
        }
        at_s += SV_MINUTE_S - second;
    }
}

int64_t
sv_cron_next(const sv_cron_t *cron, const sv_time_zone_t *zone, int64_t after_ms)
{
    int64_t after_s = after_ms / 1000;
    /* A day earlier than the wall shows: clocks that were set back repeat a piece of it. */
    int64_t first = sv_day_of(after_s + sv_time_zone_offset(zone, after_s)) - 1;
    bool every_hour = cron->hours == SV_ALL_HOURS;

    for (int64_t day = first; day <= first + SV_CRON_DAYS; day++) {
        if (sv_cron_day_matches(cron, day)) {
            int64_t at_s = every_hour ? sv_cron_next_minute(cron, zone, day, after_s)
                                      : sv_cron_next_at_hours(cron, zone, day, after_s);

            if (at_s != 0) {
                return at_s * 1000;
            }
        }
    }
    return 0;
}
