#include "core/base/text_map.h"

#include <string.h>

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), folded at the end: the table uses the low bits. */
uint64_t
sv_text_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char) *text) * UINT64_C(1099511628211);
    }
    return hash ^ hash >> 32;
}

void
sv_text_map_init(sv_text_map_t *map, sv_arena_t *arena, size_t expected)
{
    size_t capacity = 16;

    while (capacity < expected * 2) {
        capacity *= 2;
    }
    map->arena = arena;
    map->entries = sv_arena_zalloc(arena, capacity * sizeof(*map->entries));
    map->capacity = capacity;
    map->count = 0;
}

static sv_text_entry_t *
sv_text_map_place(const sv_text_map_t *map, const char *key, uint64_t hash)
{
    size_t at = hash & (map->capacity - 1);

    while (map->entries[at].key != NULL && (map->entries[at].hash != hash || strcmp(map->entries[at].key, key) != 0)) {
        at = (at + 1) & (map->capacity - 1);
    }
    return &map->entries[at];
}

void *
sv_text_map_get(const sv_text_map_t *map, const char *key)
{
    return sv_text_map_place(map, key, sv_text_hash(key))->value;
}

static void
sv_text_map_grow(sv_text_map_t *map)
{
    sv_text_map_t larger;

    sv_text_map_init(&larger, map->arena, map->capacity);
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->entries[i].key != NULL) {
            *sv_text_map_place(&larger, map->entries[i].key, map->entries[i].hash) = map->entries[i];
        }
    }
    larger.count = map->count;
    *map = larger;
}

void **
sv_text_map_put(sv_text_map_t *map, const char *key)
{
    uint64_t hash = sv_text_hash(key);
    sv_text_entry_t *entry = sv_text_map_place(map, key, hash);

    if (entry->key == NULL) {
        if ((map->count + 1) * 2 > map->capacity) {
            sv_text_map_grow(map);
            entry = sv_text_map_place(map, key, hash);
        }
        entry->key = key;
        entry->hash = hash;
        map->count++;
    }
    return &entry->value;
}
