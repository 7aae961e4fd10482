#include "core/base/json_reader.h"

#include <math.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/json_parser.h"
#include "core/base/text.h"
#include "core/base/text_gate.h"

static json_t *
sv_json_parse_loosely(const char *text, size_t length, const char *loose, unsigned weight_max, sv_error_t *error)
{
    sv_json_fault_t fault;
    json_t *value = sv_json_build(text, length, loose, weight_max, error->arena, &fault);

    if (value == NULL && fault.message == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory for %zu bytes of JSON", length);
    } else if (value == NULL) {
        sv_fail(error, SV_ERR_JSON_INVALID, "The body is not valid JSON: %s (line %zu, column %zu, position %zu)",
                fault.message, fault.line, fault.column, fault.position);
    }
    return value;
}

json_t *
sv_json_parse(const char *text, size_t length, sv_error_t *error)
{
    return sv_json_parse_loosely(text, length, NULL, SV_JSON_READ_WEIGHT, error);
}

static void
sv_json_release(void *value)
{
    json_decref(value);
}

const json_t *
sv_json_parse_object(const char *text, size_t length, sv_arena_t *arena, sv_error_t *error)
{
    return sv_json_parse_object_loosely(text, length, NULL, arena, error);
}

static const json_t *
sv_json_take_object(json_t *value, sv_arena_t *arena, sv_error_t *error)
{
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

const json_t *
sv_json_parse_object_loosely(const char *text, size_t length, const char *loose, sv_arena_t *arena, sv_error_t *error)
{
    return sv_json_take_object(sv_json_parse_loosely(text, length, loose, SV_JSON_READ_WEIGHT, error), arena, error);
}

const json_t *
sv_json_parse_object_of_many(const char *text, size_t length, const char *loose, sv_arena_t *arena, sv_error_t *error)
{
    return sv_json_take_object(sv_json_parse_loosely(text, length, loose, SV_JSON_READ_WEIGHT_MANY, error), arena,
                               error);
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

static bool
sv_json_check_length(const sv_json_fields_t *fields, const char *name, const char *text, size_t min, size_t max)
{
    size_t bytes = strlen(text);

    /* A text that is short in bytes is short in characters. */
    if (bytes < min || (min > 1 && sv_utf8_length(text) < min)) {
        return sv_json_wrong(fields, name, "too_short", "%s must have at least %zu character%s", name, min,
                             min == 1 ? "" : "s");
    }
    if (bytes > max && sv_utf8_length(text) > max) {
        return sv_json_wrong(fields, name, "too_long", "%s must have at most %zu character%s", name, max,
                             max == 1 ? "" : "s");
    }
    return true;
}

/* The member as a string; NULL when it is absent or none. */
static const json_t *
sv_json_string_member(const sv_json_fields_t *fields, const char *name, sv_presence_t presence)
{
    const json_t *member = sv_json_member(fields, name, presence);

    if (member != NULL && !json_is_string(member)) {
        sv_json_wrong(fields, name, "wrong_type", "%s must be a string", name);
        return NULL;
    }
    return member;
}

/* The member as a text of min..max characters behind the gate. */
static bool
sv_json_get_gated(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, sv_text_kind_t kind,
                  size_t min, size_t max, const char **value)
{
    const json_t *member = sv_json_string_member(fields, name, presence);
    sv_arena_t *arena = fields->error->arena;
    sv_text_fault_t fault;
    const char *text;

    if (member == NULL) {
        return false;
    }
    fault = sv_text_gate(kind, json_string_value(member), json_string_length(member), max, arena, &text);
    if (fault != SV_TEXT_OK) {
        return sv_json_wrong(fields, name, sv_text_fault_code(fault), "%s %s", name,
                             sv_text_fault_sentence(fault, kind, max, arena));
    }
    if (!sv_json_check_length(fields, name, text, min, max)) {
        return false;
    }
    *value = text;
    return true;
}

bool
sv_json_get_text(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t min_characters,
                 size_t max_characters, const char **value)
{
    return sv_json_get_gated(fields, name, presence, SV_TEXT_LINE, min_characters, max_characters, value);
}

bool
sv_json_get_note(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max_characters,
                 const char **value)
{
    return sv_json_get_gated(fields, name, presence, SV_TEXT_NOTE, 0, max_characters, value);
}

bool
sv_json_get_identifier(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max_characters,
                       const char **value)
{
    return sv_json_get_gated(fields, name, presence, SV_TEXT_CODE, 1, max_characters, value);
}

bool
sv_json_get_name(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t max_characters,
                 const char **value)
{
    return sv_json_get_gated(fields, name, presence, SV_TEXT_NAME, 1, max_characters, value);
}

bool
sv_json_get_secret(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, size_t min_characters,
                   size_t max_characters, const char **value)
{
    const json_t *member = sv_json_string_member(fields, name, presence);

    if (member == NULL ||
        !sv_json_check_length(fields, name, json_string_value(member), min_characters, max_characters)) {
        return false;
    }
    if (sv_utf8_has_control(json_string_value(member), "")) {
        return sv_json_wrong(fields, name, "invalid_character", "%s must not have control characters", name);
    }
    *value = json_string_value(member);
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

/* 1.0 means 1: not every language tells the two apart.  What no int64 holds has no fraction either. */
static bool
sv_json_is_whole(const json_t *member)
{
    return json_is_real(member) && trunc(json_real_value(member)) == json_real_value(member);
}

bool
sv_json_get_int(const sv_json_fields_t *fields, const char *name, sv_presence_t presence, int64_t min, int64_t max,
                int64_t *value)
{
    const json_t *member = sv_json_member(fields, name, presence);
    bool beyond; /* what an int64 holds */
    int64_t number;

    if (member == NULL) {
        return false;
    }
    if (!json_is_integer(member) && !sv_json_is_whole(member)) {
        return sv_json_wrong(fields, name, "wrong_type", "%s must be an integer", name);
    }
    beyond = json_is_real(member) && fabs(json_real_value(member)) >= 0x1p63;
    number = json_is_integer(member) ? json_integer_value(member) : beyond ? 0 : (int64_t) json_real_value(member);
    if (beyond || number < min || number > max) {
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

/* Reads one element of an array of identifiers. */
static bool
sv_json_element_identifier(const sv_json_fields_t *fields, const char *name, size_t index, const json_t *element,
                           size_t max_characters, const char **value)
{
    sv_arena_t *arena = fields->error->arena;
    const char *code = "wrong_type", *sentence = "must be a string";
    sv_text_fault_t fault;

    if (json_is_string(element)) {
        fault = sv_text_gate(SV_TEXT_CODE, json_string_value(element), json_string_length(element), max_characters,
                             arena, value);
        if (fault == SV_TEXT_OK && (*value)[0] != '\0') {
            return true;
        }
        code = fault == SV_TEXT_OK ? "too_short" : sv_text_fault_code(fault);
        sentence = fault == SV_TEXT_OK ? "must not be empty"
                                       : sv_text_fault_sentence(fault, SV_TEXT_CODE, max_characters, arena);
    }
    name = sv_arena_printf(arena, "%s[%zu]", name, index);
    return sv_json_wrong(fields, name, code, "%s %s", name, sentence);
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
