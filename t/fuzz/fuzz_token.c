/* Any bytes as a token, and any header and payload under a good signature: never a crash, and what passes has a user, a
 * generation and an end that is still to come. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/token.h"
#include "core/base/codec.h"

enum { NOW_S = 1800000000 };

static const char secret[] = "0123456789abcdef0123456789abcdef";
static sv_arena_t *keys_arena; /* lives as long as the process */
static const sv_token_keys_t *keys;

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

static const sv_token_keys_t *
make_keys(void)
{
    char path[] = "/tmp/stockverify-fuzz-key-XXXXXX";
    int fd = mkstemp(path);
    sv_settings_t settings;
    sv_error_t error;
    const sv_token_keys_t *made;

    keys_arena = sv_arena_create();
    require(fd >= 0 && write(fd, secret, sizeof(secret) - 1) == sizeof(secret) - 1 && close(fd) == 0);
    sv_settings_defaults(&settings);
    settings.jwt_key_file = path;
    sv_error_init(&error, keys_arena);
    made = sv_token_keys_create(&settings, keys_arena, &error);
    unlink(path);
    require(made != NULL);
    return made;
}

static void
verify(const char *token, size_t length, sv_arena_t *arena)
{
    sv_token_claims_t claims;
    sv_error_t error;
    sv_status_t status;

    sv_error_init(&error, arena);
    status = sv_token_verify(keys, token, length, NOW_S, arena, &claims, &error);
    require(status == SV_OK || status == SV_ERR_TOKEN_INVALID || status == SV_ERR_TOKEN_EXPIRED);
    if (status == SV_OK) {
        require(claims.user_id != NULL && claims.user_id[0] != '\0');
        require(claims.generation >= 0 && claims.expires_at_s > NOW_S);
    }
}

/* The data up to its first newline is the header, the rest the payload. */
static void
verify_signed(const uint8_t *data, size_t size, sv_arena_t *arena)
{
    const uint8_t *newline = memchr(data, '\n', size);
    size_t header = newline == NULL ? size : (size_t) (newline - data);
    size_t payload = newline == NULL ? 0 : size - header - 1;
    char *token = sv_arena_alloc(arena, size * 2 + 128);
    uint8_t digest[SV_SHA256_SIZE];
    size_t length = sv_base64url_encode(data, header, token);

    token[length++] = '.';
    length += sv_base64url_encode(newline == NULL ? data : newline + 1, payload, token + length);
    sv_hmac_sha256(secret, sizeof(secret) - 1, token, length, digest);
    token[length++] = '.';
    length += sv_base64url_encode(digest, sizeof(digest), token + length);
    verify(token, length, arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_arena_t *arena;

    if (keys == NULL) {
        keys = make_keys();
    }
    arena = sv_arena_create();
    verify((const char *) data, size, arena);
    if (size > 0) {
        verify_signed(data, size, arena);
    }
    sv_arena_destroy(arena);
    return 0;
}
