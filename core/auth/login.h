#ifndef SV_LOGIN_H
#define SV_LOGIN_H

#include "core/auth/account.h"
#include "core/auth/auth_keys.h"
#include "core/auth/family.h"
#include "core/auth/password_kinds.h"
#include "core/auth/refresh.h"
#include "core/base/json_reader.h"
#include "core/base/json_writer.h"

/*
 * A login in three steps, because hashing has threads of its own:
 *     sv_login_fetch() with the database, sv_login_verify() on a hashing thread, sv_login_commit() with the database.
 * An unknown user, a wrong password and a wrong device secret take the same steps and get the same error.
 */
typedef struct {
    const char *username; /* folded */
    const char *password; /* NULL: by PIN */
    const char *pin;
    const char *device_id; /* NULL: no device is enrolled */
    const char *device_secret;
    const char *replaces; /* the refresh token of a login that ends with this one; NULL: none */
} sv_login_input_t;

typedef struct {
    sv_login_input_t input;
    /* fetched */
    sv_account_t account;
    const char *checked_hash;    /* what the secret is verified against; a decoy when there is nothing */
    bool genuine;                /* checked_hash is the account's */
    sv_password_decoys_t decoys; /* verified as well, whatever the account (core/auth/password_kinds.h) */
    bool device_valid;
    /* verified */
    const char *new_hash; /* when the stored one was outdated; else NULL */
    /* committed */
    sv_refresh_grant_t grant;
    const char *issued_secret; /* of the device just enrolled; else NULL */
    sv_families_t replaced;    /* the login that ended, if it was live, and whose it was */
    const char *replaced_user_id;
} sv_login_t;

/* Reads and checks the body: a password, or a PIN with device and secret. */
bool sv_login_read(const sv_json_fields_t *fields, sv_login_input_t *input);

/* Takes a try of the PIN where one is used.  SV_ERR_PIN_DISABLED only beside a valid device secret. */
sv_status_t sv_login_fetch(sv_store_t *store, sv_login_t *login, sv_error_t *error);

/* SV_ERR_CREDENTIALS_INVALID; beside a valid device secret SV_ERR_PIN_WRONG with the detail tries_left; for a good
 * secret of a disabled account SV_ERR_ACCOUNT_DISABLED. */
sv_status_t
sv_login_verify(const sv_settings_t *settings, const sv_auth_keys_t *keys, sv_login_t *login, sv_error_t *error);

/* Begins the family, enrols the device, gives the PIN its tries back, replaces an outdated hash, and writes the audit
 * entry, in one transaction.  `who` brings request id and address. */
sv_status_t sv_login_commit(sv_store_t *store, const sv_principal_t *who, sv_login_t *login, sv_error_t *error);

/* The answer's `data`: tokens and user.  Signs, so not on the event loop.  `tells_refresh`: with the refresh token,
 * which else goes another way; issued_secret may be NULL. */
sv_status_t sv_login_write_json(sv_json_writer_t *w, const sv_settings_t *settings, const sv_auth_keys_t *keys,
                                const sv_account_t *account, const sv_refresh_grant_t *grant, bool tells_refresh,
                                const char *issued_secret, sv_error_t *error);

#endif
