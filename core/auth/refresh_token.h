#ifndef SV_REFRESH_TOKEN_H
#define SV_REFRESH_TOKEN_H

#include "core/auth/auth_keys.h"
#include "core/base/arena.h"
#include "core/base/codec.h"

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

/* A new token, of nobody's yet. */
const char *sv_refresh_encode(const uint8_t secret[SV_SHA256_SIZE], sv_arena_t *arena);

/* The one token that follows a token. */
const char *sv_refresh_successor(const sv_auth_keys_t *keys, const char *token, sv_arena_t *arena);

/* What MongoDB keeps of a token. */
void sv_refresh_hash(const char *token, char hash[SV_SHA256_HEX_SIZE]);

#endif
