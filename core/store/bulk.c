#include "core/store/bulk.h"

#include <string.h>

#include "core/store/document.h"

enum { SV_MONGO_DUPLICATE_KEY = 11000 };

void
sv_bulk_begin(sv_bulk_t *bulk, sv_store_t *store, sv_collection_t collection, sv_arena_t *arena)
{
    bson_t *options = sv_store_options(store, arena);

    BSON_APPEND_BOOL(options, "ordered", false);
    bulk->store = store;
    bulk->count = 0;
    bulk->operation = mongoc_collection_create_bulk_operation_with_opts(store->collections[collection], options);
}

void
sv_bulk_discard(sv_bulk_t *bulk)
{
    mongoc_bulk_operation_destroy(bulk->operation);
    bulk->operation = NULL;
}

sv_status_t
sv_bulk_update(sv_bulk_t *bulk, const bson_t *filter, const bson_t *update, bool upsert, sv_error_t *error)
{
    bson_error_t reason;
    bson_t options = BSON_INITIALIZER;
    bool added;

    if (upsert) {
        BSON_APPEND_BOOL(&options, "upsert", true);
    }
    added = mongoc_bulk_operation_update_one_with_opts(bulk->operation, filter, update, &options, &reason);
    bson_destroy(&options);
    if (!added) {
        return sv_store_fail(&reason, error);
    }
    bulk->count++;
    return SV_OK;
}

sv_status_t
sv_bulk_update_many(sv_bulk_t *bulk, const bson_t *filter, const bson_t *update, sv_error_t *error)
{
    bson_error_t reason;

    if (!mongoc_bulk_operation_update_many_with_opts(bulk->operation, filter, update, NULL, &reason)) {
        return sv_store_fail(&reason, error);
    }
    bulk->count++;
    return SV_OK;
}

/* Sorts the single errors of a reply into duplicates and failures; false when there is none, so that the error is of
 * the whole. */
static bool
sv_bulk_read_errors(const sv_bulk_t *bulk, const bson_t *reply, sv_bulk_result_t *result)
{
    bson_iter_t iter, errors;
    bool any = false;

    if (!bson_iter_init_find(&iter, reply, "writeErrors") || !bson_iter_recurse(&iter, &errors)) {
        return false;
    }
    while (bson_iter_next(&errors)) {
        bson_iter_t member;
        int64_t index = -1, code = 0;

        if (!bson_iter_recurse(&errors, &member)) {
            continue;
        }
        while (bson_iter_next(&member)) {
            if (strcmp(bson_iter_key(&member), "index") == 0) {
                index = bson_iter_as_int64(&member);
            } else if (strcmp(bson_iter_key(&member), "code") == 0) {
                code = bson_iter_as_int64(&member);
            }
        }
        any = true;
        if (code == SV_MONGO_DUPLICATE_KEY) {
            result->duplicates++;
            if (index >= 0 && (uint64_t) index < bulk->count) {
                result->duplicate[index] = true;
            }
        } else if (index >= 0 && (uint64_t) index < bulk->count && !result->failed[index]) {
            result->failed[index] = true;
            result->failed_count++;
        }
    }
    return any;
}

sv_status_t
sv_bulk_run(sv_bulk_t *bulk, sv_arena_t *arena, sv_bulk_result_t *result, sv_error_t *error)
{
    bson_error_t reason;
    bson_t reply;
    sv_status_t status = SV_OK;

    memset(result, 0, sizeof(*result));
    result->failed = sv_arena_zalloc(arena, bulk->count + 1);
    result->duplicate = sv_arena_zalloc(arena, bulk->count + 1);
    if (bulk->count == 0) {
        sv_bulk_discard(bulk);
        return SV_OK;
    }
    if (mongoc_bulk_operation_execute(bulk->operation, &reply, &reason) == 0) {
        bool single = sv_bulk_read_errors(bulk, &reply, result) && !bson_has_field(&reply, "writeConcernErrors.0");

        if (bulk->store->transaction != NULL && single && result->failed_count == 0) {
            status = sv_fail_cause(error, SV_ERR_ALREADY_EXISTS, "%s", reason.message);
        } else if (bulk->store->transaction != NULL || !single) {
            status = sv_store_call_fail(bulk->store, &reason, &reply, error);
        }
    }
    result->matched = sv_doc_int(&reply, "nMatched");
    result->upserted = sv_doc_int(&reply, "nUpserted");
    bson_destroy(&reply);
    sv_bulk_discard(bulk);
    return status;
}
