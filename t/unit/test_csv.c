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

/* Every row as "LINE:[field|field]", bad ones as "LINE!reason", ended by "end" or "io". */
static char *
read_all(const char *text, size_t length)
{
    FILE *in = length > 0 ? fmemopen((void *) text, length, "r") : fopen("/dev/null", "r");
    sv_csv_reader_t *reader = sv_csv_reader_create(in);
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

static void
assert_reads(const char *text, const char *expected)
{
    char *shown = read_all(text, strlen(text));

    assert_string_equal(shown, expected);
    free(shown);
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
                 "1!the text is not valid UTF-8 2:[b] end");
}

static void
a_bad_row_is_told_and_reading_goes_on(void **state)
{
    (void) state;
    assert_reads("a\nb\"c,d\ne\n", "1:[a] 2!a quote stands inside a field that does not begin with one 3:[e] end");
    assert_reads("\"a\"b,c\nd\n", "1!something follows the closing quote of a field 2:[d] end");
    assert_reads("a\n\"b,c\nd\n", "1:[a] 2!a quoted field is not closed end");
    assert_reads("a\rb\nc\n", "1!a carriage return stands without a line feed 2:[c] end");
    assert_reads("\xff\nb\n", "1!the text is not valid UTF-8 2:[b] end");
    assert_reads("a,\xc3\n", "1!the text is not valid UTF-8 end");
}

static void
a_nul_makes_a_row_bad(void **state)
{
    char *shown = read_all("a\0b,c\nd\n", 8);

    (void) state;
    assert_string_equal(shown, "1!a field has a NUL byte 2:[d] end");
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
    assert_string_equal(shown, "1!a field is longer than 65536 bytes 2:[a] end");
    free(shown);
    text[0] = '"'; /* in quotes too, to their end */
    strcpy(text + FIELD, "x\n\"\na");
    shown = read_all(text, FIELD + 5);
    assert_string_equal(shown, "1!a field is longer than 65536 bytes 3:[a] end");
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
    sv_csv_reader_t *reader = sv_csv_reader_create(folder);
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
        reader = sv_csv_reader_create(in);
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
        cmocka_unit_test(a_nul_makes_a_row_bad),
        cmocka_unit_test(fields_and_columns_are_bounded),
        cmocka_unit_test(a_stream_that_fails_is_told),
        cmocka_unit_test(random_rows_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
