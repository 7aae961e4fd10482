#include "core/auth/password_import.h"

#include <argon2.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Bounds of what one verification may cost: those of the settings ARGON2_MEMORY and ARGON2_ITERATIONS, and about as
 * much time for bcrypt. */
enum {
    SV_BCRYPT_LENGTH = 60,
    SV_BCRYPT_COST_MIN = 4,
    SV_BCRYPT_COST_MAX = 15,
    SV_ARGON2_MEMORY_MAX = 1048576,
    SV_ARGON2_PASSES_MAX = 16,
    SV_ARGON2_LANES_MAX = 16
};

static bool
sv_bcrypt_importable(const char *text, const char **reason)
{
    static const char alphabet[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const char *salt = text + strlen("$2b$10$");
    int cost;

    if (strlen(text) != SV_BCRYPT_LENGTH || text[6] != '$' || sscanf(text + 4, "%2d", &cost) != 1 ||
        strspn(salt, alphabet) != strlen(salt)) {
        *reason = "it is not a whole bcrypt hash";
        return false;
    }
    if (cost < SV_BCRYPT_COST_MIN || cost > SV_BCRYPT_COST_MAX) {
        *reason = "its cost is not 4 to 15";
        return false;
    }
    return true;
}

static bool
sv_argon2_importable(const char *text, const char **reason)
{
    unsigned version, memory, passes, lanes;

    if (sscanf(text, "$argon2id$v=%u$m=%u,t=%u,p=%u$", &version, &memory, &passes, &lanes) != 4) {
        *reason = "it is not a whole Argon2id hash ($argon2id$v=19$m=...,t=...,p=...$salt$hash)";
        return false;
    }
    if (memory > SV_ARGON2_MEMORY_MAX || passes > SV_ARGON2_PASSES_MAX || lanes > SV_ARGON2_LANES_MAX) {
        *reason = "it asks for more than m=1048576, t=16, p=16";
        return false;
    }
    /* No password is empty: what is said is whether the text can be read. */
    if (argon2id_verify(text, "", 0) != ARGON2_VERIFY_MISMATCH) {
        *reason = "it is not a whole Argon2id hash ($argon2id$v=19$m=...,t=...,p=...$salt$hash)";
        return false;
    }
    return true;
}

bool
sv_password_hash_importable(const char *text, const char **reason)
{
    if (strncmp(text, "$argon2id$", strlen("$argon2id$")) == 0) {
        return sv_argon2_importable(text, reason);
    }
    if (strncmp(text, "$2a$", 4) == 0 || strncmp(text, "$2b$", 4) == 0 || strncmp(text, "$2y$", 4) == 0) {
        return sv_bcrypt_importable(text, reason);
    }
    *reason = "it is neither a bcrypt nor an Argon2id hash";
    return false;
}

bool
sv_password_looks_hashed(const char *text)
{
    static const char *const beginnings[] = {
        "$2a$", "$2b$",     "$2y$",    "$2x$",    "$argon2", "$1$",  "$5$",      "$6$",     "$y$",
        "$7$",  "$scrypt$", "$pbkdf2", "pbkdf2_", "{SSHA",   "{SHA", "{bcrypt}", "{CRYPT}",
    };

    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0) {
            return true;
        }
    }
    return false;
}
