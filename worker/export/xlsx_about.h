#ifndef SV_EXPORT_XLSX_ABOUT_H
#define SV_EXPORT_XLSX_ABOUT_H

#include "worker/export/xlsx_book.h"

/* The sheets behind the rows. */
sv_status_t sv_xlsx_write_end(sv_xlsx_t *xlsx, const sv_export_totals_t *totals, sv_error_t *error);

#endif
