#ifndef SV_EXPORT_XLSX_H
#define SV_EXPORT_XLSX_H

#include <xlsxwriter.h>

#include "worker/export/writer.h"

/*
 * An XLSX workbook under way: sheets "Rows", "Rows 2", ... of the rows, "Long texts" where texts go on that no cell can
 * hold, then "Totals", "Chart" of grouped rows and "About".  libxlsxwriter's constant memory mode holds one row a
 * sheet; its temporary files lie beside the file.
 */
enum { SV_XLSX_ROWS = 1048575, SV_XLSX_TEXT = 32767, SV_XLSX_DIGITS = 15 };

typedef struct {
    double width; /* in characters */
    lxw_format *format;
} sv_xlsx_column_t;

typedef struct {
    const sv_export_head_t *head;
    char *path;
    lxw_workbook *book;
    lxw_format *header, *label, *wrapped;
    sv_xlsx_column_t *columns;
    size_t rows_a_sheet; /* below the header */

    lxw_worksheet *sheet;
    size_t sheets; /* of rows */
    size_t sheet_rows;
    int64_t rows;

    lxw_worksheet *long_texts;
    size_t long_text_rows;
    int64_t long_text_count;
    int64_t exact_texts; /* numbers with more digits than a spreadsheet keeps */
    sv_buffer_t scratch;
    sv_arena_t *arena;
} sv_xlsx_t;

/* As the format's row opens it, with fewer rows a sheet (tests). */
void *sv_xlsx_open_sheets(const char *path, const sv_export_head_t *head, size_t rows_a_sheet, sv_error_t *error);

/* A sheet whose rows are written from now on; SV_ERR_UNAVAILABLE when its temporary file can't be made. */
lxw_worksheet *sv_xlsx_add_sheet(sv_xlsx_t *xlsx, const char *name, sv_error_t *error);
/* "Rows", "Rows 2". */
const char *sv_xlsx_sheet_name(size_t number, char name[32]);
/* Whether everything written to the sheet reached its temporary file (the library does not look). */
sv_status_t sv_xlsx_check_sheet(lxw_worksheet *sheet, sv_error_t *error);
sv_status_t sv_xlsx_check(lxw_error result, sv_error_t *error);

/* Whether the archive needs what files of more than 4 GiB do, once all is written. */
bool sv_xlsx_needs_zip64(const lxw_workbook *book);

/* A number of this column, as its format shows it; as a text where a spreadsheet would lose digits. */
lxw_error
sv_xlsx_write_number(sv_xlsx_t *xlsx, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t to, size_t column, int64_t number);

/* xlsx_text.c: a text of any length into a cell, with what is too long for it in "Long texts". */
sv_status_t
sv_xlsx_write_text(sv_xlsx_t *xlsx, lxw_row_t row, size_t column, const char *text, size_t length, sv_error_t *error);
/* How XML is to hold it: characters it can't, and what would be read as an escape, escaped.  In scratch until the next
 * call; stops before a character that makes it longer than `limit` as a cell counts, *taken bytes of `text`. */
const char *sv_xlsx_escape(sv_xlsx_t *xlsx, const char *text, size_t length, size_t limit, size_t *taken);

/* xlsx_about.c: the sheets behind the rows. */
sv_status_t sv_xlsx_write_end(sv_xlsx_t *xlsx, const sv_export_totals_t *totals, sv_error_t *error);

#endif
