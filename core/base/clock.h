#ifndef SV_BASE_CLOCK_H
#define SV_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Times are UTC milliseconds since 1970.  A host's clock names things and
 * measures durations; it never decides between people (docs/architecture.md). */

enum { SV_TIME_TEXT_SIZE = 32 };

int64_t sv_clock_now_ms(void);              /* wall clock */
int64_t sv_clock_monotonic_ms(void);

/* RFC 3339: "2026-01-05T08:00:00Z", fractions to any length (kept to the
 * millisecond), offsets "+05:30".  Years 1 to 9999 as written.  Leap seconds read as :59.999. */
bool sv_time_parse(const char *text, int64_t *ms);
/* "2026-01-05": a calendar day, as midnight UTC. */
bool sv_date_parse(const char *text, int64_t *ms);
/* "2026-01-05T08:00:00.123Z" (milliseconds left out when zero); returns the length.  What cannot be written in UTC
 * with four digits of a year has an offset instead. */
int  sv_time_format(int64_t ms, char text[SV_TIME_TEXT_SIZE]);

#endif
