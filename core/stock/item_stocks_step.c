#include "core/stock/item_stocks_step.h"

#include "core/stock/stock_copies.h"
#include "core/store/document.h"

enum { SV_ITEMS_A_CHUNK = 500 };

sv_status_t
sv_item_stocks_step_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("stock_row", BCON_BOOL(true), "stocks", "{", "$exists", BCON_BOOL(false), "}"), error->arena);
    const bson_t *item;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_ERP_ITEMS, filter, NULL, error->arena, &item, error);

    *due = item != NULL;
    return status;
}

typedef struct {
    sv_arena_t *arena;
    const char **codes;
    size_t count;
} sv_items_seen_t;

static void
sv_items_seen_add(const bson_t *item, void *context)
{
    sv_items_seen_t *seen = context;

    seen->codes[seen->count++] = sv_doc_text(item, "item_code", seen->arena);
}

/* A copy is made of the rows in one transaction, so imports may run meanwhile. */
sv_status_t
sv_item_stocks_step_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    const char *after = chunk->cursor != NULL ? sv_doc_text(chunk->cursor, "item_code", chunk->arena) : NULL;
    bson_t *filter =
        sv_doc_take(BCON_NEW("item_code", "{", "$gt", BCON_UTF8(after != NULL ? after : ""), "}", "stock_row",
                             BCON_BOOL(true), "stocks", "{", "$exists", BCON_BOOL(false), "}"),
                    chunk->arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("sort", "{", "item_code", BCON_INT32(1), "}", "limit", BCON_INT64(SV_ITEMS_A_CHUNK),
                             "projection", "{", "item_code", BCON_INT32(1), "}"),
                    chunk->arena);
    sv_items_seen_t seen = { .arena = chunk->arena,
                             .codes = sv_arena_alloc(chunk->arena, SV_ITEMS_A_CHUNK * sizeof(*seen.codes)) };

    if (sv_store_each(chunk->store, SV_COLLECTION_ERP_ITEMS, filter, options, sv_items_seen_add, &seen, error) !=
            SV_OK ||
        (!chunk->dry_run && sv_stock_copy(chunk->store, seen.codes, seen.count, error) != SV_OK)) {
        return error->status;
    }
    chunk->seen += (int64_t) seen.count;
    chunk->changed += (int64_t) seen.count;
    if (seen.count == SV_ITEMS_A_CHUNK) {
        sv_doc_put_text(chunk->next, "item_code", seen.codes[seen.count - 1]);
    }
    return SV_OK;
}
