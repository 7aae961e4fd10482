#ifndef SV_ADJUSTMENT_LINE_SPELLING_H
#define SV_ADJUSTMENT_LINE_SPELLING_H

#include "core/adjust/adjustment_line.h"
#include "core/store/store.h"

/* Sets erp_code, erp_lot and erp_warehouse of the lines where the ERP spells them in another way, from `arena`. */
sv_status_t sv_lines_spell(sv_store_t *store, const char *warehouse, sv_adjustment_line_t *lines, size_t count,
                           sv_arena_t *arena, sv_error_t *error);

#endif
