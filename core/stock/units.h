#ifndef SV_UNITS_H
#define SV_UNITS_H

#include <bson/bson.h>
#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/quantity.h"

/* An item's units: its own (`uom`), in which everything is kept and added, and its packs' (`packs[]` {uom, factor}).
 * Names of units are the same whatever the case of their ASCII letters. */
bool sv_uom_is(const char *uom, const char *other);

typedef enum {
    SV_UOM_OWN,
    SV_UOM_PACK,
    SV_UOM_UNKNOWN,
    SV_UOM_ANY /* the item has none of its own, nor packs: whatever is said is all that is known */
} sv_uom_kind_t;

/* `factor`: how many of its own units one is; 1 unless it is a pack. */
sv_uom_kind_t sv_uom_of_item(const bson_t *item, const char *uom, sv_quantity_t *factor, sv_arena_t *arena);

/* quantity x factor, exactly; false: it has more than six places, or is past what a quantity may be. */
bool sv_uom_convert(sv_quantity_t quantity, sv_quantity_t factor, sv_quantity_t *converted);

#endif
