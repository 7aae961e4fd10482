#include "core/auth/refresh_use.h"

#include <string.h>

#include "core/auth/refresh_token.h"

static const char sv_use_prefix[] = "refresh:used:";

void
sv_refresh_use_id(const char *token_hash, char id[SV_REFRESH_USE_ID_SIZE])
{
    memcpy(id, token_hash, SV_REFRESH_USE_ID_SIZE - 1);
    id[SV_REFRESH_USE_ID_SIZE - 1] = '\0';
}

static void
sv_refresh_use_key(sv_redis_command_t *command, const char *token)
{
    char hash[SV_SHA256_HEX_SIZE], id[SV_REFRESH_USE_ID_SIZE];

    sv_sha256_hex(token, strlen(token), hash);
    sv_refresh_use_id(hash, id);
    sv_redis_arg_key(command, sv_use_prefix, id);
}

void
sv_refresh_use_mark_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                            const char *use_id)
{
    sv_redis_command(command, arena, "SET");
    sv_redis_arg_key(command, sv_use_prefix, use_id);
    sv_redis_arg(command, "1");
    sv_redis_arg(command, "EX");
    sv_redis_arg_int(command, settings->refresh_token_idle_ttl);
}

void
sv_refresh_use_ask_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_auth_keys_t *keys,
                           const char *presented)
{
    sv_redis_command(command, arena, "EXISTS");
    sv_refresh_use_key(command, sv_refresh_successor(keys, presented, arena));
}

sv_refresh_use_t
sv_refresh_use_read(const redisReply *reply)
{
    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        return SV_REFRESH_USE_UNKNOWN;
    }
    return reply->integer > 0 ? SV_REFRESH_IN_USE : SV_REFRESH_UNUSED;
}

void
sv_refresh_use_forget_command(sv_redis_command_t *command, sv_arena_t *arena, const char *presented)
{
    sv_redis_command(command, arena, "DEL");
    sv_refresh_use_key(command, presented);
}
