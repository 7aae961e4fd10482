#include <string.h>

#include "core/store/document.h"
#include "core/sync/batch_state.h"

static bool
sv_serials_hold(const sv_record_t *record, const char *serial_number)
{
    for (size_t i = 0; i < record->serial_numbers.count; i++) {
        if (strcmp(record->serial_numbers.items[i], serial_number) == 0) {
            return true;
        }
    }
    return false;
}

void
sv_serials_release(sv_batch_run_t *run, sv_slot_t *slot, const sv_record_t *keep)
{
    const sv_text_list_t *serials = &slot->now.serials;

    for (size_t i = 0; slot->exists && i < serials->count; i++) {
        sv_serial_t *serial = sv_batch_serial(run, serials->items[i]);

        /* It may have moved on to a later count; then it is not this record's to give back. */
        if (serial->holder_id != NULL && strcmp(serial->holder_id, slot->client_record_id) == 0 &&
            (keep == NULL || !sv_serials_hold(keep, serial->serial_number))) {
            serial->holder_id = NULL;
            serial->taken_by = NULL;
        }
    }
}

void
sv_serials_take(sv_batch_run_t *run, sv_slot_t *slot, const sv_record_t *record)
{
    for (size_t i = 0; i < record->serial_numbers.count; i++) {
        sv_serial_t *serial = sv_batch_serial(run, record->serial_numbers.items[i]);

        serial->holder_id = slot->client_record_id;
        serial->taken_by = slot;
    }
}

void
sv_serials_take_back(sv_batch_run_t *run, sv_slot_t *slot)
{
    for (size_t i = 0; i < slot->now.serials.count; i++) {
        sv_serial_t *serial = sv_batch_serial(run, slot->now.serials.items[i]);

        if (serial->holder_id == NULL) {
            serial->holder_id = slot->client_record_id;
            serial->taken_by = slot;
        }
    }
}

/* A record of an earlier round of this rack gives way to the record of the later one. */
static bool
sv_serials_gives_way(sv_batch_run_t *run, const sv_serial_t *serial, const sv_record_t *record,
                     const sv_fenced_t *session)
{
    const sv_slot_link_t *link = sv_text_map_get(
        &run->rounds, sv_key_round(run, session->facts.count_id, session->facts.rack_id, record->item_key));

    for (; link != NULL; link = link->next) {
        if (strcmp(link->slot->client_record_id, serial->holder_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a serial number that another record holds is that record's to keep: in a count that is OPEN, and when a
 * conflict is resolved in the conflict's own count, which may be under reconciliation. */
static bool
sv_serials_is_kept(const sv_batch_run_t *run, const sv_serial_t *serial, const sv_fenced_t *session)
{
    return serial->taken_by != NULL || serial->before_open ||
           (run->resolving && serial->before_count != NULL &&
            strcmp(serial->before_count, session->facts.count_id) == 0);
}

sv_serial_t *
sv_serials_find_taken(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session)
{
    for (size_t i = 0; i < record->serial_numbers.count; i++) {
        sv_serial_t *serial = sv_batch_serial(run, record->serial_numbers.items[i]);

        if (serial->holder_id == NULL || strcmp(serial->holder_id, record->client_record_id) == 0 ||
            !sv_serials_is_kept(run, serial, session)) {
            continue;
        }
        if ((session->facts.round <= 1 && !run->over_all) || !sv_serials_gives_way(run, serial, record, session)) {
            return serial;
        }
    }
    return NULL;
}

static void
sv_serials_append_place(bson_t *place, const sv_slot_t *slot)
{
    const sv_fenced_t *session = slot->session; /* NULL: it stands again, and its session was not read yet */

    sv_doc_put_text(place, "count_id", slot->now.count_id);
    sv_doc_put_text(place, "client_record_id", slot->client_record_id);
    sv_doc_put_text(place, "session_id", slot->now.session_id);
    sv_doc_put_text(place, "rack_id", slot->now.rack_id);
    sv_doc_put_text(place, "user_id", slot->now.user_id);
    sv_doc_put_text(place, "full_name", session != NULL ? session->facts.full_name : NULL);
    sv_doc_put_time(place, "at", session != NULL ? session->now_ms : 0);
}

/* Of the record that took the serial number; NULL: an item that is not known. */
static const char *
sv_serials_item(const sv_serial_t *serial)
{
    const char *item_key = serial->taken_by->now.item_key;

    return item_key[0] != '\x01' ? item_key : NULL;
}

const bson_t *
sv_serials_describe(sv_batch_run_t *run, const sv_serial_t *serial, const sv_holder_t **holder)
{
    bson_t *description = sv_doc_new(run->arena);
    sv_holder_t *who = sv_arena_zalloc(run->arena, sizeof(*who));

    sv_doc_put_text(description, "serial_number", serial->serial_number);
    if (serial->taken_by != NULL) {
        sv_doc_put_text(description, "item_code", sv_serials_item(serial));
        sv_serials_append_place(description, serial->taken_by);
    } else {
        const bson_t *current = sv_doc_child(serial->stored, "current", run->arena);

        sv_doc_put_text(description, "item_code", sv_doc_text(serial->stored, "item_code", run->arena));
        if (current != NULL) {
            bson_concat(description, current);
        }
    }
    who->user_id = sv_doc_text(description, "user_id", run->arena);
    who->full_name = sv_doc_text(description, "full_name", run->arena);
    who->session_id = sv_doc_text(description, "session_id", run->arena);
    who->since_ms = sv_doc_time(description, "at");
    *holder = who;
    return description;
}

static bool
sv_serials_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
sv_serials_moves(const sv_serial_t *serial)
{
    return !sv_serials_same(serial->before_id, serial->holder_id);
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
    sv_doc_put_text(document, "item_code", sv_serials_item(serial));
    sv_serials_append_current(document, serial);
    BSON_APPEND_INT64(document, "moves", 0);
}

/* It moves, is given back, or its record is another item's now. */
static void
sv_serials_append_change(bson_t *filter, bson_t *update, const sv_serial_t *serial)
{
    bson_t child;

    BSON_APPEND_UTF8(filter, "serial_number", serial->serial_number);
    sv_doc_put_text(filter, "current.client_record_id", serial->before_id);
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
    BSON_APPEND_UTF8(document, "serial_number", serial->serial_number);
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
