#ifndef SV_SEARCH_QUERY_H
#define SV_SEARCH_QUERY_H

#include "core/search/index.h"

/*
 * Fuzzy search.  An item is found by its whole name within two edits (three in long ones), by what its name begins
 * with, and by its words, each within an edit or two or begun, in any order; words of brand, description and codes
 * count less than the name's.  Scores are 0 to 1; the best come first, equal ones in a fixed order.
 *
 * Any number of threads at once.  Takes about a millisecond for 100,000 items, and memory of five bytes an item while
 * it runs.
 */
typedef struct {
    const char *item_code; /* in the arena */
    double score;
} sv_search_hit_t;

enum { SV_SEARCH_MOST_HITS = 100 };

/* `over`, a newer index laid over the first, may be NULL: what it says of an item counts.  At most `limit` hits, of
 * which there are never more than SV_SEARCH_MOST_HITS. */
size_t sv_search_run(const sv_search_index_t *index, const sv_search_index_t *over, const char *text, size_t limit,
                     sv_arena_t *arena, sv_search_hit_t **hits);

#endif
