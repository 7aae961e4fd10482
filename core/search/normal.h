#ifndef SV_SEARCH_NORMAL_H
#define SV_SEARCH_NORMAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

/*
 * A text as searching compares it: compatibility decomposition, case folding, accents and vowel points off (Unicode
 * NFKD and case folding by libutf8proc; marks that make letters of their own, as in Devanagari and Thai, stay), letters
 * and digits only, words one blank apart.  Signs of scripts written without blanks are words of one sign.
 *
 * Any thread; the result lives in the arena.
 */
enum { SV_SEARCH_LONGEST = 255 /* code points of a text that count; the rest is left out */ };

typedef struct {
    const uint32_t *points;
    size_t length;
} sv_search_word_t;

typedef struct {
    uint32_t *points; /* the words with single blanks between them */
    size_t length;
    sv_search_word_t *words; /* within `points` */
    size_t word_count;
} sv_search_text_t;

/* `text` is valid UTF-8, or what is wrong in it is left out; NULL is an empty text. */
void sv_search_normalize(const char *text, sv_arena_t *arena, sv_search_text_t *normal);

/* Which signs occur, and which of the commonest occur twice: one edit changes two bits at most, an exchange of
 * neighbours or of words none. */
uint64_t sv_search_mask(const uint32_t *points, size_t length);

#endif
