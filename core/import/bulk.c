#include "core/import/bulk.h"

#include "core/store/document.h"

void
sv_import_bulk_init(sv_import_bulk_t *bulk, sv_store_t *store, sv_collection_t collection, sv_import_table_t *table)
{
    *bulk = (sv_import_bulk_t){ .store = store, .collection = collection, .table = table };
    bulk->arena = sv_arena_create();
}

void
sv_import_bulk_close(sv_import_bulk_t *bulk)
{
    if (bulk->operation != NULL) {
        mongoc_bulk_operation_destroy(bulk->operation);
    }
    sv_arena_destroy(bulk->arena);
}

static void
sv_import_bulk_begin(sv_import_bulk_t *bulk)
{
    bson_t *options = sv_doc_new(bulk->arena);

    BSON_APPEND_BOOL(options, "ordered", false);
    bulk->operation =
        mongoc_collection_create_bulk_operation_with_opts(bulk->store->collections[bulk->collection], options);
}

sv_status_t
sv_import_bulk_upsert(sv_import_bulk_t *bulk, long line, const bson_t *selector, const bson_t *update,
                      sv_error_t *error)
{
    bson_t options;
    bson_error_t reason;
    bool taken;

    if (bulk->operation == NULL) {
        sv_import_bulk_begin(bulk);
    }
    bson_init(&options);
    BSON_APPEND_BOOL(&options, "upsert", true);
    taken = mongoc_bulk_operation_update_one_with_opts(bulk->operation, selector, update, &options, &reason);
    bson_destroy(&options);
    if (!taken) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "bulk: %s", reason.message);
    }
    bulk->lines[bulk->count++] = line;
    return bulk->count == SV_IMPORT_BULK_ROWS ? sv_import_bulk_flush(bulk, error) : SV_OK;
}

/* Reports each row the server refused; false when the reply names none. */
static bool
sv_import_bulk_report(sv_import_bulk_t *bulk, const bson_t *reply, sv_arena_t *arena)
{
    const bson_t *refused = sv_doc_child(reply, "writeErrors", arena);
    bson_iter_t iter;
    bool any = false;

    if (refused == NULL || !bson_iter_init(&iter, refused)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        const uint8_t *data;
        uint32_t length;
        bson_t one;
        int64_t index;

        if (!BSON_ITER_HOLDS_DOCUMENT(&iter)) {
            continue;
        }
        bson_iter_document(&iter, &length, &data);
        if (!bson_init_static(&one, data, length)) {
            continue;
        }
        index = sv_doc_int(&one, "index");
        if (index >= 0 && index < (int64_t) bulk->count) {
            any = true;
            bulk->table->errors++;
            bulk->table->options->report(bulk->table->options->context, bulk->lines[index], NULL,
                                         sv_doc_text(&one, "errmsg", arena));
        }
    }
    return any;
}

sv_status_t
sv_import_bulk_flush(sv_import_bulk_t *bulk, sv_error_t *error)
{
    bson_t reply;
    bson_error_t reason;

    if (bulk->operation == NULL) {
        return SV_OK;
    }
    if (mongoc_bulk_operation_execute(bulk->operation, &reply, &reason) == 0 &&
        !sv_import_bulk_report(bulk, &reply, bulk->arena)) {
        sv_store_fail(&reason, error);
    }
    bulk->created += sv_doc_int(&reply, "nUpserted");
    bulk->changed += sv_doc_int(&reply, "nModified");
    bulk->unchanged += sv_doc_int(&reply, "nMatched") - sv_doc_int(&reply, "nModified");
    bson_destroy(&reply);
    mongoc_bulk_operation_destroy(bulk->operation);
    sv_arena_destroy(bulk->arena);
    bulk->operation = NULL;
    bulk->arena = sv_arena_create();
    bulk->count = 0;
    return error->status;
}

void
sv_import_bulk_result(const sv_import_bulk_t *bulk, sv_import_result_t *result)
{
    *result = (sv_import_result_t){
        .rows = bulk->table->rows,
        .created = bulk->created,
        .changed = bulk->changed,
        .unchanged = bulk->unchanged,
        .errors = bulk->table->errors,
    };
}
