#ifndef SV_VARIANCE_ROWS_H
#define SV_VARIANCE_ROWS_H

#include "core/base/json_writer.h"
#include "core/store/store.h"
#include "core/verify/variance_query.h"
#include "core/verify/variance_row.h"
#include "core/verify/variance_sums.h"

/* Gives every row that the query asks for, those of a count together, in no other order.  A row and its texts last
 * until `take` returns; one that fails with the same `error` ends it.  What the item is called (item_name, category,
 * subcategory, delisted) is known only where the query asks for a category: core/verify/variance_items.h tells. */
typedef void (*sv_variance_take_t)(const sv_variance_row_t *row, void *context);
sv_status_t sv_variance_rows_each(sv_store_t *store, const sv_variance_query_t *query, sv_variance_take_t take,
                                  void *context, sv_arena_t *arena, sv_error_t *error);

/* With its texts in the arena. */
sv_variance_row_t sv_variance_row_copy(const sv_variance_row_t *row, sv_arena_t *arena);

/* For answers that hold all of them at once: SV_ERR_QUERY_TOO_SLOW where there are more than SV_VARIANCE_ROWS. */
typedef struct {
    sv_variance_row_t *rows;
    size_t count, capacity;
} sv_variance_rows_t;

sv_status_t sv_variance_rows_read(sv_store_t *store, const sv_variance_query_t *query, sv_variance_rows_t *rows,
                                  sv_arena_t *arena, sv_error_t *error);

/* The member `totals`, of rows as they come. */
typedef struct {
    sv_variance_sums_t units, currencies;
    int64_t lines, not_counted, incomplete, unknown_book;
} sv_variance_totals_t;

void sv_variance_totals_note(sv_variance_totals_t *totals, const sv_variance_row_t *row, sv_arena_t *arena);
void sv_variance_totals_write(sv_json_writer_t *w, const sv_variance_totals_t *totals);

#endif
