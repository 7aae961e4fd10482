#ifndef SV_ADJUSTMENT_LINE_H
#define SV_ADJUSTMENT_LINE_H

#include "core/adjust/adjustment.h"

/* A line of an adjustment before it is written. */
typedef struct {
    const char *item_code;
    const char *lot; /* "": of the whole item */
    const char *uom; /* NULL: none is known */
    sv_quantity_t delta;
    bool has_cost;
    sv_quantity_t unit_cost;
    sv_posting_state_t state;                       /* where it begins */
    const bson_t *origin;                           /* what more is kept of where it came from; NULL: nothing */
    const char *erp_code, *erp_lot, *erp_warehouse; /* as the ERP spells them; NULL: the same (line_spelling.h) */
} sv_adjustment_line_t;

#endif
