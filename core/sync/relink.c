#include "core/sync/relink.h"

#include <stdlib.h>
#include <string.h>

#include "core/audit/audit.h"
#include "core/counts/count_state.h"
#include "core/stock/lots.h"
#include "core/store/document.h"
#include "core/store/transaction.h"
#include "core/sync/batch_state.h"

/* A rack in a count that has records to link. */
typedef struct {
    const char *count_id;
    const char *rack_id;
} sv_relink_place_t;

/* One run of a rack's transaction. */
typedef struct {
    const sv_principal_t *who;
    const sv_link_t *link;
    const sv_relink_place_t *place;
    const char *find_key;   /* what records of the find are keyed by; NULL: none */
    sv_lot_tracking_t lots; /* of the item */
    sv_batch_run_t run;
    const char **session_ids;
    size_t session_count, session_room;
    sv_text_map_t seen;
    const char *count_state; /* set: the count takes no records */
    int64_t records;
} sv_relink_work_t;

/* ---- which records */

static bool
sv_relink_takes(const sv_relink_work_t *work, const sv_slot_t *slot)
{
    const char *key = slot->before.item_key;

    if (work->find_key != NULL && strcmp(key, work->find_key) == 0) {
        return true;
    }
    return work->link->code != NULL && strcmp(key, work->link->code) == 0 && sv_doc_bool(slot->stored, "unknown");
}

/* ---- one rack */

static void
sv_relink_session_row(const bson_t *row, void *context)
{
    sv_relink_work_t *work = context;
    const char *session_id = sv_doc_text(row, "session_id", work->run.arena);
    void **place = session_id != NULL ? sv_text_map_put(&work->seen, session_id) : NULL;

    if (place != NULL && *place == NULL) {
        *place = work;
        work->session_ids = sv_arena_grow(work->run.arena, work->session_ids, work->session_count, &work->session_room,
                                          sizeof(*work->session_ids));
        work->session_ids[work->session_count++] = session_id;
    }
}

static int
sv_relink_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The floor sessions that have figures on the rack, in the order of their ids: the linking may touch any. */
static sv_status_t
sv_relink_list_sessions(sv_relink_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *projection = sv_doc_new(error->arena);

    work->session_ids = NULL;
    work->session_count = work->session_room = 0;
    sv_text_map_init(&work->seen, error->arena, 0);
    BSON_APPEND_UTF8(filter, "count_id", work->place->count_id);
    BSON_APPEND_UTF8(filter, "rack_id", work->place->rack_id);
    BSON_APPEND_INT32(projection, "session_id", 1);
    if (sv_query_each(work->run.store, SV_COLLECTION_VERIFICATION_RECORDS, filter, projection, sv_relink_session_row,
                      work, error) != SV_OK) {
        return error->status;
    }
    if (work->session_count > 1) {
        qsort(work->session_ids, work->session_count, sizeof(*work->session_ids), sv_relink_compare);
    }
    return SV_OK;
}

static sv_status_t
sv_relink_fence(sv_relink_work_t *work, sv_error_t *error)
{
    sv_batch_run_t *run = &work->run;

    run->sessions = sv_arena_zalloc(run->arena, (work->session_count + 1) * sizeof(*run->sessions));
    sv_text_map_init(&run->session_of, run->arena, work->session_count);
    for (size_t i = 0; i < work->session_count; i++) {
        sv_fenced_t *session = &run->sessions[run->session_count];

        if (sv_fence_bypass(run->store, work->session_ids[i], session, error) != SV_OK) {
            return error->status;
        }
        if (session->outcome == SV_FENCE_UNKNOWN) {
            continue; /* forgotten: its records are linked, and nobody reads them by its writes */
        }
        if (!session->open) {
            work->count_state = session->facts.count_state;
            return sv_fail(error, SV_ERR_SESSION_CLOSED, NULL);
        }
        *sv_text_map_put(&run->session_of, session->session_id) = session;
        run->session_count++;
    }
    return SV_OK;
}

/* Which lot's figure it is of the item: by what the master says, as of any record of it. */
static const char *
sv_relink_lot(sv_relink_work_t *work, const sv_slot_t *slot)
{
    const sv_floor_session_t *session = slot->session != NULL ? &slot->session->facts : NULL;
    const char *lot = sv_doc_text(slot->stored, "lot", work->run.arena);

    return lot != NULL && sv_lot_tracking_at(&work->lots, session != NULL ? sv_floor_began_ms(session) : 0) ? lot : "";
}

static void
sv_relink_rekey(sv_relink_work_t *work)
{
    sv_batch_run_t *run = &work->run;

    for (size_t i = 0; i < run->slot_count; i++) {
        sv_slot_t *slot = run->slots[i];

        if (!sv_relink_takes(work, slot)) {
            continue;
        }
        slot->linked = slot->renew = true;
        slot->session = sv_text_map_get(&run->session_of, slot->now.session_id);
        slot->linked_lot = sv_relink_lot(work, slot);
        slot->now.item_key = work->link->item_code;
        slot->now.key = sv_key_item(run, slot->now.count_id, slot->now.rack_id, slot->now.item_key, slot->linked_lot);
        sv_batch_link(run, &run->figures, slot->now.key, slot);
        work->records++;
    }
}

/* ---- what stands beside each other now */

static void
sv_relink_merge(sv_relink_work_t *work, sv_slot_t *slot)
{
    if (slot->now.stand.decision != SV_DECISION_MERGED) {
        slot->now.stand.decision = SV_DECISION_MERGED;
        slot->now.stand.decided_for = NULL;
        slot->decided_by = work->who->user_id;
        slot->renew = true;
    }
}

static bool
sv_relink_meets(const sv_slot_t *slot, const sv_slot_t *other)
{
    return other != slot && sv_contender_is_live(&other->now.stand) &&
           other->now.stand.round == slot->now.stand.round && !other->now.stand.declared_empty &&
           !(sv_contender_adds_up(&other->now.stand) && sv_contender_adds_up(&slot->now.stand));
}

static bson_t *
sv_relink_review(const sv_relink_work_t *work, const sv_slot_t *slot, const char *reason)
{
    bson_t *review = sv_doc_new(work->run.arena);

    BSON_APPEND_UTF8(review, "reason", reason);
    sv_doc_put_text(review, "code", work->link->code);
    sv_doc_put_text(review, "unknown_item_id", work->link->unknown_item_id);
    BSON_APPEND_UTF8(review, "by", work->who->user_id);
    sv_doc_put_time(review, "at", slot->session != NULL ? slot->session->now_ms : 0);
    return review;
}

/* Figures of the item that were there when the linked one came: they add up. */
static void
sv_relink_beside(sv_relink_work_t *work, sv_slot_t *slot)
{
    sv_figures_t figures = sv_figures_of(&work->run, slot->now.key);

    for (size_t i = 0; sv_contender_is_live(&slot->now.stand) && i < figures.count; i++) {
        if (!slot->now.stand.declared_empty && sv_relink_meets(slot, figures.slots[i])) {
            sv_relink_merge(work, slot);
            sv_relink_merge(work, figures.slots[i]);
            slot->review = sv_relink_review(work, slot, "linked");
        }
    }
}

static void
sv_relink_settle(sv_relink_work_t *work)
{
    sv_batch_run_t *run = &work->run;

    for (size_t i = 0; i < run->slot_count; i++) {
        if (run->slots[i]->linked && sv_serials_rekey(run, run->slots[i]) > 0) {
            run->slots[i]->review = sv_relink_review(work, run->slots[i], "serial_taken");
        }
    }
    for (size_t i = 0; i < run->slot_count; i++) {
        if (run->slots[i]->linked) {
            sv_relink_beside(work, run->slots[i]);
        }
    }
    for (size_t i = 0; i < run->slot_count; i++) {
        if (run->slots[i]->linked) {
            sv_figures_settle(run, run->slots[i]->now.key);
        }
    }
    for (size_t i = 0; i < run->session_count; i++) {
        run->sessions[i].wrote = true;
        run->sessions[i].leaves_plain = true;
    }
}

static sv_status_t
sv_relink_audit(sv_relink_work_t *work, sv_error_t *error)
{
    bson_t *details = sv_doc_new(error->arena);
    const sv_batch_run_t *run = &work->run;
    sv_audit_t entry = { .action = "unknown_item.records",
                         .rack_id = work->place->rack_id,
                         .count_id = work->place->count_id,
                         .warehouse = run->session_count > 0 ? run->sessions[0].facts.warehouse : NULL,
                         .details = details };

    sv_doc_put_text(details, "code", work->link->code);
    sv_doc_put_text(details, "unknown_item_id", work->link->unknown_item_id);
    BSON_APPEND_UTF8(details, "item_code", work->link->item_code);
    BSON_APPEND_INT64(details, "records", work->records);
    return sv_audit_write(run->store, work->who, &entry, error);
}

static sv_status_t
sv_relink_body(sv_store_t *store, void *context, sv_error_t *error)
{
    static const sv_sync_batch_t none = { 0 };
    sv_relink_work_t *work = context;
    sv_batch_run_t *run = &work->run;

    *run = (sv_batch_run_t){
        .store = store, .who = work->who, .batch = &none, .arena = error->arena, .by_decision = true
    };
    work->count_state = NULL;
    work->records = 0;
    sv_batch_run_init(run);
    if (sv_relink_list_sessions(work, error) != SV_OK || work->session_count == 0 ||
        sv_relink_fence(work, error) != SV_OK ||
        sv_batch_read_rack_figures(run, work->place->count_id, work->place->rack_id, error) != SV_OK) {
        return error->status;
    }
    sv_relink_rekey(work);
    if (work->records == 0) {
        return SV_OK;
    }
    if (sv_batch_read_serials(run, error) != SV_OK) {
        return error->status;
    }
    sv_relink_settle(work);
    return sv_batch_write(run, error) == SV_OK ? sv_relink_audit(work, error) : error->status;
}

/* ---- rack after rack */

typedef struct {
    sv_relink_place_t *places;
    size_t count, room;
    sv_text_map_t seen;
    sv_arena_t *arena;
} sv_relink_places_t;

static void
sv_relink_place_row(const bson_t *row, void *context)
{
    sv_relink_places_t *list = context;
    const char *count_id = sv_doc_text(row, "count_id", list->arena);
    const char *rack_id = sv_doc_text(row, "rack_id", list->arena);
    void **place;

    if (count_id == NULL || rack_id == NULL) {
        return;
    }
    place = sv_text_map_put(&list->seen, sv_arena_printf(list->arena, "%s\x02%s", count_id, rack_id));
    if (*place != NULL) {
        return;
    }
    *place = list;
    list->places = sv_arena_grow(list->arena, list->places, list->count, &list->room, sizeof(*list->places));
    list->places[list->count++] = (sv_relink_place_t){ count_id, rack_id };
}

/* Whether its records may still become an item's, though the count takes none at present. */
static bool
sv_relink_may_wait(const char *count_state)
{
    return count_state != NULL && !sv_count_is_over(count_state);
}

static sv_status_t
sv_relink_rack(sv_store_t *store, sv_relink_work_t *work, sv_relinked_t *relinked, sv_error_t *error)
{
    sv_error_t own;
    sv_status_t status;

    /* what a rack's run needs goes with it */
    sv_error_init(&own, sv_arena_create());
    status = sv_transaction_run_past_duplicates(store, sv_relink_body, work, &own);
    if (status == SV_ERR_SESSION_CLOSED) {
        bool waits = sv_relink_may_wait(work->count_state);

        relinked->waiting += waits;
        relinked->closed += !waits;
        status = SV_OK;
    } else if (status == SV_OK) {
        relinked->records += work->records;
    } else {
        sv_fail_cause(error, status, "rack %s in count %s: %s", work->place->rack_id, work->place->count_id,
                      own.cause != NULL ? own.cause : sv_status_message(status));
    }
    sv_arena_destroy(own.arena);
    return status;
}

static sv_status_t
sv_relink_find_places(sv_store_t *store, const bson_t *filter, sv_relink_places_t *list, sv_error_t *error)
{
    bson_t *projection = sv_doc_new(error->arena);

    BSON_APPEND_INT32(projection, "count_id", 1);
    BSON_APPEND_INT32(projection, "rack_id", 1);
    return sv_query_each(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, projection, sv_relink_place_row, list,
                         error);
}

/* Two finds and not one with "$or": each has an index. */
static sv_status_t
sv_relink_list_places(sv_store_t *store, const sv_link_t *link, sv_relink_places_t *list, sv_error_t *error)
{
    bson_t *filter;

    if (link->code != NULL) {
        filter = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(link->code), "unknown", BCON_BOOL(true)), error->arena);
        if (sv_relink_find_places(store, filter, list, error) != SV_OK) {
            return error->status;
        }
    }
    if (link->unknown_item_id != NULL) {
        filter = sv_doc_take(BCON_NEW("unknown_item_id", BCON_UTF8(link->unknown_item_id), "item_code", BCON_NULL),
                             error->arena);
        return sv_relink_find_places(store, filter, list, error);
    }
    return SV_OK;
}

static sv_status_t
sv_relink_read_item(sv_store_t *store, sv_relink_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(work->link->item_code)), error->arena);
    bson_t *projection =
        sv_doc_take(BCON_NEW("lot_tracked", BCON_INT32(1), "lot_changes", BCON_INT32(1)), error->arena);
    const bson_t *item = NULL;

    if (sv_store_find_one(store, SV_COLLECTION_ERP_ITEMS, filter, projection, error->arena, &item, error) == SV_OK &&
        item != NULL) {
        sv_lot_tracking_read(item, error->arena, &work->lots);
    }
    return error->status;
}

sv_status_t
sv_relink(sv_store_t *store, const sv_principal_t *who, const sv_link_t *link, size_t racks, sv_relinked_t *relinked,
          sv_error_t *error)
{
    sv_relink_places_t list = { .arena = error->arena };
    sv_relink_work_t work = { .who = who, .link = link };

    *relinked = (sv_relinked_t){ 0 };
    sv_text_map_init(&list.seen, error->arena, 0);
    if (sv_relink_list_places(store, link, &list, error) != SV_OK ||
        sv_relink_read_item(store, &work, error) != SV_OK) {
        return error->status;
    }
    if (link->unknown_item_id != NULL) {
        work.find_key = sv_arena_printf(error->arena, "\x01%s", link->unknown_item_id);
    }
    for (size_t i = 0; i < list.count; i++) {
        if (i == racks) {
            relinked->more = true;
            break;
        }
        work.place = &list.places[i];
        if (sv_relink_rack(store, &work, relinked, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}
