#ifndef SV_REAL_REDIS_H
#define SV_REAL_REDIS_H

#include "core/redis/client.h"

/* A client of the server named by SV_TEST_REDIS (host:port), on a database number of its own, emptied.  False, having
 * said so, when it is not set. */
bool sv_real_redis_named(void);
sv_redis_client_t *sv_real_redis_open(sv_settings_t *settings, sv_arena_t *arena);

/* Runs "NAME arg arg ..." (split at blanks) and returns an integer reply, -1 for any other; fails the test on an error.
 */
long long sv_real_redis(sv_redis_client_t *redis, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
