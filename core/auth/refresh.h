#ifndef SV_REFRESH_H
#define SV_REFRESH_H

#include "core/auth/account.h"
#include "core/auth/auth_keys.h"
#include "core/auth/refresh_use.h"

/*
 * Refresh tokens: 256 random bits as base64url, of which MongoDB keeps SHA-256 only (docs/data-model.md,
 * refresh_tokens).  Each is used once; the next one is HMAC-SHA-256(refresh key, presented token), so any host can
 * repeat it for a client that never saw the answer while nobody can read it from the database.
 *
 * A token's state is `current` (the family's live one), `used` (a successor exists) or `revoked`.  MongoDB's clock
 * decides expiry and grace.  A used token is kept until its family's end, because its reappearance beside a successor
 * that is in use means somebody copied it.
 */
#define SV_REFRESH_CURRENT "current"
#define SV_REFRESH_USED    "used"
#define SV_REFRESH_REVOKED "revoked"

enum { SV_REFRESH_TOKEN_LENGTH = 43 };

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

/* The one token that follows a token. */
const char *sv_refresh_successor(const sv_auth_keys_t *keys, const char *token, sv_arena_t *arena);

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
