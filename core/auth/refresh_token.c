#include "core/auth/refresh_token.h"

#include <string.h>

const char *
sv_refresh_encode(const uint8_t secret[SV_SHA256_SIZE], sv_arena_t *arena)
{
    char *token = sv_arena_alloc(arena, SV_REFRESH_TOKEN_LENGTH + 1);

    sv_base64url_encode(secret, SV_SHA256_SIZE, token);
    return token;
}

const char *
sv_refresh_successor(const sv_auth_keys_t *keys, const char *token, sv_arena_t *arena)
{
    uint8_t secret[SV_SHA256_SIZE];

    sv_hmac_sha256(keys->refresh_key, sizeof(keys->refresh_key), token, strlen(token), secret);
    return sv_refresh_encode(secret, arena);
}

void
sv_refresh_hash(const char *token, char hash[SV_SHA256_HEX_SIZE])
{
    sv_sha256_hex(token, strlen(token), hash);
}
