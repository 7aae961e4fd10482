/* The JSON parser: the same texts and values as jansson's, and where a fault is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/json_parser.h"
#include "core/base/json_reader.h"
#include "t/unit/random.h"

static json_t *
parse(const char *text, size_t length, sv_arena_t *arena, sv_error_t *error)
{
    char *exact = malloc(length + 1); /* so that a read past the end is seen */
    json_t *value;

    memcpy(exact, text, length);
    exact = realloc(exact, length > 0 ? length : 1);
    sv_error_init(error, arena);
    value = sv_json_parse(exact, length, error);
    free(exact);
    return value;
}

static void
texts_jansson_takes_are_taken_with_equal_values(void **state)
{
    static const char *const good[] = {
        "null",
        "true",
        " false ",
        "0",
        "-0",
        "-0.0",
        "12",
        "9223372036854775807",
        "-9223372036854775808",
        "1.5",
        "1e3",
        "1E+3",
        "1e-3",
        "-12.5e-10",
        "0.1",
        "123456789012345678",
        "1.7976931348623157e308",
        "5e-324",
        "1e-400",
        "0.000001",
        "999999999.999999",
        "3.141592653589793238462643383279",
        "0e999999999999",
        "\"\"",
        "\"rack\"",
        "\"\\u00e9\\ud83d\\ude00\\uFFFF\"",
        "\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\t\"",
        "\"\xc3\xb6\xf0\x9f\x98\x80\"",
        "\"\x7f\"",
        "[]",
        "[ ]",
        "{}",
        "[1,[2,[3]],{}]",
        "{\"a\":1,\"b\":[true,null],\"\":\"\"}",
        "\t\r\n{\"a\" : {\"b\" : {}} } \n",
        "{\"a\\tb\":\"c\\td\",\"e\\u0041\":1.0}",
        "{\"$where\":1,\"a.b\":2}",
        "0.1e1",
        "100000000000000000000.0",
        "1234567890123456789012e-22",
        "0.30000000000000004",
        "[0.1,0.2,0.7,1e22,1e23]",
    };
    sv_arena_t *arena = *state;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        json_t *expected = json_loads(good[i], JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
        sv_error_t error;
        json_t *value = parse(good[i], strlen(good[i]), arena, &error);

        assert_non_null(expected);
        assert_non_null(value);
        assert_true(json_equal(expected, value));
        json_decref(expected);
        json_decref(value);
    }
}

static void
faults_are_told_with_their_place(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        { "", "ends before the value is complete (line 1, column 1, position 0)" },
        { "   ", "ends before the value is complete (line 1, column 4, position 3)" },
        { "{\"records\":[{\"a\":1},{\"b\":", "ends before the value is complete (line 1, column 26, position 25)" },
        { "{\"a\"", "ends before" },
        { "[1", "ends before" },
        { "[1,", "ends before" },
        { "\"abc", "ends before" },
        { "\"abc\\", "ends before" },
        { "\"\\u12", "ends before" },
        { "-", "ends before" },
        { "1.", "ends before" },
        { "1e", "ends before" },
        { "tru", "a value is expected" },
        { "{\n  \"a\": 1,\n  \"\xc3\xb6\": x\n}", "a value is expected (line 3, column 8, position 20)" },
        { "NaN", "a value is expected" },
        { "[Infinity]", "a value is expected" },
        { "'a'", "a value is expected" },
        { "\xef\xbb\xbf{}", "a value is expected" },
        { "[1,]", "a value is expected" },
        { "[1 2]", "a comma or ] is expected" },
        { "{\"a\":1 \"b\":2}", "a comma or } is expected" },
        { "{\"a\":1,}", "a member's name in quotes is expected" },
        { "{a:1}", "a member's name in quotes is expected" },
        { "{\"a\" 1}", "a colon is expected" },
        { "{} x", "something follows the value (line 1, column 4, position 3)" },
        { "1 2", "something follows the value" },
        { "01", "begins with a needless zero" },
        { "-x", "a minus is not followed by a digit" },
        { "+1", "a value is expected" },
        { ".5", "a value is expected" },
        { "1.x", "a decimal point is not followed by a digit" },
        { "1ex", "an exponent has no digits" },
        { "1e+x", "an exponent has no digits" },
        { "[1e400]", "a number is out of range (line 1, column 2, position 1)" },
        { "-1e400", "a number is out of range" },
        { "\"a\nb\"", "a control character in a string must be escaped" },
        { "\"\\x\"", "an escape in a string is none of JSON's" },
        { "\"\\u12g4\"", "\\u must be followed by four hexadecimal digits" },
        { "\"\\u0000\"", "\\u0000 is not allowed" },
        { "{\"a\\u0000\":1}", "\\u0000 is not allowed" },
        { "\"\\ud800\"", "half of a surrogate pair stands alone" },
        { "\"\\udc00\"", "half of a surrogate pair stands alone" },
        { "\"\\ud800\\u0041\"", "half of a surrogate pair stands alone" },
        { "\"\xff\"", "a string is not valid UTF-8" },
        { "\"\xc3\"", "a string is not valid UTF-8" },
        { "\"\xed\xa0\x80\"", "a string is not valid UTF-8" },
        { "{\"a\":1,\"b\":2,\"a\":3}", "has the same member twice (line 1, column 14, position 13)" },
        { "{\"a\":1,\"\\u0061\":3}", "has the same member twice" },
    };
    sv_arena_t *arena = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sv_error_t error;

        assert_null(parse(bad[i].text, strlen(bad[i].text), arena, &error));
        assert_int_equal(error.status, SV_ERR_JSON_INVALID);
        if (strstr(error.message, bad[i].says) == NULL) {
            fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text, error.message, bad[i].says);
        }
        assert_null(json_loads(bad[i].text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL));
    }
}

static void
integers_beyond_64_bits_are_reals(void **state)
{
    static const struct {
        const char *text;
        double value;
    } wide[] = {
        { "9223372036854775808", 0x1p63 },
        { "-9223372036854775809", -0x1p63 },
        { "99999999999999999999999999", 1e26 },
        { "18446744073709551617", 0x1p64 },
    };
    sv_arena_t *arena = *state;

    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        sv_error_t error;
        json_t *value = parse(wide[i].text, strlen(wide[i].text), arena, &error);

        assert_non_null(value);
        assert_true(json_is_real(value));
        assert_true(json_real_value(value) == wide[i].value);
        json_decref(value);
    }
}

static void
a_nul_byte_is_a_fault_wherever_it_stands(void **state)
{
    sv_error_t error;

    assert_null(parse("\"a\0b\"", 5, *state, &error));
    assert_null(parse("[1,\0]", 5, *state, &error));
    assert_null(parse("{}\0", 3, *state, &error));
    assert_int_equal(error.status, SV_ERR_JSON_INVALID);
}

static void
nesting_is_bounded(void **state)
{
    static char text[200001];
    sv_error_t error;
    json_t *value;

    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    value = parse(text, 64, *state, &error);
    assert_non_null(value);
    json_decref(value);

    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    assert_null(parse(text, 66, *state, &error));
    assert_non_null(strstr(error.message, "nested deeper than 32 levels (line 1, column 33, position 32)"));

    memset(text, '[', 200000);
    assert_null(parse(text, 200000, *state, &error));
    for (size_t i = 0; i < 40000; i++) {
        memcpy(text + i * 5, "{\"a\":", 5);
    }
    assert_null(parse(text, 200000, *state, &error));
    assert_non_null(strstr(error.message, "nested deeper"));
}

static void
random_numbers_have_jansson_values(void **state)
{
    random_t random = random_seeded(9);
    sv_arena_t *arena = *state;

    for (int i = 0; i < 50000; i++) {
        char text[80];
        json_t *expected, *value;
        sv_error_t error;

        snprintf(text, sizeof(text), random_next(&random) % 2 ? "[%lld.%llu]" : "[%lld.%llue%d]",
                 (long long) random_magnitude(&random, INT64_MAX - 1),
                 (unsigned long long) random_magnitude(&random, INT64_MAX - 1) >> 1,
                 (int) random_between(&random, -330, 300));
        expected = json_loads(text, 0, NULL);
        value = parse(text, strlen(text), arena, &error);
        assert_int_equal(expected == NULL, value == NULL);
        if (value != NULL) {
            assert_true(json_equal(expected, value));
        }
        json_decref(expected);
        json_decref(value);
    }
}

static void
a_document_cut_anywhere_is_refused(void **state)
{
    static const char text[] =
        "{\"records\":[{\"id\":\"a\\u00e9\xc3\xb6\",\"qty\":-12.5e1,\"ok\":true,\"none\":null}],\"n\":{}}";
    sv_arena_t *arena = *state;
    sv_error_t error;
    json_t *value = parse(text, sizeof(text) - 1, arena, &error);

    assert_non_null(value);
    json_decref(value);
    for (size_t length = 0; length < sizeof(text) - 1; length++) {
        assert_null(parse(text, length, arena, &error));
        assert_int_equal(error.status, SV_ERR_JSON_INVALID);
    }
}

static int
setup(void **state)
{
    *state = sv_arena_create();
    return 0;
}

static int
teardown(void **state)
{
    sv_arena_destroy(*state);
    return 0;
}

/* `piece` so often within the brackets. */
static bool
is_taken(const char *open, const char *piece, const char *close, int count)
{
    sv_arena_t *arena = sv_arena_create();
    sv_buffer_t text;
    sv_error_t error;
    json_t *value;
    bool taken;

    sv_buffer_init(&text, arena, 1024);
    sv_buffer_puts(&text, open);
    for (int i = 0; i < count; i++) {
        sv_buffer_printf(&text, i == 0 ? piece + 1 : piece, i); /* without its comma */
    }
    sv_buffer_puts(&text, close);
    value = parse(text.data, text.length, arena, &error);
    taken = value != NULL;
    assert_true(taken || strstr(error.message, "too many values") != NULL);
    json_decref(value);
    sv_arena_destroy(arena);
    return taken;
}

static void
no_text_takes_many_times_its_memory(void **state)
{
    static const struct {
        const char *open, *piece, *close;
        int weight;
    } cases[] = {
        { "[", ",{}", "]", 8 }, { "[", ",[]", "]", 8 }, { "[", ",1", "]", 1 }, { "{", ",\"m%d\":1", "}", 2 }
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int most = (SV_JSON_READ_WEIGHT - 8) / cases[i].weight;

        assert_true(is_taken(cases[i].open, cases[i].piece, cases[i].close, most));
        assert_false(is_taken(cases[i].open, cases[i].piece, cases[i].close, most + 1));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts_jansson_takes_are_taken_with_equal_values, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_are_told_with_their_place, setup, teardown),
        cmocka_unit_test_setup_teardown(integers_beyond_64_bits_are_reals, setup, teardown),
        cmocka_unit_test_setup_teardown(a_nul_byte_is_a_fault_wherever_it_stands, setup, teardown),
        cmocka_unit_test_setup_teardown(nesting_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(random_numbers_have_jansson_values, setup, teardown),
        cmocka_unit_test_setup_teardown(a_document_cut_anywhere_is_refused, setup, teardown),
        cmocka_unit_test(no_text_takes_many_times_its_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
