#ifndef SV_TOTALS_ANNOUNCE_H
#define SV_TOTALS_ANNOUNCE_H

#include "core/redis/client.h"
#include "core/totals/totals.h"

/* Tells listeners of the recounts that a round asked for.  Hints: one that cannot be told changes nothing.  `redis` may
 * be NULL. */
void sv_totals_announce(sv_redis_client_t *redis, const sv_totals_t *done, sv_arena_t *arena);

#endif
