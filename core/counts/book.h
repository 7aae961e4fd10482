#ifndef SV_BOOK_H
#define SV_BOOK_H

#include "core/base/quantity.h"
#include "core/store/store.h"

/*
 * The book of a count (session_book): the quantity and cost of an item as they were when the count froze them.
 *
 * What the books expect of an item in a count of the whole warehouse is its stock there.  In a count of a floor or of
 * some racks it is the sum of what they expect on the racks in scope, where the warehouse keeps books by rack: no row
 * is zero, and a row without a quantity makes it unknown.  Else it is unknown: the stock of the whole is never compared
 * with a part.  A standing count compares only the racks that are completed in it (rack_book.h).
 */
typedef struct {
    const char *count_id;
    const char *warehouse;
    const char *floor;  /* NULL: every floor */
    bool whole;         /* the whole warehouse */
    bool by_racks;      /* named racks only */
    bool standing;      /* what it compares is derived with its totals */
    bool rack_books;    /* the warehouse's books say what each rack holds */
    const char **racks; /* unless whole: the racks in scope, sorted */
    size_t rack_count;
} sv_book_scope_t;

typedef struct {
    const char *item_code;
    bool known; /* the books say how much; else system_qty is none */
    sv_quantity_t system_qty;
    sv_quantity_t unit_cost;
} sv_book_line_t;

/* The scope of a count from its document (sessions); reads the racks of a floor. */
sv_status_t sv_book_scope_read(sv_store_t *store, const bson_t *count, sv_arena_t *arena, sv_book_scope_t *scope,
                               sv_error_t *error);

/* What the books say now of the items `lines` names (sorted by item_code): fills in quantity and cost. */
sv_status_t sv_book_read_lines(sv_store_t *store, const sv_book_scope_t *scope, sv_book_line_t *lines, size_t count,
                               sv_arena_t *arena, sv_error_t *error);

/* Where a scope's quantities come from, as the lines tell (`book`): "warehouse", "racks"; "unknown" where `known` is
 * not. */
const char *sv_book_source(const sv_book_scope_t *scope, bool known);
/* Appends what a line says of its book: `book` and `system_qty`, which is null when it is unknown. */
void sv_book_put(bson_t *document, const sv_book_scope_t *scope, bool known, sv_quantity_t system_qty);

typedef struct {
    int64_t counts; /* whose book is now frozen */
    int64_t lines;  /* frozen by this round */
} sv_book_frozen_t;

/* Freezes the books of the counts that wait for it (book_state pending), a chunk of items at a time: a round that
 * died is simply run again, and a line that is there is never changed. */
sv_status_t sv_book_freeze_round(sv_store_t *store, sv_book_frozen_t *done, sv_error_t *error);

#endif
