/* CSV: rows as they stand, bad rows told by line, reading on behind them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/csv.h"
#include "t/unit/random.h"

#define NOT_UTF8(field, byte, behind)                                                                                  \
    "field " field " is not UTF-8 (byte 0x" byte " behind " behind                                                     \
    "): save the file as CSV UTF-8, or name its encoding (--encoding windows-1252)"

/* Every row as "LINE:[field|field]", bad ones as "LINE!reason", ended by "end" or "io". */
static char *
read_all_as(const char *text, size_t length, const sv_csv_options_t *options)
{
    FILE *in = length > 0 ? fmemopen((void *) text, length, "r") : fopen("/dev/null", "r");
    sv_csv_reader_t *reader = sv_csv_reader_create(in, options);
    const char *reason = NULL;
    char *shown = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&shown, &size);
    sv_csv_result_t result;
    sv_csv_row_t row;

    while ((result = sv_csv_read(reader, &row, &reason)) == SV_CSV_ROW || result == SV_CSV_BAD_ROW) {
        if (result == SV_CSV_BAD_ROW) {
            fprintf(out, "%ld!%s ", row.line, reason);
            continue;
        }
        fprintf(out, "%ld:[", row.line);
        for (size_t i = 0; i < row.count; i++) {
            fprintf(out, "%s%s", i > 0 ? "|" : "", row.fields[i]);
        }
        fprintf(out, "] ");
    }
    fputs(result == SV_CSV_END ? "end" : "io", out);
    fclose(out);
    sv_csv_reader_destroy(reader);
    fclose(in);
    return shown;
}

static char *
read_all(const char *text, size_t length)
{
    return read_all_as(text, length, NULL);
}

static void
assert_reads_as(const char *text, size_t length, char separator, sv_encoding_t encoding, const char *expected)
{
    const sv_csv_options_t options = { separator, encoding };
    char *shown = read_all_as(text, length, &options);

    assert_string_equal(shown, expected);
    free(shown);
}

static void
assert_reads(const char *text, const char *expected)
{
    assert_reads_as(text, strlen(text), ',', SV_ENCODING_UTF8, expected);
}

/* The same with the separator found. */
static void
assert_finds(const char *text, const char *expected)
{
    assert_reads_as(text, strlen(text), SV_CSV_SEPARATOR_FOUND, SV_ENCODING_UTF8, expected);
}

static void
rows_are_read_with_either_line_end(void **state)
{
    (void) state;
    assert_reads("", "end");
    assert_reads("a,b\nc,d\n", "1:[a|b] 2:[c|d] end");
    assert_reads("a,b\r\nc,d", "1:[a|b] 2:[c|d] end");
    assert_reads(",\n", "1:[|] end");
    assert_reads("a,", "1:[a|] end");
    assert_reads(" a , b \n", "1:[ a | b ] end");
}

static void
quotes_hold_commas_quotes_and_line_breaks(void **state)
{
    (void) state;
    assert_reads("\"a,b\",\"c\"\"d\",\"\"\n", "1:[a,b|c\"d|] end");
    assert_reads("\"a\nb\",c\nd,e\n", "1:[a\nb|c] 3:[d|e] end");
    assert_reads("\"a\r\nb\r\",c\r\nd\n", "1:[a\r\nb\r|c] 3:[d] end"); /* what is quoted stays as it is */
    assert_reads("\"\"\"\"", "1:[\"] end");
}

static void
a_mark_and_blank_lines_are_skipped(void **state)
{
    (void) state;
    assert_reads("\xef\xbb\xbf"
                 "a,b\n",
                 "1:[a|b] end");
    assert_reads("\n\na\n\r\n\nb\n\n", "3:[a] 6:[b] end");
    assert_reads("\xef\xbb\xbf", "end");
    assert_reads("a\n\xef\xbb\xbf"
                 "b\n",
                 "1:[a] 2:[\xef\xbb\xbf"
                 "b] end");
    assert_reads("\xef\xbb"
                 "a\nb",
                 "1!" NOT_UTF8("1", "EF", "0") " 2:[b] end");
}

static void
a_bad_row_is_told_and_reading_goes_on(void **state)
{
    (void) state;
    assert_reads("a\nb\"c,d\ne\n", "1:[a] 2!a quote stands inside field 1, which does not begin with one 3:[e] end");
    assert_reads("\"a\"b,c\nd\n",
                 "1!something follows the closing quote of field 1, whose opening one is on line 1 2:[d] end");
    assert_reads("a\nb\rc\nd\n", "1:[a] 2!a carriage return stands without a line feed in field 1 3:[d] end");
    assert_reads("\xff\nb\n", "1!" NOT_UTF8("1", "FF", "0") " 2:[b] end");
    assert_reads("a,x\xc3\n", "1!" NOT_UTF8("2", "C3", "1") " end");
}

static void
a_quote_that_is_never_closed_names_its_line(void **state)
{
    enum { REST = 70000 };
    char *text = malloc(REST + 1), *shown;

    (void) state;
    assert_reads("a\n\"b,c\nd\n", "1:[a] 2!the quote opened on line 2 is never closed: nothing behind it was read end");
    assert_reads("a,\"b\nc\",\"d\ne\n", "1!the quote opened on line 2 is never closed: nothing behind it was read end");
    memset(text, 'x', REST); /* also when the rest of the file is longer than a field may be */
    text[0] = '"';
    shown = read_all(text, REST);
    assert_string_equal(shown, "1!the quote opened on line 1 is never closed: nothing behind it was read end");
    free(shown);
    free(text);
}

static void
the_separator_is_found_or_told(void **state)
{
    (void) state;
    assert_finds("a;b\n1,5;2\n", "1:[a|b] 2:[1,5|2] end");
    assert_finds("a\tb\n1;5\t2,5\n", "1:[a|b] 2:[1;5|2,5] end");
    assert_finds("a,b\n1;5,2\n", "1:[a|b] 2:[1;5|2] end");
    assert_finds("a\nb;c\n", "1:[a] 2:[b;c] end");
    assert_finds("\"a,b,c\";d\n", "1:[a,b,c|d] end");
    assert_finds("\r\n\nx;y\n", "3:[x|y] end");
    assert_finds("sep=;\r\na,b;c\r\n", "2:[a,b|c] end");
    assert_finds("\xef\xbb\xbfsep=|\na|b\n", "2:[a|b] end");
    assert_finds("sep=\n", "1:[sep=] end");
    assert_finds("", "end");
    assert_reads_as("a,b|c\n", 6, '|', SV_ENCODING_UTF8, "1:[a,b|c] end");
}

static void
lines_may_end_as_on_an_old_mac(void **state)
{
    (void) state;
    assert_reads("a,b\rc,\"d\re\"\rf,g", "1:[a|b] 2:[c|d\ne] 4:[f|g] end");
    assert_reads("a\r\rb\r", "1:[a] 3:[b] end");
}

static void
blanks_around_quotes_mean_nothing(void **state)
{
    (void) state;
    assert_reads("\"a\" , \"b,c\"\t\n", "1:[a|b,c] end");
    assert_finds("\"a\"\t\"b\"\n", "1:[a|b] end");
}

static void
ctrl_z_at_the_end_is_no_part_of_the_file(void **state)
{
    (void) state;
    assert_reads("a\nb\n\x1a", "1:[a] 2:[b] end");
    assert_reads("a\nb\x1a\x1a", "1:[a] 2:[b] end");
    assert_reads("a\x1a\x1a"
                 "b\n",
                 "1:[a\x1a\x1a"
                 "b] end");
    assert_reads("\x1a", "end");
}

static void
other_encodings_become_utf_8(void **state)
{
    (void) state;
    assert_reads_as("\xd6l,\x80 5\x92\n", 8, ',', SV_ENCODING_WINDOWS_1252, "1:[\u00d6l|\u20ac 5\u2019] end");
    assert_reads_as("\xef\xbb\xbf\xc3\x96l\n", 7, ',', SV_ENCODING_WINDOWS_1252,
                    "1:[\u00d6l] end"); /* the mark decides */
    assert_finds("\xff\xfe", "end");
    assert_reads_as("\xff\xfe"
                    "a\0\t\0\x3d\xd8\xe6\xdc\n\0",
                    12, SV_CSV_SEPARATOR_FOUND, SV_ENCODING_UTF8, "1:[a|\U0001f4e6] end");
    assert_reads_as("\xfe\xff\0a\0;\x20\xac\0\n", 10, SV_CSV_SEPARATOR_FOUND, SV_ENCODING_UTF8, "1:[a|\u20ac] end");
    assert_reads_as("a\0\x3d\xd8\n\0b\0\n\0", 10, ',', SV_ENCODING_UTF16_LE,
                    "1!" NOT_UTF8("1", "FF", "1") " 2:[b] end");
}

static void
encodings_have_names(void **state)
{
    sv_encoding_t encoding;

    (void) state;
    assert_true(sv_encoding_parse("Latin-1", &encoding) && encoding == SV_ENCODING_WINDOWS_1252);
    assert_true(sv_encoding_parse("UTF-8", &encoding) && encoding == SV_ENCODING_UTF8);
    assert_false(sv_encoding_parse("ebcdic", &encoding));
}

static void
a_nul_makes_a_row_bad(void **state)
{
    char *shown = read_all("x\na\0b,c\nd\n", 10);

    (void) state;
    assert_string_equal(shown, "1:[x] 2!field 1 has a NUL byte 3:[d] end");
    free(shown);
}

static void
fields_and_columns_are_bounded(void **state)
{
    enum { FIELD = 65536, COLUMNS = 256 };
    char *text = malloc(FIELD + 100), *shown;

    (void) state;
    memset(text, 'x', FIELD);
    strcpy(text + FIELD, "\na");
    shown = read_all(text, FIELD + 2);
    assert_int_equal(strlen(shown), 3 + FIELD + 2 + strlen("2:[a] end"));
    free(shown);
    strcpy(text + FIELD, "x\na");
    shown = read_all(text, FIELD + 3);
    assert_string_equal(shown, "1!field 1 is longer than 65536 bytes 2:[a] end");
    free(shown);
    text[0] = '"'; /* in quotes too, to their end */
    strcpy(text + FIELD, "x\n\"\na");
    shown = read_all(text, FIELD + 5);
    assert_string_equal(shown, "1!field 1 is longer than 65536 bytes 3:[a] end");
    free(shown);

    memset(text, ',', COLUMNS);
    strcpy(text + COLUMNS, "\na");
    shown = read_all(text, COLUMNS + 2);
    assert_string_equal(shown, "1!the row has more than 256 columns 2:[a] end");
    free(shown);
    shown = read_all(text + 1, COLUMNS + 1);
    assert_int_equal(strlen(shown), 3 + COLUMNS - 1 + 2 + strlen("2:[a] end"));
    free(shown);
    free(text);
}

static void
a_stream_that_fails_is_told(void **state)
{
    FILE *folder = fopen("/", "r"); /* opens, and fails to read */
    sv_csv_reader_t *reader = sv_csv_reader_create(folder, NULL);
    const char *reason = NULL;
    sv_csv_row_t row;

    (void) state;
    assert_non_null(folder);
    assert_int_equal(sv_csv_read(reader, &row, &reason), SV_CSV_IO_ERROR);
    sv_csv_reader_destroy(reader);
    sv_csv_reader_destroy(NULL);
    fclose(folder);
}

static void
random_rows_come_back(void **state)
{
    static const char alphabet[] = "a\",\n b";
    random_t random = random_seeded(10);

    (void) state;
    for (int round = 0; round < 2000; round++) {
        char fields[5][20], text[300], *end = text;
        size_t count = 1 + random_next(&random) % 5;
        const char *reason = NULL;
        sv_csv_reader_t *reader;
        sv_csv_row_t row;
        FILE *in;

        for (size_t i = 0; i < count; i++) {
            size_t length = random_next(&random) % 20;

            *end++ = '"';
            for (size_t n = 0; n < length; n++) {
                fields[i][n] = alphabet[random_next(&random) % (sizeof(alphabet) - 1)];
                *end++ = fields[i][n];
                if (fields[i][n] == '"') {
                    *end++ = '"';
                }
            }
            fields[i][length] = '\0';
            *end++ = '"';
            *end++ = i + 1 < count ? ',' : '\n';
        }
        in = fmemopen(text, (size_t) (end - text), "r");
        reader = sv_csv_reader_create(in, NULL);
        assert_int_equal(sv_csv_read(reader, &row, &reason), SV_CSV_ROW);
        assert_int_equal(row.count, count);
        for (size_t i = 0; i < count; i++) {
            assert_string_equal(row.fields[i], fields[i]);
        }
        assert_int_equal(sv_csv_read(reader, &row, &reason), SV_CSV_END);
        sv_csv_reader_destroy(reader);
        fclose(in);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_with_either_line_end),
        cmocka_unit_test(quotes_hold_commas_quotes_and_line_breaks),
        cmocka_unit_test(a_mark_and_blank_lines_are_skipped),
        cmocka_unit_test(a_bad_row_is_told_and_reading_goes_on),
        cmocka_unit_test(a_quote_that_is_never_closed_names_its_line),
        cmocka_unit_test(the_separator_is_found_or_told),
        cmocka_unit_test(lines_may_end_as_on_an_old_mac),
        cmocka_unit_test(blanks_around_quotes_mean_nothing),
        cmocka_unit_test(ctrl_z_at_the_end_is_no_part_of_the_file),
        cmocka_unit_test(other_encodings_become_utf_8),
        cmocka_unit_test(encodings_have_names),
        cmocka_unit_test(a_nul_makes_a_row_bad),
        cmocka_unit_test(fields_and_columns_are_bounded),
        cmocka_unit_test(a_stream_that_fails_is_told),
        cmocka_unit_test(random_rows_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
