#ifndef SV_RACK_BOOK_H
#define SV_RACK_BOOK_H

#include "core/counts/count.h"

/*
 * The book of a rack in a standing count (rack_books): what the books expected on it when it was first claimed in the
 * count, and whether its counting there is completed.  A standing count whose warehouse keeps books by rack compares
 * the racks that are completed in it, and no others; without such books it compares nothing.
 */

/* Whether the count has books of its racks: a standing count of a warehouse that kept them when it began. */
bool sv_count_has_rack_books(const sv_count_t *count);

/* Freezes the rack's book, inside the transaction of its first claim in the count. */
sv_status_t sv_rack_book_freeze(sv_store_t *store, const sv_count_t *count, const char *rack_id, sv_arena_t *arena,
                                sv_error_t *error);

/* Inside the transaction that completes the rack's counting, or begins another round of it: the rack is compared from
 * now on, or no more, and the totals of what it was expected to hold or was counted on it are to be derived anew. A
 * count without books of racks is left as it is. */
sv_status_t sv_rack_book_mark(sv_store_t *store, const char *count_id, const char *rack_id, bool completed,
                              sv_arena_t *arena, sv_error_t *error);

#endif
