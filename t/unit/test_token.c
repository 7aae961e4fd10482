#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/auth/token.h"
#include "core/base/buffer.h"
#include "core/base/codec.h"

enum { NOW_S = 1800000000 };

static const char secret[] = "0123456789abcdef0123456789abcdef";
static const char other_secret[] = "fedcba9876543210fedcba9876543210";
static const char good_payload[] =
    "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"fam\":\"f1\",\"iat\":1799999990,\"exp\":1800000100}";

static sv_arena_t *arena;
static sv_error_t error;
static EVP_PKEY *rsa; /* made once: under valgrind that takes long */
static char folder[] = "/tmp/stockverify-token-XXXXXX";

static int
open_arena(void **state)
{
    (void) state;
    arena = sv_arena_create();
    sv_error_init(&error, arena);
    return 0;
}

static int
close_arena(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

static const char *
key_file(const char *name, const char *bytes, size_t length)
{
    const char *path = sv_arena_printf(arena, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
    return path;
}

/* A private key as PEM; `public_half` gives the other half instead. */
static const char *
pem_of(EVP_PKEY *key, bool public_half)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    long length;
    const char *pem;

    assert_int_equal(public_half ? PEM_write_bio_PUBKEY(bio, key)
                                 : PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL),
                     1);
    length = BIO_get_mem_data(bio, &bytes);
    pem = sv_arena_strndup(arena, bytes, (size_t) length);
    BIO_free(bio);
    return pem;
}

static sv_settings_t
settings_with(const char *algorithm, const char *key)
{
    sv_settings_t settings;

    sv_settings_defaults(&settings);
    settings.jwt_algorithm = algorithm;
    settings.jwt_key_file = key_file("key", key, strlen(key));
    return settings;
}

static const sv_token_keys_t *
hs256_keys(void)
{
    sv_settings_t settings = settings_with("HS256", secret);
    const sv_token_keys_t *keys = sv_token_keys_create(&settings, arena, &error);

    assert_non_null(keys);
    return keys;
}

static const char *
base64url(const void *bytes, size_t length)
{
    char *text = sv_arena_alloc(arena, length * 2 + 4);

    sv_base64url_encode(bytes, length, text);
    return text;
}

/* A token of any header and payload with a good HS256 signature of the key. */
static const char *
forge(const char *header, const char *payload, const char *key, size_t key_length)
{
    const char *signed_part =
        sv_arena_printf(arena, "%s.%s", base64url(header, strlen(header)), base64url(payload, strlen(payload)));
    uint8_t digest[SV_SHA256_SIZE];

    sv_hmac_sha256(key, key_length, signed_part, strlen(signed_part), digest);
    return sv_arena_printf(arena, "%s.%s", signed_part, base64url(digest, sizeof(digest)));
}

static const char *
with_payload(const char *payload)
{
    return forge("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", payload, secret, strlen(secret));
}

static sv_status_t
verify(const sv_token_keys_t *keys, const char *token)
{
    sv_token_claims_t claims;

    sv_error_clear(&error);
    return sv_token_verify(keys, token, strlen(token), NOW_S, arena, &claims, &error);
}

static const sv_token_claims_t sample = {
    .user_id = "u1", .generation = 3, .family_id = "f1", .use_id = "0123456789abcdef", .issued_at_s = NOW_S, .expires_at_s = NOW_S + 900
};

static void
comes_back_with(const sv_settings_t *settings)
{
    const sv_token_keys_t *keys = sv_token_keys_create(settings, arena, &error);
    const char *token;
    sv_token_claims_t claims;

    assert_non_null(keys);
    token = sv_token_sign(keys, &sample, arena);
    assert_non_null(token);
    assert_int_equal(sv_token_verify(keys, token, strlen(token), NOW_S, arena, &claims, &error), SV_OK);
    assert_string_equal(claims.user_id, "u1");
    assert_string_equal(claims.family_id, "f1");
    assert_string_equal(claims.use_id, "0123456789abcdef");
    assert_int_equal(claims.generation, 3);
    assert_int_equal(claims.issued_at_s, NOW_S);
    assert_int_equal(claims.expires_at_s, NOW_S + 900);
}

static void
what_is_signed_comes_back_verified(void **state)
{
    sv_settings_t settings = settings_with("HS256", secret);

    (void) state;
    comes_back_with(&settings);
    settings.jwt_issuer = "stock";
    settings.jwt_audience = "floor";
    settings.jwt_key_id = "k1";
    comes_back_with(&settings);
}

static void
rsa_and_ec_keys_sign_and_verify(void **state)
{
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    sv_settings_t settings = settings_with("RS256", pem_of(rsa, false));

    (void) state;
    comes_back_with(&settings);
    settings = settings_with("ES256", pem_of(ec, false));
    comes_back_with(&settings);
    EVP_PKEY_free(ec);
}

static void
claims_of_the_wrong_kind_are_refused(void **state)
{
    static const char *const payloads[] = {
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3}",                        /* no exp */
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":\"1800000100\"}", /* exp as text */
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":1800000100.5}",   /* exp as fraction */
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":null}",
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":true}",
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":99999999999999999999}", /* past 64 bits */
        "{\"sub\":\"u1\",\"type\":\"access\",\"exp\":1800000100}",                     /* no gen */
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":-1,\"exp\":1800000100}",
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":\"3\",\"exp\":1800000100}",
        "{\"type\":\"access\",\"gen\":3,\"exp\":1800000100}", /* no sub */
        "{\"sub\":7,\"type\":\"access\",\"gen\":3,\"exp\":1800000100}",
        "{\"sub\":\"\",\"type\":\"access\",\"gen\":3,\"exp\":1800000100}",
        "{\"sub\":\"u1\",\"type\":\"refresh\",\"gen\":3,\"exp\":1800000100}",
        "{\"sub\":\"u1\",\"gen\":3,\"exp\":1800000100}", /* no type */
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":1800000100,\"fam\":5}",
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":1800000100,\"iat\":\"x\"}",
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":1800000100,\"nbf\":1800000001}",
        "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":1800000100,\"nbf\":\"0\"}",
        "{\"sub\":\"u1\",\"sub\":\"u2\",\"type\":\"access\",\"gen\":3,\"exp\":1800000100}",
        "[1]",
        "7",
        "{",
    };
    const sv_token_keys_t *keys = hs256_keys();

    (void) state;
    assert_int_equal(verify(keys, with_payload(good_payload)), SV_OK);
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        assert_int_equal(verify(keys, with_payload(payloads[i])), SV_ERR_TOKEN_INVALID);
    }
}

static void
a_token_past_its_time_is_expired_and_only_a_good_one(void **state)
{
    const sv_token_keys_t *keys = hs256_keys();
    const char *last = "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":1800000001}";
    const char *expired = "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":1800000000}";

    (void) state;
    assert_int_equal(verify(keys, with_payload(last)), SV_OK);
    assert_int_equal(verify(keys, with_payload(expired)), SV_ERR_TOKEN_EXPIRED);
    assert_int_equal(verify(keys, forge("{\"alg\":\"HS256\"}", expired, other_secret, strlen(other_secret))),
                     SV_ERR_TOKEN_INVALID);
}

static void
algorithms_other_than_the_configured_one_are_refused(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"HS512\"}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":256}",
        "{}",
        "{\"alg\":null}",
        "{\"alg\":\"HS256\",\"alg\":\"none\"}",
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"kid\":7}",
        "{\"alg\":\"HS256\",\"kid\":\"nobody\"}",
        "[]",
    };
    const sv_token_keys_t *keys = hs256_keys();
    const char *unsigned_token = sv_arena_printf(arena, "%s.%s.", base64url("{\"alg\":\"none\"}", 14),
                                                 base64url(good_payload, strlen(good_payload)));

    (void) state;
    assert_int_equal(verify(keys, unsigned_token), SV_ERR_TOKEN_INVALID);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        assert_int_equal(verify(keys, forge(headers[i], good_payload, secret, strlen(secret))), SV_ERR_TOKEN_INVALID);
    }
}

/* The classic confusion: everybody knows the public key, so it must not work as a shared secret. */
static void
a_public_key_signs_nothing(void **state)
{
    const char *public_pem = pem_of(rsa, true);
    sv_settings_t settings = settings_with("RS256", pem_of(rsa, false));
    const sv_token_keys_t *keys = sv_token_keys_create(&settings, arena, &error);
    static const char *const headers[] = { "{\"alg\":\"HS256\"}", "{\"alg\":\"RS256\"}" };

    (void) state;
    assert_non_null(keys);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(verify(keys, forge(headers[i], good_payload, public_pem, strlen(public_pem))),
                         SV_ERR_TOKEN_INVALID);
    }
    settings = settings_with("HS256", public_pem);
    assert_null(sv_token_keys_create(&settings, arena, &error));
}

static void
issuer_and_audience_are_required_when_configured(void **state)
{
    sv_settings_t settings = settings_with("HS256", secret);
    const sv_token_keys_t *keys;
    const char *good = "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":0,\"exp\":1800000100,\"iss\":\"stock\","
                       "\"aud\":[\"other\",\"floor\"]}";
    const char *wrong_issuer = "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":0,\"exp\":1800000100,\"iss\":\"x\","
                               "\"aud\":\"floor\"}";
    const char *wrong_audience = "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":0,\"exp\":1800000100,\"iss\":\"stock\","
                                 "\"aud\":[\"other\"]}";

    (void) state;
    settings.jwt_issuer = "stock";
    settings.jwt_audience = "floor";
    keys = sv_token_keys_create(&settings, arena, &error);
    assert_int_equal(verify(keys, with_payload(good)), SV_OK);
    assert_int_equal(verify(keys, with_payload(wrong_issuer)), SV_ERR_TOKEN_INVALID);
    assert_int_equal(verify(keys, with_payload(wrong_audience)), SV_ERR_TOKEN_INVALID);
    assert_int_equal(verify(keys, with_payload(good_payload)), SV_ERR_TOKEN_INVALID);
}

static void
a_rotated_key_still_verifies_under_its_own_id(void **state)
{
    sv_settings_t settings = settings_with("HS256", secret);
    const sv_token_keys_t *before, *after;
    const char *old_token;

    (void) state;
    settings.jwt_key_id = "k1";
    before = sv_token_keys_create(&settings, arena, &error);
    old_token = sv_token_sign(before, &sample, arena);
    settings.jwt_previous_key_file = key_file("previous", secret, strlen(secret));
    settings.jwt_previous_key_id = "k1";
    settings.jwt_key_file = key_file("key2", other_secret, strlen(other_secret));
    settings.jwt_key_id = "k2";
    after = sv_token_keys_create(&settings, arena, &error);
    assert_int_equal(verify(after, old_token), SV_OK);
    assert_int_equal(verify(after, sv_token_sign(after, &sample, arena)), SV_OK);
    assert_int_equal(verify(before, sv_token_sign(after, &sample, arena)), SV_ERR_TOKEN_INVALID);
    /* The old key under the new key's id. */
    assert_int_equal(verify(after, forge("{\"alg\":\"HS256\",\"kid\":\"k2\"}", good_payload, secret, strlen(secret))),
                     SV_ERR_TOKEN_INVALID);
    settings.jwt_previous_key_id = "k2";
    sv_error_clear(&error);
    assert_null(sv_token_keys_create(&settings, arena, &error));
    assert_non_null(strstr(error.message, "JWT_PREVIOUS_KEY_ID"));
}

static void
keys_without_ids_rotate_too(void **state)
{
    sv_settings_t settings = settings_with("HS256", other_secret);
    const sv_token_keys_t *keys;

    (void) state;
    settings.jwt_previous_key_file = key_file("previous", secret, strlen(secret));
    keys = sv_token_keys_create(&settings, arena, &error);
    assert_int_equal(verify(keys, with_payload(good_payload)), SV_OK);
    assert_int_equal(verify(keys, sv_token_sign(keys, &sample, arena)), SV_OK);
    assert_int_equal(verify(keys, forge("{\"alg\":\"HS256\"}", good_payload, "third key that nobody has seen.", 31)),
                     SV_ERR_TOKEN_INVALID);
}

static void
every_truncation_and_every_changed_byte_is_refused(void **state)
{
    const sv_token_keys_t *keys = hs256_keys();
    const char *token = sv_token_sign(keys, &sample, arena);
    size_t length = strlen(token);
    sv_token_claims_t claims;

    (void) state;
    for (size_t i = 0; i < length; i++) {
        char *changed = sv_arena_strndup(arena, token, length);

        sv_error_clear(&error);
        assert_int_equal(sv_token_verify(keys, token, i, NOW_S, arena, &claims, &error), SV_ERR_TOKEN_INVALID);
        changed[i] = changed[i] == 'A' ? 'E' : 'A';
        assert_int_equal(verify(keys, changed), SV_ERR_TOKEN_INVALID);
        changed[i] = '\0';
        sv_error_clear(&error);
        assert_int_equal(sv_token_verify(keys, changed, length, NOW_S, arena, &claims, &error), SV_ERR_TOKEN_INVALID);
    }
}

static void
a_token_beyond_the_limit_is_refused_unread(void **state)
{
    const sv_token_keys_t *keys = hs256_keys();
    sv_buffer_t payload;
    const char *token;

    (void) state;
    sv_buffer_init(&payload, arena, 16384);
    sv_buffer_puts(&payload, "{\"sub\":\"u1\",\"type\":\"access\",\"gen\":3,\"exp\":1800000100,\"x\":\"");
    for (int i = 0; i < SV_TOKEN_MAX_LENGTH; i++) {
        sv_buffer_putc(&payload, 'x');
    }
    sv_buffer_puts(&payload, "\"}");
    token = with_payload(payload.data);
    assert_true(strlen(token) > SV_TOKEN_MAX_LENGTH);
    assert_int_equal(verify(keys, token), SV_ERR_TOKEN_INVALID);
    assert_int_equal(verify(keys, ""), SV_ERR_TOKEN_INVALID);
    assert_int_equal(verify(keys, ".."), SV_ERR_TOKEN_INVALID);
    assert_int_equal(verify(keys, "a.b.c.d"), SV_ERR_TOKEN_INVALID);
}

static void
unfit_keys_are_refused_by_name(void **state)
{
    EVP_PKEY *small = EVP_RSA_gen(1024), *other_curve = EVP_EC_gen("P-384");
    const struct {
        const char *algorithm, *key;
    } unfit[] = {
        { "HS256", "" },
        { "HS256", "short" },
        { "HS256", "0123456789abcdef0123456789abcde\n" }, /* 31 bytes and a line end */
        { "RS256", secret },
        { "RS256", pem_of(small, false) },
        { "RS256", pem_of(rsa, true) }, /* cannot sign */
        { "ES256", pem_of(other_curve, false) },
        { "ES256", pem_of(rsa, false) },
        { "none", secret },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
        sv_settings_t settings = settings_with(unfit[i].algorithm, unfit[i].key);

        sv_error_clear(&error);
        assert_null(sv_token_keys_create(&settings, arena, &error));
        assert_int_equal(error.status, SV_ERR_VALIDATION_FAILED);
        assert_non_null(strstr(error.message, "JWT_"));
    }
    EVP_PKEY_free(small);
    EVP_PKEY_free(other_curve);
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(what_is_signed_comes_back_verified),
        WITH_ARENA(rsa_and_ec_keys_sign_and_verify),
        WITH_ARENA(claims_of_the_wrong_kind_are_refused),
        WITH_ARENA(a_token_past_its_time_is_expired_and_only_a_good_one),
        WITH_ARENA(algorithms_other_than_the_configured_one_are_refused),
        WITH_ARENA(a_public_key_signs_nothing),
        WITH_ARENA(issuer_and_audience_are_required_when_configured),
        WITH_ARENA(a_rotated_key_still_verifies_under_its_own_id),
        WITH_ARENA(keys_without_ids_rotate_too),
        WITH_ARENA(every_truncation_and_every_changed_byte_is_refused),
        WITH_ARENA(a_token_beyond_the_limit_is_refused_unread),
        WITH_ARENA(unfit_keys_are_refused_by_name),
    };
    static const char *const files[] = { "key", "key2", "previous" };
    int failed;

    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    rsa = EVP_RSA_gen(2048);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    EVP_PKEY_free(rsa);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[64];

        snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
    return failed;
}
