#ifndef SV_TOKEN_H
#define SV_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "core/auth/token_keys.h"
#include "core/base/error.h"

/* Access tokens: JWT of the one algorithm the settings name (core/auth/token_keys.h). */
typedef struct {
    const char *user_id;   /* sub */
    int64_t generation;    /* gen: the account's when the token was made */
    const char *family_id; /* fam: the login; NULL in tokens of others */
    const char *use_id;    /* rti: what its use tells of (core/auth/refresh_use.h); NULL: of nothing */
    int64_t issued_at_s;   /* iat; 0 when absent */
    int64_t expires_at_s;  /* exp */
} sv_token_claims_t;

enum { SV_TOKEN_MAX_LENGTH = 8192 };

/* A signed token with these claims, in the arena; NULL when signing failed. */
const char *sv_token_sign(const sv_token_keys_t *keys, const sv_token_claims_t *claims, sv_arena_t *arena);

/* Verifies signature, algorithm, type, issuer, audience and times against now_s (epoch seconds).  `token` need
 * not be NUL-terminated; the claims live in the arena.  SV_ERR_TOKEN_EXPIRED for a good token past its exp,
 * SV_ERR_TOKEN_INVALID for anything else that is wrong. */
sv_status_t sv_token_verify(const sv_token_keys_t *keys, const char *token, size_t length, int64_t now_s,
                            sv_arena_t *arena, sv_token_claims_t *claims, sv_error_t *error);

#endif
