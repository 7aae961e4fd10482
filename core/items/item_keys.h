#ifndef SV_ITEM_KEYS_H
#define SV_ITEM_KEYS_H

#include <bson/bson.h>

#include "core/base/arena.h"

/*
 * The codes that find an item: `lookup_keys[]` of erp_items holds its item code, barcodes, manual barcode and the
 * barcodes of its packs, and the codes that were linked to it where it was found under one that nobody knew
 * (`linked_codes[]`), each as it is written and, where it is an article's number, as the 14 digits in which UPC-A,
 * EAN-13 and GTIN-14 meet (core/scan/gtin.h).  Derived by whoever writes one of those fields; never read from outside.
 */
enum { SV_ITEM_CODE_KEYS = 2, SV_ITEM_KEY_MAX = 64 /* characters of any code of an item */ };

/* The keys of one code, the code itself first; returns how many.  They live in the arena, or are `code`. */
size_t sv_item_code_keys(const char *code, sv_arena_t *arena, const char *keys[SV_ITEM_CODE_KEYS]);

/* Appends `lookup_keys` of an item: each key once. */
void sv_item_keys_put(bson_t *set, const bson_t *item, sv_arena_t *arena);

/* The pack of the item that has `key` among the keys of its barcodes; NULL: the key is not a pack's.  A view, valid
 * while `item` is. */
const bson_t *sv_item_pack_of(const bson_t *item, const char *key, sv_arena_t *arena);

/* The fields that the keys are made from, `item_code` among them; NULL-terminated.  Who changes one reads the others.
 */
extern const char *const sv_item_key_fields[];

#endif
