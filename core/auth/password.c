#include "core/auth/password.h"

#include <argon2.h>
#include <crypt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/base/codec.h"
#include "core/base/text.h"

enum { SV_ARGON2_LANES = 1, SV_ARGON2_SALT = 16, SV_ARGON2_HASH = 32, SV_BCRYPT_LENGTH = 60 };

static const char sv_argon2_prefix[] = "$argon2id$";

static void
sv_password_forget(char *password)
{
    if (password != NULL) {
        OPENSSL_cleanse(password, strlen(password));
        free(password);
    }
}

bool
sv_password_acceptable(const char *password, const char *field, sv_error_t *error)
{
    size_t length;

    if (!sv_utf8_valid(password, strlen(password))) {
        sv_fail_field(error, field, "invalid_character", "%s must be UTF-8", field);
        return false;
    }
    length = sv_utf8_length(password);
    if (length < SV_PASSWORD_MIN_CHARACTERS) {
        sv_fail_field(error, field, "too_short", "%s must have %d characters or more", field,
                      SV_PASSWORD_MIN_CHARACTERS);
        return false;
    }
    if (length > SV_PASSWORD_MAX_CHARACTERS) {
        sv_fail_field(error, field, "too_long", "%s must have %d characters or fewer", field,
                      SV_PASSWORD_MAX_CHARACTERS);
        return false;
    }
    return true;
}

/* The password in the one form that every keyboard's letters compose to (Unicode NFC); NULL when it is in that form, or
 * is no UTF-8.  For sv_password_forget(). */
static char *
sv_password_composed(const char *password)
{
    char *composed = (char *) utf8proc_NFC((const utf8proc_uint8_t *) password);

    if (composed != NULL && strcmp(composed, password) == 0) {
        sv_password_forget(composed);
        return NULL;
    }
    return composed;
}

const char *
sv_password_hash(const sv_settings_t *settings, const char *password, sv_arena_t *arena, sv_error_t *error)
{
    uint32_t memory = (uint32_t) settings->argon2_memory, passes = (uint32_t) settings->argon2_iterations;
    size_t size = argon2_encodedlen(passes, memory, SV_ARGON2_LANES, SV_ARGON2_SALT, SV_ARGON2_HASH, Argon2_id);
    char *encoded = sv_arena_alloc(arena, size), *composed = sv_password_composed(password);
    uint8_t salt[SV_ARGON2_SALT];
    int result;

    password = composed == NULL ? password : composed;
    sv_random_bytes(salt, sizeof(salt));
    result = argon2id_hash_encoded(passes, memory, SV_ARGON2_LANES, password, strlen(password), salt, sizeof(salt),
                                   SV_ARGON2_HASH, encoded, size);
    sv_password_forget(composed);
    if (result != ARGON2_OK) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "Argon2id: %s", argon2_error_message(result));
        return NULL;
    }
    return encoded;
}

static bool
sv_is_bcrypt(const char *stored)
{
    return strlen(stored) == SV_BCRYPT_LENGTH && stored[0] == '$' && stored[1] == '2' && strchr("aby", stored[2]) &&
           stored[3] == '$';
}

static bool
sv_bcrypt_verify(const char *stored, const char *password)
{
    struct crypt_data *data = calloc(1, sizeof(*data));
    const char *computed = data == NULL ? NULL : crypt_r(password, stored, data);
    bool equal = computed != NULL && strlen(computed) == SV_BCRYPT_LENGTH &&
                 sv_equal_constant_time(computed, stored, SV_BCRYPT_LENGTH);

    if (data != NULL) {
        OPENSSL_cleanse(data, sizeof(*data));
        free(data);
    }
    return equal;
}

static bool
sv_password_is(const char *stored, const char *password)
{
    if (strncmp(stored, sv_argon2_prefix, sizeof(sv_argon2_prefix) - 1) == 0) {
        return argon2id_verify(stored, password, strlen(password)) == ARGON2_OK;
    }
    return sv_is_bcrypt(stored) && sv_bcrypt_verify(stored, password);
}

bool
sv_password_verify(const char *stored, const char *password)
{
    char *composed;
    bool equal;

    if (stored == NULL) {
        return false;
    }
    composed = sv_password_composed(password);
    if (composed == NULL) {
        return sv_password_is(stored, password);
    }
    /* Both, whatever the first says: the raw form is what a hash of before was made of. */
    equal = sv_password_is(stored, composed);
    equal |= sv_password_is(stored, password);
    sv_password_forget(composed);
    return equal;
}

bool
sv_password_outdated(const sv_settings_t *settings, const char *stored)
{
    unsigned version, memory, passes, lanes;

    if (sscanf(stored, "$argon2id$v=%u$m=%u,t=%u,p=%u$", &version, &memory, &passes, &lanes) != 4) {
        return true;
    }
    return version != ARGON2_VERSION_NUMBER || memory != settings->argon2_memory ||
           passes != settings->argon2_iterations || lanes != SV_ARGON2_LANES;
}

/* Salts and hashes of nothing but zeros: nobody has found a password for them. */
static const char sv_argon2_zeros[] = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
static const char sv_bcrypt_zeros[] = ".....................................................";

const char *
sv_password_decoy(const sv_settings_t *settings, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%sv=%d$m=%lld,t=%lld,p=%d$%s", sv_argon2_prefix, ARGON2_VERSION_NUMBER,
                           (long long) settings->argon2_memory, (long long) settings->argon2_iterations,
                           SV_ARGON2_LANES, sv_argon2_zeros);
}

const char *
sv_password_kind(const char *stored, sv_arena_t *arena)
{
    enum { SV_BCRYPT_KIND_LENGTH = 7 };
    unsigned version, memory, passes, lanes;
    int length = 0;

    if (sv_is_bcrypt(stored)) {
        return sv_arena_strndup(arena, stored, SV_BCRYPT_KIND_LENGTH);
    }
    if (sscanf(stored, "$argon2id$v=%u$m=%u,t=%u,p=%u$%n", &version, &memory, &passes, &lanes, &length) == 4 &&
        length > 0) {
        return sv_arena_strndup(arena, stored, (size_t) length);
    }
    return NULL;
}

const char *
sv_password_decoy_of(const char *kind, sv_arena_t *arena)
{
    bool argon2 = strncmp(kind, sv_argon2_prefix, sizeof(sv_argon2_prefix) - 1) == 0;

    return sv_arena_printf(arena, "%s%s", kind, argon2 ? sv_argon2_zeros : sv_bcrypt_zeros);
}
