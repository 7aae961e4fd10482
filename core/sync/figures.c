#include <string.h>

#include "core/store/document.h"
#include "core/sync/batch_state.h"
#include "core/sync/record_clock.h"

static sv_text_list_t
sv_figure_read_texts(const bson_t *document, const char *name, sv_arena_t *arena)
{
    const bson_t *array = sv_doc_child(document, name, arena);
    sv_text_list_t list = { 0 };
    bson_iter_t iter;

    if (array == NULL) {
        return list;
    }
    list.items = sv_arena_alloc(arena, bson_count_keys(array) * sizeof(*list.items));
    for (bson_iter_init(&iter, array); bson_iter_next(&iter);) {
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            list.items[list.count++] = sv_arena_strdup(arena, bson_iter_utf8(&iter, NULL));
        }
    }
    return list;
}

/* The place of a stored name in its table; `otherwise` when there is none. */
static int
sv_figure_read_name(const bson_t *record, const char *field, const char *const *names, int count, int otherwise,
                    sv_arena_t *arena)
{
    const char *name = sv_doc_text(record, field, arena);

    for (int i = 0; name != NULL && i < count; i++) {
        if (names[i] != NULL && strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return otherwise;
}

/* The version before this one kept two flags: another record counts in its place, and that for good. */
static void
sv_figure_read_flags(sv_contender_t *stand, const bson_t *record)
{
    bool superseded = sv_doc_bool(record, "superseded");

    if (superseded && sv_doc_bool(record, "replaced")) {
        stand->decision = SV_DECISION_AGAINST;
    }
    stand->standing = stand->is_void                           ? SV_STANDING_VOID
                      : stand->decision == SV_DECISION_AGAINST ? SV_STANDING_DECIDED_AGAINST
                      : superseded                             ? SV_STANDING_EARLIER_ROUND
                                                               : SV_STANDING_COUNTS;
}

static void
sv_figure_read_stand(sv_contender_t *stand, const bson_t *record, sv_arena_t *arena)
{
    const char *status = sv_doc_text(record, "status", arena);

    stand->client_record_id = sv_doc_text(record, "client_record_id", arena);
    stand->round = sv_doc_int(record, "round");
    stand->is_void = status != NULL && strcmp(status, "void") == 0;
    stand->partial = sv_doc_bool(record, "partial");
    stand->declared_empty = sv_doc_bool(record, "declared_empty");
    if (!sv_doc_has(record, "standing")) {
        sv_figure_read_flags(stand, record);
        return;
    }
    stand->decision = (sv_decision_t) sv_figure_read_name(record, "decision", sv_decision_names, SV_DECISION_NAMES,
                                                          SV_DECISION_NONE, arena);
    stand->decided_above = sv_doc_bool(record, "decided_above");
    stand->decided_for = sv_doc_text(record, "decided_for", arena);
    stand->replaced_by = sv_doc_text(record, "replaced_by", arena);
    stand->standing = (sv_standing_t) sv_figure_read_name(record, "standing", sv_standing_names, SV_STANDING_NAMES,
                                                          SV_STANDING_COUNTS, arena);
}

void
sv_figures_read(sv_batch_run_t *run, sv_slot_t *slot, const bson_t *record)
{
    sv_arena_t *arena = run->arena;
    sv_figure_t *figure = &slot->before;
    const char *lot_key = sv_doc_text(record, "lot_key", arena);

    slot->stored = record;
    slot->old_form = !sv_doc_has(record, "standing");
    figure->user_id = sv_doc_text(record, "user_id", arena);
    figure->session_id = sv_doc_text(record, "session_id", arena);
    figure->rack_id = sv_doc_text(record, "rack_id", arena);
    figure->count_id = sv_doc_text(record, "count_id", arena);
    figure->item_key = sv_doc_text(record, "item_code", arena);
    if (figure->item_key == NULL) {
        figure->item_key = sv_arena_printf(arena, "\x01%s", sv_doc_text(record, "unknown_item_id", arena));
    }
    figure->key = sv_key_item(run, figure->count_id, figure->rack_id, figure->item_key, lot_key != NULL ? lot_key : "");
    figure->content_hash = sv_doc_text(record, "content_hash", arena);
    figure->order = sv_doc_int(record, "order");
    figure->order_suspect = sv_stored_order_is_suspect(record);
    figure->whole = sv_doc_bool(record, "whole");
    figure->serials = sv_figure_read_texts(record, "serial_numbers", arena);
    sv_figure_read_stand(&figure->stand, record, arena);
    slot->now = slot->before;
    slot->exists = true;
}

sv_figures_t
sv_figures_of(sv_batch_run_t *run, const char *key)
{
    const sv_slot_link_t *links = sv_text_map_get(&run->figures, key);
    sv_figures_t figures = { 0 };
    size_t room = 0;

    for (const sv_slot_link_t *link = links; link != NULL; link = link->next) {
        room++;
    }
    figures.slots = sv_arena_alloc(run->arena, (room + 1) * sizeof(*figures.slots));
    figures.stands = sv_arena_alloc(run->arena, (room + 1) * sizeof(*figures.stands));
    for (const sv_slot_link_t *link = links; link != NULL; link = link->next) {
        /* An edit may have moved it to another item since it was listed here. */
        if (link->slot->exists && strcmp(link->slot->now.key, key) == 0) {
            figures.slots[figures.count] = link->slot;
            figures.stands[figures.count++] = &link->slot->now.stand;
        }
    }
    return figures;
}

/* A figure of the version before that gave way to one of an earlier round did so by a supervisor's decision. */
static void
sv_figures_read_decisions(const sv_figures_t *figures)
{
    int64_t counting = INT64_MIN;
    bool old_form = false;

    for (size_t i = 0; i < figures->count; i++) {
        if (figures->stands[i]->standing == SV_STANDING_COUNTS && figures->stands[i]->round > counting) {
            counting = figures->stands[i]->round;
        }
        old_form |= figures->slots[i]->old_form;
    }
    for (size_t i = 0; old_form && counting != INT64_MIN && i < figures->count; i++) {
        sv_contender_t *stand = figures->stands[i];

        if (figures->slots[i]->old_form && stand->standing == SV_STANDING_EARLIER_ROUND && stand->round > counting) {
            stand->decision = SV_DECISION_AGAINST;
            stand->decided_above = true;
        }
    }
}

/* Whether the unique index on session and item keeps a place for it. */
static bool
sv_figure_is_whole(const sv_figure_t *figure)
{
    const sv_contender_t *stand = &figure->stand;

    return !stand->is_void && !sv_contender_adds_up(stand) && !stand->declared_empty &&
           stand->decision != SV_DECISION_AGAINST && stand->standing != SV_STANDING_REPLACED &&
           figure->item_key[0] != '\x01';
}

static void
sv_figures_decide(const sv_figures_t *figures)
{
    sv_contenders_decide(figures->stands, figures->count);
    for (size_t i = 0; i < figures->count; i++) {
        figures->slots[i]->now.whole = sv_figure_is_whole(&figures->slots[i]->now);
    }
}

void
sv_figures_begin(sv_batch_run_t *run)
{
    for (size_t i = 0; i < run->slot_count; i++) {
        const char *key = run->slots[i]->now.key;
        void **place = key != NULL ? sv_text_map_put(&run->complete, key) : NULL;

        /* put by batch_read.c for each key it read; the mark says that it was decided */
        if (place != NULL && *place == run) {
            sv_figures_t figures = sv_figures_of(run, key);

            *place = &run->complete;
            sv_figures_read_decisions(&figures);
            sv_figures_decide(&figures);
        }
    }
}

void
sv_figures_settle(sv_batch_run_t *run, const char *key)
{
    sv_figures_t figures = sv_figures_of(run, key);
    bool *counted = sv_arena_alloc(run->arena, (figures.count + 1) * sizeof(*counted));

    for (size_t i = 0; i < figures.count; i++) {
        counted[i] = figures.stands[i]->standing == SV_STANDING_COUNTS;
    }
    sv_figures_decide(&figures);
    for (size_t i = 0; i < figures.count; i++) {
        if (counted[i] && figures.stands[i]->standing != SV_STANDING_COUNTS) {
            sv_serials_release(run, figures.slots[i], NULL);
        }
    }
    for (size_t i = 0; i < figures.count; i++) {
        if (!counted[i] && figures.stands[i]->standing == SV_STANDING_COUNTS) {
            sv_serials_take_back(run, figures.slots[i]);
        }
    }
}

sv_contender_t
sv_figures_candidate(const sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session,
                     const sv_slot_t *slot)
{
    sv_contender_t stand = slot->now.stand;

    if (!slot->exists) {
        stand.round = session->facts.round;
        stand.standing = SV_STANDING_VOID;
    }
    stand.client_record_id = record->client_record_id;
    stand.is_void = sv_record_is_void(record);
    stand.partial = record->partial;
    stand.declared_empty = record->declared_empty;
    if (run->present_round > stand.round) {
        stand.round = run->present_round;
    }
    return stand;
}

sv_slot_t *
sv_figures_in_the_way(const sv_figures_t *among, const sv_record_t *record, const sv_contender_t *candidate)
{
    const sv_contender_t *other = sv_contenders_in_the_way(among->stands, among->count, candidate,
                                                           record->replaces.items, record->replaces.count);

    for (size_t i = 0; other != NULL && i < among->count; i++) {
        if (among->stands[i] == other) {
            return among->slots[i];
        }
    }
    return NULL;
}

size_t
sv_figures_of_round(const sv_figures_t *among, const sv_contender_t *candidate, const sv_slot_t *slot)
{
    size_t count = 0;

    for (size_t i = 0; i < among->count; i++) {
        count += among->slots[i] != slot && among->stands[i]->round == candidate->round;
    }
    return count;
}

/* Sound pieces and such as go back. */
static sv_quantity_t
sv_slot_stock(const sv_slot_t *slot)
{
    sv_quantity_t stock = 0;

    if (slot->record != NULL) {
        return slot->record->verified_qty + slot->record->damage_qty;
    }
    sv_quantity_add(sv_doc_quantity(slot->stored, "verified_qty"), sv_doc_quantity(slot->stored, "damage_qty"), &stock);
    return stock;
}

sv_quantity_t
sv_figures_beside(const sv_figures_t *among, const sv_record_t *record, const sv_contender_t *candidate,
                  const sv_slot_t *slot)
{
    sv_quantity_t sum = 0;

    for (size_t i = 0; i < among->count; i++) {
        const sv_contender_t *other = among->stands[i];

        if (among->slots[i] != slot && other->standing == SV_STANDING_COUNTS && other->round == candidate->round &&
            !sv_contender_makes_room(other, candidate, record->replaces.items, record->replaces.count) &&
            !sv_quantity_add(sum, sv_slot_stock(among->slots[i]), &sum)) {
            return INT64_MAX; /* past what can be counted, and so past any book */
        }
    }
    return sum;
}
