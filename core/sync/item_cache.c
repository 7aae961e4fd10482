#include "core/sync/item_cache.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/text_map.h"

typedef struct {
    int64_t ends_ms; /* monotonic; 0: free */
    uint64_t hash;
    sv_item_cached_t item;
    char code[SV_ITEM_CACHE_CODE];
} sv_item_entry_t;

struct sv_item_cache_s {
    pthread_rwlock_t lock;
    sv_item_entry_t entries[SV_ITEM_CACHE_SETS][SV_ITEM_CACHE_WAYS];
};

void *
sv_item_cache_create(void)
{
    sv_item_cache_t *cache = calloc(1, sizeof(*cache));

    if (cache != NULL) {
        pthread_rwlock_init(&cache->lock, NULL);
    }
    return cache;
}

void
sv_item_cache_destroy(void *cache)
{
    sv_item_cache_t *items = cache;

    if (items != NULL) {
        pthread_rwlock_destroy(&items->lock);
        free(items);
    }
}

static bool
sv_item_entry_is(const sv_item_entry_t *entry, uint64_t hash, const char *item_code)
{
    return entry->hash == hash && entry->ends_ms != 0 && strcmp(entry->code, item_code) == 0;
}

bool
sv_item_cache_get(sv_item_cache_t *cache, const char *item_code, sv_item_cached_t *item)
{
    uint64_t hash = sv_text_hash(item_code);
    const sv_item_entry_t *set;
    int64_t now_ms = sv_clock_monotonic_ms();
    bool found = false;

    if (cache == NULL) {
        return false;
    }
    set = cache->entries[hash % SV_ITEM_CACHE_SETS];
    pthread_rwlock_rdlock(&cache->lock);
    for (size_t i = 0; i < SV_ITEM_CACHE_WAYS && !found; i++) {
        if (sv_item_entry_is(&set[i], hash, item_code) && set[i].ends_ms > now_ms) {
            *item = set[i].item;
            found = true;
        }
    }
    pthread_rwlock_unlock(&cache->lock);
    return found;
}

void
sv_item_cache_put(sv_item_cache_t *cache, const char *item_code, const sv_item_cached_t *item)
{
    uint64_t hash = sv_text_hash(item_code);
    sv_item_entry_t *set, *entry;
    size_t length = strlen(item_code);

    if (cache == NULL || length >= SV_ITEM_CACHE_CODE) {
        return;
    }
    set = entry = cache->entries[hash % SV_ITEM_CACHE_SETS];
    pthread_rwlock_wrlock(&cache->lock);
    for (size_t i = 0; i < SV_ITEM_CACHE_WAYS; i++) {
        if (sv_item_entry_is(&set[i], hash, item_code)) {
            entry = &set[i];
            break;
        }
        if (set[i].ends_ms < entry->ends_ms) {
            entry = &set[i]; /* the free one, or that which ends first, makes room */
        }
    }
    entry->ends_ms = sv_clock_monotonic_ms() + SV_ITEM_CACHE_LIFE_MS;
    entry->hash = hash;
    entry->item = *item;
    memcpy(entry->code, item_code, length + 1);
    pthread_rwlock_unlock(&cache->lock);
}
