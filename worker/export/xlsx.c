#include "worker/export/xlsx.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "worker/export/cell_text.h"
#include "worker/export/xlsx_about.h"
#include "worker/export/xlsx_text.h"

/* Days between a spreadsheet's first and 1970, and a day in milliseconds. */
#define SV_XLSX_EPOCH_DAYS 25569.0
#define SV_XLSX_DAY_MS     86400000.0

/* 1900-03-01: of what lies before, spreadsheets know either nothing, or the two months with a day that never was. */
#define SV_XLSX_FIRST_MS (-2203891200000)

/* Rows whose texts decide how wide the columns are. */
enum { SV_XLSX_SAMPLE = 1000, SV_XLSX_WIDTH_MAX = 60, SV_XLSX_WIDTH_MIN = 8 };

static const struct {
    const char *number_format; /* NULL: general */
    double width;              /* of a usual value */
} sv_xlsx_types[] = {
    [SV_COLUMN_TEXT] = { NULL, SV_XLSX_WIDTH_MIN },
    [SV_COLUMN_QUANTITY] = { NULL, 12 },
    [SV_COLUMN_MONEY] = { "#,##0.00####", 14 },
    [SV_COLUMN_RATIO] = { "0.00%", 10 },
    [SV_COLUMN_INT] = { "0", 10 },
    [SV_COLUMN_TIME] = { "yyyy-mm-dd hh:mm:ss", 20 },
    [SV_COLUMN_DATE] = { "yyyy-mm-dd", 12 },
    [SV_COLUMN_BOOL] = { NULL, SV_XLSX_WIDTH_MIN },
};

/* What stands in the header, plus room for the filter's arrow. */
static double
sv_xlsx_header_width(const char *title)
{
    return (double) sv_utf8_length(title) + 3;
}

static void
sv_xlsx_widen(sv_xlsx_column_t *column, double width)
{
    if (width > column->width) {
        column->width = width > SV_XLSX_WIDTH_MAX ? SV_XLSX_WIDTH_MAX : width;
    }
}

static sv_status_t
sv_xlsx_begin_sheet(sv_xlsx_t *xlsx, sv_error_t *error)
{
    char name[32];

    xlsx->sheet = sv_xlsx_add_sheet(xlsx, sv_xlsx_sheet_name(xlsx->sheets + 1, name), error);
    if (xlsx->sheet == NULL) {
        return error->status;
    }
    xlsx->sheets++;
    xlsx->sheet_rows = 0;
    for (size_t i = 0; i < xlsx->head->column_count; i++) {
        worksheet_write_string(xlsx->sheet, 0, (lxw_col_t) i, xlsx->head->columns[i].title, xlsx->header);
    }
    return SV_OK;
}

static sv_status_t
sv_xlsx_end_sheet(sv_xlsx_t *xlsx, sv_error_t *error)
{
    size_t last = xlsx->head->column_count - 1;

    for (size_t i = 0; i <= last; i++) {
        worksheet_set_column(xlsx->sheet, (lxw_col_t) i, (lxw_col_t) i, xlsx->columns[i].width, NULL);
    }
    worksheet_freeze_panes(xlsx->sheet, 1, 0);
    worksheet_autofilter(xlsx->sheet, 0, 0, (lxw_row_t) xlsx->sheet_rows, (lxw_col_t) last);
    worksheet_repeat_rows(xlsx->sheet, 0, 0);
    worksheet_set_landscape(xlsx->sheet);
    worksheet_fit_to_pages(xlsx->sheet, 1, 0);
    return sv_xlsx_check_sheet(xlsx->sheet, error);
}

static lxw_format *
sv_xlsx_new_format(sv_xlsx_t *xlsx, const char *number_format, bool bold)
{
    lxw_format *format = workbook_add_format(xlsx->book);

    if (number_format != NULL) {
        format_set_num_format(format, number_format);
    }
    if (bold) {
        format_set_bold(format);
    }
    return format;
}

static void
sv_xlsx_make_formats(sv_xlsx_t *xlsx)
{
    lxw_format *formats[sizeof(sv_xlsx_types) / sizeof(sv_xlsx_types[0])] = { NULL };

    xlsx->header = sv_xlsx_new_format(xlsx, NULL, true);
    format_set_bg_color(xlsx->header, 0xdde5ee);
    format_set_bottom(xlsx->header, LXW_BORDER_THIN);
    xlsx->label = sv_xlsx_new_format(xlsx, NULL, true);
    format_set_align(xlsx->label, LXW_ALIGN_VERTICAL_TOP);
    xlsx->wrapped = sv_xlsx_new_format(xlsx, NULL, false);
    format_set_text_wrap(xlsx->wrapped);
    format_set_align(xlsx->wrapped, LXW_ALIGN_LEFT);
    for (size_t i = 0; i < xlsx->head->column_count; i++) {
        const sv_column_t *column = &xlsx->head->columns[i];

        if (formats[column->type] == NULL && sv_xlsx_types[column->type].number_format != NULL) {
            formats[column->type] = sv_xlsx_new_format(xlsx, sv_xlsx_types[column->type].number_format, false);
        }
        xlsx->columns[i].format = formats[column->type];
        sv_xlsx_widen(&xlsx->columns[i], sv_xlsx_types[column->type].width);
        sv_xlsx_widen(&xlsx->columns[i], sv_xlsx_header_width(column->title));
    }
}

/* A workbook that is given up: the library frees it, and leaves its temporary files open. */
static void
sv_xlsx_give_up(lxw_workbook *book)
{
    lxw_worksheet *sheet;

    STAILQ_FOREACH(sheet, book->worksheets, list_pointers)
    {
        if (sheet->optimize_tmpfile != NULL) {
            fclose(sheet->optimize_tmpfile);
        }
    }
    lxw_workbook_free(book);
}

static void
sv_xlsx_close(void *writer)
{
    sv_xlsx_t *xlsx = writer;

    if (xlsx->book != NULL) {
        sv_xlsx_give_up(xlsx->book);
    }
    sv_arena_destroy(xlsx->arena);
}

void *
sv_xlsx_open_sheets(const char *path, const sv_export_head_t *head, size_t rows_a_sheet, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_xlsx_t *xlsx = sv_arena_zalloc(arena, sizeof(*xlsx));
    lxw_workbook_options options = { .constant_memory = LXW_TRUE };
    sv_status_t status;

    *xlsx = (sv_xlsx_t){ .head = head, .arena = arena, .rows_a_sheet = rows_a_sheet };
    xlsx->path = sv_arena_strdup(arena, path);
    xlsx->columns = sv_arena_zalloc(arena, (head->column_count + 1) * sizeof(*xlsx->columns));
    sv_buffer_init(&xlsx->scratch, arena, 256);
    options.tmpdir = head->scratch_dir != NULL ? sv_arena_strdup(arena, head->scratch_dir) : NULL;
    xlsx->book = workbook_new_opt(xlsx->path, &options);
    if (xlsx->book == NULL) {
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "%s: no workbook could be made", path);
    } else if (head->column_count == 0 || head->column_count > LXW_COL_MAX) {
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "a sheet can't have %zu columns", head->column_count);
    } else {
        sv_xlsx_make_formats(xlsx);
        status = sv_xlsx_begin_sheet(xlsx, error);
    }
    if (status != SV_OK) {
        sv_xlsx_close(xlsx);
        return NULL;
    }
    return xlsx;
}

static void *
sv_xlsx_open(const char *path, const sv_export_head_t *head, sv_error_t *error)
{
    return sv_xlsx_open_sheets(path, head, SV_XLSX_ROWS, error);
}

static lxw_error
sv_xlsx_write_time(sv_xlsx_t *xlsx, lxw_row_t row, size_t i, const sv_row_value_t *value)
{
    lxw_format *format = xlsx->columns[i].format;
    char text[SV_CELL_TEXT_SIZE];

    if (value->number >= SV_XLSX_FIRST_MS) {
        return worksheet_write_number(xlsx->sheet, row, (lxw_col_t) i,
                                      SV_XLSX_EPOCH_DAYS + (double) value->number / SV_XLSX_DAY_MS, format);
    }
    sv_cell_text(xlsx->head->columns[i].type, value, text);
    return worksheet_write_string(xlsx->sheet, row, (lxw_col_t) i, text, format);
}

static sv_status_t
sv_xlsx_write_value(sv_xlsx_t *xlsx, lxw_row_t row, size_t i, const sv_row_value_t *value, sv_error_t *error)
{
    const sv_column_t *column = &xlsx->head->columns[i];
    lxw_format *format = xlsx->columns[i].format;
    lxw_col_t to = (lxw_col_t) i;
    lxw_error result;

    if (column->type == SV_COLUMN_TEXT) {
        return sv_xlsx_write_text(xlsx, row, i, value->text, value->length, error);
    }
    if (sv_column_is_number(column)) {
        result = sv_xlsx_write_number(xlsx, xlsx->sheet, row, to, i, value->number);
    } else if (column->type == SV_COLUMN_BOOL) {
        result = worksheet_write_boolean(xlsx->sheet, row, to, value->number != 0, format);
    } else {
        result = sv_xlsx_write_time(xlsx, row, i, value);
    }
    return result == LXW_NO_ERROR ? SV_OK : sv_xlsx_check(result, error);
}

/* How wide a text is, a character beyond Latin as two. */
static double
sv_xlsx_text_width(const sv_row_value_t *value)
{
    double width = 2;

    for (size_t i = 0; i < value->length && width < SV_XLSX_WIDTH_MAX && value->text[i] != '\n'; i++) {
        unsigned char c = (unsigned char) value->text[i];

        width += (c & 0xc0) == 0x80 ? 0 : c >= 0xe2 ? 2 : 1;
    }
    return width;
}

static sv_status_t
sv_xlsx_row(void *writer, const sv_row_value_t *values, sv_error_t *error)
{
    sv_xlsx_t *xlsx = writer;
    sv_status_t status = SV_OK;

    if (xlsx->sheet_rows == xlsx->rows_a_sheet) {
        status = sv_xlsx_end_sheet(xlsx, error);
        if (status == SV_OK) {
            status = sv_xlsx_begin_sheet(xlsx, error);
        }
    }
    for (size_t i = 0; status == SV_OK && i < xlsx->head->column_count; i++) {
        if (values[i].known) {
            status = sv_xlsx_write_value(xlsx, (lxw_row_t) xlsx->sheet_rows + 1, i, &values[i], error);
        }
        if (xlsx->rows < SV_XLSX_SAMPLE && values[i].text != NULL) {
            sv_xlsx_widen(&xlsx->columns[i], sv_xlsx_text_width(&values[i]));
        }
    }
    xlsx->sheet_rows++;
    xlsx->rows++;
    return status;
}

/* The library does not tell every failed write: a whole archive ends with its directory. */
static sv_status_t
sv_xlsx_check_archive(const char *path, sv_error_t *error)
{
    enum { SV_ZIP_END_SIZE = 22 };
    FILE *file = fopen(path, "rb");
    char end[SV_ZIP_END_SIZE];
    bool whole = file != NULL && fseek(file, -SV_ZIP_END_SIZE, SEEK_END) == 0 &&
                 fread(end, 1, sizeof(end), file) == sizeof(end) && memcmp(end, "PK\5\6", 4) == 0;

    if (file != NULL) {
        fclose(file);
    }
    return whole ? SV_OK : sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%s was not written to its end", path);
}

static sv_status_t
sv_xlsx_finish(void *writer, const sv_export_totals_t *totals, sv_error_t *error)
{
    sv_xlsx_t *xlsx = writer;
    sv_status_t status = sv_xlsx_end_sheet(xlsx, error);
    lxw_error result;

    if (status == SV_OK) {
        status = sv_xlsx_write_end(xlsx, totals, error);
    }
    if (status != SV_OK) {
        return status;
    }
    xlsx->book->options.use_zip64 = sv_xlsx_needs_zip64(xlsx->book);
    result = workbook_close(xlsx->book);
    xlsx->book = NULL;
    if (result != LXW_NO_ERROR) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "%s: %s", xlsx->path, lxw_strerror(result));
    }
    return sv_xlsx_check_archive(xlsx->path, error);
}

const sv_export_writer_t sv_xlsx_writer = { "xlsx", sv_xlsx_open, sv_xlsx_row, sv_xlsx_finish, sv_xlsx_close };
