#ifndef SV_TOTALS_ITEM_H
#define SV_TOTALS_ITEM_H

#include "core/counts/book.h"

/* One item of one count while its totals are derived: shared by totals*.c and overlay.c. */
typedef struct {
    const char *item_code;

    /* its book line as it was */
    bool in_book;
    bool was_counted;
    bool was_damaged;
    bool was_compared;
    sv_quantity_t unit_cost;
    sv_quantity_t old_variance;

    /* its book: as it was frozen; of a standing count that of the racks completed in it */
    bool book_known;
    sv_quantity_t system_qty;
    bool on_completed; /* while it is read: a completed rack expected it or has a figure of it */
    bool lacks_book;   /* and one does not know how many */

    /* the sum of the records that count */
    sv_quantity_t verified_qty;
    sv_quantity_t damage_qty;
    sv_quantity_t non_returnable_damaged_qty;
    bool compared;              /* its book is known: */
    sv_quantity_t compared_qty; /* of that sum, what the book is compared with */
    sv_quantity_t variance;
    bool unknown; /* a record that counts is of a code that is no item's */
    int64_t racks;
    int64_t records;
    const char *last_user_id;
    int64_t last_at_ms;
} sv_totals_item_t;

/* Who counted any of the items: dozens of people at most. */
typedef struct {
    const char **ids;
    size_t count, capacity;
} sv_totals_staff_t;

/* The item of this code in an array sorted by code, NULL when it is not there. */
sv_totals_item_t *sv_totals_item_find(sv_totals_item_t *items, size_t count, const char *item_code);

/* A total past int64 is nobody's stock: it is kept at the limit rather than stopping every other total. */
void sv_totals_add(sv_quantity_t *sum, sv_quantity_t quantity);

/* Appends {item_code: {$in: the items' codes}}. */
void sv_totals_put_filter(bson_t *filter, const sv_totals_item_t *items, size_t count, sv_arena_t *arena);

/* Sums the records that count and decides what of them is compared; of a standing count, with which book. */
sv_status_t sv_totals_read_records(sv_store_t *store, const sv_book_scope_t *scope, sv_totals_item_t *items,
                                   size_t count, sv_totals_staff_t *staff, sv_arena_t *arena, sv_error_t *error);

/* What the items of a count come to, by its records and its book as they are now: reads alone.  `items` have their
 * codes and are sorted by them. */
sv_status_t sv_totals_read(sv_store_t *store, const bson_t *count_document, sv_book_scope_t *scope,
                           sv_totals_item_t *items, size_t count, sv_totals_staff_t *staff, sv_arena_t *arena,
                           sv_error_t *error);

/* Appends the fields of the overlay as this count's figures make them. */
void sv_overlay_put_item(bson_t *document, const sv_book_scope_t *scope, const sv_totals_item_t *item);

/* Writes the overlays of the items (sorted) that were derived for this count, inside the transaction. */
sv_status_t sv_overlay_write(sv_store_t *store, const sv_book_scope_t *scope, sv_totals_item_t *items, size_t count,
                             sv_arena_t *arena, sv_error_t *error);

#endif
