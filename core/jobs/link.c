#include "core/jobs/link.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/auth/key_file.h"

enum { SV_LINK_SIGNATURE_LENGTH = 43, SV_LINK_SIGNATURE_SIZE = 46, SV_LINK_EXPIRES_MAX = 12 };

/* Over the text of the time as it stands in the address, so that there is one way to write each. */
static void
sv_link_sign(const uint8_t key[SV_SHA256_SIZE], const char *job_id, const char *expires, sv_arena_t *arena,
             char signature[SV_LINK_SIGNATURE_SIZE])
{
    const char *text = sv_arena_printf(arena, "result\n%s\n%s", job_id, expires);
    uint8_t digest[SV_SHA256_SIZE];

    sv_hmac_sha256(key, SV_SHA256_SIZE, text, strlen(text), digest);
    sv_base64url_encode(digest, sizeof(digest), signature);
}

const char *
sv_link_make(const uint8_t key[SV_SHA256_SIZE], const char *job_id, int64_t expires_s, sv_arena_t *arena)
{
    const char *expires = sv_arena_printf(arena, "%" PRId64, expires_s);
    char signature[SV_LINK_SIGNATURE_SIZE];

    sv_link_sign(key, job_id, expires, arena, signature);
    return sv_arena_printf(arena, "/api/jobs/%s/result?expires=%s&signature=%s", job_id, expires, signature);
}

sv_status_t
sv_link_check(const uint8_t key[SV_SHA256_SIZE], const char *job_id, const char *expires, const char *signature,
              int64_t now_s, sv_error_t *error)
{
    char wanted[SV_LINK_SIGNATURE_SIZE];

    if (expires == NULL || signature == NULL || strlen(signature) != SV_LINK_SIGNATURE_LENGTH ||
        strlen(expires) > SV_LINK_EXPIRES_MAX) {
        return sv_fail(error, SV_ERR_TOKEN_INVALID, "The link is invalid");
    }
    sv_link_sign(key, job_id, expires, error->arena, wanted);
    if (!sv_equal_constant_time(wanted, signature, SV_LINK_SIGNATURE_LENGTH)) {
        return sv_fail(error, SV_ERR_TOKEN_INVALID, "The link is invalid");
    }
    if (strtoll(expires, NULL, 10) <= now_s) {
        return sv_fail(error, SV_ERR_TOKEN_EXPIRED, "The link has expired");
    }
    return SV_OK;
}

void
sv_link_key_derive(const void *secret, size_t length, uint8_t key[SV_SHA256_SIZE])
{
    static const char purpose[] = "stockverify link";

    sv_hmac_sha256(secret, length, purpose, sizeof(purpose) - 1, key);
}

sv_status_t
sv_link_key_read(const sv_settings_t *settings, uint8_t key[SV_SHA256_SIZE], sv_error_t *error)
{
    sv_key_t secret;

    if (sv_key_file_read("SECRET_KEY_FILE", settings->secret_key_file, SV_KEY_MIN_BYTES, error->arena, &secret,
                         error) == SV_OK) {
        sv_link_key_derive(secret.bytes, secret.length, key);
    }
    return error->status;
}
