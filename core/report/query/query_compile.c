/* A query as MongoDB takes it.  Keys and operators come from the table and from here, values only from the client. */
#include <string.h>

#include "core/report/query/query_plan.h"
#include "core/store/document.h"

enum { SV_FIND_BATCH = 1000 }; /* rows a round trip: what the worker holds of the collection at a time */

/* A list being appended to. */
typedef struct {
    bson_t *array;
    uint32_t count;
} sv_stages_t;

static void
sv_stage_add(sv_stages_t *stages, const bson_t *stage)
{
    const char *key;
    char digits[16];

    bson_uint32_to_string(stages->count++, &key, digits, sizeof(digits));
    BSON_APPEND_DOCUMENT(stages->array, key, stage);
}

static bool
sv_compile_has(const bson_t *document, const char *key)
{
    bson_iter_t iter;

    return bson_iter_init_find(&iter, document, key);
}

/* ---- order and fields */

/* The order asked for, then what identifies a row, so that the same rows always come in the same order. */
static bson_t *
sv_compile_sort(const sv_report_query_t *query, sv_arena_t *arena)
{
    bson_t *sort = sv_doc_new(arena);

    for (size_t i = 0; i < query->sort_count; i++) {
        const sv_report_sort_t *by = &query->sorts[i];
        const char *path = by->field != NULL ? sv_report_field_path(by->field, arena) : query->sources[by->column].path;

        if (by->field == NULL && query->sources[by->column].divisor != NULL) {
            path = sv_arena_printf(arena, "%sv", path);
        }
        if (!sv_compile_has(sort, path)) {
            BSON_APPEND_INT32(sort, path, by->descending ? -1 : 1);
        }
    }
    if (query->grouped) {
        for (size_t i = 0; i < query->group_count; i++) {
            if (!sv_compile_has(sort, query->sources[i].path)) {
                BSON_APPEND_INT32(sort, query->sources[i].path, 1);
            }
        }
    } else {
        size_t count;
        const sv_report_field_t *fields = sv_report_fields(query->collection, &count);

        for (size_t i = 0; i < count; i++) {
            if ((fields[i].flags & SV_FIELD_KEY) != 0 && !sv_compile_has(sort, fields[i].path)) {
                BSON_APPEND_INT32(sort, fields[i].path, 1);
            }
        }
    }
    return sort;
}

/* The column that shows the field itself; column_count: none does. */
static size_t
sv_compile_column_of(const sv_report_query_t *query, const sv_report_field_t *field)
{
    size_t i = 0;

    while (i < query->column_count && query->sources[i].field != field) {
        i++;
    }
    return i;
}

bool
sv_report_query_sort_key(const sv_report_query_t *query, sv_row_key_t *key, sv_arena_t *arena)
{
    size_t count;
    const sv_report_field_t *fields = sv_report_fields(query->collection, &count);
    size_t *columns = sv_arena_alloc(arena, (count + 1) * sizeof(columns[0]));

    *key = (sv_row_key_t){ .columns = columns };
    if (sv_report_query_needs_pipeline(query) || query->sort_count > 0 || query->limit > 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if ((fields[i].flags & SV_FIELD_KEY) != 0) {
            columns[key->count] = sv_compile_column_of(query, &fields[i]);
            if (columns[key->count++] == query->column_count) {
                return false;
            }
        }
    }
    return key->count > 0;
}

static void
sv_compile_wanted(bson_t *projection, const char *path)
{
    if (!sv_compile_has(projection, path)) {
        BSON_APPEND_INT32(projection, path, 1);
    }
}

/* Only what the rows need leaves the server. */
static bson_t *
sv_compile_projection(const sv_report_query_t *query, sv_arena_t *arena)
{
    bson_t *projection = sv_doc_take(BCON_NEW("_id", BCON_INT32(0)), arena);

    for (size_t i = 0; i < query->column_count; i++) {
        if (query->sources[i].lookup == SV_LINK_NONE) {
            sv_compile_wanted(projection, query->sources[i].path);
        } else {
            sv_compile_wanted(projection, sv_report_link_local(query->collection, query->sources[i].lookup));
        }
    }
    return projection;
}

bson_t *
sv_report_query_find_options(const sv_report_query_t *query, int64_t limit, sv_arena_t *arena)
{
    bson_t *options = sv_doc_new(arena);

    BSON_APPEND_DOCUMENT(options, "projection", sv_compile_projection(query, arena));
    BSON_APPEND_DOCUMENT(options, "sort", sv_compile_sort(query, arena));
    BSON_APPEND_INT32(options, "batchSize", SV_FIND_BATCH);
    if (limit > 0) {
        BSON_APPEND_INT64(options, "limit", limit);
    }
    return options;
}

/* ---- pipelines */

bool
sv_report_query_needs_pipeline(const sv_report_query_t *query)
{
    return query->grouped || query->inlined != 0;
}

static void
sv_compile_match(sv_stages_t *stages, const bson_t *filter, sv_arena_t *arena)
{
    if (!bson_empty(filter)) {
        sv_stage_add(stages, sv_doc_take(BCON_NEW("$match", BCON_DOCUMENT(filter)), arena));
    }
}

static void
sv_compile_links(const sv_report_query_t *query, sv_stages_t *stages, sv_arena_t *arena)
{
    for (int link = 1; link < SV_LINK_COUNT_OF; link++) {
        const sv_link_row_t *row = &sv_link_rows[link];
        const char *local = sv_report_link_local(query->collection, (sv_link_t) link);

        if ((query->inlined & (1u << link)) == 0 || local == NULL) {
            continue;
        }
        sv_stage_add(stages,
                     sv_doc_take(BCON_NEW("$lookup", "{", "from", BCON_UTF8(sv_collection_name(row->collection)),
                                          "localField", BCON_UTF8(local), "foreignField", BCON_UTF8(row->foreign), "as",
                                          BCON_UTF8(row->alias), "}"),
                                 arena));
        sv_stage_add(stages,
                     sv_doc_take(BCON_NEW("$unwind", "{", "path", BCON_UTF8(sv_arena_printf(arena, "$%s", row->alias)),
                                          "preserveNullAndEmptyArrays", BCON_BOOL(true), "}"),
                                 arena));
    }
}

/* A field that is missing and one that is null are the same group. */
static void
sv_compile_group_key(const sv_report_group_t *group, const sv_time_zone_t *zone, const char *name, bson_t *keys,
                     sv_arena_t *arena)
{
    const char *value = sv_arena_printf(arena, "$%s", sv_report_field_path(group->field, arena));

    if (group->span < 0) {
        BCON_APPEND(keys, name, "{", "$ifNull", "[", BCON_UTF8(value), BCON_NULL, "]", "}");
    } else {
        BCON_APPEND(keys, name, "{", "$ifNull", "[", "{", "$dateTrunc", "{", "date", BCON_UTF8(value), "unit",
                    BCON_UTF8(sv_report_spans[group->span]), "startOfWeek", "monday", "timezone",
                    BCON_UTF8(zone != NULL ? sv_time_zone_name(zone) : "UTC"), "}", "}", BCON_NULL, "]", "}");
    }
}

static void
sv_compile_group_id(const bson_t *keys, bson_t *group)
{
    if (bson_empty(keys)) {
        BSON_APPEND_NULL(group, "_id");
    } else {
        BSON_APPEND_DOCUMENT(group, "_id", keys);
    }
}

static const char *
sv_figure_name(size_t i, const char *which, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "a%zu%s", i, which);
}

/* From documents.  An average is divided out from its sum and number, where its places are known. */
static void
sv_compile_aggregate(const sv_report_aggregate_t *aggregate, size_t i, bson_t *group, sv_arena_t *arena)
{
    const char *name = sv_figure_name(i, "", arena), *value;

    if (aggregate->field == NULL) {
        BCON_APPEND(group, name, "{", "$sum", BCON_INT64(1), "}");
        return;
    }
    value = sv_arena_printf(arena, "$%s", sv_report_field_path(aggregate->field, arena));
    switch (aggregate->aggregator->figure) {
    case SV_FIGURE_DISTINCT:
        break;
    case SV_FIGURE_AVERAGE:
        BCON_APPEND(group, name, "{", "$sum", BCON_UTF8(value), "}");
        BCON_APPEND(group, sv_figure_name(i, "n", arena), "{", "$sum", "{", "$cond", "[", "{", "$gt", "[",
                    BCON_UTF8(value), BCON_NULL, "]", "}", BCON_INT64(1), BCON_INT64(0), "]", "}", "}");
        break;
    default:
        BCON_APPEND(group, name, "{", BCON_UTF8(aggregate->aggregator->mongodb), BCON_UTF8(value), "}");
        break;
    }
}

const bson_t *
sv_report_query_of_nothing(const sv_report_query_t *query, sv_arena_t *arena)
{
    bson_t *group = sv_doc_new(arena);

    if (!query->grouped || query->group_count > 0) {
        return NULL;
    }
    for (size_t i = 0; i < query->aggregate_count; i++) {
        sv_figure_t figure = query->aggregates[i].aggregator->figure;

        if (figure != SV_FIGURE_AVERAGE && figure != SV_FIGURE_LEAST) {
            BSON_APPEND_INT64(group, sv_figure_name(i, "", arena), 0);
        }
    }
    return group;
}

/* From groups of each different value: every figure can be had from its parts. */
static void
sv_compile_again(const sv_report_aggregate_t *aggregate, size_t i, bson_t *group, sv_arena_t *arena)
{
    const char *name = sv_figure_name(i, "", arena), *part = sv_arena_printf(arena, "$a%zu", i);

    switch (aggregate->aggregator->figure) {
    case SV_FIGURE_DISTINCT:
        BCON_APPEND(group, name, "{", "$sum", "{", "$cond", "[", "{", "$gt", "[", BCON_UTF8("$_id.d"), BCON_NULL, "]",
                    "}", BCON_INT64(1), BCON_INT64(0), "]", "}", "}");
        break;
    case SV_FIGURE_LEAST:
        BCON_APPEND(group, name, "{", BCON_UTF8(aggregate->aggregator->mongodb), BCON_UTF8(part), "}");
        break;
    case SV_FIGURE_AVERAGE:
        BCON_APPEND(group, sv_figure_name(i, "n", arena), "{", "$sum", BCON_UTF8(sv_arena_printf(arena, "%sn", part)),
                    "}");
        BCON_APPEND(group, name, "{", "$sum", BCON_UTF8(part), "}");
        break;
    default:
        BCON_APPEND(group, name, "{", "$sum", BCON_UTF8(part), "}");
        break;
    }
}

/* Averages that rows are ordered by. */
static void
sv_compile_averages(const sv_report_query_t *query, sv_stages_t *stages, sv_arena_t *arena)
{
    bson_t *averages = sv_doc_new(arena);

    for (size_t i = 0; i < query->aggregate_count; i++) {
        const char *sum = sv_arena_printf(arena, "$a%zu", i), *number = sv_arena_printf(arena, "$a%zun", i);

        if (query->aggregates[i].sorted && query->aggregates[i].aggregator->figure == SV_FIGURE_AVERAGE) {
            BCON_APPEND(averages, sv_figure_name(i, "v", arena), "{", "$cond", "[", "{", "$gt", "[", BCON_UTF8(number),
                        BCON_INT64(0), "]", "}", "{", "$divide", "[", BCON_UTF8(sum), BCON_UTF8(number), "]", "}",
                        BCON_NULL, "]", "}");
        }
    }
    if (!bson_empty(averages)) {
        sv_stage_add(stages, sv_doc_take(BCON_NEW("$addFields", BCON_DOCUMENT(averages)), arena));
    }
}

/* Different values are counted in two steps, by groups of each value: a set of them would have to fit a document. */
static void
sv_compile_group(const sv_report_query_t *query, sv_stages_t *stages, sv_arena_t *arena)
{
    sv_report_group_t value = { .field = query->distinct, .span = -1 };
    bson_t *keys = sv_doc_new(arena), *group = sv_doc_new(arena), *again = sv_doc_new(arena);
    bson_t *again_keys = sv_doc_new(arena);

    for (size_t i = 0; i < query->group_count; i++) {
        const char *name = sv_arena_printf(arena, "k%zu", i);

        sv_compile_group_key(&query->groups[i], query->zone, name, keys, arena);
        BSON_APPEND_UTF8(again_keys, name, sv_arena_printf(arena, "$_id.%s", name));
    }
    if (query->distinct != NULL) {
        sv_compile_group_key(&value, NULL, "d", keys, arena);
    }
    sv_compile_group_id(keys, group);
    sv_compile_group_id(again_keys, again);
    for (size_t i = 0; i < query->aggregate_count; i++) {
        sv_compile_aggregate(&query->aggregates[i], i, group, arena);
        sv_compile_again(&query->aggregates[i], i, again, arena);
    }
    sv_stage_add(stages, sv_doc_take(BCON_NEW("$group", BCON_DOCUMENT(group)), arena));
    if (query->distinct != NULL) {
        sv_stage_add(stages, sv_doc_take(BCON_NEW("$group", BCON_DOCUMENT(again)), arena));
    }
    sv_compile_averages(query, stages, arena);
}

static void
sv_compile_order(const sv_report_query_t *query, int64_t limit, sv_stages_t *stages, sv_arena_t *arena)
{
    const bson_t *sort = sv_compile_sort(query, arena);

    if (!bson_empty(sort)) {
        sv_stage_add(stages, sv_doc_take(BCON_NEW("$sort", BCON_DOCUMENT(sort)), arena));
    }
    if (limit > 0) {
        sv_stage_add(stages, sv_doc_take(BCON_NEW("$limit", BCON_INT64(limit)), arena));
    }
    if (!query->grouped) {
        sv_stage_add(stages,
                     sv_doc_take(BCON_NEW("$project", BCON_DOCUMENT(sv_compile_projection(query, arena))), arena));
    }
}

static void
sv_compile_matches(const sv_report_query_t *query, sv_stages_t *stages, sv_arena_t *arena)
{
    sv_compile_match(stages, sv_report_query_filter(query, arena), arena);
    sv_compile_links(query, stages, arena);
    sv_compile_match(stages, sv_report_query_linked_filter(query, arena), arena);
}

bson_t *
sv_report_query_count_pipeline(const sv_report_query_t *query, sv_arena_t *arena)
{
    sv_stages_t stages = { .array = sv_doc_new(arena) };

    sv_compile_matches(query, &stages, arena);
    sv_stage_add(&stages, sv_doc_take(BCON_NEW("$count", "n"), arena));
    return stages.array;
}

bson_t *
sv_report_query_pipeline(const sv_report_query_t *query, int64_t limit, bool with_total, sv_arena_t *arena)
{
    sv_stages_t stages = { .array = sv_doc_new(arena) }, rows = { .array = sv_doc_new(arena) };

    sv_compile_matches(query, &stages, arena);
    if (query->grouped) {
        sv_compile_group(query, &stages, arena);
    }
    if (!with_total) {
        sv_compile_order(query, limit, &stages, arena);
        return stages.array;
    }
    sv_compile_order(query, limit, &rows, arena);
    sv_stage_add(&stages, sv_doc_take(BCON_NEW("$facet", "{", "rows", BCON_ARRAY(rows.array), "total", "[", "{",
                                               "$count", "n", "}", "]", "}"),
                                      arena));
    return stages.array;
}
