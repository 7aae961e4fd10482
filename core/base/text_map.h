#ifndef SV_TEXT_MAP_H
#define SV_TEXT_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

/* Texts to pointers.  Keys are not copied; nothing is removed. */
typedef struct {
    const char *key; /* NULL: a free place */
    uint64_t hash;
    void *value;
} sv_text_entry_t;

typedef struct {
    sv_arena_t *arena;
    sv_text_entry_t *entries;
    size_t capacity; /* a power of two */
    size_t count;
} sv_text_map_t;

void sv_text_map_init(sv_text_map_t *map, sv_arena_t *arena, size_t expected);
void *sv_text_map_get(const sv_text_map_t *map, const char *key); /* NULL: not there */
/* The place of the key's value, made (with NULL in it) when it is new.  Good until the next call. */
void **sv_text_map_put(sv_text_map_t *map, const char *key);

uint64_t sv_text_hash(const char *text);

#endif
