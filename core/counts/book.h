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
    const char *floor; /* NULL: every floor */
    int64_t started_at_ms;
    bool whole;         /* the whole warehouse */
    bool by_racks;      /* named racks only */
    bool standing;      /* what it compares is derived with its totals */
    bool rack_books;    /* the warehouse's books say what each rack holds */
    const char **racks; /* unless whole: the racks in scope, sorted */
    size_t rack_count;
} sv_book_scope_t;

/* A line: an item, or a lot of it where its lots are counted apart (core/stock/lots.h, as it was when the count
 * began). */
typedef struct {
    const char *item_code;
    const char *lot; /* "": of the whole item, or of what has no lot */
    bool lot_tracked;
    bool known; /* the books say how much; else system_qty is none */
    sv_quantity_t system_qty;
    bool has_cost; /* the books say what one costs; else unit_cost is 0 */
    sv_quantity_t unit_cost;
    const char *uom; /* the item's own; NULL: none is known */
    bool delisted;
    int64_t synced_at_ms; /* while it is read: when the ERP told its quantity */
} sv_book_line_t;

typedef struct {
    sv_book_line_t *lines; /* by code and lot */
    size_t count, capacity;
    int64_t adjusted_seq; /* the last adjustment of the warehouse that is in them (core/stock/adjusted.h) */
} sv_book_lines_t;

/* The scope of a count from its document (sessions); reads the racks of a floor. */
sv_status_t sv_book_scope_read(sv_store_t *store, const bson_t *count, sv_arena_t *arena, sv_book_scope_t *scope,
                               sv_error_t *error);
bool sv_book_scope_has_rack(const sv_book_scope_t *scope, const char *rack_id);

/* What the books say now of these items, and what counts corrected since the ERP told it, a line at least for each; of
 * items whose lots are counted apart one for each lot the books have.  The books of racks know no lots: of a part of a
 * warehouse a lot's book is unknown. */
sv_status_t sv_book_read_items(sv_store_t *store, const sv_book_scope_t *scope, const char *const *codes, size_t count,
                               sv_book_lines_t *lines, sv_arena_t *arena, sv_error_t *error);
/* The line of a figure: that of its lot, or, of a lot that the books do not have, one that says so. */
sv_book_line_t
sv_book_line_for(const sv_book_scope_t *scope, const sv_book_lines_t *lines, const char *item_code, const char *lot);

/* Where a scope's quantities come from, as the lines tell (`book`): "warehouse", "racks"; "unknown" where `known` is
 * not. */
const char *sv_book_source(const sv_book_scope_t *scope, bool known);
/* Appends what a line says of its book: `book` and `system_qty`, which is null when it is unknown. */
void sv_book_put(bson_t *document, const sv_book_scope_t *scope, bool known, sv_quantity_t system_qty);

/* Whether the books said what one of a stored line costs, and *unit_cost, else 0.  Lines of before hold 0 for a cost
 * that nobody told: one that is known to be 0 says so (`costs_nothing`). */
bool sv_book_cost(const bson_t *line, sv_quantity_t *unit_cost);

/* Appends what is frozen of a line, with what a standing count compares left to its totals. */
void sv_book_put_line(bson_t *document, const sv_book_scope_t *scope, const sv_book_line_t *line, int64_t adjusted_seq,
                      int64_t frozen_at_ms);
/* {session_id, item_code, lot}; lines of the version before have no lot.  A line made by an upsert of it sets it. */
bson_t *sv_book_line_filter(const char *count_id, const char *item_code, const char *lot, sv_arena_t *arena);

typedef struct {
    int64_t counts; /* whose book is now frozen */
    int64_t lines;  /* frozen by this round */
} sv_book_frozen_t;

/* Freezes the books of the counts that wait for it (book_state pending), a chunk of items at a time: a round that
 * died is simply run again, and a line that is there is never changed. */
sv_status_t sv_book_freeze_round(sv_store_t *store, sv_book_frozen_t *done, sv_error_t *error);

#endif
