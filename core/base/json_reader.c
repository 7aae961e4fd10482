#include "core/base/json_reader.h"

#include <math.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/json_parser.h"
#include "core/base/text.h"

json_t *
sv_json_parse(const char *text, size_t length, sv_error_t *error)
{
    sv_json_fault_t fault;
    json_t *value = sv_json_build(text, length, error->arena, &fault);

    if (value == NULL && fault.message == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory for %zu bytes of JSON", length);
    } else if (value == NULL) {
        sv_fail(error, SV_ERR_JSON_INVALID, "The body is not valid JSON: %s (line %zu, column %zu, position %zu)",
                fault.message, fault.line, fault.column, fault.position);
    }
    return value;
}

static void
sv_json_release(void *value)
{
    json_decref(value);
}

const json_t *
sv_json_parse_object(const char *text, size_t length, sv_arena_t *arena, sv_error_t *error)
{
    json_t *value = sv_json_parse(text, length, error);

    if (value == NULL) {
        return NULL;
    }
    sv_arena_on_destroy(arena, sv_json_release, value);
    if (!json_is_object(value)) {
        sv_fail(error, SV_ERR_JSON_INVALID, "The body must be a JSON object");
        return NULL;
    }
    return value;
}

const char *
sv_json_field_path(const sv_json_fields_t *fields, const char *name)
{
    if (fields->path[0] == '\0') {
        return sv_arena_strdup(fields->error->arena, name);
    }
    return sv_arena_printf(fields->error->arena, "%s.%s", fields->path, name);
}

/* Reports a wrong member; always false, so that a getter ends with it. */
static bool __attribute__((format(printf, 4, 5)))
sv_json_wrong(const sv_json_fields_t *fields, const char *name, const char *code, const char *format, ...)
{
    sv_error_t *error = fields->error;
    va_list args;

    va_start(args, format);
    sv_fail_field(error, sv_json_field_path(fields, name), code, "%s", sv_arena_vprintf(error->arena, format, args));
    va_end(args);
    return false;
}

/* The member, or NULL: absent, which is an error when it is required. */
static const json_t *
sv_json_member(const sv_json_fields_t *fields, const char *name, sv_presence_t presence)
{
    const json_t *member = json_object_get(fields->object, name);

    if (member != NULL && !json_is_null(member)) {
        return member;
    }
    if (presence == SV_REQUIRED) {
        sv_json_wrong(fields, name, "required", "%s is required", name);
    }
    return NULL;
}

/* The member as a text of min..max characters; its bytes are counted first,
 * since a text that is short in bytes is short in characters. */
static const char *
sv_json_bounded_text(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t min, size_t max)
{
    const json_t *member = sv_json_member(fields, name, presence);
    const char *text;
    size_t bytes;

    if (member == NULL) {
        return NULL;
    }
    if (!json_is_string(member)) {
        sv_json_wrong(fields, name, "wrong_type", "%s must be a string", name);
        return NULL;
    }
    text = json_string_value(member);
    bytes = json_string_length(member);
    if (bytes < min || (min > 1 && sv_utf8_length(text) < min)) {
        sv_json_wrong(fields, name, "too_short", "%s must have at least %zu character%s", name, min,
                      min == 1 ? "" : "s");
        return NULL;
    }
    if (bytes > max && sv_utf8_length(text) > max) {
        sv_json_wrong(fields, name, "too_long", "%s must have at most %zu character%s", name, max, max == 1 ? "" : "s");
        return NULL;
    }
    return text;
}

bool
sv_json_get_text(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t min_characters,
                 size_t max_characters, const char **value)
{
    const char *text = sv_json_bounded_text(fields, name, presence, min_characters, max_characters);

    if (text == NULL) {
        return false;
    }
    if (sv_utf8_has_control(text, "")) {
        return sv_json_wrong(fields, name, "invalid_character", "%s must not have control characters", name);
    }
    *value = text;
    return true;
}

bool
sv_json_get_note(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max_characters,
                 const char **value)
{
    const char *text = sv_json_bounded_text(fields, name, presence, 0, max_characters);

    if (text == NULL) {
        return false;
    }
    if (sv_utf8_has_control(text, "\t\r\n")) {
        return sv_json_wrong(fields, name, "invalid_character",
                             "%s must not have control characters other than tabs and line breaks", name);
    }
    *value = text;
    return true;
}

/* What an identifier must be beyond its length: no control characters, no blank at either end. */
static const char *
sv_json_identifier_fault(const char *text)
{
    size_t length = strlen(text);

    if (text[0] == ' ' || text[length - 1] == ' ') {
        return "must not begin or end with a blank";
    }
    return sv_utf8_has_control(text, "") ? "must not have control characters" : NULL;
}

bool
sv_json_get_identifier(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max_characters,
                       const char **value)
{
    const char *text = sv_json_bounded_text(fields, name, presence, 1, max_characters);
    const char *fault;

    if (text == NULL) {
        return false;
    }
    fault = sv_json_identifier_fault(text);
    if (fault != NULL) {
        return sv_json_wrong(fields, name, "invalid_character", "%s %s", name, fault);
    }
    *value = text;
    return true;
}

bool
sv_json_get_bool(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, bool *value)
{
    const json_t *member = sv_json_member(fields, name, presence);

    if (member == NULL) {
        return false;
    }
    if (!json_is_boolean(member)) {
        return sv_json_wrong(fields, name, "wrong_type", "%s must be true or false", name);
    }
    *value = json_is_true(member);
    return true;
}

/* Reads as a real because no int64 holds it; reals so large have no fraction. */
static bool
sv_json_is_beyond_int(const json_t *member)
{
    return json_is_real(member) && fabs(json_real_value(member)) >= 0x1p63;
}

bool
sv_json_get_int(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, int64_t min, int64_t max,
                int64_t *value)
{
    const json_t *member = sv_json_member(fields, name, presence);
    int64_t number;

    if (member == NULL) {
        return false;
    }
    if (!json_is_integer(member) && !sv_json_is_beyond_int(member)) {
        return sv_json_wrong(fields, name, "wrong_type", "%s must be an integer", name);
    }
    number = json_integer_value(member);
    if (!json_is_integer(member) || number < min || number > max) {
        return sv_json_wrong(fields, name, "out_of_range", "%s must be from %lld to %lld", name, (long long) min,
                             (long long) max);
    }
    *value = number;
    return true;
}

/* Says why a number is no quantity. */
static bool
sv_json_wrong_quantity(const sv_json_fields_t *fields, const char *name, double value)
{
    const double bound = (double) SV_QUANTITY_MAX / (double) SV_QUANTITY_ONE;

    if (fabs(value) > bound) {
        return sv_json_wrong(fields, name, "out_of_range", "%s must not exceed 999999999.999999", name);
    }
    return sv_json_wrong(fields, name, "not_exact", "%s must have at most six decimal places", name);
}

bool
sv_json_get_quantity(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, bool allow_negative,
                     sv_quantity_t *value)
{
    const json_t *member = sv_json_member(fields, name, presence);
    sv_quantity_t quantity;

    if (member == NULL) {
        return false;
    }
    if (json_is_integer(member)) {
        if (!sv_quantity_from_int(json_integer_value(member), &quantity)) {
            return sv_json_wrong_quantity(fields, name, (double) json_integer_value(member));
        }
    } else if (json_is_real(member)) {
        if (!sv_quantity_from_double(json_real_value(member), &quantity)) {
            return sv_json_wrong_quantity(fields, name, json_real_value(member));
        }
    } else {
        return sv_json_wrong(fields, name, "wrong_type", "%s must be a number", name);
    }
    if (quantity < 0 && !allow_negative) {
        return sv_json_wrong(fields, name, "negative", "%s must not be negative", name);
    }
    *value = quantity;
    return true;
}

/* The member as a text that `parse` reads. */
static bool
sv_json_get_parsed(const sv_json_fields_t *fields, const char *name, sv_presence_t presence,
                   bool (*parse)(const char *text, int64_t *ms), const char *expected, int64_t *ms)
{
    const json_t *member = sv_json_member(fields, name, presence);

    if (member == NULL) {
        return false;
    }
    if (!json_is_string(member)) {
        return sv_json_wrong(fields, name, "wrong_type", "%s must be a string: %s", name, expected);
    }
    return parse(json_string_value(member), ms) ||
           sv_json_wrong(fields, name, "invalid_format", "%s must be %s", name, expected);
}

bool
sv_json_get_time(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, int64_t *ms)
{
    return sv_json_get_parsed(fields, name, presence, sv_time_parse, "a time such as 2026-01-05T08:00:00Z", ms);
}

bool
sv_json_get_date(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, int64_t *ms)
{
    return sv_json_get_parsed(fields, name, presence, sv_date_parse, "a date such as 2026-01-05", ms);
}

/* "good, damaged, expired" */
static const char *
sv_json_word_list(sv_arena_t *arena, const char *const *words)
{
    const char *list = words[0];

    for (size_t i = 1; words[0] != NULL && words[i] != NULL; i++) {
        list = sv_arena_printf(arena, "%s, %s", list, words[i]);
    }
    return list != NULL ? list : "nothing";
}

bool
sv_json_get_choice(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, const char *const *words,
                   int *index)
{
    const json_t *member = sv_json_member(fields, name, presence);

    if (member == NULL) {
        return false;
    }
    if (!json_is_string(member)) {
        return sv_json_wrong(fields, name, "wrong_type", "%s must be a string", name);
    }
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(json_string_value(member), words[i]) == 0) {
            *index = i;
            return true;
        }
    }
    return sv_json_wrong(fields, name, "not_allowed", "%s must be one of: %s", name,
                         sv_json_word_list(fields->error->arena, words));
}

bool
sv_json_get_array(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max,
                  const json_t **value)
{
    const json_t *member = sv_json_member(fields, name, presence);

    if (member == NULL) {
        return false;
    }
    if (!json_is_array(member)) {
        return sv_json_wrong(fields, name, "wrong_type", "%s must be an array", name);
    }
    if (json_array_size(member) > max) {
        return sv_json_wrong(fields, name, "too_long", "%s must have at most %zu elements", name, max);
    }
    *value = member;
    return true;
}

bool
sv_json_get_object(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, const json_t **value)
{
    const json_t *member = sv_json_member(fields, name, presence);

    if (member == NULL) {
        return false;
    }
    if (!json_is_object(member)) {
        return sv_json_wrong(fields, name, "wrong_type", "%s must be an object", name);
    }
    *value = member;
    return true;
}

/* Checks one element of an array of identifiers. */
static bool
sv_json_element_identifier(const sv_json_fields_t *fields, const char *name, size_t index, const json_t *element,
                           size_t max_characters, const char **value)
{
    const char *code = "wrong_type", *fault = "must be a string", *text;

    if (json_is_string(element)) {
        text = json_string_value(element);
        if (json_string_length(element) == 0) {
            code = "too_short";
            fault = "must not be empty";
        } else if (json_string_length(element) > max_characters && sv_utf8_length(text) > max_characters) {
            code = "too_long";
            fault = sv_arena_printf(fields->error->arena, "must have at most %zu characters", max_characters);
        } else {
            code = "invalid_character";
            fault = sv_json_identifier_fault(text);
        }
        if (fault == NULL) {
            *value = text;
            return true;
        }
    }
    name = sv_arena_printf(fields->error->arena, "%s[%zu]", name, index);
    return sv_json_wrong(fields, name, code, "%s %s", name, fault);
}

bool
sv_json_get_identifiers(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max_elements,
                        size_t max_characters, sv_arena_t *arena, const char ***values, size_t *count)
{
    const json_t *array;
    const char **texts;
    size_t size;
    bool good = true;

    if (!sv_json_get_array(fields, name, presence, max_elements, &array)) {
        return false;
    }
    size = json_array_size(array);
    texts = sv_arena_alloc(arena, size * sizeof(*texts));
    for (size_t i = 0; i < size; i++) {
        good &= sv_json_element_identifier(fields, name, i, json_array_get(array, i), max_characters, &texts[i]);
    }
    if (good) {
        *values = texts;
        *count = size;
    }
    return good;
}
