/* The table of what may be queried, and its reader. */
#include <string.h>

#include "core/report/query/query_fields.h"

#define SV_TYPE(type)    (1u << SV_COLUMN_##type)
#define SV_TYPES_NUMBER  (SV_TYPE(QUANTITY) | SV_TYPE(MONEY) | SV_TYPE(INT))
#define SV_TYPES_ORDERED (SV_TYPES_NUMBER | SV_TYPE(TEXT) | SV_TYPE(TIME) | SV_TYPE(DATE))
#define SV_TYPES_ALL     (SV_TYPES_ORDERED | SV_TYPE(BOOL))

const sv_link_row_t sv_link_rows[SV_LINK_COUNT_OF] = {
    [SV_LINK_NONE] = { NULL, NULL, SV_COLLECTION_COUNT, NULL },
    [SV_LINK_ITEM] = { "item", "_item", SV_COLLECTION_ERP_ITEMS, "item_code" },
    [SV_LINK_RACK] = { "rack", "_rack", SV_COLLECTION_RACK_REGISTRY, "rack_id" },
    [SV_LINK_SESSION] = { "floor session", "_session", SV_COLLECTION_VERIFICATION_SESSIONS, "session_id" },
    [SV_LINK_COUNT] = { "count", "_count", SV_COLLECTION_SESSIONS, "session_id" },
};

/* The flags as fields.def writes them. */
enum {
    KEY = SV_FIELD_KEY,
    FAST = SV_FIELD_FAST,
    TOTAL = SV_FIELD_TOTAL,
    LIST = SV_FIELD_LIST,
    DAY_TEXT = SV_FIELD_DAY_TEXT,
    MORE = SV_FIELD_MORE,
    PROSE = SV_FIELD_PROSE,
    FIGURE = SV_FIELD_FIGURE,
    STANDING = SV_FIELD_STANDING,
};

static const sv_report_field_t sv_report_field_rows[] = {
#define SV_REPORT_COLLECTION(collection, title)
#define SV_REPORT_LINK(collection, link, local)
#define SV_REPORT_FIELD(collection, name, title, path, type, flags)                                                    \
    { SV_COLLECTION_##collection, SV_LINK_NONE, name, title, path, SV_COLUMN_##type, flags },
#define SV_REPORT_LINKED(collection, link, name, title, path, type, flags)                                             \
    { SV_COLLECTION_##collection, SV_LINK_##link, name, title, path, SV_COLUMN_##type, flags },
#include "core/report/query/fields.def"
#undef SV_REPORT_COLLECTION
#undef SV_REPORT_LINK
#undef SV_REPORT_FIELD
#undef SV_REPORT_LINKED
};

static const struct {
    sv_collection_t collection;
    sv_link_t link;
    const char *local;
} sv_report_link_rows[] = {
#define SV_REPORT_COLLECTION(collection, title)
#define SV_REPORT_LINK(collection, link, local) { SV_COLLECTION_##collection, SV_LINK_##link, local },
#define SV_REPORT_FIELD(collection, name, title, path, type, flags)
#define SV_REPORT_LINKED(collection, link, name, title, path, type, flags)
#include "core/report/query/fields.def"
#undef SV_REPORT_COLLECTION
#undef SV_REPORT_LINK
#undef SV_REPORT_FIELD
#undef SV_REPORT_LINKED
};

const sv_report_collection_t sv_report_collections[] = {
#define SV_REPORT_COLLECTION(collection, title) { SV_COLLECTION_##collection, title },
#define SV_REPORT_LINK(collection, link, local)
#define SV_REPORT_FIELD(collection, name, title, path, type, flags)
#define SV_REPORT_LINKED(collection, link, name, title, path, type, flags)
#include "core/report/query/fields.def"
#undef SV_REPORT_COLLECTION
#undef SV_REPORT_LINK
#undef SV_REPORT_FIELD
#undef SV_REPORT_LINKED
};
const size_t sv_report_collection_count = sizeof(sv_report_collections) / sizeof(sv_report_collections[0]);

static const sv_report_operator_t sv_report_operators[] = {
    { "eq", "$eq", "is", SV_OPERAND_ONE, SV_TYPES_ALL },
    { "ne", "$ne", "is not", SV_OPERAND_ONE, SV_TYPES_ALL },
    { "gt", "$gt", "is above", SV_OPERAND_ONE, SV_TYPES_ORDERED },
    { "gte", "$gte", "is at least", SV_OPERAND_ONE, SV_TYPES_ORDERED },
    { "lt", "$lt", "is below", SV_OPERAND_ONE, SV_TYPES_ORDERED },
    { "lte", "$lte", "is at most", SV_OPERAND_ONE, SV_TYPES_ORDERED },
    { "between", NULL, "is from", SV_OPERAND_TWO, SV_TYPES_ORDERED },
    { "in", "$in", "is one of", SV_OPERAND_LIST, SV_TYPES_ORDERED },
    { "nin", "$nin", "is none of", SV_OPERAND_LIST, SV_TYPES_ORDERED },
    { "contains", NULL, "contains", SV_OPERAND_PATTERN, SV_TYPE(TEXT) },
    { "starts_with", NULL, "starts with", SV_OPERAND_PATTERN, SV_TYPE(TEXT) },
    { "period", NULL, "falls into", SV_OPERAND_PERIOD, SV_TYPE(TIME) },
    { "exists", NULL, "is known:", SV_OPERAND_FLAG, SV_TYPES_ALL },
};

static const sv_report_aggregator_t sv_report_aggregators[] = {
    { "count", "$sum", "Number", SV_FIGURE_ROWS, 0 },
    { "count_distinct", NULL, "Different", SV_FIGURE_DISTINCT, SV_TYPES_ALL },
    { "sum", "$sum", "Sum of", SV_FIGURE_SUM, SV_TYPES_NUMBER },
    { "avg", "$avg", "Average", SV_FIGURE_AVERAGE, SV_TYPES_NUMBER },
    { "min", "$min", "Least", SV_FIGURE_LEAST, SV_TYPES_ORDERED },
    { "max", "$max", "Greatest", SV_FIGURE_LEAST, SV_TYPES_ORDERED },
};

const char *const sv_report_spans[] = { "day", "week", "month", NULL };

const sv_report_collection_t *
sv_report_collection(const char *name)
{
    for (size_t i = 0; i < sv_report_collection_count; i++) {
        if (strcmp(sv_collection_name(sv_report_collections[i].collection), name) == 0) {
            return &sv_report_collections[i];
        }
    }
    return NULL;
}

const sv_report_field_t *
sv_report_fields(const sv_report_collection_t *collection, size_t *count)
{
    const size_t total = sizeof(sv_report_field_rows) / sizeof(sv_report_field_rows[0]);
    size_t first = 0;

    while (sv_report_field_rows[first].collection != collection->collection) {
        first++;
    }
    *count = 0;
    while (first + *count < total && sv_report_field_rows[first + *count].collection == collection->collection) {
        ++*count;
    }
    return &sv_report_field_rows[first];
}

const sv_report_field_t *
sv_report_field(const sv_report_collection_t *collection, const char *name)
{
    size_t count;
    const sv_report_field_t *fields = sv_report_fields(collection, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

const char *
sv_report_link_local(const sv_report_collection_t *collection, sv_link_t link)
{
    for (size_t i = 0; i < sizeof(sv_report_link_rows) / sizeof(sv_report_link_rows[0]); i++) {
        if (sv_report_link_rows[i].collection == collection->collection && sv_report_link_rows[i].link == link) {
            return sv_report_link_rows[i].local;
        }
    }
    return NULL;
}

const sv_report_operator_t *
sv_report_operator(const char *name)
{
    for (size_t i = 0; i < sizeof(sv_report_operators) / sizeof(sv_report_operators[0]); i++) {
        if (strcmp(sv_report_operators[i].name, name) == 0) {
            return &sv_report_operators[i];
        }
    }
    return NULL;
}

bool
sv_report_operator_allows(const sv_report_operator_t *op, const sv_report_field_t *field)
{
    return (op->types & (1u << field->type)) != 0;
}

const sv_report_aggregator_t *
sv_report_aggregator(const char *name)
{
    for (size_t i = 0; i < sizeof(sv_report_aggregators) / sizeof(sv_report_aggregators[0]); i++) {
        if (strcmp(sv_report_aggregators[i].name, name) == 0) {
            return &sv_report_aggregators[i];
        }
    }
    return NULL;
}

bool
sv_report_aggregator_allows(const sv_report_aggregator_t *aggregator, const sv_report_field_t *field)
{
    if (field == NULL) {
        return aggregator->figure == SV_FIGURE_ROWS;
    }
    return (field->flags & SV_FIELD_LIST) == 0 && (aggregator->types & (1u << field->type)) != 0;
}

/* ---- GET /api/reports/collections */

static void
sv_report_write_operators(sv_json_writer_t *w, const sv_report_field_t *field)
{
    sv_json_array(w, "operators");
    for (size_t i = 0; i < sizeof(sv_report_operators) / sizeof(sv_report_operators[0]); i++) {
        if (sv_report_operator_allows(&sv_report_operators[i], field)) {
            sv_json_text(w, NULL, sv_report_operators[i].name);
        }
    }
    sv_json_end(w);
    sv_json_array(w, "aggregations");
    for (size_t i = 0; i < sizeof(sv_report_aggregators) / sizeof(sv_report_aggregators[0]); i++) {
        if (sv_report_aggregator_allows(&sv_report_aggregators[i], field)) {
            sv_json_text(w, NULL, sv_report_aggregators[i].name);
        }
    }
    sv_json_end(w);
}

static void
sv_report_write_field(sv_json_writer_t *w, const sv_report_field_t *field)
{
    bool single = (field->flags & SV_FIELD_LIST) == 0;

    sv_json_object(w, NULL);
    sv_json_text(w, "name", field->name);
    sv_json_text(w, "title", field->title);
    sv_json_text(w, "type", sv_column_type_name(field->type));
    sv_json_text(w, "linked", sv_link_rows[field->link].name);
    sv_json_bool(w, "key", (field->flags & SV_FIELD_KEY) != 0);
    sv_json_bool(w, "default", (field->flags & SV_FIELD_MORE) == 0);
    sv_json_bool(w, "list", !single);
    sv_json_bool(w, "sortable", single);
    sv_json_bool(w, "groupable", single);
    sv_json_array(w, "spans");
    for (int i = 0; field->type == SV_COLUMN_TIME && sv_report_spans[i] != NULL; i++) {
        sv_json_text(w, NULL, sv_report_spans[i]);
    }
    sv_json_end(w);
    sv_report_write_operators(w, field);
    sv_json_end(w);
}

void
sv_report_collections_write_json(sv_json_writer_t *w, const char *name)
{
    sv_json_array(w, name);
    for (size_t i = 0; i < sv_report_collection_count; i++) {
        size_t count;
        const sv_report_field_t *fields = sv_report_fields(&sv_report_collections[i], &count);

        sv_json_object(w, NULL);
        sv_json_text(w, "name", sv_collection_name(sv_report_collections[i].collection));
        sv_json_text(w, "title", sv_report_collections[i].title);
        sv_json_array(w, "fields");
        for (size_t n = 0; n < count; n++) {
            sv_report_write_field(w, &fields[n]);
        }
        sv_json_end(w);
        sv_json_end(w);
    }
    sv_json_end(w);
}
