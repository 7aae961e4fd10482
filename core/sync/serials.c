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

sv_serial_t *
sv_serials_find_taken(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session)
{
    for (size_t i = 0; i < record->serial_numbers.count; i++) {
        sv_serial_t *serial = sv_batch_serial(run, record->serial_numbers.items[i]);

        if (serial->holder_id == NULL || strcmp(serial->holder_id, record->client_record_id) == 0) {
            continue;
        }
        if (serial->taken_by == NULL && !serial->before_open) {
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
    const sv_fenced_t *session = slot->session;

    sv_doc_put_text(place, "count_id", session->facts.count_id);
    sv_doc_put_text(place, "client_record_id", slot->client_record_id);
    sv_doc_put_text(place, "session_id", session->session_id);
    sv_doc_put_text(place, "rack_id", session->facts.rack_id);
    sv_doc_put_text(place, "user_id", session->facts.user_id);
    sv_doc_put_text(place, "full_name", session->facts.full_name);
    sv_doc_put_time(place, "at", session->now_ms);
}

const bson_t *
sv_serials_describe(sv_batch_run_t *run, const sv_serial_t *serial, const sv_holder_t **holder)
{
    bson_t *description = sv_doc_new(run->arena);
    sv_holder_t *who = sv_arena_zalloc(run->arena, sizeof(*who));

    sv_doc_put_text(description, "serial_number", serial->serial_number);
    if (serial->taken_by != NULL) {
        sv_doc_put_text(description, "item_code", serial->taken_by->record->item_code);
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

/* A new serial number's document. */
static void
sv_serials_append_new(bson_t *document, const sv_serial_t *serial)
{
    bson_oid_t id;
    bson_t history;

    bson_oid_init(&id, NULL);
    BSON_APPEND_OID(document, "_id", &id);
    BSON_APPEND_UTF8(document, "serial_number", serial->serial_number);
    sv_doc_put_text(document, "item_code", serial->taken_by->record->item_code);
    sv_serials_append_current(document, serial);
    BSON_APPEND_ARRAY_BEGIN(document, "history", &history);
    bson_append_array_end(document, &history);
}

/* It moves, or is given back: where it was goes to its history. */
static void
sv_serials_append_move(sv_batch_run_t *run, bson_t *filter, bson_t *update, const sv_serial_t *serial)
{
    bson_t child;

    BSON_APPEND_UTF8(filter, "serial_number", serial->serial_number);
    sv_doc_put_text(filter, "current.client_record_id", serial->before_id);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
    if (serial->taken_by != NULL) {
        sv_doc_put_text(&child, "item_code", serial->taken_by->record->item_code);
    }
    sv_serials_append_current(&child, serial);
    bson_append_document_end(update, &child);
    if (serial->before_id != NULL) {
        BSON_APPEND_DOCUMENT_BEGIN(update, "$push", &child);
        BSON_APPEND_DOCUMENT(&child, "history", sv_doc_child(serial->stored, "current", run->arena));
        bson_append_document_end(update, &child);
    }
}

static bool
sv_serials_queue(sv_batch_run_t *run, mongoc_bulk_operation_t *bulk, const sv_serial_t *serial, bson_t *document,
                 bson_t *filter, bson_error_t *reason)
{
    bson_reinit(document);
    if (serial->stored == NULL) {
        sv_serials_append_new(document, serial);
        return mongoc_bulk_operation_insert_with_opts(bulk, document, NULL, reason);
    }
    bson_reinit(filter);
    sv_serials_append_move(run, filter, document, serial);
    return mongoc_bulk_operation_update_one_with_opts(bulk, filter, document, NULL, reason);
}

/* Moves and new ones go each in one command, so they are queued apart. */
static bool
sv_serials_queue_all(sv_batch_run_t *run, mongoc_bulk_operation_t *bulk, int64_t *moves, bool *any,
                     bson_error_t *reason)
{
    bson_t document = BSON_INITIALIZER, filter = BSON_INITIALIZER;
    bool good = true;

    for (int stored = 0; stored <= 1; stored++) {
        for (size_t i = 0; good && i < run->serial_count; i++) {
            const sv_serial_t *serial = run->serials[i];

            if ((serial->stored != NULL) != stored || sv_serials_same(serial->before_id, serial->holder_id)) {
                continue;
            }
            good = sv_serials_queue(run, bulk, serial, &document, &filter, reason);
            *moves += stored;
            *any = true;
        }
    }
    bson_destroy(&document);
    bson_destroy(&filter);
    return good;
}

sv_status_t
sv_serials_write(sv_batch_run_t *run, sv_error_t *error)
{
    bson_t *options = sv_store_options(run->store, error->arena);
    mongoc_bulk_operation_t *bulk;
    int64_t moves = 0;
    bool any = false;
    bson_error_t reason;
    sv_status_t status = SV_OK;

    BSON_APPEND_BOOL(options, "ordered", false);
    bulk =
        mongoc_collection_create_bulk_operation_with_opts(run->store->collections[SV_COLLECTION_ITEM_SERIALS], options);
    if (!sv_serials_queue_all(run, bulk, &moves, &any, &reason)) {
        status = sv_store_fail(&reason, error);
    } else if (any) {
        status = sv_batch_execute(run->store, bulk, moves, error);
    }
    mongoc_bulk_operation_destroy(bulk);
    return status;
}
