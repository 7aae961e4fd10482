#include "worker/export/chart.h"

#include "core/report/rows/row_value.h"

bool
sv_chart_plan(const sv_column_t *columns, size_t count, sv_chart_plan_t *plan)
{
    *plan = (sv_chart_plan_t){ 0 };
    while (plan->axis < count && !columns[plan->axis].grouped) {
        plan->axis++;
    }
    while (plan->axis + plan->axis_count < count && columns[plan->axis + plan->axis_count].grouped) {
        plan->axis_count++;
    }
    for (size_t i = 0; i < count && plan->series_count < SV_CHART_SERIES; i++) {
        if (!columns[i].grouped && sv_column_is_number(&columns[i]) &&
            (plan->series_count == 0 || columns[i].type == columns[plan->series[0]].type)) {
            plan->series[plan->series_count++] = i;
        }
    }
    plan->line = plan->axis_count == 1 &&
                 (columns[plan->axis].type == SV_COLUMN_DATE || columns[plan->axis].type == SV_COLUMN_TIME);
    return plan->axis_count > 0 && plan->series_count > 0;
}
