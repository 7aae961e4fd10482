#include "core/report/rows/row_units.h"

#include <string.h>

void
sv_row_units_begin(sv_row_units_t *units, const sv_column_t *columns, size_t count)
{
    *units = (sv_row_units_t){ .column = count };
    for (size_t i = 0; i < count; i++) {
        if (columns[i].type == SV_COLUMN_TEXT && strcmp(columns[i].name, "uom") == 0) {
            units->column = i;
        }
    }
}

void
sv_row_units_see(sv_row_units_t *units, const char *unit, size_t length)
{
    if (units->any) {
        units->mixed =
            units->mixed || length != units->length || (length > 0 && memcmp(unit, units->unit, length) != 0);
        return;
    }
    units->any = true;
    units->length = length < sizeof(units->unit) ? length : 0;
    units->mixed = length >= sizeof(units->unit);
    memcpy(units->unit, length > 0 ? unit : "", units->length);
}

bool
sv_row_units_add_up(const sv_row_units_t *units, const sv_column_t *column)
{
    return column->total && !(units->mixed && column->type == SV_COLUMN_QUANTITY);
}
