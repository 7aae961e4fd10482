/* What the JSON writer writes, jansson reads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/base/json_writer.h"
#include "t/unit/random.h"

typedef struct {
    sv_arena_t *arena;
    sv_buffer_t out;
    sv_json_writer_t w;
} written_t;

static void
members_and_elements_are_parted_by_commas(void **state)
{
    written_t *it = *state;
    sv_json_writer_t *w = &it->w;

    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", "R1");
    sv_json_array(w, "floors");
    sv_json_int(w, NULL, 1);
    sv_json_int(w, NULL, -2);
    sv_json_object(w, NULL);
    sv_json_end(w);
    sv_json_array(w, NULL);
    sv_json_end(w);
    sv_json_end(w);
    sv_json_bool(w, "blind", true);
    sv_json_bool(w, "strict", false);
    sv_json_null(w, "note");
    sv_json_text(w, "remark", NULL);
    sv_json_raw(w, "raw", "{\"a\":1}", 7);
    sv_json_end(w);
    assert_string_equal(it->out.data, "{\"rack_id\":\"R1\",\"floors\":[1,-2,{},[]],\"blind\":true,\"strict\":false,"
                                      "\"note\":null,\"remark\":null,\"raw\":{\"a\":1}}");
    assert_int_equal(it->out.length, strlen(it->out.data));
}

static void
numbers_are_written_exactly(void **state)
{
    written_t *it = *state;
    sv_json_writer_t *w = &it->w;

    sv_json_array(w, NULL);
    sv_json_int(w, NULL, INT64_MIN);
    sv_json_int(w, NULL, INT64_MAX);
    sv_json_int(w, NULL, 0);
    sv_json_quantity(w, NULL, -3250000);
    sv_json_quantity(w, NULL, SV_QUANTITY_MAX);
    sv_json_double(w, NULL, 0.1);
    sv_json_double(w, NULL, 1.0 / 3);
    sv_json_double(w, NULL, NAN);
    sv_json_double(w, NULL, -INFINITY);
    sv_json_end(w);
    assert_string_equal(it->out.data, "[-9223372036854775808,9223372036854775807,0,-3.25,999999999.999999,0.1,"
                                      "0.3333333333333333,null,null]");
}

static void
a_time_of_zero_is_null(void **state)
{
    written_t *it = *state;
    sv_json_writer_t *w = &it->w;

    sv_json_array(w, NULL);
    sv_json_time(w, NULL, 0);
    sv_json_time(w, NULL, INT64_C(1767600000123));
    sv_json_end(w);
    assert_string_equal(it->out.data, "[null,\"2026-01-05T08:00:00.123Z\"]");
}

static void
names_and_texts_are_escaped(void **state)
{
    written_t *it = *state;
    sv_json_writer_t *w = &it->w;

    sv_json_object(w, NULL);
    sv_json_text(w, "a\"b", "\\ \" / \b\f\n\r\t \x01 \x1f \x7f");
    sv_json_text_n(w, "part", "rack-and-more", 4);
    sv_json_text_n(w, "nul", "a\0b", 3);
    sv_json_end(w);
    assert_string_equal(it->out.data, "{\"a\\\"b\":\"\\\\ \\\" / \\b\\f\\n\\r\\t \\u0001 \\u001f \x7f\","
                                      "\"part\":\"rack\",\"nul\":\"a\\u0000b\"}");
}

static void
what_is_no_utf8_becomes_the_replacement_character(void **state)
{
    written_t *it = *state;

    sv_json_text(&it->w, NULL, "\xc3\xb6 \xff \xc3( \xed\xa0\x80 \xe2\x82");
    assert_string_equal(it->out.data, "\"\xc3\xb6 \xef\xbf\xbd \xef\xbf\xbd( \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
                                      "\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void
nesting_too_deep_is_left_out_and_the_rest_stays_valid(void **state)
{
    written_t *it = *state;
    json_t *value;

    for (int i = 0; i < SV_JSON_MAX_DEPTH + 10; i++) {
        sv_json_array(&it->w, NULL);
        sv_json_int(&it->w, NULL, i);
    }
    for (int i = 0; i < SV_JSON_MAX_DEPTH + 10; i++) {
        sv_json_end(&it->w);
    }
    sv_json_end(&it->w); /* one too many is nothing */
    value = json_loadb(it->out.data, it->out.length, 0, NULL);
    assert_non_null(value);
    for (int i = 0; i < SV_JSON_MAX_DEPTH; i++) {
        const json_t *level = value;

        for (int n = 0; n < i; n++) {
            level = json_array_get(level, 1);
        }
        assert_int_equal(json_integer_value(json_array_get(level, 0)), i);
        assert_int_equal(json_array_size(level), 2);
    }
    json_decref(value);
}

static void
random_texts_come_back_through_jansson(void **state)
{
    random_t random = random_seeded(8);

    (void) state;
    for (int round = 0; round < 5000; round++) {
        sv_arena_t *arena = sv_arena_create();
        size_t length = random_next(&random) % 200;
        char text[200];
        sv_buffer_t out;
        sv_json_writer_t w;
        json_t *value;

        for (size_t i = 0; i < length; i++) {
            text[i] = (char) (random_next(&random) % 128);
        }
        sv_buffer_init(&out, arena, 0);
        sv_json_writer_init(&w, &out);
        sv_json_text_n(&w, NULL, text, length);
        value = json_loadb(out.data, out.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(value);
        assert_int_equal(json_string_length(value), length);
        assert_memory_equal(json_string_value(value), text, length);
        json_decref(value);
        sv_arena_destroy(arena);
    }
}

/* Among plain letters, where long runs are looked at in one go. */
static void
every_byte_is_escaped_at_every_place(void **state)
{
    (void) state;
    for (int c = 0; c < 128; c++) {
        for (size_t place = 0; place < 20; place++) {
            sv_arena_t *arena = sv_arena_create();
            char text[20];
            sv_buffer_t out;
            sv_json_writer_t w;
            json_t *value;

            memset(text, 'm', sizeof(text));
            text[place] = (char) c;
            sv_buffer_init(&out, arena, 0);
            sv_json_writer_init(&w, &out);
            sv_json_text_n(&w, NULL, text, sizeof(text));
            value = json_loadb(out.data, out.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            assert_non_null(value);
            assert_int_equal(json_string_length(value), sizeof(text));
            assert_memory_equal(json_string_value(value), text, sizeof(text));
            assert_int_equal(out.length == sizeof(text) + 2, c >= 0x20 && c != '"' && c != '\\');
            json_decref(value);
            sv_arena_destroy(arena);
        }
    }
}

static int
setup(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    written_t *it = sv_arena_zalloc(arena, sizeof(*it));

    it->arena = arena;
    sv_buffer_init(&it->out, arena, 0);
    sv_json_writer_init(&it->w, &it->out);
    *state = it;
    return 0;
}

static int
teardown(void **state)
{
    written_t *it = *state;

    sv_arena_destroy(it->arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_and_elements_are_parted_by_commas, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_are_written_exactly, setup, teardown),
        cmocka_unit_test_setup_teardown(a_time_of_zero_is_null, setup, teardown),
        cmocka_unit_test_setup_teardown(names_and_texts_are_escaped, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_utf8_becomes_the_replacement_character, setup, teardown),
        cmocka_unit_test_setup_teardown(nesting_too_deep_is_left_out_and_the_rest_stays_valid, setup, teardown),
        cmocka_unit_test(random_texts_come_back_through_jansson),
        cmocka_unit_test(every_byte_is_escaped_at_every_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
