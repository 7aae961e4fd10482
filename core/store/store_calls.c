#include "core/store/store.h"

#include <string.h>

#include "core/store/document.h"

enum { SV_CODE_WRITE_CONFLICT = 112 };

void
sv_store_note_failure(sv_store_t *store, const bson_error_t *driver_error)
{
    store->cut_off |= driver_error->domain == MONGOC_ERROR_STREAM;
    store->contended = driver_error->domain == MONGOC_ERROR_SERVER && driver_error->code == SV_CODE_WRITE_CONFLICT;
}

sv_status_t
sv_store_call_fail(sv_store_t *store, const bson_error_t *driver_error, const bson_t *reply, sv_error_t *error)
{
    if (store->transaction != NULL) {
        if (reply != NULL && mongoc_error_has_label(reply, "TransientTransactionError")) {
            store->transient = true;
        }
        sv_store_note_failure(store, driver_error);
    }
    return sv_store_fail(driver_error, error);
}

bson_t *
sv_store_options(sv_store_t *store, sv_arena_t *arena)
{
    bson_t *options = sv_doc_new(arena);
    bson_error_t reason;

    if (store->transaction != NULL) {
        mongoc_client_session_append(store->transaction, options, &reason);
    }
    return options;
}

sv_status_t
sv_store_find(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *options,
              mongoc_cursor_t **cursor, sv_error_t *error)
{
    bson_t *all = sv_store_options(store, error->arena);

    if (options != NULL) {
        bson_concat(all, options);
    }
    *cursor = mongoc_collection_find_with_opts(store->collections[collection], filter, all, NULL);
    /* What a bad filter costs is known before the first document is asked for. */
    if (mongoc_cursor_error(*cursor, NULL)) {
        sv_status_t status = sv_store_cursor_end(store, *cursor, error);

        mongoc_cursor_destroy(*cursor);
        *cursor = NULL;
        return status;
    }
    return SV_OK;
}

sv_status_t
sv_store_count(sv_store_t *store, sv_collection_t collection, const bson_t *filter, int64_t *count, sv_error_t *error)
{
    bson_error_t reason;

    *count = mongoc_collection_count_documents(store->collections[collection], filter,
                                               sv_store_options(store, error->arena), NULL, NULL, &reason);
    return *count >= 0 ? SV_OK : sv_store_call_fail(store, &reason, NULL, error);
}

sv_status_t
sv_store_reaches(sv_store_t *store, sv_collection_t collection, const bson_t *filter, int64_t count, bool *reached,
                 sv_error_t *error)
{
    bson_t *options =
        sv_doc_take(BCON_NEW("skip", BCON_INT64(count - 1), "projection", "{", "_id", BCON_INT32(1), "}"), error->arena);
    const bson_t *last = NULL;
    sv_status_t status = sv_store_find_first(store, collection, filter, options, error->arena, &last, error);

    *reached = last != NULL;
    return status;
}

sv_status_t
sv_store_cursor_end(sv_store_t *store, mongoc_cursor_t *cursor, sv_error_t *error)
{
    const bson_t *reply = NULL;
    bson_error_t reason;

    if (!mongoc_cursor_error_document(cursor, &reason, &reply)) {
        return SV_OK;
    }
    return sv_store_call_fail(store, &reason, reply, error);
}

sv_status_t
sv_store_each(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *options,
              sv_store_row_t row, void *context, sv_error_t *error)
{
    mongoc_cursor_t *cursor;
    const bson_t *document;
    sv_status_t status = sv_store_find(store, collection, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &document)) {
        row(document, context);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

sv_status_t
sv_store_find_first(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *options,
                    sv_arena_t *arena, const bson_t **document, sv_error_t *error)
{
    bson_t *first = sv_doc_copy(options, arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    *document = NULL;
    BSON_APPEND_INT64(first, "limit", 1);
    status = sv_store_find(store, collection, filter, first, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    if (mongoc_cursor_next(cursor, &row)) {
        *document = sv_doc_copy(row, arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

sv_status_t
sv_store_find_one(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *projection,
                  sv_arena_t *arena, const bson_t **document, sv_error_t *error)
{
    bson_t *options = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *row = NULL;
    sv_status_t status;

    *document = NULL;
    BSON_APPEND_INT64(options, "limit", 1);
    BSON_APPEND_BOOL(options, "singleBatch", true);
    if (projection != NULL) {
        BSON_APPEND_DOCUMENT(options, "projection", projection);
    }
    status = sv_store_find(store, collection, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    if (mongoc_cursor_next(cursor, &row)) {
        *document = sv_doc_copy(row, arena);
    } else {
        status = sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}

sv_status_t
sv_store_insert(sv_store_t *store, sv_collection_t collection, const bson_t *document, sv_error_t *error)
{
    bson_t *options = sv_store_options(store, error->arena);
    bson_t reply;
    bson_error_t reason;
    sv_status_t status = SV_OK;

    if (!mongoc_collection_insert_one(store->collections[collection], document, options, &reply, &reason)) {
        if (sv_store_is_duplicate_key(&reason, &reply)) {
            status = sv_fail_cause(error, SV_ERR_ALREADY_EXISTS, "%s", reason.message);
        } else {
            status = sv_store_call_fail(store, &reason, &reply, error);
        }
    }
    bson_destroy(&reply);
    return status;
}

typedef bool (*sv_update_call_t)(mongoc_collection_t *collection, const bson_t *selector, const bson_t *update,
                                 const bson_t *opts, bson_t *reply, bson_error_t *error);

static sv_status_t
sv_store_update(sv_store_t *store, sv_collection_t collection, sv_update_call_t call, const bson_t *filter,
                const bson_t *update, int64_t *matched, sv_error_t *error)
{
    bson_t *options = sv_store_options(store, error->arena);
    bson_t reply;
    bson_error_t reason;
    sv_status_t status = SV_OK;

    if (!call(store->collections[collection], filter, update, options, &reply, &reason)) {
        if (sv_store_is_duplicate_key(&reason, &reply)) {
            status = sv_fail_cause(error, SV_ERR_ALREADY_EXISTS, "%s", reason.message);
        } else {
            status = sv_store_call_fail(store, &reason, &reply, error);
        }
    } else if (matched != NULL) {
        *matched = sv_doc_int(&reply, "matchedCount");
    }
    bson_destroy(&reply);
    return status;
}

sv_status_t
sv_store_update_one(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *update,
                    int64_t *matched, sv_error_t *error)
{
    return sv_store_update(store, collection, mongoc_collection_update_one, filter, update, matched, error);
}

sv_status_t
sv_store_update_many(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *update,
                     int64_t *matched, sv_error_t *error)
{
    return sv_store_update(store, collection, mongoc_collection_update_many, filter, update, matched, error);
}

sv_status_t
sv_store_delete_many(sv_store_t *store, sv_collection_t collection, const bson_t *filter, int64_t *deleted,
                     sv_error_t *error)
{
    bson_t *options = sv_store_options(store, error->arena);
    bson_t reply;
    bson_error_t reason;
    sv_status_t status = SV_OK;

    if (!mongoc_collection_delete_many(store->collections[collection], filter, options, &reply, &reason)) {
        status = sv_store_call_fail(store, &reason, &reply, error);
    } else if (deleted != NULL) {
        *deleted = sv_doc_int(&reply, "deletedCount");
    }
    bson_destroy(&reply);
    return status;
}

sv_status_t
sv_store_find_and_update(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *update,
                         bool new_document, bool upsert, sv_arena_t *arena, const bson_t **document, sv_error_t *error)
{
    mongoc_find_and_modify_opts_t *options = mongoc_find_and_modify_opts_new();
    mongoc_find_and_modify_flags_t flags = MONGOC_FIND_AND_MODIFY_NONE;
    bson_t *session = sv_store_options(store, arena);
    bson_t reply;
    bson_error_t reason;
    sv_status_t status = SV_OK;

    flags |= new_document ? MONGOC_FIND_AND_MODIFY_RETURN_NEW : 0;
    flags |= upsert ? MONGOC_FIND_AND_MODIFY_UPSERT : 0;
    mongoc_find_and_modify_opts_set_flags(options, flags);
    mongoc_find_and_modify_opts_set_update(options, update);
    mongoc_find_and_modify_opts_append(options, session);
    *document = NULL;
    if (!mongoc_collection_find_and_modify_with_opts(store->collections[collection], filter, options, &reply,
                                                     &reason)) {
        if (sv_store_is_duplicate_key(&reason, &reply)) {
            status = sv_fail_cause(error, SV_ERR_ALREADY_EXISTS, "%s", reason.message);
        } else {
            status = sv_store_call_fail(store, &reason, &reply, error);
        }
    } else {
        const bson_t *value = sv_doc_child(&reply, "value", arena);

        *document = value != NULL ? sv_doc_copy(value, arena) : NULL;
    }
    bson_destroy(&reply);
    mongoc_find_and_modify_opts_destroy(options);
    return status;
}
