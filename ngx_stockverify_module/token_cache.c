#include "ngx_stockverify_module/token_cache.h"

#include <stdlib.h>

#include "ngx_stockverify_module/nginx.h"

typedef struct sv_cached_token_s sv_cached_token_t;

struct sv_cached_token_s {
    ngx_queue_t recency;     /* head: used last */
    sv_cached_token_t *next; /* of the bucket */
    uint32_t hash;
    size_t length;
    int64_t generation, issued_at_s, expires_at_s;
    size_t user_length, family_length; /* with NUL; 0: none */
    char bytes[];                      /* token, user id, family id */
};

struct sv_token_cache_s {
    ngx_queue_t recency;
    size_t count;
    sv_cached_token_t *buckets[SV_TOKEN_CACHE_MAX];
};

sv_token_cache_t *
sv_token_cache_create(void)
{
    sv_token_cache_t *cache = calloc(1, sizeof(*cache));

    if (cache != NULL) {
        ngx_queue_init(&cache->recency);
    }
    return cache;
}

/* Signatures end tokens, so the last bytes alone spread them evenly. */
static uint32_t
sv_token_hash(const char *token, size_t length)
{
    size_t tail = length < 32 ? length : 32;

    return ngx_murmur_hash2((u_char *) token + length - tail, tail) ^ (uint32_t) length;
}

static void
sv_token_cache_drop(sv_token_cache_t *cache, sv_cached_token_t *token)
{
    sv_cached_token_t **link = &cache->buckets[token->hash % SV_TOKEN_CACHE_MAX];

    while (*link != token) {
        link = &(*link)->next;
    }
    *link = token->next;
    ngx_queue_remove(&token->recency);
    cache->count--;
    free(token);
}

void
sv_token_cache_destroy(sv_token_cache_t *cache)
{
    if (cache == NULL) {
        return;
    }
    while (!ngx_queue_empty(&cache->recency)) {
        sv_token_cache_drop(cache, ngx_queue_data(ngx_queue_head(&cache->recency), sv_cached_token_t, recency));
    }
    free(cache);
}

static sv_cached_token_t *
sv_token_cache_lookup(sv_token_cache_t *cache, const char *token, size_t length, uint32_t hash)
{
    sv_cached_token_t *cached = cache->buckets[hash % SV_TOKEN_CACHE_MAX];

    while (cached != NULL &&
           (cached->hash != hash || cached->length != length || memcmp(cached->bytes, token, length) != 0)) {
        cached = cached->next;
    }
    return cached;
}

bool
sv_token_cache_find(sv_token_cache_t *cache, const char *token, size_t length, int64_t now_s, sv_arena_t *arena,
                    sv_token_claims_t *claims)
{
    sv_cached_token_t *cached = sv_token_cache_lookup(cache, token, length, sv_token_hash(token, length));
    char *texts;

    if (cached == NULL) {
        return false;
    }
    if (cached->expires_at_s <= now_s) {
        sv_token_cache_drop(cache, cached);
        return false;
    }
    ngx_queue_remove(&cached->recency);
    ngx_queue_insert_head(&cache->recency, &cached->recency);
    texts = sv_arena_alloc(arena, cached->user_length + cached->family_length);
    memcpy(texts, cached->bytes + length, cached->user_length + cached->family_length);
    *claims = (sv_token_claims_t){
        .user_id = texts,
        .generation = cached->generation,
        .family_id = cached->family_length == 0 ? NULL : texts + cached->user_length,
        .issued_at_s = cached->issued_at_s,
        .expires_at_s = cached->expires_at_s,
    };
    return true;
}

void
sv_token_cache_add(sv_token_cache_t *cache, const char *token, size_t length, const sv_token_claims_t *claims)
{
    size_t user_length = strlen(claims->user_id) + 1;
    size_t family_length = claims->family_id == NULL ? 0 : strlen(claims->family_id) + 1;
    sv_cached_token_t *cached;

    if (length > SV_TOKEN_CACHE_MAX_LENGTH) {
        return;
    }
    if (cache->count == SV_TOKEN_CACHE_MAX) {
        sv_token_cache_drop(cache, ngx_queue_data(ngx_queue_last(&cache->recency), sv_cached_token_t, recency));
    }
    cached = malloc(sizeof(*cached) + length + user_length + family_length);
    if (cached == NULL) {
        return; /* the token is verified again next time */
    }
    cached->hash = sv_token_hash(token, length);
    cached->length = length;
    cached->generation = claims->generation;
    cached->issued_at_s = claims->issued_at_s;
    cached->expires_at_s = claims->expires_at_s;
    cached->user_length = user_length;
    cached->family_length = family_length;
    memcpy(cached->bytes, token, length);
    memcpy(cached->bytes + length, claims->user_id, user_length);
    if (family_length > 0) {
        memcpy(cached->bytes + length + user_length, claims->family_id, family_length);
    }
    cached->next = cache->buckets[cached->hash % SV_TOKEN_CACHE_MAX];
    cache->buckets[cached->hash % SV_TOKEN_CACHE_MAX] = cached;
    ngx_queue_insert_head(&cache->recency, &cached->recency);
    cache->count++;
}
