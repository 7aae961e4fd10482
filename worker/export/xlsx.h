#ifndef SV_EXPORT_XLSX_H
#define SV_EXPORT_XLSX_H

#include "worker/export/writer.h"

/* As the format's row opens it, with fewer rows a sheet (tests). */
void *sv_xlsx_open_sheets(const char *path, const sv_export_head_t *head, size_t rows_a_sheet, sv_error_t *error);

#endif
