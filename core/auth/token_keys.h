#ifndef SV_TOKEN_KEYS_H
#define SV_TOKEN_KEYS_H

#include "core/base/error.h"
#include "core/settings/settings.h"

/*
 * What access tokens are signed and verified with: one algorithm, which the settings name, one key that signs and up to
 * two that verify (the key before the last rotation still does).  Keys are read once, when the configuration is.
 */
typedef struct sv_token_keys_s sv_token_keys_t;

/* Reads and checks the key files; the result lives in the arena, is never changed, and may be used by any
 * number of threads.  NULL and SV_ERR_VALIDATION_FAILED, with a sentence naming the setting, for a missing or short
 * key, a PEM text as HS256 key, an RSA key under 2048 bits, a curve other than P-256, and two keys under one kid. */
sv_token_keys_t *sv_token_keys_create(const sv_settings_t *settings, sv_arena_t *arena, sv_error_t *error);

#endif
