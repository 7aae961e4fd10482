#include "core/store/index_retire.h"

#include <string.h>

enum { SV_MONGO_NAMESPACE_NOT_FOUND = 26, SV_MONGO_INDEX_NOT_FOUND = 27 };

sv_status_t
sv_index_is_there(sv_store_t *store, sv_collection_t collection, const char *name, bool *there, sv_error_t *error)
{
    mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(store->collections[collection], NULL);
    sv_status_t status = SV_OK;
    const bson_t *document;
    bson_error_t reason;
    bson_iter_t iter;

    *there = false;
    while (mongoc_cursor_next(cursor, &document)) {
        *there |= bson_iter_init_find(&iter, document, "name") && BSON_ITER_HOLDS_UTF8(&iter) &&
                  strcmp(bson_iter_utf8(&iter, NULL), name) == 0;
    }
    if (mongoc_cursor_error(cursor, &reason) && reason.code != SV_MONGO_NAMESPACE_NOT_FOUND) {
        status = sv_store_fail(&reason, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}

sv_status_t
sv_index_retire(sv_store_t *store, sv_collection_t collection, const char *name, sv_error_t *error)
{
    bson_error_t reason;

    if (!mongoc_collection_drop_index_with_opts(store->collections[collection], name, NULL, &reason) &&
        reason.code != SV_MONGO_INDEX_NOT_FOUND && reason.code != SV_MONGO_NAMESPACE_NOT_FOUND) {
        return sv_store_fail(&reason, error);
    }
    return SV_OK;
}
