#ifndef SV_CATALOG_BUILD_H
#define SV_CATALOG_BUILD_H

#include "core/redis/client.h"
#include "core/store/store.h"

/*
 * Keeps the search index (catalog.h) and the cache of lookups (lookup.h) true to the master: one round of a worker's
 * duty.
 *
 * A round reads what changed since the last one, by `updated_at`, reaching back as far as a transaction may commit late
 * (SV_SINCE_REACH_MS) and passing over what it has seen.  Anything new raises `items:generation`, which voids the
 * cache, and is written to the file laid over the base.  When that has grown to a twentieth of the base, all is read
 * again and a new base written, every ten seconds at most.  Only this worker's memory knows what it has seen: one that
 * takes the duty over begins with a new base.
 */
enum { SV_CATALOG_ROUND_MS = 1000 };

sv_status_t sv_catalog_round(sv_store_t *store, sv_redis_client_t *redis, int64_t *changed, sv_error_t *error);

#endif
