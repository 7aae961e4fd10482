#include "core/adjust/tell.h"

#include "core/store/document.h"
#include "core/store/row_texts.h"
#include "core/totals/touch.h"

enum { SV_TELL_CHUNK = 1000 };

/* The lines behind the n-th, up to a chunk: by their numbers, since the development server reads all that are behind
 * it, whatever the limit is. */
static sv_status_t
sv_tell_chunk(sv_store_t *store, const char *adjustment_id, const char *warehouse, int64_t n, sv_arena_t *arena,
              sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id), "n", "{", "$gt", BCON_INT64(n),
                                          "$lte", BCON_INT64(n + SV_TELL_CHUNK), "}"),
                                 arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "}"), arena);
    sv_row_texts_t codes = { .field = "item_code", .arena = arena };

    if (sv_store_each(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, options, sv_row_texts_take, &codes, error) !=
        SV_OK) {
        return error->status;
    }
    return sv_totals_touch(store, warehouse, codes.texts, codes.count, error);
}

/* What is not over now: a count that begins behind this has the adjustment in its book. */
static sv_status_t
sv_tell_lines(sv_store_t *store, const bson_t *head, const char *adjustment_id, sv_error_t *error)
{
    const char *warehouse = sv_doc_text(head, "warehouse", error->arena);
    int64_t lines = sv_doc_int(head, "line_count");
    bool live = false;

    if (sv_totals_has_live_counts(store, warehouse, &live, error) != SV_OK || !live) {
        return error->status;
    }
    for (int64_t n = 0; error->status == SV_OK && n < lines; n += SV_TELL_CHUNK) {
        sv_arena_t *arena = sv_arena_create();

        sv_tell_chunk(store, adjustment_id, warehouse, n, arena, error);
        sv_arena_destroy(arena);
    }
    return error->status;
}

sv_status_t
sv_adjustment_tell(sv_store_t *store, const char *adjustment_id, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id)), error->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "told", BCON_BOOL(true), "}"), error->arena);
    const bson_t *head = NULL;

    if (sv_store_find_one(store, SV_COLLECTION_ADJUSTMENTS, filter, NULL, error->arena, &head, error) != SV_OK ||
        head == NULL || sv_doc_bool(head, "told")) {
        return error->status;
    }
    return sv_tell_lines(store, head, adjustment_id, error) == SV_OK
               ? sv_store_update_one(store, SV_COLLECTION_ADJUSTMENTS, filter, update, NULL, error)
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
