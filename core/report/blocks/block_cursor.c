#include "core/report/blocks/block_cursor.h"

#include "core/store/document.h"

sv_status_t
sv_block_cursor_open(sv_store_t *store, const sv_block_place_t *place, int64_t n, mongoc_cursor_t **cursor,
                     sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    bson_t *options = sv_doc_take(
        BCON_NEW("sort", "{", "n", BCON_INT32(1), "}", "batchSize", BCON_INT32(SV_READ_AHEAD)), error->arena);
    bson_t behind;

    BSON_APPEND_UTF8(filter, place->owner_field, place->owner);
    BSON_APPEND_DOCUMENT_BEGIN(filter, "n", &behind);
    BSON_APPEND_INT64(&behind, "$gte", n);
    bson_append_document_end(filter, &behind);
    return sv_store_find(store, place->collection, filter, options, cursor, error);
}

sv_status_t
sv_block_cursor_next(sv_store_t *store, mongoc_cursor_t *cursor, sv_block_t *block, bool *any, sv_error_t *error)
{
    const bson_t *document;

    *any = mongoc_cursor_next(cursor, &document);
    if (!*any) {
        return sv_store_cursor_end(store, cursor, error);
    }
    sv_block_read(document, block);
    return SV_OK;
}
