#include <string.h>

#include "core/store/document.h"
#include "core/store/transaction.h"
#include "core/sync/batch_state.h"
#include "core/sync/record_clock.h"
#include "core/sync/record_form.h"
#include "core/sync/record_seq.h"

/* Whether a figure counts, and by whose word; what the unique index on session and item goes by. */
static void
sv_append_marks(bson_t *document, const sv_slot_t *slot)
{
    const sv_contender_t *stand = &slot->now.stand;

    BSON_APPEND_INT64(document, "round", stand->round);
    BSON_APPEND_UTF8(document, "standing", sv_standing_names[stand->standing]);
    BSON_APPEND_BOOL(document, "counts", stand->standing == SV_STANDING_COUNTS);
    BSON_APPEND_BOOL(document, "whole", slot->now.whole);
    sv_doc_put_text(document, "replaced_by", stand->replaced_by);
    sv_doc_put_text(document, "decision", sv_decision_names[stand->decision]);
    if (stand->decision != SV_DECISION_NONE) {
        BSON_APPEND_BOOL(document, "decided_above", stand->decided_above);
        sv_doc_put_text(document, "decided_for", stand->decided_for);
        if (slot->decided_by != NULL) {
            BSON_APPEND_UTF8(document, "decided_by", slot->decided_by);
        }
    }
}

static bool
sv_same_pieces(const sv_record_t *record, const bson_t *stored)
{
    return record->verified_qty == sv_doc_quantity(stored, "verified_qty") &&
           record->damage_qty == sv_doc_quantity(stored, "damage_qty") &&
           record->non_returnable_damaged_qty == sv_doc_quantity(stored, "non_returnable_damaged_qty");
}

/* What an edit leaves as it is. */
static void
sv_append_kept(bson_t *document, const sv_slot_t *slot)
{
    bson_iter_t iter;

    if (slot->decided_by == NULL && slot->now.stand.decision != SV_DECISION_NONE &&
        bson_iter_init_find(&iter, slot->stored, "decided_by")) {
        bson_append_iter(document, "decided_by", -1, &iter);
    }
    /* a review is of the pieces: a new figure answers it */
    if (sv_same_pieces(slot->record, slot->stored) && bson_iter_init_find(&iter, slot->stored, "review")) {
        bson_append_iter(document, "review", -1, &iter);
    }
}

/* The document of a slot's record. */
static void
sv_append_record(sv_batch_run_t *run, bson_t *document, const sv_slot_t *slot)
{
    const sv_floor_session_t *session = &slot->session->facts;
    int64_t now_ms = slot->session->now_ms;

    BSON_APPEND_UTF8(document, "session_id", session->session_id);
    sv_doc_put_text(document, "count_id", session->count_id);
    sv_doc_put_text(document, "rack_id", session->rack_id);
    sv_doc_put_text(document, "warehouse", session->warehouse);
    sv_doc_put_text(document, "floor", session->floor);
    BSON_APPEND_UTF8(document, "user_id", session->user_id);
    BSON_APPEND_INT64(document, "fence", session->fence);
    BSON_APPEND_INT64(document, "seq", session->writes);
    sv_record_append(document, slot->record);
    BSON_APPEND_UTF8(document, "lot_key", slot->record->lot_key);
    sv_append_marks(document, slot);
    sv_record_append_clock(document, slot->record,
                           &(sv_record_receipt_t){ now_ms, session->started_at_ms, run->batch->has_sent_at,
                                                   run->batch->sent_at_ms, slot->stored });
    if (slot->record->unknown) {
        BSON_APPEND_BOOL(document, "unknown", true);
    }
    if (slot->now.stand.declared_empty) {
        BSON_APPEND_BOOL(document, "declared_empty", true);
    }
    if (slot->stored != NULL) {
        sv_append_kept(document, slot);
    }
    sv_doc_put_text(document, "batch_id", run->batch->batch_id);
    BSON_APPEND_DATE_TIME(document, "received_at",
                          slot->stored != NULL ? sv_doc_time(slot->stored, "received_at") : now_ms);
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
static bool
sv_is_moved(const sv_slot_t *slot)
{
    return slot->linked || ((sv_slot_is_edit(slot) || sv_slot_is_marked(slot)) && sv_slot_leaves_place(slot));
}

/* A bulk being filled: how many of its operations must find their document. */
typedef struct {
    mongoc_bulk_operation_t *bulk;
    size_t operations;
    int64_t matches;
    bool good;
    bson_error_t reason;
    bson_t filter, document; /* the driver copies them at once: one is enough for all */
} sv_records_bulk_t;

static void
sv_queue_leaving(sv_batch_run_t *run, sv_records_bulk_t *queue)
{
    for (size_t i = 0; queue->good && i < run->slot_count; i++) {
        if (sv_is_moved(run->slots[i])) {
            bson_reinit(&queue->filter);
            sv_append_seen(&queue->filter, run->slots[i]);
            queue->operations++;
            queue->matches++;
            queue->good = mongoc_bulk_operation_remove_one_with_opts(queue->bulk, &queue->filter, NULL, &queue->reason);
        }
    }
}

static void
sv_queue_edits(sv_batch_run_t *run, sv_records_bulk_t *queue)
{
    for (size_t i = 0; queue->good && i < run->slot_count; i++) {
        const sv_slot_t *slot = run->slots[i];

        if (sv_slot_is_edit(slot) && !sv_is_moved(slot)) {
            bson_reinit(&queue->filter);
            sv_append_seen(&queue->filter, slot);
            bson_reinit(&queue->document);
            sv_append_record(run, &queue->document, slot);
            queue->operations++;
            queue->matches++;
            queue->good = mongoc_bulk_operation_replace_one_with_opts(queue->bulk, &queue->filter, &queue->document,
                                                                      NULL, &queue->reason);
        }
    }
}

static void
sv_queue_marks(sv_batch_run_t *run, sv_records_bulk_t *queue)
{
    bson_t child;

    for (size_t i = 0; queue->good && i < run->slot_count; i++) {
        const sv_slot_t *slot = run->slots[i];

        if (!sv_slot_is_marked(slot) || sv_is_moved(slot)) {
            continue;
        }
        bson_reinit(&queue->filter);
        sv_append_seen(&queue->filter, slot);
        bson_reinit(&queue->document);
        BSON_APPEND_DOCUMENT_BEGIN(&queue->document, "$set", &child);
        sv_append_marks(&child, slot);
        bson_append_document_end(&queue->document, &child);
        sv_query_mark(&queue->document, "$currentDate", "changed_at");
        if (slot->old_form) {
            BCON_APPEND(&queue->document, "$unset", "{", "superseded", "", "replaced", "", "}");
        }
        queue->operations++;
        queue->matches++;
        queue->good = mongoc_bulk_operation_update_one_with_opts(queue->bulk, &queue->filter, &queue->document, NULL,
                                                                 &queue->reason);
    }
}

/* The item it is of now, and the code it was counted under, if that is another. */
static void
sv_append_linked(bson_t *document, const sv_slot_t *slot)
{
    BSON_APPEND_UTF8(document, "item_code", slot->now.item_key);
    BSON_APPEND_UTF8(document, "lot_key", slot->linked_lot);
    if (slot->before.item_key[0] != '\x01' && strcmp(slot->before.item_key, slot->now.item_key) != 0) {
        BSON_APPEND_UTF8(document, "counted_as", slot->before.item_key);
    }
    if (slot->review != NULL) {
        BSON_APPEND_DOCUMENT(document, "review", slot->review);
    }
}

/* A figure that was given up, or is another item's now, stays visible, and its sending stays a replay. */
static void
sv_append_moved(bson_t *document, const sv_slot_t *slot, int64_t now_ms)
{
    bson_copy_to_excluding_noinit(
        slot->stored, document, "_id", "round", "standing", "counts", "whole", "replaced_by", "decision",
        "decided_above", "decided_for", slot->decided_by != NULL ? "decided_by" : "_id",
        slot->linked ? "item_code" : "_id", slot->linked ? "unknown" : "_id", slot->linked ? "lot_key" : "_id",
        slot->review != NULL ? "review" : "_id", "superseded", "replaced", "changed_at", NULL);
    if (slot->linked) {
        sv_append_linked(document, slot);
    }
    sv_append_marks(document, slot);
    BSON_APPEND_DATE_TIME(document, "changed_at", now_ms);
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

static void
sv_queue_inserts(sv_batch_run_t *run, sv_records_bulk_t *queue)
{
    int64_t now_ms = sv_run_now_ms(run);
    bson_oid_t id;

    for (size_t i = 0; queue->good && i < run->slot_count; i++) {
        const sv_slot_t *slot = run->slots[i];
        bool is_new = slot->record != NULL && slot->stored == NULL;

        if (!is_new && !sv_is_moved(slot)) {
            continue;
        }
        bson_reinit(&queue->document);
        bson_oid_init(&id, NULL);
        BSON_APPEND_OID(&queue->document, "_id", &id);
        if (slot->record != NULL) {
            sv_append_record(run, &queue->document, slot);
        } else {
            sv_append_moved(&queue->document, slot, now_ms);
        }
        queue->operations++;
        queue->good = mongoc_bulk_operation_insert_with_opts(queue->bulk, &queue->document, NULL, &queue->reason);
    }
}

static sv_status_t
sv_write_records(sv_batch_run_t *run, void (*fill)(sv_batch_run_t *, sv_records_bulk_t *), sv_error_t *error)
{
    bson_t *options = sv_store_options(run->store, error->arena);
    sv_records_bulk_t queue = { .good = true };
    sv_status_t status = SV_OK;

    BSON_APPEND_BOOL(options, "ordered", false);
    queue.bulk = mongoc_collection_create_bulk_operation_with_opts(
        run->store->collections[SV_COLLECTION_VERIFICATION_RECORDS], options);
    bson_init(&queue.filter);
    bson_init(&queue.document);
    fill(run, &queue);
    bson_destroy(&queue.filter);
    bson_destroy(&queue.document);
    if (!queue.good) {
        status = sv_store_fail(&queue.reason, error);
    } else if (queue.operations > 0) {
        status = sv_batch_execute(run->store, queue.bulk, queue.matches, error);
    }
    mongoc_bulk_operation_destroy(queue.bulk);
    return status;
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

static sv_status_t
sv_read_returning(sv_batch_run_t *run, sv_error_t *error)
{
    for (size_t i = 0; i < run->slot_count; i++) {
        sv_slot_t *slot = run->slots[i];

        if (sv_slot_is_marked(slot) && slot->now.stand.standing == SV_STANDING_COUNTS &&
            slot->before.stand.standing != SV_STANDING_COUNTS && slot->now.serials.count > 0 &&
            sv_read_session_of(run, slot, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

sv_status_t
sv_batch_write(sv_batch_run_t *run, sv_error_t *error)
{
    /* In this order: places in the unique index are given up before they are taken. */
    static void (*const fills[])(sv_batch_run_t *, sv_records_bulk_t *) = {
        sv_queue_leaving,
        sv_queue_edits,
        sv_queue_marks,
        sv_queue_inserts,
    };

    if (sv_read_returning(run, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        if (sv_write_records(run, fills[i], error) != SV_OK) {
            return error->status;
        }
    }
    if (sv_seq_write(run, error) != SV_OK || sv_serials_write(run, error) != SV_OK) {
        return error->status;
    }
    return sv_batch_write_trail(run, error);
}
