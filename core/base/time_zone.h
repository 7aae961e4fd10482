#ifndef SV_TIME_ZONE_H
#define SV_TIME_ZONE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Time zones of the tz database, and the days of their calendars.  Any number of threads may use one zone.
 */
typedef struct sv_time_zone_s sv_time_zone_t;

/* "Asia/Kolkata", "UTC": a name of the tz database.  NULL: there is none of this name here.  To be given back with
 * sv_time_zone_free. */
sv_time_zone_t *sv_time_zone_open(const char *name);
void sv_time_zone_free(sv_time_zone_t *zone);
const char *sv_time_zone_name(const sv_time_zone_t *zone); /* as it was opened; lives as long as the zone */

/* Seconds east of UTC at an instant. */
int64_t sv_time_zone_offset(const sv_time_zone_t *zone, int64_t utc_s);

/* The instant (UTC seconds) at which a clock on the wall first shows `local_s`, or at which it skips it. */
int64_t sv_time_zone_instant(const sv_time_zone_t *zone, int64_t local_s);

/*
 * Days, counted since 1970-01-01, a Thursday.  A day begins at its first instant in the zone: where midnight is skipped
 * that is the moment of the change, and a day may have 23 or 25 hours.
 */
int64_t sv_time_zone_day(const sv_time_zone_t *zone, int64_t utc_ms); /* the day an instant is on */
int64_t
sv_time_zone_day_start(const sv_time_zone_t *zone, int64_t day); /* UTC ms; the day ends where the next starts */

/* The calendar date of a day, and back: proleptic Gregorian, years 1 to 9999. */
void sv_day_to_date(int64_t day, int *year, int *month, int *day_of_month);
int64_t sv_day_from_date(int year, int month, int day_of_month);

#endif
