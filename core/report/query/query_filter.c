/* The filters of a query as MongoDB takes them.  Keys and operators come from the table and from here, values only from
 * the client. */
#include <string.h>

#include "core/report/query/query_plan.h"
#include "core/store/document.h"
#include "core/sync/counting.h"

const char *
sv_report_field_path(const sv_report_field_t *field, sv_arena_t *arena)
{
    return field->link == SV_LINK_NONE ? field->path
                                       : sv_arena_printf(arena, "%s.%s", sv_link_rows[field->link].alias, field->path);
}

static void
sv_filter_list_add(bson_t *list, uint32_t n, const bson_t *condition)
{
    const char *key;
    char digits[16];

    bson_uint32_to_string(n, &key, digits, sizeof(digits));
    BSON_APPEND_DOCUMENT(list, key, condition);
}

/* The text itself, whatever it holds. */
static const char *
sv_pattern(const char *text, bool from_start, sv_arena_t *arena)
{
    sv_buffer_t pattern;

    sv_buffer_init(&pattern, arena, strlen(text) * 2 + 2);
    sv_buffer_puts(&pattern, from_start ? "^" : "");
    for (; *text != '\0'; text++) {
        if (strchr("\\^$.|?*+()[]{}", *text) != NULL) {
            sv_buffer_putc(&pattern, '\\');
        }
        sv_buffer_putc(&pattern, *text);
    }
    return pattern.data;
}

static void
sv_compile_pattern(const sv_report_filter_t *filter, const char *path, bson_t *condition, sv_arena_t *arena)
{
    bool from_start = strcmp(filter->op->name, "starts_with") == 0;
    const char *pattern = sv_pattern(sv_doc_text(filter->values, "0", arena), from_start, arena);

    bson_append_regex(condition, path, -1, pattern, from_start ? "" : "i");
}

static void
sv_compile_range(const sv_report_filter_t *filter, const char *path, bson_t *condition)
{
    bson_iter_t value;
    bson_t range;

    BSON_APPEND_DOCUMENT_BEGIN(condition, path, &range);
    bson_iter_init_find(&value, filter->values, "0");
    bson_append_iter(&range, "$gte", -1, &value);
    bson_iter_init_find(&value, filter->values, "1");
    bson_append_iter(&range, "$lte", -1, &value);
    bson_append_document_end(condition, &range);
}

/* ---- whole days on times: from the first instant of the one to before the first behind the other */

static sv_time_bound_t
sv_filter_bound(const sv_report_filter_t *filter, const char *key)
{
    bson_iter_t value;

    return bson_iter_init_find(&value, filter->values, key) ? sv_report_filter_bound(&value)
                                                            : (sv_time_bound_t){ SV_BOUND_NONE, 0 };
}

static void
sv_span_put(bson_t *span, const sv_time_bound_t *from, const sv_time_bound_t *to, const sv_time_zone_t *zone)
{
    BSON_APPEND_DATE_TIME(span, "$gte", sv_time_bound_start(from, zone));
    BSON_APPEND_DATE_TIME(span, to->kind == SV_BOUND_DAY ? "$lt" : "$lte", sv_time_bound_end(to, zone));
}

/* One of the days and instants, or none of them. */
static void
sv_compile_days_list(const sv_report_filter_t *filter, const char *path, const sv_time_zone_t *zone, bson_t *condition)
{
    bson_iter_t value;
    bson_t list, element, span;
    const char *key;
    char digits[16];
    uint32_t n = 0;

    BSON_APPEND_ARRAY_BEGIN(condition, strcmp(filter->op->mongodb, "$nin") == 0 ? "$nor" : "$or", &list);
    for (bson_iter_init(&value, filter->values); bson_iter_next(&value);) {
        sv_time_bound_t bound = sv_report_filter_bound(&value);

        bson_uint32_to_string(n++, &key, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(&list, key, &element);
        BSON_APPEND_DOCUMENT_BEGIN(&element, path, &span);
        sv_span_put(&span, &bound, &bound, zone);
        bson_append_document_end(&element, &span);
        bson_append_document_end(&list, &element);
    }
    bson_append_array_end(condition, &list);
}

/* What an operator says of a whole day, as MongoDB says it of an instant. */
static const struct {
    const char *name;
    const char *mongodb;
    bool end; /* of the day's end; else of its beginning */
} sv_day_operators[] = {
    { "gt", "$gte", true },
    { "gte", "$gte", false },
    { "lt", "$lt", false },
    { "lte", "$lt", true },
};

static void
sv_compile_day(const sv_report_filter_t *filter, const sv_time_zone_t *zone, bson_t *comparison)
{
    sv_time_bound_t day = sv_filter_bound(filter, "0");
    bson_t span;

    for (size_t i = 0; i < sizeof(sv_day_operators) / sizeof(sv_day_operators[0]); i++) {
        if (strcmp(filter->op->name, sv_day_operators[i].name) == 0) {
            BSON_APPEND_DATE_TIME(comparison, sv_day_operators[i].mongodb,
                                  sv_day_operators[i].end ? sv_time_bound_end(&day, zone)
                                                          : sv_time_bound_start(&day, zone));
            return;
        }
    }
    if (strcmp(filter->op->name, "ne") == 0) {
        BSON_APPEND_DOCUMENT_BEGIN(comparison, "$not", &span);
        sv_span_put(&span, &day, &day, zone);
        bson_append_document_end(comparison, &span);
    } else {
        sv_span_put(comparison, &day, &day, zone);
    }
}

static void
sv_compile_days(const sv_report_filter_t *filter, const char *path, const sv_time_zone_t *zone, bson_t *condition)
{
    sv_time_bound_t from, to;
    bson_t comparison;

    if (filter->op->operand == SV_OPERAND_LIST) {
        sv_compile_days_list(filter, path, zone, condition);
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(condition, path, &comparison);
    if (filter->op->operand == SV_OPERAND_TWO) {
        from = sv_filter_bound(filter, "0");
        to = sv_filter_bound(filter, "1");
        sv_span_put(&comparison, &from, &to, zone);
    } else if (filter->op->operand == SV_OPERAND_PERIOD) {
        sv_span_put(&comparison, &filter->from, &filter->to, zone);
    } else {
        sv_compile_day(filter, zone, &comparison);
    }
    bson_append_document_end(condition, &comparison);
}

/* ---- all of them */

static bson_t *
sv_compile_filter(const sv_report_filter_t *filter, const sv_time_zone_t *zone, sv_arena_t *arena)
{
    const char *path = sv_report_field_path(filter->field, arena);
    bson_t *condition = sv_doc_new(arena);
    bson_iter_t value;
    bson_t comparison;

    if (filter->op->operand == SV_OPERAND_PATTERN) {
        sv_compile_pattern(filter, path, condition, arena);
        return condition;
    }
    if (sv_report_filter_has_days(filter)) {
        sv_compile_days(filter, path, zone, condition);
        return condition;
    }
    if (filter->op->operand == SV_OPERAND_TWO) {
        sv_compile_range(filter, path, condition);
        return condition;
    }
    BSON_APPEND_DOCUMENT_BEGIN(condition, path, &comparison);
    bson_iter_init_find(&value, filter->values, "0");
    if (filter->op->operand == SV_OPERAND_ONE) {
        bson_append_iter(&comparison, filter->op->mongodb, -1, &value);
    } else if (filter->op->operand == SV_OPERAND_LIST) {
        BSON_APPEND_ARRAY(&comparison, filter->op->mongodb, filter->values);
    } else {
        BSON_APPEND_NULL(&comparison, bson_iter_bool(&value) ? "$ne" : "$eq");
    }
    bson_append_document_end(condition, &comparison);
    return condition;
}

/* Whether a condition says something of a field that the filter says something of already, or of none: then it stands
 * under "$and".  (So do lists of days, beside which the development server would look no index up.) */
static bool
sv_filter_stands_apart(const bson_t *filter, const bson_t *condition)
{
    bson_iter_t first, same;

    return bson_iter_init(&first, condition) && bson_iter_next(&first) &&
           (bson_iter_key(&first)[0] == '$' || bson_iter_init_find(&same, filter, bson_iter_key(&first)));
}

/* The filters of the document's own fields, or those of linked ones: one condition a field where that says it all.
 * `counting`: and that its figure counts. */
static bson_t *
sv_compile_filters(const sv_report_query_t *query, bool linked, bool counting, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena), *more = sv_doc_new(arena);
    uint32_t count = 0;

    for (size_t i = 0; i < query->filter_count; i++) {
        const bson_t *condition;

        if ((query->filters[i].field->link != SV_LINK_NONE) != linked) {
            continue;
        }
        condition = sv_compile_filter(&query->filters[i], query->zone, arena);
        if (sv_filter_stands_apart(filter, condition)) {
            sv_filter_list_add(more, count++, condition);
        } else {
            bson_concat(filter, condition);
        }
    }
    if (counting) {
        bson_t *condition = sv_doc_new(arena);

        sv_counting_condition(condition);
        sv_filter_list_add(more, count++, condition);
    }
    if (count > 0) {
        BSON_APPEND_ARRAY(filter, "$and", more);
    }
    return filter;
}

bson_t *
sv_report_query_filter(const sv_report_query_t *query, sv_arena_t *arena)
{
    return sv_compile_filters(query, false, query->counting, arena);
}

bson_t *
sv_report_query_linked_filter(const sv_report_query_t *query, sv_arena_t *arena)
{
    return sv_compile_filters(query, true, false, arena);
}
