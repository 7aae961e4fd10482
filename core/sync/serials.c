#include <string.h>

#include "core/store/document.h"
#include "core/sync/batch_state.h"
#include "core/sync/serial_key.h"

static bool
sv_serials_hold(sv_batch_run_t *run, const sv_record_t *record, const sv_serial_t *serial)
{
    for (size_t i = 0; i < record->serial_numbers.count; i++) {
        if (sv_batch_serial(run, record->item_key, record->serial_numbers.items[i]) == serial) {
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
        sv_serial_t *serial = sv_batch_serial(run, slot->now.item_key, serials->items[i]);

        /* It may have moved on to a later count; then it is not this record's to give back. */
        if (serial->holder_id != NULL && strcmp(serial->holder_id, slot->client_record_id) == 0 &&
            (keep == NULL || !sv_serials_hold(run, keep, serial))) {
            serial->holder_id = NULL;
            serial->taken_by = NULL;
        }
    }
}

void
sv_serials_take(sv_batch_run_t *run, sv_slot_t *slot, const sv_record_t *record)
{
    for (size_t i = 0; i < record->serial_numbers.count; i++) {
        sv_serial_t *serial = sv_batch_serial(run, record->item_key, record->serial_numbers.items[i]);

        serial->holder_id = slot->client_record_id;
        serial->taken_by = slot;
    }
}

void
sv_serials_take_back(sv_batch_run_t *run, sv_slot_t *slot)
{
    for (size_t i = 0; i < slot->now.serials.count; i++) {
        sv_serial_t *serial = sv_batch_serial(run, slot->now.item_key, slot->now.serials.items[i]);

        if (serial->holder_id == NULL) {
            serial->holder_id = slot->client_record_id;
            serial->taken_by = slot;
        }
    }
}

size_t
sv_serials_rekey(sv_batch_run_t *run, sv_slot_t *slot)
{
    size_t left = 0;

    for (size_t i = 0; i < slot->now.serials.count; i++) {
        sv_serial_t *before = sv_batch_serial(run, slot->before.item_key, slot->now.serials.items[i]);
        sv_serial_t *now = sv_batch_serial(run, slot->now.item_key, slot->now.serials.items[i]);

        if (before->holder_id == NULL || strcmp(before->holder_id, slot->client_record_id) != 0) {
            continue;
        }
        before->holder_id = NULL;
        if (now->holder_id != NULL) {
            left++;
            continue;
        }
        now->holder_id = slot->client_record_id;
        now->taken_by = slot;
    }
    return left;
}

/* Whether the record that holds it gives way to this one, which counts the same item on the same rack. */
static bool
sv_serials_gives_way(const sv_figures_t *figures, const sv_serial_t *serial, const sv_record_t *record,
                     const sv_contender_t *candidate)
{
    for (size_t i = 0; i < figures->count; i++) {
        const sv_contender_t *holder = figures->stands[i];

        if (strcmp(holder->client_record_id, serial->holder_id) == 0) {
            return holder->round < candidate->round ||
                   sv_contender_makes_room(holder, candidate, record->replaces.items, record->replaces.count);
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
           (run->by_decision && serial->before_count != NULL &&
            strcmp(serial->before_count, session->facts.count_id) == 0);
}

sv_serial_t *
sv_serials_find_taken(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session,
                      const sv_figures_t *among, const sv_contender_t *candidate)
{
    if (sv_contender_is_overtaken(among->stands, among->count, candidate)) {
        return NULL; /* it takes none: a later round has the item */
    }
    for (size_t i = 0; i < record->serial_numbers.count; i++) {
        sv_serial_t *serial = sv_batch_serial(run, record->item_key, record->serial_numbers.items[i]);

        if (serial->holder_id == NULL || strcmp(serial->holder_id, record->client_record_id) == 0 ||
            !sv_serials_is_kept(run, serial, session)) {
            continue;
        }
        if (!sv_serials_gives_way(among, serial, record, candidate)) {
            return serial;
        }
    }
    return NULL;
}

void
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

const char *
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

bool
sv_serials_moves(const sv_serial_t *serial)
{
    return !(serial->before_id == serial->holder_id || (serial->before_id != NULL && serial->holder_id != NULL &&
                                                        strcmp(serial->before_id, serial->holder_id) == 0));
}
