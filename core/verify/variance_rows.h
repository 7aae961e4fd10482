#ifndef SV_VARIANCE_ROWS_H
#define SV_VARIANCE_ROWS_H

#include "core/base/json_writer.h"
#include "core/store/store.h"
#include "core/verify/variance_query.h"

/* The rows of an answer while it is made: shared by variances.c and variance_*.c. */
typedef struct {
    const char *count_id, *warehouse;
    const char *currency; /* NULL: the warehouse's is not known */
    const char *item_code, *lot, *item_name, *category, *subcategory;
    const char *uom; /* NULL: not known */
    const char *book;
    bool is_part; /* of a floor within its count */
    bool counted, has_book, has_variance, has_cost, has_value;
    bool unknown, delisted;
    sv_quantity_t system_qty, verified_qty, damage_qty, lost_qty, compared_qty, variance, unit_cost, value;
    int64_t racks, records, counted_at_ms;
    const char *counted_by;
} sv_variance_row_t;

typedef struct {
    sv_variance_row_t *rows;
    size_t count, capacity;
} sv_variance_rows_t;

/* Every row that the query asks for, in no order. */
sv_status_t sv_variance_rows_read(sv_store_t *store, const sv_variance_query_t *query, sv_variance_rows_t *rows,
                                  sv_arena_t *arena, sv_error_t *error);

/* The member `totals`. */
void sv_variance_totals_write(sv_json_writer_t *w, const sv_variance_rows_t *rows, sv_arena_t *arena);

#endif
