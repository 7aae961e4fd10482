#ifndef SV_PERIOD_H
#define SV_PERIOD_H

#include "core/base/time_zone.h"
#include "core/settings/settings.h"

/* Periods of standing counts (STANDING_COUNT_PERIOD): calendar months, weeks from Monday (ISO 8601), or none. */
enum { SV_PERIOD_SIZE = 24 };

typedef struct {
    char name[SV_PERIOD_SIZE]; /* "2026-11", "2026-W48"; "none" where standing counts have no periods */
    int64_t ends_at_ms;        /* the first instant after it, UTC; 0: it does not end */
} sv_period_t;

/* The period an instant is in, by the days of a zone. */
void sv_period_of(const sv_settings_t *settings, const sv_time_zone_t *zone, int64_t at_ms, sv_period_t *period);

#endif
