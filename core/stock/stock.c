#include "core/stock/stock.h"

#include <string.h>

#include "core/store/document.h"
#include "core/store/filter.h"

sv_status_t
sv_stock_read(sv_store_t *store, const char *warehouse, const char *const *codes, size_t count, sv_stock_reader_t read,
              void *context, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    if (count == 0) {
        return SV_OK;
    }
    if (warehouse != NULL) {
        BSON_APPEND_UTF8(filter, "warehouse", warehouse);
    }
    if (count == 1) {
        BSON_APPEND_UTF8(filter, "item_code", codes[0]);
    } else {
        sv_filter_in(filter, "item_code", codes, count);
    }
    status = sv_store_find(store, SV_COLLECTION_ITEM_STOCK, filter, NULL, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        sv_stock_t stock = { .warehouse = sv_doc_text(row, "warehouse", arena),
                             .item_code = sv_doc_text(row, "item_code", arena),
                             .lot = sv_doc_text(row, "lot", arena),
                             .known = sv_doc_has(row, "book_qty"),
                             .quantity = sv_doc_quantity(row, "book_qty"),
                             .has_cost = sv_doc_has(row, "unit_cost"),
                             .unit_cost = sv_doc_quantity(row, "unit_cost"),
                             .synced_at_ms = sv_doc_time(row, "synced_at") };

        if (stock.warehouse != NULL && stock.item_code != NULL) {
            stock.lot = stock.lot != NULL ? stock.lot : "";
            read(&stock, context);
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

bool
sv_stock_of_item(const bson_t *item, const char *warehouse, sv_quantity_t *quantity, sv_arena_t *arena)
{
    const char *own = sv_doc_text(item, "warehouse", arena);

    if (own == NULL || warehouse == NULL || strcmp(own, warehouse) != 0 || !sv_doc_has(item, "stock_qty") ||
        sv_doc_bool(item, "stock_row")) {
        return false;
    }
    *quantity = sv_doc_quantity(item, "stock_qty");
    return true;
}
