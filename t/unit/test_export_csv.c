/* CSV: to the byte. */
#include "t/unit/export_world.h"

#include <stdio.h>
#include <string.h>

#include "core/base/csv.h"
#include "core/store/document.h"
#include "t/unit/random.h"

/* The line a CSV of this one text has behind its header. */
static const char *
csv_cell(export_world_t *world, const char *text)
{
    bson_t *row = sv_doc_new(world->arena);
    const bson_t *rows[] = { row };
    char *contents;
    size_t header;

    sv_doc_put_text(row, "text", text);
    world->head.columns = export_text_column;
    world->head.column_count = 1;
    contents = export_written(world, "csv", rows, 1);
    header = strlen("text\r\n") + (world->head.options.bom ? 3 : 0);
    assert_string_equal(contents + strlen(contents) - 2, "\r\n");
    contents[strlen(contents) - 2] = '\0';
    return contents + header;
}

static void
a_csv_has_exact_numbers_and_dates(void **state)
{
    export_world_t *world = *state;
    const bson_t *rows[] = { export_row(world, "A1", 12500000, -1), export_row(world, "B", SV_QUANTITY_MAX, INT64_MIN),
                             export_empty_row(world) };

    assert_string_equal(
        export_written(world, "csv", rows, 3),
        "code,qty,value,share,scans,at,day,sure\r\n"
        "A1,12.5,-0.000001,0.9875,-7,2026-11-22T10:20:00.123Z,2028-01-01,true\r\n"
        "B,999999999.999999,-9223372036854.775808,0.9875,-7,2026-11-22T10:20:00.123Z,2028-01-01,true\r\n"
        ",,,,,,,\r\n");
}

static void
a_csv_quotes_what_needs_it(void **state)
{
    export_world_t *world = *state;

    assert_string_equal(csv_cell(world, "plain"), "plain");
    assert_string_equal(csv_cell(world, "a,b"), "\"a,b\"");
    assert_string_equal(csv_cell(world, "a;b"), "a;b");
    assert_string_equal(csv_cell(world, "say \"hi\""), "\"say \"\"hi\"\"\"");
    assert_string_equal(csv_cell(world, "two\nlines"), "\"two\nlines\"");
    assert_string_equal(csv_cell(world, "two\r\nlines"), "\"two\r\nlines\"");
    assert_string_equal(csv_cell(world, " blank"), "\" blank\"");
    assert_string_equal(csv_cell(world, ""), "\"\"");
    assert_string_equal(csv_cell(world, NULL), "\"\""); /* or the row would be an empty line */
    world->head.options.delimiter = ';';
    assert_string_equal(csv_cell(world, "a;b"), "\"a;b\"");
    assert_string_equal(csv_cell(world, "a,b"), "a,b");
}

static void
a_csv_neutralises_formulas_unless_told_otherwise(void **state)
{
    static const char *const formulas[][2] = {
        { "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0" },
        { "+1", "'+1" },
        { "-1", "'-1" },
        { "@x", "'@x" },
        { "\tx", "'\tx" },
        { "\rx", "\"'\rx\"" },
        { "  =1", "\"'  =1\"" },
        { "=\"a\",b", "\"'=\"\"a\"\",b\"" },
        { "\xef\xbc\x9d"
          "1",
          "'\xef\xbc\x9d"
          "1" },
        { "a=1", "a=1" },
        { " a", "\" a\"" },
    };
    export_world_t *world = *state;

    for (size_t i = 0; i < sizeof(formulas) / sizeof(formulas[0]); i++) {
        assert_string_equal(csv_cell(world, formulas[i][0]), formulas[i][1]);
    }
    world->head.options.raw = true;
    assert_string_equal(csv_cell(world, "=1+1"), "=1+1");
    assert_string_equal(csv_cell(world, "-1"), "-1");
}

/* Whichever of Excel's separators the file is opened with, wherever in its line the cell stands. */
static void
a_csv_holds_no_formula_for_any_separator(void **state)
{
    static const char *const texts[][2] = {
        { "x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0" },
        { "x\t=1+1", "x\t'=1+1" },
        { "x,=1+1", "\"x,'=1+1\"" },
        { "x,@SUM(A1)", "\"x,'@SUM(A1)\"" },
        { "x; =1", "x;' =1" },
        { "x;\"=1\"", "\"x;'\"\"=1\"\"\"" },
        { "x;\xc2\xa0+1", "x;'\xc2\xa0+1" },
        { "x;\xef\xbc\x9d"
          "1",
          "x;'\xef\xbc\x9d"
          "1" },
        { "two\n=lines", "\"two\n'=lines\"" },
        { "two\r\n-lines", "\"two\r\n'-lines\"" },
        { "=1;=2", "'=1;'=2" },
        { ";=1", ";'=1" },
        { ";;-1", ";;'-1" },
        { "a;b,c", "\"a;b,c\"" },
        { "a; b=c", "a; b=c" },
        { "5-6;7", "5-6;7" },
        { "x;", "x;" },
        { "x;\t=1", "x;\t'=1" },
        { "\xc2\xa0=1", "'\xc2\xa0=1" },
    };
    export_world_t *world = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_string_equal(csv_cell(world, texts[i][0]), texts[i][1]);
    }
    world->head.options.delimiter = ';';
    assert_string_equal(csv_cell(world, "x;=1"), "\"x;'=1\"");
    assert_string_equal(csv_cell(world, "x,=1"), "x,'=1");
    world->head.options.delimiter = '\t';
    assert_string_equal(csv_cell(world, "x,=1"), "x,'=1");
    world->head.options.raw = true;
    assert_string_equal(csv_cell(world, "x;=1"), "x;=1");
}

static void
a_csv_has_decimal_commas_and_titles_where_asked(void **state)
{
    export_world_t *world = *state;
    const bson_t *rows[] = { export_row(world, "A;1", 12500000, -1), export_row(world, "B", 3000000, 1500000) };

    world->head.options = (sv_format_options_t){ .delimiter = ';', .decimal = ',', .titles = true };
    assert_string_equal(export_written(world, "csv", rows, 2),
                        "Item code;Quantity;Value;Share;Scans;Counted at;Expiry;Confirmed\r\n"
                        "\"A;1\";12,5;-0,000001;0,9875;-7;2026-11-22T10:20:00.123Z;2028-01-01;true\r\n"
                        "B;3;1,5;0,9875;-7;2026-11-22T10:20:00.123Z;2028-01-01;true\r\n");
}

static void
a_csv_may_begin_with_a_mark_and_use_tabs(void **state)
{
    export_world_t *world = *state;
    const bson_t *rows[] = { export_row(world, "a\tb", 1000000, 0) };

    world->head.options = (sv_format_options_t){ .bom = true, .delimiter = '\t', .decimal = '.' };
    world->head.column_count = 2;
    rows[0] = sv_doc_take(BCON_NEW("code", "a\tb", "qty", BCON_INT64(1000000)), world->arena);
    assert_string_equal(export_written(world, "csv", rows, 1), "\xef\xbb\xbf"
                                                               "code\tqty\r\n\"a\tb\"\t1\r\n");
}

static void
what_is_no_text_becomes_a_replacement(void **state)
{
    export_world_t *world = *state;
    bson_t *row = sv_doc_new(world->arena);
    const bson_t *rows[] = { row };

    bson_append_utf8(row, "text", -1,
                     "a\0b\xff"
                     "c",
                     5);
    world->head.columns = export_text_column;
    world->head.column_count = 1;
    assert_string_equal(export_written(world, "csv", rows, 1), "text\r\na\xef\xbf\xbd"
                                                               "b\xef\xbf\xbd"
                                                               "c\r\n");
    assert_string_equal(export_written(world, "ndjson", rows, 1), "{\"text\":\"a\xef\xbf\xbd"
                                                                  "b\xef\xbf\xbd"
                                                                  "c\"}\n");
}

/* What is written raw is read back to the letter, by a reader that knows nothing of the writer. */
static void
any_text_is_read_back_from_a_csv(void **state)
{
    enum { TEXTS = 300, PIECES = 12 };
    static const char *const pieces[] = { "a",    ",", ";", "\"", "'",        "\n",
                                          "\r\n", "=", "-", " ",  "\xc3\xa9", "\xf0\x9f\x93\xa6" };
    export_world_t *world = *state;
    const bson_t *rows[TEXTS];
    sv_csv_reader_t *reader;
    const char *texts[TEXTS], *reason;
    random_t random = random_seeded(1);
    sv_csv_row_t row;
    FILE *file;

    for (size_t i = 0; i < TEXTS; i++) {
        bson_t *made = sv_doc_new(world->arena);
        sv_buffer_t text;

        sv_buffer_init(&text, world->arena, 16);
        sv_buffer_puts(&text, "");
        for (int64_t left = random_between(&random, 0, 7); left > 0; left--) {
            sv_buffer_puts(&text, pieces[random_between(&random, 0, PIECES - 1)]);
        }
        sv_doc_put_text(made, "text", text.data);
        texts[i] = text.data;
        rows[i] = made;
    }
    world->head.columns = export_text_column;
    world->head.column_count = 1;
    world->head.options.raw = true;
    export_written(world, "csv", rows, TEXTS);
    file = fopen(world->path, "rb");
    assert_non_null(file);
    reader = sv_csv_reader_create(file, NULL);
    assert_int_equal(sv_csv_read(reader, &row, &reason), SV_CSV_ROW); /* the header */
    for (size_t i = 0; i < TEXTS; i++) {
        assert_int_equal(sv_csv_read(reader, &row, &reason), SV_CSV_ROW);
        assert_int_equal(row.count, 1);
        assert_string_equal(row.fields[0], texts[i]);
    }
    assert_int_equal(sv_csv_read(reader, &row, &reason), SV_CSV_END);
    sv_csv_reader_destroy(reader);
    fclose(file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_csv_has_exact_numbers_and_dates, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(a_csv_quotes_what_needs_it, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(a_csv_neutralises_formulas_unless_told_otherwise, export_set_up,
                                        export_tear_down),
        cmocka_unit_test_setup_teardown(a_csv_holds_no_formula_for_any_separator, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(a_csv_has_decimal_commas_and_titles_where_asked, export_set_up,
                                        export_tear_down),
        cmocka_unit_test_setup_teardown(a_csv_may_begin_with_a_mark_and_use_tabs, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_text_becomes_a_replacement, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(any_text_is_read_back_from_a_csv, export_set_up, export_tear_down),
    };

    return export_run_tests("export_csv", tests, sizeof(tests) / sizeof(tests[0]));
}
