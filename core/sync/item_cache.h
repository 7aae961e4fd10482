#ifndef SV_SYNC_ITEM_CACHE_H
#define SV_SYNC_ITEM_CACHE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Which item codes exist, which of them are tracked by serial numbers or lots, and in what unit they are: remembered
 * for SV_ITEM_CACHE_LIFE_MS, so that a good batch asks the database nothing about its items. Only what exists is
 * remembered, so a new item is known at once.  Bounded (6 MiB); any number of threads.
 */
enum {
    SV_ITEM_CACHE_LIFE_MS = 30000,
    SV_ITEM_CACHE_SETS = 8192,
    SV_ITEM_CACHE_WAYS = 4,
    SV_ITEM_CACHE_CODE = 136,
    SV_ITEM_CACHE_UOM = 36
};

typedef struct sv_item_cache_s sv_item_cache_t;

/* Items whose lots were counted apart at one time and not at another are not remembered. */
typedef struct {
    bool serial_tracked;
    bool lot_tracked;
    char uom[SV_ITEM_CACHE_UOM]; /* "": none */
} sv_item_cached_t;

/* sv_item_cache_t, as sv_store_pool_keep() wants it; NULL, a cache that remembers nothing, when there is no memory. */
void *sv_item_cache_create(void);
void sv_item_cache_destroy(void *cache);

/* Whether the item is remembered. */
bool sv_item_cache_get(sv_item_cache_t *cache, const char *item_code, sv_item_cached_t *item);
void sv_item_cache_put(sv_item_cache_t *cache, const char *item_code, const sv_item_cached_t *item);

#endif
