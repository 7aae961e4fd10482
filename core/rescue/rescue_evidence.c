/* Finds and count lines of a rescued file: stored as their user's, as if the phone had sent them. */
#include <string.h>

#include "core/rescue/rescue.h"
#include "core/unknown/unknown_item.h"
#include "core/verify/count_lines.h"

static const char sv_rescue_list_of_finds[] = "unknown_items", sv_rescue_list_of_lines[] = "count_lines";

/* Whether the element itself is at fault, which spoils nothing else. */
static bool
sv_rescue_is_of_element(sv_status_t status)
{
    return status == SV_ERR_VALIDATION_FAILED || status == SV_ERR_ALREADY_EXISTS || status == SV_ERR_NOT_FOUND ||
           status == SV_ERR_FORBIDDEN || status == SV_ERR_WRONG_KIND;
}

/* Takes a fault out of `error`; `field` is told where that names none. */
static void
sv_rescue_take_fault(sv_error_t *error, const char *field, sv_rescue_fault_t *fault)
{
    bool named = error->detail_count > 0;

    fault->field = named ? error->details[0].field : field;
    fault->code = named ? error->details[0].code : sv_status_code(error->status);
    fault->message = named                    ? error->details[0].message
                     : error->message != NULL ? error->message
                                              : sv_status_message(error->status);
    sv_error_clear(error);
}

/* ---- finds */

static sv_status_t
sv_rescue_find(sv_rescued_t *rescued, size_t index, sv_error_t *error)
{
    const json_t *object = json_array_get(rescued->rescue->unknown_items, index);
    sv_rescue_fault_t fault = { .list = sv_rescue_list_of_finds,
                                .index = index,
                                .id = json_string_value(json_object_get(object, "unknown_item_id")) };
    const bson_t *stored;
    sv_find_t find;
    bool created;

    if (sv_find_read(object, &find, error) == SV_OK &&
        sv_find_report(rescued->store, &rescued->rescue->owner, &find, &stored, &created, error) == SV_OK) {
        rescued->finds++;
    } else if (sv_rescue_is_of_element(error->status)) {
        sv_rescue_take_fault(error, "unknown_item_id", &fault);
        sv_rescue_fail(rescued, &fault);
    }
    return error->status;
}

sv_status_t
sv_rescue_finds(sv_rescued_t *rescued, sv_error_t *error)
{
    for (size_t i = 0; i < json_array_size(rescued->rescue->unknown_items); i++) {
        if (sv_rescue_find(rescued, i, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

/* ---- count lines */

static const char *
sv_rescue_session_of(const json_t *line)
{
    const char *session_id = json_string_value(json_object_get(line, "session_id"));

    return session_id != NULL ? session_id : "";
}

static void
sv_rescue_drop_json(void *value)
{
    json_decref(value);
}

static void
sv_rescue_refuse_lines(sv_rescued_t *rescued, const sv_count_lines_t *lines, size_t first)
{
    for (size_t i = 0; i < lines->count; i++) {
        const sv_count_line_t *line = &lines->lines[i];

        if (line->code == NULL) {
            rescued->lines++;
            continue;
        }
        sv_rescue_fail(rescued, &(sv_rescue_fault_t){ sv_rescue_list_of_lines, first + i, line->line_id, line->field,
                                                      line->code, line->message, false });
    }
}

/* Lines that stand beside each other in the file and are of one session, as one request. */
static sv_status_t
sv_rescue_lines_of_session(sv_rescued_t *rescued, size_t first, size_t count, sv_error_t *error)
{
    const json_t *all = rescued->rescue->count_lines;
    json_t *body = json_object(), *array = json_array();
    sv_rescue_fault_t fault = { .list = sv_rescue_list_of_lines };
    sv_count_lines_t lines;

    sv_arena_on_destroy(rescued->arena, sv_rescue_drop_json, body);
    json_object_set_new(body, "session_id", json_string(sv_rescue_session_of(json_array_get(all, first))));
    json_object_set_new(body, "lines", array);
    for (size_t i = first; i < first + count; i++) {
        json_array_append(array, json_array_get(all, i));
    }
    if (sv_count_lines_read(body, &lines, error) == SV_OK &&
        sv_count_lines_store(rescued->store, &rescued->rescue->owner, &lines, error) == SV_OK) {
        sv_rescue_refuse_lines(rescued, &lines, first);
        return SV_OK;
    }
    if (!sv_rescue_is_of_element(error->status)) {
        return error->status;
    }
    sv_rescue_take_fault(error, "session_id", &fault);
    for (size_t i = first; i < first + count; i++) {
        fault.index = i;
        fault.id = json_string_value(json_object_get(json_array_get(all, i), "line_id"));
        sv_rescue_fail(rescued, &fault);
    }
    return SV_OK;
}

sv_status_t
sv_rescue_lines(sv_rescued_t *rescued, sv_error_t *error)
{
    const json_t *all = rescued->rescue->count_lines;
    size_t total = json_array_size(all);

    for (size_t first = 0, count; first < total; first += count) {
        const char *session_id = sv_rescue_session_of(json_array_get(all, first));

        for (count = 1; first + count < total && count < SV_COUNT_LINES_SENT &&
                        strcmp(sv_rescue_session_of(json_array_get(all, first + count)), session_id) == 0;
             count++) {
        }
        if (sv_rescue_lines_of_session(rescued, first, count, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}
