#include "core/auth/account_admin.h"
#include "core/auth/account_list.h"
#include "core/auth/password.h"
#include "core/base/mistaken_names.h"
#include "core/base/text.h"
#include "ngx_stockverify_module/request.h"

/* /api/admin/users: accounts, by administrators; /api/people: their names, by supervisors. */

static const char *const sv_role_words[] = { "staff", "supervisor", "admin", NULL };
static const char *const sv_state_words[] = { "enabled", "disabled", NULL };

static sv_role_t
sv_role_of_word(int index)
{
    return index < 0 ? SV_ROLE_ANYONE : (sv_role_t) (SV_ROLE_STAFF + index);
}

void
sv_step_users(sv_call_t *call)
{
    sv_account_query_t query = { 0 };
    int role, state;
    bool enabled;

    if (!sv_call_query_identifier(call, "q", SV_FULL_NAME_MAX, &query.search) ||
        !sv_call_query_place(call, "warehouse", &query.warehouse) ||
        !sv_call_query_choice(call, "role", sv_role_words, &role) ||
        !sv_call_query_choice(call, "status", sv_state_words, &state) ||
        !sv_call_query_sorted_page(call, "users", sv_account_sorts, "username", &query.page)) {
        return;
    }
    query.role = sv_role_of_word(role);
    enabled = state == 0;
    query.enabled = state < 0 ? NULL : &enabled;
    sv_json_object(&call->json, NULL);
    sv_account_page_write(call->store, &query, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

/* Names of everybody, for supervisors: GET /api/people. */
void
sv_step_people(sv_call_t *call)
{
    const char *warehouse = NULL;
    sv_page_t page = { 0 };

    if (!sv_call_query_place(call, "warehouse", &warehouse) || !sv_call_query_page(call, &page)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_people_page_write(call->store, warehouse, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_user(sv_call_t *call)
{
    sv_account_t account;

    if (sv_account_load(call->store, call->params[0], call->arena, &account, &call->error) == SV_OK) {
        sv_account_write_json(&call->json, NULL, &account);
    }
}

/* Tells Redis and the caller of an account that changed. */
static void
sv_user_changed(sv_call_t *call, const sv_account_t *account, const char *done)
{
    sv_gate_store_command(sv_call_effect(call), call->arena, account, call->settings->auth_cache_ttl);
    sv_account_write_json(&call->json, NULL, account);
    call->message = sv_arena_printf(call->arena, "%s %s", account->username, done);
}

/* Texts of any kind are taken here; the account's own rules look at them. */
static void
sv_user_read_members(const sv_json_fields_t *fields, sv_presence_t presence, const char **full_name,
                     const char **warehouse, sv_role_t *role)
{
    int word = -1;

    sv_json_get_text(fields, "full_name", presence, 1, SV_FULL_NAME_MAX, full_name);
    sv_json_get_text(fields, "warehouse", SV_OPTIONAL, 0, SV_WAREHOUSE_MAX, warehouse);
    sv_json_get_choice(fields, "role", presence, sv_role_words, &word);
    *role = sv_role_of_word(word);
    sv_mistaken_names_refuse(SV_NAMES_OF_USER, fields);
}

void
sv_step_user_change(sv_call_t *call)
{
    const sv_json_fields_t fields = { sv_call_body(call), "", &call->error };
    sv_account_change_t change = { 0 };
    sv_account_t account;
    bool enabled;

    if (fields.object == NULL) {
        return;
    }
    sv_user_read_members(&fields, SV_OPTIONAL, &change.full_name, &change.warehouse, &change.role);
    if (sv_json_get_bool(&fields, "enabled", SV_OPTIONAL, &enabled)) {
        change.enabled = &enabled;
    }
    if (call->error.status == SV_OK &&
        sv_account_change(call->store, &call->principal, call->params[0], &change, &account, &call->error) == SV_OK) {
        sv_user_changed(call, &account, "changed");
    }
}

void
sv_step_user_disable(sv_call_t *call)
{
    sv_account_t account;

    if (sv_account_set_enabled(call->store, &call->principal, call->params[0], false, &account, &call->error) ==
        SV_OK) {
        sv_user_changed(call, &account, "disabled");
    }
}

void
sv_step_user_revoke(sv_call_t *call)
{
    sv_families_t ended = { 0 };
    sv_account_t account;

    if (sv_account_revoke(call->store, &call->principal, call->params[0], &ended, &account, &call->error) != SV_OK) {
        return;
    }
    sv_gate_store_command(sv_call_effect(call), call->arena, &account, call->settings->auth_cache_ttl);
    sv_json_object(&call->json, NULL);
    sv_json_int(&call->json, "revoked", (int64_t) ended.count);
    sv_json_end(&call->json);
    call->message = "All logins ended";
}

/* ---- with a password: hashed on a thread for that, then stored */

typedef struct {
    sv_account_input_t input;
    const char *password;
    sv_call_step_t store; /* what is done with its hash */
} sv_user_secret_t;

static void
sv_user_hash_password(sv_call_t *call)
{
    sv_user_secret_t *state = call->state;

    if (sv_password_acceptable(state->password, "password", &call->error)) {
        state->input.password_hash = sv_password_hash(call->settings, state->password, call->arena, &call->error);
    }
}

static void
sv_user_store_password(sv_call_t *call)
{
    const sv_user_secret_t *state = call->state;
    sv_account_t account;

    if (sv_account_reset_password(call->store, &call->principal, call->params[0], state->input.password_hash, &account,
                                  &call->error) == SV_OK) {
        sv_user_changed(call, &account, "has a new password; all logins ended");
    }
}

static void
sv_user_store(sv_call_t *call)
{
    const sv_user_secret_t *state = call->state;
    sv_account_t account;

    if (sv_account_create(call->store, &call->principal, &state->input, &account, &call->error) == SV_OK) {
        call->success_status = 201;
        call->location =
            sv_arena_printf(call->arena, "/api/admin/users/%s", sv_percent_encode(account.user_id, call->arena));
        sv_user_changed(call, &account, "created");
    }
}

static void
sv_user_hashed(sv_request_t *req)
{
    const sv_user_secret_t *state = req->call->state;

    if (req->call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    sv_http_thread(req, SV_POOL_DB, state->store, sv_http_answer);
}

static void
sv_user_hash(sv_request_t *req)
{
    if (req->call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    sv_http_thread(req, SV_POOL_HASH, sv_user_hash_password, sv_user_hashed);
}

/* NULL: call->error says why the body is none. */
static sv_user_secret_t *
sv_user_read_secret(sv_call_t *call, sv_json_fields_t *fields, sv_call_step_t store)
{
    sv_user_secret_t *state = sv_arena_zalloc(call->arena, sizeof(*state));

    *fields = (sv_json_fields_t){ sv_call_body(call), "", &call->error };
    if (fields->object == NULL) {
        return NULL;
    }
    sv_json_get_secret(fields, "password", SV_REQUIRED, SV_PASSWORD_MIN_CHARACTERS, SV_PASSWORD_MAX_CHARACTERS,
                       &state->password);
    state->store = store;
    call->state = state;
    return state;
}

void
sv_http_user_create(sv_request_t *req)
{
    sv_json_fields_t fields;
    sv_user_secret_t *state = sv_user_read_secret(req->call, &fields, sv_user_store);

    if (state != NULL) {
        sv_json_get_name(&fields, "username", SV_REQUIRED, SV_USERNAME_MAX, &state->input.username);
        sv_json_get_name(&fields, "user_id", SV_OPTIONAL, SV_USER_ID_MAX, &state->input.user_id);
        sv_user_read_members(&fields, SV_REQUIRED, &state->input.full_name, &state->input.warehouse,
                             &state->input.role);
    }
    sv_user_hash(req);
}

void
sv_http_user_reset_password(sv_request_t *req)
{
    sv_json_fields_t fields;

    sv_user_read_secret(req->call, &fields, sv_user_store_password);
    sv_user_hash(req);
}
