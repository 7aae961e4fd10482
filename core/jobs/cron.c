#include "core/jobs/cron.h"

#include <ctype.h>
#include <glib.h>
#include <string.h>

/* Days are counted since 1970-01-01, a Thursday; local seconds are those of a clock on the wall since then. */
enum {
    SV_DAY_S = 86400,
    SV_HOUR_S = 3600,
    SV_MINUTE_S = 60,
    SV_ALL_HOURS = 0xffffff,
    SV_CRON_DAYS = 366 * 8, /* 29 February, also around a year like 2100 */
};

struct sv_time_zone_s {
    GTimeZone *zone;
};

/* Names only: GLib would read "+05:30", rules, and files by their path too. */
static bool
sv_time_zone_name_valid(const char *name)
{
    if (!isalpha((unsigned char) name[0]) || strlen(name) > 64 || strstr(name, "..") != NULL) {
        return false;
    }
    for (const char *c = name; *c != '\0'; c++) {
        if (!isalnum((unsigned char) *c) && strchr("/_+-", *c) == NULL) {
            return false;
        }
    }
    return true;
}

sv_time_zone_t *
sv_time_zone_open(const char *name)
{
    GTimeZone *zone = sv_time_zone_name_valid(name) ? g_time_zone_new_identifier(name) : NULL;
    sv_time_zone_t *opened;

    if (zone == NULL) {
        return NULL;
    }
    opened = g_new0(sv_time_zone_t, 1);
    opened->zone = zone;
    return opened;
}

void
sv_time_zone_free(sv_time_zone_t *zone)
{
    if (zone != NULL) {
        g_time_zone_unref(zone->zone);
        g_free(zone);
    }
}

static int64_t
sv_zone_offset(const sv_time_zone_t *zone, int64_t utc_s)
{
    gint interval = g_time_zone_find_interval(zone->zone, G_TIME_TYPE_UNIVERSAL, utc_s);

    return g_time_zone_get_offset(zone->zone, interval);
}

/* The moment between two at which the clocks are changed. */
static int64_t
sv_zone_change(const sv_time_zone_t *zone, int64_t before_s, int64_t after_s)
{
    int64_t old = sv_zone_offset(zone, before_s);

    while (after_s - before_s > 1) {
        int64_t middle = before_s + (after_s - before_s) / 2;

        if (sv_zone_offset(zone, middle) == old) {
            before_s = middle;
        } else {
            after_s = middle;
        }
    }
    return after_s;
}

/* When a clock on the wall first shows `local_s`, or the moment at which it skips it. */
static int64_t
sv_zone_instant(const sv_time_zone_t *zone, int64_t local_s)
{
    int64_t old = sv_zone_offset(zone, local_s - SV_DAY_S), new = sv_zone_offset(zone, local_s + SV_DAY_S);
    int64_t early = local_s - (old > new ? old : new), late = local_s - (old > new ? new : old);

    if (sv_zone_offset(zone, early) == local_s - early) {
        return early;
    }
    if (sv_zone_offset(zone, late) == local_s - late) {
        return late;
    }
    return sv_zone_change(zone, early, late);
}

static int64_t
sv_day_of(int64_t local_s)
{
    return local_s >= 0 ? local_s / SV_DAY_S : -((SV_DAY_S - 1 - local_s) / SV_DAY_S);
}

static bool
sv_cron_day_matches(const sv_cron_t *cron, int64_t day)
{
    GDate date;
    bool by_day, by_weekday;

    g_date_clear(&date, 1);
    g_date_set_julian(&date, (guint32) (day + 719163)); /* 1 January 1970, counted from the year 1 */
    by_day = cron->days >> g_date_get_day(&date) & 1;
    by_weekday = cron->weekdays >> ((day + 4) % 7) & 1;
    if (!(cron->months >> g_date_get_month(&date) & 1)) {
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
                int64_t at_s = sv_zone_instant(zone, day * SV_DAY_S + hour * SV_HOUR_S + minute * SV_MINUTE_S);

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
    int64_t at_s = sv_zone_instant(zone, day * SV_DAY_S);

    if (at_s <= after_s) {
        at_s = after_s + 1;
    }
    for (;;) {
        int64_t local_s = at_s + sv_zone_offset(zone, at_s),
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
    int64_t first = sv_day_of(after_s + sv_zone_offset(zone, after_s)) - 1;
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
