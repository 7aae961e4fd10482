#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

#include "core/base/log.h"

/*
 * A request's life.  The nginx request and every step under way hold the state; when the client
 * goes, the nginx request lets go of it and a step still under way is the last to do so.
 */

static void
sv_state_forget_http(void *data)
{
    sv_request_state_t *state = data;

    state->gone = 1;
}

static void
sv_state_release_http(void *data)
{
    sv_request_state_t *state = data;

    state->gone = 1;
    state->req.http = NULL;
    sv_state_release(state);
}

sv_context_t *
sv_context(ngx_http_request_t *r)
{
    sv_context_t *context = ngx_http_get_module_ctx(r, ngx_stockverify_module);

    /* nginx forgets all contexts when a filter ends a request in its own way (412) and on internal redirects
     * (error_page); the pool's cleanups stay. */
    for (ngx_pool_cleanup_t *end = r->pool->cleanup; context == NULL && end != NULL; end = end->next) {
        if (end->handler == sv_state_release_http) {
            context = &((sv_request_state_t *) end->data)->context;
            ngx_http_set_ctx(r, context, ngx_stockverify_module);
        }
    }
    return context;
}

void
sv_state_release(sv_request_state_t *state)
{
    if (--state->references == 0) {
        sv_arena_destroy(state->call.arena);
    }
}

static ngx_int_t
sv_state_bind(sv_request_state_t *state, ngx_http_request_t *r)
{
    ngx_http_cleanup_t *end = ngx_http_cleanup_add(r, 0);
    ngx_pool_cleanup_t *pool_end = ngx_pool_cleanup_add(r->pool, 0);

    if (end == NULL || pool_end == NULL) {
        return NGX_ERROR;
    }
    end->handler = sv_state_forget_http;
    end->data = state;
    /* Later than `end`: the access log still reads the state's variables. */
    pool_end->handler = sv_state_release_http;
    pool_end->data = state;
    ngx_http_set_ctx(r, &state->context, ngx_stockverify_module);
    state->location = ngx_http_get_module_loc_conf(r, ngx_stockverify_module);
    state->request_id = sv_request_id(r, state->process);
    return NGX_OK;
}

sv_request_state_t *
sv_state_create(sv_process_t *process, ngx_http_request_t *r)
{
    sv_arena_t *arena = sv_arena_create();
    sv_request_state_t *state = sv_arena_zalloc(arena, sizeof(*state));
    sv_call_t *call = &state->call;

    state->context.state = state;
    state->req.http = r;
    state->req.call = call;
    state->req.state = state;
    state->process = process;
    state->references = 1;
    state->started_us = sv_metrics_now_us();
    call->arena = arena;
    call->settings = &process->conf->settings;
    call->keys = process->conf->auth_keys;
    sv_error_init(&call->error, arena);
    sv_buffer_init(&call->data, arena, 512);
    sv_json_writer_init(&call->json, &call->data);
    if (r == NULL) {
        return state;
    }
    if (sv_state_bind(state, r) != NGX_OK) {
        sv_arena_destroy(arena);
        return NULL;
    }
    call->principal.request_id = sv_arena_strndup(arena, (char *) state->request_id.data, state->request_id.len);
    call->principal.address =
        sv_arena_strndup(arena, (char *) r->connection->addr_text.data, r->connection->addr_text.len);
    return state;
}

void
sv_state_watch_client(const sv_request_state_t *state)
{
    ngx_http_request_t *r = state->req.http;

    if (r == NULL) {
        return;
    }
    if (!r->discard_body) { /* else nginx still reads, and notices by itself */
        r->read_event_handler = ngx_http_test_reading;
    }
    r->write_event_handler = ngx_http_request_empty_handler;
}

void
sv_state_abandon(sv_request_state_t *state)
{
    sv_call_step_t undo = state->undo;

    state->undo = NULL;
    if (undo != NULL) {
        undo(&state->call);
    }
    sv_state_send_effects(state);
}

void
sv_state_step_over(sv_request_state_t *state, sv_next_pt next)
{
    ngx_http_request_t *r = state->req.http;
    ngx_connection_t *connection;

    if (state->gone) {
        sv_state_abandon(state);
        sv_state_release(state);
        return;
    }
    /* The nginx request still holds the state; without one, `next` is to release it. */
    state->references--;
    if (r == NULL) {
        next(&state->req);
        return;
    }
    connection = r->connection;
    ngx_http_set_log_request(connection->log, r);
    next(&state->req);
    ngx_http_run_posted_requests(connection);
}

const sv_token_claims_t *
sv_http_claims(const sv_request_t *req)
{
    return req->state->has_claims ? &req->state->claims : NULL;
}

void
sv_http_resume_on_refusal(sv_request_t *req)
{
    req->state->resume_on_refusal = 1;
}

void
sv_http_on_abandon(sv_request_t *req, sv_call_step_t undo)
{
    req->state->undo = undo;
}

bool
sv_http_is_flat(const sv_request_t *req)
{
    return req->state->location->envelope == SV_ENVELOPE_FLAT && req->call->console == NULL;
}

sv_process_t *
sv_http_process(const sv_request_t *req)
{
    return req->state->process;
}

void
sv_http_hold(sv_request_t *req)
{
    req->state->references++;
    sv_state_watch_client(req->state);
}

void
sv_http_go_on(sv_request_t *req, sv_next_pt next)
{
    sv_state_step_over(req->state, next);
}

sv_request_t *
sv_http_work_begin(sv_process_t *process)
{
    return &sv_state_create(process, NULL)->req;
}

void
sv_http_work_end(sv_request_t *work)
{
    sv_state_release(work->state);
}

const char *
sv_http_temp_dir(const sv_request_t *req)
{
    const ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(req->http, ngx_http_core_module);

    return (const char *) core->client_body_temp_path->name.data;
}
