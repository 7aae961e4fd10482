#include <string.h>

#include "core/audit/audit.h"
#include "core/store/document.h"
#include "core/store/transaction.h"
#include "core/sync/batch_state.h"
#include "core/sync/record_clock.h"
#include "core/sync/record_seq.h"

/* A record's document. */
static void
sv_append_record(sv_batch_run_t *run, bson_t *document, const sv_placed_t *placed)
{
    const sv_floor_session_t *session = &placed->session->facts;
    int64_t now_ms = placed->session->now_ms;

    BSON_APPEND_UTF8(document, "session_id", session->session_id);
    sv_doc_put_text(document, "count_id", session->count_id);
    sv_doc_put_text(document, "rack_id", session->rack_id);
    sv_doc_put_text(document, "warehouse", session->warehouse);
    sv_doc_put_text(document, "floor", session->floor);
    BSON_APPEND_UTF8(document, "user_id", session->user_id);
    BSON_APPEND_INT64(document, "fence", session->fence);
    BSON_APPEND_INT64(document, "round", session->round);
    BSON_APPEND_INT64(document, "seq", session->writes);
    sv_record_append(document, placed->record, placed->superseded);
    sv_record_append_clock(document, placed->record,
                           &(sv_record_receipt_t){ now_ms, session->started_at_ms, run->batch->has_sent_at,
                                                   run->batch->sent_at_ms, placed->stored });
    sv_doc_put_text(document, "batch_id", run->batch->batch_id);
    BSON_APPEND_DATE_TIME(document, "received_at",
                          placed->stored != NULL ? sv_doc_time(placed->stored, "received_at") : now_ms);
    BSON_APPEND_DATE_TIME(document, "changed_at", now_ms);
}

sv_status_t
sv_batch_execute(sv_store_t *store, mongoc_bulk_operation_t *bulk, int64_t matches, sv_error_t *error)
{
    bson_t reply;
    bson_error_t reason;
    sv_status_t status = SV_OK;

    if (mongoc_bulk_operation_execute(bulk, &reply, &reason) == 0) {
        if (sv_store_is_duplicate_key(&reason, &reply)) {
            status = sv_fail_cause(error, SV_ERR_ALREADY_EXISTS, "%s", reason.message);
        } else {
            status = sv_store_call_fail(store, &reason, &reply, error);
        }
    } else if (sv_doc_int(&reply, "nMatched") + sv_doc_int(&reply, "nRemoved") != matches) {
        status = sv_fail_cause(error, SV_ERR_ALREADY_EXISTS, "a record changed meanwhile");
    }
    bson_destroy(&reply);
    return status;
}

static mongoc_bulk_operation_t *
sv_records_bulk(sv_batch_run_t *run, sv_error_t *error)
{
    bson_t *options = sv_store_options(run->store, error->arena);

    BSON_APPEND_BOOL(options, "ordered", false);
    return mongoc_collection_create_bulk_operation_with_opts(
        run->store->collections[SV_COLLECTION_VERIFICATION_RECORDS], options);
}

static bool
sv_is_edit(const sv_slot_t *slot)
{
    return slot->record != NULL && slot->stored != NULL;
}

static bool
sv_gives_way(const sv_slot_t *slot)
{
    return slot->supersede && slot->stored != NULL;
}

/* Whether it gives way within its own floor session, whose only whole figure of the item it was. */
static bool
sv_is_replaced(const sv_slot_t *slot)
{
    return sv_gives_way(slot) && slot->now.replaced;
}

/* Marks stored records as superseded or not. */
static sv_status_t
sv_write_mark(sv_batch_run_t *run, const sv_query_texts_t *ids, bool superseded, sv_error_t *error)
{
    bson_t *filter, *update, child;

    if (ids->count == 0) {
        return SV_OK;
    }
    filter = sv_doc_new(run->arena);
    update = sv_doc_new(run->arena);
    sv_query_in(filter, "client_record_id", ids);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
    BSON_APPEND_BOOL(&child, "superseded", superseded);
    bson_append_document_end(update, &child);
    sv_query_mark(update, "$currentDate", "changed_at");
    return sv_store_update_many(run->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, update, NULL, error);
}

static sv_status_t
sv_write_superseded(sv_batch_run_t *run, sv_error_t *error)
{
    sv_query_texts_t ids;

    sv_query_texts_init(&ids, run->arena);
    for (size_t i = 0; i < run->slot_count; i++) {
        if (sv_gives_way(run->slots[i]) && !sv_is_replaced(run->slots[i])) {
            sv_query_texts_add(&ids, run->slots[i]->client_record_id);
        }
    }
    return sv_write_mark(run, &ids, true, error);
}

/* When the batch is stored, by the database's clock. */
static int64_t
sv_run_now_ms(const sv_batch_run_t *run)
{
    for (size_t i = 0; i < run->session_count; i++) {
        if (run->sessions[i].wrote) {
            return run->sessions[i].now_ms;
        }
    }
    return 0;
}

/* Whose a figure is that stands again, for its serial numbers; without the session they have no name with them. */
static sv_status_t
sv_read_session_of(sv_batch_run_t *run, sv_slot_t *slot, sv_error_t *error)
{
    sv_fenced_t *session = sv_arena_zalloc(run->arena, sizeof(*session));
    sv_status_t status = sv_floor_session_find(run->store, slot->now.session_id, run->arena, &session->facts, error);

    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        status = SV_OK;
    }
    session->session_id = slot->now.session_id;
    session->now_ms = sv_run_now_ms(run);
    slot->session = session;
    return status;
}

/* A record that gave way to another round kept its place in the unique index: the mark is all. */
static sv_status_t
sv_write_standing_again(sv_batch_run_t *run, sv_error_t *error)
{
    sv_query_texts_t ids;

    sv_query_texts_init(&ids, run->arena);
    for (size_t i = 0; i < run->slot_count; i++) {
        if (run->slots[i]->stands_again) {
            sv_query_texts_add(&ids, run->slots[i]->client_record_id);
            if (sv_read_session_of(run, run->slots[i], error) != SV_OK) {
                return error->status;
            }
        }
    }
    return sv_write_mark(run, &ids, false, error);
}

/* The version a slot was judged by; when another stands there by now, the batch is judged again. */
static void
sv_append_seen(bson_t *filter, const sv_slot_t *slot)
{
    BSON_APPEND_UTF8(filter, "client_record_id", slot->client_record_id);
    BSON_APPEND_INT64(filter, "order", slot->before.order);
    sv_doc_put_text(filter, "content_hash", slot->before.content_hash);
}

/* A record that gives up its place in the unique index on session and item is deleted here and inserted again: edits
 * may exchange items among each other, and SecantusDB (0.5) frees a unique key by deletion only. */
static sv_status_t
sv_write_leaving(sv_batch_run_t *run, sv_error_t *error)
{
    mongoc_bulk_operation_t *bulk = sv_records_bulk(run, error);
    bson_t filter = BSON_INITIALIZER;
    int64_t count = 0;
    bson_error_t reason;
    sv_status_t status = SV_OK;

    for (size_t i = 0; i < run->slot_count && status == SV_OK; i++) {
        const sv_slot_t *slot = run->slots[i];

        if (!sv_batch_leaves_item(slot) && !sv_is_replaced(slot)) {
            continue;
        }
        bson_reinit(&filter);
        sv_append_seen(&filter, slot);
        count++;
        if (!mongoc_bulk_operation_remove_one_with_opts(bulk, &filter, NULL, &reason)) {
            status = sv_store_fail(&reason, error);
        }
    }
    bson_destroy(&filter);
    if (status == SV_OK && count > 0) {
        status = sv_batch_execute(run->store, bulk, count, error);
    }
    mongoc_bulk_operation_destroy(bulk);
    return status;
}

static sv_status_t
sv_write_edits(sv_batch_run_t *run, sv_error_t *error)
{
    mongoc_bulk_operation_t *bulk = sv_records_bulk(run, error);
    bson_t filter = BSON_INITIALIZER, document = BSON_INITIALIZER;
    int64_t count = 0;
    bson_error_t reason;
    sv_status_t status = SV_OK;

    for (size_t i = 0; i < run->slot_count && status == SV_OK; i++) {
        const sv_slot_t *slot = run->slots[i];
        sv_placed_t placed = { slot->record, slot->session, slot->stored, slot->now.superseded };

        if (!sv_is_edit(slot) || sv_batch_leaves_item(slot)) {
            continue;
        }
        bson_reinit(&filter);
        sv_append_seen(&filter, slot);
        bson_reinit(&document);
        sv_append_record(run, &document, &placed);
        count++;
        if (!mongoc_bulk_operation_replace_one_with_opts(bulk, &filter, &document, NULL, &reason)) {
            status = sv_store_fail(&reason, error);
        }
    }
    bson_destroy(&filter);
    bson_destroy(&document);
    if (status == SV_OK && count > 0) {
        status = sv_batch_execute(run->store, bulk, count, error);
    }
    mongoc_bulk_operation_destroy(bulk);
    return status;
}

/* A replaced figure stays visible, and its sending stays a replay. */
static void
sv_append_replaced(bson_t *document, const sv_slot_t *slot)
{
    bson_copy_to_excluding_noinit(slot->stored, document, "_id", "whole", "superseded", "replaced", NULL);
    BSON_APPEND_BOOL(document, "whole", false);
    BSON_APPEND_BOOL(document, "superseded", true);
    BSON_APPEND_BOOL(document, "replaced", true);
}

/* Queues what is to be inserted; the driver copies each document at once, so one is enough for all. */
static bool
sv_queue_inserts(sv_batch_run_t *run, mongoc_bulk_operation_t *bulk, size_t *count, bson_error_t *reason)
{
    bson_t document = BSON_INITIALIZER;
    bson_oid_t id;
    bool good = true;

    for (size_t i = 0; good && i < run->insert_count; i++) {
        bson_reinit(&document);
        bson_oid_init(&id, NULL);
        BSON_APPEND_OID(&document, "_id", &id);
        sv_append_record(run, &document, &run->inserts[i]);
        good = mongoc_bulk_operation_insert_with_opts(bulk, &document, NULL, reason);
        ++*count;
    }
    for (size_t i = 0; good && i < run->slot_count; i++) {
        if (sv_is_replaced(run->slots[i])) {
            bson_reinit(&document);
            sv_append_replaced(&document, run->slots[i]);
            good = mongoc_bulk_operation_insert_with_opts(bulk, &document, NULL, reason);
            ++*count;
        }
    }
    bson_destroy(&document);
    return good;
}

static sv_status_t
sv_write_inserts(sv_batch_run_t *run, sv_error_t *error)
{
    mongoc_bulk_operation_t *bulk = sv_records_bulk(run, error);
    size_t count = 0;
    bson_error_t reason;
    sv_status_t status = SV_OK;

    if (!sv_queue_inserts(run, bulk, &count, &reason)) {
        status = sv_store_fail(&reason, error);
    } else if (count > 0) {
        status = sv_batch_execute(run->store, bulk, 0, error);
    }
    mongoc_bulk_operation_destroy(bulk);
    return status;
}

/* What a floor session's share of the batch was, for the audit trail. */
static sv_status_t
sv_write_audit(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->session_count; i++) {
        const sv_fenced_t *session = &run->sessions[i];
        bson_t *details;
        sv_audit_t entry = { .session_id = session->session_id,
                             .rack_id = session->facts.rack_id,
                             .count_id = session->facts.count_id,
                             .warehouse = session->facts.warehouse };
        int64_t inserted = 0, edited = 0, superseded = 0;

        if (!session->wrote || run->resolving) {
            continue;
        }
        for (size_t j = 0; j < run->insert_count; j++) {
            inserted += run->inserts[j].session == session && run->inserts[j].stored == NULL;
        }
        for (size_t j = 0; j < run->slot_count; j++) {
            edited += sv_is_edit(run->slots[j]) && run->slots[j]->session == session;
            superseded += sv_gives_way(run->slots[j]) && run->slots[j]->now.rack_id != NULL &&
                          strcmp(run->slots[j]->now.rack_id, session->facts.rack_id) == 0;
        }
        details = sv_doc_new(run->arena);
        sv_doc_put_text(details, "batch_id", run->batch->batch_id);
        BSON_APPEND_INT64(details, "inserted", inserted);
        BSON_APPEND_INT64(details, "edited", edited);
        BSON_APPEND_INT64(details, "superseded", superseded);
        entry.action = "sync.batch";
        entry.details = details;
        if (sv_audit_write(run->store, run->who, &entry, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

typedef struct {
    sv_query_texts_t items;
    sv_text_map_t seen;
} sv_touched_t;

/* Unknown items have no totals until they are linked to a known one. */
static void
sv_touch(sv_touched_t *touched, const char *item_key)
{
    void **place = sv_text_map_put(&touched->seen, item_key);

    if (*place == NULL && item_key[0] != '\x01') {
        *place = touched;
        sv_query_texts_add(&touched->items, item_key);
    }
}

/* The items of one count whose totals are to be derived again. */
static sv_status_t
sv_write_touched_of(sv_batch_run_t *run, const sv_fenced_t *session, sv_error_t *error)
{
    bson_t *document = sv_doc_new(run->arena);
    sv_touched_t touched;

    sv_query_texts_init(&touched.items, run->arena);
    sv_text_map_init(&touched.seen, run->arena, run->insert_count);
    for (size_t i = 0; i < run->insert_count; i++) {
        if (strcmp(run->inserts[i].session->facts.count_id, session->facts.count_id) == 0) {
            sv_touch(&touched, run->inserts[i].record->item_key);
        }
    }
    for (size_t i = 0; i < run->slot_count; i++) {
        const sv_slot_t *slot = run->slots[i];

        if ((sv_is_edit(slot) || sv_gives_way(slot)) && strcmp(slot->now.count_id, session->facts.count_id) == 0) {
            sv_touch(&touched, slot->now.item_key);
            sv_touch(&touched, slot->before.item_key);
        }
    }
    if (touched.items.count == 0) {
        return SV_OK;
    }
    sv_doc_put_text(document, "count_id", session->facts.count_id);
    sv_doc_put_text(document, "warehouse", session->facts.warehouse);
    BSON_APPEND_ARRAY(document, "item_codes", touched.items.array);
    sv_doc_put_time(document, "at", session->now_ms);
    return sv_store_insert(run->store, SV_COLLECTION_TOUCHED_ITEMS, document, error);
}

static bool
sv_is_first_of_count(const sv_batch_run_t *run, size_t i)
{
    for (size_t j = 0; run->sessions[i].wrote && j < i; j++) {
        if (run->sessions[j].wrote && strcmp(run->sessions[j].facts.count_id, run->sessions[i].facts.count_id) == 0) {
            return false;
        }
    }
    return run->sessions[i].wrote;
}

static sv_status_t
sv_write_touched(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->session_count; i++) {
        if (sv_is_first_of_count(run, i) && sv_write_touched_of(run, &run->sessions[i], error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

static sv_status_t
sv_write_sessions(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->session_count; i++) {
        if (sv_fence_finish(run->store, &run->sessions[i], error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

sv_status_t
sv_batch_write(sv_batch_run_t *run, sv_error_t *error)
{
    static sv_status_t (*const steps[])(sv_batch_run_t *, sv_error_t *) = {
        sv_write_superseded, sv_write_standing_again, sv_write_leaving, sv_write_edits,   sv_write_inserts,
        sv_seq_write,        sv_serials_write,        sv_write_audit,   sv_write_touched, sv_write_sessions,
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i](run, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}
