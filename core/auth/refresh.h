#ifndef SV_REFRESH_H
#define SV_REFRESH_H

#include "core/auth/account.h"
#include "core/auth/auth_keys.h"
#include "core/auth/refresh_token.h"
#include "core/auth/refresh_use.h"

/* Begins and rotates refresh tokens (core/auth/refresh_token.h). */
typedef struct {
    const char *family_id;
    const char *user_id;
    const char *token; /* for the client; in the arena */
    const char
        *use_id; /* of the token, for the access token beside it (core/auth/refresh_use.h); NULL: a login's first */
} sv_refresh_grant_t;

/* Begins a family for a login made at login_ms (MongoDB's clock); in the transaction when there is one. */
sv_status_t sv_refresh_begin(sv_store_t *store, const char *user_id, int64_t login_ms, sv_arena_t *arena,
                             sv_refresh_grant_t *grant, sv_error_t *error);

/*
 * Spends a presented token and grants its successor, with its owner's account.  The immediate predecessor of the live
 * token gets the same successor again while that is not in use (`use`, asked before), and for REFRESH_REUSE_GRACE
 * whatever its use: two tabs of one browser refresh at once.  Any other used one ends the family.
 * Errors: SV_ERR_TOKEN_INVALID (never issued, or forgotten), SV_ERR_TOKEN_REVOKED (family ended, or dead of age),
 * SV_ERR_TOKEN_REUSED (grant->family_id and user_id name the family that was ended), SV_ERR_ACCOUNT_DISABLED,
 * SV_ERR_UNAVAILABLE (a predecessor came and nobody can say whether the live token is in use: nothing is decided).
 */
sv_status_t sv_refresh_rotate(sv_store_t *store, const sv_auth_keys_t *keys, const char *token, sv_refresh_use_t use,
                              sv_arena_t *arena, sv_refresh_grant_t *grant, sv_account_t *account, sv_error_t *error);

#endif
