#ifndef SV_ANALYTICS_QUERY_H
#define SV_ANALYTICS_QUERY_H

#include "core/base/quantity.h"

/* Which figures are asked for (core/oversight/analytics.h). */
typedef enum { SV_BY_WAREHOUSE, SV_BY_STAFF, SV_BY_FLOOR, SV_BY_DAY } sv_analytics_group_t;

extern const char *const sv_analytics_groups[]; /* as they are asked for; NULL-terminated */

enum { SV_ANALYTICS_RECORDS = 300000 };

typedef struct {
    const char *warehouse, *count_id; /* NULL: any */
    const char *zone;                 /* whose days; NULL: each warehouse's */
    int64_t from_ms, to_ms;           /* of a line's last figure, and of a session's beginning; 0: open */
    sv_analytics_group_t group_by;
    sv_quantity_t tolerance; /* per cent of the book */
} sv_analytics_query_t;

#endif
