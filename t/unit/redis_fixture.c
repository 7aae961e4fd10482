#include "t/unit/redis_fixture.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/codec.h"

bool
sv_redis_fixture_open(sv_redis_fixture_t *real)
{
    const char *address = getenv("SV_TEST_REDIS");
    const char *colon = address != NULL ? strrchr(address, ':') : NULL;
    uint8_t bytes[6];

    memset(real, 0, sizeof(*real));
    if (colon == NULL) {
        print_message("SKIPPED: SV_TEST_REDIS names no Redis server (host:port)\n");
        return false;
    }
    sv_scripts_init();
    real->arena = sv_arena_create();
    sv_error_init(&real->error, real->arena);
    sv_settings_defaults(&real->settings);
    real->settings.redis_host = sv_arena_strndup(real->arena, address, (size_t) (colon - address));
    real->settings.redis_port = strtol(colon + 1, NULL, 10);
    real->client = sv_redis_client_create(&real->settings);
    sv_random_bytes(bytes, sizeof(bytes));
    sv_hex_encode(bytes, sizeof(bytes), real->suffix);
    return true;
}

void
sv_redis_fixture_close(sv_redis_fixture_t *real)
{
    if (real->arena != NULL) {
        sv_redis_client_destroy(real->client);
        sv_arena_destroy(real->arena);
        real->arena = NULL;
    }
}

const char *
sv_redis_fixture_id(sv_redis_fixture_t *real, const char *name)
{
    return sv_arena_printf(real->arena, "%s-%s", name, real->suffix);
}

static void
release_reply(void *reply)
{
    freeReplyObject(reply);
}

const redisReply *
sv_redis_fixture_run(sv_redis_fixture_t *real, sv_redis_command_t *command)
{
    redisReply *reply;

    sv_error_clear(&real->error);
    if (sv_redis_client_run(real->client, command, &reply, &real->error) != SV_OK) {
        fail_msg("%s", real->error.cause);
    }
    sv_arena_on_destroy(real->arena, release_reply, reply);
    return reply;
}

const redisReply *
sv_redis_fixture_call(sv_redis_fixture_t *real, const char *name, ...)
{
    sv_redis_command_t command;
    const char *argument;
    va_list arguments;

    sv_redis_command(&command, real->arena, name);
    va_start(arguments, name);
    while ((argument = va_arg(arguments, const char *)) != NULL) {
        sv_redis_arg(&command, argument);
    }
    va_end(arguments);
    return sv_redis_fixture_run(real, &command);
}
