#include "core/auth/account.h"

#include <string.h>

#include "core/base/text_gate.h"
#include "core/store/document.h"

void
sv_account_read(const bson_t *document, sv_arena_t *arena, sv_account_t *account)
{
    const char *role = sv_doc_text(document, "role", arena);

    *account = (sv_account_t){
        .user_id = sv_doc_text(document, "user_id", arena),
        .username = sv_doc_text(document, "username", arena),
        .full_name = sv_doc_text(document, "full_name", arena),
        .warehouse = sv_doc_text(document, "warehouse", arena),
        .enabled = sv_doc_bool(document, "enabled"),
        .generation = sv_doc_int(document, "generation"),
        .version = sv_doc_int(document, "version"),
        .password_hash = sv_doc_text(document, "password_hash", arena),
        .pin_hash = sv_doc_text(document, "pin_hash", arena),
        .pin_tries_left = sv_doc_int(document, "pin_tries_left"),
        .created_at_ms = sv_doc_time(document, "created_at"),
        .last_login_at_ms = sv_doc_time(document, "last_login_at"),
    };
    if (account->full_name == NULL) {
        account->full_name = account->username;
    }
    /* A role nobody knows lets its owner do nothing. */
    if (role == NULL || !sv_role_parse(role, &account->role)) {
        account->role = SV_ROLE_ANYONE;
        account->enabled = false;
    }
}

static sv_status_t
sv_account_find(sv_store_t *store, const char *field, const char *value, sv_arena_t *arena, sv_account_t *account,
                sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    const bson_t *document;

    sv_doc_put_text(filter, field, value);
    if (sv_store_find_one(store, SV_COLLECTION_USERS, filter, NULL, arena, &document, error) != SV_OK) {
        return error->status;
    }
    if (document == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no user %s", value);
    }
    sv_account_read(document, arena, account);
    return SV_OK;
}

sv_status_t
sv_account_load(sv_store_t *store, const char *user_id, sv_arena_t *arena, sv_account_t *account, sv_error_t *error)
{
    return sv_account_find(store, "user_id", user_id, arena, account, error);
}

sv_status_t
sv_account_load_by_username(sv_store_t *store, const char *username, sv_arena_t *arena, sv_account_t *account,
                            sv_error_t *error)
{
    return sv_account_find(store, "username", sv_username_fold(username, arena), arena, account, error);
}

void
sv_account_principal(const sv_account_t *account, sv_principal_t *principal)
{
    principal->user_id = account->user_id;
    principal->username = account->username;
    principal->full_name = account->full_name;
    principal->warehouse = account->warehouse;
    principal->role = account->role;
}

const char *
sv_username_fold(const char *username, sv_arena_t *arena)
{
    const char *clean = sv_text_pass(SV_TEXT_NAME, username, strlen(username), arena);

    return sv_text_fold(clean != NULL ? clean : username, arena);
}
