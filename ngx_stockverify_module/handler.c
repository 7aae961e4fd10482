#include "ngx_stockverify_module/headers.h"
#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

/* How a request enters: its route, its query, its token; then the gate, the body, the handler.  The body comes after
 * all that can refuse the request, because nginx asks for it (100 Continue) when it begins to read. */

enum { SV_WAIT_MAX_S = 30 };

static sv_process_t *
sv_process_of(ngx_http_request_t *r)
{
    sv_main_conf_t *conf = ngx_http_get_module_main_conf(r, ngx_stockverify_module);

    return conf->process;
}

/* After a rewrite or an internal redirect what the client sent no longer counts, and nginx' own path is decoded. */
static ngx_str_t
sv_escaped_path(ngx_http_request_t *r, sv_arena_t *arena)
{
    uintptr_t escapes = 2 * ngx_escape_uri(NULL, r->uri.data, r->uri.len, NGX_ESCAPE_URI);
    ngx_str_t path = { r->uri.len + escapes, sv_arena_alloc(arena, r->uri.len + escapes + 1) };

    if (escapes == 0) {
        ngx_memcpy(path.data, r->uri.data, r->uri.len);
    } else {
        ngx_escape_uri(path.data, r->uri.data, r->uri.len, NGX_ESCAPE_URI);
    }
    return path;
}

static ngx_str_t
sv_raw_path(ngx_http_request_t *r, sv_arena_t *arena)
{
    ngx_str_t path = r->unparsed_uri;

    if (!r->valid_unparsed_uri) {
        return sv_escaped_path(r, arena);
    }

    for (const char *mark = "?#"; *mark != '\0'; mark++) {
        u_char *end = memchr(path.data, *mark, path.len);

        if (end != NULL) {
            path.len = (size_t) (end - path.data);
        }
    }
    return path;
}

static sv_status_t
sv_enter_route(sv_request_state_t *state)
{
    ngx_http_request_t *r = state->req.http;
    sv_call_t *call = &state->call;
    sv_route_match_t match;

    if (sv_router_match(state->process->conf->router, sv_raw_path(r, call->arena), (unsigned) r->method, call,
                        &match) != SV_OK) {
        return call->error.status;
    }
    state->entry = match.entry;
    if (match.entry != NULL) {
        return SV_OK;
    }
    if (match.allowed == 0) {
        return sv_fail(&call->error, SV_ERR_NOT_FOUND, "There is no such path");
    }
    state->allowed = match.allowed | NGX_HTTP_OPTIONS;
    return r->method == NGX_HTTP_OPTIONS ? SV_OK : sv_fail(&call->error, SV_ERR_METHOD_NOT_ALLOWED, NULL);
}

static void
sv_enter_if_none_match(sv_request_state_t *state)
{
    ngx_table_elt_t *header = state->req.http->headers_in.if_none_match;

    if (header != NULL) {
        state->call.if_none_match = sv_arena_strndup(state->call.arena, (char *) header->value.data, header->value.len);
    }
}

/* Seconds of "wait=N" in Prefer (RFC 7240), which says that what cannot be read is passed over. */
static void
sv_enter_prefer(sv_request_state_t *state)
{
    static const char wait[] = "wait=";
    ngx_str_t prefer = sv_header_find(state->req.http, "prefer");
    u_char *at = prefer.data, *end = prefer.data + prefer.len;

    for (u_char *stop; at < end; at = stop + 1) {
        u_char *digits, *behind;
        ngx_int_t seconds;

        stop = ngx_strlchr(at, end, ',');
        stop = stop == NULL ? end : stop;
        while (at < stop && (*at == ' ' || *at == '\t')) {
            at++;
        }
        digits = behind = at + sizeof(wait) - 1;
        if (digits >= stop || ngx_strncasecmp(at, (u_char *) wait, sizeof(wait) - 1) != 0) {
            continue;
        }
        while (behind < stop && *behind >= '0' && *behind <= '9') {
            behind++;
        }
        seconds = ngx_atoi(digits, (size_t) (behind - digits));
        if (seconds != NGX_ERROR && (behind == stop || *behind == ' ' || *behind == ';')) {
            state->call.wait_s = seconds > SV_WAIT_MAX_S ? SV_WAIT_MAX_S : (int) seconds;
            return;
        }
    }
}

static const char *
sv_enter_text(const sv_request_state_t *state, const char *lowercase_name)
{
    ngx_str_t value = sv_header_find(state->req.http, lowercase_name);

    return value.data == NULL ? NULL : sv_arena_strndup(state->call.arena, (char *) value.data, value.len);
}

/* Whether the console's own page asks, and what of its headers a login needs. */
static void
sv_enter_console(sv_request_state_t *state)
{
    static const u_char name[] = "console";
    ngx_http_request_t *r = state->req.http;
    ngx_str_t client = sv_header_find(r, "x-stockverify-client");
    sv_console_t *console;

    if (client.len != sizeof(name) - 1 || ngx_strncmp(client.data, name, client.len) != 0) {
        return;
    }
    console = sv_arena_zalloc(state->call.arena, sizeof(*console));
    console->origin = sv_enter_text(state, "origin");
    console->host = sv_enter_text(state, "host");
    console->cookies = sv_enter_text(state, "cookie");
#if (NGX_HTTP_SSL)
    console->tls = r->connection->ssl != NULL;
#endif
    state->call.console = console;
}

/* Instead of a token: the principal has no role then. */
static bool
sv_enter_has_no_need_of_a_token(const sv_request_state_t *state)
{
    static const struct {
        unsigned flag;
        ngx_str_t parameter;
    } instead[] = { { SV_SIGNED, ngx_string("signature") }, { SV_TICKET, ngx_string("ticket") } };
    ngx_str_t value;

    for (size_t i = 0; i < sizeof(instead) / sizeof(instead[0]); i++) {
        if ((state->entry->route->flags & instead[i].flag) != 0 &&
            ngx_http_arg(state->req.http, instead[i].parameter.data, instead[i].parameter.len, &value) == NGX_OK) {
            return true;
        }
    }
    return false;
}

/* All that needs neither a server nor the body. */
static sv_status_t
sv_enter(sv_request_state_t *state)
{
    sv_call_t *call = &state->call;

    sv_enter_console(state);
    if (sv_enter_route(state) != SV_OK || state->entry == NULL) {
        return call->error.status;
    }
    if (state->entry->route->role != SV_ROLE_ANYONE && !sv_enter_has_no_need_of_a_token(state) &&
        sv_gate_read_token(state) != SV_OK) {
        return call->error.status;
    }
    sv_enter_if_none_match(state);
    sv_enter_prefer(state);
    return sv_route_read_query(state->entry, state->req.http->args, call);
}

static void
sv_run_route(sv_request_t *req)
{
    const sv_route_t *route = req->route;

    if (route->step != NULL) {
        sv_http_thread(req, SV_POOL_DB, route->step, sv_http_answer);
    } else {
        route->handler(req);
    }
}

static void
sv_run_gated(sv_request_t *req)
{
    sv_body_read(req->state, sv_run_route);
}

ngx_int_t
sv_api_handler(ngx_http_request_t *r)
{
    sv_request_state_t *state;

    if (r != r->main) {
        /* Threads cannot work for a subrequest in nginx 1.22. */
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "stockverify: \"%V\" cannot be the target of a subrequest",
                      &r->uri);
        return NGX_HTTP_FORBIDDEN;
    }
    state = sv_state_create(sv_process_of(r), r);
    if (state == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    r->main->count++;
    if (sv_enter(state) != SV_OK || state->entry == NULL || sv_body_announced(state) != SV_OK) {
        sv_http_answer(&state->req);
        return NGX_DONE;
    }
    state->req.route = state->entry->route;
    sv_gate_enter(state, sv_run_gated);
    return NGX_DONE;
}

ngx_int_t
sv_metrics_handler(ngx_http_request_t *r)
{
    sv_request_state_t *state;
    ngx_int_t rc;

    if (r != r->main) {
        return NGX_HTTP_FORBIDDEN;
    }
    if ((r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) == 0) {
        return NGX_HTTP_NOT_ALLOWED;
    }
    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }
    state = sv_state_create(sv_process_of(r), r);
    if (state == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    r->main->count++;
    sv_http_metrics(&state->req);
    return NGX_DONE;
}
