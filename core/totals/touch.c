#include "core/totals/touch.h"

#include "core/store/document.h"
#include "core/store/filter.h"

typedef struct {
    const char **ids;
    size_t count, capacity;
} sv_touch_texts_t;

/* A text of every row the filter matches. */
static sv_status_t
sv_touch_read(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const char *field,
              sv_touch_texts_t *texts, sv_arena_t *arena, sv_error_t *error)
{
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, collection, filter, NULL, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        const char *text = sv_doc_text(row, field, arena);

        if (text != NULL) {
            texts->ids = sv_arena_grow(arena, texts->ids, texts->count, &texts->capacity, sizeof(texts->ids[0]));
            texts->ids[texts->count++] = text;
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_touch_count(sv_store_t *store, const char *count_id, const char *warehouse, const char *const *codes, size_t count,
               sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *document = sv_doc_new(arena), array;
    sv_touch_texts_t items = { 0 };
    int64_t now_ms = 0;
    char digits[16];
    const char *key;

    BSON_APPEND_UTF8(filter, "session_id", count_id);
    sv_filter_in(filter, "item_code", codes, count);
    BCON_APPEND(filter, "counted", "{", "$exists", BCON_BOOL(true), "}");
    if (sv_touch_read(store, SV_COLLECTION_SESSION_BOOK, filter, "item_code", &items, arena, error) != SV_OK ||
        items.count == 0 || sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    sv_doc_put_text(document, "count_id", count_id);
    sv_doc_put_text(document, "warehouse", warehouse);
    BSON_APPEND_ARRAY_BEGIN(document, "item_codes", &array);
    for (size_t i = 0; i < items.count; i++) {
        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_UTF8(&array, key, items.ids[i]);
    }
    bson_append_array_end(document, &array);
    sv_doc_put_time(document, "at", now_ms);
    return sv_store_insert(store, SV_COLLECTION_TOUCHED_ITEMS, document, error);
}

sv_status_t
sv_totals_touch(sv_store_t *store, const char *warehouse, const char *const *codes, size_t count, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    bson_t *filter = sv_doc_take(
        BCON_NEW("warehouse", BCON_UTF8(warehouse), "status", "{", "$in", "[", "OPEN", "RECONCILE", "]", "}"), arena);
    sv_touch_texts_t counts = { 0 };
    sv_status_t status =
        count == 0 ? SV_OK : sv_touch_read(store, SV_COLLECTION_SESSIONS, filter, "session_id", &counts, arena, error);

    for (size_t i = 0; status == SV_OK && i < counts.count; i++) {
        status = sv_touch_count(store, counts.ids[i], warehouse, codes, count, arena, error);
    }
    sv_arena_destroy(arena);
    return status;
}
