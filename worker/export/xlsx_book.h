#ifndef SV_EXPORT_XLSX_BOOK_H
#define SV_EXPORT_XLSX_BOOK_H

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

#endif
