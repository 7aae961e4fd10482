#include "core/import/bulk.h"

#include <jansson.h>

#include "core/base/buffer.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

enum { SV_DUPLICATE_KEY = 11000 };

sv_status_t
sv_import_bulk_init(sv_import_bulk_t *bulk, sv_store_t *store, sv_collection_t collection, sv_import_table_t *table,
                    sv_error_t *error)
{
    *bulk = (sv_import_bulk_t){ .store = store, .collection = collection, .table = table };
    bulk->arena = sv_arena_create();
    return sv_store_now(store, &bulk->now_ms, error);
}

void
sv_import_bulk_close(sv_import_bulk_t *bulk)
{
    sv_arena_destroy(bulk->arena);
}

/* The values of the selector's fields, as they stand in the selector or in a document found. */
static const char *
sv_import_key(const bson_t *selector, const bson_t *document, sv_arena_t *arena)
{
    sv_buffer_t key;
    bson_iter_t iter;

    sv_buffer_init(&key, arena, 64);
    if (bson_iter_init(&iter, selector)) {
        while (bson_iter_next(&iter)) {
            const char *value = sv_doc_text(document, bson_iter_key(&iter), arena);

            sv_buffer_puts(&key, value == NULL ? "" : value);
            sv_buffer_putc(&key, '\n'); /* no identifier has a control character */
        }
    }
    return key.data;
}

sv_status_t
sv_import_bulk_put(sv_import_bulk_t *bulk, long line, const bson_t *selector, const bson_t *update, sv_error_t *error)
{
    bulk->rows[bulk->count++] = (sv_import_row_t){
        .line = line,
        .key = sv_import_key(selector, selector, bulk->arena),
        .selector = sv_doc_copy(selector, bulk->arena),
        .update = sv_doc_copy(update, bulk->arena),
    };
    return bulk->count == SV_IMPORT_BULK_ROWS ? sv_import_bulk_flush(bulk, error) : SV_OK;
}

/* {field: {$in: [the rows' values]}} for each field of the selectors: the rows' documents, and for selectors of two
 * fields a few more. */
static const bson_t *
sv_import_known_filter(const sv_import_bulk_t *bulk)
{
    const char *values[SV_IMPORT_BULK_ROWS];
    bson_t *filter = sv_doc_new(bulk->arena);
    bson_iter_t fields;

    if (!bson_iter_init(&fields, bulk->rows[0].selector)) {
        return filter;
    }
    while (bson_iter_next(&fields)) {
        const char *field = bson_iter_key(&fields);

        for (size_t i = 0; i < bulk->count; i++) {
            values[i] = sv_doc_text(bulk->rows[i].selector, field, bulk->arena);
        }
        sv_filter_in(filter, field, values, bulk->count);
    }
    return filter;
}

/* Marks the rows whose documents exist, or will by an earlier row of this bulk. */
static sv_status_t
sv_import_find_known(sv_import_bulk_t *bulk, sv_error_t *error)
{
    json_t *known = json_object();
    bson_t *options = sv_doc_new(bulk->arena);
    bson_iter_t fields;
    bson_t projection;
    mongoc_cursor_t *cursor;
    const bson_t *document;

    sv_arena_on_destroy(bulk->arena, (void (*)(void *)) json_decref, known);
    BSON_APPEND_DOCUMENT_BEGIN(options, "projection", &projection);
    for (bson_iter_init(&fields, bulk->rows[0].selector); bson_iter_next(&fields);) {
        BSON_APPEND_INT32(&projection, bson_iter_key(&fields), 1);
    }
    bson_append_document_end(options, &projection);
    if (sv_store_find(bulk->store, bulk->collection, sv_import_known_filter(bulk), options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (mongoc_cursor_next(cursor, &document)) {
        json_object_set_new(known, sv_import_key(bulk->rows[0].selector, document, bulk->arena), json_true());
    }
    sv_store_cursor_end(bulk->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    for (size_t i = 0; i < bulk->count; i++) {
        bulk->rows[i].known = json_object_get(known, bulk->rows[i].key) != NULL;
        json_object_set_new(known, bulk->rows[i].key, json_true());
    }
    return error->status;
}

/* The document an upsert of the row would make. */
static const bson_t *
sv_import_new_document(const sv_import_bulk_t *bulk, const sv_import_row_t *row)
{
    bson_t *document = sv_doc_copy(row->selector, bulk->arena);
    const char *const parts[] = { "$set", "$setOnInsert" };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const bson_t *part = sv_doc_child(row->update, parts[i], bulk->arena);

        if (part != NULL) {
            bson_concat(document, part);
        }
    }
    sv_doc_put_time(document, "updated_at", bulk->now_ms);
    return document;
}

/* A row that was refused because its document came into being meanwhile is an update; any other is reported. */
static void
sv_import_insert_refused(sv_import_bulk_t *bulk, sv_import_row_t *row, const bson_t *refusal)
{
    if (sv_doc_int(refusal, "code") == SV_DUPLICATE_KEY) {
        row->known = true;
        return;
    }
    bulk->table->errors++;
    bulk->table->options->report(bulk->table->options->context, row->line, NULL,
                                 sv_doc_text(refusal, "errmsg", bulk->arena));
}

static bool
sv_import_insert_read(sv_import_bulk_t *bulk, sv_import_row_t *const *rows, size_t count, const bson_t *reply)
{
    const bson_t *refusals = sv_doc_child(reply, "writeErrors", bulk->arena);
    bson_iter_t iter;
    bool any = false;

    if (refusals == NULL || !bson_iter_init(&iter, refusals)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        const bson_t *refusal = sv_doc_child(refusals, bson_iter_key(&iter), bulk->arena);
        int64_t index = refusal == NULL ? -1 : sv_doc_int(refusal, "index");

        if (index >= 0 && (size_t) index < count) {
            any = true;
            sv_import_insert_refused(bulk, rows[index], refusal);
        }
    }
    return any;
}

static sv_status_t
sv_import_insert(sv_import_bulk_t *bulk, sv_error_t *error)
{
    sv_import_row_t **rows = sv_arena_alloc(bulk->arena, bulk->count * sizeof(*rows));
    const bson_t **documents = sv_arena_alloc(bulk->arena, bulk->count * sizeof(*documents));
    bson_t *options = sv_store_options(bulk->store, bulk->arena);
    bson_error_t reason;
    size_t count = 0;
    bson_t reply;

    for (size_t i = 0; i < bulk->count; i++) {
        if (!bulk->rows[i].known) {
            rows[count] = &bulk->rows[i];
            documents[count++] = sv_import_new_document(bulk, &bulk->rows[i]);
        }
    }
    if (count == 0) {
        return SV_OK;
    }
    BSON_APPEND_BOOL(options, "ordered", false);
    if (!mongoc_collection_insert_many(bulk->store->collections[bulk->collection], documents, count, options, &reply,
                                       &reason) &&
        !sv_import_insert_read(bulk, rows, count, &reply)) {
        sv_store_fail(&reason, error);
    }
    bulk->created += sv_doc_int(&reply, "insertedCount");
    bson_destroy(&reply);
    return error->status;
}

typedef struct {
    sv_import_bulk_t *bulk;
    sv_bulk_result_t result;
} sv_import_updates_t;

static sv_status_t
sv_import_update_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_import_updates_t *updates = context;
    const sv_import_bulk_t *bulk = updates->bulk;
    sv_bulk_t operation;

    sv_bulk_begin(&operation, store, bulk->collection, error->arena);
    for (size_t i = 0; i < bulk->count; i++) {
        if (bulk->rows[i].known &&
            sv_bulk_update(&operation, bulk->rows[i].selector, bulk->rows[i].update, true, error) != SV_OK) {
            sv_bulk_discard(&operation);
            return error->status;
        }
    }
    return sv_bulk_run(&operation, error->arena, &updates->result, error);
}

static sv_status_t
sv_import_update(sv_import_bulk_t *bulk, sv_error_t *error)
{
    sv_import_updates_t updates = { .bulk = bulk };
    bool any = false;

    for (size_t i = 0; i < bulk->count; i++) {
        any = any || bulk->rows[i].known;
    }
    if (any && sv_transaction_run(bulk->store, sv_import_update_body, &updates, error) == SV_OK) {
        bulk->changed += updates.result.matched;
        bulk->created += updates.result.upserted;
    }
    return error->status;
}

sv_status_t
sv_import_bulk_flush(sv_import_bulk_t *bulk, sv_error_t *error)
{
    if (bulk->count > 0 && sv_import_find_known(bulk, error) == SV_OK && sv_import_insert(bulk, error) == SV_OK) {
        sv_import_update(bulk, error);
    }
    sv_arena_destroy(bulk->arena);
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
        .errors = bulk->table->errors,
    };
}
