#ifndef SV_RELATIVE_PERIOD_H
#define SV_RELATIVE_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Periods that move with the day they are asked on: "last_7_days" are the seven whole days before it, weeks begin on
 * Monday.  Pure; on any thread.
 */
enum { SV_RELATIVE_PERIODS = 8 };

extern const char *const sv_relative_periods[SV_RELATIVE_PERIODS + 1]; /* their names, and NULL */

/* The first and the last day of it, on the day `today` (days since 1970-01-01).  False for a name that is none. */
bool sv_relative_period_days(const char *name, int64_t today, int64_t *first, int64_t *last);

#endif
