#include "core/auth/account_admin.h"
#include "core/auth/login.h"
#include "core/auth/login_refused.h"
#include "core/auth/user_json.h"
#include "ngx_stockverify_module/api/login_throttle.h"

/* Logins, their renewal and their end. */

enum { SV_REFRESH_TEXT_MAX = 512 };

typedef struct {
    sv_login_throttle_t throttle; /* first: see login_throttle.h */
    sv_login_t login;
} sv_login_state_t;

/* The console's page is given its refresh token as a cookie, others in the body. */
static void
sv_auth_grant(sv_call_t *call, const sv_account_t *account, const sv_refresh_grant_t *grant, const char *device_secret)
{
    bool in_body = call->console == NULL;

    if (sv_login_write_json(&call->json, call->settings, call->keys, account, grant, in_body, device_secret,
                            &call->error) == SV_OK &&
        !in_body) {
        call->set_cookie =
            sv_refresh_cookie_write(call->console, grant->token, call->settings->refresh_token_idle_ttl, call->arena);
    }
}

static void
sv_auth_cookie_end(sv_call_t *call)
{
    if (call->console != NULL && call->console->origin != NULL) {
        call->set_cookie = sv_refresh_cookie_write(call->console, NULL, 0, call->arena);
    }
}

static void
sv_auth_login_commit(sv_call_t *call)
{
    sv_login_t *login = &((sv_login_state_t *) call->state)->login;

    if (sv_login_commit(call->store, &call->principal, login, &call->error) != SV_OK) {
        return;
    }
    sv_throttle_settle(call);
    sv_gate_store_command(sv_call_effect(call), call->arena, &login->account, call->settings->auth_cache_ttl);
    if (login->replaced.count > 0) {
        sv_gate_end_families_command(sv_call_effect(call), call->arena, login->replaced_user_id, login->replaced.ids,
                                     login->replaced.count);
    }
    sv_auth_grant(call, &login->account, &login->grant, login->issued_secret);
    call->message = "Login successful";
}

static void
sv_auth_login_note_refusal(sv_call_t *call)
{
    sv_login_refused_audit(call->store, &call->principal, &((sv_login_state_t *) call->state)->login,
                           call->error.status, call->arena);
}

/* The refusal stands whether or not the database takes its audit entry. */
static void
sv_auth_login_refused(sv_request_t *req)
{
    sv_kind_t kind = sv_status_kind(req->call->error.status);

    if (kind == SV_KIND_UNAVAILABLE || kind == SV_KIND_INTERNAL) {
        sv_http_answer(req);
        return;
    }
    sv_http_resume_on_refusal(req);
    sv_http_thread(req, SV_POOL_DB, sv_auth_login_note_refusal, sv_http_answer);
}

static void
sv_auth_login_verified(sv_request_t *req)
{
    if (req->call->error.status != SV_OK) {
        sv_auth_login_refused(req);
        return;
    }
    sv_http_thread(req, SV_POOL_DB, sv_auth_login_commit, sv_http_answer);
}

static void
sv_auth_login_verify(sv_call_t *call)
{
    sv_login_verify(call->settings, call->keys, &((sv_login_state_t *) call->state)->login, &call->error);
}

static void
sv_auth_login_fetched(sv_request_t *req)
{
    if (req->call->error.status != SV_OK) {
        sv_auth_login_refused(req);
        return;
    }
    sv_http_thread(req, SV_POOL_HASH, sv_auth_login_verify, sv_auth_login_verified);
}

static void
sv_auth_login_fetch(sv_call_t *call)
{
    sv_login_fetch(call->store, &((sv_login_state_t *) call->state)->login, &call->error);
}

static void
sv_auth_login_admitted(sv_request_t *req)
{
    sv_http_thread(req, SV_POOL_DB, sv_auth_login_fetch, sv_auth_login_fetched);
}

void
sv_http_auth_login(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_login_state_t *state = sv_arena_zalloc(call->arena, sizeof(*state));
    const json_t *body = sv_call_body(call);
    const sv_json_fields_t fields = { body, "", &call->error };

    call->state = state;
    if (body == NULL || !sv_login_read(&fields, &state->login.input)) {
        sv_http_answer(req);
        return;
    }
    if (call->console != NULL) {
        if (sv_console_check(call->console, &call->error) != SV_OK) {
            sv_http_answer(req);
            return;
        }
        state->login.input.replaces = sv_refresh_cookie_read(call->console, call->arena);
    }
    /* A device secret cannot be guessed and the PIN counts its own tries: whoever guesses passwords must not be able to
     * lock out the people on the floor. */
    state->throttle.attempt.username = state->login.input.pin == NULL ? state->login.input.username : NULL;
    sv_http_throttle(req, sv_auth_login_admitted);
}

typedef struct {
    const char *token;
    sv_refresh_use_t use; /* of its successor */
    sv_redis_command_t ask;
} sv_refresh_state_t;

static void
sv_auth_refresh_rotate(sv_call_t *call)
{
    const sv_refresh_state_t *state = call->state;
    sv_refresh_grant_t grant = { 0 };
    sv_account_t account;

    if (sv_refresh_rotate(call->store, call->keys, state->token, state->use, call->arena, &grant, &account,
                          &call->error) == SV_OK) {
        sv_refresh_use_forget_command(sv_call_effect(call), call->arena, state->token);
        sv_auth_grant(call, &account, &grant, NULL);
        return;
    }
    if (call->error.status == SV_ERR_TOKEN_REUSED) {
        sv_gate_end_families_command(sv_call_effect(call), call->arena, grant.user_id, &grant.family_id, 1);
    }
    if (sv_status_kind(call->error.status) == SV_KIND_UNAUTHORIZED) {
        sv_auth_cookie_end(call);
    }
}

static void
sv_auth_refresh_use_replied(sv_call_t *call, size_t index, const redisReply *reply)
{
    (void) index;
    ((sv_refresh_state_t *) call->state)->use = sv_refresh_use_read(reply);
}

static void
sv_auth_refresh_use_known(sv_request_t *req)
{
    sv_http_thread(req, SV_POOL_DB, sv_auth_refresh_rotate, sv_http_answer);
}

/* The token, from where this client has it. */
static bool
sv_auth_refresh_read(sv_call_t *call, const sv_json_fields_t *fields, const char **token)
{
    if (call->console == NULL) {
        return sv_json_get_secret(fields, "refresh_token", SV_REQUIRED, 1, SV_REFRESH_TEXT_MAX, token);
    }
    if (sv_console_check(call->console, &call->error) != SV_OK) {
        return false;
    }
    if (json_object_get(fields->object, "refresh_token") != NULL) {
        sv_fail_field(&call->error, "refresh_token", "not_taken", "The console's refresh token comes as a cookie");
        return false;
    }
    *token = sv_refresh_cookie_read(call->console, call->arena);
    if (*token == NULL) {
        sv_fail(&call->error, SV_ERR_TOKEN_MISSING, "There is no refresh cookie");
        return false;
    }
    return true;
}

void
sv_http_auth_refresh(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_refresh_state_t *state = sv_arena_zalloc(call->arena, sizeof(*state));
    const json_t *body = sv_call_body(call);
    const sv_json_fields_t fields = { body, "", &call->error };

    call->state = state;
    if (body == NULL || !sv_auth_refresh_read(call, &fields, &state->token)) {
        sv_http_answer(req);
        return;
    }
    sv_refresh_use_ask_command(&state->ask, call->arena, call->keys, state->token);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &state->ask }, 1, sv_auth_refresh_use_replied,
                  sv_auth_refresh_use_known);
}

static void
sv_auth_logout_all(sv_call_t *call)
{
    sv_families_t ended = { 0 };
    sv_account_t account;

    if (sv_account_revoke(call->store, &call->principal, call->principal.user_id, &ended, &account, &call->error) ==
        SV_OK) {
        sv_gate_store_command(sv_call_effect(call), call->arena, &account, call->settings->auth_cache_ttl);
        sv_json_int(&call->json, "revoked", (int64_t) ended.count);
    }
}

static void
sv_auth_logout_one(sv_call_t *call)
{
    bool was_live = false;

    if (sv_family_log_out(call->store, &call->principal, &was_live, &call->error) == SV_OK) {
        if (call->principal.family_id != NULL) {
            sv_gate_end_families_command(sv_call_effect(call), call->arena, call->principal.user_id,
                                         &call->principal.family_id, 1);
        }
        sv_json_int(&call->json, "revoked", was_live ? 1 : 0);
    }
}

void
sv_step_auth_logout(sv_call_t *call)
{
    const json_t *body = sv_call_body(call);
    const sv_json_fields_t fields = { body, "", &call->error };
    bool all = false;

    if (body == NULL) {
        return;
    }
    sv_json_get_bool(&fields, "all", SV_OPTIONAL, &all);
    if (call->error.status != SV_OK) {
        return;
    }
    sv_json_object(&call->json, NULL);
    if (all) {
        sv_auth_logout_all(call);
    } else {
        sv_auth_logout_one(call);
    }
    sv_json_end(&call->json);
    sv_auth_cookie_end(call);
    call->message = "Logged out";
}

/* The gate has just read the account; there is nothing to ask for. */
void
sv_http_auth_me(sv_request_t *req)
{
    sv_user_write_json(&req->call->json, NULL, &req->call->principal);
    sv_http_answer(req);
}
