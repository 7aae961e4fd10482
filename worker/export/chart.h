#ifndef SV_EXPORT_CHART_H
#define SV_EXPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "core/report/rows/column.h"

/* What a chart of grouped rows shows, the same in every format that has charts: the groups along the axis, the first
 * number that stands beside them, and those of the same type behind it, as series. */
enum { SV_CHART_SERIES = 4 };

typedef struct {
    size_t axis, axis_count; /* the first group column, and how many stand together from there on */
    size_t series[SV_CHART_SERIES];
    size_t series_count;
    bool line; /* the axis is time */
} sv_chart_plan_t;

/* False when there is nothing to draw: no groups, or no numbers. */
bool sv_chart_plan(const sv_column_t *columns, size_t count, sv_chart_plan_t *plan);

#endif
