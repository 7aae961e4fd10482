#ifndef SV_SEARCH_DISTANCE_H
#define SV_SEARCH_DISTANCE_H

#include <stddef.h>
#include <stdint.h>

/*
 * How many edits (a sign left out, added, replaced, or two neighbours exchanged: optimal string alignment) lead from
 * one text to another, and the longest common subsequence, both 64 signs at a step.
 *
 * H. Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances", Nordic Journal of Computing
 * 10 (2003), and "Bit-parallel LCS-length computation revisited" (2004).
 *
 * A pattern is prepared once and compared with many texts, by one thread at a time.
 */
enum { SV_PATTERN_LONGEST = 64, SV_PATTERN_SLOTS = 128 };

typedef struct {
    size_t length;                   /* signs of the pattern, the first 64 at most */
    uint64_t ascii[128];             /* where each sign stands */
    uint32_t keys[SV_PATTERN_SLOTS]; /* the same of other signs, in a small table; 0: free */
    uint64_t values[SV_PATTERN_SLOTS];
} sv_pattern_t;

/* Texts longer than 64 signs are compared by their first 64. */
void sv_pattern_prepare(sv_pattern_t *pattern, const uint32_t *points, size_t length);

/* The edits to `text`; more than `limit` may be told as any number above it. */
size_t sv_pattern_distance(const sv_pattern_t *pattern, const uint32_t *text, size_t length, size_t limit);
/* The length of the longest common subsequence. */
size_t sv_pattern_common(const sv_pattern_t *pattern, const uint32_t *text, size_t length);

#endif
