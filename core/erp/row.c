#include "core/erp/row.h"

#include <string.h>

char **
sv_erp_row_cells(const bson_t *row, size_t columns, sv_arena_t *arena)
{
    char **cells = sv_arena_alloc(arena, (columns + 1) * sizeof(*cells));
    bson_iter_t iter;
    size_t i = 0;

    for (size_t k = 0; k < columns; k++) {
        cells[k] = "";
    }
    if (bson_iter_init(&iter, row)) {
        while (bson_iter_next(&iter) && i < columns) {
            if (BSON_ITER_HOLDS_UTF8(&iter)) {
                uint32_t length;
                const char *text = bson_iter_utf8(&iter, &length);

                cells[i] = strlen(text) == length ? sv_arena_strdup(arena, text) : "\xff";
            }
            i++;
        }
    }
    return cells;
}
