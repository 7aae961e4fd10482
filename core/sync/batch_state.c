#include "core/sync/batch_state.h"

/* Parts are joined by a control character, which no identifier has. */
#define SV_KEY_JOINT "\x02"

const char *
sv_key_figure(sv_batch_run_t *run, const char *session_id, const char *item_key)
{
    return sv_arena_printf(run->arena, "%s" SV_KEY_JOINT "%s", session_id, item_key);
}

const char *
sv_key_round(sv_batch_run_t *run, const char *count_id, const char *rack_id, const char *item_key)
{
    return sv_arena_printf(run->arena, "%s" SV_KEY_JOINT "%s" SV_KEY_JOINT "%s", count_id, rack_id, item_key);
}

const char *
sv_key_book(sv_batch_run_t *run, const char *rack_id, const char *item_code)
{
    return sv_key_figure(run, rack_id, item_code);
}

void
sv_batch_run_init(sv_batch_run_t *run)
{
    size_t expected = run->batch->count;

    sv_text_map_init(&run->slot_of, run->arena, expected);
    sv_text_map_init(&run->figures, run->arena, expected);
    sv_text_map_init(&run->rounds, run->arena, 0);
    sv_text_map_init(&run->serial_of, run->arena, expected);
    sv_text_map_init(&run->book, run->arena, 0);
    run->slots = NULL;
    run->slot_count = run->slot_room = 0;
    run->serials = NULL;
    run->serial_count = run->serial_room = 0;
    run->inserts = sv_arena_alloc(run->arena, (expected + 1) * sizeof(*run->inserts));
    run->insert_count = 0;
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

sv_serial_t *
sv_batch_serial(sv_batch_run_t *run, const char *serial_number)
{
    void **place = sv_text_map_put(&run->serial_of, serial_number);
    sv_serial_t *serial = *place;

    if (serial == NULL) {
        serial = sv_arena_zalloc(run->arena, sizeof(*serial));
        serial->serial_number = serial_number;
        *place = serial;
        run->serials =
            sv_arena_grow(run->arena, run->serials, run->serial_count, &run->serial_room, sizeof(*run->serials));
        run->serials[run->serial_count++] = serial;
    }
    return serial;
}
