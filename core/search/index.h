#ifndef SV_SEARCH_INDEX_H
#define SV_SEARCH_INDEX_H

#include "core/base/error.h"
#include "core/search/format.h"

/*
 * A search index, mapped.  It never changes: a newer one is another file under the same name.  Any number of threads
 * may search it at once.
 */
typedef struct {
    const sv_search_head_t *head; /* of the mapping */
    uint64_t size;
    const uint32_t *points;
    const char *texts;
    const sv_search_entry_t *keys, *words;
    const uint64_t *key_masks, *word_masks;
    const uint32_t *key_lengths, *word_lengths, *keys_sorted, *words_sorted;
    const uint32_t *items, *item_keys, *item_signs, *postings, *removed;
} sv_search_index_t;

/* Maps and checks a file, whole: what was cut, or written by another version, is SV_ERR_UNAVAILABLE with the cause, and
 * SV_ERR_NOT_FOUND that there is none.  Takes some milliseconds for 100,000 items: not for an event loop. */
sv_status_t sv_search_index_open(const char *path, sv_search_index_t *index, sv_error_t *error);
void sv_search_index_close(sv_search_index_t *index);

#endif
