#include "core/items/item_keys_step.h"

#include "core/items/item_keys.h"
#include "core/store/bulk.h"
#include "core/store/document.h"

enum { SV_ITEMS_A_CHUNK = 1000 };

sv_status_t
sv_item_keys_step_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("lookup_keys", "{", "$exists", BCON_BOOL(false), "}"), error->arena);
    const bson_t *document;
    sv_status_t status =
        sv_store_find_one(store, SV_COLLECTION_ERP_ITEMS, filter, NULL, error->arena, &document, error);

    *due = document != NULL;
    return status;
}

static sv_status_t
sv_item_keys_find(const sv_migration_chunk_t *chunk, mongoc_cursor_t **cursor, sv_error_t *error)
{
    const char *after = chunk->cursor != NULL ? sv_doc_text(chunk->cursor, "item_code", chunk->arena) : NULL;
    bson_t *filter =
        sv_doc_take(BCON_NEW("item_code", "{", "$gt", BCON_UTF8(after != NULL ? after : ""), "}"), chunk->arena);
    bson_t *options = sv_doc_take(
        BCON_NEW("sort", "{", "item_code", BCON_INT32(1), "}", "limit", BCON_INT64(SV_ITEMS_A_CHUNK)), chunk->arena);
    bson_t projection;

    BSON_APPEND_DOCUMENT_BEGIN(options, "projection", &projection);
    for (size_t i = 0; sv_item_key_fields[i] != NULL; i++) {
        BSON_APPEND_INT32(&projection, sv_item_key_fields[i], 1);
    }
    BSON_APPEND_INT32(&projection, "lookup_keys", 1);
    bson_append_document_end(options, &projection);
    return sv_store_find(chunk->store, SV_COLLECTION_ERP_ITEMS, filter, options, cursor, error);
}

/* Only where there are none: an import that came between has made them from what it wrote. */
static sv_status_t
sv_item_keys_add(sv_migration_chunk_t *chunk, sv_bulk_t *bulk, const bson_t *item, const char *code, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("item_code", BCON_UTF8(code), "lookup_keys", "{", "$exists", BCON_BOOL(false), "}"), chunk->arena);
    bson_t *update = sv_doc_new(chunk->arena);
    bson_t set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    sv_item_keys_put(&set, item, chunk->arena);
    bson_append_document_end(update, &set);
    return sv_bulk_update(bulk, filter, update, false, error);
}

sv_status_t
sv_item_keys_step_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    const char *last = NULL;
    sv_bulk_result_t result;
    mongoc_cursor_t *cursor;
    const bson_t *item;
    sv_bulk_t bulk;
    sv_status_t status = sv_item_keys_find(chunk, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    sv_bulk_begin(&bulk, chunk->store, SV_COLLECTION_ERP_ITEMS, chunk->arena);
    while (status == SV_OK && mongoc_cursor_next(cursor, &item)) {
        last = sv_doc_text(item, "item_code", chunk->arena);
        chunk->seen++;
        if (last != NULL && !sv_doc_has(item, "lookup_keys")) {
            chunk->changed++;
            status = sv_item_keys_add(chunk, &bulk, item, last, error);
        }
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(chunk->store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    if (status != SV_OK || chunk->dry_run) {
        sv_bulk_discard(&bulk);
    } else {
        status = sv_bulk_run(&bulk, chunk->arena, &result, error);
    }
    if (status == SV_OK && chunk->seen == SV_ITEMS_A_CHUNK) {
        sv_doc_put_text(chunk->next, "item_code", last);
    }
    return status;
}
