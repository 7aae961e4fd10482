#ifndef SV_TOTALS_H
#define SV_TOTALS_H

#include "core/store/store.h"

/*
 * Totals of items, derived from the records: session_book.counted of the count, the overlay of erp_items, and the
 * count's own book_items, total_items, damaged_items, total_variance and staff_user.
 *
 * Every transaction that changes records leaves a line in touched_items; a round takes the oldest lines, sums the
 * records of their items afresh and deletes the lines, all in one transaction.  It changes the book line of every
 * item it derives, so of two derivations at once the one with the older view of the records fails and is made again;
 * one that dies leaves its lines for the next.
 *
 * A line that cannot be derived, for what is stored and not for the database, is found by halving what is derived, and
 * set aside (`failed_at`): it keeps no other waiting.
 *
 * An overlay shows the count whose latest record of the item is the youngest.
 */
typedef struct {
    const char *count_id, *warehouse;
} sv_recounts_asked_t;

/* What a round did, and of which counts the tolerance asked for recounts. */
typedef struct {
    int64_t touched;            /* lines worked off */
    int64_t items;              /* items derived (of a count each) */
    bool more;                  /* lines were left for another round */
    sv_recounts_asked_t *asked; /* in the arena of the error */
    size_t asked_count, asked_capacity;
} sv_totals_t;

/* One round of a few hundred items. */
sv_status_t sv_totals_round(sv_store_t *store, sv_totals_t *done, sv_error_t *error);

/* The same of one count alone, for who cannot go on without its totals; beside sv_totals_round() on any thread.  Of two
 * rounds at the same lines one takes them, and the other, run again, finds them gone. */
sv_status_t sv_totals_count_round(sv_store_t *store, const char *count_id, sv_totals_t *done, sv_error_t *error);

/* How long to rest after a round that took so long: on a busy floor the same items change again and again, and while a
 * worker rests their changes gather, to be derived at once.  The changes of meanwhile are in the totals `lateness_ms`
 * after they were made, where a round takes no longer than the last.  Where a round takes most of that, the database is
 * busy with what is counted: then it rests as long as the round took, `lateness_ms` at most, and totals are that late.
 */
int64_t sv_totals_rest_ms(int64_t took_ms, int64_t lateness_ms);

#endif
