#include "core/stock/lots.h"

#include "core/store/document.h"

void
sv_lot_tracking_read(const bson_t *item, sv_arena_t *arena, sv_lot_tracking_t *tracking)
{
    const bson_t *array = sv_doc_child(item, "lot_changes", arena);
    int64_t *changes;
    bson_iter_t iter;

    *tracking = (sv_lot_tracking_t){ .tracked = sv_doc_bool(item, "lot_tracked") };
    if (array == NULL || !bson_iter_init(&iter, array)) {
        return;
    }
    changes = sv_arena_alloc(arena, (bson_count_keys(array) + 1) * sizeof(*changes));
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_DATE_TIME(&iter)) {
            changes[tracking->count++] = bson_iter_date_time(&iter);
        }
    }
    tracking->changes = changes;
}

bool
sv_lot_tracking_at(const sv_lot_tracking_t *tracking, int64_t at_ms)
{
    bool tracked = tracking->tracked;

    for (size_t i = 0; at_ms != 0 && i < tracking->count; i++) {
        tracked ^= tracking->changes[i] > at_ms;
    }
    return tracked;
}

void
sv_lot_tracking_put_change(bson_t *set, const bson_t *stored, bool tracked, int64_t now_ms, sv_arena_t *arena)
{
    sv_lot_tracking_t before;
    bson_t array;
    char digits[16];
    const char *key;
    size_t skipped;
    uint32_t n = 0;

    if (stored == NULL) {
        return;
    }
    sv_lot_tracking_read(stored, arena, &before);
    if (before.tracked == tracked) {
        return;
    }
    skipped = before.count >= SV_LOT_CHANGES ? before.count - SV_LOT_CHANGES + 1 : 0;
    BSON_APPEND_ARRAY_BEGIN(set, "lot_changes", &array);
    for (size_t i = skipped; i < before.count; i++) {
        bson_uint32_to_string(n++, &key, digits, sizeof(digits));
        BSON_APPEND_DATE_TIME(&array, key, before.changes[i]);
    }
    bson_uint32_to_string(n, &key, digits, sizeof(digits));
    BSON_APPEND_DATE_TIME(&array, key, now_ms);
    bson_append_array_end(set, &array);
}
