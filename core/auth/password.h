#ifndef SV_PASSWORD_H
#define SV_PASSWORD_H

#include "core/base/error.h"
#include "core/settings/settings.h"

/*
 * Passwords as Argon2id PHC strings, with the parameters of the settings.  bcrypt strings ($2a$, $2b$, $2y$) of the
 * system that was here before verify too and are replaced at the next login.  Hashing and verifying take tens of
 * milliseconds and ARGON2_MEMORY of memory: never on the event loop.
 */
enum { SV_PASSWORD_MIN_CHARACTERS = 8, SV_PASSWORD_MAX_CHARACTERS = 128 };

/* Adds a field error unless the password has 8 to 128 characters of UTF-8; there are no composition rules. */
bool sv_password_acceptable(const char *password, const char *field, sv_error_t *error);

/* The PHC string of a password with a fresh salt.  NULL and SV_ERR_UNAVAILABLE when its memory cannot be had. */
const char *sv_password_hash(const sv_settings_t *settings, const char *password, sv_arena_t *arena, sv_error_t *error);

/* Whether `stored` is a hash of the password, in its composed form (NFC, which is what is hashed) or as it was typed; a
 * stored text of no known kind is of none. */
bool sv_password_verify(const char *stored, const char *password);

/* Whether `stored` is weaker than, or of another kind than, what the settings ask for now. */
bool sv_password_outdated(const sv_settings_t *settings, const char *stored);

/* A PHC string with the settings' parameters that no password has: verifying against it for a user who does not
 * exist costs what a wrong password costs. */
const char *sv_password_decoy(const sv_settings_t *settings, sv_arena_t *arena);

/* All of a hash before its salt, which says what verifying it costs; NULL for a text of no kind that verifies. */
const char *sv_password_kind(const char *stored, sv_arena_t *arena);

/* A hash of such a kind that no password has. */
const char *sv_password_decoy_of(const char *kind, sv_arena_t *arena);

#endif
