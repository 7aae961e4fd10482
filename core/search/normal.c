#include "core/search/normal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

/* What NFKD leaves as one letter although people type two, or another. */
typedef struct {
    uint32_t from;
    uint32_t to[2]; /* 0: none */
} sv_search_letters_t;

static const sv_search_letters_t sv_search_letters[] = {
    { 0xe6, { 'a', 'e' } },  { 0xf0, { 'd', 0 } },  { 0xf8, { 'o', 0 } },  { 0xfe, { 't', 'h' } },
    { 0x111, { 'd', 0 } },   { 0x127, { 'h', 0 } }, { 0x131, { 'i', 0 } }, { 0x142, { 'l', 0 } },
    { 0x153, { 'o', 'e' } }, { 0x167, { 't', 0 } },
};

enum {
    SV_DECOMPOSED = 4 * SV_SEARCH_LONGEST,
    /* Canonical combining classes: voicing of kana, Hebrew and Arabic points, and marks above, below and through
       letters. */
    SV_VOICING = 8,
    SV_FIRST_POINT = 10,
    SV_LAST_POINT = 35,
    SV_FIRST_ACCENT = 200
};

static bool
sv_is_accent(const utf8proc_property_t *property)
{
    int class = property->combining_class;

    return class == SV_VOICING || (class >= SV_FIRST_POINT && class <= SV_LAST_POINT) || class >= SV_FIRST_ACCENT;
}

static bool
sv_is_word_sign(const utf8proc_property_t *property)
{
    switch (property->category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

/* Kana, Han and their neighbours: no blanks stand between their words. */
static bool
sv_is_sign_of_its_own(uint32_t point)
{
    return (point >= 0x2e80 && point <= 0x312f) || (point >= 0x31a0 && point <= 0x9fff) ||
           (point >= 0xf900 && point <= 0xfaff) || (point >= 0x20000 && point <= 0x3ffff);
}

typedef struct {
    sv_search_text_t *normal;
    size_t word_start;
    bool in_word;
} sv_search_writer_t;

static void
sv_end_word(sv_search_writer_t *writer)
{
    sv_search_text_t *normal = writer->normal;

    if (writer->in_word) {
        normal->words[normal->word_count++] =
            (sv_search_word_t){ normal->points + writer->word_start, normal->length - writer->word_start };
        writer->in_word = false;
    }
}

static void
sv_put_point(sv_search_writer_t *writer, uint32_t point)
{
    sv_search_text_t *normal = writer->normal;

    if (normal->length + 2 > SV_SEARCH_LONGEST) {
        return;
    }
    if (!writer->in_word) {
        if (normal->length > 0) {
            normal->points[normal->length++] = ' ';
        }
        writer->word_start = normal->length;
        writer->in_word = true;
    }
    normal->points[normal->length++] = point;
}

static void
sv_put_letter(sv_search_writer_t *writer, uint32_t point)
{
    for (size_t i = 0; point >= 0x80 && i < sizeof(sv_search_letters) / sizeof(sv_search_letters[0]); i++) {
        if (sv_search_letters[i].from == point) {
            sv_put_point(writer, sv_search_letters[i].to[0]);
            if (sv_search_letters[i].to[1] != 0) {
                sv_put_point(writer, sv_search_letters[i].to[1]);
            }
            return;
        }
    }
    sv_put_point(writer, point);
}

static void
sv_put_sign(sv_search_writer_t *writer, uint32_t point)
{
    const utf8proc_property_t *property;

    if (point < 0x80) {
        if ((point >= 'a' && point <= 'z') || (point >= '0' && point <= '9')) {
            sv_put_point(writer, point);
        } else if (point != '\'') {
            sv_end_word(writer);
        }
        return;
    }
    property = utf8proc_get_property((utf8proc_int32_t) point);
    if (sv_is_accent(property) || point == 0x2019) {
        return; /* an apostrophe within a word, like an accent, is left out */
    }
    if (!sv_is_word_sign(property)) {
        sv_end_word(writer);
    } else if (sv_is_sign_of_its_own(point)) {
        sv_end_word(writer);
        sv_put_point(writer, point);
        sv_end_word(writer);
    } else {
        sv_put_letter(writer, point);
    }
}

void
sv_search_normalize(const char *text, sv_arena_t *arena, sv_search_text_t *normal)
{
    sv_search_writer_t writer = { .normal = normal };
    utf8proc_int32_t decomposed[32], point;
    size_t length = text != NULL ? strlen(text) : 0, read = 0;

    normal->points = sv_arena_alloc(arena, SV_SEARCH_LONGEST * sizeof(normal->points[0]));
    normal->words = sv_arena_alloc(arena, SV_SEARCH_LONGEST * sizeof(normal->words[0]));
    normal->length = normal->word_count = 0;
    for (size_t at = 0; at < length && read < SV_DECOMPOSED; read++) {
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *) text + at, (utf8proc_ssize_t) (length - at), &point);
        utf8proc_ssize_t count;
        int boundary = 0;

        if (used <= 0) {
            at++;
            continue;
        }
        at += (size_t) used;
        count = utf8proc_decompose_char(point, decomposed, sizeof(decomposed) / sizeof(decomposed[0]),
                                        UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE,
                                        &boundary);
        for (utf8proc_ssize_t i = 0; i < count && i < (utf8proc_ssize_t) (sizeof(decomposed) / sizeof(decomposed[0]));
             i++) {
            sv_put_sign(&writer, (uint32_t) decomposed[i]);
        }
    }
    sv_end_word(&writer);
}

enum {
    SV_MASK_DIGITS = 26, /* the bits behind the letters */
    SV_MASK_TWICE = 36,  /* and behind the digits */
    SV_MASK_OTHERS = 48,
    SV_MASK_OTHERS_COUNT = 16
};

uint64_t
sv_search_mask(const uint32_t *points, size_t length)
{
    static const char common[] = "eaoirntslcud";
    uint64_t mask = 0;

    for (size_t i = 0; i < length; i++) {
        uint32_t point = points[i];

        if (point >= 'a' && point <= 'z') {
            uint64_t bit = UINT64_C(1) << (point - 'a');
            const char *twice = mask & bit ? strchr(common, (int) point) : NULL;

            mask |= bit;
            if (twice != NULL) {
                mask |= UINT64_C(1) << (SV_MASK_TWICE + (twice - common));
            }
        } else if (point >= '0' && point <= '9') {
            mask |= UINT64_C(1) << (SV_MASK_DIGITS + (point - '0'));
        } else if (point != ' ') {
            mask |= UINT64_C(1) << (SV_MASK_OTHERS + (point * UINT32_C(2654435761) >> 16) % SV_MASK_OTHERS_COUNT);
        }
    }
    return mask;
}
