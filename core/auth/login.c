#include "core/auth/login.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/auth/device.h"
#include "core/auth/password.h"
#include "core/auth/pin.h"
#include "core/auth/user_json.h"
#include "core/base/clock.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

enum { SV_LOGIN_TEXT_MAX = 128 };

bool
sv_login_read(const sv_json_fields_t *fields, sv_login_input_t *input)
{
    sv_error_t *error = fields->error;
    const char *username = NULL;

    *input = (sv_login_input_t){ 0 };
    sv_json_get_name(fields, "username", SV_REQUIRED, SV_LOGIN_TEXT_MAX, &username);
    sv_json_get_secret(fields, "password", SV_OPTIONAL, 1, SV_PASSWORD_MAX_CHARACTERS, &input->password);
    if (sv_json_get_secret(fields, "pin", SV_OPTIONAL, 1, SV_LOGIN_TEXT_MAX, &input->pin)) {
        sv_pin_acceptable(input->pin, "pin", error);
    }
    if (error->status == SV_OK && (input->password == NULL) == (input->pin == NULL)) {
        sv_fail_field(error, "password", "required", "Either password or pin is required");
    }
    sv_json_get_identifier(fields, "device_id", input->pin == NULL ? SV_OPTIONAL : SV_REQUIRED, SV_LOGIN_TEXT_MAX,
                           &input->device_id);
    if (input->pin != NULL) {
        sv_json_get_secret(fields, "device_secret", SV_REQUIRED, 1, SV_LOGIN_TEXT_MAX, &input->device_secret);
    }
    if (error->status != SV_OK) {
        return false;
    }
    input->username = sv_username_fold(username, error->arena);
    return true;
}

static sv_status_t
sv_login_fetch_pin(sv_store_t *store, sv_login_t *login, sv_error_t *error)
{
    const sv_login_input_t *input = &login->input;

    if (sv_device_check(store, login->account.user_id, input->device_id, input->device_secret, &login->device_valid,
                        error) != SV_OK ||
        !login->device_valid) {
        return error->status;
    }
    if (sv_pin_take_try(store, &login->account, error->arena, error) != SV_OK) {
        return error->status;
    }
    login->checked_hash = login->account.pin_hash;
    login->genuine = true;
    return SV_OK;
}

/* Looks for the device of nobody, which takes the time that somebody's takes. */
static sv_status_t
sv_login_fetch_nobody(sv_store_t *store, const sv_login_t *login, sv_error_t *error)
{
    bool valid;

    return sv_device_check(store, "", login->input.device_id, login->input.device_secret, &valid, error);
}

sv_status_t
sv_login_fetch(sv_store_t *store, sv_login_t *login, sv_error_t *error)
{
    sv_status_t status =
        sv_account_load_by_username(store, login->input.username, error->arena, &login->account, error);

    login->checked_hash = sv_password_decoy(store->settings, error->arena);
    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
    } else if (status != SV_OK) {
        return status;
    }
    if (login->input.pin != NULL) {
        return status == SV_OK ? sv_login_fetch_pin(store, login, error) : sv_login_fetch_nobody(store, login, error);
    }
    if (status == SV_OK && login->account.password_hash != NULL) {
        login->checked_hash = login->account.password_hash;
        login->genuine = true;
    }
    return sv_password_decoys_find(store, login->checked_hash, &login->decoys, error);
}

static sv_status_t
sv_login_refuse(const sv_login_t *login, sv_error_t *error)
{
    int tries_left = (int) login->account.pin_tries_left;

    if (!login->device_valid) {
        return sv_fail(error, SV_ERR_CREDENTIALS_INVALID, NULL);
    }
    sv_fail(error, SV_ERR_PIN_WRONG, "The PIN is wrong; tries left: %d", tries_left);
    return sv_fail_field(error, "pin", "tries_left", "%d", tries_left);
}

sv_status_t
sv_login_verify(const sv_settings_t *settings, const sv_auth_keys_t *keys, sv_login_t *login, sv_error_t *error)
{
    const sv_login_input_t *input = &login->input;
    const char *secret = input->password, *user_id = login->account.user_id;
    bool matches;

    if (input->pin != NULL) {
        secret = sv_pin_keyed(keys, user_id == NULL ? "" : user_id, input->pin, error->arena);
    }
    matches = sv_password_verify(login->checked_hash, secret);
    sv_password_decoys_verify(&login->decoys, secret);
    if (!matches || !login->genuine) {
        return sv_login_refuse(login, error);
    }
    if (!login->account.enabled) {
        return sv_fail(error, SV_ERR_ACCOUNT_DISABLED, NULL);
    }
    if (sv_password_outdated(settings, login->checked_hash)) {
        login->new_hash = sv_password_hash(settings, secret, error->arena, error);
    }
    return error->status;
}

typedef struct {
    const sv_principal_t *who;
    sv_login_t *login;
} sv_login_commit_t;

/* The account's own changing write: it conflicts with whatever ends the account's logins at the same time, so no family
 * is born behind the back of a revocation. */
static sv_status_t
sv_login_touch_account(sv_store_t *store, sv_login_t *login, sv_error_t *error)
{
    const char *hash_field = login->input.pin == NULL ? "password_hash" : "pin_hash";
    bson_t *filter = sv_doc_new(error->arena), *update = sv_doc_new(error->arena);
    const bson_t *document;
    bson_t set;

    BCON_APPEND(filter, "user_id", BCON_UTF8(login->account.user_id), "enabled", BCON_BOOL(true), hash_field,
                BCON_UTF8(login->checked_hash));
    BCON_APPEND(update, "$currentDate", "{", "last_login_at", BCON_BOOL(true), "}");
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_INT32(&set, "pin_tries_left", login->account.pin_hash == NULL ? 0 : SV_PIN_TRIES);
    if (login->new_hash != NULL) {
        BSON_APPEND_UTF8(&set, hash_field, login->new_hash);
    }
    bson_append_document_end(update, &set);
    if (sv_store_find_and_update(store, SV_COLLECTION_USERS, filter, update, true, false, error->arena, &document,
                                 error) != SV_OK) {
        return error->status;
    }
    if (document == NULL) {
        /* Disabled, or given another password, since it was fetched. */
        return sv_fail(error, SV_ERR_CREDENTIALS_INVALID, NULL);
    }
    sv_account_read(document, error->arena, &login->account);
    return SV_OK;
}

static sv_status_t
sv_login_touch_device(sv_store_t *store, sv_login_t *login, sv_error_t *error)
{
    const sv_login_input_t *input = &login->input;

    if (input->device_id == NULL) {
        return SV_OK;
    }
    if (input->pin != NULL) {
        return sv_device_used(store, login->account.user_id, input->device_id, error);
    }
    return sv_device_enrol(store, login->account.user_id, input->device_id, login->account.last_login_at_ms,
                           error->arena, &login->issued_secret, error);
}

static sv_status_t
sv_login_audit(sv_store_t *store, const sv_principal_t *who, const sv_login_t *login, sv_error_t *error)
{
    bson_t *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = login->input.pin == NULL ? "login.password" : "login.pin", .details = details };
    sv_principal_t owner = *who;

    sv_account_principal(&login->account, &owner);
    BSON_APPEND_UTF8(details, "family_id", login->grant.family_id);
    sv_doc_put_text(details, "device_id", login->input.device_id);
    sv_doc_put_text(details, "address", who->address);
    return sv_audit_write(store, &owner, &entry, error);
}

static sv_status_t
sv_login_replace(sv_store_t *store, const sv_principal_t *who, sv_login_t *login, sv_error_t *error)
{
    sv_principal_t owner = *who;

    sv_account_principal(&login->account, &owner);
    return sv_family_replace(store, &owner, login->input.replaces, &login->replaced, &login->replaced_user_id, error);
}

static sv_status_t
sv_login_commit_body(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_login_commit_t *commit = context;
    sv_login_t *login = commit->login;

    if (sv_login_touch_account(store, login, error) != SV_OK || sv_login_touch_device(store, login, error) != SV_OK ||
        sv_refresh_begin(store, login->account.user_id, login->account.last_login_at_ms, error->arena, &login->grant,
                         error) != SV_OK) {
        return error->status;
    }
    if (sv_login_audit(store, commit->who, login, error) != SV_OK || login->input.replaces == NULL) {
        return error->status;
    }
    return sv_login_replace(store, commit->who, login, error);
}

sv_status_t
sv_login_commit(sv_store_t *store, const sv_principal_t *who, sv_login_t *login, sv_error_t *error)
{
    sv_login_commit_t commit = { who, login };

    return sv_transaction_run(store, sv_login_commit_body, &commit, error);
}

sv_status_t
sv_login_write_json(sv_json_writer_t *w, const sv_settings_t *settings, const sv_auth_keys_t *keys,
                    const sv_account_t *account, const sv_refresh_grant_t *grant, bool tells_refresh,
                    const char *issued_secret, sv_error_t *error)
{
    int64_t now_s = sv_clock_now_ms() / 1000;
    const sv_token_claims_t claims = {
        .user_id = account->user_id,
        .generation = account->generation,
        .family_id = grant->family_id,
        .use_id = grant->use_id,
        .issued_at_s = now_s,
        .expires_at_s = now_s + settings->access_token_ttl,
    };
    const char *token = sv_token_sign(keys->tokens, &claims, error->arena);
    sv_principal_t owner = { 0 };

    if (token == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "the access token could not be signed");
    }
    sv_account_principal(account, &owner);
    sv_json_object(w, NULL);
    sv_json_text(w, "access_token", token);
    if (tells_refresh) {
        sv_json_text(w, "refresh_token", grant->token);
    }
    sv_json_text(w, "token_type", "bearer");
    sv_json_int(w, "expires_in", settings->access_token_ttl);
    if (issued_secret != NULL) {
        sv_json_text(w, "device_secret", issued_secret);
    }
    sv_user_write_json(w, "user", &owner);
    sv_json_end(w);
    return SV_OK;
}
