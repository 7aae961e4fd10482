#include <string.h>

#include "core/store/document.h"
#include "core/sync/query.h"
#include "core/sync/record_same.h"
#include "core/sync/record_seq.h"
#include "core/sync/resolution.h"
#include "core/sync/serial_fold.h"
#include "core/sync/serial_key.h"

/* Whether who resolves may overrule what a supervisor decided. */
static bool
sv_may_overrule(const sv_resolution_t *resolution, const sv_contender_t *stand)
{
    return !stand->decided_above || resolution->who->role >= SV_ROLE_SUPERVISOR;
}

static sv_status_t
sv_fail_decided(sv_error_t *error)
{
    return sv_fail(error, SV_ERR_CONFLICT_STATE, "A supervisor decided about the item; it takes one to decide anew");
}

static void
sv_decide(sv_resolution_t *resolution, sv_slot_t *slot, sv_decision_t decision, const char *chosen)
{
    slot->now.stand.decision = decision;
    slot->now.stand.decided_above = resolution->above;
    slot->now.stand.decided_for = chosen;
    slot->decided_by = resolution->who->user_id;
}

/* Whether the decision is also one against the other figure: it is what the conflict was met with, or the decision was
 * made past the fence, over all that counts. */
static bool
sv_may_decide_against(sv_resolution_t *resolution, const sv_slot_t *other)
{
    const sv_text_list_t *serials = &resolution->record.serial_numbers;

    for (size_t i = 0; sv_resolution_meets(resolution, SV_CONFLICT_DUPLICATE_SERIAL) && i < serials->count; i++) {
        const sv_serial_t *serial = sv_batch_serial(&resolution->run, resolution->record.item_key, serials->items[i]);

        if (serial->before_id != NULL && strcmp(serial->before_id, other->client_record_id) == 0) {
            return true;
        }
    }
    return resolution->resolved->session.bypassed || sv_resolution_meets(resolution, SV_CONFLICT_DUPLICATE_COUNT);
}

static const char *
sv_resolution_key(sv_resolution_t *resolution)
{
    return sv_key_record(&resolution->run, &resolution->record, &resolution->resolved->session);
}

/* keep_mine: every other figure of the round, also those that wait behind one, is decided against.  A part takes
 * nothing from the other parts of its round: to keep it is to let it add up with them, as if it had come in time.  A
 * part of an earlier round than the one under way is kept in place of what that has counted. */
static void
sv_decide_against_others(sv_resolution_t *resolution, int64_t round, const sv_contender_t *candidate)
{
    sv_figures_t figures = sv_figures_of(&resolution->run, sv_resolution_key(resolution));
    bool is_part = sv_contender_adds_up(candidate) && candidate->round == round;

    for (size_t i = 0; i < figures.count; i++) {
        sv_slot_t *other = figures.slots[i];

        if (is_part && other->now.stand.round == round && sv_contender_adds_up(&other->now.stand)) {
            continue;
        }
        if (other != resolution->slot && !other->now.stand.is_void && !other->now.stand.declared_empty &&
            other->now.stand.decision != SV_DECISION_AGAINST && other->now.stand.round >= round) {
            sv_decide(resolution, other, SV_DECISION_AGAINST, resolution->slot->client_record_id);
        }
    }
}

/* merge: the figures of the round add up from now on. */
static void
sv_merge_others(sv_resolution_t *resolution, int64_t round)
{
    sv_figures_t figures = sv_figures_of(&resolution->run, sv_resolution_key(resolution));

    for (size_t i = 0; i < figures.count; i++) {
        sv_slot_t *other = figures.slots[i];

        if (other != resolution->slot && other->now.stand.round == round && !sv_contender_adds_up(&other->now.stand) &&
            !other->now.stand.declared_empty &&
            (other->now.stand.standing == SV_STANDING_COUNTS ||
             other->now.stand.standing == SV_STANDING_EARLIER_ROUND)) {
            sv_decide(resolution, other, SV_DECISION_MERGED, NULL);
        }
    }
}

/* Who withdraws a figure that had been chosen takes the choice back: the others stand as if it had not been made. */
static void
sv_take_choice_back(sv_resolution_t *resolution)
{
    sv_figures_t figures = sv_figures_of(&resolution->run, sv_resolution_key(resolution));

    for (size_t i = 0; i < figures.count; i++) {
        const char *chosen = figures.stands[i]->decided_for;

        if (chosen != NULL && strcmp(chosen, resolution->slot->client_record_id) == 0) {
            sv_decide(resolution, figures.slots[i], SV_DECISION_NONE, NULL);
            figures.stands[i]->decided_above = false;
        }
    }
}

/* Decides about the figures that stand in the record's way. */
static sv_status_t
sv_resolution_others(sv_resolution_t *resolution, sv_error_t *error)
{
    sv_batch_run_t *run = &resolution->run;
    sv_fenced_t *session = &resolution->resolved->session;
    sv_slot_t *slot = resolution->slot;
    sv_contender_t candidate = sv_figures_candidate(run, &resolution->record, session, slot);
    sv_figures_t among;
    sv_slot_t *other;

    if (sv_record_is_void(&resolution->record)) {
        sv_take_choice_back(resolution);
        return SV_OK;
    }
    if (slot->exists && slot->now.stand.decision == SV_DECISION_AGAINST &&
        !sv_may_overrule(resolution, &slot->now.stand)) {
        return sv_fail_decided(error);
    }
    among = sv_figures_of(run, sv_resolution_key(resolution));
    other = sv_figures_in_the_way(&among, &resolution->record, &candidate);
    if (other != NULL && !sv_may_decide_against(resolution, other)) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The item has another figure in this round");
    }
    if (other != NULL && !sv_may_overrule(resolution, &other->now.stand)) {
        return sv_fail_decided(error);
    }
    if (sv_resolution_adds_up(resolution)) {
        if (other != NULL || (slot->exists && slot->now.stand.decision == SV_DECISION_AGAINST)) {
            sv_merge_others(resolution, candidate.round);
            sv_decide(resolution, slot, SV_DECISION_MERGED, NULL);
        }
    } else if (other != NULL || resolution->above) {
        sv_decide_against_others(resolution, slot->exists ? slot->now.stand.round : session->facts.round, &candidate);
        sv_decide(resolution, slot, resolution->above ? SV_DECISION_FOR : SV_DECISION_NONE, NULL);
    } else if (slot->exists) {
        sv_decide(resolution, slot, SV_DECISION_NONE, NULL);
    }
    return SV_OK;
}

/* What a supervisor is to look at: the pieces of a figure that lost serial numbers are counted still. */
static bson_t *
sv_review_of(sv_resolution_t *resolution, const sv_query_texts_t *numbers)
{
    bson_t *review = sv_doc_new(resolution->run.arena);

    BSON_APPEND_UTF8(review, "reason", "serial_taken");
    BSON_APPEND_ARRAY(review, "serial_numbers", numbers->array);
    BSON_APPEND_UTF8(review, "taken_by", resolution->record.client_record_id);
    BSON_APPEND_UTF8(review, "conflict_id", resolution->resolve->conflict_id);
    BSON_APPEND_UTF8(review, "by", resolution->who->user_id);
    BSON_APPEND_DATE_TIME(review, "at", resolution->resolved->session.now_ms);
    return review;
}

static void
sv_add_texts(sv_query_texts_t *texts, const bson_t *document, const char *path, sv_arena_t *arena)
{
    const bson_t *array = sv_doc_child(document, path, arena);
    bson_iter_t iter;

    if (array == NULL || !bson_iter_init(&iter, array)) {
        return;
    }
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            sv_query_texts_add(texts, bson_iter_utf8(&iter, NULL));
        }
    }
}

/* The number as the record that holds it spells it: what it is taken from. */
static const char *
sv_serial_spelling(const sv_serial_t *serial, const bson_t *holder, sv_arena_t *arena)
{
    const bson_t *numbers = sv_doc_child(holder, "serial_numbers", arena);
    bson_iter_t iter;

    if (numbers != NULL && bson_iter_init(&iter, numbers)) {
        while (bson_iter_next(&iter)) {
            const char *number = bson_iter_utf8(&iter, NULL);

            if (number != NULL && strcmp(sv_serial_fold(number, arena), serial->serial_key) == 0) {
                return sv_arena_strdup(arena, number);
            }
        }
    }
    return serial->serial_number;
}

/* The record that held a serial number loses it and is marked, beside what it lost before.  It keeps the hash of what
 * its owner sent: sending it again is still a replay. */
static sv_status_t
sv_take_serial(sv_resolution_t *resolution, sv_serial_t *taken, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *update = sv_doc_new(error->arena), child;
    sv_query_texts_t numbers;
    const bson_t *holder;
    const char *spelt;

    BSON_APPEND_UTF8(filter, "client_record_id", taken->holder_id);
    if (sv_store_find_one(resolution->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, error->arena, &holder,
                          error) != SV_OK) {
        return error->status;
    }
    if (holder != NULL) {
        spelt = sv_serial_spelling(taken, holder, error->arena);
        sv_query_texts_init(&numbers, error->arena);
        sv_add_texts(&numbers, holder, "review.serial_numbers", error->arena);
        sv_query_texts_add(&numbers, spelt);
        BSON_APPEND_DOCUMENT_BEGIN(update, "$pull", &child);
        BSON_APPEND_UTF8(&child, "serial_numbers", spelt);
        bson_append_document_end(update, &child);
        BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
        BSON_APPEND_DOCUMENT(&child, "review", sv_review_of(resolution, &numbers));
        bson_append_document_end(update, &child);
        sv_query_mark(update, "$currentDate", "changed_at");
        if (sv_store_update_one(resolution->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, update, NULL, error) !=
                SV_OK ||
            sv_seq_write_marked(&resolution->run, sv_doc_text(holder, "session_id", error->arena), taken->holder_id,
                                error) != SV_OK) {
            return error->status;
        }
    }
    taken->holder_id = NULL;
    taken->taken_by = NULL;
    return SV_OK;
}

static void
sv_leave_serial(sv_record_t *record, const char *serial_number, sv_arena_t *arena)
{
    const char **kept = sv_arena_alloc(arena, (record->serial_numbers.count + 1) * sizeof(*kept));
    size_t count = 0;

    for (size_t i = 0; i < record->serial_numbers.count; i++) {
        if (strcmp(record->serial_numbers.items[i], serial_number) != 0) {
            kept[count++] = record->serial_numbers.items[i];
        }
    }
    record->serial_numbers = (sv_text_list_t){ kept, count };
}

/* The next of the record's serial numbers that another record holds. */
static sv_serial_t *
sv_resolution_find_taken(sv_resolution_t *resolution)
{
    sv_batch_run_t *run = &resolution->run;
    const sv_fenced_t *session = &resolution->resolved->session;
    sv_figures_t among = sv_figures_of(run, sv_resolution_key(resolution));
    sv_contender_t candidate = sv_figures_candidate(run, &resolution->record, session, resolution->slot);

    return sv_serials_find_taken(run, &resolution->record, session, &among, &candidate);
}

/* The serial numbers another record holds are taken from it, or left to it. */
static sv_status_t
sv_resolution_serials(sv_resolution_t *resolution, sv_error_t *error)
{
    sv_record_t *record = &resolution->record;
    sv_serial_t *taken;

    while (!sv_record_is_void(record) && (taken = sv_resolution_find_taken(resolution)) != NULL) {
        if (!sv_resolution_meets(resolution, SV_CONFLICT_DUPLICATE_SERIAL)) {
            return sv_fail(error, SV_ERR_CONFLICT_STATE, "Serial number %s is counted elsewhere", taken->serial_number);
        }
        if (sv_resolution_adds_up(resolution)) {
            sv_leave_serial(record, taken->serial_number, error->arena);
        } else if (sv_take_serial(resolution, taken, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

/* How a version that the conflict shows is ordered. */
static int64_t
sv_shown_order(const bson_t *shown)
{
    if (sv_doc_has(shown, "order")) {
        return sv_doc_int(shown, "order");
    }
    return sv_doc_has(shown, "revision") ? sv_doc_int(shown, "revision") : sv_doc_time(shown, "updated_at");
}

/* An older version comes back only over the one that the decision was shown. */
static sv_status_t
sv_resolution_order(sv_resolution_t *resolution, sv_error_t *error)
{
    const sv_slot_t *slot = resolution->slot;
    const bson_t *shown = sv_doc_child(resolution->conflict, "server", error->arena);

    if (!slot->exists || resolution->record.order > slot->now.order) {
        return SV_OK;
    }
    if (resolution->record.order < slot->now.order && !(sv_resolution_meets(resolution, SV_CONFLICT_STALE_UPDATE) &&
                                                        shown != NULL && sv_shown_order(shown) == slot->now.order)) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "A newer version of the record is stored");
    }
    resolution->record.order = slot->now.order;
    return SV_OK;
}

static sv_status_t
sv_resolution_check_record(const sv_resolution_t *resolution, sv_error_t *error)
{
    const sv_slot_t *slot = resolution->slot;

    if (slot->exists && strcmp(slot->now.user_id, resolution->owner.user_id) != 0) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The client_record_id is another user's record");
    }
    if (slot->exists && strcmp(slot->now.session_id, resolution->record.session_id) != 0) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The record was stored in another session since");
    }
    return SV_OK;
}

sv_status_t
sv_resolution_store(sv_resolution_t *resolution, sv_error_t *error)
{
    sv_batch_run_t *run = &resolution->run;
    sv_fenced_t *session = &resolution->resolved->session;
    sv_slot_t *slot;

    resolution->batch =
        (sv_sync_batch_t){ .batch_id = resolution->resolve->conflict_id, .records = &resolution->record, .count = 1 };
    resolution->above = session->bypassed || strcmp(resolution->owner.user_id, resolution->who->user_id) != 0;
    *run = (sv_batch_run_t){ .store = resolution->store,
                             .who = &resolution->owner,
                             .batch = &resolution->batch,
                             .arena = error->arena,
                             .sessions = session,
                             .session_count = 1,
                             .verdicts = &resolution->verdict,
                             .by_decision = true,
                             .present_round = session->present_round };
    sv_batch_run_init(run);
    sv_text_map_init(&run->session_of, run->arena, 1);
    *sv_text_map_put(&run->session_of, session->session_id) = session;
    if (sv_batch_read(run, error) != SV_OK) {
        return error->status;
    }
    slot = resolution->slot = sv_batch_slot(run, resolution->record.client_record_id);
    if (sv_resolution_check_record(resolution, error) != SV_OK) {
        return error->status;
    }
    if (slot->exists && slot->now.stand.decision != SV_DECISION_AGAINST &&
        sv_record_has_content(&resolution->record, slot->now.content_hash, slot->stored, error->arena)) {
        return SV_OK; /* it stands already */
    }
    if (sv_resolution_order(resolution, error) != SV_OK || sv_resolution_others(resolution, error) != SV_OK) {
        return error->status;
    }
    if (!sv_record_is_void(&resolution->record)) {
        sv_figures_settle(run, sv_resolution_key(resolution));
    }
    if (sv_resolution_serials(resolution, error) != SV_OK) {
        return error->status;
    }
    sv_batch_accept(run, &resolution->record, session, slot, sv_resolution_key(resolution));
    return sv_batch_write(run, error);
}
