#ifndef SV_IMPORT_ITEMS_STOCK_H
#define SV_IMPORT_ITEMS_STOCK_H

#include "core/import/bulk.h"

/*
 * The stock that rows of an import of items tell (`stock_qty`, `unit_cost`, of `warehouse` and `lot`): written to
 * item_stock after the items themselves, a window of rows at a time.  A row that does not say whose stock it is tells
 * that of the item's own warehouse; of an item that has none either, the item keeps it until somebody says.
 */
typedef struct {
    long line;
    const char *item_code;
    const char *warehouse; /* NULL: not said */
    const char *lot;
    bool tells; /* the file has stock_qty */
    bool known;
    sv_quantity_t quantity;
    bool has_cost;
    sv_quantity_t unit_cost;
    sv_import_outcome_t outcome; /* of the row: its item's, then its stock's */
} sv_import_stock_t;

typedef struct {
    sv_store_t *store;
    sv_import_bulk_t *items;
    sv_import_bulk_t stock;
    sv_import_table_t table;     /* of the stock: whom a dry run tells */
    sv_import_options_t options; /* its own */
    sv_arena_t *arena;           /* of the window */
    sv_import_stock_t rows[SV_IMPORT_BULK_ROWS];
    size_t count;
    int64_t created, changed, unchanged; /* rows */
} sv_import_items_stock_t;

sv_status_t sv_import_items_stock_init(sv_import_items_stock_t *stock, sv_store_t *store, sv_import_bulk_t *items,
                                       sv_error_t *error);
void sv_import_items_stock_close(sv_import_items_stock_t *stock);

/* Notes what the table's row, which is good, says of the item's stock; before the row is put into `items`. */
void sv_import_items_stock_note(sv_import_items_stock_t *stock, long line, const char *item_code);
/* Once the window's items are written. */
sv_status_t sv_import_items_stock_flush(sv_import_items_stock_t *stock, sv_error_t *error);

#endif
