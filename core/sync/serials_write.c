#include <string.h>

#include "core/store/document.h"
#include "core/sync/batch_state.h"

static bool
sv_serials_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whether its record was edited to another item. */
static bool
sv_serials_changes_item(sv_batch_run_t *run, const sv_serial_t *serial)
{
    return serial->stored != NULL && serial->taken_by != NULL &&
           !sv_serials_same(sv_doc_text(serial->stored, "item_code", run->arena), sv_serials_item(serial));
}

static void
sv_serials_append_current(bson_t *document, const sv_serial_t *serial)
{
    bson_t current;

    if (serial->taken_by == NULL) {
        BSON_APPEND_NULL(document, "current");
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(document, "current", &current);
    sv_serials_append_place(&current, serial->taken_by);
    bson_append_document_end(document, &current);
}

static void
sv_serials_append_id(bson_t *document)
{
    bson_oid_t id;

    bson_oid_init(&id, NULL);
    BSON_APPEND_OID(document, "_id", &id);
}

/* A new serial number's document. */
static void
sv_serials_append_new(bson_t *document, const sv_serial_t *serial)
{
    sv_serials_append_id(document);
    BSON_APPEND_UTF8(document, "serial_number", serial->serial_number);
    BSON_APPEND_UTF8(document, "serial_key", serial->serial_key);
    BSON_APPEND_UTF8(document, "item_scope", serial->item_scope);
    sv_doc_put_text(document, "item_code", sv_serials_item(serial));
    sv_serials_append_current(document, serial);
    BSON_APPEND_INT64(document, "moves", 0);
}

/* It moves, is given back, or its record is another item's now. */
static void
sv_serials_append_change(bson_t *filter, bson_t *update, const sv_serial_t *serial)
{
    bson_iter_t id, holder;
    bson_t child;

    if (bson_iter_init_find(&id, serial->stored, "_id")) {
        bson_append_iter(filter, "_id", -1, &id);
    }
    if (bson_iter_init(&id, serial->stored) && bson_iter_find_descendant(&id, "current.client_record_id", &holder)) {
        bson_append_iter(filter, "current.client_record_id", -1, &holder);
    } else {
        BSON_APPEND_NULL(filter, "current.client_record_id");
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
    if (serial->taken_by != NULL) {
        sv_doc_put_text(&child, "item_code", sv_serials_item(serial));
    }
    if (sv_serials_moves(serial)) {
        sv_serials_append_current(&child, serial);
    }
    bson_append_document_end(update, &child);
    if (sv_serials_moves(serial) && serial->before_id != NULL) {
        BSON_APPEND_DOCUMENT_BEGIN(update, "$inc", &child);
        BSON_APPEND_INT64(&child, "moves", 1);
        bson_append_document_end(update, &child);
    }
}

/* The place it leaves.  A collection of their own, because nothing bounds how often a serial number moves. */
static void
sv_serials_append_history(sv_batch_run_t *run, bson_t *document, const sv_serial_t *serial)
{
    sv_serials_append_id(document);
    sv_doc_put_text(document, "serial_number", sv_doc_text(serial->stored, "serial_number", run->arena));
    BSON_APPEND_INT64(document, "n", sv_doc_int(serial->stored, "moves") + 1);
    sv_doc_put_text(document, "item_code", sv_doc_text(serial->stored, "item_code", run->arena));
    bson_concat(document, sv_doc_child(serial->stored, "current", run->arena));
}

/* A bulk being filled: how many operations, and how many of them must find their document. */
typedef struct {
    mongoc_bulk_operation_t *bulk;
    int64_t operations, matches;
    bool good;
    bson_error_t reason;
} sv_serials_bulk_t;

static void
sv_serials_queue_insert(sv_serials_bulk_t *queue, const bson_t *document)
{
    queue->good = queue->good && mongoc_bulk_operation_insert_with_opts(queue->bulk, document, NULL, &queue->reason);
    queue->operations++;
}

static void
sv_serials_queue_new(sv_batch_run_t *run, sv_serials_bulk_t *queue)
{
    bson_t document = BSON_INITIALIZER;

    for (size_t i = 0; i < run->serial_count; i++) {
        if (run->serials[i]->stored == NULL && sv_serials_moves(run->serials[i])) {
            bson_reinit(&document);
            sv_serials_append_new(&document, run->serials[i]);
            sv_serials_queue_insert(queue, &document);
        }
    }
    bson_destroy(&document);
}

static void
sv_serials_queue_changes(sv_batch_run_t *run, sv_serials_bulk_t *queue)
{
    bson_t update = BSON_INITIALIZER, filter = BSON_INITIALIZER;

    for (size_t i = 0; queue->good && i < run->serial_count; i++) {
        const sv_serial_t *serial = run->serials[i];

        if (serial->stored != NULL && (sv_serials_moves(serial) || sv_serials_changes_item(run, serial))) {
            bson_reinit(&filter);
            bson_reinit(&update);
            sv_serials_append_change(&filter, &update, serial);
            queue->good =
                mongoc_bulk_operation_update_one_with_opts(queue->bulk, &filter, &update, NULL, &queue->reason);
            queue->operations++;
            queue->matches++;
        }
    }
    bson_destroy(&update);
    bson_destroy(&filter);
}

/* New ones and changes go each in one command, so they are queued apart. */
static void
sv_serials_queue_current(sv_batch_run_t *run, sv_serials_bulk_t *queue)
{
    sv_serials_queue_new(run, queue);
    sv_serials_queue_changes(run, queue);
}

static void
sv_serials_queue_history(sv_batch_run_t *run, sv_serials_bulk_t *queue)
{
    bson_t document = BSON_INITIALIZER;

    for (size_t i = 0; i < run->serial_count; i++) {
        if (run->serials[i]->before_id != NULL && sv_serials_moves(run->serials[i])) {
            bson_reinit(&document);
            sv_serials_append_history(run, &document, run->serials[i]);
            sv_serials_queue_insert(queue, &document);
        }
    }
    bson_destroy(&document);
}

static sv_status_t
sv_serials_write_bulk(sv_batch_run_t *run, sv_collection_t collection,
                      void (*fill)(sv_batch_run_t *, sv_serials_bulk_t *), sv_error_t *error)
{
    bson_t *options = sv_store_options(run->store, error->arena);
    sv_serials_bulk_t queue = { .good = true };
    sv_status_t status = SV_OK;

    BSON_APPEND_BOOL(options, "ordered", false);
    queue.bulk = mongoc_collection_create_bulk_operation_with_opts(run->store->collections[collection], options);
    fill(run, &queue);
    if (!queue.good) {
        status = sv_store_fail(&queue.reason, error);
    } else if (queue.operations > 0) {
        status = sv_batch_execute(run->store, queue.bulk, queue.matches, error);
    }
    mongoc_bulk_operation_destroy(queue.bulk);
    return status;
}

sv_status_t
sv_serials_write(sv_batch_run_t *run, sv_error_t *error)
{
    sv_status_t status = sv_serials_write_bulk(run, SV_COLLECTION_ITEM_SERIALS, sv_serials_queue_current, error);

    return status == SV_OK ? sv_serials_write_bulk(run, SV_COLLECTION_SERIAL_HISTORY, sv_serials_queue_history, error)
                           : status;
}
