#include "core/counts/period.h"

#include <stdio.h>
#include <string.h>

static void
sv_period_month(const sv_time_zone_t *zone, int64_t day, sv_period_t *period)
{
    int year, month, day_of_month;

    sv_day_to_date(day, &year, &month, &day_of_month);
    snprintf(period->name, sizeof(period->name), "%04d-%02d", year, month);
    period->ends_at_ms = sv_time_zone_day_start(zone, month == 12 ? sv_day_from_date(year + 1, 1, 1)
                                                                  : sv_day_from_date(year, month + 1, 1));
}

/* A week belongs to the year its Thursday is in. */
static void
sv_period_week(const sv_time_zone_t *zone, int64_t day, sv_period_t *period)
{
    int64_t since_monday = ((day + 3) % 7 + 7) % 7, thursday = day - since_monday + 3;
    int year, month, day_of_month;

    sv_day_to_date(thursday, &year, &month, &day_of_month);
    snprintf(period->name, sizeof(period->name), "%04d-W%02d", year,
             (int) ((thursday - sv_day_from_date(year, 1, 1)) / 7 + 1));
    period->ends_at_ms = sv_time_zone_day_start(zone, day - since_monday + 7);
}

void
sv_period_of(const sv_settings_t *settings, const sv_time_zone_t *zone, int64_t at_ms, sv_period_t *period)
{
    int64_t day = sv_time_zone_day(zone, at_ms);

    if (strcmp(settings->standing_count_period, "month") == 0) {
        sv_period_month(zone, day, period);
    } else if (strcmp(settings->standing_count_period, "week") == 0) {
        sv_period_week(zone, day, period);
    } else {
        snprintf(period->name, sizeof(period->name), "none");
        period->ends_at_ms = 0;
    }
}
