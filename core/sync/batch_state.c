#include "core/sync/batch_state.h"

#include <string.h>

/* Parts are joined by a control character, which no identifier has. */
#define SV_KEY_JOINT "\x02"

const char *
sv_key_item(sv_batch_run_t *run, const char *count_id, const char *rack_id, const char *item_key, const char *lot_key)
{
    return sv_arena_printf(run->arena, "%s" SV_KEY_JOINT "%s" SV_KEY_JOINT "%s" SV_KEY_JOINT "%s", count_id, rack_id,
                           item_key, lot_key);
}

const char *
sv_key_record(sv_batch_run_t *run, const sv_record_t *record, const sv_fenced_t *session)
{
    return sv_key_item(run, session->facts.count_id, session->facts.rack_id, record->item_key, record->lot_key);
}

const char *
sv_key_book(sv_batch_run_t *run, const char *rack_id, const char *item_code)
{
    return sv_arena_printf(run->arena, "%s" SV_KEY_JOINT "%s", rack_id, item_code);
}

const char *
sv_key_serial(sv_batch_run_t *run, const char *item_scope, const char *serial_key)
{
    return item_scope[0] == '\0' ? serial_key
                                 : sv_arena_printf(run->arena, "%s" SV_KEY_JOINT "%s", item_scope, serial_key);
}

void
sv_batch_run_init(sv_batch_run_t *run)
{
    size_t expected = run->batch->count;

    sv_text_map_init(&run->slot_of, run->arena, expected);
    sv_text_map_init(&run->figures, run->arena, expected);
    sv_text_map_init(&run->complete, run->arena, 0);
    sv_text_map_init(&run->serial_of, run->arena, expected);
    sv_text_map_init(&run->book, run->arena, 0);
    run->slots = NULL;
    run->slot_count = run->slot_room = 0;
    run->serials = NULL;
    run->serial_count = run->serial_room = 0;
}

sv_slot_t *
sv_batch_slot(sv_batch_run_t *run, const char *client_record_id)
{
    void **place = sv_text_map_put(&run->slot_of, client_record_id);
    sv_slot_t *slot = *place;

    if (slot == NULL) {
        slot = sv_arena_zalloc(run->arena, sizeof(*slot));
        slot->client_record_id = client_record_id;
        *place = slot;
        run->slots = sv_arena_grow(run->arena, run->slots, run->slot_count, &run->slot_room, sizeof(*run->slots));
        run->slots[run->slot_count++] = slot;
    }
    return slot;
}

void
sv_batch_link(sv_batch_run_t *run, sv_text_map_t *map, const char *key, sv_slot_t *slot)
{
    void **place = sv_text_map_put(map, key);
    sv_slot_link_t *link;

    for (link = *place; link != NULL; link = link->next) {
        if (link->slot == slot) {
            return;
        }
    }
    link = sv_arena_alloc(run->arena, sizeof(*link));
    link->slot = slot;
    link->next = *place;
    *place = link;
}

bool
sv_slot_is_edit(const sv_slot_t *slot)
{
    return slot->record != NULL && slot->stored != NULL;
}

static bool
sv_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
sv_slot_is_marked(const sv_slot_t *slot)
{
    const sv_contender_t *before = &slot->before.stand, *now = &slot->now.stand;

    return slot->stored != NULL && slot->record == NULL &&
           (slot->renew || before->round != now->round || before->standing != now->standing ||
            before->decision != now->decision || before->decided_above != now->decided_above ||
            slot->before.whole != slot->now.whole || !sv_same_text(before->replaced_by, now->replaced_by) ||
            !sv_same_text(before->decided_for, now->decided_for));
}

bool
sv_slot_leaves_place(const sv_slot_t *slot)
{
    if (slot->stored == NULL || !slot->before.whole) {
        return false;
    }
    return !slot->now.whole || strcmp(slot->now.key, slot->before.key) != 0;
}
