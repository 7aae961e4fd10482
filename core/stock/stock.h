#ifndef SV_STOCK_H
#define SV_STOCK_H

#include "core/base/quantity.h"
#include "core/store/store.h"

/*
 * What the books say an item amounts to: per warehouse, and per lot where they tell lots (item_stock).  No row is
 * nothing; a row without a quantity is unknown.
 *
 * erp_items.stocks[] is a copy for lookups and answers (item_stocks.h), erp_items.stock_qty of what it says of the
 * item's own warehouse, for lists (`stock_row` says so).  Until `stockverifyctl migrate` has been run stock_qty may be
 * all there is of an item, and then it is read as its warehouse's row.
 */
enum { SV_LOT_MAX = 64 };

typedef struct {
    const char *warehouse;
    const char *item_code;
    const char *lot; /* "": none told */
    bool known;      /* a quantity */
    sv_quantity_t quantity;
    bool has_cost;
    sv_quantity_t unit_cost;
    int64_t synced_at_ms; /* when the ERP, or a file, last told it; 0: not known */
} sv_stock_t;

typedef void (*sv_stock_reader_t)(const sv_stock_t *stock, void *context);

/* The rows of these items, of one warehouse or (NULL) of all, in no order; texts live in the arena. */
sv_status_t sv_stock_read(sv_store_t *store, const char *warehouse, const char *const *codes, size_t count,
                          sv_stock_reader_t read, void *context, sv_arena_t *arena, sv_error_t *error);

/* What an item of before says itself of its own warehouse; false: nothing, or of another, or there is a row. */
bool sv_stock_of_item(const bson_t *item, const char *warehouse, sv_quantity_t *quantity, sv_arena_t *arena);

#endif
