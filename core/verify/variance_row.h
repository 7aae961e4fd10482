#ifndef SV_VARIANCE_ROW_H
#define SV_VARIANCE_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/quantity.h"

/* A line of a count as variances tell it. */
typedef struct {
    const char *count_id, *warehouse;
    const char *currency; /* NULL: the warehouse's is not known */
    const char *item_code, *lot, *item_name, *category, *subcategory;
    const char *uom; /* NULL: not known */
    const char *book;
    bool is_part; /* of a floor within its count */
    bool counted, incomplete, has_book, has_variance, has_cost, has_value;
    bool unknown, delisted;
    sv_quantity_t system_qty, verified_qty, damage_qty, lost_qty, compared_qty, variance, unit_cost, value;
    int64_t racks, records, counted_at_ms;
    const char *counted_by;
} sv_variance_row_t;

#endif
