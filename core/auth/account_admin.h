#ifndef SV_ACCOUNT_ADMIN_H
#define SV_ACCOUNT_ADMIN_H

#include "core/auth/account.h"
#include "core/auth/family.h"
#include "core/warehouse/warehouse_code.h"

/*
 * Changing accounts.  Every change is one transaction with its audit entry and raises the account's version; the caller
 * then refreshes what Redis keeps with sv_gate_store_command() (core/auth/gate.h) of the account returned, else
 * it stays as it was for up to AUTH_CACHE_TTL.  Passwords come as hashes (core/auth/password.h).
 * All run on any thread that owns `store`; results live in the arena of `error`.
 */
typedef struct {
    const char *user_id; /* NULL: one is made */
    const char *username;
    const char *full_name;
    const char *warehouse; /* NULL or empty: none */
    sv_role_t role;
    const char *password_hash;
} sv_account_input_t;

/* Errors: SV_ERR_ALREADY_EXISTS for a name or id that is taken, SV_ERR_VALIDATION_FAILED with fields. */
sv_status_t sv_account_create(sv_store_t *store, const sv_principal_t *who, const sv_account_input_t *input,
                              sv_account_t *account, sv_error_t *error);

/* Members that are NULL (or SV_ROLE_ANYONE) stay as they are. */
typedef struct {
    const char *full_name;
    const char *warehouse; /* empty: none */
    sv_role_t role;
    const bool *enabled;
} sv_account_change_t;

/* Somebody must be able to log in as an administrator: what would take the last one away is SV_ERR_LAST_ADMIN. */

sv_status_t sv_account_change(sv_store_t *store, const sv_principal_t *who, const char *user_id,
                              const sv_account_change_t *change, sv_account_t *account, sv_error_t *error);

/* Disabling ends every login: tokens made before do not come back to life with the account. */
sv_status_t sv_account_set_enabled(sv_store_t *store, const sv_principal_t *who, const char *user_id, bool enabled,
                                   sv_account_t *account, sv_error_t *error);

/* An administrator's reset: ends every login, forgets the PIN and the enrolled devices. */
sv_status_t sv_account_reset_password(sv_store_t *store, const sv_principal_t *who, const char *user_id,
                                      const char *password_hash, sv_account_t *account, sv_error_t *error);

/* The owner's own change: ends every login but the one it is made from (who->family_id) and names them, so that
 * their access tokens can be refused at once; the PIN and the devices stay. */
sv_status_t sv_account_change_password(sv_store_t *store, const sv_principal_t *who, const char *password_hash,
                                       sv_families_t *ended, sv_account_t *account, sv_error_t *error);

/* Ends every login and every access token at once (generation + 1); `ended` may be NULL. */
sv_status_t sv_account_revoke(sv_store_t *store, const sv_principal_t *who, const char *user_id, sv_families_t *ended,
                              sv_account_t *account, sv_error_t *error);

/* pin_hash NULL removes the PIN. */
sv_status_t sv_account_set_pin(sv_store_t *store, const sv_principal_t *who, const char *pin_hash,
                               sv_account_t *account, sv_error_t *error);

enum { SV_USERNAME_MAX = 64, SV_FULL_NAME_MAX = 128, SV_USER_ID_MAX = 64 };

/* Calls `visit` for every account, by user name. */
typedef void (*sv_account_visit_t)(const sv_account_t *account, void *context);
sv_status_t sv_account_list(sv_store_t *store, sv_account_visit_t visit, void *context, sv_error_t *error);

#endif
