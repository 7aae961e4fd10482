/* Files of rows: what stands in them to the byte where they are text, that they are whole, and that none is left when
 * they fail.  t/exports.t opens the others with programs not made here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/codec.h"
#include "core/base/csv.h"
#include "core/report/files/export_request.h"
#include "core/store/document.h"
#include "worker/export/chart.h"
#include "worker/export/writer.h"
#include "t/unit/random.h"
#include "worker/export/xlsx.h"
#include "worker/export/xlsx_book.h"
#include "worker/export/xlsx_text.h"

static const sv_column_t columns[] = {
    { "code", "Item code", SV_COLUMN_TEXT, true, false, false },
    { "qty", "Quantity", SV_COLUMN_QUANTITY, false, false, true },
    { "value", "Value", SV_COLUMN_MONEY, false, false, true },
    { "share", "Share", SV_COLUMN_RATIO, false, false, false },
    { "scans", "Scans", SV_COLUMN_INT, false, false, true },
    { "at", "Counted at", SV_COLUMN_TIME, false, false, false },
    { "day", "Expiry", SV_COLUMN_DATE, false, false, false },
    { "sure", "Confirmed", SV_COLUMN_BOOL, false, false, false },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]), PATH_SIZE = 256 };

static char folder[64];

typedef struct {
    sv_arena_t *arena;
    sv_error_t error;
    sv_export_head_t head;
    char path[PATH_SIZE];
    int64_t size;
    char sha256[65];
} world_t;

static int
set_up(void **state)
{
    world_t *world = calloc(1, sizeof(*world));

    world->arena = sv_arena_create();
    sv_error_init(&world->error, world->arena);
    snprintf(world->path, sizeof(world->path), "%s/file", folder);
    world->head = (sv_export_head_t){ .title = "A \"count\"",
                                      .subtitle = "items",
                                      .made_by = "Asha",
                                      .taken_at_ms = 1795342800123,
                                      .source = "snapshot 1",
                                      .digest = "",
                                      .rows = -1,
                                      .columns = columns,
                                      .column_count = COLUMNS,
                                      .options = sv_format_options_default };
    *state = world;
    return 0;
}

static int
tear_down(void **state)
{
    world_t *world = *state;

    unlink(world->path);
    sv_arena_destroy(world->arena);
    free(world);
    return 0;
}

static bson_t *
row_of(world_t *world, const char *code, int64_t qty, int64_t value)
{
    bson_t *row = sv_doc_new(world->arena);

    sv_doc_put_text(row, "code", code);
    BSON_APPEND_INT64(row, "qty", qty);
    BSON_APPEND_INT64(row, "value", value);
    BSON_APPEND_INT64(row, "share", 987500);
    BSON_APPEND_INT64(row, "scans", -7);
    BSON_APPEND_DATE_TIME(row, "at", 1795342800123);
    BSON_APPEND_DATE_TIME(row, "day", 1830297600000);
    BSON_APPEND_BOOL(row, "sure", true);
    return row;
}

static bson_t *
empty_row(world_t *world)
{
    bson_t *row = sv_doc_new(world->arena);

    for (size_t i = 0; i < COLUMNS; i++) {
        BSON_APPEND_NULL(row, columns[i].name);
    }
    return row;
}

static void
must(world_t *world, sv_status_t status)
{
    if (status != SV_OK) {
        fail_msg("%s: %s", sv_status_code(status),
                 world->error.cause != NULL ? world->error.cause : world->error.message);
    }
}

static char *
read_file(world_t *world, const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    sv_buffer_t out;
    char bytes[4096];
    size_t got;

    assert_non_null(file);
    sv_buffer_init(&out, world->arena, 4096);
    while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        sv_buffer_append(&out, bytes, got);
    }
    fclose(file);
    sv_buffer_append(&out, "", 0);
    *length = out.length;
    return out.data;
}

static size_t
files_in_folder(void)
{
    char command[128];
    FILE *list;
    size_t count = 0;

    snprintf(command, sizeof(command), "ls -A %s | wc -l", folder);
    list = popen(command, "r");
    assert_non_null(list);
    assert_int_equal(fscanf(list, "%zu", &count), 1);
    pclose(list);
    return count;
}

/* The file that `rows` make, told sizes and sums checked. */
static char *
written(world_t *world, const char *format, const bson_t *const *rows, size_t count)
{
    sv_exporter_t *exporter = sv_exporter_create(sv_format(format), world->path, &world->head, &world->error);
    char sha256[SV_SHA256_HEX_SIZE];
    size_t length;
    char *contents;

    must(world, world->error.status);
    for (size_t i = 0; i < count; i++) {
        must(world, sv_exporter_row(exporter, rows[i], &world->error));
    }
    must(world, sv_exporter_finish(exporter, &world->size, world->sha256, &world->error));
    sv_exporter_destroy(exporter);
    contents = read_file(world, world->path, &length);
    assert_int_equal(world->size, length);
    sv_sha256_hex(contents, length, sha256);
    assert_string_equal(world->sha256, sha256);
    assert_int_equal(files_in_folder(), 1);
    return contents;
}

static void
a_csv_has_exact_numbers_and_dates(void **state)
{
    world_t *world = *state;
    const bson_t *rows[] = { row_of(world, "A1", 12500000, -1), row_of(world, "B", SV_QUANTITY_MAX, INT64_MIN),
                             empty_row(world) };

    assert_string_equal(
        written(world, "csv", rows, 3),
        "code,qty,value,share,scans,at,day,sure\r\n"
        "A1,12.5,-0.000001,0.9875,-7,2026-11-22T10:20:00.123Z,2028-01-01,true\r\n"
        "B,999999999.999999,-9223372036854.775808,0.9875,-7,2026-11-22T10:20:00.123Z,2028-01-01,true\r\n"
        ",,,,,,,\r\n");
}

static const sv_column_t text_column[] = { { "text", "Text", SV_COLUMN_TEXT, false, false, false } };

/* The line a CSV of this one text has behind its header. */
static const char *
csv_cell(world_t *world, const char *text)
{
    bson_t *row = sv_doc_new(world->arena);
    const bson_t *rows[] = { row };
    char *contents;
    size_t header;

    sv_doc_put_text(row, "text", text);
    world->head.columns = text_column;
    world->head.column_count = 1;
    contents = written(world, "csv", rows, 1);
    header = strlen("text\r\n") + (world->head.options.bom ? 3 : 0);
    assert_string_equal(contents + strlen(contents) - 2, "\r\n");
    contents[strlen(contents) - 2] = '\0';
    return contents + header;
}

static void
a_csv_quotes_what_needs_it(void **state)
{
    world_t *world = *state;

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
    world_t *world = *state;

    for (size_t i = 0; i < sizeof(formulas) / sizeof(formulas[0]); i++) {
        assert_string_equal(csv_cell(world, formulas[i][0]), formulas[i][1]);
    }
    world->head.options.raw = true;
    assert_string_equal(csv_cell(world, "=1+1"), "=1+1");
    assert_string_equal(csv_cell(world, "-1"), "-1");
}

static void
a_csv_may_begin_with_a_mark_and_use_tabs(void **state)
{
    world_t *world = *state;
    const bson_t *rows[] = { row_of(world, "a\tb", 1000000, 0) };

    world->head.options = (sv_format_options_t){ .bom = true, .delimiter = '\t' };
    world->head.column_count = 2;
    rows[0] = sv_doc_take(BCON_NEW("code", "a\tb", "qty", BCON_INT64(1000000)), world->arena);
    assert_string_equal(written(world, "csv", rows, 1), "\xef\xbb\xbf"
                                                        "code\tqty\r\n\"a\tb\"\t1\r\n");
}

static void
what_is_no_text_becomes_a_replacement(void **state)
{
    world_t *world = *state;
    bson_t *row = sv_doc_new(world->arena);
    const bson_t *rows[] = { row };

    bson_append_utf8(row, "text", -1,
                     "a\0b\xff"
                     "c",
                     5);
    world->head.columns = text_column;
    world->head.column_count = 1;
    assert_string_equal(written(world, "csv", rows, 1), "text\r\na\xef\xbf\xbd"
                                                        "b\xef\xbf\xbd"
                                                        "c\r\n");
    assert_string_equal(written(world, "ndjson", rows, 1), "{\"text\":\"a\xef\xbf\xbd"
                                                           "b\xef\xbf\xbd"
                                                           "c\"}\n");
}

static void
json_is_one_object_of_head_rows_and_totals(void **state)
{
    world_t *world = *state;
    const bson_t *rows[] = { row_of(world, "a\"\n", 12500000, 1), row_of(world, "b", -500000, INT64_MAX),
                             empty_row(world) };

    world->head.column_count = 3;
    for (size_t i = 0; i < 3; i++) {
        bson_t *row = sv_doc_new(world->arena);

        bson_copy_to_excluding_noinit(rows[i], row, "share", "scans", "at", "day", "sure", NULL);
        rows[i] = row;
    }
    assert_string_equal(
        written(world, "json", rows, 3),
        "{\"title\":\"A \\\"count\\\"\",\"subtitle\":\"items\",\"made_by\":\"Asha\","
        "\"taken_at\":\"2026-11-22T10:20:00.123Z\",\"source\":\"snapshot 1\",\"digest\":null,\"columns\":["
        "{\"name\":\"code\",\"title\":\"Item code\",\"type\":\"text\",\"key\":true,\"grouped\":false,\"total\":false},"
        "{\"name\":\"qty\",\"title\":\"Quantity\",\"type\":\"quantity\",\"key\":false,\"grouped\":false,\"total\":true}"
        ","
        "{\"name\":\"value\",\"title\":\"Value\",\"type\":\"money\",\"key\":false,\"grouped\":false,\"total\":true}],"
        "\"rows\":[\n"
        "{\"code\":\"a\\\"\\n\",\"qty\":12.5,\"value\":0.000001}\n"
        ",{\"code\":\"b\",\"qty\":-0.5,\"value\":9223372036854.775807}\n"
        ",{\"code\":null,\"qty\":null,\"value\":null}\n"
        /* the money's sum passes what can be told exactly: no wrong one is told */
        "],\"row_count\":3,\"totals\":{\"qty\":12}}\n");
}

static void
ndjson_has_a_row_a_line(void **state)
{
    world_t *world = *state;
    const bson_t *rows[] = { row_of(world, "A1", 12500000, 1), row_of(world, "=1", 0, 0) };

    assert_string_equal(written(world, "ndjson", rows, 2),
                        "{\"code\":\"A1\",\"qty\":12.5,\"value\":0.000001,\"share\":0.9875,\"scans\":-7,"
                        "\"at\":\"2026-11-22T10:20:00.123Z\",\"day\":\"2028-01-01\",\"sure\":true}\n"
                        "{\"code\":\"=1\",\"qty\":0,\"value\":0,\"share\":0.9875,\"scans\":-7,"
                        "\"at\":\"2026-11-22T10:20:00.123Z\",\"day\":\"2028-01-01\",\"sure\":true}\n");
    assert_string_equal(written(world, "ndjson", rows, 0), "");
}

/* What `unzip -p` shows of a part of the workbook. */
static const char *
part_of(world_t *world, const char *part)
{
    const char *command = sv_arena_printf(
        world->arena,
        "python3 -c 'import sys,zipfile;sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' %s %s",
        world->path, part);
    FILE *in = popen(command, "r");
    sv_buffer_t out;
    char bytes[4096];
    size_t got;

    assert_non_null(in);
    sv_buffer_init(&out, world->arena, 4096);
    while ((got = fread(bytes, 1, sizeof(bytes), in)) > 0) {
        sv_buffer_append(&out, bytes, got);
    }
    assert_int_equal(pclose(in), 0);
    return out.data;
}

static void
must_have(const char *text, const char *piece)
{
    if (strstr(text, piece) == NULL) {
        fail_msg("no %s in %.2000s", piece, text);
    }
}

static void
an_xlsx_has_typed_cells_and_frozen_header(void **state)
{
    world_t *world = *state;
    const bson_t *rows[] = { row_of(world, "=1+1", 12500000, INT64_MAX), row_of(world, "B_x000D_\r\n\rC\n\x01", 0, 0),
                             empty_row(world) };
    const char *sheet;

    written(world, "xlsx", rows, 3);
    sheet = part_of(world, "xl/worksheets/sheet1.xml");
    must_have(sheet, "state=\"frozen\"");
    must_have(sheet, "<autoFilter ref=\"A1:H4\"/>");
    must_have(sheet, "<c r=\"A2\" t=\"inlineStr\"><is><t>=1+1</t></is></c>"); /* a text, not a formula */
    must_have(sheet, "<v>12.5</v>");
    must_have(sheet, "<is><t>9223372036854.775807</t></is>"); /* more digits than a spreadsheet keeps */
    must_have(sheet, "<t>B_x005F_x000D_\n\nC\n_x0001_</t>");
    must_have(sheet, "t=\"b\"><v>1</v></c>");
    assert_null(strstr(sheet, "r=\"A4\""));
    must_have(part_of(world, "xl/workbook.xml"), "name=\"About\"");
}

static sv_status_t
add_rows(world_t *world, sv_exporter_t *exporter, size_t count)
{
    sv_status_t status = SV_OK;

    for (size_t i = 0; status == SV_OK && i < count; i++) {
        status = sv_exporter_row(exporter, row_of(world, "code", (int64_t) i * 1000000, 0), &world->error);
    }
    return status;
}

static void *
open_small_sheets(const char *path, const sv_export_head_t *head, sv_error_t *error)
{
    return sv_xlsx_open_sheets(path, head, 10, error);
}

static void
an_xlsx_goes_on_in_further_sheets(void **state)
{
    world_t *world = *state;
    sv_export_writer_t small = sv_xlsx_writer;
    sv_exporter_t *exporter;
    const char *book;

    small.open = open_small_sheets;
    exporter = sv_exporter_create_with(&small, sv_format("xlsx"), world->path, &world->head, &world->error);
    must(world, add_rows(world, exporter, 25));
    must(world, sv_exporter_finish(exporter, &world->size, world->sha256, &world->error));
    sv_exporter_destroy(exporter);
    book = part_of(world, "xl/workbook.xml");
    must_have(book, "name=\"Rows\"");
    must_have(book, "name=\"Rows 2\"");
    must_have(book, "name=\"Rows 3\"");
    assert_null(strstr(book, "name=\"Rows 4\""));
    must_have(part_of(world, "xl/worksheets/sheet2.xml"), "<autoFilter ref=\"A1:H11\"/>");
    must_have(part_of(world, "xl/worksheets/sheet3.xml"), "<autoFilter ref=\"A1:H6\"/>");
}

static void
a_text_no_cell_holds_goes_on_elsewhere(void **state)
{
    enum { LENGTH = 70000 };
    world_t *world = *state;
    char *text = sv_arena_zalloc(world->arena, LENGTH + 1);
    bson_t *row = sv_doc_new(world->arena);
    const bson_t *rows[] = { row };
    const char *parts;

    memset(text, 'x', LENGTH);
    memcpy(text + LENGTH - 3, "END", 3);
    sv_doc_put_text(row, "text", text);
    world->head.columns = text_column;
    world->head.column_count = 1;
    written(world, "xlsx", rows, 1);
    must_have(part_of(world, "xl/worksheets/sheet1.xml"), "xxx\xe2\x80\xa6 (see Long texts)</t>");
    parts = part_of(world, "xl/worksheets/sheet2.xml");
    must_have(parts, "<t>Rows!A2</t>");
    must_have(parts, "xxxEND</t>");
    must_have(parts, "<c r=\"B4\"><v>3</v></c>");
    must_have(part_of(world, "xl/worksheets/sheet4.xml"), "Texts longer than a cell holds (32767 characters): 1;");
}

static void
escapes_count_as_a_cell_counts_them(void **state)
{
    world_t *world = *state;
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

static void
a_pdf_is_whole_and_says_what_it_left_out(void **state)
{
    world_t *world = *state;
    char *text = sv_arena_zalloc(world->arena, 40001);
    const bson_t *rows[] = { row_of(world, "A1", 12500000, 1), row_of(world, memset(text, 'x', 40000), 0, 0),
                             row_of(world, "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d\nabc", 0, 0) };
    char *contents = written(world, "pdf", rows, 3);

    assert_memory_equal(contents, "%PDF-1.", 7);
    must_have(contents + world->size - 10, "%%EOF");
    contents = written(world, "pdf", rows, 0); /* an empty table is a page too */
    must_have(contents + world->size - 10, "%%EOF");
}

/* Valid UTF-8 that is no character, cut sequences and controls, wherever a text is printed. */
static void
a_pdf_prints_any_text(void **state)
{
    static const char *const texts[] = { "\xef\xbf\xbe",
                                         "\xef\xbf\xbf",
                                         "\xef\xb7\x90",
                                         "\xef\xb7\xaf",
                                         "\xf0\x9f\xbf\xbe",
                                         "\xf4\x8f\xbf\xbf",
                                         "\x01\x1f\x7f",
                                         "\xc2\x85",
                                         "\xe2\x80\xae"
                                         "abc" };
    world_t *world = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        enum { KEPT = 2007 }; /* of a long text the first bytes, which may end within a character */
        const char *cut = sv_arena_printf(world->arena, "%*s%s%s", KEPT, "x", texts[i], texts[i]);
        const bson_t *rows[] = { row_of(world, texts[i], 0, 0), row_of(world, cut, 0, 0) };
        char *contents;

        world->head.title = world->head.subtitle = world->head.made_by = world->head.source = texts[i];
        contents = written(world, "pdf", rows, 2);
        must_have(contents + world->size - 10, "%%EOF");
    }
}

static long
resident_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* The first rows are kept until widths are decided: of each text, what can be printed. */
static void
a_pdf_keeps_little_of_long_texts(void **state)
{
    enum { LENGTH = 1000000, ROWS = 150, MOST_KIB = 64 * 1024 };
    world_t *world = *state;
    const bson_t *row = row_of(world, memset(sv_arena_zalloc(world->arena, LENGTH + 1), 'x', LENGTH), 0, 0);
    sv_exporter_t *exporter = sv_exporter_create(sv_format("pdf"), world->path, &world->head, &world->error);
    long before = resident_kib();

    assert_non_null(exporter);
    for (int i = 0; i < ROWS; i++) {
        must(world, sv_exporter_row(exporter, row, &world->error));
    }
    assert_in_range(resident_kib() - before, 0, MOST_KIB);
    sv_exporter_destroy(exporter);
}

/* Readers that don't know ZIP64 open all workbooks that can do without. */
static void
only_huge_workbooks_are_zip64(void **state)
{
    enum { VERSION_NEEDED_AT = 4, VERSION_PLAIN = 20 };
    world_t *world = *state;
    const bson_t *rows[] = { row_of(world, "A1", 12500000, 1) };
    char *contents = written(world, "xlsx", rows, 1);
    sv_xlsx_t *xlsx = sv_xlsx_open_sheets(world->path, &world->head, SV_XLSX_ROWS, &world->error);

    assert_int_equal(contents[VERSION_NEEDED_AT], VERSION_PLAIN);
    assert_non_null(xlsx);
    assert_false(sv_xlsx_needs_zip64(xlsx->book));
    assert_int_equal(fseeko(xlsx->sheet->optimize_tmpfile, (off_t) 4 << 30, SEEK_SET), 0);
    assert_true(sv_xlsx_needs_zip64(xlsx->book));
    sv_xlsx_writer.close(xlsx);
}

static void
a_chart_needs_groups_and_numbers(void **state)
{
    sv_column_t grouped[] = {
        { "floor", "Floor", SV_COLUMN_TEXT, true, true, false }, { "day", "Day", SV_COLUMN_DATE, true, true, false },
        { "n", "Records", SV_COLUMN_INT, false, false, true },   { "q", "Qty", SV_COLUMN_QUANTITY, false, false, true },
        { "m", "Distinct", SV_COLUMN_INT, false, false, false },
    };
    sv_chart_plan_t plan;

    (void) state;
    assert_true(sv_chart_plan(grouped, 5, &plan));
    assert_int_equal(plan.axis, 0);
    assert_int_equal(plan.axis_count, 2);
    assert_int_equal(plan.series_count, 2);
    assert_int_equal(plan.series[0], 2);
    assert_int_equal(plan.series[1], 4);
    assert_false(plan.line);
    assert_true(sv_chart_plan(grouped + 1, 4, &plan) && plan.line);
    assert_false(sv_chart_plan(grouped, 2, &plan));
    assert_false(sv_chart_plan(columns, COLUMNS, &plan));
}

/* Groups as a chart meets them at worst: no value, negative ones, one group, a date. */
static void
charts_are_drawn_of_any_groups(void **state)
{
    static const sv_column_t grouped[] = {
        { "day", "Day", SV_COLUMN_DATE, true, true, false },
        { "q", "Quantity", SV_COLUMN_QUANTITY, false, false, true },
        { "r", "Other", SV_COLUMN_QUANTITY, false, false, true },
    };
    world_t *world = *state;
    const bson_t *rows[40];

    for (int64_t i = 0; i < 40; i++) {
        bson_t *row = sv_doc_new(world->arena);

        if (i == 7) {
            BSON_APPEND_NULL(row, "day");
            BSON_APPEND_NULL(row, "q");
        } else {
            BSON_APPEND_DATE_TIME(row, "day", 1795305600000 + i * 86400000);
            BSON_APPEND_INT64(row, "q", (i % 11 - 5) * 1234567);
        }
        BSON_APPEND_INT64(row, "r", 0);
        rows[i] = row;
    }
    world->head.columns = grouped;
    world->head.column_count = 3;
    for (size_t count = 0; count <= 40; count += count < 2 ? 1 : 38) {
        char *contents = written(world, "pdf", rows, count);

        must_have(contents + world->size - 10, "%%EOF");
        written(world, "xlsx", rows, count);
        if (count > 0) {
            must_have(part_of(world, "xl/charts/chart1.xml"), "<c:lineChart>");
        }
    }
}

static void
too_many_rows_are_refused_before_and_while(void **state)
{
    static const sv_format_t narrow = { "csv", "csv", "text/csv", 2 };
    world_t *world = *state;
    sv_exporter_t *exporter;

    world->head.rows = 50001;
    assert_null(sv_exporter_create(sv_format("pdf"), world->path, &world->head, &world->error));
    assert_int_equal(world->error.status, SV_ERR_TOO_MANY_ROWS);
    sv_error_clear(&world->error);
    world->head.rows = -1;
    exporter = sv_exporter_create(&narrow, world->path, &world->head, &world->error);
    assert_int_equal(add_rows(world, exporter, 3), SV_ERR_TOO_MANY_ROWS);
    sv_exporter_destroy(exporter);
    assert_int_equal(files_in_folder(), 0);
}

static void
what_is_given_up_leaves_nothing(void **state)
{
    world_t *world = *state;

    for (size_t i = 0; i < sv_format_count; i++) {
        sv_exporter_t *exporter = sv_exporter_create(&sv_formats[i], world->path, &world->head, &world->error);

        assert_non_null(exporter);
        must(world, add_rows(world, exporter, 250));
        sv_exporter_destroy(exporter);
        assert_int_equal(files_in_folder(), 0);
    }
}

static void
a_folder_that_is_none_is_told(void **state)
{
    world_t *world = *state;

    for (size_t i = 0; i < sv_format_count; i++) {
        sv_exporter_t *exporter =
            sv_exporter_create(&sv_formats[i], "/nonexistent/folder/file", &world->head, &world->error);
        sv_status_t status = exporter == NULL
                                 ? world->error.status
                                 : sv_exporter_finish(exporter, &world->size, world->sha256, &world->error);

        assert_int_equal(sv_status_kind(status), SV_KIND_UNAVAILABLE);
        sv_exporter_destroy(exporter);
        sv_error_clear(&world->error);
    }
}

/* What is written raw is read back to the letter, by a reader that knows nothing of the writer. */
static void
any_text_is_read_back_from_a_csv(void **state)
{
    enum { TEXTS = 300, PIECES = 12 };
    static const char *const pieces[] = { "a",    ",", ";", "\"", "'",        "\n",
                                          "\r\n", "=", "-", " ",  "\xc3\xa9", "\xf0\x9f\x93\xa6" };
    world_t *world = *state;
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
    world->head.columns = text_column;
    world->head.column_count = 1;
    world->head.options.raw = true;
    written(world, "csv", rows, TEXTS);
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

/* As a full disk: files may have 32 KiB. */
static void
a_file_that_cannot_grow_is_told_and_removed(void **state)
{
    enum { ROWS = 1000, MOST = 32 * 1024 };
    world_t *world = *state;
    struct rlimit before, small;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = MOST;
    for (size_t i = 0; i < sv_format_count; i++) {
        sv_exporter_t *exporter;
        sv_status_t status;

        setrlimit(RLIMIT_FSIZE, &small);
        exporter = sv_exporter_create(&sv_formats[i], world->path, &world->head, &world->error);
        status = add_rows(world, exporter, ROWS);
        if (status == SV_OK) {
            status = sv_exporter_finish(exporter, &world->size, world->sha256, &world->error);
        }
        sv_exporter_destroy(exporter);
        setrlimit(RLIMIT_FSIZE, &before);
        if (sv_status_kind(status) != SV_KIND_UNAVAILABLE) {
            fail_msg("%s: %s", sv_formats[i].name, sv_status_code(status));
        }
        assert_int_equal(files_in_folder(), 0);
        sv_error_clear(&world->error);
    }
}

static void
a_row_of_other_columns_is_refused(void **state)
{
    world_t *world = *state;
    sv_exporter_t *exporter = sv_exporter_create(sv_format("csv"), world->path, &world->head, &world->error);
    bson_t *row = sv_doc_take(BCON_NEW("code", BCON_INT64(1)), world->arena);

    assert_int_equal(sv_exporter_row(exporter, row, &world->error), SV_ERR_INTERNAL);
    sv_exporter_destroy(exporter);
}

static void
file_names_hold_on_every_system(void **state)
{
    static const char *const names[][2] = {
        { "2026-11-22 stock count A", "2026-11-22 stock count A.csv" },
        { "../../etc/passwd", "-..-etc-passwd.csv" },
        { "a/b\\c:d*e?f\"g<h>i|j", "a-b-c-d-e-f-g-h-i-j.csv" },
        { " . hidden. ", "hidden.csv" },
        { "line\r\nX-Header: 1", "line--X-Header- 1.csv" },
        { "", "export.csv" },
        { "...", "export.csv" },
        { "NUL", "export.csv" },
        { "com1.txt", "export.csv" },
        { "cod\xe2\x80\xaexcod", "codxcod.csv" },
        { "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe5\x9c\xa8", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe5\x9c\xa8.csv" },
        { "bad\xff"
          "byte",
          "bad-byte.csv" },
    };
    char name[200], long_title[1001];

    (void) state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_string_equal(sv_format_file_name(names[i][0], sv_format("csv"), name, sizeof(name)), names[i][1]);
    }
    for (size_t i = 0; i < 500; i++) {
        memcpy(long_title + 2 * i, "\xc3\xa9", 2);
    }
    long_title[1000] = '\0';
    sv_format_file_name(long_title, sv_format("xlsx"), name, sizeof(name));
    assert_int_equal(strlen(name), 160 + strlen(".xlsx"));
    assert_string_equal(sv_format_file_name("title", sv_format("csv"), name, 8), "tit.csv");
    assert_string_equal(sv_format_file_name("title", sv_format("csv"), name, 3), "");
}

static void
what_is_asked_is_read_back_and_has_a_key(void **state)
{
    world_t *world = *state;
    sv_export_request_t request = { "id-1", sv_format("csv"), { .bom = true, .delimiter = '\t', .raw = true } };
    const bson_t *params = sv_export_request_params(&request, "snapshot_id", world->arena);
    const char *key = sv_export_request_key(&request, world->arena);
    sv_format_options_t options;
    const sv_format_t *format;

    assert_string_equal(sv_doc_text(params, "snapshot_id", world->arena), "id-1");
    assert_true(sv_format_options_read(params, &format, &options, world->arena));
    assert_ptr_equal(format, sv_format("csv"));
    assert_true(options.bom && options.raw && options.delimiter == '\t');
    request.options.raw = false;
    assert_string_not_equal(sv_export_request_key(&request, world->arena), key);
    params = sv_doc_take(BCON_NEW("format", "doc"), world->arena);
    assert_false(sv_format_options_read(params, &format, &options, world->arena));
    assert_null(sv_format("XLSX"));
    assert_null(sv_format(NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_csv_has_exact_numbers_and_dates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_csv_quotes_what_needs_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_csv_neutralises_formulas_unless_told_otherwise, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_csv_may_begin_with_a_mark_and_use_tabs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_text_becomes_a_replacement, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_is_one_object_of_head_rows_and_totals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ndjson_has_a_row_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_xlsx_has_typed_cells_and_frozen_header, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_xlsx_goes_on_in_further_sheets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_no_cell_holds_goes_on_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(escapes_count_as_a_cell_counts_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pdf_is_whole_and_says_what_it_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pdf_prints_any_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pdf_keeps_little_of_long_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_huge_workbooks_are_zip64, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_chart_needs_groups_and_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(charts_are_drawn_of_any_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_rows_are_refused_before_and_while, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_given_up_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_is_none_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_text_is_read_back_from_a_csv, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_grow_is_told_and_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_of_other_columns_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(file_names_hold_on_every_system, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_asked_is_read_back_and_has_a_key, set_up, tear_down),
    };
    int failed;

    snprintf(folder, sizeof(folder), "/tmp/stockverify-exports-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
