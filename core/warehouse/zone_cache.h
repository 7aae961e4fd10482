#ifndef SV_ZONE_CACHE_H
#define SV_ZONE_CACHE_H

#include <stdbool.h>

/* The zones of warehouses by name, remembered for a while by all who use a pool; any thread may ask. */
enum { SV_ZONE_CACHE_MS = 10000, SV_ZONE_NAME_SIZE = 80 };

typedef struct sv_zone_cache_s sv_zone_cache_t;

void *sv_zone_cache_create(void); /* sv_zone_cache_t, as sv_store_pool_keep() wants it; NULL: out of memory */
void sv_zone_cache_destroy(void *cache);

/* "" is what a warehouse without a zone of its own has.  false: not remembered. */
bool sv_zone_cache_get(sv_zone_cache_t *cache, const char *warehouse, char name[SV_ZONE_NAME_SIZE]);
void sv_zone_cache_put(sv_zone_cache_t *cache, const char *warehouse, const char *name);

#endif
