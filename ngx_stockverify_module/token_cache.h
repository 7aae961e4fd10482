#ifndef SV_TOKEN_CACHE_H
#define SV_TOKEN_CACHE_H

#include "core/auth/token.h"

/*
 * Tokens that this process verified already, until they expire: the least recently used go first.
 * Found by all bytes of the token, so only what was verified is ever accepted.  At most 16,384 tokens;
 * one of 400 bytes takes 750 bytes, so 12 MB when full.  On the event loop only.
 */
enum { SV_TOKEN_CACHE_MAX = 16384, SV_TOKEN_CACHE_MAX_LENGTH = 2048 };

typedef struct sv_token_cache_s  sv_token_cache_t;

sv_token_cache_t *sv_token_cache_create(void);               /* NULL when out of memory */
void              sv_token_cache_destroy(sv_token_cache_t *cache);

/* The claims of a token verified before and still good at now_s, copied into the arena; but use_id, of which the first
 * use has told. */
bool sv_token_cache_find(sv_token_cache_t *cache, const char *token, size_t length, int64_t now_s, sv_arena_t *arena,
                         sv_token_claims_t *claims);
void sv_token_cache_add(sv_token_cache_t *cache, const char *token, size_t length, const sv_token_claims_t *claims);

#endif
