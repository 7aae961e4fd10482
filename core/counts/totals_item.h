#ifndef SV_TOTALS_ITEM_H
#define SV_TOTALS_ITEM_H

#include "core/base/quantity.h"
#include "core/store/store.h"

/* One item of one count while its totals are derived: shared by totals.c and overlay.c. */
typedef struct {
    const char *item_code;

    /* its book line as it was */
    bool in_book;
    bool was_counted;
    bool was_damaged;
    sv_quantity_t system_qty;
    sv_quantity_t unit_cost;
    sv_quantity_t old_variance;

    /* the sum of the records that count */
    sv_quantity_t verified_qty;
    sv_quantity_t damage_qty;
    sv_quantity_t non_returnable_damaged_qty;
    sv_quantity_t variance;
    int64_t racks;
    int64_t records;
    const char *last_user_id;
    int64_t last_at_ms;
    const char *last_rack_id; /* while records are read, in the order of racks */
} sv_totals_item_t;

/* The item of this code in an array sorted by code, NULL when it is not there. */
sv_totals_item_t *sv_totals_item_find(sv_totals_item_t *items, size_t count, const char *item_code);

/* Writes the overlays of the items (sorted) that were derived for this count, inside the transaction. */
sv_status_t sv_overlay_write(sv_store_t *store, const char *count_id, sv_totals_item_t *items, size_t count,
                             sv_arena_t *arena, sv_error_t *error);

#endif
