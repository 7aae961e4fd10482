#ifndef SV_ERP_ROW_H
#define SV_ERP_ROW_H

#include <bson/bson.h>

#include "core/base/arena.h"

/* A row's texts, `columns` of them: "" for NULL, and what is no text becomes what no gate lets pass. */
char **sv_erp_row_cells(const bson_t *row, size_t columns, sv_arena_t *arena);

#endif
