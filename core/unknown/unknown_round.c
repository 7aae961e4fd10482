#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/items/item_find.h"
#include "core/items/item_keys.h"
#include "core/store/document.h"
#include "core/sync/query.h"
#include "core/base/text_map.h"
#include "core/unknown/unknown_item.h"
#include "core/unknown/unknown_resolve.h"

enum { SV_FINDS_A_CHUNK = 200, SV_SETTLE_RACKS = 200, SV_SETTLE_FINDS = 500 };

/* ---- what the master has by now */

typedef struct {
    const bson_t **finds;
    size_t count, room;
    sv_arena_t *arena;
} sv_finds_chunk_t;

static void
sv_finds_row(const bson_t *row, void *context)
{
    sv_finds_chunk_t *chunk = context;

    chunk->finds = sv_arena_grow(chunk->arena, chunk->finds, chunk->count, &chunk->room, sizeof(*chunk->finds));
    chunk->finds[chunk->count++] = sv_doc_copy(row, chunk->arena);
}

/* The item with this very code, else the only one that the code finds: of several nobody knows which is meant. */
static const char *
sv_finds_item(const sv_text_map_t *by_code, const sv_found_items_t *by_key, const bson_t *find, sv_arena_t *arena)
{
    const char *code = sv_doc_text(find, "code", arena), *status = sv_doc_text(find, "status", arena);
    const char *item_code = sv_text_map_get(by_code, code), *keys[SV_ITEM_CODE_KEYS];
    sv_item_match_t matches[2];

    if (item_code != NULL || status == NULL || strcmp(status, "open") != 0) {
        return item_code;
    }
    for (size_t i = 0, count = sv_item_code_keys(code, arena, keys); i < count; i++) {
        if (sv_items_with_key(by_key, keys[i], matches, 2, arena) == 1) {
            return sv_doc_text(matches[0].item, "item_code", arena);
        }
    }
    return NULL;
}

static sv_status_t
sv_finds_ask_master(sv_store_t *store, const sv_finds_chunk_t *chunk, sv_text_map_t *by_code, sv_found_items_t *by_key,
                    sv_error_t *error)
{
    const char **codes = sv_arena_alloc(error->arena, (chunk->count + 1) * sizeof(*codes));
    const char **keys = sv_arena_alloc(error->arena, (chunk->count + 1) * SV_ITEM_CODE_KEYS * sizeof(*keys));
    size_t key_count = 0;
    sv_found_items_t items;

    for (size_t i = 0; i < chunk->count; i++) {
        codes[i] = sv_doc_text(chunk->finds[i], "code", error->arena);
        key_count += sv_item_code_keys(codes[i], error->arena, keys + key_count);
    }
    if (sv_items_by_codes(store, codes, chunk->count, &items, error->arena, error) != SV_OK ||
        sv_items_by_keys(store, keys, key_count, by_key, error->arena, error) != SV_OK) {
        return error->status;
    }
    sv_text_map_init(by_code, error->arena, items.count);
    for (size_t i = 0; i < items.count; i++) {
        const char *code = sv_doc_text(items.items[i], "item_code", error->arena);

        *sv_text_map_put(by_code, code) = (void *) code;
    }
    return SV_OK;
}

static sv_status_t
sv_finds_link_chunk(sv_store_t *store, const sv_finds_chunk_t *chunk, int64_t *done, sv_error_t *error)
{
    sv_found_items_t by_key;
    sv_text_map_t by_code;

    if (sv_finds_ask_master(store, chunk, &by_code, &by_key, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < chunk->count; i++) {
        const char *item_code = sv_finds_item(&by_code, &by_key, chunk->finds[i], error->arena);

        if (item_code == NULL) {
            continue;
        }
        if (sv_unknown_link_by_master(store, chunk->finds[i], item_code, error) != SV_OK) {
            return error->status;
        }
        (*done)++;
    }
    return SV_OK;
}

static sv_status_t
sv_finds_read_chunk(sv_store_t *store, const char *after, sv_finds_chunk_t *chunk, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("sort", "{", "unknown_item_id", BCON_INT32(1), "}", "limit", BCON_INT64(SV_FINDS_A_CHUNK)),
                    error->arena);

    BCON_APPEND(filter, "status", "{", "$in", "[", BCON_UTF8("open"), BCON_UTF8("rejected"), "]", "}", "code", "{",
                "$type", BCON_UTF8("string"), "}", "unknown_item_id", "{", "$gt", BCON_UTF8(after), "}");
    return sv_store_each(store, SV_COLLECTION_UNKNOWN_ITEMS, filter, options, sv_finds_row, chunk, error);
}

static sv_status_t
sv_finds_link(sv_store_t *store, int64_t *done, sv_error_t *error)
{
    char after[SV_FIND_ID_MAX * 4 + 1] = "";
    bool more = true;

    while (more && error->status == SV_OK) {
        sv_error_t own;
        sv_finds_chunk_t chunk = { 0 };

        sv_error_init(&own, sv_arena_create());
        chunk.arena = own.arena;
        if (sv_finds_read_chunk(store, after, &chunk, &own) == SV_OK && chunk.count > 0 &&
            sv_finds_link_chunk(store, &chunk, done, &own) == SV_OK) {
            const char *last = sv_doc_text(chunk.finds[chunk.count - 1], "unknown_item_id", own.arena);

            snprintf(after, sizeof(after), "%s", last);
        }
        more = chunk.count == SV_FINDS_A_CHUNK;
        if (own.status != SV_OK) {
            sv_fail_cause(error, own.status, "%s", own.cause != NULL ? own.cause : sv_status_message(own.status));
        }
        sv_arena_destroy(own.arena);
    }
    return error->status;
}

/* ---- records of what is linked */

/* Nothing is left, and no transaction that began before the decision can bring more. */
static sv_status_t
sv_finds_settled(sv_store_t *store, const bson_t *find, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$unset", "{", "settling", BCON_BOOL(true), "}"), error->arena);

    sv_doc_put_text(filter, "unknown_item_id", sv_doc_text(find, "unknown_item_id", error->arena));
    return sv_store_update_one(store, SV_COLLECTION_UNKNOWN_ITEMS, filter, update, NULL, error);
}

static sv_status_t
sv_finds_settle_one(sv_store_t *store, const bson_t *find, int64_t now_ms, int64_t *done, sv_error_t *error)
{
    static const sv_principal_t nobody = { .user_id = "worker", .username = "worker" };
    sv_relinked_t relinked;

    if (sv_unknown_settle(store, &nobody, find, SV_SETTLE_RACKS, &relinked, error) != SV_OK) {
        return error->status;
    }
    *done += relinked.records;
    if (relinked.more || relinked.waiting > 0 || now_ms - sv_doc_time(find, "resolved_at") < SV_SINCE_REACH_MS) {
        return SV_OK;
    }
    return sv_finds_settled(store, find, error);
}

static sv_status_t
sv_finds_settle(sv_store_t *store, int64_t *done, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("settling", BCON_BOOL(true)), error->arena);
    sv_finds_chunk_t chunk = { .arena = error->arena };
    int64_t now_ms;

    if (sv_query_each(store, SV_COLLECTION_UNKNOWN_ITEMS, filter, NULL, sv_finds_row, &chunk, error) != SV_OK ||
        chunk.count == 0 || sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < chunk.count && i < SV_SETTLE_FINDS; i++) {
        sv_error_t own;

        sv_error_init(&own, sv_arena_create());
        if (sv_finds_settle_one(store, chunk.finds[i], now_ms, done, &own) != SV_OK) {
            sv_fail_cause(error, own.status, "%s", own.cause != NULL ? own.cause : sv_status_message(own.status));
        }
        sv_arena_destroy(own.arena); /* one that fails keeps no other waiting */
    }
    return error->status;
}

sv_status_t
sv_unknown_round(sv_store_t *store, int64_t *done, sv_error_t *error)
{
    *done = 0;
    return sv_finds_link(store, done, error) == SV_OK ? sv_finds_settle(store, done, error) : error->status;
}
