/* The filters of a client's query: their fields, operators and values. */
#include <string.h>

#include "core/base/relative_period.h"
#include "core/report/query/query_reading.h"
#include "core/store/document.h"

/* The member through the gate that the field's own texts passed. */
static bool
sv_read_text(const sv_json_fields_t *fields, const char *name, const sv_report_field_t *field, size_t max,
             const char **text)
{
    const json_t *member = json_object_get(fields->object, name);
    bool prose = (field->flags & SV_FIELD_PROSE) != 0;

    return prose || json_string_length(member) == 0 ? sv_json_get_note(fields, name, SV_REQUIRED, max, text)
                                                    : sv_json_get_identifier(fields, name, SV_REQUIRED, max, text);
}

/* Appends the member as the field is stored. */
static bool
sv_read_value(const sv_json_fields_t *fields, const char *name, const sv_report_field_t *field, const char *key,
              bson_t *values)
{
    const char *text;
    sv_time_bound_t bound;
    sv_quantity_t quantity;
    int64_t number;
    bool flag;

    switch (field->type) {
    case SV_COLUMN_TEXT:
        return sv_read_text(fields, name, field, SV_QUERY_MAX_TEXT, &text) && BSON_APPEND_UTF8(values, key, text);
    case SV_COLUMN_QUANTITY:
    case SV_COLUMN_MONEY:
    case SV_COLUMN_RATIO:
        if (!sv_json_get_quantity(fields, name, SV_REQUIRED, true, &quantity)) {
            return false;
        }
        sv_doc_put_quantity(values, key, quantity);
        return true;
    case SV_COLUMN_INT:
        return sv_json_get_int(fields, name, SV_REQUIRED, INT64_MIN, INT64_MAX, &number) &&
               BSON_APPEND_INT64(values, key, number);
    case SV_COLUMN_TIME:
        if (!sv_json_get_text(fields, name, SV_REQUIRED, 1, SV_QUERY_NAME_MAX, &text)) {
            return false;
        }
        if (!sv_time_bound_parse(text, &bound)) {
            return sv_query_wrong(fields, name, "invalid_format", "must be a time as in RFC 3339, or a date");
        }
        return bound.kind == SV_BOUND_DAY ? BSON_APPEND_UTF8(values, key, text)
                                          : BSON_APPEND_DATE_TIME(values, key, bound.value);
    case SV_COLUMN_DATE:
        if (!sv_json_get_date(fields, name, SV_REQUIRED, &number)) {
            return false;
        }
        return (field->flags & SV_FIELD_DAY_TEXT) != 0
                   ? BSON_APPEND_UTF8(values, key, json_string_value(json_object_get(fields->object, name)))
                   : BSON_APPEND_DATE_TIME(values, key, number);
    case SV_COLUMN_BOOL:
        return sv_json_get_bool(fields, name, SV_REQUIRED, &flag) && BSON_APPEND_BOOL(values, key, flag);
    }
    return false;
}

static bool
sv_read_list(const sv_json_fields_t *fields, const sv_report_field_t *field, size_t least, size_t most, bson_t *values)
{
    const json_t *list, *element;
    size_t index;
    bool good = true;

    if (!sv_json_get_array(fields, "value", SV_REQUIRED, most, &list)) {
        return false;
    }
    if (json_array_size(list) < least) {
        return sv_query_wrong(fields, "value", "too_short", "names too few values");
    }
    json_array_foreach((json_t *) list, index, element)
    {
        char name[32], digits[16];
        const char *key;
        json_t *holder = json_object();
        sv_json_fields_t single = { .object = holder, .path = fields->path, .error = fields->error };

        snprintf(name, sizeof(name), "value[%zu]", index);
        json_object_set(holder, name, (json_t *) element);
        bson_uint32_to_string((uint32_t) index, &key, digits, sizeof(digits));
        good = sv_read_value(&single, name, field, key, values) && good;
        json_decref(holder);
    }
    return good;
}

static bool
sv_read_operand(const sv_json_fields_t *fields, const sv_report_filter_t *filter, bson_t *values)
{
    const char *text;
    bool flag;
    int index;

    switch (filter->op->operand) {
    case SV_OPERAND_ONE:
        return sv_read_value(fields, "value", filter->field, "0", values);
    case SV_OPERAND_TWO:
        return sv_read_list(fields, filter->field, 2, 2, values);
    case SV_OPERAND_LIST:
        return sv_read_list(fields, filter->field, 1, SV_QUERY_MAX_VALUES, values);
    case SV_OPERAND_PATTERN:
        return json_string_length(json_object_get(fields->object, "value")) == 0
                   ? sv_json_get_text(fields, "value", SV_REQUIRED, 1, SV_QUERY_MAX_PATTERN, &text)
                   : sv_read_text(fields, "value", filter->field, SV_QUERY_MAX_PATTERN, &text) &&
                         BSON_APPEND_UTF8(values, "0", text);
    case SV_OPERAND_PERIOD:
        return sv_json_get_choice(fields, "value", SV_REQUIRED, sv_relative_periods, &index) &&
               BSON_APPEND_UTF8(values, "0", sv_relative_periods[index]);
    case SV_OPERAND_FLAG:
        return sv_json_get_bool(fields, "value", SV_REQUIRED, &flag) && BSON_APPEND_BOOL(values, "0", flag);
    }
    return false;
}

static void
sv_read_filter(const sv_query_reading_t *reading, const sv_json_fields_t *fields, sv_report_filter_t *filter)
{
    bson_t *values = sv_doc_new(reading->arena);
    const char *name;

    filter->field = sv_query_read_field(reading, fields, "field");
    if (!sv_json_get_identifier(fields, "op", SV_REQUIRED, SV_QUERY_NAME_MAX, &name)) {
        return;
    }
    filter->op = sv_report_operator(name);
    if (filter->op == NULL || (filter->field != NULL && !sv_report_operator_allows(filter->op, filter->field))) {
        sv_query_wrong(fields, "op", "not_allowed", "is no operator of this field");
        return;
    }
    filter->values = values;
    filter->path = sv_arena_strdup(reading->arena, sv_json_field_path(fields, "value"));
    if (filter->field != NULL) {
        sv_read_operand(fields, filter, values);
    }
}

void
sv_query_read_filters(const sv_query_reading_t *reading)
{
    sv_report_query_t *query = reading->query;
    const json_t *list, *element;
    sv_json_fields_t fields;
    size_t index;

    if (!sv_json_get_array(reading->fields, "filters", SV_OPTIONAL, SV_QUERY_MAX_FILTERS, &list)) {
        return;
    }
    query->filters = sv_arena_zalloc(reading->arena, (json_array_size(list) + 1) * sizeof(*query->filters));
    json_array_foreach((json_t *) list, index, element)
    {
        if (sv_query_open_element(reading, "filters", index, element, NULL, &fields)) {
            sv_read_filter(reading, &fields, &query->filters[query->filter_count++]);
        }
    }
}
