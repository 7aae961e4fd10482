#ifndef SV_TOKEN_KEY_SET_H
#define SV_TOKEN_KEY_SET_H

#include <jwt.h>

#include "core/auth/key_file.h"

/* The inside of sv_token_keys_t, for token.c and token_keys.c alone. */
enum { SV_TOKEN_MAX_KEYS = 2 };

typedef struct {
    const char *id;  /* kid; "" when the key has none */
    sv_key_t verify; /* HS256: the secret; else the public key as PEM */
} sv_token_key_t;

struct sv_token_keys_s {
    jwt_alg_t algorithm;
    const char *algorithm_name;
    const char *issuer;   /* "" when not required */
    const char *audience; /* "" when not required */
    sv_key_t sign;        /* HS256: the secret; else the private key as PEM */
    sv_token_key_t keys[SV_TOKEN_MAX_KEYS];
    size_t key_count;
};

#endif
