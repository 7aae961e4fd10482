#ifndef SV_STANDING_H
#define SV_STANDING_H

#include "core/counts/count.h"

/*
 * Standing counts: what is counted in a warehouse while nobody opened a count.  They have periods
 * (core/counts/period.h), one count a period: when it is over, or when the count is reconciled or closed before, the
 * next claim makes the next count (`2026-11`, and `2026-11.2` for a second one in the same month).  A count whose
 * period is over becomes RECONCILE: it admits no claim, goes on taking records of its own floor sessions, and waits for
 * a supervisor to close it.
 */

/* Makes the warehouse's standing count of now unless it is there, and ends the one before; any number of callers at
 * once make one.  Outside a transaction. */
sv_status_t sv_standing_ensure(sv_store_t *store, const char *warehouse, sv_error_t *error);

/* Ends the standing counts whose period is over, and gives those of before there were periods theirs.  The worker's;
 * two at it end each once. */
sv_status_t sv_standing_round(sv_store_t *store, int64_t *ended, sv_error_t *error);

#endif
