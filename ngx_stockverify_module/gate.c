#include "core/auth/refresh_use.h"
#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

/* Who makes the request and whether they may: token, account, role, rate. */

static const char sv_bearer[] = "bearer";
static const char sv_sync_rate_prefix[] = "rate:sync:";

static bool
sv_gate_bearer(ngx_http_request_t *r, ngx_str_t *token)
{
    ngx_table_elt_t *header = r->headers_in.authorization;
    size_t scheme = sizeof(sv_bearer) - 1;

    if (header == NULL || header->value.len <= scheme || header->value.data[scheme] != ' ' ||
        ngx_strncasecmp(header->value.data, (u_char *) sv_bearer, scheme) != 0) {
        return false;
    }
    token->data = header->value.data + scheme;
    token->len = header->value.len - scheme;
    while (token->len > 0 && token->data[0] == ' ') {
        token->data++;
        token->len--;
    }
    while (token->len > 0 && token->data[token->len - 1] == ' ') {
        token->len--;
    }
    return token->len > 0;
}

/* Keeps a verified token, so that its next use costs nothing.  One whose first use tells of something is kept only where
 * Redis can be told: otherwise the next request tries again. */
static void
sv_gate_keep_token(sv_request_state_t *state, const char *text, size_t length)
{
    sv_process_t *process = state->process;
    sv_redis_command_t mark;

    if (state->claims.use_id != NULL) {
        if (!sv_redis_ready(process->redis)) {
            return;
        }
        sv_refresh_use_mark_command(&mark, state->call.arena, &process->conf->settings, state->claims.use_id);
        sv_redis_tell(process->redis, &mark);
    }
    sv_token_cache_add(process->tokens, text, length, &state->claims);
}

sv_status_t
sv_gate_read_token(sv_request_state_t *state)
{
    sv_call_t *call = &state->call;
    sv_process_t *process = state->process;
    const char *text;
    ngx_str_t token;

    if (!sv_gate_bearer(state->req.http, &token)) {
        return sv_fail(&call->error, SV_ERR_TOKEN_MISSING, NULL);
    }
    text = (const char *) token.data;
    if (!sv_token_cache_find(process->tokens, text, token.len, ngx_time(), call->arena, &state->claims)) {
        if (sv_token_verify(process->conf->auth_keys->tokens, text, token.len, ngx_time(), call->arena, &state->claims,
                            &call->error) != SV_OK) {
            return call->error.status;
        }
        sv_gate_keep_token(state, text, token.len);
    }
    state->has_claims = 1;
    call->principal.user_id = state->claims.user_id;
    call->principal.family_id = state->claims.family_id;
    return SV_OK;
}

static void
sv_gate_refused(sv_request_state_t *state)
{
    if (state->gate_is_own) {
        state->gate_next(&state->req);
    } else {
        sv_http_answer(&state->req);
    }
}

static void
sv_gate_pass(sv_request_state_t *state)
{
    sv_principal_t *principal = &state->call.principal;

    principal->username = state->gate.username;
    principal->full_name = state->gate.full_name;
    principal->warehouse = state->gate.warehouse;
    principal->role = state->gate.role;
    if (principal->role < state->gate_role) {
        sv_fail(&state->call.error, SV_ERR_FORBIDDEN, NULL);
        sv_gate_refused(state);
        return;
    }
    state->gate_next(&state->req);
}

static void
sv_gate_decide(sv_request_state_t *state)
{
    if (sv_gate_refuse(&state->gate, &state->call.error) != SV_OK) {
        sv_gate_refused(state);
        return;
    }
    sv_gate_pass(state);
}

/* On a thread. */
static void
sv_gate_ask_database(sv_call_t *call)
{
    sv_request_state_t *state = sv_state_of(call);

    if (sv_gate_ask(call->store, &state->claims, call->arena, &state->facts, &call->error) == SV_OK) {
        sv_gate_admit(&state->facts, &state->claims, &state->gate);
    }
}

static void
sv_gate_stored(sv_request_t *req)
{
    sv_gate_decide(req->state);
}

static void
sv_gate_loaded(sv_request_t *req)
{
    sv_request_state_t *state = req->state;
    sv_error_t *error = &state->call.error;
    sv_redis_command_t *store = &state->gate_command;

    if (error->status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        state->gate.outcome = SV_GATE_UNKNOWN;
        sv_gate_decide(state);
        return;
    }
    if (error->status != SV_OK) {
        sv_gate_refused(state);
        return;
    }
    if (state->gate.since == NULL || !sv_redis_ready(state->process->redis)) {
        sv_gate_decide(state);
        return;
    }
    /* Waited for, because a handler may send its script again right after. */
    sv_gate_keep_command(store, state->call.arena, state->call.settings, &state->facts, state->gate.since);
    sv_http_redis(req, (sv_redis_command_t *const[]){ store }, 1, NULL, sv_gate_stored);
}

static void
sv_gate_read_reply(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_request_state_t *state = sv_state_of(call);

    (void) index;
    sv_gate_read(reply, call->arena, &state->gate);
}

static void
sv_gate_answered(sv_request_t *req)
{
    sv_request_state_t *state = req->state;

    /* Redis is speed, MongoDB is truth: what Redis does not know, or cannot say, MongoDB is asked. */
    if (state->gate.outcome == SV_GATE_UNKNOWN) {
        sv_http_thread(req, SV_POOL_DB, sv_gate_ask_database, sv_gate_loaded);
        return;
    }
    sv_gate_decide(state);
}

static void
sv_gate_ask_script(sv_request_state_t *state, const char *rate_key)
{
    sv_call_t *call = &state->call;

    sv_gate_command(&state->gate_command, call->arena, &state->claims, rate_key, call->settings->sync_rate_limit);
    sv_http_redis(&state->req, (sv_redis_command_t *const[]){ &state->gate_command }, 1, sv_gate_read_reply,
                  sv_gate_answered);
}

static void
sv_gate_read_look(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_request_state_t *state = sv_state_of(call);

    (void) index;
    state->gate_looked = reply != NULL;
    sv_gate_look(reply, &state->claims, call->arena, &state->gate);
}

/* All is well, Redis did not answer, or its script is to say what is wrong. */
static void
sv_gate_looked(sv_request_t *req)
{
    sv_request_state_t *state = req->state;

    if (state->gate.outcome == SV_GATE_UNKNOWN && state->gate_looked) {
        sv_gate_ask_script(state, NULL);
        return;
    }
    sv_gate_answered(req);
}

static void
sv_gate_ask_redis(sv_request_state_t *state, const char *rate_key, sv_next_pt next)
{
    state->gate_next = next;
    if (rate_key != NULL) {
        sv_gate_ask_script(state, rate_key);
        return;
    }
    sv_gate_look_command(&state->gate_command, state->call.arena, &state->claims);
    sv_http_redis(&state->req, (sv_redis_command_t *const[]){ &state->gate_command }, 1, sv_gate_read_look,
                  sv_gate_looked);
}

void
sv_http_gate_load(sv_request_t *req, sv_next_pt next)
{
    sv_request_state_t *state = req->state;

    state->gate_is_own = 1;
    state->gate_role = state->entry->route->role;
    sv_gate_ask_redis(state, NULL, next);
}

void
sv_http_gate_claims(sv_request_t *req, const sv_token_claims_t *claims, sv_next_pt next)
{
    sv_request_state_t *state = req->state;
    sv_call_t *call = req->call;

    state->claims = (sv_token_claims_t){
        .user_id = sv_arena_strdup(call->arena, claims->user_id),
        .generation = claims->generation,
        .family_id = claims->family_id == NULL ? NULL : sv_arena_strdup(call->arena, claims->family_id),
        .expires_at_s = claims->expires_at_s,
    };
    state->has_claims = 1;
    call->principal.user_id = state->claims.user_id;
    call->principal.family_id = state->claims.family_id;
    state->gate_is_own = 1;
    state->gate_role = SV_ROLE_STAFF;
    sv_gate_ask_redis(state, NULL, next);
}

void
sv_gate_enter(sv_request_state_t *state, sv_next_pt next)
{
    const sv_route_t *route = state->entry->route;
    sv_call_t *call = &state->call;
    const char *rate_key = NULL;

    if (!state->has_claims || (route->flags & SV_OWN_GATE) != 0) {
        next(&state->req);
        return;
    }
    if ((route->flags & SV_RATE_SYNC) != 0 && call->settings->sync_rate_limit > 0) {
        rate_key = sv_arena_printf(call->arena, "%s%s", sv_sync_rate_prefix, state->claims.user_id);
    }
    state->gate_role = route->role;
    sv_gate_ask_redis(state, rate_key, next);
}
