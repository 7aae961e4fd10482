/* A client's query against the table of fields: everything that is wrong is named, nothing is guessed. */
#include <string.h>

#include "core/base/relative_period.h"
#include "core/report/query/query_reading.h"
#include "core/store/document.h"

/* ---- whose days are meant */

/* The one text that a filter asks its field for; NULL: it does not. */
static const char *
sv_filter_equals(const sv_report_filter_t *filter, const char *field, sv_arena_t *arena)
{
    return filter->field != NULL && filter->op != NULL && filter->values != NULL &&
                   strcmp(filter->field->name, field) == 0 && strcmp(filter->op->name, "eq") == 0
               ? sv_doc_text(filter->values, "0", arena)
               : NULL;
}

/* The zone that is named, whether anything depends on it, and the warehouse or count whose it is else. */
static void
sv_read_zone(const sv_query_reading_t *reading)
{
    sv_report_query_t *query = reading->query;

    if (sv_json_get_identifier(reading->fields, "tz", SV_OPTIONAL, SV_QUERY_NAME_MAX, &query->tz)) {
        sv_time_zone_t *zone = sv_time_zone_open(query->tz);

        if (zone == NULL) {
            sv_query_wrong(reading->fields, "tz", "unknown", "is no time zone known here");
        }
        sv_time_zone_free(zone);
    }
    for (size_t i = 0; i < query->filter_count; i++) {
        const sv_report_filter_t *filter = &query->filters[i];
        const char *warehouse = sv_filter_equals(filter, "warehouse", reading->arena);
        const char *count_id = sv_filter_equals(filter, "count_id", reading->arena);

        query->has_days = query->has_days || sv_report_filter_has_days(filter);
        query->has_periods = query->has_periods || (filter->op != NULL && filter->op->operand == SV_OPERAND_PERIOD);
        query->warehouse = warehouse != NULL ? warehouse : query->warehouse;
        query->count_id = count_id != NULL ? count_id : query->count_id;
    }
    for (size_t i = 0; i < query->group_count; i++) {
        query->has_days = query->has_days || query->groups[i].span >= 0;
    }
}

/* ---- the lists of a query */

static void
sv_read_group(const sv_query_reading_t *reading, const sv_json_fields_t *fields, sv_report_group_t *group)
{
    group->field = sv_query_read_field(reading, fields, "field");
    group->span = -1;
    if (!sv_json_get_choice(fields, "by", SV_OPTIONAL, sv_report_spans, &group->span)) {
        group->span = -1;
    }
    if (group->field == NULL) {
        return;
    }
    if ((group->field->flags & SV_FIELD_LIST) != 0) {
        sv_query_wrong(fields, "field", "not_allowed", "is a list, which rows are not grouped by");
    }
    if (group->span >= 0 && group->field->type != SV_COLUMN_TIME) {
        sv_query_wrong(fields, "by", "not_allowed", "goes with times only");
    }
    for (const sv_report_group_t *other = reading->query->groups; other != group; other++) {
        if (other->field == group->field && other->span == group->span) {
            sv_query_wrong(fields, "field", "duplicate", "is named twice");
        }
    }
}

static void
sv_read_groups(const sv_query_reading_t *reading)
{
    sv_report_query_t *query = reading->query;
    const json_t *list, *element;
    sv_json_fields_t fields;
    size_t index;

    if (!sv_json_get_array(reading->fields, "group_by", SV_OPTIONAL, SV_QUERY_MAX_GROUPS, &list)) {
        return;
    }
    query->groups = sv_arena_zalloc(reading->arena, (json_array_size(list) + 1) * sizeof(*query->groups));
    json_array_foreach((json_t *) list, index, element)
    {
        if (sv_query_open_element(reading, "group_by", index, element, "field", &fields)) {
            sv_read_group(reading, &fields, &query->groups[query->group_count++]);
        }
    }
}

static void
sv_read_aggregate(const sv_query_reading_t *reading, const sv_json_fields_t *fields, sv_report_aggregate_t *aggregate)
{
    const char *name;

    if (!sv_json_get_identifier(fields, "op", SV_REQUIRED, SV_QUERY_NAME_MAX, &name)) {
        return;
    }
    aggregate->aggregator = sv_report_aggregator(name);
    if (aggregate->aggregator == NULL) {
        sv_query_wrong(fields, "op", "not_allowed", "must be count, count_distinct, sum, avg, min or max");
        return;
    }
    if (aggregate->aggregator->figure != SV_FIGURE_ROWS) {
        aggregate->field = sv_query_read_field(reading, fields, "field");
        if (aggregate->field == NULL) {
            return;
        }
    } else if (json_object_get(fields->object, "field") != NULL) {
        sv_query_wrong(fields, "field", "not_allowed", "has no place here: rows are counted");
    }
    if (!sv_report_aggregator_allows(aggregate->aggregator, aggregate->field)) {
        sv_query_wrong(fields, "op", "not_allowed", "does not go with this field");
    }
    if (aggregate->aggregator->figure == SV_FIGURE_DISTINCT) {
        if (reading->query->distinct != NULL) {
            sv_query_wrong(fields, "op", "not_allowed", "counts the different values of one field in a query");
        }
        reading->query->distinct = aggregate->field;
    }
    for (const sv_report_aggregate_t *other = reading->query->aggregates; other != aggregate; other++) {
        if (other->field == aggregate->field && other->aggregator == aggregate->aggregator) {
            sv_query_wrong(fields, "op", "duplicate", "is asked for twice");
        }
    }
}

static void
sv_read_aggregates(const sv_query_reading_t *reading)
{
    sv_report_query_t *query = reading->query;
    const json_t *list = NULL, *element;
    sv_json_fields_t fields;
    size_t index;

    if (!sv_json_get_array(reading->fields, "aggregations", SV_OPTIONAL, SV_QUERY_MAX_AGGREGATIONS, &list)) {
        list = NULL;
    }
    query->aggregates = sv_arena_zalloc(reading->arena, (json_array_size(list) + 1) * sizeof(*query->aggregates));
    json_array_foreach((json_t *) list, index, element)
    {
        if (sv_query_open_element(reading, "aggregations", index, element, "op", &fields)) {
            sv_read_aggregate(reading, &fields, &query->aggregates[query->aggregate_count++]);
        }
    }
    /* Groups without figures: how many rows each has. */
    if (list == NULL && query->group_count > 0) {
        query->aggregates[query->aggregate_count++].aggregator = sv_report_aggregator("count");
    }
    query->grouped = query->group_count > 0 || query->aggregate_count > 0;
}

/* Figures are added up of those that count, unless a filter says which are meant. */
static bool
sv_reads_counting(const sv_report_query_t *query)
{
    for (size_t i = 0; i < query->filter_count; i++) {
        if (query->filters[i].field != NULL && (query->filters[i].field->flags & SV_FIELD_STANDING) != 0) {
            return false;
        }
    }
    for (size_t i = 0; i < query->aggregate_count; i++) {
        if (query->aggregates[i].field != NULL && (query->aggregates[i].field->flags & SV_FIELD_FIGURE) != 0) {
            return true;
        }
    }
    return false;
}

/* The fields to show: those that are named, with what identifies a row before them; else those of the table. */
static size_t
sv_read_shown(const sv_query_reading_t *reading, const sv_report_field_t **shown)
{
    sv_report_query_t *query = reading->query;
    size_t total, count = 0, index;
    const sv_report_field_t *fields = sv_report_fields(query->collection, &total);
    const json_t *list = NULL, *element;
    sv_json_fields_t of;

    query->named_fields = sv_json_get_array(reading->fields, "fields", SV_OPTIONAL, SV_QUERY_MAX_FIELDS, &list) &&
                          json_array_size(list) > 0;
    if (query->named_fields && query->grouped) {
        sv_query_wrong(reading->fields, "fields", "not_allowed", "has no place where rows are grouped");
        return 0;
    }
    for (size_t i = 0; i < total; i++) {
        bool wanted =
            query->named_fields ? (fields[i].flags & SV_FIELD_KEY) != 0 : (fields[i].flags & SV_FIELD_MORE) == 0;

        if (wanted && !query->grouped) {
            shown[count++] = &fields[i];
        }
    }
    if (!query->named_fields) {
        return count;
    }
    json_array_foreach((json_t *) list, index, element)
    {
        const sv_report_field_t *field = NULL;
        bool twice = false;

        if (sv_query_open_element(reading, "fields", index, element, "field", &of)) {
            field = sv_query_read_field(reading, &of, "field");
        }
        for (size_t i = 0; i < count; i++) {
            twice = twice || shown[i] == field;
        }
        if (field != NULL && !twice) {
            shown[count++] = field;
        }
    }
    return count;
}

static void
sv_read_sort(const sv_query_reading_t *reading, const sv_json_fields_t *fields, sv_report_sort_t *sort)
{
    static const char *const directions[] = { "asc", "desc", NULL };
    const sv_report_query_t *query = reading->query;
    int direction = 0;

    if (sv_json_get_choice(fields, "direction", SV_OPTIONAL, directions, &direction)) {
        sort->descending = direction == 1;
    }
    if (!query->grouped) {
        sort->field = sv_query_read_field(reading, fields, "field");
        if (sort->field != NULL && (sort->field->flags & SV_FIELD_LIST) != 0) {
            sv_query_wrong(fields, "field", "not_allowed", "is a list, which has no order");
        }
        sort->name = sort->field != NULL ? sort->field->name : NULL;
    } else if (sv_json_get_identifier(fields, "field", SV_REQUIRED, 2 * SV_QUERY_NAME_MAX, &sort->name)) {
        for (sort->column = 0; sort->column < query->column_count; sort->column++) {
            if (strcmp(query->columns[sort->column].name, sort->name) == 0) {
                sort->name = query->columns[sort->column].name;
                return;
            }
        }
        sv_query_wrong(fields, "field", "not_allowed", "is no column of the result");
    }
}

/* Of a grouped query after its columns are known: those are what it is sorted by. */
static void
sv_read_sorts(const sv_query_reading_t *reading)
{
    sv_report_query_t *query = reading->query;
    const json_t *list, *element;
    sv_json_fields_t fields;
    size_t index;

    if (!sv_json_get_array(reading->fields, "sort", SV_OPTIONAL, SV_QUERY_MAX_SORTS, &list)) {
        return;
    }
    query->sorts = sv_arena_zalloc(reading->arena, (json_array_size(list) + 1) * sizeof(*query->sorts));
    json_array_foreach((json_t *) list, index, element)
    {
        if (sv_query_open_element(reading, "sort", index, element, "field", &fields)) {
            sv_read_sort(reading, &fields, &query->sorts[query->sort_count++]);
        }
    }
}

sv_report_query_t *
sv_report_query_read(const sv_json_fields_t *fields, sv_arena_t *arena)
{
    sv_report_query_t *query = sv_arena_zalloc(arena, sizeof(*query));
    sv_query_reading_t reading = { .query = query, .fields = fields, .arena = arena };
    const sv_report_field_t **shown;
    size_t total, count;
    const char *name;

    if (!sv_json_get_identifier(fields, "collection", SV_REQUIRED, SV_QUERY_NAME_MAX, &name)) {
        return NULL;
    }
    query->collection = sv_report_collection(name);
    if (query->collection == NULL) {
        sv_query_wrong(fields, "collection", "not_allowed", "is no collection that may be queried");
        return NULL;
    }
    sv_json_get_int(fields, "limit", SV_OPTIONAL, 1, INT64_MAX, &query->limit);
    sv_query_read_filters(&reading);
    sv_read_groups(&reading);
    sv_read_aggregates(&reading);
    query->counting = sv_reads_counting(query);
    sv_read_zone(&reading);
    sv_report_query_check_bounds(query, false, fields->error);
    sv_report_fields(query->collection, &total);
    shown = sv_arena_alloc(arena, total * sizeof(*shown));
    count = sv_read_shown(&reading, shown);
    if (fields->error->status != SV_OK) {
        return NULL;
    }
    sv_report_query_plan(query, shown, count, arena);
    sv_read_sorts(&reading);
    if (fields->error->status != SV_OK) {
        return NULL;
    }
    /* Again: the order may need linked documents. */
    sv_report_query_plan(query, shown, count, arena);
    return query;
}

sv_report_query_t *
sv_report_query_parse(const json_t *query, sv_arena_t *arena, sv_error_t *error)
{
    sv_json_fields_t fields = { .object = query, .path = "", .error = error };

    return sv_report_query_read(&fields, arena);
}
