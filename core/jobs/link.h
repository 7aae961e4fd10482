#ifndef SV_LINK_H
#define SV_LINK_H

#include "core/base/codec.h"
#include "core/base/error.h"
#include "core/settings/settings.h"

/*
 * Signed addresses of results: whoever has one may download that file until it expires, without a login (a browser
 * sends none with a link, a mail's reader may have none).  Whether the one it was made for may have the file was
 * decided when it was made.
 */

/* The path with its query: "/api/jobs/{job_id}/result?expires=...&signature=...".  In the arena. */
const char *sv_link_make(const uint8_t key[SV_SHA256_SIZE], const char *job_id, int64_t expires_s, sv_arena_t *arena);

/* SV_ERR_TOKEN_INVALID for any but what sv_link_make() gave, SV_ERR_TOKEN_EXPIRED.  `expires` and `signature` are as
 * they came in, NULL when they did not. */
sv_status_t sv_link_check(const uint8_t key[SV_SHA256_SIZE], const char *job_id, const char *expires,
                          const char *signature, int64_t now_s, sv_error_t *error);

/* From the key in SECRET_KEY_FILE; core/auth/auth_keys.h has it too. */
void sv_link_key_derive(const void *secret, size_t length, uint8_t key[SV_SHA256_SIZE]);
/* For a program without the other keys (the worker).  SV_ERR_VALIDATION_FAILED, naming the setting. */
sv_status_t sv_link_key_read(const sv_settings_t *settings, uint8_t key[SV_SHA256_SIZE], sv_error_t *error);

#endif
