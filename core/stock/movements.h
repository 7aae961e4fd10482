#ifndef SV_MOVEMENTS_H
#define SV_MOVEMENTS_H

#include "core/base/quantity.h"
#include "core/store/store.h"

/*
 * What came and went, as the ERP tells it (item_movements): unique by (warehouse, movement_id).  One
 * that has an `adjustment_id` is a posting of our own and no movement.
 */
typedef struct {
    const char *item_code;
    const char *lot; /* "": none told */
    sv_quantity_t quantity;
    int64_t moved_at_ms;
} sv_movement_t;

typedef void (*sv_movement_reader_t)(const sv_movement_t *movement, void *context);

/* Movements of these items in a warehouse after from_ms and not after to_ms, our own left out; in no order. */
sv_status_t
sv_movements_read(sv_store_t *store, const char *warehouse, const char *const *codes, size_t count, int64_t from_ms,
                  int64_t to_ms, sv_movement_reader_t read, void *context, sv_arena_t *arena, sv_error_t *error);

#endif
