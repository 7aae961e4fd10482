#include "core/items/item_find.h"

#include <string.h>

#include "core/items/catalog.h"
#include "core/items/item_keys.h"
#include "core/store/document.h"
#include "core/store/filter.h"

static sv_status_t
sv_items_find(sv_store_t *store, const char *field, const char *const *values, size_t count, size_t limit,
              sv_found_items_t *found, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *options = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    *found = (sv_found_items_t){ 0 };
    if (count == 0) {
        return SV_OK;
    }
    found->items = sv_arena_alloc(arena, limit * sizeof(*found->items));
    found->stocks = sv_arena_zalloc(arena, limit * sizeof(*found->stocks));
    if (count == 1) {
        BSON_APPEND_UTF8(filter, field, values[0]);
    } else {
        sv_filter_in(filter, field, values, count);
    }
    BSON_APPEND_INT64(options, "limit", (int64_t) limit);
    sv_item_view_projection(options);
    status = sv_store_find(store, SV_COLLECTION_ERP_ITEMS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (found->count < limit && mongoc_cursor_next(cursor, &row)) {
        found->items[found->count++] = sv_doc_copy(row, arena);
    }
    found->cut_off = found->count == limit;
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status != SV_OK ? status
                           : sv_item_stocks_load(store, found->items, found->count, found->stocks, arena, error);
}

sv_status_t
sv_items_by_keys(sv_store_t *store, const char *const *keys, size_t count, sv_found_items_t *found, sv_arena_t *arena,
                 sv_error_t *error)
{
    return sv_items_find(store, "lookup_keys", keys, count, count * SV_ENTRY_MATCHES, found, arena, error);
}

sv_status_t
sv_items_by_codes(sv_store_t *store, const char *const *codes, size_t count, sv_found_items_t *found, sv_arena_t *arena,
                  sv_error_t *error)
{
    return sv_items_find(store, "item_code", codes, count, count, found, arena, error);
}

static bool
sv_item_has_key(const bson_t *item, const char *key, sv_arena_t *arena)
{
    const bson_t *keys = sv_doc_child(item, "lookup_keys", arena);
    bson_iter_t iter;

    if (keys != NULL && bson_iter_init(&iter, keys)) {
        while (bson_iter_next(&iter)) {
            if (BSON_ITER_HOLDS_UTF8(&iter) && strcmp(bson_iter_utf8(&iter, NULL), key) == 0) {
                return true;
            }
        }
    }
    return false;
}

size_t
sv_items_with_key(const sv_found_items_t *found, const char *key, sv_item_match_t *matches, size_t room,
                  sv_arena_t *arena)
{
    size_t count = 0;

    for (int delisted = 0; delisted < 2 && count == 0; delisted++) {
        for (size_t i = 0; i < found->count && count < room; i++) {
            if (sv_doc_bool(found->items[i], "deleted") == (delisted == 1) &&
                sv_item_has_key(found->items[i], key, arena)) {
                matches[count++] = (sv_item_match_t){ .item = found->items[i],
                                                      .stocks = found->stocks[i],
                                                      .score = 1,
                                                      .pack = sv_item_pack_of(found->items[i], key, arena) };
            }
        }
    }
    return count;
}

static const bson_t *
sv_items_of_code(const sv_found_items_t *found, const char *code, size_t *at, sv_arena_t *arena)
{
    for (size_t i = 0; i < found->count; i++) {
        const char *stored = sv_doc_text(found->items[i], "item_code", arena);

        if (stored != NULL && strcmp(stored, code) == 0) {
            *at = i;
            return found->items[i];
        }
    }
    return NULL;
}

sv_status_t
sv_items_like(sv_store_t *store, const char *text, size_t limit, sv_item_match_t *matches, size_t *count, bool *ready,
              sv_arena_t *arena, sv_error_t *error)
{
    sv_catalog_t *catalog =
        sv_store_pool_keep(store->pool, SV_POOL_KEEPS_CATALOG, sv_catalog_create, sv_catalog_destroy);
    sv_search_hit_t *hits = NULL;
    size_t hit_count = sv_catalog_search(catalog, store->settings, text, limit, arena, &hits, ready), at;
    const char **codes = sv_arena_alloc(arena, (hit_count + 1) * sizeof(*codes));
    sv_found_items_t found;

    *count = 0;
    for (size_t i = 0; i < hit_count; i++) {
        codes[i] = hits[i].item_code;
    }
    if (sv_items_by_codes(store, codes, hit_count, &found, arena, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < hit_count && *count < limit; i++) {
        const bson_t *item = sv_items_of_code(&found, codes[i], &at, arena);

        if (item != NULL && !sv_doc_bool(item, "deleted")) {
            matches[(*count)++] = (sv_item_match_t){ .item = item, .stocks = found.stocks[at], .score = hits[i].score };
        }
    }
    return SV_OK;
}
