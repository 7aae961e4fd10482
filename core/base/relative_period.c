#include "core/base/relative_period.h"

#include <stddef.h>
#include <string.h>

#include "core/base/time_zone.h"

typedef enum { SV_PERIOD_DAY, SV_PERIOD_WEEK, SV_PERIOD_MONTH } sv_period_unit_t;

const char *const sv_relative_periods[SV_RELATIVE_PERIODS + 1] = {
    "today", "yesterday", "last_7_days", "last_30_days", "this_week", "last_week", "this_month", "last_month", NULL,
};

/* From `from` units before the present one's beginning to `to` units before it (to -1: its end). */
static const struct {
    sv_period_unit_t unit;
    int from, to;
} sv_period_rows[SV_RELATIVE_PERIODS] = {
    { SV_PERIOD_DAY, 0, -1 },  { SV_PERIOD_DAY, 1, 0 },  { SV_PERIOD_DAY, 7, 0 },    { SV_PERIOD_DAY, 30, 0 },
    { SV_PERIOD_WEEK, 0, -1 }, { SV_PERIOD_WEEK, 1, 0 }, { SV_PERIOD_MONTH, 0, -1 }, { SV_PERIOD_MONTH, 1, 0 },
};

/* The day on which the unit begins, `back` units before that of a day. */
static int64_t
sv_period_edge(sv_period_unit_t unit, int back, int64_t day)
{
    const int64_t thursday = 3; /* 1970-01-01, counted from Monday */
    int year, month, of_month;

    switch (unit) {
    case SV_PERIOD_DAY:
        return day - back;
    case SV_PERIOD_WEEK:
        return day - (day + thursday) % 7 - 7 * back;
    case SV_PERIOD_MONTH:
        sv_day_to_date(day, &year, &month, &of_month);
        month += 12 * year - 1 - back; /* months since the year 0 */
        return sv_day_from_date(month / 12, month % 12 + 1, 1);
    }
    return day;
}

bool
sv_relative_period_days(const char *name, int64_t today, int64_t *first, int64_t *last)
{
    for (size_t i = 0; i < SV_RELATIVE_PERIODS; i++) {
        if (strcmp(sv_relative_periods[i], name) == 0) {
            *first = sv_period_edge(sv_period_rows[i].unit, sv_period_rows[i].from, today);
            *last = sv_period_edge(sv_period_rows[i].unit, sv_period_rows[i].to, today) - 1;
            return true;
        }
    }
    return false;
}
