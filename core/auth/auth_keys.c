#include "core/auth/auth_keys.h"

#include <string.h>

#include "core/auth/key_file.h"
#include "core/jobs/link.h"

static void
sv_key_derive(const sv_key_t *secret, const char *purpose, uint8_t key[SV_SHA256_SIZE])
{
    sv_hmac_sha256(secret->bytes, secret->length, purpose, strlen(purpose), key);
}

const sv_auth_keys_t *
sv_auth_keys_create(const sv_settings_t *settings, sv_arena_t *arena, sv_error_t *error)
{
    sv_auth_keys_t *keys = sv_arena_zalloc(arena, sizeof(*keys));
    sv_key_t secret;

    keys->tokens = sv_token_keys_create(settings, arena, error);
    if (keys->tokens == NULL || sv_key_file_read("SECRET_KEY_FILE", settings->secret_key_file, SV_KEY_MIN_BYTES, arena,
                                                 &secret, error) != SV_OK) {
        return NULL;
    }
    sv_key_derive(&secret, "stockverify refresh", keys->refresh_key);
    sv_key_derive(&secret, "stockverify pin", keys->pin_key);
    sv_link_key_derive(secret.bytes, secret.length, keys->link_key);
    return keys;
}
