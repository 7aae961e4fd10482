/* A query as it is kept beside what was made of it, and in words. */
#include <string.h>

#include "core/base/clock.h"
#include "core/report/query/query_plan.h"
#include "core/store/document.h"

enum { SV_DESCRIBED_VALUES = 5 };

/* ---- kept */

/* As a client would send it; times as texts, since JSON has none. */
static void
sv_stored_value(bson_t *document, const char *key, const bson_iter_t *value)
{
    char text[SV_TIME_TEXT_SIZE];

    if (BSON_ITER_HOLDS_DATE_TIME(value)) {
        sv_time_format(bson_iter_date_time(value), text);
        BSON_APPEND_UTF8(document, key, text);
    } else {
        bson_append_iter(document, key, -1, value);
    }
}

static void
sv_stored_filter(bson_t *document, const sv_report_filter_t *filter)
{
    bool list = filter->op->operand == SV_OPERAND_TWO || filter->op->operand == SV_OPERAND_LIST;
    bson_iter_t value;
    bson_t values;

    BSON_APPEND_UTF8(document, "field", filter->field->name);
    BSON_APPEND_UTF8(document, "op", filter->op->name);
    bson_iter_init(&value, filter->values);
    if (!list) {
        bson_iter_next(&value);
        sv_stored_value(document, "value", &value);
        return;
    }
    BSON_APPEND_ARRAY_BEGIN(document, "value", &values);
    while (bson_iter_next(&value)) {
        sv_stored_value(&values, bson_iter_key(&value), &value);
    }
    bson_append_array_end(document, &values);
}

static void
sv_stored_group(bson_t *document, const sv_report_group_t *group)
{
    BSON_APPEND_UTF8(document, "field", group->field->name);
    if (group->span >= 0) {
        BSON_APPEND_UTF8(document, "by", sv_report_spans[group->span]);
    }
}

static void
sv_stored_aggregate(bson_t *document, const sv_report_aggregate_t *aggregate)
{
    BSON_APPEND_UTF8(document, "op", aggregate->aggregator->name);
    if (aggregate->field != NULL) {
        BSON_APPEND_UTF8(document, "field", aggregate->field->name);
    }
}

static void
sv_stored_sort(bson_t *document, const sv_report_sort_t *sort)
{
    BSON_APPEND_UTF8(document, "field", sort->name);
    BSON_APPEND_UTF8(document, "direction", sort->descending ? "desc" : "asc");
}

static void
sv_stored_fields(const sv_report_query_t *query, bson_t *document)
{
    bson_t list;
    const char *key;
    char digits[16];

    BSON_APPEND_ARRAY_BEGIN(document, "fields", &list);
    for (size_t i = 0; query->named_fields && i < query->column_count; i++) {
        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_UTF8(&list, key, query->columns[i].name);
    }
    bson_append_array_end(document, &list);
}

/* A list of objects, each written by `put`. */
#define SV_STORED_LIST(document, name, rows, count, put)                                                               \
    do {                                                                                                               \
        bson_t list_, element_;                                                                                        \
        const char *key_;                                                                                              \
        char digits_[16];                                                                                              \
                                                                                                                       \
        BSON_APPEND_ARRAY_BEGIN(document, name, &list_);                                                               \
        for (size_t i_ = 0; i_ < (count); i_++) {                                                                      \
            bson_uint32_to_string((uint32_t) i_, &key_, digits_, sizeof(digits_));                                     \
            BSON_APPEND_DOCUMENT_BEGIN(&list_, key_, &element_);                                                       \
            put(&element_, &(rows)[i_]);                                                                               \
            bson_append_document_end(&list_, &element_);                                                               \
        }                                                                                                              \
        bson_append_array_end(document, &list_);                                                                       \
    } while (0)

const bson_t *
sv_report_query_to_bson(const sv_report_query_t *query, sv_arena_t *arena)
{
    bson_t *document = sv_doc_new(arena);

    BSON_APPEND_UTF8(document, "collection", sv_collection_name(query->collection->collection));
    SV_STORED_LIST(document, "filters", query->filters, query->filter_count, sv_stored_filter);
    SV_STORED_LIST(document, "group_by", query->groups, query->group_count, sv_stored_group);
    SV_STORED_LIST(document, "aggregations", query->aggregates, query->aggregate_count, sv_stored_aggregate);
    SV_STORED_LIST(document, "sort", query->sorts, query->sort_count, sv_stored_sort);
    sv_stored_fields(query, document);
    if (query->limit > 0) {
        BSON_APPEND_INT64(document, "limit", query->limit);
    }
    if (sv_report_query_zone(query) != NULL) {
        BSON_APPEND_UTF8(document, "tz", sv_report_query_zone(query));
    }
    return document;
}

sv_report_query_t *
sv_report_query_from_bson(const bson_t *stored, sv_arena_t *arena, sv_error_t *error)
{
    sv_json_writer_t w;
    sv_buffer_t text;
    const json_t *query;

    sv_buffer_init(&text, arena, 1024);
    sv_json_writer_init(&w, &text);
    sv_doc_write_json(&w, NULL, stored);
    query = sv_json_parse_object(text.data, text.length, arena, error);
    return query != NULL ? sv_report_query_parse(query, arena, error) : NULL;
}

/* ---- in words */

static void
sv_describe_value(sv_buffer_t *words, const bson_iter_t *value)
{
    char text[SV_TIME_TEXT_SIZE];
    sv_quantity_t quantity;

    if (BSON_ITER_HOLDS_UTF8(value)) {
        sv_buffer_puts(words, bson_iter_utf8(value, NULL));
    } else if (BSON_ITER_HOLDS_DATE_TIME(value)) {
        sv_time_format(bson_iter_date_time(value), text);
        sv_buffer_puts(words, text);
    } else if (BSON_ITER_HOLDS_BOOL(value)) {
        sv_buffer_puts(words, bson_iter_bool(value) ? "yes" : "no");
    } else if (sv_quantity_from_bson(value, &quantity)) {
        char digits[SV_QUANTITY_TEXT_SIZE];

        sv_quantity_to_text(quantity, digits);
        sv_buffer_puts(words, digits);
    }
}

/* Beside its name the days of it, once these are known. */
static void
sv_describe_period(sv_buffer_t *words, const sv_report_filter_t *filter, const char *name)
{
    char first[SV_TIME_TEXT_SIZE], last[SV_TIME_TEXT_SIZE];

    for (; *name != '\0'; name++) {
        sv_buffer_putc(words, *name == '_' ? ' ' : *name);
    }
    if (filter->from.kind != SV_BOUND_NONE) {
        sv_time_bound_format(&filter->from, first);
        sv_time_bound_format(&filter->to, last);
        sv_buffer_printf(words, " (%s to %s)", first, last);
    }
}

static void
sv_describe_filter(sv_buffer_t *words, const sv_report_filter_t *filter)
{
    uint32_t total = bson_count_keys(filter->values), n = 0;
    bson_iter_t value;

    sv_buffer_printf(words, "%s %s ", filter->field->title, filter->op->phrase);
    if (filter->op->operand == SV_OPERAND_PERIOD && bson_iter_init_find(&value, filter->values, "0")) {
        sv_describe_period(words, filter, bson_iter_utf8(&value, NULL));
        return;
    }
    for (bson_iter_init(&value, filter->values); bson_iter_next(&value) && n < SV_DESCRIBED_VALUES; n++) {
        sv_buffer_puts(words, n == 0 ? "" : filter->op->operand == SV_OPERAND_TWO ? " to " : ", ");
        sv_describe_value(words, &value);
    }
    if (total > n) {
        sv_buffer_printf(words, " and %u more", total - n);
    }
}

const char *
sv_report_query_describe(const sv_report_query_t *query, sv_arena_t *arena)
{
    sv_buffer_t words;

    sv_buffer_init(&words, arena, 256);
    sv_buffer_puts(&words, query->collection->title);
    sv_buffer_puts(&words, query->counting ? " that count" : "");
    for (size_t i = 0; i < query->filter_count; i++) {
        sv_buffer_puts(&words, i == 0 ? " where " : " and ");
        sv_describe_filter(&words, &query->filters[i]);
    }
    for (size_t i = 0; i < query->group_count; i++) {
        sv_buffer_printf(&words, "%s%s", i == 0 ? ", by " : " and ", query->columns[i].title);
    }
    for (size_t i = 0; i < query->sort_count; i++) {
        const char *title =
            query->sorts[i].field != NULL ? query->sorts[i].field->title : query->columns[query->sorts[i].column].title;

        sv_buffer_printf(&words, "%s%s%s", i == 0 ? ", in the order of " : ", ", title,
                         query->sorts[i].descending ? " descending" : "");
    }
    if (query->limit > 0) {
        sv_buffer_printf(&words, ", the first %lld", (long long) query->limit);
    }
    if (query->has_days && sv_report_query_zone(query) != NULL) {
        sv_buffer_printf(&words, " (days of %s)", sv_report_query_zone(query));
    }
    return words.data;
}
