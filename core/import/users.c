#include <string.h>

#include "core/auth/account_admin.h"
#include "core/auth/password.h"
#include "core/import/import.h"

static const sv_import_column_t sv_user_columns[] = {
    { "username", true }, { "full_name", true },  { "role", true },
    { "password", true }, { "warehouse", false }, { "user_id", false },
};

typedef struct {
    sv_store_t *store;
    const sv_principal_t *who;
    sv_import_account_t changed;
    void *context;
    sv_import_table_t table;
    sv_import_result_t *result;
} sv_user_import_t;

typedef struct {
    sv_account_input_t input;
    const char *password;
} sv_user_row_t;

static bool
sv_user_read(sv_import_table_t *table, sv_user_row_t *row, sv_arena_t *arena)
{
    const char *password = sv_import_field(table, "password");
    sv_error_t error;

    *row = (sv_user_row_t){ .input = { .warehouse = table->options->default_warehouse }, .password = password };
    sv_import_required_text(table, "username", SV_USERNAME_MAX, &row->input.username);
    sv_import_required_text(table, "full_name", SV_FULL_NAME_MAX, &row->input.full_name);
    sv_import_text(table, "warehouse", SV_WAREHOUSE_MAX, &row->input.warehouse);
    sv_import_text(table, "user_id", SV_USER_ID_MAX, &row->input.user_id);
    if (!sv_role_parse(sv_import_field(table, "role"), &row->input.role)) {
        sv_import_reject(table, "role", "\"%.40s\" is not staff, supervisor or admin", sv_import_field(table, "role"));
    }
    sv_error_init(&error, arena);
    if (password[0] != '\0' && !sv_password_acceptable(password, "password", &error)) {
        sv_import_reject(table, "password", "%s", error.details[0].message);
    }
    return table->good;
}

/* An existing account is given what the row says and it does not have. */
static sv_status_t
sv_user_update(sv_user_import_t *import, const sv_user_row_t *row, sv_account_t *account, sv_arena_t *arena,
               sv_error_t *error)
{
    const char *old_warehouse = account->warehouse == NULL ? "" : account->warehouse;
    const char *warehouse = row->input.warehouse == NULL ? old_warehouse : row->input.warehouse;
    bool new_password = row->password[0] != '\0' && !sv_password_verify(account->password_hash, row->password);
    sv_account_change_t change = { row->input.full_name, warehouse, row->input.role };
    const char *hash;

    if (row->input.user_id != NULL && strcmp(row->input.user_id, account->user_id) != 0) {
        sv_import_reject(&import->table, "user_id", "the user's id is %s and cannot change", account->user_id);
        return SV_OK;
    }
    if (!new_password && account->role == change.role && strcmp(old_warehouse, warehouse) == 0 &&
        strcmp(account->full_name, change.full_name) == 0) {
        import->result->unchanged++;
        return SV_OK;
    }
    if (sv_account_change(import->store, import->who, account->user_id, &change, account, error) != SV_OK) {
        return error->status;
    }
    if (new_password) {
        hash = sv_password_hash(import->store->settings, row->password, arena, error);
        if (hash == NULL ||
            sv_account_reset_password(import->store, import->who, account->user_id, hash, account, error) != SV_OK) {
            return error->status;
        }
    }
    import->result->changed++;
    import->changed(account, import->context);
    return SV_OK;
}

static sv_status_t
sv_user_create(sv_user_import_t *import, sv_user_row_t *row, sv_arena_t *arena, sv_error_t *error)
{
    sv_account_t account;

    if (row->password[0] == '\0') {
        sv_import_reject(&import->table, "password", "a new user needs one");
        return SV_OK;
    }
    row->input.password_hash = sv_password_hash(import->store->settings, row->password, arena, error);
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

    if (!sv_user_read(&import->table, &row, arena)) {
        return SV_OK;
    }
    status = sv_account_load_by_username(import->store, row.input.username, arena, &account, error);
    if (status == SV_OK) {
        status = sv_user_update(import, &row, &account, arena, error);
    } else if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        status = sv_user_create(import, &row, arena, error);
    }
    if (status == SV_ERR_ALREADY_EXISTS || status == SV_ERR_VALIDATION_FAILED || status == SV_ERR_NOT_FOUND) {
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
