#ifndef SV_LOTS_H
#define SV_LOTS_H

#include <bson/bson.h>
#include <stdbool.h>

#include "core/base/arena.h"

/*
 * Whether an item's lots are counted apart: as the master says (`lot_tracked`), and for a count as it said when the
 * count began, so that all its figures of an item are of one kind.  `lot_changes[]` of an item are the times at which
 * the flag was turned; the last SV_LOT_CHANGES are kept.
 */
enum { SV_LOT_CHANGES = 16 };

typedef struct {
    bool tracked; /* now */
    const int64_t *changes;
    size_t count;
} sv_lot_tracking_t;

void sv_lot_tracking_read(const bson_t *item, sv_arena_t *arena, sv_lot_tracking_t *tracking);

/* 0: now. */
bool sv_lot_tracking_at(const sv_lot_tracking_t *tracking, int64_t at_ms);

/* Appends `lot_changes` with one more, where what is stored says otherwise; nothing for a new item (NULL). */
void sv_lot_tracking_put_change(bson_t *set, const bson_t *stored, bool tracked, int64_t now_ms, sv_arena_t *arena);

#endif
