#ifndef SV_PIN_H
#define SV_PIN_H

#include "core/auth/account.h"
#include "core/auth/auth_keys.h"

/*
 * A PIN of 6 to 12 digits logs in beside the secret of an enrolled device.  So few digits are found from a hash in no
 * time, so what is hashed (Argon2id) is HMAC-SHA-256(PIN key, user and PIN): without the key, which is not in the
 * database, the hash says nothing.  After SV_PIN_TRIES wrong ones the PIN is disabled until a password login.
 */
enum { SV_PIN_MIN_DIGITS = 6, SV_PIN_MAX_DIGITS = 12, SV_PIN_TRIES = 10 };

/* Adds a field error unless the PIN has 6 to 12 digits. */
bool sv_pin_acceptable(const char *pin, const char *field, sv_error_t *error);

/* What of a PIN is hashed and verified with core/auth/password.h. */
const char *sv_pin_keyed(const sv_auth_keys_t *keys, const char *user_id, const char *pin, sv_arena_t *arena);

/* Takes one of the tries before the PIN is looked at, so that guesses made at once cannot exceed them;
 * account->pin_tries_left and ->pin_hash are those after it.  SV_ERR_PIN_DISABLED when none is left or no PIN is set.
 */
sv_status_t sv_pin_take_try(sv_store_t *store, sv_account_t *account, sv_arena_t *arena, sv_error_t *error);

#endif
