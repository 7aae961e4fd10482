/* What scans say: the vectors that readers in other languages are held to as well, and trade item numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "core/scan/scan.h"

static const char *const sv_kinds[] = { "code", "gs1", "mh10" };

static void
expect_text(const char *why, const char *name, const json_t *expect, const char *value)
{
    const char *wanted = json_string_value(json_object_get(expect, name));

    if (wanted == NULL ? value != NULL : value == NULL || strcmp(wanted, value) != 0) {
        fail_msg("%s: %s is %s, not %s", why, name, value ? value : "absent", wanted ? wanted : "absent");
    }
}

static void
check_vector(const json_t *vector, int year)
{
    const json_t *expect = json_object_get(vector, "expect"), *bytes = json_object_get(vector, "scan");
    const json_t *quantity = json_object_get(expect, "quantity");
    const char *why = json_string_value(json_object_get(vector, "why"));
    sv_arena_t *arena = sv_arena_create();
    sv_quantity_t wanted = 0;
    sv_scan_t scan;

    sv_scan_read(json_string_value(bytes), json_string_length(bytes), year, arena, &scan);
    expect_text(why, "kind", expect, sv_kinds[scan.kind]);
    expect_text(why, "gtin", expect, scan.has_gtin ? scan.gtin : NULL);
    expect_text(why, "item", expect, scan.item);
    expect_text(why, "lot", expect, scan.lot);
    expect_text(why, "serial", expect, scan.serial);
    expect_text(why, "mfg_date", expect, scan.mfg_date);
    expect_text(why, "best_before", expect, scan.best_before);
    expect_text(why, "expiry_date", expect, scan.expiry_date);
    expect_text(why, "uom", expect, scan.uom);
    if (json_object_get(expect, "text") != NULL) {
        expect_text(why, "text", expect, scan.text);
    }
    if (scan.has_quantity != (quantity != NULL) ||
        (quantity != NULL &&
         (!sv_quantity_from_double(json_number_value(quantity), &wanted) || wanted != scan.quantity))) {
        fail_msg("%s: the quantity is %lld millionths", why, (long long) (scan.has_quantity ? scan.quantity : -1));
    }
    sv_arena_destroy(arena);
}

static void
scans_say_what_the_vectors_tell(void **state)
{
    json_error_t error;
    json_t *file = json_load_file("t/vectors/scan.json", 0, &error), *vectors, *vector;
    size_t i;

    (void) state;
    if (file == NULL) {
        fail_msg("t/vectors/scan.json:%d: %s", error.line, error.text);
    }
    vectors = json_object_get(file, "vectors");
    assert_true(json_array_size(vectors) > 40);
    json_array_foreach(vectors, i, vector)
    {
        check_vector(vector, (int) json_integer_value(json_object_get(file, "year")));
    }
    json_decref(file);
}

static void
check_digits_are_those_of_printed_articles(void **state)
{
    (void) state;
    assert_int_equal(sv_gtin_check_digit("400638133393", 12), '1');
    assert_int_equal(sv_gtin_check_digit("03600029145", 11), '2');
    assert_int_equal(sv_gtin_check_digit("9638507", 7), '4');
    assert_true(sv_gtin_check("4006381333931", 13));
    assert_false(sv_gtin_check("4006381333932", 13));
    assert_false(sv_gtin_check("0", 1));
}

static void
codes_that_are_no_article_numbers_stay_so(void **state)
{
    static const char *const codes[] = { "", "1", "1234567", "4006381333930", "40063813339a1", "104006381333931234" };
    char gtin[SV_GTIN_SIZE];

    (void) state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_false(sv_gtin_normalize(codes[i], gtin));
    }
    assert_false(sv_gtin_from_upc_e("24252614", gtin));
    assert_false(sv_gtin_from_upc_e("04252615", gtin));
}

/* A year's two digits belong to the century that is nearest (GS1 General Specifications, 7.12). */
static void
centuries_follow_the_present_year(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    const char *date = NULL;

    (void) state;
    assert_true(sv_scan_date(&date, "990101", 6, 2051, arena));
    assert_string_equal(date, "2099-01-01");
    date = NULL;
    assert_true(sv_scan_date(&date, "010101", 6, 2051, arena));
    assert_string_equal(date, "2101-01-01");
    date = NULL;
    assert_true(sv_scan_date(&date, "020101", 6, 2051, arena));
    assert_string_equal(date, "2002-01-01");
    date = NULL;
    assert_false(sv_scan_date(&date, "230229", 6, 2026, arena));
    assert_false(sv_scan_date(&date, "231301", 6, 2026, arena));
    sv_arena_destroy(arena);
}

static void
any_bytes_may_be_scanned(void **state)
{
    static const char bytes[] = "]C1\0\xff\x1d"
                                "01";
    sv_arena_t *arena = sv_arena_create();
    sv_scan_t scan;

    (void) state;
    sv_scan_read(bytes, sizeof(bytes) - 1, 2026, arena, &scan);
    assert_int_equal(scan.kind, SV_SCAN_CODE);
    assert_string_equal(scan.text, "");
    sv_scan_read("", 0, 2026, arena, &scan);
    assert_string_equal(scan.text, "");
    sv_arena_destroy(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans_say_what_the_vectors_tell),
        cmocka_unit_test(check_digits_are_those_of_printed_articles),
        cmocka_unit_test(codes_that_are_no_article_numbers_stay_so),
        cmocka_unit_test(centuries_follow_the_present_year),
        cmocka_unit_test(any_bytes_may_be_scanned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
