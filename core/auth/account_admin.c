#include "core/auth/account_admin.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/auth/family.h"
#include "core/auth/pin.h"
#include "core/base/codec.h"
#include "core/base/text_gate.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

/* One change of an account, as the transaction's body reads it. */
typedef struct {
    const sv_principal_t *who;
    const char *user_id;
    const char *action;  /* of the audit entry */
    const bson_t *set;   /* may be empty */
    const bson_t *dated; /* fields that get the server's time */
    bool may_end_admin;  /* the account may be an administrator's, and no longer behind it */
    bool raises_generation;
    bool ends_logins;
    bool forgets_devices;
    const char *keep_family_id;
    sv_families_t *ended;
    sv_account_t *account;
} sv_account_update_t;

static const bson_t *
sv_account_update_document(const sv_account_update_t *update, sv_arena_t *arena)
{
    bson_t *document = sv_doc_new(arena);
    bson_t dated;

    if (!bson_empty(update->set)) {
        BSON_APPEND_DOCUMENT(document, "$set", update->set);
    }
    BCON_APPEND(document, "$inc", "{", "version", BCON_INT64(1), "generation",
                BCON_INT64(update->raises_generation ? 1 : 0), "}");
    BSON_APPEND_DOCUMENT_BEGIN(document, "$currentDate", &dated);
    BSON_APPEND_BOOL(&dated, "updated_at", true);
    if (update->dated != NULL) {
        bson_concat(&dated, update->dated);
    }
    bson_append_document_end(document, &dated);
    return document;
}

/* What an audit entry may tell of a change: everything but hashes. */
static const bson_t *
sv_account_audit_details(const sv_account_update_t *update, sv_arena_t *arena)
{
    bson_t *details = sv_doc_new(arena);

    BSON_APPEND_UTF8(details, "subject", update->user_id);
    if (update->set != NULL) {
        bson_copy_to_excluding_noinit(update->set, details, "password_hash", "pin_hash", "pin_tries_left", NULL);
    }
    return details;
}

static bool
sv_account_administers(const sv_account_t *account)
{
    return account->enabled && account->role == SV_ROLE_ADMIN;
}

/* Where the change takes an administrator away, another one has to be left.  That one is written to as well, so that of
 * two who take each other away at once only one goes through. */
static sv_status_t
sv_account_keep_an_admin(sv_store_t *store, const sv_account_update_t *update, bool administered, sv_error_t *error)
{
    sv_arena_t *arena = error->arena;
    bson_t *filter, *mark;
    const bson_t *other;

    if (!administered || sv_account_administers(update->account)) {
        return SV_OK;
    }
    filter = sv_doc_take(BCON_NEW("user_id", "{", "$ne", BCON_UTF8(update->user_id), "}", "role",
                                  BCON_UTF8(sv_role_name(SV_ROLE_ADMIN)), "enabled", BCON_BOOL(true)),
                         arena);
    mark = sv_doc_take(BCON_NEW("$inc", "{", "relied_on", BCON_INT64(1), "}"), arena);
    if (sv_store_find_and_update(store, SV_COLLECTION_USERS, filter, mark, true, false, arena, &other, error) !=
        SV_OK) {
        return error->status;
    }
    return other != NULL ? SV_OK : sv_fail(error, SV_ERR_LAST_ADMIN, NULL);
}

static sv_status_t
sv_account_administered(sv_store_t *store, const sv_account_update_t *update, bool *administered, sv_error_t *error)
{
    sv_account_t before;

    *administered = false;
    if (update->may_end_admin && sv_account_load(store, update->user_id, error->arena, &before, error) == SV_OK) {
        *administered = sv_account_administers(&before);
    }
    return error->status;
}

static sv_status_t
sv_account_update_body(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_account_update_t *update = context;
    sv_arena_t *arena = error->arena;
    bson_t *filter = sv_doc_new(arena);
    const bson_t *document;
    sv_families_t ended = { 0 };
    sv_audit_t entry = { .action = update->action };
    bool administered;

    BSON_APPEND_UTF8(filter, "user_id", update->user_id);
    if (sv_account_administered(store, update, &administered, error) != SV_OK ||
        sv_store_find_and_update(store, SV_COLLECTION_USERS, filter, sv_account_update_document(update, arena), true,
                                 false, arena, &document, error) != SV_OK) {
        return error->status;
    }
    if (document == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no user %s", update->user_id);
    }
    sv_account_read(document, arena, update->account);
    if (sv_account_keep_an_admin(store, update, administered, error) != SV_OK) {
        return error->status;
    }
    if (update->ends_logins &&
        sv_families_revoke(store, update->user_id, update->keep_family_id, arena, &ended, error) != SV_OK) {
        return error->status;
    }
    if (update->ended != NULL) {
        *update->ended = ended;
    }
    if (update->forgets_devices && sv_store_delete_many(store, SV_COLLECTION_DEVICES, filter, NULL, error) != SV_OK) {
        return error->status;
    }
    entry.details = sv_account_audit_details(update, arena);
    return sv_audit_write(store, update->who, &entry, error);
}

/* Puts the text behind the gate. */
static void
sv_account_take_text(const char *field, sv_text_kind_t kind, const char **value, size_t max, sv_error_t *error)
{
    const char *text = *value == NULL ? "" : *value;
    sv_text_fault_t fault = sv_text_gate(kind, text, strlen(text), max, error->arena, value);

    if (fault != SV_TEXT_OK) {
        sv_fail_field(error, field, "invalid_format", "%s %s", field,
                      sv_text_fault_sentence(fault, kind, max, error->arena));
    } else if ((*value)[0] == '\0') {
        sv_fail_field(error, field, "required", "%s is required", field);
    }
}

sv_status_t
sv_account_change(sv_store_t *store, const sv_principal_t *who, const char *user_id, const sv_account_change_t *change,
                  sv_account_t *account, sv_error_t *error)
{
    bson_t *set = sv_doc_new(error->arena);
    sv_account_update_t update = {
        .who = who, .user_id = user_id, .action = "user.change", .set = set, .account = account
    };
    const char *full_name = change->full_name, *warehouse = change->warehouse;

    if (change->full_name != NULL) {
        sv_account_take_text("full_name", SV_TEXT_LINE, &full_name, SV_FULL_NAME_MAX, error);
        sv_doc_put_text(set, "full_name", full_name);
    }
    if (change->warehouse != NULL) {
        if (change->warehouse[0] != '\0') {
            sv_account_take_text("warehouse", SV_TEXT_NAME, &warehouse, SV_WAREHOUSE_MAX, error);
        }
        sv_doc_put_text(set, "warehouse", warehouse[0] == '\0' ? NULL : warehouse);
    }
    if (error->status != SV_OK) {
        return error->status;
    }
    if (change->role != SV_ROLE_ANYONE) {
        BSON_APPEND_UTF8(set, "role", sv_role_name(change->role));
    }
    if (change->enabled != NULL) {
        BSON_APPEND_BOOL(set, "enabled", *change->enabled);
        update.raises_generation = update.ends_logins = !*change->enabled;
    }
    if (bson_empty(set)) {
        return sv_account_load(store, user_id, error->arena, account, error);
    }
    update.may_end_admin = change->role != SV_ROLE_ANYONE || change->enabled != NULL;
    return sv_transaction_run(store, sv_account_update_body, &update, error);
}

sv_status_t
sv_account_set_enabled(sv_store_t *store, const sv_principal_t *who, const char *user_id, bool enabled,
                       sv_account_t *account, sv_error_t *error)
{
    bson_t *set = sv_doc_new(error->arena);
    sv_account_update_t update = {
        .who = who,
        .user_id = user_id,
        .action = enabled ? "user.enable" : "user.disable",
        .set = set,
        .may_end_admin = !enabled,
        .raises_generation = !enabled,
        .ends_logins = !enabled,
        .account = account,
    };

    BSON_APPEND_BOOL(set, "enabled", enabled);
    return sv_transaction_run(store, sv_account_update_body, &update, error);
}

static const bson_t *
sv_password_dated(sv_arena_t *arena)
{
    bson_t *dated = sv_doc_new(arena);

    BSON_APPEND_BOOL(dated, "password_changed_at", true);
    return dated;
}

sv_status_t
sv_account_reset_password(sv_store_t *store, const sv_principal_t *who, const char *user_id, const char *password_hash,
                          sv_account_t *account, sv_error_t *error)
{
    bson_t *set = sv_doc_new(error->arena);
    sv_account_update_t update = {
        .who = who,
        .user_id = user_id,
        .action = "user.reset_password",
        .set = set,
        .dated = sv_password_dated(error->arena),
        .raises_generation = true,
        .ends_logins = true,
        .forgets_devices = true,
        .account = account,
    };

    BCON_APPEND(set, "password_hash", BCON_UTF8(password_hash), "pin_hash", BCON_NULL, "pin_tries_left", BCON_INT32(0));
    return sv_transaction_run(store, sv_account_update_body, &update, error);
}

sv_status_t
sv_account_change_password(sv_store_t *store, const sv_principal_t *who, const char *password_hash,
                           sv_families_t *ended, sv_account_t *account, sv_error_t *error)
{
    bson_t *set = sv_doc_new(error->arena);
    sv_account_update_t update = {
        .who = who,
        .user_id = who->user_id,
        .action = "user.change_password",
        .set = set,
        .dated = sv_password_dated(error->arena),
        .ends_logins = true,
        .keep_family_id = who->family_id,
        .ended = ended,
        .account = account,
    };

    BSON_APPEND_UTF8(set, "password_hash", password_hash);
    return sv_transaction_run(store, sv_account_update_body, &update, error);
}

sv_status_t
sv_account_revoke(sv_store_t *store, const sv_principal_t *who, const char *user_id, sv_families_t *ended,
                  sv_account_t *account, sv_error_t *error)
{
    sv_account_update_t update = {
        .who = who,
        .user_id = user_id,
        .action = "user.revoke",
        .set = sv_doc_new(error->arena),
        .raises_generation = true,
        .ends_logins = true,
        .ended = ended,
        .account = account,
    };

    return sv_transaction_run(store, sv_account_update_body, &update, error);
}

sv_status_t
sv_account_set_pin(sv_store_t *store, const sv_principal_t *who, const char *pin_hash, sv_account_t *account,
                   sv_error_t *error)
{
    bson_t *set = sv_doc_new(error->arena);
    sv_account_update_t update = { .who = who,
                                   .user_id = who->user_id,
                                   .action = pin_hash == NULL ? "user.remove_pin" : "user.set_pin",
                                   .set = set,
                                   .account = account };

    sv_doc_put_text(set, "pin_hash", pin_hash);
    BSON_APPEND_INT32(set, "pin_tries_left", pin_hash == NULL ? 0 : SV_PIN_TRIES);
    return sv_transaction_run(store, sv_account_update_body, &update, error);
}

static bool
sv_account_take_input(sv_account_input_t *input, sv_error_t *error)
{
    sv_account_take_text("username", SV_TEXT_NAME, &input->username, SV_USERNAME_MAX, error);
    sv_account_take_text("full_name", SV_TEXT_LINE, &input->full_name, SV_FULL_NAME_MAX, error);
    if (input->user_id != NULL) {
        sv_account_take_text("user_id", SV_TEXT_NAME, &input->user_id, SV_USER_ID_MAX, error);
    }
    if (input->warehouse != NULL && input->warehouse[0] != '\0') {
        sv_account_take_text("warehouse", SV_TEXT_NAME, &input->warehouse, SV_WAREHOUSE_MAX, error);
    }
    if (input->role == SV_ROLE_ANYONE) {
        sv_fail_field(error, "role", "required", "role must be staff, supervisor or admin");
    }
    return error->status == SV_OK;
}

static const char *
sv_user_id_make(sv_arena_t *arena)
{
    uint8_t bytes[8];
    char *id = sv_arena_alloc(arena, 1 + 2 * sizeof(bytes) + 1);

    sv_random_bytes(bytes, sizeof(bytes));
    id[0] = 'u';
    sv_hex_encode(bytes, sizeof(bytes), id + 1);
    return id;
}

static const bson_t *
sv_account_document(const sv_account_input_t *input, int64_t now_ms, sv_arena_t *arena)
{
    bson_t *document = sv_doc_new(arena);
    bool has_warehouse = input->warehouse != NULL && input->warehouse[0] != '\0';

    BSON_APPEND_UTF8(document, "user_id", input->user_id != NULL ? input->user_id : sv_user_id_make(arena));
    BSON_APPEND_UTF8(document, "username", sv_username_fold(input->username, arena));
    BSON_APPEND_UTF8(document, "full_name", input->full_name);
    BSON_APPEND_UTF8(document, "role", sv_role_name(input->role));
    sv_doc_put_text(document, "warehouse", has_warehouse ? input->warehouse : NULL);
    BSON_APPEND_BOOL(document, "enabled", true);
    BSON_APPEND_UTF8(document, "password_hash", input->password_hash);
    sv_doc_put_time(document, "password_changed_at", now_ms);
    BSON_APPEND_INT64(document, "generation", 0);
    BSON_APPEND_INT64(document, "version", 1);
    BSON_APPEND_NULL(document, "pin_hash");
    BSON_APPEND_INT32(document, "pin_tries_left", 0);
    sv_doc_put_time(document, "created_at", now_ms);
    sv_doc_put_time(document, "updated_at", now_ms);
    BSON_APPEND_NULL(document, "last_login_at");
    return document;
}

typedef struct {
    const sv_principal_t *who;
    const bson_t *document;
    const sv_account_t *account;
} sv_account_insertion_t;

static sv_status_t
sv_account_insert_body(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_account_insertion_t *insertion = context;
    bson_t *details = sv_doc_new(error->arena);
    sv_audit_t entry = { .action = "user.create", .details = details };

    if (sv_store_insert(store, SV_COLLECTION_USERS, insertion->document, error) != SV_OK) {
        return error->status;
    }
    BCON_APPEND(details, "subject", BCON_UTF8(insertion->account->user_id), "username",
                BCON_UTF8(insertion->account->username), "role", BCON_UTF8(sv_role_name(insertion->account->role)));
    return sv_audit_write(store, insertion->who, &entry, error);
}

sv_status_t
sv_account_create(sv_store_t *store, const sv_principal_t *who, const sv_account_input_t *input, sv_account_t *account,
                  sv_error_t *error)
{
    sv_account_insertion_t insertion = { .who = who, .account = account };
    sv_account_input_t taken = *input;
    int64_t now_ms;

    if (!sv_account_take_input(&taken, error) || sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    insertion.document = sv_account_document(&taken, now_ms, error->arena);
    sv_account_read(insertion.document, error->arena, account);
    if (sv_transaction_run(store, sv_account_insert_body, &insertion, error) == SV_ERR_ALREADY_EXISTS) {
        error->message = sv_arena_printf(error->arena, "The user name %s or the user id is taken", taken.username);
    }
    return error->status;
}

sv_status_t
sv_account_list(sv_store_t *store, sv_account_visit_t visit, void *context, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *options = sv_doc_new(error->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_account_t account;

    BCON_APPEND(options, "sort", "{", "username", BCON_INT32(1), "}");
    if (sv_store_find(store, SV_COLLECTION_USERS, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        sv_account_read(row, error->arena, &account);
        visit(&account, context);
    }
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status;
}
