#ifndef SV_REDIS_FIXTURE_H
#define SV_REDIS_FIXTURE_H

#include "core/redis/client.h"

/* The Redis named by SV_TEST_REDIS (host:port): settings and client of a test.  Keys are kept apart by a
 * suffix, because tests share the server and may run at once. */
typedef struct {
    sv_arena_t *arena;
    sv_settings_t settings;
    sv_redis_client_t *client;
    sv_error_t error;
    char suffix[13];
} sv_redis_fixture_t;

/* False, having said so, when SV_TEST_REDIS is not set. */
bool sv_redis_fixture_open(sv_redis_fixture_t *real);
void sv_redis_fixture_close(sv_redis_fixture_t *real);

/* "name" with the suffix: an id that no other test has. */
const char *sv_redis_fixture_id(sv_redis_fixture_t *real, const char *name);

/* Runs the command; its reply lives in the arena.  A failure ends the test. */
const redisReply *sv_redis_fixture_run(sv_redis_fixture_t *real, sv_redis_command_t *command);
/* A plain command given in words: sv_redis_fixture_call(r, "HGET", key, "user", NULL). */
const redisReply *sv_redis_fixture_call(sv_redis_fixture_t *real, const char *name, ...) __attribute__((sentinel));

#endif
