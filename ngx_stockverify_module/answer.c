#include "ngx_stockverify_module/answer_file.h"
#include "ngx_stockverify_module/envelope.h"
#include "ngx_stockverify_module/headers.h"
#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

/* The one place that turns errors into HTTP. */

enum { SV_ENVELOPE_ROOM = 512 };

typedef struct {
    ngx_uint_t status;
    const char *reason;
    int retry_after_s; /* 0: no Retry-After */
} sv_kind_answer_t;

static const sv_kind_answer_t sv_kind_answers[] = {
    [SV_KIND_NONE] = { 200, NULL, 0 },
    [SV_KIND_MALFORMED] = { 400, "400 Bad Request", 0 },
    [SV_KIND_UNAUTHORIZED] = { 401, "401 Unauthorized", 0 },
    [SV_KIND_FORBIDDEN] = { 403, "403 Forbidden", 0 },
    [SV_KIND_NOT_FOUND] = { 404, "404 Not Found", 0 },
    [SV_KIND_METHOD] = { 405, "405 Method Not Allowed", 0 },
    [SV_KIND_CONFLICT] = { 409, "409 Conflict", 0 },
    [SV_KIND_GONE] = { 410, "410 Gone", 0 },
    [SV_KIND_PRECONDITION] = { 412, "412 Precondition Failed", 0 },
    [SV_KIND_TOO_LONG] = { 414, "414 URI Too Long", 0 },
    [SV_KIND_TOO_LARGE] = { 413, "413 Content Too Large", 0 },
    [SV_KIND_MEDIA_TYPE] = { 415, "415 Unsupported Media Type", 0 },
    [SV_KIND_RANGE] = { 416, "416 Range Not Satisfiable", 0 },
    [SV_KIND_RULE] = { 422, "422 Unprocessable Content", 0 },
    [SV_KIND_THROTTLED] = { 429, "429 Too Many Requests", 1 },
    [SV_KIND_UNAVAILABLE] = { 503, "503 Service Unavailable", 2 },
    [SV_KIND_UPSTREAM] = { 504, "504 Gateway Timeout", 3 },
    [SV_KIND_INTERNAL] = { 500, "500 Internal Server Error", 0 },
};

static ngx_int_t
sv_answer_error_headers(sv_request_state_t *state, const sv_kind_answer_t *kind)
{
    ngx_http_request_t *r = state->req.http;
    const sv_error_t *error = &state->call.error;
    int retry_after_s = error->retry_after_s > 0 ? error->retry_after_s : kind->retry_after_s;

    if (kind->status == NGX_HTTP_UNAUTHORIZED &&
        sv_header_add_text(r, "WWW-Authenticate",
                           error->status == SV_ERR_TOKEN_MISSING || error->status == SV_ERR_CREDENTIALS_INVALID
                               ? "Bearer realm=\"stockverify\""
                               : "Bearer realm=\"stockverify\", error=\"invalid_token\"") != NGX_OK) {
        return NGX_ERROR;
    }
    if (kind->status == NGX_HTTP_UNSUPPORTED_MEDIA_TYPE && state->entry != NULL &&
        (state->entry->route->flags & SV_BODY_FILE) == 0 &&
        sv_header_add_text(r, "Accept-Encoding", "gzip") != NGX_OK) {
        return NGX_ERROR;
    }
    if (kind->retry_after_s > 0) {
        return sv_header_add_text(r, "Retry-After", sv_arena_printf(state->call.arena, "%d", retry_after_s));
    }
    return NGX_OK;
}

/* A file may be had by a signed URL, which caches in between would otherwise keep it under. */
static const char *
sv_answer_caching(const sv_call_t *call)
{
    if (call->error.status == SV_OK && call->file != NULL) {
        return "private, no-cache";
    }
    return call->etag != NULL ? "no-cache" : "no-store";
}

static ngx_int_t
sv_answer_headers(sv_request_state_t *state, const sv_kind_answer_t *kind)
{
    ngx_http_request_t *r = state->req.http;
    const sv_call_t *call = &state->call;

    if (sv_header_add(r, "X-Request-Id", state->request_id) != NGX_OK ||
        sv_header_add_text(r, "X-Content-Type-Options", "nosniff") != NGX_OK ||
        sv_header_add_text(r, "Cache-Control", sv_answer_caching(call)) != NGX_OK ||
        sv_cors_headers(r, state->location, r->method == NGX_HTTP_OPTIONS) != NGX_OK ||
        sv_answer_error_headers(state, kind) != NGX_OK) {
        return NGX_ERROR;
    }
    if (state->allowed != 0 && sv_header_add(r, "Allow", sv_allow_text(r, state->allowed)) != NGX_OK) {
        return NGX_ERROR;
    }
    if (r->method == NGX_HTTP_OPTIONS && state->location->cors_origins != NULL && state->allowed != 0 &&
        sv_header_add(r, "Access-Control-Allow-Methods", sv_allow_text(r, state->allowed)) != NGX_OK) {
        return NGX_ERROR;
    }
    if (call->set_cookie != NULL && sv_header_add_text(r, "Set-Cookie", call->set_cookie) != NGX_OK) {
        return NGX_ERROR;
    }
    if (call->error.status != SV_OK) {
        return NGX_OK;
    }
    if (call->file != NULL) {
        return NGX_OK; /* answer_file.c has more to say */
    }
    if (call->etag != NULL && sv_header_add_text(r, "ETag", call->etag) != NGX_OK) {
        return NGX_ERROR;
    }
    if (call->retry_after_s > 0 &&
        sv_header_add_text(r, "Retry-After", sv_arena_printf(call->arena, "%d", call->retry_after_s)) != NGX_OK) {
        return NGX_ERROR;
    }
    return call->location == NULL ? NGX_OK : sv_header_add_text(r, "Location", call->location);
}

static void
sv_answer_log(sv_request_state_t *state)
{
    const sv_error_t *error = &state->call.error;
    sv_kind_t kind = sv_status_kind(error->status);
    ngx_uint_t level = kind == SV_KIND_INTERNAL ? NGX_LOG_ERR : NGX_LOG_WARN;

    if (kind != SV_KIND_INTERNAL &&
        (kind != SV_KIND_UNAVAILABLE || error->cause == NULL || !sv_log_limit_pass(&state->process->unavailable))) {
        return;
    }
    ngx_log_error(level, state->req.http->connection->log, 0, "stockverify: %s: %s (route %s, request id %V)",
                  sv_status_code(error->status),
                  error->cause != NULL     ? error->cause
                  : error->message != NULL ? error->message
                                           : "no cause was given",
                  state->entry == NULL ? "-" : state->entry->route->id, &state->request_id);
}

static ngx_uint_t
sv_answer_success_status(const sv_request_state_t *state)
{
    const sv_call_t *call = &state->call;

    if (state->req.http->method == NGX_HTTP_OPTIONS) {
        return NGX_HTTP_NO_CONTENT;
    }
    if ((state->req.http->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) != 0 && call->file == NULL && call->etag != NULL &&
        sv_call_etag_matches(call, call->etag)) {
        return NGX_HTTP_NOT_MODIFIED;
    }
    return call->success_status == 0 || call->file != NULL ? NGX_HTTP_OK : (ngx_uint_t) call->success_status;
}

static ngx_int_t
sv_answer_body(sv_request_state_t *state, const sv_buffer_t *body, const char *content_type)
{
    ngx_http_request_t *r = state->req.http;
    ngx_chain_t out;
    ngx_buf_t *buffer;
    ngx_int_t rc;

    r->headers_out.content_length_n = (off_t) body->length;
    r->headers_out.content_type.data = (u_char *) content_type;
    r->headers_out.content_type.len = strlen(content_type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    buffer = ngx_calloc_buf(r->pool);
    if (buffer == NULL) {
        return NGX_ERROR;
    }
    buffer->start = buffer->pos = (u_char *) body->data;
    buffer->end = buffer->last = (u_char *) body->data + body->length;
    buffer->memory = 1; /* the arena lives as long as the request's pool */
    buffer->last_buf = r == r->main;
    buffer->last_in_chain = 1;
    out.buf = buffer;
    out.next = NULL;
    return ngx_http_output_filter(r, &out);
}

/* Of its logins the replaced system printed `data`, of all else the members alone; the console reads `data` always. */
static sv_envelope_t
sv_answer_form(const sv_request_state_t *state)
{
    static const char logins[] = "/api/auth/";
    sv_envelope_t envelope = (sv_envelope_t) state->location->envelope;

    if (state->call.console != NULL) {
        return SV_ENVELOPE_NESTED;
    }
    return envelope == SV_ENVELOPE_FLAT && state->entry != NULL &&
                   strncmp(state->entry->route->path, logins, sizeof(logins) - 1) == 0
               ? SV_ENVELOPE_FLAT_AND_DATA
               : envelope;
}

static ngx_int_t
sv_answer_envelope(sv_request_state_t *state)
{
    sv_buffer_t body;

    sv_buffer_init(&body, state->call.arena, state->call.data.length + SV_ENVELOPE_ROOM);
    sv_envelope_write(&body, &state->call, sv_answer_form(state), state->request_id);
    return sv_answer_body(state, &body, "application/json");
}

void
sv_http_answer_plain(sv_request_t *req, const sv_buffer_t *body, const char *content_type)
{
    ngx_http_request_t *r = req->http;

    req->state->answered = 1;
    r->headers_out.status = NGX_HTTP_OK;
    ngx_http_finalize_request(r, sv_answer_body(req->state, body, content_type));
}

static void
sv_answer_count(sv_request_state_t *state)
{
    sv_metrics_answer(&state->process->zone->metrics, state->entry == NULL ? NULL : state->entry->route,
                      state->req.http->headers_out.status, sv_metrics_now_us() - state->started_us);
}

ngx_int_t
sv_http_answer_begin(sv_request_t *req, const char *content_type)
{
    sv_request_state_t *state = req->state;
    ngx_http_request_t *r = req->http;
    ngx_int_t rc = sv_body_drop(r, false);

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, rc);
        return NGX_DONE;
    }
    state->answered = 1;
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_type.data = (u_char *) content_type;
    r->headers_out.content_type.len = strlen(content_type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->disable_not_modified = 1;
#if (NGX_HTTP_GZIP)
    /* What is compressed waits for more. */
    r->gzip_tested = 1;
    r->gzip_ok = 0;
#endif
    sv_answer_count(state);
    if (sv_answer_headers(state, &sv_kind_answers[SV_KIND_NONE]) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return NGX_DONE;
    }
    state->headers_added = 1;
    rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_http_finalize_request(r, rc);
        return NGX_DONE;
    }
    return NGX_OK;
}

static void
sv_answer_send(sv_request_t *req)
{
    sv_request_state_t *state = req->state;
    ngx_http_request_t *r = req->http;
    const sv_kind_answer_t *kind;
    bool file = state->call.error.status == SV_OK && state->call.file != NULL;
    ngx_int_t rc = sv_body_drop(r, state->call.error.status == SV_ERR_BODY_TOO_LARGE);

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, rc);
        return;
    }
    kind = &sv_kind_answers[sv_status_kind(state->call.error.status)];
    state->answered = !file; /* nginx may refuse it yet (412, 416), and then in the API's envelope */
    state->answer_status = state->call.error.status;
    if (state->call.error.status == SV_OK) {
        r->headers_out.status = sv_answer_success_status(state);
    } else {
        sv_answer_log(state);
        r->headers_out.status = kind->status;
        ngx_str_set(&r->headers_out.status_line, "");
        r->headers_out.status_line.data = (u_char *) kind->reason;
        r->headers_out.status_line.len = strlen(kind->reason);
    }
    /* The client's conditions are ours to judge (sv_answer_success_status); only a file that is fetched has what nginx
     * would compare them with. */
    r->disable_not_modified = !file || (r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) == 0;
    if (!file) {
        sv_answer_count(state);
    }
    if (sv_answer_headers(state, kind) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }
    state->headers_added = 1;
    if (r->headers_out.status == NGX_HTTP_NO_CONTENT || r->headers_out.status == NGX_HTTP_NOT_MODIFIED) {
        r->header_only = 1;
        rc = ngx_http_send_header(r);
    } else if (file) {
        rc = sv_file_send(state);
        state->answered = rc <= NGX_OK;
        if (state->answered && !state->context.replaced) {
            sv_answer_count(state);
        }
    } else {
        rc = sv_answer_envelope(state);
    }
    ngx_http_finalize_request(r, rc);
}

void
sv_http_answer(sv_request_t *req)
{
    sv_request_state_t *state = req->state;
    size_t count = state->call.effect_count;

    state->call.effect_count = 0;
    sv_http_redis(req, state->call.effects, count, NULL, sv_answer_send);
}
