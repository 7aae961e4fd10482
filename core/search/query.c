#include "core/search/query.h"

#include <stdlib.h>
#include <string.h>

#include "core/search/query_words.h"

enum {
    SV_LONG_NAME = 8,   /* signs from which three edits are looked for */
    SV_MOST_KEYS = 256, /* names within a few edits, and names begun, that are looked at */
    SV_MOST_CANDIDATES = 128
};

/* How much each way of being found counts. */
static const double sv_weight_of_words = 0.98;
static const double sv_least_coverage = 0.80;
static const double sv_least_of_prefix = 0.90;

typedef struct {
    uint32_t item;
    double words; /* 0 to 1 */
    double score;
    double likeness;
} sv_candidate_t;

typedef struct {
    const sv_search_index_t *index;
    const sv_search_text_t *text;
    sv_pattern_t pattern;
    sv_arena_t *arena;
    sv_word_scores_t words;
    sv_candidate_t *candidates;
    size_t count, capacity;
    uint8_t *taken; /* a bit a key: its items are candidates */
} sv_search_t;

static void
sv_search_take(sv_search_t *search, uint32_t item)
{
    search->candidates = sv_arena_grow(search->arena, search->candidates, search->count, &search->capacity,
                                       sizeof(search->candidates[0]));
    search->candidates[search->count++] =
        (sv_candidate_t){ .item = item, .words = sv_word_scores_of(&search->words, item) };
}

/* The items of a name, of which there may be many hundred: enough of them. */
static void
sv_search_take_key(sv_search_t *search, uint32_t key)
{
    const sv_search_entry_t *entry = &search->index->keys[key];

    if (search->taken[key / 8] & 1 << key % 8) {
        return;
    }
    search->taken[key / 8] |= (uint8_t) (1 << key % 8);
    for (uint32_t i = 0; i < entry->count && i < SV_MOST_CANDIDATES; i++) {
        sv_search_take(search, entry->first + i);
    }
}

static bool
sv_search_has(const sv_search_t *search, uint32_t item)
{
    uint32_t key = search->index->item_keys[item];

    return (search->taken[key / 8] & 1 << key % 8) != 0 && item - search->index->keys[key].first < SV_MOST_CANDIDATES;
}

/* Names within a few edits of the whole text: every one of them, since no edit hides from length and mask. */
static void
sv_search_whole_names(sv_search_t *search)
{
    const sv_search_index_t *index = search->index;
    size_t length = search->text->length, edits = length >= SV_LONG_NAME ? 3 : length > 4 ? 2 : 1;
    uint64_t mask = sv_search_mask(search->text->points, length);
    size_t shortest = length > edits ? length - edits : 1, taken = 0;
    uint32_t end = sv_lengths_end(index->key_lengths, length + edits);

    for (uint32_t key = index->key_lengths[shortest]; key < end && taken < SV_MOST_KEYS; key++) {
        if (sv_masks_are_near(mask, index->key_masks[key], edits) &&
            sv_pattern_distance(&search->pattern, index->points + index->keys[key].text, index->keys[key].length,
                                edits) <= edits) {
            sv_search_take_key(search, key);
            taken++;
        }
    }
}

static void
sv_search_begun_names(sv_search_t *search)
{
    sv_sorted_range_t range =
        sv_sorted_range(search->index, search->index->keys, search->index->keys_sorted,
                        (uint32_t) search->index->head->keys.count, search->text->points, search->text->length);

    for (uint32_t i = range.first; i < range.end && i - range.first < SV_MOST_KEYS; i++) {
        sv_search_take_key(search, search->index->keys_sorted[i]);
    }
}

static void
sv_search_by_words(sv_search_t *search)
{
    uint32_t best[SV_MOST_CANDIDATES];
    size_t count = sv_word_scores_best(&search->words, best, SV_MOST_CANDIDATES);

    for (size_t i = 0; i < count; i++) {
        if (!sv_search_has(search, best[i])) {
            sv_search_take(search, best[i]);
        }
    }
}

static bool
sv_begins_with(const uint32_t *points, size_t length, const sv_search_text_t *text)
{
    return length >= text->length && memcmp(points, text->points, text->length * sizeof(points[0])) == 0;
}

static void
sv_search_score(const sv_search_t *search, sv_candidate_t *candidate)
{
    const sv_search_index_t *index = search->index;
    const sv_search_entry_t *key = &index->keys[index->item_keys[candidate->item]];
    const uint32_t *points = index->points + key->text;
    size_t length = search->text->length, longer = key->length > length ? key->length : length;
    size_t distance = sv_pattern_distance(&search->pattern, points, key->length, longer);
    double whole, coverage, signs = index->item_signs[candidate->item];

    candidate->likeness = 2.0 * (double) sv_pattern_common(&search->pattern, points, key->length) /
                          (double) ((length < 64 ? length : 64) + (key->length < 64 ? key->length : 64));
    whole = distance >= longer ? 0 : 1.0 - (double) distance / (double) longer;
    candidate->score = whole > candidate->likeness ? whole : candidate->likeness;
    coverage = signs > 0 ? (double) search->words.signs / signs : 0;
    coverage = coverage > 1 ? 1 : coverage;
    coverage = sv_weight_of_words * candidate->words * (sv_least_coverage + (1 - sv_least_coverage) * coverage);
    candidate->score = coverage > candidate->score ? coverage : candidate->score;
    if (sv_begins_with(points, key->length, search->text)) {
        double begun = sv_least_of_prefix + (1 - sv_least_of_prefix) * (double) length / (double) key->length;

        candidate->score = begun > candidate->score ? begun : candidate->score;
    }
}

/* The best first; equal ones by likeness, then in the order of their names' length, signs and codes. */
static int
sv_compare_candidates(const void *a, const void *b)
{
    const sv_candidate_t *x = a, *y = b;

    if (x->score != y->score) {
        return x->score > y->score ? -1 : 1;
    }
    if (x->likeness != y->likeness) {
        return x->likeness > y->likeness ? -1 : 1;
    }
    return x->item < y->item ? -1 : x->item > y->item;
}

static bool
sv_search_is_void(const sv_search_index_t *over, const char *item_code)
{
    uint64_t first = 0, end = over->head->removed.count;

    while (first < end) {
        uint64_t middle = first + (end - first) / 2;
        int order = strcmp(over->texts + over->removed[middle], item_code);

        if (order == 0) {
            return true;
        }
        if (order < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return false;
}

static size_t
sv_search_one(const sv_search_index_t *index, const sv_search_index_t *over, const sv_search_text_t *text, size_t limit,
              sv_arena_t *arena, sv_search_hit_t *hits)
{
    sv_search_t search = { .index = index, .text = text, .arena = arena };
    size_t count = 0;

    if (index->head->items.count == 0) {
        return 0;
    }
    search.taken = sv_arena_zalloc(arena, index->head->keys.count / 8 + 1);
    sv_pattern_prepare(&search.pattern, text->points, text->length);
    sv_word_scores_make(&search.words, index, text, arena);
    sv_search_whole_names(&search);
    sv_search_begun_names(&search);
    sv_search_by_words(&search);
    for (size_t i = 0; i < search.count; i++) {
        sv_search_score(&search, &search.candidates[i]);
    }
    if (search.count > 0) {
        qsort(search.candidates, search.count, sizeof(search.candidates[0]), sv_compare_candidates);
    }
    for (size_t i = 0; i < search.count && count < limit; i++) {
        const char *code = index->texts + index->items[search.candidates[i].item];

        if (over == NULL || !sv_search_is_void(over, code)) {
            hits[count++] = (sv_search_hit_t){ sv_arena_strdup(arena, code), search.candidates[i].score };
        }
    }
    return count;
}

static int
sv_compare_hits(const void *a, const void *b)
{
    const sv_search_hit_t *x = a, *y = b;

    return x->score != y->score ? (x->score > y->score ? -1 : 1) : strcmp(x->item_code, y->item_code);
}

size_t
sv_search_run(const sv_search_index_t *index, const sv_search_index_t *over, const char *text, size_t limit,
              sv_arena_t *arena, sv_search_hit_t **hits)
{
    sv_search_text_t normal;
    size_t count, more;

    limit = limit < SV_SEARCH_MOST_HITS ? limit : SV_SEARCH_MOST_HITS;
    *hits = sv_arena_zalloc(arena, 2 * (limit + 1) * sizeof(**hits));
    sv_search_normalize(text, arena, &normal);
    if (normal.length == 0) {
        return 0;
    }
    count = sv_search_one(index, over, &normal, limit, arena, *hits);
    more = over == NULL ? 0 : sv_search_one(over, NULL, &normal, limit, arena, *hits + count);
    if (more > 0) {
        qsort(*hits, count + more, sizeof(**hits), sv_compare_hits);
    }
    return count + more < limit ? count + more : limit;
}
