#include "core/warehouse/zone_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/warehouse/warehouse_code.h"

/* More warehouses than that are remembered in turn. */
enum { SV_ZONE_CACHE_ENTRIES = 64, SV_ZONE_CODE_SIZE = SV_WAREHOUSE_MAX * 4 + 1 };

typedef struct {
    int64_t ends_ms; /* monotonic; 0: free */
    char warehouse[SV_ZONE_CODE_SIZE];
    char name[SV_ZONE_NAME_SIZE];
} sv_zone_entry_t;

struct sv_zone_cache_s {
    pthread_mutex_t lock;
    sv_zone_entry_t entries[SV_ZONE_CACHE_ENTRIES];
};

void *
sv_zone_cache_create(void)
{
    sv_zone_cache_t *cache = calloc(1, sizeof(*cache));

    if (cache != NULL) {
        pthread_mutex_init(&cache->lock, NULL);
    }
    return cache;
}

void
sv_zone_cache_destroy(void *cache)
{
    sv_zone_cache_t *zones = cache;

    if (zones != NULL) {
        pthread_mutex_destroy(&zones->lock);
        free(zones);
    }
}

bool
sv_zone_cache_get(sv_zone_cache_t *cache, const char *warehouse, char name[SV_ZONE_NAME_SIZE])
{
    int64_t now_ms = sv_clock_monotonic_ms();
    bool found = false;

    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < SV_ZONE_CACHE_ENTRIES && !found; i++) {
        const sv_zone_entry_t *entry = &cache->entries[i];

        found = entry->ends_ms > now_ms && strcmp(entry->warehouse, warehouse) == 0;
        if (found) {
            memcpy(name, entry->name, SV_ZONE_NAME_SIZE);
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void
sv_zone_cache_put(sv_zone_cache_t *cache, const char *warehouse, const char *name)
{
    size_t code_length = strlen(warehouse), name_length = strlen(name);
    sv_zone_entry_t *entry;

    if (code_length >= SV_ZONE_CODE_SIZE || name_length >= SV_ZONE_NAME_SIZE) {
        return;
    }
    pthread_mutex_lock(&cache->lock);
    entry = &cache->entries[0];
    for (size_t i = 0; i < SV_ZONE_CACHE_ENTRIES; i++) {
        if (strcmp(cache->entries[i].warehouse, warehouse) == 0) {
            entry = &cache->entries[i];
            break;
        }
        if (cache->entries[i].ends_ms < entry->ends_ms) {
            entry = &cache->entries[i]; /* the free one, or that which ends first, makes room */
        }
    }
    entry->ends_ms = sv_clock_monotonic_ms() + SV_ZONE_CACHE_MS;
    memcpy(entry->warehouse, warehouse, code_length + 1);
    memcpy(entry->name, name, name_length + 1);
    pthread_mutex_unlock(&cache->lock);
}
