#ifndef SV_SEARCH_QUERY_WORDS_H
#define SV_SEARCH_QUERY_WORDS_H

#include <stdbool.h>

#include "core/search/distance.h"
#include "core/search/index.h"
#include "core/search/normal.h"

/* How well each item's words answer the words of a text; for query.c. */
typedef struct {
    const sv_search_index_t *index;
    size_t signs;      /* of all words of the text */
    double weight;     /* of all of them together */
    float *scores;     /* an item's sum, up to `weight` */
    uint8_t *answered; /* the last word of the text that the item answered, from 1 on */
    uint32_t *touched; /* the items with a score */
    size_t touched_count;
} sv_word_scores_t;

void sv_word_scores_make(sv_word_scores_t *words, const sv_search_index_t *index, const sv_search_text_t *text,
                         sv_arena_t *arena);

/* 0 to 1. */
static inline double
sv_word_scores_of(const sv_word_scores_t *words, uint32_t item)
{
    return words->weight > 0 ? words->scores[item] / words->weight : 0;
}

/* The `limit` items with the highest scores, in no order; returns how many there are. */
size_t sv_word_scores_best(const sv_word_scores_t *words, uint32_t *items, size_t limit);

/* Where the entries of up to `longest` signs end. */
static inline uint32_t
sv_lengths_end(const uint32_t *lengths, size_t longest)
{
    return lengths[longest < SV_SEARCH_LENGTHS - 1 ? longest + 1 : SV_SEARCH_LENGTHS - 1];
}

/* Whether texts of these masks can be within `edits`: each edit changes two bits at most. */
static inline bool
sv_masks_are_near(uint64_t a, uint64_t b, size_t edits)
{
    uint64_t differ = a ^ b;

    for (size_t i = 0; i < edits; i++) {
        differ &= differ - 1;
        differ &= differ - 1;
        if (differ == 0) {
            return true;
        }
    }
    return differ == 0;
}

/* The part of an order in which the entries begin with `points`. */
typedef struct {
    uint32_t first, end;
} sv_sorted_range_t;

sv_sorted_range_t sv_sorted_range(const sv_search_index_t *index, const sv_search_entry_t *entries,
                                  const uint32_t *sorted, uint32_t count, const uint32_t *points, size_t length);

#endif
