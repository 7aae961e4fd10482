#ifndef SV_VARIANCE_ITEMS_H
#define SV_VARIANCE_ITEMS_H

#include "core/store/store.h"
#include "core/verify/variance_row.h"

enum { SV_VARIANCE_CHUNK = 1000 /* items that are looked up at once */ };

/* What the items of at most SV_VARIANCE_CHUNK rows are: of all, or of those alone without a unit. */
sv_status_t sv_variance_name_items(sv_store_t *store, sv_variance_row_t *rows, size_t count, bool units_alone,
                                   sv_arena_t *arena, sv_error_t *error);

/* What the items of any number of rows are. */
sv_status_t sv_variance_rows_describe(sv_store_t *store, sv_variance_row_t *rows, size_t count, sv_arena_t *arena,
                                      sv_error_t *error);

#endif
