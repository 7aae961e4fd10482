#ifndef SV_ADJUSTMENT_SUMS_H
#define SV_ADJUSTMENT_SUMS_H

#include <bson/bson.h>

#include "core/base/arena.h"
#include "core/base/quantity.h"

/* What an adjustment comes to: quantities a unit each, since different units are never added; money of the warehouse's
 * one currency.  Net lets surplus and shortage cancel out, gross does not. */
typedef struct {
    const char *uom; /* NULL: none is known */
    int64_t lines;
    sv_quantity_t net, gross;
    sv_quantity_t value, gross_value;
} sv_adjustment_unit_t;

typedef struct {
    sv_adjustment_unit_t *units;
    size_t count, capacity;
    int64_t lines;
    int64_t superseded; /* of these, in no sum */
    int64_t unvalued;   /* whose cost nobody knows: in no sum of money */
    int64_t uncompared; /* counted, but compared with no book: they are no lines, and correct nothing */
    sv_quantity_t value, gross_value;
    bool overflow; /* some sum is past what can be told */
} sv_adjustment_sums_t;

typedef struct {
    const char *uom;
    sv_quantity_t delta;
    bool has_value;
    sv_quantity_t value;
    bool superseded;
} sv_adjustment_part_t;

void sv_adjustment_sums_add(sv_adjustment_sums_t *sums, const sv_adjustment_part_t *part, sv_arena_t *arena);

/* Appends line_count, superseded, unvalued, uncompared, sums[], value and gross_value. */
void sv_adjustment_sums_put(bson_t *head, const sv_adjustment_sums_t *sums);

#endif
