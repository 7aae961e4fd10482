#include "core/counts/touched.h"

#include "core/store/document.h"

/* Items of one line of the worker's list: what it derives in one transaction. */
enum { SV_TOUCHED_ITEMS = 250 };

static sv_status_t
sv_touched_insert(sv_store_t *store, const char *count_id, const char *warehouse, const char *const *codes,
                  size_t count, int64_t now_ms, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *document = sv_doc_new(arena);

    sv_doc_put_text(document, "count_id", count_id);
    sv_doc_put_text(document, "warehouse", warehouse);
    sv_doc_put_texts(document, "item_codes", codes, count);
    sv_doc_put_time(document, "at", now_ms);
    return sv_store_insert(store, SV_COLLECTION_TOUCHED_ITEMS, document, error);
}

sv_status_t
sv_touched_note(sv_store_t *store, const char *count_id, const char *warehouse, const char *const *codes, size_t count,
                sv_arena_t *arena, sv_error_t *error)
{
    int64_t now_ms = 0;
    sv_status_t status = count > 0 ? sv_store_now(store, &now_ms, error) : SV_OK;

    for (size_t from = 0; status == SV_OK && from < count; from += SV_TOUCHED_ITEMS) {
        size_t left = count - from;

        status = sv_touched_insert(store, count_id, warehouse, codes + from,
                                   left < SV_TOUCHED_ITEMS ? left : SV_TOUCHED_ITEMS, now_ms, arena, error);
    }
    return status;
}
