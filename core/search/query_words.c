#include "core/search/query_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SV_MOST_WORDS = 16,      /* words of a text that count */
    SV_MOST_VARIANTS = 2000, /* words of the index that may stand for one of them */
    SV_MOST_POSTINGS = 200000,
    SV_SHORT_WORD = 3, /* signs from which an edit, and a beginning, is taken for the word */
    SV_LONG_WORD = 6   /* and two edits */
};

/* A word of another field than the name says less. */
static const float sv_weight_elsewhere = 0.8f;

/* A word of the index that may be what was meant. */
typedef struct {
    uint32_t word;
    float likeness; /* up to 1 */
} sv_variant_t;

static int
sv_compare_begin(const uint32_t *text, size_t length, const uint32_t *points, size_t begin)
{
    for (size_t i = 0; i < begin; i++) {
        if (i == length) {
            return -1;
        }
        if (text[i] != points[i]) {
            return text[i] < points[i] ? -1 : 1;
        }
    }
    return 0;
}

sv_sorted_range_t
sv_sorted_range(const sv_search_index_t *index, const sv_search_entry_t *entries, const uint32_t *sorted,
                uint32_t count, const uint32_t *points, size_t length)
{
    sv_sorted_range_t range = { 0, count };
    uint32_t end = count;

    while (range.first < end) {
        uint32_t middle = range.first + (end - range.first) / 2;
        const sv_search_entry_t *entry = &entries[sorted[middle]];

        if (sv_compare_begin(index->points + entry->text, entry->length, points, length) < 0) {
            range.first = middle + 1;
        } else {
            end = middle;
        }
    }
    end = count;
    range.end = range.first;
    while (range.end < end) {
        uint32_t middle = range.end + (end - range.end) / 2;
        const sv_search_entry_t *entry = &entries[sorted[middle]];

        if (sv_compare_begin(index->points + entry->text, entry->length, points, length) <= 0) {
            range.end = middle + 1;
        } else {
            end = middle;
        }
    }
    return range;
}

static int
sv_compare_variants(const void *a, const void *b)
{
    const sv_variant_t *x = a, *y = b;

    return x->likeness != y->likeness ? (x->likeness > y->likeness ? -1 : 1) : x->word < y->word ? -1 : 1;
}

static size_t
sv_near_words(const sv_search_index_t *index, const sv_search_word_t *word, sv_variant_t *variants)
{
    size_t edits = word->length >= SV_LONG_WORD ? 2 : word->length >= SV_SHORT_WORD ? 1 : 0;
    size_t shortest = word->length > edits ? word->length - edits : 1, count = 0;
    uint64_t mask = sv_search_mask(word->points, word->length);
    uint32_t end = sv_lengths_end(index->word_lengths, word->length + edits);
    sv_pattern_t pattern;

    sv_pattern_prepare(&pattern, word->points, word->length);
    for (uint32_t i = index->word_lengths[shortest]; i < end && count < SV_MOST_VARIANTS; i++) {
        const sv_search_entry_t *entry = &index->words[i];
        size_t distance, longer = entry->length > word->length ? entry->length : word->length;

        if (!sv_masks_are_near(mask, index->word_masks[i], edits)) {
            continue;
        }
        distance = sv_pattern_distance(&pattern, index->points + entry->text, entry->length, edits);
        if (distance <= edits) {
            variants[count++] = (sv_variant_t){ i, 1.0f - (float) distance / (float) longer };
        }
    }
    return count;
}

/* Words that begin with it and go on. */
static size_t
sv_begun_words(const sv_search_index_t *index, const sv_search_word_t *word, sv_variant_t *variants, size_t count)
{
    sv_sorted_range_t range = sv_sorted_range(index, index->words, index->words_sorted,
                                              (uint32_t) index->head->words.count, word->points, word->length);

    for (uint32_t i = range.first; i < range.end && count < SV_MOST_VARIANTS; i++) {
        const sv_search_entry_t *entry = &index->words[index->words_sorted[i]];

        if (entry->length > word->length) {
            variants[count++] =
                (sv_variant_t){ index->words_sorted[i], 0.7f + 0.25f * (float) word->length / (float) entry->length };
        }
    }
    return count;
}

/* Rare words say more.  What counts is how often the likeliest variant occurs: a misspelt common word is common. */
static float
sv_weight_of_word(const sv_search_index_t *index, const sv_variant_t *variants, size_t count)
{
    double items = (double) index->head->items.count, often = 1;

    for (size_t i = 0; i < count && variants[i].likeness == variants[0].likeness; i++) {
        double occurs = index->words[variants[i].word].count;

        often = occurs > often ? occurs : often;
    }
    return (float) log(1.0 + items / often);
}

static void
sv_word_answers(sv_word_scores_t *words, const sv_variant_t *variant, float weight, uint8_t number)
{
    const sv_search_entry_t *entry = &words->index->words[variant->word];

    for (uint32_t i = 0; i < entry->count; i++) {
        uint32_t posting = words->index->postings[entry->first + i], item = posting >> 1;

        if (words->answered[item] == number) {
            continue; /* by a likelier variant */
        }
        if (words->answered[item] == 0) {
            words->touched[words->touched_count++] = item;
        }
        words->answered[item] = number;
        words->scores[item] += weight * variant->likeness * (posting & 1 ? 1.0f : sv_weight_elsewhere);
    }
}

static void
sv_score_word(sv_word_scores_t *words, const sv_search_word_t *word, bool last, uint8_t number, sv_variant_t *variants)
{
    size_t count = sv_near_words(words->index, word, variants), postings = 0;
    float weight;

    if (word->length >= SV_SHORT_WORD || last) {
        count = sv_begun_words(words->index, word, variants, count);
    }
    if (count > 0) {
        qsort(variants, count, sizeof(variants[0]), sv_compare_variants);
    }
    weight = sv_weight_of_word(words->index, variants, count);
    words->weight += weight;
    words->signs += word->length;
    for (size_t i = 0; i < count && postings < SV_MOST_POSTINGS; i++) {
        sv_word_answers(words, &variants[i], weight, number);
        postings += words->index->words[variants[i].word].count;
    }
}

void
sv_word_scores_make(sv_word_scores_t *words, const sv_search_index_t *index, const sv_search_text_t *text,
                    sv_arena_t *arena)
{
    size_t items = index->head->items.count;
    sv_variant_t *variants = sv_arena_alloc(arena, SV_MOST_VARIANTS * sizeof(variants[0]));

    *words = (sv_word_scores_t){ .index = index,
                                 .scores = sv_arena_zalloc(arena, items * sizeof(words->scores[0])),
                                 .answered = sv_arena_zalloc(arena, items),
                                 .touched = sv_arena_alloc(arena, items * sizeof(words->touched[0])) };
    for (size_t i = 0; i < text->word_count && i < SV_MOST_WORDS; i++) {
        sv_score_word(words, &text->words[i], i + 1 == text->word_count, (uint8_t) (i + 1), variants);
    }
}

/* Of equal scores the item with the shorter name goes first: it has less beside what was looked for. */
static bool
sv_is_lower(const sv_word_scores_t *words, uint32_t a, uint32_t b)
{
    return words->scores[a] != words->scores[b] ? words->scores[a] < words->scores[b] : a > b;
}

/* Lets the lowest of a heap of scores sink to where it belongs. */
static void
sv_heap_sink(const sv_word_scores_t *words, uint32_t *items, size_t count, size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;

        if (left < count && sv_is_lower(words, items[left], items[least])) {
            least = left;
        }
        if (right < count && sv_is_lower(words, items[right], items[least])) {
            least = right;
        }
        if (least == at) {
            return;
        }
        uint32_t moved = items[at];

        items[at] = items[least];
        items[least] = moved;
        at = least;
    }
}

size_t
sv_word_scores_best(const sv_word_scores_t *words, uint32_t *items, size_t limit)
{
    size_t count = words->touched_count < limit ? words->touched_count : limit;

    memcpy(items, words->touched, count * sizeof(items[0]));
    for (size_t i = count / 2; i-- > 0;) {
        sv_heap_sink(words, items, count, i);
    }
    for (size_t i = count; i < words->touched_count; i++) {
        if (sv_is_lower(words, items[0], words->touched[i])) {
            items[0] = words->touched[i];
            sv_heap_sink(words, items, count, 0);
        }
    }
    return count;
}
