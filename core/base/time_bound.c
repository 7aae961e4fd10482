#include "core/base/time_bound.h"

#include <string.h>

#define SV_BOUND_DAY_MS INT64_C(86400000)

enum { SV_DATE_LENGTH = 10 };

bool
sv_time_bound_parse(const char *text, sv_time_bound_t *bound)
{
    int64_t ms;

    if (sv_time_parse(text, &ms)) {
        *bound = (sv_time_bound_t){ SV_BOUND_INSTANT, ms };
        return true;
    }
    if (sv_date_parse(text, &ms)) {
        *bound = (sv_time_bound_t){ SV_BOUND_DAY, ms / SV_BOUND_DAY_MS };
        return true;
    }
    return false;
}

void
sv_time_bound_format(const sv_time_bound_t *bound, char text[SV_TIME_TEXT_SIZE])
{
    if (bound->kind == SV_BOUND_DAY) {
        sv_time_format(bound->value * SV_BOUND_DAY_MS, text);
        text[SV_DATE_LENGTH] = '\0';
    } else {
        sv_time_format(bound->value, text);
    }
}

static int64_t
sv_bound_day_start(const sv_time_zone_t *zone, int64_t day)
{
    return zone != NULL ? sv_time_zone_day_start(zone, day) : day * SV_BOUND_DAY_MS;
}

int64_t
sv_time_bound_start(const sv_time_bound_t *bound, const sv_time_zone_t *zone)
{
    return bound->kind == SV_BOUND_DAY ? sv_bound_day_start(zone, bound->value) : bound->value;
}

int64_t
sv_time_bound_end(const sv_time_bound_t *bound, const sv_time_zone_t *zone)
{
    return bound->kind == SV_BOUND_DAY ? sv_bound_day_start(zone, bound->value + 1) : bound->value;
}

int64_t
sv_time_zone_date(const sv_time_zone_t *zone, int64_t ms)
{
    /* Half a day later is the same day, also where the change of clocks moved its beginning. */
    return zone != NULL ? sv_time_zone_day(zone, ms + SV_BOUND_DAY_MS / 2) * SV_BOUND_DAY_MS : ms;
}
