#ifndef SV_VARIANCE_QUERY_H
#define SV_VARIANCE_QUERY_H

#include <stdbool.h>

#include "core/base/quantity.h"
#include "core/store/page.h"

/* Which variances are asked for (core/verify/variances.h). */
enum { SV_VARIANCE_COUNTS = 100, SV_VARIANCE_ROWS = 50000, SV_VARIANCE_LIMIT = 500 };

typedef struct {
    const char *count_id; /* else the counts of `warehouse`, or of all: those under way, or within the span */
    const char *warehouse;
    const char *floor;
    const char *category;
    const char *user;       /* items of which a figure of theirs counts */
    int64_t from_ms, to_ms; /* of the last figure; 0: open */
    bool has_min_qty, has_min_value;
    sv_quantity_t min_qty, min_value; /* of the variance without its sign; 0: items without a variance too */
    int sort;                         /* place in sv_variance_sorts */
    sv_page_t page;                   /* its limit, and its cursor or its number */
} sv_variance_query_t;

#endif
