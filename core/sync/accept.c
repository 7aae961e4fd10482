#include <string.h>

#include "core/sync/batch_state.h"
#include "core/sync/record_clock.h"

/* A decision is about a figure of one item: one that leaves the item leaves it behind. */
static void
sv_accept_new_item(sv_contender_t *stand)
{
    stand->decision = SV_DECISION_NONE;
    stand->decided_above = false;
    stand->decided_for = NULL;
}

static sv_figure_t
sv_accept_figure(const sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session,
                 const sv_slot_t *slot, const char *key)
{
    sv_figure_t figure = {
        .user_id = session->facts.user_id,
        .session_id = record->session_id,
        .rack_id = session->facts.rack_id,
        .count_id = session->facts.count_id,
        .item_key = record->item_key,
        .key = key,
        .content_hash = record->content_hash,
        .order = record->order,
        .order_suspect = sv_order_is_suspect(record, session->now_ms),
        .serials = record->serial_numbers,
        .stand = sv_figures_candidate(run, record, session, slot),
    };

    if (slot->exists && slot->decided_by == NULL && strcmp(slot->now.key, figure.key) != 0) {
        sv_accept_new_item(&figure.stand);
    }
    if (!figure.stand.is_void) {
        figure.stand.replaced_by = NULL; /* it was looked at again after that */
    }
    return figure;
}

/* Those it names make room for it, now and whenever it is live. */
static void
sv_accept_replaces(sv_batch_run_t *run, const sv_record_t *record, const sv_slot_t *slot)
{
    sv_figures_t figures;

    if (record->replaces.count == 0 || slot->now.stand.is_void) {
        return;
    }
    figures = sv_figures_of(run, slot->now.key);
    for (size_t i = 0; i < figures.count; i++) {
        sv_contender_t *other = figures.stands[i];

        for (size_t j = 0; figures.slots[i] != slot && !other->decided_above && j < record->replaces.count; j++) {
            if (strcmp(record->replaces.items[j], other->client_record_id) == 0) {
                other->replaced_by = slot->client_record_id;
            }
        }
    }
}

void
sv_batch_accept(sv_batch_run_t *run, const sv_record_t *record, sv_fenced_t *session, sv_slot_t *slot, const char *key)
{
    const char *left = slot->exists ? slot->now.key : NULL;
    sv_figure_t figure = sv_accept_figure(run, record, session, slot, key);

    sv_serials_release(run, slot, figure.stand.is_void ? NULL : record);
    slot->now = figure;
    slot->record = record;
    slot->session = session;
    slot->exists = true;
    sv_batch_link(run, &run->figures, figure.key, slot);
    sv_accept_replaces(run, record, slot);
    sv_figures_settle(run, figure.key);
    if (left != NULL && strcmp(left, figure.key) != 0) {
        sv_figures_settle(run, left);
    }
    if (slot->now.stand.standing == SV_STANDING_COUNTS) {
        sv_serials_take(run, slot, record);
    }
    session->wrote = true;
    session->leaves_plain |= sv_contender_adds_up(&slot->now.stand) || slot->now.stand.declared_empty;
}
