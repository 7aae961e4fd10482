/* Workbooks, opened as the archives of XML that they are. */
#include "t/unit/export_world.h"

#include <stdio.h>
#include <string.h>

#include "core/store/document.h"
#include "worker/export/xlsx.h"
#include "worker/export/xlsx_book.h"
#include "worker/export/xlsx_text.h"

static void
an_xlsx_has_typed_cells_and_frozen_header(void **state)
{
    export_world_t *world = *state;
    const bson_t *rows[] = { export_row(world, "=1+1", 12500000, INT64_MAX),
                             export_row(world, "B_x000D_\r\n\rC\n\x01", 0, 0), export_empty_row(world) };
    const char *sheet;

    export_written(world, "xlsx", rows, 3);
    sheet = export_part(world, "xl/worksheets/sheet1.xml");
    export_must_have(sheet, "state=\"frozen\"");
    export_must_have(sheet, "<autoFilter ref=\"A1:H4\"/>");
    export_must_have(sheet, "<c r=\"A2\" t=\"inlineStr\"><is><t>=1+1</t></is></c>"); /* a text, not a formula */
    export_must_have(sheet, "<v>12.5</v>");
    export_must_have(sheet, "<is><t>9223372036854.775807</t></is>"); /* more digits than a spreadsheet keeps */
    export_must_have(sheet, "<t>B_x005F_x000D_\n\nC\n_x0001_</t>");
    export_must_have(sheet, "t=\"b\"><v>1</v></c>");
    assert_null(strstr(sheet, "r=\"A4\""));
    export_must_have(export_part(world, "xl/workbook.xml"), "name=\"About\"");
}

/* Phones' clocks say anything from year 1 on. */
static void
times_that_spreadsheets_do_not_know_are_texts(void **state)
{
    export_world_t *world = *state;
    static const sv_column_t columns[] = {
        { "at", "Counted at", SV_COLUMN_TIME, false, false, false },
        { "day", "Day", SV_COLUMN_DATE, false, false, false },
    };
    const bson_t *rows[] = {
        sv_doc_take(BCON_NEW("at", BCON_DATE_TIME(-2203891200001), "day", BCON_DATE_TIME(-2203977600000)),
                    world->arena),
        sv_doc_take(BCON_NEW("at", BCON_DATE_TIME(-2203891200000), "day", BCON_DATE_TIME(-2203891200000)),
                    world->arena),
        sv_doc_take(BCON_NEW("at", BCON_DATE_TIME(-62135596800000), "day", BCON_DATE_TIME(0)), world->arena),
    };
    const char *sheet;

    world->head.columns = columns;
    world->head.column_count = 2;
    export_written(world, "xlsx", rows, 3);
    sheet = export_part(world, "xl/worksheets/sheet1.xml");
    export_must_have(sheet, "<t>1900-02-28T23:59:59.999Z</t>");
    export_must_have(sheet, "<t>1900-02-28</t>");
    export_must_have(sheet, "<v>61</v>");
    export_must_have(sheet, "<t>0001-01-01T00:00:00Z</t>");
    export_must_have(sheet, "<v>25569</v>");
}

/* Titles come from people: of the snapshot, and with it of its chart. */
static void
an_xlsx_chart_has_texts_only(void **state)
{
    static const sv_column_t grouped[] = {
        { "floor", "=HYPERLINK(\"http://x\")", SV_COLUMN_TEXT, true, true, false },
        { "qty", "=Rows!$A$1", SV_COLUMN_QUANTITY, false, false, true },
    };
    export_world_t *world = *state;
    const bson_t *rows[] = {
        sv_doc_take(BCON_NEW("floor", "=1+1", "qty", BCON_INT64(1000000)), world->arena),
        sv_doc_take(BCON_NEW("floor", "First", "qty", BCON_INT64(2000000)), world->arena),
    };
    const char *chart;

    world->head.title = "=1+1";
    world->head.columns = grouped;
    world->head.column_count = 2;
    export_written(world, "xlsx", rows, 2);
    chart = export_part(world, "xl/charts/chart1.xml");
    export_must_have(chart, "<a:t> =1+1</a:t>");
    export_must_have(chart, "<c:f>Rows!$B$2:$B$3</c:f>"); /* its rows, and no other reference */
    assert_null(strstr(chart, "<c:f>1+1</c:f>"));
    assert_null(strstr(chart, "<c:f>Rows!$A$1</c:f>"));
    assert_null(strstr(chart, "<c:f>HYPERLINK"));
    for (int sheet = 1; sheet <= 4; sheet++) {
        const char *part = export_part(world, sv_arena_printf(world->arena, "xl/worksheets/sheet%d.xml", sheet));

        assert_null(strstr(part, "<f>"));
        assert_null(strstr(part, "hyperlink"));
    }
}

static void *
open_small_sheets(const char *path, const sv_export_head_t *head, sv_error_t *error)
{
    return sv_xlsx_open_sheets(path, head, 10, error);
}

static void
an_xlsx_goes_on_in_further_sheets(void **state)
{
    export_world_t *world = *state;
    sv_export_writer_t small = sv_xlsx_writer;
    sv_exporter_t *exporter;
    const char *book;

    small.open = open_small_sheets;
    exporter = sv_exporter_create_with(&small, sv_format("xlsx"), world->path, &world->head, &world->error);
    export_must(world, export_add_rows(world, exporter, 25));
    export_must(world, sv_exporter_finish(exporter, &world->size, world->sha256, &world->error));
    sv_exporter_destroy(exporter);
    book = export_part(world, "xl/workbook.xml");
    export_must_have(book, "name=\"Rows\"");
    export_must_have(book, "name=\"Rows 2\"");
    export_must_have(book, "name=\"Rows 3\"");
    assert_null(strstr(book, "name=\"Rows 4\""));
    export_must_have(export_part(world, "xl/worksheets/sheet2.xml"), "<autoFilter ref=\"A1:H11\"/>");
    export_must_have(export_part(world, "xl/worksheets/sheet3.xml"), "<autoFilter ref=\"A1:H6\"/>");
}

static void
a_text_no_cell_holds_goes_on_elsewhere(void **state)
{
    enum { LENGTH = 70000 };
    export_world_t *world = *state;
    char *text = sv_arena_zalloc(world->arena, LENGTH + 1);
    bson_t *row = sv_doc_new(world->arena);
    const bson_t *rows[] = { row };
    const char *parts;

    memset(text, 'x', LENGTH);
    memcpy(text + LENGTH - 3, "END", 3);
    sv_doc_put_text(row, "text", text);
    world->head.columns = export_text_column;
    world->head.column_count = 1;
    export_written(world, "xlsx", rows, 1);
    export_must_have(export_part(world, "xl/worksheets/sheet1.xml"), "xxx\xe2\x80\xa6 (see Long texts)</t>");
    parts = export_part(world, "xl/worksheets/sheet2.xml");
    export_must_have(parts, "<t>Rows!A2</t>");
    export_must_have(parts, "xxxEND</t>");
    export_must_have(parts, "<c r=\"B4\"><v>3</v></c>");
    export_must_have(export_part(world, "xl/worksheets/sheet4.xml"),
                     "Texts longer than a cell holds (32767 characters): 1;");
}

static void
escapes_count_as_a_cell_counts_them(void **state)
{
    export_world_t *world = *state;
    sv_xlsx_t xlsx = { .arena = world->arena };
    size_t taken;

    sv_buffer_init(&xlsx.scratch, world->arena, 16);
    assert_string_equal(sv_xlsx_escape(&xlsx, "\xf0\x9f\x93\xa6\xf0\x9f\x93\xa6", 8, 3, &taken), "\xf0\x9f\x93\xa6");
    assert_int_equal(taken, 4); /* two in UTF-16, so that only one of them fits three */
    assert_string_equal(sv_xlsx_escape(&xlsx, "a_x0041_", 8, 100, &taken), "a_x005F_x0041_");
    assert_int_equal(taken, 8);
    assert_string_equal(sv_xlsx_escape(&xlsx, "_x00_", 5, 100, &taken), "_x00_");
    assert_string_equal(sv_xlsx_escape(&xlsx, "\xef\xbf\xbf", 3, 100, &taken), "\xef\xbf\xbd");
    assert_string_equal(sv_xlsx_escape(&xlsx, "", 0, 100, &taken), "");
}

/* Readers that don't know ZIP64 open all workbooks that can do without. */
static void
only_huge_workbooks_are_zip64(void **state)
{
    enum { VERSION_NEEDED_AT = 4, VERSION_PLAIN = 20 };
    export_world_t *world = *state;
    const bson_t *rows[] = { export_row(world, "A1", 12500000, 1) };
    char *contents = export_written(world, "xlsx", rows, 1);
    sv_xlsx_t *xlsx = sv_xlsx_open_sheets(world->path, &world->head, SV_XLSX_ROWS, &world->error);

    assert_int_equal(contents[VERSION_NEEDED_AT], VERSION_PLAIN);
    assert_non_null(xlsx);
    assert_false(sv_xlsx_needs_zip64(xlsx->book));
    assert_int_equal(fseeko(xlsx->sheet->optimize_tmpfile, (off_t) 4 << 30, SEEK_SET), 0);
    assert_true(sv_xlsx_needs_zip64(xlsx->book));
    sv_xlsx_writer.close(xlsx);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_xlsx_has_typed_cells_and_frozen_header, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(times_that_spreadsheets_do_not_know_are_texts, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(an_xlsx_chart_has_texts_only, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(an_xlsx_goes_on_in_further_sheets, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(a_text_no_cell_holds_goes_on_elsewhere, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(escapes_count_as_a_cell_counts_them, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(only_huge_workbooks_are_zip64, export_set_up, export_tear_down),
    };

    return export_run_tests("export_xlsx", tests, sizeof(tests) / sizeof(tests[0]));
}
