#include "core/adjust/tell.h"

#include "core/store/document.h"
#include "core/store/row_texts.h"
#include "core/totals/touch.h"

enum { SV_TELL_CHUNK = 1000 };

/* Some lines behind the n-th; *n is the last of them, unchanged when there are none. */
static sv_status_t
sv_tell_chunk(sv_store_t *store, const char *adjustment_id, const char *warehouse, int64_t *n, sv_arena_t *arena,
              sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id), "n", "{", "$gt", BCON_INT64(*n), "}"), arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "n", BCON_INT32(1), "}", "limit", BCON_INT64(SV_TELL_CHUNK),
                                           "projection", "{", "item_code", BCON_INT32(1), "n", BCON_INT32(1), "}"),
                                  arena);
    sv_row_texts_t codes = { .field = "item_code", .arena = arena };
    mongoc_cursor_t *cursor;
    const bson_t *row;

    if (sv_store_find(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        sv_row_texts_take(row, &codes);
        *n = sv_doc_int(row, "n");
    }
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status == SV_OK ? sv_totals_touch(store, warehouse, codes.texts, codes.count, error) : error->status;
}

sv_status_t
sv_adjustment_tell(sv_store_t *store, const char *adjustment_id, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id)), error->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "told", BCON_BOOL(true), "}"), error->arena);
    const bson_t *head = NULL;
    const char *warehouse;
    int64_t n = 0, before = -1;

    if (sv_store_find_one(store, SV_COLLECTION_ADJUSTMENTS, filter, NULL, error->arena, &head, error) != SV_OK ||
        head == NULL || sv_doc_bool(head, "told")) {
        return error->status;
    }
    warehouse = sv_doc_text(head, "warehouse", error->arena);
    while (error->status == SV_OK && n != before) {
        sv_arena_t *arena = sv_arena_create();

        before = n;
        sv_tell_chunk(store, adjustment_id, warehouse, &n, arena, error);
        sv_arena_destroy(arena);
    }
    return error->status == SV_OK ? sv_store_update_one(store, SV_COLLECTION_ADJUSTMENTS, filter, update, NULL, error)
                                  : error->status;
}

sv_status_t
sv_adjustments_tell_all(sv_store_t *store, const char *warehouse, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(warehouse), "told", "{", "$ne", BCON_BOOL(true), "}"),
                                 error->arena);
    sv_row_texts_t ids = { .field = "adjustment_id", .arena = error->arena };

    sv_store_each(store, SV_COLLECTION_ADJUSTMENTS, filter, NULL, sv_row_texts_take, &ids, error);
    for (size_t i = 0; error->status == SV_OK && i < ids.count; i++) {
        sv_adjustment_tell(store, ids.texts[i], error);
    }
    return error->status;
}
