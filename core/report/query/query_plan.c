/* From what was asked to columns, and where their values come from. */
#include <string.h>

#include "core/report/query/query_plan.h"

static void
sv_need_link(sv_report_query_t *query, const sv_report_field_t *field)
{
    if (field != NULL && field->link != SV_LINK_NONE) {
        query->inlined |= 1u << field->link;
    }
}

/* Links that MongoDB must follow itself: it filters, groups or sorts by what is behind them. */
static void
sv_plan_inlined(sv_report_query_t *query)
{
    query->inlined = 0;
    query->lookups = 0;
    for (size_t i = 0; i < query->filter_count; i++) {
        sv_need_link(query, query->filters[i].field);
    }
    for (size_t i = 0; i < query->group_count; i++) {
        sv_need_link(query, query->groups[i].field);
    }
    for (size_t i = 0; i < query->aggregate_count; i++) {
        sv_need_link(query, query->aggregates[i].field);
    }
    for (size_t i = 0; i < query->sort_count; i++) {
        sv_need_link(query, query->sorts[i].field);
    }
}

static void
sv_plan_field(sv_report_query_t *query, const sv_report_field_t *field, sv_arena_t *arena)
{
    sv_column_t *column = &query->columns[query->column_count];
    sv_report_source_t *source = &query->sources[query->column_count++];
    bool inlined = (query->inlined & (1u << field->link)) != 0;

    *column = (sv_column_t){ .name = field->name,
                             .title = field->title,
                             .type = field->type,
                             .key = (field->flags & SV_FIELD_KEY) != 0,
                             .total = (field->flags & SV_FIELD_TOTAL) != 0 };
    *source = (sv_report_source_t){ .field = field, .path = field->path };
    if (field->link != SV_LINK_NONE && inlined) {
        source->path = sv_arena_printf(arena, "%s.%s", sv_link_rows[field->link].alias, field->path);
    } else if (field->link != SV_LINK_NONE) {
        source->lookup = field->link;
        query->lookups |= 1u << field->link;
    }
}

static void
sv_plan_group(sv_report_query_t *query, size_t i, sv_arena_t *arena)
{
    static const char *const titles[] = { "Day of", "Week of", "Month of" };
    const sv_report_group_t *group = &query->groups[i];
    const sv_report_field_t *field = group->field;
    sv_column_t *column = &query->columns[query->column_count];
    sv_report_source_t *source = &query->sources[query->column_count++];

    *column =
        (sv_column_t){ .name = field->name, .title = field->title, .type = field->type, .key = true, .grouped = true };
    *source = (sv_report_source_t){ .field = field, .path = sv_arena_printf(arena, "_id.k%zu", i) };
    if (group->span >= 0) {
        column->name = sv_arena_printf(arena, "%s_%s", field->name, sv_report_spans[group->span]);
        column->title = sv_arena_printf(arena, "%s %s", titles[group->span], field->title);
        column->type = SV_COLUMN_DATE;
        source->day = true;
    }
}

static void
sv_plan_aggregate(sv_report_query_t *query, size_t i, sv_arena_t *arena)
{
    const sv_report_aggregate_t *aggregate = &query->aggregates[i];
    const sv_report_aggregator_t *by = aggregate->aggregator;
    const sv_report_field_t *field = aggregate->field;
    sv_column_t *column = &query->columns[query->column_count];
    sv_report_source_t *source = &query->sources[query->column_count++];

    *column = (sv_column_t){ .name = by->name, .title = by->phrase, .type = SV_COLUMN_INT };
    *source = (sv_report_source_t){ .field = field, .path = sv_arena_printf(arena, "a%zu", i) };
    column->total = by->figure == SV_FIGURE_ROWS || by->figure == SV_FIGURE_SUM;
    if (field == NULL) {
        return;
    }
    column->name = sv_arena_printf(arena, "%s_%s", by->name, field->name);
    column->title = sv_arena_printf(arena, "%s %s", by->phrase, field->title);
    if (by->figure != SV_FIGURE_DISTINCT) {
        column->type = field->type;
    }
    if (by->figure == SV_FIGURE_AVERAGE) {
        column->type = field->type == SV_COLUMN_INT ? SV_COLUMN_QUANTITY : field->type;
        source->divisor = sv_arena_printf(arena, "a%zun", i);
    }
}

void
sv_report_query_plan(sv_report_query_t *query, const sv_report_field_t **fields, size_t field_count, sv_arena_t *arena)
{
    size_t most = query->grouped ? query->group_count + query->aggregate_count : field_count;

    sv_plan_inlined(query);
    query->columns = sv_arena_zalloc(arena, (most + 1) * sizeof(*query->columns));
    query->sources = sv_arena_zalloc(arena, (most + 1) * sizeof(*query->sources));
    query->column_count = 0;
    for (size_t i = 0; !query->grouped && i < field_count; i++) {
        sv_plan_field(query, fields[i], arena);
    }
    for (size_t i = 0; i < query->group_count; i++) {
        sv_plan_group(query, i, arena);
    }
    for (size_t i = 0; i < query->aggregate_count; i++) {
        sv_plan_aggregate(query, i, arena);
    }
    for (size_t i = 0; query->grouped && i < query->sort_count; i++) {
        if (query->sorts[i].column >= query->group_count) {
            query->aggregates[query->sorts[i].column - query->group_count].sorted = true;
        }
    }
}

const sv_column_t *
sv_report_query_columns(const sv_report_query_t *query, size_t *count)
{
    *count = query->column_count;
    return query->columns;
}
