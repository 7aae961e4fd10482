#include "core/stock/movements.h"

#include "core/store/document.h"
#include "core/store/filter.h"

sv_status_t
sv_movements_read(sv_store_t *store, const char *warehouse, const char *const *codes, size_t count, int64_t from_ms,
                  int64_t to_ms, sv_movement_reader_t read, void *context, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    if (count == 0 || from_ms >= to_ms) {
        return SV_OK;
    }
    BSON_APPEND_UTF8(filter, "warehouse", warehouse);
    sv_filter_in(filter, "item_code", codes, count);
    sv_filter_span(filter, "moved_at", from_ms + 1, to_ms + 1);
    BCON_APPEND(filter, "adjustment_id", BCON_NULL);
    status = sv_store_find(store, SV_COLLECTION_ITEM_MOVEMENTS, filter, NULL, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        const char *lot = sv_doc_text(row, "lot", arena);
        const sv_movement_t movement = { .item_code = sv_doc_text(row, "item_code", arena),
                                         .lot = lot != NULL ? lot : "",
                                         .quantity = sv_doc_quantity(row, "qty"),
                                         .moved_at_ms = sv_doc_time(row, "moved_at") };

        if (movement.item_code != NULL) {
            read(&movement, context);
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}
