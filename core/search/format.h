#ifndef SV_SEARCH_FORMAT_H
#define SV_SEARCH_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The file of a search index, for build.c and index.c alone: one head, then arrays, each at a multiple of eight bytes,
 * in the machine's own order of bytes (a file never leaves the kind of machine that wrote it: the head's `order`
 * tells).
 *
 * A *key* is a normalised name; items with the same name share it.  Keys and words are ordered by their length and then
 * by their signs, so that those within a few edits' length stand in a row.
 */
#define SV_SEARCH_MAGIC "SVSEARCH"
enum { SV_SEARCH_VERSION = 1, SV_SEARCH_LENGTHS = 256 + 2 };
#define SV_SEARCH_ORDER UINT32_C(0x01020304)

typedef struct {
    uint64_t at;    /* bytes from the file's beginning */
    uint64_t count; /* elements */
} sv_search_array_t;

typedef struct {
    uint32_t text; /* place of its first sign in `points` */
    uint32_t length;
    uint32_t first; /* of a key: its items; of a word: its postings */
    uint32_t count;
} sv_search_entry_t;

typedef struct {
    char magic[8];
    uint32_t order;
    uint32_t version;
    uint64_t size;                  /* of the file */
    uint64_t checksum;              /* of all that stands behind the head */
    uint64_t made_at;               /* UTC ms, of what it was made from */
    sv_search_array_t points;       /* uint32_t: signs of keys and words */
    sv_search_array_t texts;        /* char: item codes, each ended by NUL */
    sv_search_array_t keys;         /* sv_search_entry_t */
    sv_search_array_t key_masks;    /* uint64_t */
    sv_search_array_t key_lengths;  /* uint32_t: the first key of each length, SV_SEARCH_LENGTHS */
    sv_search_array_t keys_sorted;  /* uint32_t: keys by their signs */
    sv_search_array_t items;        /* uint32_t: an item's code in `texts`; ordered by key */
    sv_search_array_t item_keys;    /* uint32_t */
    sv_search_array_t item_signs;   /* uint32_t: how many signs all words of the name have */
    sv_search_array_t words;        /* sv_search_entry_t */
    sv_search_array_t word_masks;   /* uint64_t */
    sv_search_array_t word_lengths; /* uint32_t, as key_lengths */
    sv_search_array_t words_sorted; /* uint32_t */
    sv_search_array_t postings;     /* uint32_t: item << 1 | 1 where the word stands in the name */
    sv_search_array_t removed;      /* uint32_t: codes in `texts`, sorted: what an older index says of them is void */
} sv_search_head_t;

/* FNV-1a over eight bytes at a time, without the checksum itself: finds a file that was cut or written over, nothing
 * more.  `size` is that of a head at least. */
static inline uint64_t
sv_search_checksum(const void *file, uint64_t size)
{
    const unsigned char *bytes = file;
    uint64_t sum = UINT64_C(14695981039346656037), word;

    for (uint64_t at = 0; at + sizeof(word) <= size; at += sizeof(word)) {
        if (at != offsetof(sv_search_head_t, checksum)) {
            memcpy(&word, bytes + at, sizeof(word));
            sum = (sum ^ word) * UINT64_C(1099511628211);
            sum ^= sum >> 32;
        }
    }
    return sum;
}

#endif
