#ifndef SV_EXPORT_CELL_TEXT_H
#define SV_EXPORT_CELL_TEXT_H

#include "core/report/rows/row_value.h"

enum { SV_CELL_TEXT_SIZE = 40 };

/* A known value that is no TEXT, as CSV and JSON have it: exact decimals, RFC 3339 times, days, true and false.
 * NUL-terminated; returns the length. */
size_t sv_cell_text(sv_column_type_t type, const sv_row_value_t *value, char text[SV_CELL_TEXT_SIZE]);

/* As people read it in a printed table: times without their 'T' and 'Z', shares in percent. */
size_t sv_cell_print(sv_column_type_t type, const sv_row_value_t *value, char text[SV_CELL_TEXT_SIZE]);

#endif
