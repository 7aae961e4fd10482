#include <string.h>

#include "core/auth/account_admin.h"
#include "core/auth/password.h"
#include "core/auth/password_import.h"
#include "core/base/buffer.h"
#include "core/import/import.h"

enum { SV_PASSWORD_HASH_MAX = 512, SV_ROLE_TEXT_MAX = 32 };

static const sv_import_column_t sv_user_columns[] = {
    { "username", true },       { "full_name", false }, { "role", false },    { "password", false },
    { "password_hash", false }, { "warehouse", false }, { "user_id", false },
};

typedef struct {
    sv_store_t *store;
    const sv_principal_t *who;
    sv_import_account_t changed;
    void *context;
    sv_import_table_t table;
    sv_import_result_t *result;
} sv_user_import_t;

/* A row; what its file has no column for is NULL (or SV_ROLE_ANYONE). */
typedef struct {
    sv_account_input_t input; /* password_hash: as the file has it */
    const char *password;     /* NULL: none in this row */
} sv_user_row_t;

static void
sv_user_read_password(sv_import_table_t *table, sv_user_row_t *row)
{
    const char *password = sv_import_field(table, "password"), *hash = NULL, *reason;
    sv_error_t error;

    sv_error_init(&error, table->arena);
    if (password[0] != '\0' && sv_password_looks_hashed(password)) {
        sv_import_reject(table, "password",
                         "it is a hash: give it in the column password_hash, or it would become the "
                         "password itself");
    } else if (password[0] != '\0' && !sv_password_acceptable(password, "password", &error)) {
        sv_import_reject(table, "password", "%s", error.details[0].message);
    }
    if (sv_import_text(table, "password_hash", SV_PASSWORD_HASH_MAX, false, &hash) &&
        !sv_password_hash_importable(hash, &reason)) {
        sv_import_reject(table, "password_hash", "%s", reason);
    }
    if (password[0] != '\0' && hash != NULL) {
        sv_import_reject(table, "password_hash", "the row has a password too: one of them counts");
    }
    row->password = password[0] == '\0' ? NULL : password;
    row->input.password_hash = hash;
}

static bool
sv_user_read(sv_import_table_t *table, sv_user_row_t *row)
{
    const char *role = NULL;

    *row = (sv_user_row_t){ .input = { .warehouse = table->options->default_warehouse } };
    sv_import_required_code(table, "username", SV_TEXT_NAME, SV_USERNAME_MAX, &row->input.username);
    if (sv_import_has(table, "full_name")) {
        sv_import_required_text(table, "full_name", SV_FULL_NAME_MAX, &row->input.full_name);
    }
    sv_import_code(table, "warehouse", SV_TEXT_NAME, SV_WAREHOUSE_MAX, &row->input.warehouse);
    sv_import_code(table, "user_id", SV_TEXT_NAME, SV_USER_ID_MAX, &row->input.user_id);
    if (sv_import_has(table, "role") && sv_import_required_text(table, "role", SV_ROLE_TEXT_MAX, &role) &&
        !sv_role_parse(role, &row->input.role)) {
        sv_import_reject(table, "role", "\"%.40s\" is not staff, supervisor or admin", role);
    }
    sv_user_read_password(table, row);
    return table->good;
}

/* Whether the file's hash becomes the account's: until somebody logged in, who may have another password since. */
static bool
sv_user_takes_hash(const sv_user_row_t *row, const sv_account_t *account)
{
    return row->input.password_hash != NULL && account->last_login_at_ms == 0 &&
           strcmp(row->input.password_hash, account->password_hash == NULL ? "" : account->password_hash) != 0;
}

/* The names of what the row changes of an account; "": nothing. */
static const char *
sv_user_changed_fields(const sv_user_row_t *row, const sv_account_t *account, bool new_password, sv_arena_t *arena)
{
    const char *warehouse = account->warehouse == NULL ? "" : account->warehouse;
    const struct {
        const char *name;
        bool changed;
    } fields[] = {
        { "full_name", row->input.full_name != NULL && strcmp(row->input.full_name, account->full_name) != 0 },
        { "role", row->input.role != SV_ROLE_ANYONE && row->input.role != account->role },
        { "warehouse", row->input.warehouse != NULL && strcmp(row->input.warehouse, warehouse) != 0 },
        { "password", new_password },
    };
    sv_buffer_t names;

    sv_buffer_init(&names, arena, 64);
    sv_buffer_puts(&names, "");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].changed) {
            sv_buffer_printf(&names, "%s%s", names.length > 0 ? ", " : "", fields[i].name);
        }
    }
    return names.data;
}

/* The hash of the row's password, or the one it brings; NULL: the error says why not. */
static const char *
sv_user_hash(const sv_user_import_t *import, const sv_user_row_t *row, sv_error_t *error)
{
    return row->password == NULL ? row->input.password_hash
                                 : sv_password_hash(import->store->settings, row->password, error->arena, error);
}

static sv_status_t
sv_user_write_changes(sv_user_import_t *import, const sv_user_row_t *row, bool new_password, sv_account_t *account,
                      sv_error_t *error)
{
    const sv_account_change_t change = { row->input.full_name, row->input.warehouse, row->input.role, NULL };
    const char *hash;

    if ((change.full_name != NULL || change.warehouse != NULL || change.role != SV_ROLE_ANYONE) &&
        sv_account_change(import->store, import->who, account->user_id, &change, account, error) != SV_OK) {
        return error->status;
    }
    if (new_password) {
        hash = sv_user_hash(import, row, error);
        if (hash == NULL ||
            sv_account_reset_password(import->store, import->who, account->user_id, hash, account, error) != SV_OK) {
            return error->status;
        }
    }
    import->changed(account, import->context);
    return SV_OK;
}

/* An existing account is given what the row says and it does not have. */
static sv_status_t
sv_user_update(sv_user_import_t *import, const sv_user_row_t *row, sv_account_t *account, sv_error_t *error)
{
    sv_import_table_t *table = &import->table;
    bool new_password = sv_user_takes_hash(row, account) ||
                        (row->password != NULL && !sv_password_verify(account->password_hash, row->password));
    const char *changed = sv_user_changed_fields(row, account, new_password, error->arena);

    if (row->input.user_id != NULL && strcmp(row->input.user_id, account->user_id) != 0) {
        sv_import_reject(table, "user_id", "the user's id is %s and cannot change", account->user_id);
        return SV_OK;
    }
    if (changed[0] == '\0') {
        import->result->unchanged++;
        return SV_OK;
    }
    if (table->options->plan != NULL) {
        table->options->plan(table->options->context, table->row.line, account->username, changed);
    } else if (sv_user_write_changes(import, row, new_password, account, error) != SV_OK) {
        return error->status;
    }
    import->result->changed++;
    return SV_OK;
}

/* What only a new account needs. */
static bool
sv_user_is_complete(sv_user_import_t *import, const sv_user_row_t *row)
{
    const char *missing = row->input.full_name == NULL                                ? "full_name"
                          : row->input.role == SV_ROLE_ANYONE                         ? "role"
                          : row->password == NULL && row->input.password_hash == NULL ? "password"
                                                                                      : NULL;

    if (missing != NULL) {
        sv_import_reject(&import->table, missing, "a new user needs one");
    }
    return missing == NULL;
}

static sv_status_t
sv_user_create(sv_user_import_t *import, sv_user_row_t *row, sv_error_t *error)
{
    const sv_import_options_t *options = import->table.options;
    sv_account_t account;

    if (!sv_user_is_complete(import, row)) {
        return SV_OK;
    }
    if (options->plan != NULL) {
        options->plan(options->context, import->table.row.line, row->input.username, NULL);
        import->result->created++;
        return SV_OK;
    }
    row->input.password_hash = sv_user_hash(import, row, error);
    if (row->input.password_hash == NULL ||
        sv_account_create(import->store, import->who, &row->input, &account, error) != SV_OK) {
        return error->status;
    }
    import->result->created++;
    import->changed(&account, import->context);
    return SV_OK;
}

/* One row; what the row itself is to blame for is reported, and only a server's failure ends the import. */
static sv_status_t
sv_user_take(sv_user_import_t *import, sv_arena_t *arena, sv_error_t *error)
{
    sv_account_t account;
    sv_user_row_t row;
    sv_status_t status;

    if (!sv_user_read(&import->table, &row)) {
        return SV_OK;
    }
    status = sv_account_load_by_username(import->store, row.input.username, arena, &account, error);
    if (status == SV_OK) {
        status = sv_user_update(import, &row, &account, error);
    } else if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        status = sv_user_create(import, &row, error);
    }
    if (status == SV_ERR_ALREADY_EXISTS || status == SV_ERR_VALIDATION_FAILED || status == SV_ERR_NOT_FOUND ||
        status == SV_ERR_LAST_ADMIN) {
        sv_import_reject(&import->table, NULL, "%s",
                         error->detail_count > 0 ? error->details[0].message : error->message);
        sv_error_clear(error);
        status = SV_OK;
    }
    return status;
}

sv_status_t
sv_import_users(sv_store_t *store, FILE *stream, const sv_import_options_t *options, const sv_principal_t *who,
                sv_import_account_t changed, void *context, sv_import_result_t *result, sv_error_t *error)
{
    sv_user_import_t import = { .store = store, .who = who, .changed = changed, .context = context, .result = result };

    *result = (sv_import_result_t){ 0 };
    if (sv_import_table_open(&import.table, stream, sv_user_columns,
                             sizeof(sv_user_columns) / sizeof(sv_user_columns[0]), options, error) != SV_OK) {
        return error->status;
    }
    while (error->status == SV_OK && sv_import_table_next(&import.table, error)) {
        sv_arena_t *arena = sv_arena_create();
        sv_error_t row_error;

        sv_error_init(&row_error, arena);
        if (sv_user_take(&import, arena, &row_error) != SV_OK) {
            sv_fail_cause(error, row_error.status, "line %ld: %s", import.table.row.line,
                          row_error.cause == NULL ? sv_status_message(row_error.status) : row_error.cause);
        }
        sv_arena_destroy(arena);
    }
    result->rows = import.table.rows;
    result->errors = import.table.errors;
    sv_import_table_close(&import.table);
    return error->status;
}
