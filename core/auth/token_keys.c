#include "core/auth/token_keys.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <string.h>

#include "core/auth/token_key_set.h"

enum { SV_RSA_MIN_BITS = 2048, SV_PEM_MIN_BYTES = 64 };

typedef struct {
    const char *name;
    jwt_alg_t algorithm;
    int key_type; /* EVP_PKEY_*; EVP_PKEY_NONE for shared secrets */
} sv_token_algorithm_t;

static const sv_token_algorithm_t sv_token_algorithms[] = {
    { "HS256", JWT_ALG_HS256, EVP_PKEY_NONE },
    { "RS256", JWT_ALG_RS256, EVP_PKEY_RSA },
    { "ES256", JWT_ALG_ES256, EVP_PKEY_EC },
};

static const sv_token_algorithm_t *
sv_token_algorithm_find(const char *name)
{
    for (size_t i = 0; i < sizeof(sv_token_algorithms) / sizeof(sv_token_algorithms[0]); i++) {
        if (strcmp(sv_token_algorithms[i].name, name) == 0) {
            return &sv_token_algorithms[i];
        }
    }
    return NULL;
}

/* No file of keys asks for a passphrase on a terminal nginx does not have. */
static int
sv_pem_no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void) buffer;
    (void) size;
    (void) writing;
    (void) context;
    return -1;
}

static EVP_PKEY *
sv_pem_read(const sv_key_t *pem, bool private_key)
{
    BIO *bio = BIO_new_mem_buf(pem->bytes, (int) pem->length);
    EVP_PKEY *key = NULL;

    if (bio != NULL) {
        key = private_key ? PEM_read_bio_PrivateKey(bio, NULL, sv_pem_no_passphrase, NULL)
                          : PEM_read_bio_PUBKEY(bio, NULL, sv_pem_no_passphrase, NULL);
        BIO_free(bio);
    }
    ERR_clear_error(); /* what stays queued would be blamed on a TLS connection */
    return key;
}

static bool
sv_pem_write_public(EVP_PKEY *key, sv_arena_t *arena, sv_key_t *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    long length;
    bool written = bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1;

    if (written) {
        length = BIO_get_mem_data(bio, &bytes);
        pem->bytes = (const uint8_t *) sv_arena_strndup(arena, bytes, (size_t) length);
        pem->length = (size_t) length;
    }
    BIO_free(bio);
    return written;
}

static bool
sv_curve_is_p256(EVP_PKEY *key)
{
    char name[64] = "";
    size_t length;

    return EVP_PKEY_get_group_name(key, name, sizeof(name), &length) == 1 &&
           (strcmp(name, SN_X9_62_prime256v1) == 0 || strcmp(name, "P-256") == 0);
}

static sv_status_t
sv_pem_check(const char *setting, const char *path, const sv_token_algorithm_t *algorithm, EVP_PKEY *key,
             sv_error_t *error)
{
    if (EVP_PKEY_get_base_id(key) != algorithm->key_type) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: %s is not a key for %s", setting, path, algorithm->name);
    }
    if (algorithm->key_type == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < SV_RSA_MIN_BITS) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: the RSA key in %s has %d bits, at least %d are needed",
                       setting, path, EVP_PKEY_get_bits(key), SV_RSA_MIN_BITS);
    }
    if (algorithm->key_type == EVP_PKEY_EC && !sv_curve_is_p256(key)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: the key in %s is not on the curve P-256", setting, path);
    }
    return SV_OK;
}

/* A PEM key: the public half for verifying, made from the private one where that is given. */
static sv_status_t
sv_token_pem_load(const char *setting, const char *path, const sv_token_algorithm_t *algorithm, bool signs,
                  const sv_key_t *file, sv_arena_t *arena, sv_key_t *verify, sv_error_t *error)
{
    EVP_PKEY *key = sv_pem_read(file, true);

    if (key == NULL && !signs) {
        key = sv_pem_read(file, false);
    }
    if (key == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: %s holds no PEM %s key without a passphrase", setting,
                       path, signs ? "private" : "private or public");
    }
    if (sv_pem_check(setting, path, algorithm, key, error) == SV_OK && !sv_pem_write_public(key, arena, verify)) {
        sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: the public key of %s cannot be written", setting, path);
    }
    EVP_PKEY_free(key);
    return error->status;
}

static sv_status_t
sv_token_key_load(const char *setting, const char *path, const sv_token_algorithm_t *algorithm, bool signs,
                  sv_arena_t *arena, sv_key_t *file, sv_key_t *verify, sv_error_t *error)
{
    bool secret = algorithm->key_type == EVP_PKEY_NONE;

    if (sv_key_file_read(setting, path, secret ? SV_KEY_MIN_BYTES : SV_PEM_MIN_BYTES, arena, file, error) != SV_OK) {
        return error->status;
    }
    if (!secret) {
        return sv_token_pem_load(setting, path, algorithm, signs, file, arena, verify, error);
    }
    /* A public key used as a shared secret lets everybody sign. */
    if (memmem(file->bytes, file->length, "-----BEGIN ", 11) != NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "%s: %s is a PEM file, HS256 needs random bytes", setting,
                       path);
    }
    *verify = *file;
    return SV_OK;
}

sv_token_keys_t *
sv_token_keys_create(const sv_settings_t *settings, sv_arena_t *arena, sv_error_t *error)
{
    const sv_token_algorithm_t *algorithm = sv_token_algorithm_find(settings->jwt_algorithm);
    sv_token_keys_t *keys = sv_arena_zalloc(arena, sizeof(*keys));
    sv_key_t previous;

    if (algorithm == NULL) {
        sv_fail(error, SV_ERR_VALIDATION_FAILED, "JWT_ALGORITHM: \"%s\" is not one of HS256, RS256, ES256",
                settings->jwt_algorithm);
        return NULL;
    }
    keys->algorithm = algorithm->algorithm;
    keys->algorithm_name = algorithm->name;
    keys->issuer = settings->jwt_issuer;
    keys->audience = settings->jwt_audience;
    if (sv_token_key_load("JWT_KEY_FILE", settings->jwt_key_file, algorithm, true, arena, &keys->sign,
                          &keys->keys[0].verify, error) != SV_OK) {
        return NULL;
    }
    keys->keys[0].id = settings->jwt_key_id;
    keys->key_count = 1;
    if (settings->jwt_previous_key_file[0] == '\0') {
        return keys;
    }
    if (sv_token_key_load("JWT_PREVIOUS_KEY_FILE", settings->jwt_previous_key_file, algorithm, false, arena, &previous,
                          &keys->keys[1].verify, error) != SV_OK) {
        return NULL;
    }
    if (settings->jwt_key_id[0] != '\0' && strcmp(settings->jwt_key_id, settings->jwt_previous_key_id) == 0) {
        sv_fail(error, SV_ERR_VALIDATION_FAILED, "JWT_PREVIOUS_KEY_ID: \"%s\" is the id of the current key too",
                settings->jwt_previous_key_id);
        return NULL;
    }
    keys->keys[1].id = settings->jwt_previous_key_id;
    keys->key_count = 2;
    return keys;
}
