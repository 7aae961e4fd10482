/* The gate of texts: what looks the same is the same behind it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/text_gate.h"

#define LRM               "\xe2\x80\x8e"
#define ZWSP              "\xe2\x80\x8b"
#define ZWJ               "\xe2\x80\x8d"
#define BOM               "\xef\xbb\xbf"
#define NBSP              "\xc2\xa0"
#define SHY               "\xc2\xad"
#define IDEOGRAPHIC_BLANK "\xe3\x80\x80"
#define LINE_SEPARATOR    "\xe2\x80\xa8"
#define DIAERESIS         "\xcc\x88"
#define O_UMLAUT          "\xc3\xb6"

typedef struct {
    sv_text_kind_t kind;
    const char *text;
    const char *clean; /* NULL: does not pass */
} vector_t;

static int
make_arena(void **state)
{
    *state = sv_arena_create();
    return 0;
}

static int
free_arena(void **state)
{
    sv_arena_destroy(*state);
    return 0;
}

static void
check(sv_arena_t *arena, const vector_t *vectors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *clean = "(unset)", *again;
        sv_text_fault_t fault =
            sv_text_gate(vectors[i].kind, vectors[i].text, strlen(vectors[i].text), 64, arena, &clean);

        if (vectors[i].clean == NULL) {
            assert_int_equal(fault, SV_TEXT_CONTROL);
            continue;
        }
        assert_int_equal(fault, SV_TEXT_OK);
        assert_string_equal(clean, vectors[i].clean);
        assert_int_equal(sv_text_gate(vectors[i].kind, clean, strlen(clean), 64, arena, &again), SV_TEXT_OK);
        assert_string_equal(again, clean);
    }
}

static void
what_nobody_sees_makes_no_other_code(void **state)
{
    static const vector_t vectors[] = {
        { SV_TEXT_CODE, "A-1", "A-1" },
        { SV_TEXT_CODE, LRM "A-1", "A-1" },
        { SV_TEXT_CODE, "A-1" LRM, "A-1" },
        { SV_TEXT_CODE, "A" ZWSP "-1", "A-1" },
        { SV_TEXT_CODE, BOM "A-1", "A-1" },
        { SV_TEXT_CODE, "A" SHY "-1", "A-1" },
        { SV_TEXT_CODE,
          "\xe2\x80\xae"
          "A-1"
          "\xe2\x80\xac",
          "A-1" },                                      /* right-to-left override */
        { SV_TEXT_CODE, "A-1\xef\xb8\x8f", "A-1" },     /* a variation selector */
        { SV_TEXT_CODE, "A-1\xf3\xa0\x81\xa1", "A-1" }, /* a tag character */
        { SV_TEXT_CODE, "A-1\xef\xbf\xb9", "A-1" },     /* an annotation's anchor */
        { SV_TEXT_NAME, "mar" ZWJ "ia", "maria" },
        { SV_TEXT_SEARCH, "gr" ZWSP O_UMLAUT, "gr" O_UMLAUT },
        { SV_TEXT_CODE, ZWSP LRM BOM, "" },
    };

    check(*state, vectors, sizeof(vectors) / sizeof(vectors[0]));
}

static void
blanks_of_every_width_are_blanks_and_go_from_the_ends(void **state)
{
    static const vector_t vectors[] = {
        { SV_TEXT_CODE, "A" NBSP "1", "A 1" },
        { SV_TEXT_CODE, NBSP "A-1" NBSP, "A-1" },
        { SV_TEXT_CODE, " A-1 ", "A-1" },
        { SV_TEXT_CODE, IDEOGRAPHIC_BLANK "A-1" ZWSP " ", "A-1" },
        { SV_TEXT_CODE,
          "A\xe2\xa0\x80"
          "1",
          "A 1" }, /* U+2800 */
        { SV_TEXT_CODE, "A" LINE_SEPARATOR "1", "A 1" },
        { SV_TEXT_CODE, "A  1", "A  1" },
        { SV_TEXT_NAME, "maria ", "maria" },
        { SV_TEXT_NAME, "   ", "" },
        { SV_TEXT_SEARCH, " blue \t\n" NBSP "box ", "blue box" },
        { SV_TEXT_SEARCH, "blue  box", "blue box" },
    };

    check(*state, vectors, sizeof(vectors) / sizeof(vectors[0]));
}

static void
what_a_scanner_adds_is_cut_and_what_it_reads_stays(void **state)
{
    static const vector_t vectors[] = {
        { SV_TEXT_CODE, "4006381333931\r\n", "4006381333931" },
        { SV_TEXT_CODE, "4006381333931\t", "4006381333931" },
        { SV_TEXT_CODE, "\n4006381333931", "4006381333931" },
        { SV_TEXT_CODE, "\t" BOM "\t7\t", "7" },
        { SV_TEXT_CODE,
          "0104006381333931\x1d"
          "10L1",
          "0104006381333931\x1d"
          "10L1" },
        { SV_TEXT_CODE, "A\tB", NULL }, /* two codes are not one */
        { SV_TEXT_CODE, "A\x02", NULL },
        { SV_TEXT_CODE, "A\x7f", NULL },
        { SV_TEXT_CODE, "A\xc2\x92", NULL },
        { SV_TEXT_NAME,
          "a\x1d"
          "b",
          NULL },
        { SV_TEXT_LINE, "a\nb", NULL },
        { SV_TEXT_LINE, "a\n", "a" },
    };

    check(*state, vectors, sizeof(vectors) / sizeof(vectors[0]));
}

static void
letters_are_composed(void **state)
{
    static const vector_t vectors[] = {
        { SV_TEXT_CODE, "Gro" DIAERESIS "n", "Gr" O_UMLAUT "n" },
        { SV_TEXT_NAME, "Gro" DIAERESIS "n", "Gr" O_UMLAUT "n" },
        { SV_TEXT_LINE, "Gro" DIAERESIS "n", "Gr" O_UMLAUT "n" },
        { SV_TEXT_NOTE, "Gro" DIAERESIS "n", "Gr" O_UMLAUT "n" },
        { SV_TEXT_CODE, "o" ZWSP DIAERESIS, O_UMLAUT },                           /* a mark between them goes first */
        { SV_TEXT_CODE, "\xe2\x84\xaa", "K" },                                    /* Kelvin */
        { SV_TEXT_CODE, "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xea\xb0\x81" }, /* Hangul */
        { SV_TEXT_CODE, "a\xcc\x81\xcc\xa3", "\xe1\xba\xa1\xcc\x81" },            /* marks in the other order */
        { SV_TEXT_CODE, "\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc" },             /* excluded from composition */
        { SV_TEXT_CODE, "\xef\xac\x81", "\xef\xac\x81" }, /* a ligature is a letter of its own */
    };

    check(*state, vectors, sizeof(vectors) / sizeof(vectors[0]));
}

static void
notes_keep_their_lines_and_what_writing_needs(void **state)
{
    static const vector_t vectors[] = {
        { SV_TEXT_NOTE, "one\n\ttwo", "one\n\ttwo" },
        { SV_TEXT_NOTE, "one\r\ntwo\rthree\n", "one\ntwo\nthree" },
        { SV_TEXT_NOTE,
          "one\xc2\x85two" LINE_SEPARATOR "three\x0b"
          "four",
          "one\ntwo\nthree\nfour" },
        { SV_TEXT_NOTE, "\xf0\x9f\x91\xa8" ZWJ "\xf0\x9f\x91\xa9", "\xf0\x9f\x91\xa8" ZWJ "\xf0\x9f\x91\xa9" },
        { SV_TEXT_LINE, "\xd7\x90" LRM "1", "\xd7\x90" LRM "1" },
        { SV_TEXT_LINE, BOM "a" NBSP "b", "a b" },
        { SV_TEXT_NOTE, "a\x1b[0m", NULL },
        { SV_TEXT_NOTE, "a\x1d", NULL },
    };

    check(*state, vectors, sizeof(vectors) / sizeof(vectors[0]));
}

static void
a_text_is_measured_behind_the_gate(void **state)
{
    const char *clean;

    assert_int_equal(sv_text_gate(SV_TEXT_CODE, "o" DIAERESIS "o" DIAERESIS ZWSP, 9, 2, *state, &clean), SV_TEXT_OK);
    assert_string_equal(clean, O_UMLAUT O_UMLAUT);
    assert_int_equal(sv_text_gate(SV_TEXT_CODE, "abc", 3, 2, *state, &clean), SV_TEXT_TOO_LONG);
    assert_int_equal(sv_text_gate(SV_TEXT_CODE, O_UMLAUT "bc", 4, 2, *state, &clean), SV_TEXT_TOO_LONG);
    assert_int_equal(sv_text_gate(SV_TEXT_CODE, "ab  ", 4, 2, *state, &clean), SV_TEXT_OK);
    assert_int_equal(sv_text_gate(SV_TEXT_CODE, "a\0b", 3, 9, *state, &clean), SV_TEXT_NOT_UTF8);
    assert_int_equal(sv_text_gate(SV_TEXT_CODE, "\xed\xa0\x80", 3, 9, *state, &clean), SV_TEXT_NOT_UTF8);
    assert_null(sv_text_pass(SV_TEXT_NAME, NBSP, 9, *state));
    assert_null(sv_text_pass(SV_TEXT_NAME, "a\nb", 9, *state));
    assert_string_equal(sv_text_pass(SV_TEXT_NAME, "a" NBSP, 9, *state), "a");
}

static void
a_plain_text_is_not_copied(void **state)
{
    static const char text[] = "RACK 17/4";

    assert_ptr_equal(sv_text_pass(SV_TEXT_CODE, text, 64, *state), text);
}

/* A name of one letter and marks without end, in the worst order. */
static void
a_run_of_marks_takes_no_time(void **state)
{
    enum { MARKS = 300000 };
    char *text = sv_arena_alloc(*state, 2 * MARKS + 2);
    const char *clean;
    size_t length = 1;

    text[0] = 'a';
    for (int i = 0; i < MARKS; i++) {
        memcpy(text + length, i % 2 == 0 ? "\xcc\x81" : "\xcc\xa3", 2);
        length += 2;
    }
    text[length] = '\0';
    assert_int_equal(sv_text_gate(SV_TEXT_NOTE, text, length, 64, *state, &clean), SV_TEXT_TOO_LONG);
    assert_int_equal(sv_text_gate(SV_TEXT_NOTE, text, length, MARKS + 1, *state, &clean), SV_TEXT_OK);
    assert_int_equal(sv_utf8_length(clean), MARKS);        /* one composed with the letter */
    assert_memory_equal(clean, "\xe1\xba\xa1\xcc\xa3", 5); /* the marks below come first */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_sees_makes_no_other_code),
        cmocka_unit_test(blanks_of_every_width_are_blanks_and_go_from_the_ends),
        cmocka_unit_test(what_a_scanner_adds_is_cut_and_what_it_reads_stays),
        cmocka_unit_test(letters_are_composed),
        cmocka_unit_test(notes_keep_their_lines_and_what_writing_needs),
        cmocka_unit_test(a_text_is_measured_behind_the_gate),
        cmocka_unit_test(a_plain_text_is_not_copied),
        cmocka_unit_test(a_run_of_marks_takes_no_time),
    };

    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
