#include "core/auth/account_admin.h"
#include "core/auth/password.h"
#include "core/auth/pin.h"
#include "ngx_stockverify_module/api/login_throttle.h"

/*
 * PUT /api/auth/pin and /api/auth/password: a user's own secrets.  The current password is asked for, with the waits of
 * a login, because an unattended phone has a token too.
 */
typedef struct {
    sv_login_throttle_t throttle; /* first: see login_throttle.h */
    const char *current_password;
    const char *new_password; /* one of these two */
    const char *new_pin;
    sv_account_t account;
    const char *new_hash;
} sv_secret_state_t;

static void
sv_secret_change_pin(sv_call_t *call, sv_secret_state_t *state)
{
    if (sv_account_set_pin(call->store, &call->principal, state->new_hash, &state->account, &call->error) == SV_OK) {
        sv_json_object(&call->json, NULL);
        sv_json_bool(&call->json, "pin_set", true);
        sv_json_end(&call->json);
        call->message = "The PIN is set";
    }
}

static void
sv_secret_change_password(sv_call_t *call, sv_secret_state_t *state)
{
    sv_families_t ended = { 0 };

    if (sv_account_change_password(call->store, &call->principal, state->new_hash, &ended, &state->account,
                                   &call->error) != SV_OK) {
        return;
    }
    if (ended.count > 0) {
        sv_gate_end_families_command(sv_call_effect(call), call->arena, call->principal.user_id, ended.ids,
                                     ended.count);
    }
    sv_json_object(&call->json, NULL);
    sv_json_int(&call->json, "revoked", (int64_t) ended.count);
    sv_json_end(&call->json);
    call->message = "The password is changed";
}

static void
sv_secret_change(sv_call_t *call)
{
    sv_secret_state_t *state = call->state;

    if (state->new_pin != NULL) {
        sv_secret_change_pin(call, state);
    } else {
        sv_secret_change_password(call, state);
    }
    if (call->error.status == SV_OK) {
        sv_throttle_settle(call);
        sv_gate_store_command(sv_call_effect(call), call->arena, &state->account, call->settings->auth_cache_ttl);
    }
}

/* The next step on a thread, unless the step before failed: that is the answer. */
static void
sv_secret_go_on(sv_request_t *req, sv_pool_t pool, sv_call_step_t work, sv_next_pt next)
{
    if (req->call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    sv_http_thread(req, pool, work, next);
}

static void
sv_secret_verified(sv_request_t *req)
{
    sv_secret_go_on(req, SV_POOL_DB, sv_secret_change, sv_http_answer);
}

static void
sv_secret_verify(sv_call_t *call)
{
    sv_secret_state_t *state = call->state;
    const char *secret = state->new_password;

    if (!sv_password_verify(state->account.password_hash, state->current_password)) {
        sv_fail(&call->error, SV_ERR_PASSWORD_WRONG, NULL);
        return;
    }
    if (state->new_pin != NULL) {
        secret = sv_pin_keyed(call->keys, call->principal.user_id, state->new_pin, call->arena);
    }
    state->new_hash = sv_password_hash(call->settings, secret, call->arena, &call->error);
}

static void
sv_secret_loaded(sv_request_t *req)
{
    sv_secret_go_on(req, SV_POOL_HASH, sv_secret_verify, sv_secret_verified);
}

static void
sv_secret_load(sv_call_t *call)
{
    sv_secret_state_t *state = call->state;

    sv_account_load(call->store, call->principal.user_id, call->arena, &state->account, &call->error);
}

static void
sv_secret_admitted(sv_request_t *req)
{
    sv_http_thread(req, SV_POOL_DB, sv_secret_load, sv_secret_loaded);
}

/* Reads the current password and begins the steps, unless the body was bad. */
static void
sv_secret_begin(sv_request_t *req, const sv_json_fields_t *fields, sv_secret_state_t *state)
{
    sv_call_t *call = req->call;

    call->state = state;
    sv_json_get_secret(fields, "current_password", SV_REQUIRED, 1, SV_PASSWORD_MAX_CHARACTERS,
                       &state->current_password);
    if (call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    state->throttle.attempt.username = sv_username_fold(call->principal.username, call->arena);
    sv_http_throttle(req, sv_secret_admitted);
}

void
sv_http_auth_pin(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const json_t *body = sv_call_body(call);
    const sv_json_fields_t fields = { body, "", &call->error };
    sv_secret_state_t *state = sv_arena_zalloc(call->arena, sizeof(*state));

    if (body == NULL) {
        sv_http_answer(req);
        return;
    }
    if (sv_json_get_secret(&fields, "pin", SV_REQUIRED, 1, SV_PASSWORD_MAX_CHARACTERS, &state->new_pin)) {
        sv_pin_acceptable(state->new_pin, "pin", &call->error);
    }
    sv_secret_begin(req, &fields, state);
}

void
sv_http_auth_password(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const json_t *body = sv_call_body(call);
    const sv_json_fields_t fields = { body, "", &call->error };
    sv_secret_state_t *state = sv_arena_zalloc(call->arena, sizeof(*state));

    if (body == NULL) {
        sv_http_answer(req);
        return;
    }
    sv_json_get_secret(&fields, "new_password", SV_REQUIRED, SV_PASSWORD_MIN_CHARACTERS, SV_PASSWORD_MAX_CHARACTERS,
                       &state->new_password);
    sv_secret_begin(req, &fields, state);
}
