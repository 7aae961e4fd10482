#ifndef SV_ITEM_STOCKS_H
#define SV_ITEM_STOCKS_H

#include "core/base/quantity.h"
#include "core/store/store.h"

/*
 * What the books say of one item, a figure a warehouse: its lots add up, and of one that is not known the whole is not.
 *
 * erp_items.stocks[] is a copy of that, so that finding an item tells its stock in the same question.  Whoever writes
 * item_stock has it brought up to date (sv_stock_settle); an item without it is one of before, and its rows are read.
 */
typedef struct {
    const char *warehouse;
    bool known; /* a quantity */
    sv_quantity_t quantity;
} sv_item_stock_t;

typedef struct {
    sv_item_stock_t *stocks;
    size_t count, capacity;
} sv_item_stocks_t;

/* Texts are kept as they are given. */
void sv_item_stocks_add(sv_item_stocks_t *stocks, const char *warehouse, bool known, sv_quantity_t quantity,
                        sv_arena_t *arena);
/* NULL: nothing is told of that warehouse. */
sv_item_stock_t *sv_item_stocks_of(const sv_item_stocks_t *stocks, const char *warehouse);

/* Appends the copy. */
void sv_item_stocks_put(bson_t *set, const sv_item_stocks_t *stocks);

/* The stocks of items of erp_items, in their order, which have `item_code`, `warehouse`, `stock_qty`, `stock_row` and
 * `stocks`. */
sv_status_t sv_item_stocks_load(sv_store_t *store, const bson_t *const *items, size_t count, sv_item_stocks_t *stocks,
                                sv_arena_t *arena, sv_error_t *error);

#endif
