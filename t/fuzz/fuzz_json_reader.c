/* Any body: taken and refused as by jansson, with equal values; every getter on
 * every object; what was read is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json_reader.h"
#include "core/base/json_writer.h"
#include "core/base/text.h"

static const char *const words[] = { "partial", "finalized", "void", NULL };

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void
read_member(const sv_json_fields_t *fields, const char *name, sv_arena_t *arena)
{
    const char *text = NULL, **texts = NULL;
    const json_t *value = NULL;
    sv_quantity_t quantity = 0, again = 1;
    int64_t number = 0;
    size_t count = 0;
    bool flag = false;
    int index = 0;

    if (sv_json_get_text(fields, name, SV_REQUIRED, 2, 5, &text)) {
        require(sv_utf8_valid(text, strlen(text)) && sv_utf8_length(text) >= 2 && sv_utf8_length(text) <= 5);
    }
    if (sv_json_get_note(fields, name, SV_OPTIONAL, 7, &text)) {
        require(sv_utf8_length(text) <= 7);
    }
    if (sv_json_get_identifier(fields, name, SV_OPTIONAL, 9, &text)) {
        require(sv_identifier_valid(text, 9));
    }
    sv_json_get_bool(fields, name, SV_OPTIONAL, &flag);
    if (sv_json_get_int(fields, name, SV_OPTIONAL, -5, 1000, &number)) {
        require(number >= -5 && number <= 1000);
    }
    if (sv_json_get_quantity(fields, name, SV_OPTIONAL, true, &quantity)) {
        char shown[SV_QUANTITY_TEXT_SIZE];

        sv_quantity_to_text(quantity, shown);
        require(sv_quantity_from_text(shown, &again) && again == quantity);
    }
    sv_json_get_time(fields, name, SV_OPTIONAL, &number);
    sv_json_get_date(fields, name, SV_OPTIONAL, &number);
    if (sv_json_get_choice(fields, name, SV_OPTIONAL, words, &index)) {
        require(index >= 0 && index < 3);
    }
    sv_json_get_array(fields, name, SV_OPTIONAL, 3, &value);
    sv_json_get_object(fields, name, SV_OPTIONAL, &value);
    if (sv_json_get_identifiers(fields, name, SV_OPTIONAL, 4, 6, arena, &texts, &count)) {
        for (size_t i = 0; i < count; i++) {
            require(sv_identifier_valid(texts[i], 6));
        }
    }
}

static void
write_value(sv_json_writer_t *w, const char *name, const json_t *value)
{
    const char *key;
    json_t *member;
    size_t index;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        sv_json_object(w, name);
        json_object_foreach((json_t *) value, key, member)
        {
            write_value(w, key, member);
        }
        sv_json_end(w);
        break;
    case JSON_ARRAY:
        sv_json_array(w, name);
        json_array_foreach(value, index, member)
        {
            write_value(w, NULL, member);
        }
        sv_json_end(w);
        break;
    case JSON_STRING:
        sv_json_text_n(w, name, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        sv_json_int(w, name, json_integer_value(value));
        break;
    case JSON_REAL:
        sv_json_double(w, name, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        sv_json_bool(w, name, json_is_true(value));
        break;
    case JSON_NULL:
        sv_json_null(w, name);
        break;
    }
}

/* A whole number may stand as an integer on one side and as a real on the other: compare the values. */
static bool
same(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *member;
    size_t index;

    if (json_is_number(a) && json_is_number(b) && json_typeof(a) != json_typeof(b)) {
        return json_number_value(a) == json_number_value(b);
    }
    if (json_is_object(a) && json_is_object(b)) {
        json_object_foreach((json_t *) a, key, member)
        {
            json_t *other = json_object_get(b, key);

            if (other == NULL || !same(member, other)) {
                return false;
            }
        }
        return json_object_size(a) == json_object_size(b);
    }
    if (json_is_array(a) && json_is_array(b)) {
        json_array_foreach(a, index, member)
        {
            if (index >= json_array_size(b) || !same(member, json_array_get(b, index))) {
                return false;
            }
        }
        return json_array_size(a) == json_array_size(b);
    }
    return json_equal(a, b);
}

static void
write_and_read_again(const json_t *value, sv_arena_t *arena)
{
    sv_error_t error;
    sv_json_writer_t w;
    sv_buffer_t out;
    json_t *again;

    sv_buffer_init(&out, arena, 0);
    sv_json_writer_init(&w, &out);
    write_value(&w, NULL, value);
    sv_error_init(&error, arena);
    again = sv_json_parse(out.data, out.length, &error);
    require(again != NULL && same(value, again));
    json_decref(again);
}

/* Reads every member by its name, and one that may not be there, in every object. */
static void
read_objects(json_t *value, const char *path, sv_error_t *error)
{
    const char *key;
    json_t *member;
    size_t index;

    if (json_is_object(value)) {
        sv_json_fields_t fields = { value, path, error };

        read_member(&fields, "session_id", error->arena);
        json_object_foreach(value, key, member)
        {
            read_member(&fields, key, error->arena);
            read_objects(member, sv_json_field_path(&fields, key), error);
        }
    } else if (json_is_array(value)) {
        json_array_foreach(value, index, member)
        {
            read_objects(member, sv_arena_printf(error->arena, "%s[%zu]", path, index), error);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_arena_t *arena = sv_arena_create();
    json_t *value, *expected;
    sv_error_t error;

    sv_error_init(&error, arena);
    value = sv_json_parse((const char *) data, size, &error);
    expected = json_loadb((const char *) data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    if (memchr(data, 0, size) != NULL) {
        require(value == NULL); /* jansson overlooks a NUL behind the value */
    } else if (value != NULL) {
        if (expected == NULL) { /* integers beyond 64 bits, which are read as reals */
            expected = json_loadb((const char *) data, size,
                                  JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
            require(expected != NULL && same(value, expected));
        } else {
            require(json_equal(value, expected));
        }
        write_and_read_again(value, arena);
        read_objects(value, "", &error);
        require(error.detail_count <= SV_ERROR_MAX_DETAILS);
    } else {
        require(expected == NULL || strstr(error.message, "nested deeper") != NULL);
    }
    require((value == NULL) == (error.status == SV_ERR_JSON_INVALID));
    json_decref(value);
    json_decref(expected);
    sv_arena_destroy(arena);
    return 0;
}
