#include "core/serials/serial_states.h"

#include <string.h>

#include "core/base/text_map.h"

const char *const sv_serial_states[] = { "found", "misplaced", "missing", "duplicate", NULL };

static sv_serial_state_t
sv_serial_state(const sv_serial_sight_t *sight, bool two_items)
{
    if (sight->contested || (two_items && sight->rack_id != NULL)) {
        return SV_SERIAL_DUPLICATE;
    }
    if (sight->rack_id == NULL) {
        return SV_SERIAL_MISSING;
    }
    return sight->before_rack_id != NULL && strcmp(sight->before_rack_id, sight->rack_id) != 0 ? SV_SERIAL_MISPLACED
                                                                                               : SV_SERIAL_FOUND;
}

/* How many of an item are gone, and how many nobody had seen before. */
typedef struct {
    size_t missing, first;
} sv_serial_balance_t;

static bool
sv_serial_is_first(const sv_serial_sight_t *sight)
{
    return sight->state == SV_SERIAL_FOUND && sight->before_rack_id == NULL;
}

static sv_serial_balance_t *
sv_serial_balance(sv_text_map_t *balances, const char *item_code, sv_arena_t *arena)
{
    void **place = sv_text_map_put(balances, item_code);

    if (*place == NULL) {
        *place = sv_arena_zalloc(arena, sizeof(sv_serial_balance_t));
    }
    return *place;
}

/* The first sight of each number that is in the count: another item's tells that it is under two. */
static void
sv_serial_note_items(const sv_serial_sight_t *sights, size_t count, sv_text_map_t *item_of, sv_text_map_t *twice)
{
    for (size_t i = 0; i < count; i++) {
        void **place;

        if (sights[i].rack_id == NULL) {
            continue;
        }
        place = sv_text_map_put(item_of, sights[i].serial_key);
        if (*place == NULL) {
            *place = (void *) sights[i].item_code;
        } else if (strcmp(*place, sights[i].item_code) != 0) {
            *sv_text_map_put(twice, sights[i].serial_key) = twice;
        }
    }
}

void
sv_serial_states_decide(sv_serial_sight_t *sights, size_t count, sv_arena_t *arena)
{
    sv_text_map_t item_of, twice, balances;

    sv_text_map_init(&item_of, arena, count);
    sv_text_map_init(&twice, arena, 0);
    sv_text_map_init(&balances, arena, 0);
    sv_serial_note_items(sights, count, &item_of, &twice);
    for (size_t i = 0; i < count; i++) {
        sv_serial_balance_t *balance = sv_serial_balance(&balances, sights[i].item_code, arena);

        sights[i].state = sv_serial_state(&sights[i], sv_text_map_get(&twice, sights[i].serial_key) != NULL);
        balance->missing += sights[i].state == SV_SERIAL_MISSING;
        balance->first += sv_serial_is_first(&sights[i]);
    }
    for (size_t i = 0; i < count; i++) {
        const sv_serial_balance_t *balance = sv_text_map_get(&balances, sights[i].item_code);

        sights[i].swapped = balance->missing > 0 && balance->missing == balance->first &&
                            (sights[i].state == SV_SERIAL_MISSING || sv_serial_is_first(&sights[i]));
    }
}
