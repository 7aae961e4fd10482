#ifndef SV_AUTH_KEYS_H
#define SV_AUTH_KEYS_H

#include "core/auth/token.h"
#include "core/base/codec.h"

/* Everything that signs or verifies: read once, when the configuration is, then shared by all threads. */
typedef struct {
    const sv_token_keys_t *tokens;
    /* All derived from SECRET_KEY_FILE, one for each purpose, so that no use can stand in for another. */
    uint8_t refresh_key[SV_SHA256_SIZE];
    uint8_t pin_key[SV_SHA256_SIZE];
    uint8_t link_key[SV_SHA256_SIZE]; /* core/jobs/link.h */
} sv_auth_keys_t;

/* NULL and SV_ERR_VALIDATION_FAILED, with a sentence naming the setting, for a missing or unfit key file. */
const sv_auth_keys_t *sv_auth_keys_create(const sv_settings_t *settings, sv_arena_t *arena, sv_error_t *error);

#endif
