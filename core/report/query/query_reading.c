#include "core/report/query/query_reading.h"

bool
sv_query_wrong(const sv_json_fields_t *fields, const char *name, const char *code, const char *sentence)
{
    sv_fail_field(fields->error, sv_json_field_path(fields, name), code, "%s", sentence);
    return false;
}

bool
sv_query_open_element(const sv_query_reading_t *reading, const char *name, size_t index, const json_t *element,
                      const char *alone, sv_json_fields_t *into)
{
    const char *path = sv_json_field_path(reading->fields, sv_arena_printf(reading->arena, "%s[%zu]", name, index));

    *into = (sv_json_fields_t){ .object = element, .path = path, .error = reading->fields->error };
    if (json_is_object(element)) {
        return true;
    }
    if (alone != NULL && json_is_string(element)) {
        json_t *made = json_object();

        json_object_set_new(made, alone, json_string(json_string_value(element)));
        sv_arena_on_destroy(reading->arena, (void (*)(void *)) json_decref, made);
        into->object = made;
        return true;
    }
    sv_fail_field(reading->fields->error, path, "wrong_type",
                  alone != NULL ? "must be a text or an object" : "must be an object");
    return false;
}

const sv_report_field_t *
sv_query_read_field(const sv_query_reading_t *reading, const sv_json_fields_t *fields, const char *member)
{
    const sv_report_field_t *field;
    const char *name;

    if (!sv_json_get_identifier(fields, member, SV_REQUIRED, SV_QUERY_NAME_MAX, &name)) {
        return NULL;
    }
    field = sv_report_field(reading->query->collection, name);
    if (field == NULL) {
        sv_query_wrong(fields, member, "not_allowed",
                       sv_arena_printf(reading->arena, "%s has no field %s",
                                       sv_collection_name(reading->query->collection->collection), name));
    }
    return field;
}
