#include "core/base/time_zone.h"

#include <ctype.h>
#include <glib.h>
#include <string.h>

enum { SV_DAY_S = 86400, SV_JULIAN_OF_1970 = 719163 /* GDate counts from the year 1 */ };

struct sv_time_zone_s {
    GTimeZone *zone;
    char *name;
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
    opened->name = g_strdup(name);
    return opened;
}

void
sv_time_zone_free(sv_time_zone_t *zone)
{
    if (zone != NULL) {
        g_time_zone_unref(zone->zone);
        g_free(zone->name);
        g_free(zone);
    }
}

const char *
sv_time_zone_name(const sv_time_zone_t *zone)
{
    return zone->name;
}

int64_t
sv_time_zone_offset(const sv_time_zone_t *zone, int64_t utc_s)
{
    gint interval = g_time_zone_find_interval(zone->zone, G_TIME_TYPE_UNIVERSAL, utc_s);

    return g_time_zone_get_offset(zone->zone, interval);
}

/* The moment between two at which the clocks are changed. */
static int64_t
sv_time_zone_change(const sv_time_zone_t *zone, int64_t before_s, int64_t after_s)
{
    int64_t old = sv_time_zone_offset(zone, before_s);

    while (after_s - before_s > 1) {
        int64_t middle = before_s + (after_s - before_s) / 2;

        if (sv_time_zone_offset(zone, middle) == old) {
            before_s = middle;
        } else {
            after_s = middle;
        }
    }
    return after_s;
}

int64_t
sv_time_zone_instant(const sv_time_zone_t *zone, int64_t local_s)
{
    int64_t old = sv_time_zone_offset(zone, local_s - SV_DAY_S), new = sv_time_zone_offset(zone, local_s + SV_DAY_S);
    int64_t early = local_s - (old > new ? old : new), late = local_s - (old > new ? new : old);

    if (sv_time_zone_offset(zone, early) == local_s - early) {
        return early;
    }
    if (sv_time_zone_offset(zone, late) == local_s - late) {
        return late;
    }
    return sv_time_zone_change(zone, early, late);
}

/* Rounds down, before 1970 too. */
static int64_t
sv_whole(int64_t value, int64_t unit)
{
    return value >= 0 ? value / unit : -((unit - 1 - value) / unit);
}

int64_t
sv_time_zone_day(const sv_time_zone_t *zone, int64_t utc_ms)
{
    int64_t utc_s = sv_whole(utc_ms, 1000);

    return sv_whole(utc_s + sv_time_zone_offset(zone, utc_s), SV_DAY_S);
}

int64_t
sv_time_zone_day_start(const sv_time_zone_t *zone, int64_t day)
{
    return sv_time_zone_instant(zone, day * SV_DAY_S) * 1000;
}

void
sv_day_to_date(int64_t day, int *year, int *month, int *day_of_month)
{
    GDate date;

    g_date_clear(&date, 1);
    g_date_set_julian(&date, (guint32) (day + SV_JULIAN_OF_1970));
    *year = g_date_get_year(&date);
    *month = (int) g_date_get_month(&date);
    *day_of_month = g_date_get_day(&date);
}

int64_t
sv_day_from_date(int year, int month, int day_of_month)
{
    GDate date;

    g_date_clear(&date, 1);
    g_date_set_dmy(&date, (GDateDay) day_of_month, (GDateMonth) month, (GDateYear) year);
    return (int64_t) g_date_get_julian(&date) - SV_JULIAN_OF_1970;
}
