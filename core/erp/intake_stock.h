#ifndef SV_ERP_INTAKE_STOCK_H
#define SV_ERP_INTAKE_STOCK_H

#include "core/base/quantity.h"
#include "core/base/text_map.h"
#include "core/store/store.h"

/*
 * What an ERP's rows tell of the stock of some items, as it goes to item_stock: rows that differ from what is stored
 * are written, the others are dated.
 */
typedef struct {
    const char *item_code, *warehouse, *lot; /* lot "": none told */
    const char *erp_warehouse, *erp_lot;     /* as the ERP spells them; NULL: the same */
    const char *version;                     /* NULL: none */
    bool known;                              /* a quantity */
    sv_quantity_t book_qty;
    bool has_cost;
    sv_quantity_t unit_cost;
} sv_erp_stock_t;

typedef struct {
    sv_erp_stock_t *rows;
    size_t count, capacity;
    sv_text_map_t places; /* of the item that was begun last: warehouse and lot -> its row's number, and one */
} sv_erp_stocks_t;

/* Rows that are added from now on are another item's. */
void sv_erp_stocks_begin_item(sv_erp_stocks_t *stocks, sv_arena_t *arena);
/* A row more of that item; one of the same warehouse and lot as an earlier row of it is added to that: a lot may come
 * in several batches. */
void sv_erp_stocks_add(sv_erp_stocks_t *stocks, const sv_erp_stock_t *row, sv_arena_t *arena);

/* Writes them; `codes` are their items.  With `whole` what is stored of these items and not among the rows becomes 0.
 * *changed are the items of which something was written, in the arena. */
sv_status_t
sv_erp_stocks_write(sv_store_t *store, const sv_erp_stocks_t *stocks, const char *const *codes, size_t code_count,
                    bool whole, const char ***changed, size_t *changed_count, sv_arena_t *arena, sv_error_t *error);

#endif
