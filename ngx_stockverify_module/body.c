#include "ngx_stockverify_module/state.h"

enum { SV_BODY_MAX = 1024 * 1024, SV_BODY_LARGE_MAX = 12 * 1024 * 1024 };

static off_t
sv_body_limit(const sv_request_state_t *state)
{
    return (state->entry->route->flags & SV_BODY_LARGE) != 0 ? SV_BODY_LARGE_MAX : SV_BODY_MAX;
}

/* "application/json", with any parameters behind a semicolon. */
static bool
sv_body_is_json(ngx_http_request_t *r)
{
    static const u_char json[] = "application/json";
    const ngx_str_t *type;
    size_t length = sizeof(json) - 1;

    if (r->headers_in.content_type == NULL) {
        return false;
    }
    type = &r->headers_in.content_type->value;
    if (type->len < length || ngx_strncasecmp(type->data, (u_char *) json, length) != 0) {
        return false;
    }
    while (length < type->len && (type->data[length] == ' ' || type->data[length] == '\t')) {
        length++;
    }
    return length == type->len || type->data[length] == ';';
}

static off_t
sv_body_length(ngx_http_request_t *r)
{
    off_t length = 0;

    if (r->request_body != NULL) {
        for (ngx_chain_t *link = r->request_body->bufs; link != NULL; link = link->next) {
            length += ngx_buf_size(link->buf);
        }
    }
    return length;
}

static ngx_int_t
sv_body_copy(ngx_http_request_t *r, char *to)
{
    for (ngx_chain_t *link = r->request_body->bufs; link != NULL; link = link->next) {
        ngx_buf_t *buffer = link->buf;
        size_t length = (size_t) ngx_buf_size(buffer);

        if (buffer->in_file) {
            if (ngx_read_file(buffer->file, (u_char *) to, length, buffer->file_pos) != (ssize_t) length) {
                return NGX_ERROR;
            }
        } else if (length > 0) { /* the end of a chunked body is a buffer without memory */
            memcpy(to, buffer->pos, length);
        }
        to += length;
    }
    *to = '\0';
    return NGX_OK;
}

static sv_status_t
sv_body_take(sv_request_state_t *state)
{
    ngx_http_request_t *r = state->req.http;
    sv_call_t *call = &state->call;
    off_t length = sv_body_length(r);
    char *body;

    if (length == 0) {
        return SV_OK;
    }
    if (!sv_body_is_json(r)) {
        return sv_fail(&call->error, SV_ERR_MEDIA_TYPE, NULL);
    }
    if (length > sv_body_limit(state)) {
        return sv_fail(&call->error, SV_ERR_BODY_TOO_LARGE, NULL);
    }
    body = sv_arena_alloc(call->arena, (size_t) length + 1);
    if (sv_body_copy(r, body) != NGX_OK) {
        return sv_fail_cause(&call->error, SV_ERR_INTERNAL, "the request's body could not be read from its file");
    }
    call->body = body;
    call->body_length = (size_t) length;
    return SV_OK;
}

static void
sv_body_ready(ngx_http_request_t *r)
{
    sv_context_t *context = ngx_http_get_module_ctx(r, ngx_stockverify_module);
    sv_request_state_t *state = context->state;

    if (sv_body_take(state) != SV_OK) {
        sv_http_answer(&state->req);
        return;
    }
    sv_gate_enter(state, state->next);
}

/* Reads the body the route takes and goes on; any other is thrown away.  The content handler's result. */
ngx_int_t
sv_body_read(sv_request_state_t *state, sv_next_pt next)
{
    ngx_http_request_t *r = state->req.http;
    ngx_int_t rc;

    state->next = next;
    if ((state->entry->route->flags & (SV_BODY_JSON | SV_BODY_OPTIONAL)) == 0) {
        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }
        r->main->count++;
        sv_gate_enter(state, next);
        return NGX_DONE;
    }
    state->call.body_optional = (state->entry->route->flags & SV_BODY_OPTIONAL) != 0;
    if (r->headers_in.content_length_n > sv_body_limit(state)) {
        sv_fail(&state->call.error, SV_ERR_BODY_TOO_LARGE, NULL);
        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }
        r->main->count++;
        sv_http_answer(&state->req);
        return NGX_DONE;
    }
    rc = ngx_http_read_client_request_body(r, sv_body_ready);
    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}
