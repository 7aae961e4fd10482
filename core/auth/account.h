#ifndef SV_ACCOUNT_H
#define SV_ACCOUNT_H

#include "core/auth/principal.h"
#include "core/store/store.h"

/* A user's account as MongoDB has it (docs/data-model.md, users). */
typedef struct {
    const char *user_id;
    const char *username; /* lower case */
    const char *full_name;
    const char *warehouse; /* NULL: none */
    sv_role_t role;
    bool enabled;
    int64_t generation; /* tokens of a lower one are revoked */
    int64_t version;    /* raised by every change; orders what Redis keeps */
    const char *password_hash;
    const char *pin_hash; /* NULL: no PIN set */
    int64_t pin_tries_left;
    int64_t created_at_ms;
    int64_t last_login_at_ms; /* 0: never */
} sv_account_t;

/* Loads an account, on any thread that owns `store`; its texts live in the arena.  SV_ERR_NOT_FOUND when there
 * is none. */
sv_status_t
sv_account_load(sv_store_t *store, const char *user_id, sv_arena_t *arena, sv_account_t *account, sv_error_t *error);
sv_status_t sv_account_load_by_username(sv_store_t *store, const char *username, sv_arena_t *arena,
                                        sv_account_t *account, sv_error_t *error);

void sv_account_read(const bson_t *document, sv_arena_t *arena, sv_account_t *account);

/* Who the account's owner is to the rest of the system; request and login are left as they are. */
void sv_account_principal(const sv_account_t *account, sv_principal_t *principal);

/* User names are stored in lower case (ASCII letters), so that "Asha" and "asha" are one account. */
const char *sv_username_fold(const char *username, sv_arena_t *arena);

#endif
