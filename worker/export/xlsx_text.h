#ifndef SV_EXPORT_XLSX_TEXT_H
#define SV_EXPORT_XLSX_TEXT_H

#include "worker/export/xlsx_book.h"

/* A text of any length into a cell, with what is too long for it in "Long texts". */
sv_status_t
sv_xlsx_write_text(sv_xlsx_t *xlsx, lxw_row_t row, size_t column, const char *text, size_t length, sv_error_t *error);
/* How XML is to hold it: characters it can't, and what would be read as an escape, escaped.  In scratch until the next
 * call; stops before a character that makes it longer than `limit` as a cell counts, *taken bytes of `text`. */
const char *sv_xlsx_escape(sv_xlsx_t *xlsx, const char *text, size_t length, size_t limit, size_t *taken);

#endif
