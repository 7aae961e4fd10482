#include "t/unit/real_redis.h"

#include <stdarg.h>
#include <fcntl.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Of the 16 that a Redis has: 0 is for tests that share one. */
enum { SV_REAL_REDIS_FIRST = 1, SV_REAL_REDIS_LAST = 15 };

/* A database number that no other test program uses meanwhile: a lock file each, held until this program ends. */
static int
sv_real_redis_database(const char *port)
{
    static int database;
    char path[128];

    for (int number = SV_REAL_REDIS_FIRST; database == 0 && number <= SV_REAL_REDIS_LAST; number++) {
        snprintf(path, sizeof(path), "/tmp/stockverify-test-redis-%s-%d.lock", port, number);
        int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) {
            database = number;
        } else if (file >= 0) {
            close(file);
        }
    }
    if (database == 0) {
        fail_msg("every database of the Redis server at port %s is in use by another test", port);
    }
    return database;
}

bool
sv_real_redis_named(void)
{
    const char *address = getenv("SV_TEST_REDIS");

    if (address == NULL || strchr(address, ':') == NULL) {
        print_message("SKIPPED: SV_TEST_REDIS names no Redis server (host:port)\n");
        return false;
    }
    return true;
}

sv_redis_client_t *
sv_real_redis_open(sv_settings_t *settings, sv_arena_t *arena)
{
    const char *address = getenv("SV_TEST_REDIS");
    const char *colon = strrchr(address, ':');
    sv_redis_client_t *redis;

    sv_scripts_init();
    settings->redis_host = sv_arena_strndup(arena, address, (size_t) (colon - address));
    settings->redis_port = atoi(colon + 1);
    settings->redis_db = sv_real_redis_database(colon + 1);
    redis = sv_redis_client_create(settings);
    sv_real_redis(redis, "FLUSHDB");
    return redis;
}

long long
sv_real_redis(sv_redis_client_t *redis, const char *format, ...)
{
    sv_arena_t *arena = sv_arena_create();
    sv_redis_command_t command;
    redisReply *reply = NULL;
    sv_error_t error;
    va_list args;
    long long value;
    char *text, *word, *rest;

    va_start(args, format);
    text = sv_arena_vprintf(arena, format, args);
    va_end(args);
    sv_error_init(&error, arena);
    sv_redis_command(&command, arena, strtok_r(text, " ", &rest));
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        sv_redis_arg(&command, word);
    }
    if (sv_redis_client_run(redis, &command, &reply, &error) != SV_OK) {
        fail_msg("Redis: %s", error.cause);
    }
    value = reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
    freeReplyObject(reply);
    sv_arena_destroy(arena);
    return value;
}
