#include "core/totals/touch.h"

#include "core/counts/count_state.h"
#include "core/counts/touched.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/row_texts.h"

static sv_status_t
sv_touch_count(sv_store_t *store, const char *count_id, const char *warehouse, const char *const *codes, size_t count,
               sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "}"), arena);
    sv_row_texts_t items = { .field = "item_code", .arena = arena };
    sv_status_t status;

    BSON_APPEND_UTF8(filter, "session_id", count_id);
    sv_filter_in(filter, "item_code", codes, count);
    BCON_APPEND(filter, "counted", "{", "$exists", BCON_BOOL(true), "}");
    status = sv_store_each(store, SV_COLLECTION_SESSION_BOOK, filter, options, sv_row_texts_take, &items, error);
    return status == SV_OK ? sv_touched_note(store, count_id, warehouse, items.texts, items.count, arena, error)
                           : status;
}

static bson_t *
sv_touch_live(const char *warehouse, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(warehouse)), arena);

    sv_count_filter_live(filter, "status");
    return filter;
}

sv_status_t
sv_totals_has_live_counts(sv_store_t *store, const char *warehouse, bool *has, sv_error_t *error)
{
    const bson_t *count = NULL;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_SESSIONS, sv_touch_live(warehouse, error->arena), NULL,
                                           error->arena, &count, error);

    *has = count != NULL;
    return status;
}

sv_status_t
sv_totals_touch(sv_store_t *store, const char *warehouse, const char *const *codes, size_t count, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_row_texts_t counts = { .field = "session_id", .arena = arena };
    sv_status_t status = SV_OK;

    if (count > 0) {
        status = sv_store_each(store, SV_COLLECTION_SESSIONS, sv_touch_live(warehouse, arena), NULL, sv_row_texts_take,
                               &counts, error);
    }
    for (size_t i = 0; status == SV_OK && i < counts.count; i++) {
        status = sv_touch_count(store, counts.texts[i], warehouse, codes, count, arena, error);
    }
    sv_arena_destroy(arena);
    return status;
}
