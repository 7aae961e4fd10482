#include "worker/export/xlsx_book.h"

#include <errno.h>
#include <string.h>

#include "worker/export/cell_text.h"

/* What the archive holds beside the sheets' cells, and more. */
#define SV_XLSX_REST (INT64_C(64) << 20)

const char *
sv_xlsx_sheet_name(size_t number, char name[32])
{
    if (number == 1) {
        return strcpy(name, "Rows");
    }
    snprintf(name, 32, "Rows %zu", number);
    return name;
}

sv_status_t
sv_xlsx_check(lxw_error result, sv_error_t *error)
{
    return result == LXW_NO_ERROR ? SV_OK
                                  : sv_fail_cause(error, SV_ERR_INTERNAL, "libxlsxwriter: %s", lxw_strerror(result));
}

sv_status_t
sv_xlsx_check_sheet(lxw_worksheet *sheet, sv_error_t *error)
{
    if (fflush(sheet->optimize_tmpfile) != 0 || ferror(sheet->optimize_tmpfile)) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "a sheet's temporary file: %s", strerror(errno));
    }
    return SV_OK;
}

lxw_worksheet *
sv_xlsx_add_sheet(sv_xlsx_t *xlsx, const char *name, sv_error_t *error)
{
    lxw_worksheet *sheet = workbook_add_worksheet(xlsx->book, name);

    if (sheet == NULL || sheet->optimize_tmpfile == NULL) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no temporary file for a sheet beside %s", xlsx->path);
        return NULL;
    }
    return sheet;
}

/* Spreadsheets keep 15 digits: a number that has more (*fits false) stands as an exact text.  Below that a division of
 * two numbers that doubles hold exactly gives the double nearest to the decimal. */
static double
sv_xlsx_number(int64_t number, int64_t unit, bool *fits)
{
    const int64_t bound = INT64_C(1000000000000000);

    while (unit > 1 && number % 10 == 0) {
        number /= 10;
        unit /= 10;
    }
    *fits = number < bound && number > -bound;
    return (double) number / (double) unit;
}

lxw_error
sv_xlsx_write_number(sv_xlsx_t *xlsx, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t to, size_t column, int64_t number)
{
    const sv_column_t *is = &xlsx->head->columns[column];
    lxw_format *format = xlsx->columns[column].format;
    char text[SV_CELL_TEXT_SIZE];
    bool fits;
    double value = sv_xlsx_number(number, sv_column_unit(is), &fits);

    if (fits) {
        return worksheet_write_number(sheet, row, to, value, format);
    }
    xlsx->exact_texts++;
    sv_cell_text(is->type, &(sv_row_value_t){ .known = true, .number = number }, text);
    return worksheet_write_string(sheet, row, to, text, format);
}

/* Old readers don't know ZIP64: only an archive that would pass 4 GiB without compression has it. */
bool
sv_xlsx_needs_zip64(const lxw_workbook *book)
{
    int64_t size = SV_XLSX_REST;
    lxw_worksheet *sheet;

    STAILQ_FOREACH(sheet, book->worksheets, list_pointers)
    {
        size += sheet->optimize_tmpfile != NULL ? (int64_t) ftello(sheet->optimize_tmpfile) : 0;
    }
    return size > UINT32_MAX;
}
