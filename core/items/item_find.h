#ifndef SV_ITEM_FIND_H
#define SV_ITEM_FIND_H

#include "core/items/item_entry.h"

/* Finding items in MongoDB by their keys (item_keys.h) and, in the search index, by what is like them.  On a thread
 * that owns `store`; results live in the arena. */
typedef struct {
    const bson_t **items;
    sv_item_stocks_t *stocks;
    size_t count;
    bool cut_off; /* there may be more */
} sv_found_items_t;

/* Items that have any of the keys, SV_ENTRY_MATCHES for each at most, wherever they fall. */
sv_status_t sv_items_by_keys(sv_store_t *store, const char *const *keys, size_t count, sv_found_items_t *found,
                             sv_arena_t *arena, sv_error_t *error);
/* Items with these codes, in any order. */
sv_status_t sv_items_by_codes(sv_store_t *store, const char *const *codes, size_t count, sv_found_items_t *found,
                              sv_arena_t *arena, sv_error_t *error);

/* Those of them that have the key: delisted ones only where no other has it.  Returns how many, `room` at most. */
size_t sv_items_with_key(const sv_found_items_t *found, const char *key, sv_item_match_t *matches, size_t room,
                         sv_arena_t *arena);

/* Items whose names and words are like the text, the best first, delisted ones left out; *ready false: there is no
 * search index yet. */
sv_status_t sv_items_like(sv_store_t *store, const char *text, size_t limit, sv_item_match_t *matches, size_t *count,
                          bool *ready, sv_arena_t *arena, sv_error_t *error);

#endif
