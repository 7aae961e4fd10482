/* UTF-8, identifiers, percent-decoding. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/text.h"

static void
well_formed_utf8_is_taken(void **state)
{
    static const char *const good[] = {
        "",
        "rack",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "Gr\xc3\xb6\xc3\x9f"
        "e",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(sv_utf8_valid(good[i], strlen(good[i])));
    }
}

static void
malformed_utf8_is_refused(void **state)
{
    static const char *const bad[] = {
        "\x80",     "\xbf",         "a\xc3",        "\xc0\x80",         "\xc1\xbf",         "\xe0\x9f\xbf",
        "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff",     "\xc3(",        "\xe2\x82(",    "\xf0\x9f\x98(",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(sv_utf8_valid(bad[i], strlen(bad[i])));
    }
    assert_false(sv_utf8_valid("a\0b", 3));
}

static void
a_bad_byte_is_found_at_every_place(void **state)
{
    static const char bad[] = { '\0', '\x80', '\xff' };

    (void) state;
    for (size_t i = 0; i < sizeof(bad); i++) {
        for (size_t place = 0; place < 20; place++) {
            char text[20], out[sizeof(text) + 1];

            memset(text, 'm', sizeof(text));
            assert_true(sv_utf8_valid(text, sizeof(text)));
            text[place] = bad[i];
            assert_false(sv_utf8_valid(text, sizeof(text)));
            assert_int_equal(sv_percent_decode(text, sizeof(text), false, out), -1);
        }
    }
}

static void
characters_are_counted_not_bytes(void **state)
{
    (void) state;
    assert_int_equal(sv_utf8_length(""), 0);
    assert_int_equal(sv_utf8_length("rack"), 4);
    assert_int_equal(sv_utf8_length("\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80"), 3);
}

static void
control_characters_are_found(void **state)
{
    (void) state;
    assert_false(sv_utf8_has_control("plain \xc3\xb6 \xc2\xa0", ""));
    assert_true(sv_utf8_has_control("a\nb", ""));
    assert_false(sv_utf8_has_control("a\nb\t", "\n\t"));
    assert_true(sv_utf8_has_control("a\rb", "\n\t"));
    assert_true(sv_utf8_has_control("\x7f", "\n\t"));
    assert_true(sv_utf8_has_control("\xc2\x85", "\n\t")); /* U+0085, next line */
}

static void
an_identifier_has_no_blank_ends_and_no_controls(void **state)
{
    static const char *const bad[] = { "", " a", "a ", " ", "a\tb", "a\x1f", "\x7f", "\xc2\x9f", "\xff", "abcdefghi" };

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(sv_identifier_valid(bad[i], 8));
    }
    assert_true(sv_identifier_valid("a b/c", 8));
    assert_true(sv_identifier_valid("\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6", 8));
    assert_false(sv_identifier_valid("\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6z", 8));
}

static void
assert_decodes(const char *text, bool plus_is_blank, const char *expected)
{
    char out[64];

    assert_int_equal(sv_percent_decode(text, strlen(text), plus_is_blank, out), strlen(expected));
    assert_string_equal(out, expected);
}

static void
escapes_are_decoded(void **state)
{
    (void) state;
    assert_decodes("", false, "");
    assert_decodes("R%2F1", false, "R/1");
    assert_decodes("%c3%B6", false, "\xc3\xb6");
    assert_decodes("a+b", false, "a+b");
    assert_decodes("a+b%2B", true, "a b+");
    assert_decodes("%25%32", false, "%2");
}

static void
bad_escapes_are_refused(void **state)
{
    static const char *const bad[] = { "%", "a%2", "%2", "%g0", "%0g", "%%20", "%00", "a%00b", "%ff", "%c3", "\xff" };
    char out[64];

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(sv_percent_decode(bad[i], strlen(bad[i]), false, out), -1);
    }
    assert_int_equal(sv_percent_decode("%20", 2, false, out), -1); /* never reads past its length */
    assert_int_equal(sv_percent_decode("a\0b", 3, false, out), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_utf8_is_taken),
        cmocka_unit_test(malformed_utf8_is_refused),
        cmocka_unit_test(a_bad_byte_is_found_at_every_place),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(control_characters_are_found),
        cmocka_unit_test(an_identifier_has_no_blank_ends_and_no_controls),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(bad_escapes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
