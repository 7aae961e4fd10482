#include <string.h>

#include "core/store/document.h"
#include "core/sync/batch_state.h"
#include "core/sync/record_clock.h"
#include "core/sync/record_form.h"
#include "core/sync/record_same.h"
#include "core/sync/rules.h"

static void __attribute__((format(printf, 5, 6)))
sv_verdict_error(sv_batch_run_t *run, sv_verdict_t *verdict, const char *field, const char *code, const char *format,
                 ...)
{
    va_list args;

    va_start(args, format);
    verdict->kind = SV_VERDICT_ERROR;
    verdict->fault.field = field;
    verdict->fault.code = code;
    verdict->fault.message = sv_arena_vprintf(run->arena, format, args);
    va_end(args);
}

static void
sv_verdict_fault(sv_verdict_t *verdict, const sv_record_fault_t *fault)
{
    verdict->kind = SV_VERDICT_ERROR;
    verdict->fault = *fault;
}

static void
sv_verdict_conflict(sv_verdict_t *verdict, sv_conflict_type_t type, const char *message, const bson_t *server_record)
{
    verdict->kind = SV_VERDICT_CONFLICT;
    verdict->type = type;
    verdict->message = message;
    verdict->server_record = server_record;
    verdict->shown_record = server_record;
}

/* A record's place in the system, for keeping its conflict. */
static void
sv_verdict_place(sv_verdict_t *verdict, const sv_fenced_t *session)
{
    if (session != NULL && session->outcome != SV_FENCE_UNKNOWN) {
        verdict->count_id = session->facts.count_id;
        verdict->rack_id = session->facts.rack_id;
        verdict->warehouse = session->facts.warehouse;
    }
}

/* What stands for a slot: as stored, or as a record of this batch said it. */
static const bson_t *
sv_slot_document(sv_batch_run_t *run, const sv_slot_t *slot)
{
    bson_t *document;

    if (slot->record == NULL) {
        return slot->stored;
    }
    document = bson_new();
    sv_arena_on_destroy(run->arena, (void (*)(void *)) bson_destroy, document);
    sv_record_append_sent(document, slot->record);
    return document;
}

static bool
sv_judge_replay(const sv_batch_run_t *run, const sv_slot_t *slot, const sv_record_t *record)
{
    return slot->exists && strcmp(slot->now.user_id, run->who->user_id) == 0 &&
           sv_record_has_content(record, slot->now.content_hash, slot->record == NULL ? slot->stored : NULL,
                                 run->arena);
}

/* Where a record would stand. */
typedef struct {
    const char *key; /* sv_key_record() */
    sv_figures_t among;
    sv_contender_t candidate;
} sv_judged_place_t;

static void
sv_judge_find_place(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session, const sv_slot_t *slot,
                    sv_judged_place_t *place)
{
    place->key = sv_key_record(run, record, session);
    place->among = sv_figures_of(run, place->key);
    place->candidate = sv_figures_candidate(run, record, session, slot);
}

/* Whose session, whose record, which rack: true when the record may be looked at further. */
static bool
sv_judge_belonging(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session, const sv_slot_t *slot,
                   sv_verdict_t *verdict)
{
    if (slot->exists && strcmp(slot->now.user_id, run->who->user_id) != 0) {
        sv_verdict_conflict(verdict, SV_CONFLICT_FOREIGN_RECORD, "The client_record_id is another user's record", NULL);
        return false;
    }
    if (session == NULL || session->outcome == SV_FENCE_UNKNOWN) {
        sv_verdict_error(run, verdict, "session_id", "session_unknown", "You have no session %s", record->session_id);
        return false;
    }
    if (record->rack_id != NULL && strcmp(record->rack_id, session->facts.rack_id) != 0) {
        sv_verdict_error(run, verdict, "rack_id", "rack_mismatch", "The session is for rack %s",
                         session->facts.rack_id);
        return false;
    }
    if (slot->exists && strcmp(slot->now.session_id, record->session_id) != 0) {
        sv_verdict_error(run, verdict, "session_id", "not_allowed", "A stored record stays with its session");
        return false;
    }
    return true;
}

/* In a strict count what the round has of the item is compared with the rack's own book; where the rack has none, that
 * is for the review. */
static bool
sv_judge_variance(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session, const sv_slot_t *slot,
                  const sv_judged_place_t *place, sv_verdict_t *verdict)
{
    const sv_quantity_t *book_qty;
    sv_record_t checked;
    bool is_part;

    /* A rack's book tells no lots: a lot is not compared with the whole. */
    if (!session->facts.strict || record->item_code == NULL || record->lot_apart) {
        return true;
    }
    book_qty = sv_text_map_get(&run->book, sv_key_book(run, session->facts.rack_id, record->item_code));
    if (book_qty == NULL) {
        return true;
    }
    is_part = sv_contender_adds_up(&place->candidate);
    checked = *record;
    sv_rules_check_variance(&checked, is_part,
                            is_part ? sv_figures_beside(&place->among, record, &place->candidate, slot) : 0, *book_qty,
                            run->arena);
    if (checked.fault.code != NULL) {
        sv_verdict_fault(verdict, &checked.fault);
    }
    return checked.fault.code == NULL;
}

static bool
sv_judge_serials(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session,
                 const sv_judged_place_t *place, sv_verdict_t *verdict)
{
    const bson_t *held_at;
    const char *rack_id, *name;
    sv_serial_t *taken;

    if (sv_record_is_void(record)) {
        return true;
    }
    taken = sv_serials_find_taken(run, record, session, &place->among, &place->candidate);
    if (taken == NULL) {
        return true;
    }
    held_at = sv_serials_describe(run, taken, &verdict->holder);
    rack_id = sv_doc_text(held_at, "rack_id", run->arena);
    name = verdict->holder->full_name;
    sv_verdict_conflict(verdict, SV_CONFLICT_DUPLICATE_SERIAL,
                        sv_arena_printf(run->arena, "Serial number %s was counted on rack %s by %s",
                                        taken->serial_number, rack_id != NULL ? rack_id : "?",
                                        name != NULL ? name : "somebody else"),
                        held_at);
    if (sv_verdict_outline(run, verdict, (session->facts.blind && session->open) || taken->before_blind)) {
        verdict->hides_place = true;
    }
    return false;
}

static bool
sv_judge_session(const sv_fenced_t *session, sv_verdict_t *verdict)
{
    if (!session->open) {
        sv_verdict_conflict(verdict, SV_CONFLICT_SESSION_CLOSED, "The count is closed", NULL);
        return false;
    }
    if (session->outcome == SV_FENCE_LOST) {
        sv_verdict_conflict(verdict, SV_CONFLICT_LOCK_LOST, "The rack is no longer yours", NULL);
        verdict->holder = session->holder;
        return false;
    }
    return true;
}

/* The figure that counts in place of one that was given up; that one itself when it is not known. */
static const sv_slot_t *
sv_figure_chosen(sv_batch_run_t *run, const sv_slot_t *slot)
{
    const sv_contender_t *stand = &slot->now.stand;
    const char *chosen = stand->decision == SV_DECISION_AGAINST ? stand->decided_for : stand->replaced_by;
    const sv_slot_t *other = chosen != NULL ? sv_text_map_get(&run->slot_of, chosen) : NULL;

    return other != NULL && other->exists ? other : slot;
}

/* An edit would not bring a figure back that a person gave up for another. */
static bool
sv_judge_given_up(sv_batch_run_t *run, const sv_slot_t *slot, const sv_fenced_t *session, sv_verdict_t *verdict)
{
    if (!slot->exists ||
        (slot->now.stand.standing != SV_STANDING_DECIDED_AGAINST && slot->now.stand.standing != SV_STANDING_REPLACED)) {
        return true;
    }
    sv_verdict_conflict(verdict, SV_CONFLICT_DUPLICATE_COUNT,
                        slot->now.stand.standing == SV_STANDING_REPLACED
                            ? "Another figure of the item has replaced this one"
                            : "Another figure of the item was chosen instead of this one",
                        sv_slot_document(run, sv_figure_chosen(run, slot)));
    sv_verdict_outline(run, verdict, session->facts.blind);
    return false;
}

static bool
sv_judge_figure(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session, const sv_slot_t *slot,
                const sv_judged_place_t *place, sv_verdict_t *verdict)
{
    const sv_slot_t *other;

    if (slot->exists && !sv_edit_is_newer(record, session->now_ms, slot->now.order, slot->now.order_suspect)) {
        sv_verdict_conflict(verdict, SV_CONFLICT_STALE_UPDATE, "A newer version of the record is stored",
                            sv_slot_document(run, slot));
        verdict->outdated = record->order < slot->now.order;
        return false;
    }
    if (sv_record_is_void(record)) {
        return true;
    }
    if (!sv_judge_given_up(run, slot, session, verdict)) {
        return false;
    }
    other = sv_figures_in_the_way(&place->among, record, &place->candidate);
    if (other != NULL) {
        sv_verdict_conflict(verdict, SV_CONFLICT_DUPLICATE_COUNT,
                            strcmp(other->now.session_id, record->session_id) == 0
                                ? "The item has a figure in this session already"
                                : "The item has a figure in this round already",
                            sv_slot_document(run, other));
        sv_verdict_outline(run, verdict, session->facts.blind);
        return false;
    }
    return true;
}

/* A round holds only so many figures of an item; those that it has can be corrected all the same. */
static bool
sv_judge_room(sv_batch_run_t *run, const sv_record_t *record, const sv_slot_t *slot, const sv_judged_place_t *place,
              sv_verdict_t *verdict)
{
    if ((slot->exists && strcmp(slot->now.key, place->key) == 0) ||
        sv_figures_of_round(&place->among, &place->candidate, slot) < SV_RECORD_MAX_FIGURES) {
        return true;
    }
    sv_verdict_error(run, verdict, record->item_code != NULL ? "item_code" : "unknown_item_id", "too_many_figures",
                     "The round has %d figures of the item on this rack; correct one instead of adding another",
                     SV_RECORD_MAX_FIGURES);
    return false;
}

void
sv_batch_judge(sv_batch_run_t *run, const sv_record_t *record, sv_verdict_t *verdict)
{
    sv_judged_place_t place;
    sv_fenced_t *session;
    sv_slot_t *slot;

    verdict->record = record;
    if (record->malformed) {
        sv_verdict_fault(verdict, &record->fault);
        return;
    }
    session = sv_text_map_get(&run->session_of, record->session_id);
    slot = sv_batch_slot(run, record->client_record_id);
    sv_verdict_place(verdict, session);
    if (sv_judge_replay(run, slot, record)) {
        verdict->kind = SV_VERDICT_OK;
        verdict->replay = true;
        return;
    }
    if (record->fault.code != NULL) {
        sv_verdict_fault(verdict, &record->fault);
        return;
    }
    if (!sv_judge_belonging(run, record, session, slot, verdict)) {
        return;
    }
    sv_judge_find_place(run, record, session, slot, &place);
    if (sv_judge_variance(run, record, session, slot, &place, verdict) &&
        sv_judge_serials(run, record, session, &place, verdict) && sv_judge_session(session, verdict) &&
        sv_judge_figure(run, record, session, slot, &place, verdict) &&
        sv_judge_room(run, record, slot, &place, verdict)) {
        verdict->kind = SV_VERDICT_OK;
        sv_batch_accept(run, record, session, slot, place.key);
    }
}

void
sv_batch_classify(sv_batch_run_t *run)
{
    for (size_t i = 0; i < run->batch->count; i++) {
        memset(&run->verdicts[i], 0, sizeof(run->verdicts[i]));
        sv_batch_judge(run, &run->batch->records[i], &run->verdicts[i]);
    }
}
