#ifndef SV_TOTALS_LINES_H
#define SV_TOTALS_LINES_H

#include "core/counts/book.h"
#include "core/review/line_state.h"

/* The lines of some items of one count while their totals are derived: shared by the files of this folder. */

/* An item, as the master has it now. */
typedef struct {
    const char *item_code;
    const bson_t *id;    /* {_id}; NULL: the master has no such item */
    int64_t derivations; /* how often its lines were derived */
    bool delisted;
    const char *uom;
    const char *overlay_count_id; /* whose figures its overlay shows; NULL: none */
    int64_t verified_at_ms;
} sv_totals_item_t;

/* What a line is to the one who closes the count (core/review): derived with the totals. */
typedef struct {
    /* as it was */
    int64_t version, accepted_version;
    const char *told; /* NULL: it was never derived */
    sv_line_state_t old_state;
    bool was_undecided, had_variance, had_value;
    sv_quantity_t old_variance, old_value;

    sv_line_state_t state; /* before anybody accepted it */
    unsigned flags;
    bool accepted;
    bool has_variance, has_value;
    sv_quantity_t variance, value;
    bool undecided;
    bool rejected;      /* no item's code, and somebody said that it is none */
    int64_t conflicts;  /* of its item, that wait for a person */
    const char **users; /* behind its figures: who counted, decided, linked */
    size_t user_count, user_capacity;
    int64_t excluded_racks;
    bool lacks_excluded_book;   /* an excluded rack does not say how many it holds */
    sv_quantity_t excluded_qty; /* what the books expect on excluded racks, less what was counted there */
} sv_review_line_t;

typedef struct {
    const sv_totals_item_t *item;
    const char *lot;

    /* as it was */
    bool in_book;
    const bson_t *id; /* {_id}, where it is in the book */
    bool was_counted;
    bool was_damaged;
    bool was_compared;
    const char *old_uom;
    sv_quantity_t old_variance;

    /* its book: as it was frozen; of a standing count that of the racks completed in it */
    sv_book_line_t book;
    int64_t frozen_at_ms;
    int64_t adjusted_seq; /* the last adjustment of the warehouse that is in it */
    bool on_completed;    /* while it is read: a completed rack expected it or has a figure of it */
    bool lacks_book;      /* and one does not know how many */

    /* the sum of the records that count */
    sv_quantity_t verified_qty;
    sv_quantity_t damage_qty;
    sv_quantity_t non_returnable_damaged_qty;
    sv_quantity_t expired_qty;  /* of what is stock: past its day */
    sv_quantity_t compared_qty; /* of that sum, what the book is compared with */
    bool compared;              /* its book is known: */
    sv_quantity_t moved_qty;    /* came in between the freezing and the counting */
    sv_quantity_t adjusted_qty; /* what another count corrected after the freezing and before the counting */
    sv_quantity_t variance;
    int64_t racks;
    int64_t records;
    const char *last_user_id;
    int64_t last_at_ms; /* the youngest record's last change */
    int64_t first_counted_ms, last_counted_ms;
    const char *uom;         /* what a record says, of an item without a unit of its own */
    const char *expiry_date; /* what a record says */

    /* flags of the line, for a person */
    bool unknown;      /* a record that counts is of a code that is no item's */
    bool expiry_mixed; /* records of the lot tell differing days of expiry */
    bool moved;        /* something came or went between its first and its last figure */
    bool uom_mixed;    /* records in differing units: they add up to nothing */
    bool superseded;   /* it was counted before another count corrected the books: nothing of it is posted */

    sv_review_line_t review;
} sv_totals_line_t;

/* A figure that counts: of a line and a rack. */
typedef struct {
    sv_totals_line_t *line;
    const char *item_code;
    const char *lot;
    const char *rack_id; /* NULL: it has none */
    sv_quantity_t stock; /* sound pieces and such as go back: what a book is compared with */
    int64_t round;
    bool declared_empty;
    const char *user_id, *decided_by, *linked_by; /* the last two NULL: nobody */
    const bson_t *serial_numbers;                 /* its array of them; NULL: none */
} sv_totals_part_t;

typedef struct {
    sv_totals_part_t *parts;
    size_t count, capacity;
} sv_totals_parts_t;

typedef struct {
    const sv_book_scope_t *scope;
    sv_totals_item_t *items; /* by code */
    const char **codes;      /* of the items */
    size_t item_count;
    sv_totals_line_t *lines; /* by code and lot, once they are sorted */
    size_t count, capacity;
    sv_totals_parts_t parts; /* the figures that count, by line and rack */
    sv_arena_t *arena;
} sv_totals_lines_t;

/* Who counted any of the items: dozens of people at most. */
typedef struct {
    const char **ids;
    size_t count, capacity;
} sv_totals_staff_t;

/* The item of this code, NULL when it is none of those. */
sv_totals_item_t *sv_totals_item(const sv_totals_lines_t *lines, const char *item_code);
/* The item's line of this lot, NULL when there is none; the lines are sorted. */
sv_totals_line_t *sv_totals_line(const sv_totals_lines_t *lines, const char *item_code, const char *lot);
/* A new line: the lines are to be sorted again, and their places are others. */
sv_totals_line_t *sv_totals_add_line(sv_totals_lines_t *lines, const sv_totals_item_t *item, const char *lot);
void sv_totals_sort_lines(sv_totals_lines_t *lines);
/* An item that somebody touched has a line also where nothing of it counts and the book has none; sorts. */
void sv_totals_complete_lines(sv_totals_lines_t *lines);

/* A total past int64 is nobody's stock: it is kept at the limit rather than stopping every other total. */
void sv_totals_add(sv_quantity_t *sum, sv_quantity_t quantity);

/* Appends {item_code: {$in: the items' codes}}. */
void sv_totals_put_filter(bson_t *filter, const sv_totals_lines_t *lines);

/* figures.c: sums the records that count, makes lines for lots that have none, and decides what of them is compared;
 * of a standing count (completed.c), with which book. */
sv_status_t
sv_totals_read_figures(sv_store_t *store, sv_totals_lines_t *lines, sv_totals_staff_t *staff, sv_error_t *error);
/* Once every line has its book. */
sv_status_t sv_totals_compare_racks(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error);

/* moved.c: what came and went meanwhile. */
sv_status_t sv_totals_read_movements(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error);

/* adjusted.c: what other counts corrected of the books meanwhile. */
sv_status_t sv_totals_read_adjusted(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error);

/* derive.c: what the items of a count come to, by its records and its book as they are now: reads alone.  The codes are
 * sorted and each stands in them once. */
sv_status_t sv_totals_read(sv_store_t *store, const bson_t *count, sv_book_scope_t *scope, const char *const *codes,
                           size_t item_count, sv_totals_lines_t *lines, sv_totals_staff_t *staff, sv_arena_t *arena,
                           sv_error_t *error);
/* The same, written, inside the transaction.  *asked_of (NULL: not told) is the warehouse where the count's tolerance
 * asked for recounts. */
sv_status_t sv_totals_derive_count(sv_store_t *store, const char *count_id, const char *const *codes, size_t count,
                                   const char **asked_of, sv_arena_t *arena, sv_error_t *error);

/* overlay.c: appends the fields of an item's overlay as this count's figures make them. */
void sv_overlay_put_item(bson_t *document, const sv_totals_lines_t *lines, const sv_totals_item_t *item);
/* The overlays of the items that were derived for this count, inside the transaction. */
sv_status_t sv_overlay_write(sv_store_t *store, const sv_totals_lines_t *lines, sv_error_t *error);

#endif
