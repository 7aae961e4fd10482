#ifndef SV_ROW_UNITS_H
#define SV_ROW_UNITS_H

#include "core/report/rows/column.h"

/* Whether rows are all of one unit (their column "uom"): quantities of several have no sum, nor have those of a unit
 * and of none that is told.  Rows without such a column are taken for one unit. */
enum { SV_ROW_UNIT_MAX = 128 };

typedef struct {
    size_t column; /* the unit's; the number of columns: there is none */
    bool any, mixed;
    size_t length; /* of the first row's unit; 0: none */
    char unit[SV_ROW_UNIT_MAX];
} sv_row_units_t;

void sv_row_units_begin(sv_row_units_t *units, const sv_column_t *columns, size_t count);
/* The unit of one more row; length 0: none. */
void sv_row_units_see(sv_row_units_t *units, const char *unit, size_t length);
/* Whether the sum of this column over the rows seen means something. */
bool sv_row_units_add_up(const sv_row_units_t *units, const sv_column_t *column);

#endif
