#include <string.h>

#include "core/report/fixed/fixed_rows.h"

static const sv_fixed_row_of_table_t *const sv_fixed_table[] = {
    &sv_fixed_stock_summary,   &sv_fixed_variance,    &sv_fixed_user_activity,
    &sv_fixed_session_history, &sv_fixed_audit_trail,
};

enum { SV_FIXED_COUNT = sizeof(sv_fixed_table) / sizeof(sv_fixed_table[0]) };

static const sv_fixed_row_of_table_t *
sv_fixed_find_row(const char *type)
{
    for (size_t i = 0; type != NULL && i < SV_FIXED_COUNT; i++) {
        if (strcmp(sv_fixed_table[i]->report.type, type) == 0) {
            return sv_fixed_table[i];
        }
    }
    return NULL;
}

const sv_fixed_report_t *
sv_fixed_report(const char *type)
{
    const sv_fixed_row_of_table_t *row = sv_fixed_find_row(type);

    return row != NULL ? &row->report : NULL;
}

const char *const *
sv_fixed_types(sv_arena_t *arena)
{
    const char **types = sv_arena_zalloc(arena, (SV_FIXED_COUNT + 1) * sizeof(types[0]));

    for (size_t i = 0; i < SV_FIXED_COUNT; i++) {
        types[i] = sv_fixed_table[i]->report.type;
    }
    return types;
}

const sv_column_t *
sv_fixed_columns(const sv_fixed_report_t *report, size_t *count, sv_arena_t *arena)
{
    const sv_fixed_row_of_table_t *row = sv_fixed_find_row(report->type);
    sv_column_t *columns = sv_arena_zalloc(arena, row->cell_count * sizeof(columns[0]));

    for (size_t i = 0; i < row->cell_count; i++) {
        columns[i] = row->cells[i].column;
    }
    *count = row->cell_count;
    return columns;
}

sv_status_t
sv_fixed_run(sv_store_t *store, const sv_fixed_report_t *report, const sv_fixed_filters_t *filters, int64_t now_ms,
             sv_row_sink_t sink, sv_error_t *error)
{
    sv_fixed_work_t work = {
        .store = store,
        .made = sv_fixed_find_row(report->type),
        .filters = filters,
        .now_ms = now_ms,
        .sink = sink,
        .arena = sv_arena_create(),
    };
    sv_status_t status = work.made->run(&work, error);

    sv_arena_destroy(work.arena);
    return status;
}
