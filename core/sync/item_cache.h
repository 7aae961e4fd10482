#ifndef SV_SYNC_ITEM_CACHE_H
#define SV_SYNC_ITEM_CACHE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Which item codes exist, and which of them are tracked by serial numbers: remembered for
 * SV_ITEM_CACHE_LIFE_MS, so that a good batch asks the database nothing about its items.
 * Only what exists is remembered, so a new item is known at once.  Bounded (5 MiB); any number of threads.
 */
enum { SV_ITEM_CACHE_LIFE_MS = 30000, SV_ITEM_CACHE_SETS = 8192, SV_ITEM_CACHE_WAYS = 4, SV_ITEM_CACHE_CODE = 136 };

typedef struct sv_item_cache_s sv_item_cache_t;

/* sv_item_cache_t, as sv_store_pool_keep() wants it; NULL, a cache that remembers nothing, when there is no memory. */
void *sv_item_cache_create(void);
void sv_item_cache_destroy(void *cache);

/* Whether the item is remembered; sets *serial_tracked. */
bool sv_item_cache_get(sv_item_cache_t *cache, const char *item_code, bool *serial_tracked);
void sv_item_cache_put(sv_item_cache_t *cache, const char *item_code, bool serial_tracked);

#endif
