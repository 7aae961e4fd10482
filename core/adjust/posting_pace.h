#ifndef SV_POSTING_PACE_H
#define SV_POSTING_PACE_H

#include <stddef.h>
#include <stdint.h>

/*
 * How many lines go to the ERP together: pure.  Each time costs the database two commits, whatever their number, and a
 * supervisor's stop waits for those under way and the next: many while the ERP is quick, few while it is slow.
 */
enum {
    SV_POSTING_LINES_FIRST = 100, /* while nothing is known of the ERP's pace */
    SV_POSTING_LINES_MAX = 800,
    SV_POSTING_WAIT_MS = 500,     /* as long may they keep the worker waiting for the ERP */
    SV_POSTING_WAIT_MAX_MS = 1000 /* when it is slower than expected: those not begun by then are pending again */
};

/* How many go next, after `lines` were wanted, of which `tried` went, and the ERP was waited for.  One to
 * SV_POSTING_LINES_MAX, and four times `lines` at most: what few lines say of the pace may be chance. */
size_t sv_posting_lines_next(size_t lines, size_t tried, int64_t waited_ms);

#endif
