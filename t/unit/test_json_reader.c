/* The getters: what each takes, and the path and word of each wrong member. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/json_reader.h"

typedef struct {
    sv_arena_t *arena;
    sv_error_t error;
    sv_json_fields_t fields;
} reading_t;

static const char *const conditions[] = { "good", "damaged", "expired", NULL };

/* The object `text` as the fourth record of a batch. */
static void
begin(reading_t *r, const char *text)
{
    sv_error_init(&r->error, r->arena);
    r->fields =
        (sv_json_fields_t){ sv_json_parse_object(text, strlen(text), r->arena, &r->error), "records[3]", &r->error };
    assert_non_null(r->fields.object);
}

/* One error so far, of the member `x`; a fresh error afterwards. */
static void
assert_wrong_at(reading_t *r, const char *field, const char *code)
{
    assert_int_equal(r->error.status, SV_ERR_VALIDATION_FAILED);
    assert_int_equal(r->error.detail_count, 1);
    assert_string_equal(r->error.details[0].field, field);
    assert_string_equal(r->error.details[0].code, code);
    assert_true(strlen(r->error.details[0].message) > 10);
    sv_error_clear(&r->error);
}

static void
assert_wrong(reading_t *r, const char *code)
{
    assert_wrong_at(r, "records[3].x", code);
}

static void
a_body_must_be_an_object(void **state)
{
    static const char *const others[] = { "[]", "1", "\"a\"", "null" };
    reading_t *r = *state;

    for (size_t i = 0; i < 4; i++) {
        sv_error_init(&r->error, r->arena);
        assert_null(sv_json_parse_object(others[i], strlen(others[i]), r->arena, &r->error));
        assert_int_equal(r->error.status, SV_ERR_JSON_INVALID);
        assert_non_null(strstr(r->error.message, "object"));
    }
}

static void
absent_and_null_are_the_same(void **state)
{
    static const char *const texts[] = { "{}", "{\"x\":null}" };
    reading_t *r = *state;
    const char *text = NULL, **texts_read = NULL;
    const json_t *value = NULL;
    sv_quantity_t quantity = 0;
    int64_t number = 0;
    size_t count = 0;
    bool flag = false;
    int index = 0;

    for (size_t i = 0; i < 2; i++) {
        begin(r, texts[i]);
        for (sv_presence_t presence = SV_OPTIONAL; presence <= SV_REQUIRED; presence++) {
            const char *code = presence == SV_REQUIRED ? "required" : NULL;
            const sv_json_fields_t *f = &r->fields;

#define ASSERT_ABSENT(call)                                                                                            \
    do {                                                                                                               \
        assert_false(call);                                                                                            \
        if (code != NULL) {                                                                                            \
            assert_wrong(r, code);                                                                                     \
        }                                                                                                              \
        assert_int_equal(r->error.status, SV_OK);                                                                      \
    } while (0)
            ASSERT_ABSENT(sv_json_get_text(f, "x", presence, 1, 10, &text));
            ASSERT_ABSENT(sv_json_get_note(f, "x", presence, 10, &text));
            ASSERT_ABSENT(sv_json_get_identifier(f, "x", presence, 10, &text));
            ASSERT_ABSENT(sv_json_get_bool(f, "x", presence, &flag));
            ASSERT_ABSENT(sv_json_get_int(f, "x", presence, 0, 10, &number));
            ASSERT_ABSENT(sv_json_get_quantity(f, "x", presence, false, &quantity));
            ASSERT_ABSENT(sv_json_get_time(f, "x", presence, &number));
            ASSERT_ABSENT(sv_json_get_date(f, "x", presence, &number));
            ASSERT_ABSENT(sv_json_get_choice(f, "x", presence, conditions, &index));
            ASSERT_ABSENT(sv_json_get_array(f, "x", presence, 10, &value));
            ASSERT_ABSENT(sv_json_get_object(f, "x", presence, &value));
            ASSERT_ABSENT(sv_json_get_identifiers(f, "x", presence, 10, 10, r->arena, &texts_read, &count));
#undef ASSERT_ABSENT
        }
    }
}

static void
texts_are_bounded_in_characters(void **state)
{
    reading_t *r = *state;
    const char *text = NULL;

    begin(r, "{\"x\":\"\xc3\xb6\xc3\xb6\xc3\xb6\"}");
    assert_true(sv_json_get_text(&r->fields, "x", SV_REQUIRED, 3, 3, &text));
    assert_string_equal(text, "\xc3\xb6\xc3\xb6\xc3\xb6");
    assert_false(sv_json_get_text(&r->fields, "x", SV_REQUIRED, 4, 9, &text));
    assert_wrong(r, "too_short");
    assert_false(sv_json_get_text(&r->fields, "x", SV_OPTIONAL, 0, 2, &text));
    assert_wrong(r, "too_long");
    begin(r, "{\"x\":\"\"}");
    assert_true(sv_json_get_text(&r->fields, "x", SV_REQUIRED, 0, 2, &text));
    assert_string_equal(text, "");
    assert_false(sv_json_get_text(&r->fields, "x", SV_REQUIRED, 1, 2, &text));
    assert_wrong(r, "too_short");
    begin(r, "{\"x\":1}");
    assert_false(sv_json_get_text(&r->fields, "x", SV_REQUIRED, 0, 2, &text));
    assert_wrong(r, "wrong_type");
}

static void
a_text_has_no_control_characters_a_note_has_line_breaks(void **state)
{
    reading_t *r = *state;
    const char *text = NULL;

    begin(r, "{\"x\":\"a\\tb\\r\\nc\"}");
    assert_false(sv_json_get_text(&r->fields, "x", SV_REQUIRED, 0, 99, &text));
    assert_wrong(r, "invalid_character");
    assert_true(sv_json_get_note(&r->fields, "x", SV_REQUIRED, 99, &text));
    assert_string_equal(text, "a\tb\nc");
    assert_false(sv_json_get_note(&r->fields, "x", SV_REQUIRED, 4, &text));
    assert_wrong(r, "too_long");
    begin(r, "{\"x\":\"bell \\u0007\"}");
    assert_false(sv_json_get_note(&r->fields, "x", SV_REQUIRED, 99, &text));
    assert_wrong(r, "invalid_character");
}

static void
identifiers_follow_their_rule(void **state)
{
    static const struct {
        const char *object, *code;
    } bad[] = {
        { "{\"x\":\"\"}", "too_short" },
        { "{\"x\":\" \xe2\x80\x8b\"}", "too_short" },
        { "{\"x\":\"a\\nb\"}", "invalid_character" },
        { "{\"x\":\"12345\"}", "too_long" },
        { "{\"x\":[]}", "wrong_type" },
    };
    reading_t *r = *state;
    const char *text = NULL;

    begin(r, "{\"x\":\"R 1\"}");
    assert_true(sv_json_get_identifier(&r->fields, "x", SV_REQUIRED, 4, &text));
    assert_string_equal(text, "R 1");
    begin(r, "{\"x\":\" R\xc2\xa0"
             "1\xe2\x80\x8e\\r\\n\",\"y\":\"Asha\\u001d\"}");
    assert_true(sv_json_get_identifier(&r->fields, "x", SV_REQUIRED, 4, &text));
    assert_string_equal(text, "R 1");
    assert_true(sv_json_get_name(&r->fields, "x", SV_REQUIRED, 4, &text));
    assert_string_equal(text, "R 1");
    assert_true(sv_json_get_secret(&r->fields, "x", SV_REQUIRED, 1, 9, &text) == false);
    assert_wrong(r, "invalid_character");
    assert_true(sv_json_get_identifier(&r->fields, "y", SV_REQUIRED, 9, &text));
    assert_string_equal(text, "Asha\x1d");
    assert_false(sv_json_get_name(&r->fields, "y", SV_REQUIRED, 9, &text));
    assert_wrong_at(r, "records[3].y", "invalid_character");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin(r, bad[i].object);
        assert_false(sv_json_get_identifier(&r->fields, "x", SV_OPTIONAL, 4, &text));
        assert_wrong(r, bad[i].code);
    }
}

static void
flags_and_integers_are_of_their_type(void **state)
{
    static const struct {
        const char *object, *code;
    } bad[] = {
        { "{\"x\":1e300}", "out_of_range" }, { "{\"x\":\"5\"}", "wrong_type" },
        { "{\"x\":true}", "wrong_type" },    { "{\"x\":-1}", "out_of_range" },
        { "{\"x\":11}", "out_of_range" },    { "{\"x\":9223372036854775808}", "out_of_range" },
        { "{\"x\":5.5}", "wrong_type" },
    };
    reading_t *r = *state;
    int64_t number = 0;
    bool flag = false;

    begin(r, "{\"x\":true,\"y\":false,\"n\":10,\"s\":\"true\"}");
    assert_true(sv_json_get_bool(&r->fields, "x", SV_REQUIRED, &flag) && flag);
    assert_true(sv_json_get_bool(&r->fields, "y", SV_REQUIRED, &flag) && !flag);
    assert_true(sv_json_get_int(&r->fields, "n", SV_REQUIRED, 0, 10, &number));
    assert_int_equal(number, 10);
    begin(r, "{\"n\":5.0,\"s\":\"true\"}"); /* not every language tells 5.0 from 5 */
    assert_true(sv_json_get_int(&r->fields, "n", SV_REQUIRED, 0, 10, &number));
    assert_int_equal(number, 5);
    assert_false(sv_json_get_bool(&r->fields, "s", SV_REQUIRED, &flag));
    assert_wrong_at(r, "records[3].s", "wrong_type");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin(r, bad[i].object);
        assert_false(sv_json_get_int(&r->fields, "x", SV_REQUIRED, 0, 10, &number));
        assert_wrong(r, bad[i].code);
    }
}

static void
quantities_are_exact_and_not_negative(void **state)
{
    static const struct {
        const char *object;
        sv_quantity_t quantity;
    } good[] = {
        { "{\"x\":0}", 0 },
        { "{\"x\":-0.0}", 0 },
        { "{\"x\":5}", 5000000 },
        { "{\"x\":5.0}", 5000000 },
        { "{\"x\":0.000001}", 1 },
        { "{\"x\":1e3}", 1000000000 },
        { "{\"x\":999999999.999999}", SV_QUANTITY_MAX },
    };
    static const struct {
        const char *object, *code;
    } bad[] = {
        { "{\"x\":-1}", "negative" },
        { "{\"x\":-0.5}", "negative" },
        { "{\"x\":0.0000001}", "not_exact" },
        { "{\"x\":1.0000001}", "not_exact" },
        { "{\"x\":1000000000}", "out_of_range" },
        { "{\"x\":1e300}", "out_of_range" },
        { "{\"x\":-1e300}", "out_of_range" },
        { "{\"x\":9223372036854775807}", "out_of_range" },
        { "{\"x\":340123456789012345678}", "out_of_range" },
        { "{\"x\":\"5\"}", "wrong_type" },
        { "{\"x\":true}", "wrong_type" },
        { "{\"x\":{\"$numberDecimal\":\"5\"}}", "wrong_type" },
    };
    reading_t *r = *state;
    sv_quantity_t quantity;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        quantity = -7;
        begin(r, good[i].object);
        assert_true(sv_json_get_quantity(&r->fields, "x", SV_REQUIRED, false, &quantity));
        assert_int_equal(quantity, good[i].quantity);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin(r, bad[i].object);
        assert_false(sv_json_get_quantity(&r->fields, "x", SV_REQUIRED, false, &quantity));
        assert_wrong(r, bad[i].code);
    }
    begin(r, "{\"x\":-0.5}");
    assert_true(sv_json_get_quantity(&r->fields, "x", SV_REQUIRED, true, &quantity));
    assert_int_equal(quantity, -500000);
}

static void
times_and_dates_are_read(void **state)
{
    reading_t *r = *state;
    int64_t ms = 0;

    begin(r, "{\"t\":\"2026-01-05T08:00:00Z\",\"d\":\"2026-01-05\",\"x\":1767600000}");
    assert_true(sv_json_get_time(&r->fields, "t", SV_REQUIRED, &ms));
    assert_int_equal(ms, INT64_C(1767600000000));
    assert_true(sv_json_get_date(&r->fields, "d", SV_REQUIRED, &ms));
    assert_int_equal(ms, INT64_C(1767571200000));
    assert_false(sv_json_get_time(&r->fields, "d", SV_REQUIRED, &ms));
    assert_wrong_at(r, "records[3].d", "invalid_format");
    assert_false(sv_json_get_date(&r->fields, "t", SV_REQUIRED, &ms));
    assert_wrong_at(r, "records[3].t", "invalid_format");
    assert_false(sv_json_get_time(&r->fields, "x", SV_REQUIRED, &ms));
    assert_wrong(r, "wrong_type");
}

static void
a_choice_names_what_is_allowed(void **state)
{
    reading_t *r = *state;
    int index = -1;

    begin(r, "{\"x\":\"expired\",\"y\":\"Good\",\"z\":0}");
    assert_true(sv_json_get_choice(&r->fields, "x", SV_REQUIRED, conditions, &index));
    assert_int_equal(index, 2);
    assert_false(sv_json_get_choice(&r->fields, "y", SV_REQUIRED, conditions, &index));
    assert_string_equal(r->error.details[0].message, "y must be one of: good, damaged, expired");
    assert_wrong_at(r, "records[3].y", "not_allowed");
    assert_false(sv_json_get_choice(&r->fields, "z", SV_REQUIRED, conditions, &index));
    assert_wrong_at(r, "records[3].z", "wrong_type");
}

static void
arrays_and_objects_are_given_whole(void **state)
{
    reading_t *r = *state;
    const json_t *value = NULL;

    begin(r, "{\"a\":[1,2,3],\"o\":{\"b\":1}}");
    assert_true(sv_json_get_array(&r->fields, "a", SV_REQUIRED, 3, &value));
    assert_int_equal(json_array_size(value), 3);
    assert_false(sv_json_get_array(&r->fields, "a", SV_REQUIRED, 2, &value));
    assert_wrong_at(r, "records[3].a", "too_long");
    assert_false(sv_json_get_array(&r->fields, "o", SV_REQUIRED, 2, &value));
    assert_wrong_at(r, "records[3].o", "wrong_type");
    assert_true(sv_json_get_object(&r->fields, "o", SV_REQUIRED, &value));
    assert_int_equal(json_object_size(value), 1);
    assert_false(sv_json_get_object(&r->fields, "a", SV_REQUIRED, &value));
    assert_wrong_at(r, "records[3].a", "wrong_type");
}

static void
each_wrong_element_has_its_path(void **state)
{
    static const char *const codes[] = { "wrong_type", "too_short", "too_long", "invalid_character" };
    static const char *const paths[] = { "serials[1]", "serials[2]", "serials[3]", "serials[5]" };
    reading_t *r = *state;
    const char **values = NULL;
    size_t count = 99;

    begin(r, "{\"serials\":[\"A\",1,\"\",\"12345\",\"B\",\"C\\n"
             "D\"],\"good\":[\"A\",\"\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\"],\"none\":[]}");
    r->fields.path = "";
    assert_false(sv_json_get_identifiers(&r->fields, "serials", SV_REQUIRED, 9, 4, r->arena, &values, &count));
    assert_int_equal(r->error.detail_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(r->error.details[i].field, paths[i]);
        assert_string_equal(r->error.details[i].code, codes[i]);
    }
    assert_int_equal(count, 99);
    sv_error_clear(&r->error);
    assert_true(sv_json_get_identifiers(&r->fields, "good", SV_REQUIRED, 9, 4, r->arena, &values, &count));
    assert_int_equal(count, 2);
    assert_string_equal(values[0], "A");
    assert_string_equal(values[1], "\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6");
    assert_true(sv_json_get_identifiers(&r->fields, "none", SV_REQUIRED, 9, 4, r->arena, &values, &count));
    assert_int_equal(count, 0);
    assert_false(sv_json_get_identifiers(&r->fields, "serials", SV_REQUIRED, 5, 4, r->arena, &values, &count));
    assert_wrong_at(r, "serials", "too_long");
}

static void
a_loose_member_keeps_texts_that_are_none(void **state)
{
    static const char body[] =
        "{\"batch_id\":\"b\",\"records\":[{\"x\":\"a\\ud83d\",\"y\":\"\\ud83d\\u0041\",\"n\":\"o\\u0000k\","
        "\"c\":\"a\tb\",\"good\":\"\\ud83d\\ude00\",\"ke\\ude00y\":1}]}";
    static const char *const strict[] = {
        "{\"records\":[],\"batch_id\":\"\\ud83d\"}", "{\"a\":{\"records\":\"\\ud83d\"}}",
        "{\"records\":[{\"x\":\"\xed\xa0\x80\"}]}",  "{\"records\":[{\"x\":\"\\ud83\"}]}",
        "{\"records\":[{\"x\":1,\"x\":2}]}",         "{\"records\":[\"\\ud83d\""
    };
    static const char *const wrong[] = { "x", "y", "n", "c" };
    reading_t *r = *state;
    const char *text = NULL;
    const json_t *read;

    sv_error_init(&r->error, r->arena);
    read = sv_json_parse_object_loosely(body, sizeof(body) - 1, "records", r->arena, &r->error);
    assert_non_null(read);
    assert_null(sv_json_parse_object(body, sizeof(body) - 1, r->arena, &r->error));
    sv_error_clear(&r->error);
    r->fields = (sv_json_fields_t){ json_array_get(json_object_get(read, "records"), 0), "", &r->error };
    assert_true(sv_json_get_text(&r->fields, "good", SV_REQUIRED, 1, 9, &text));
    assert_int_equal(json_object_size(r->fields.object), 6);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(sv_json_get_identifier(&r->fields, wrong[i], SV_REQUIRED, 9, &text));
        assert_wrong_at(r, wrong[i], i < 3 ? "invalid_text" : "invalid_character");
    }
    for (size_t i = 0; i < sizeof(strict) / sizeof(strict[0]); i++) {
        sv_error_init(&r->error, r->arena);
        assert_null(sv_json_parse_object_loosely(strict[i], strlen(strict[i]), "records", r->arena, &r->error));
        assert_int_equal(r->error.status, SV_ERR_JSON_INVALID);
    }
}

static int
setup(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    reading_t *r = sv_arena_zalloc(arena, sizeof(*r));

    r->arena = arena;
    *state = r;
    return 0;
}

static int
teardown(void **state)
{
    reading_t *r = *state;

    sv_arena_destroy(r->arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_must_be_an_object),
        cmocka_unit_test(absent_and_null_are_the_same),
        cmocka_unit_test(texts_are_bounded_in_characters),
        cmocka_unit_test(a_text_has_no_control_characters_a_note_has_line_breaks),
        cmocka_unit_test(identifiers_follow_their_rule),
        cmocka_unit_test(flags_and_integers_are_of_their_type),
        cmocka_unit_test(quantities_are_exact_and_not_negative),
        cmocka_unit_test(times_and_dates_are_read),
        cmocka_unit_test(a_choice_names_what_is_allowed),
        cmocka_unit_test(arrays_and_objects_are_given_whole),
        cmocka_unit_test(each_wrong_element_has_its_path),
        cmocka_unit_test(a_loose_member_keeps_texts_that_are_none),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
