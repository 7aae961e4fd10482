#include "ngx_stockverify_module/headers.h"
#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { SV_BODY_SMALL_MAX = 16 * 1024, SV_BODY_MAX = 1024 * 1024, SV_BODY_LARGE_MAX = 12 * 1024 * 1024 };

static off_t
sv_body_limit(const sv_request_state_t *state)
{
    unsigned flags = state->entry->route->flags;

    if ((flags & SV_BODY_FILE) != 0) {
        return state->call.settings->photo_max_bytes;
    }
    if ((flags & SV_BODY_SMALL) != 0) {
        return SV_BODY_SMALL_MAX;
    }
    return (flags & SV_BODY_LARGE) != 0 ? SV_BODY_LARGE_MAX : SV_BODY_MAX;
}

static bool
sv_body_is_taken(const sv_request_state_t *state)
{
    return (state->entry->route->flags & (SV_BODY_JSON | SV_BODY_OPTIONAL | SV_BODY_FILE)) != 0;
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

/* Any picture, or bytes of which nobody says what they are: the bytes tell. */
static bool
sv_body_is_picture(ngx_http_request_t *r)
{
    static const u_char image[] = "image/", bytes[] = "application/octet-stream";
    const ngx_str_t *type;

    if (r->headers_in.content_type == NULL) {
        return false;
    }
    type = &r->headers_in.content_type->value;
    return (type->len >= sizeof(image) - 1 && ngx_strncasecmp(type->data, (u_char *) image, sizeof(image) - 1) == 0) ||
           (type->len >= sizeof(bytes) - 1 && ngx_strncasecmp(type->data, (u_char *) bytes, sizeof(bytes) - 1) == 0);
}

/* Content-Encoding: none, identity, or gzip (x-gzip, RFC 9110 8.4.1.3). */
static bool
sv_body_encoding(ngx_http_request_t *r, bool *packed)
{
    ngx_str_t encoding = sv_header_find(r, "content-encoding");

    *packed = (encoding.len == 4 && ngx_strncasecmp(encoding.data, (u_char *) "gzip", 4) == 0) ||
              (encoding.len == 6 && ngx_strncasecmp(encoding.data, (u_char *) "x-gzip", 6) == 0);
    return *packed || encoding.len == 0 ||
           (encoding.len == 8 && ngx_strncasecmp(encoding.data, (u_char *) "identity", 8) == 0);
}

/* Whether a body of this type and encoding is read at all. */
static sv_status_t
sv_body_check_media(sv_request_state_t *state)
{
    ngx_http_request_t *r = state->req.http;
    sv_error_t *error = &state->call.error;

    if ((state->entry->route->flags & SV_BODY_FILE) != 0) {
        if (!sv_body_is_picture(r)) {
            return sv_fail(error, SV_ERR_MEDIA_TYPE, "The body must be image/* or application/octet-stream");
        }
        return sv_body_encoding(r, &state->call.body_packed) && !state->call.body_packed
                   ? SV_OK
                   : sv_fail(error, SV_ERR_MEDIA_TYPE, "A picture is sent as it is, not packed");
    }
    if (!sv_body_is_json(r)) {
        return sv_fail(error, SV_ERR_MEDIA_TYPE, NULL);
    }
    if (!sv_body_encoding(r, &state->call.body_packed)) {
        return sv_fail(error, SV_ERR_MEDIA_TYPE, "The body may be packed with gzip and with nothing else");
    }
    return SV_OK;
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

static void
sv_body_close(void *upload)
{
    close(((const sv_call_upload_t *) upload)->fd);
}

/* A descriptor of the call's own, which lives as long as a thread may read it. */
static sv_status_t
sv_body_keep_file(sv_request_state_t *state, off_t length)
{
    const ngx_temp_file_t *file = state->req.http->request_body->temp_file;
    sv_call_t *call = &state->call;
    sv_call_upload_t *upload = sv_arena_zalloc(call->arena, sizeof(*upload));

    upload->size = (size_t) length;
    upload->fd = file == NULL ? -1 : fcntl(file->file.fd, F_DUPFD_CLOEXEC, 0);
    if (upload->fd < 0) {
        return sv_fail_cause(&call->error, SV_ERR_BUSY, "the file of a request's body could not be kept open");
    }
    sv_arena_on_destroy(call->arena, sv_body_close, upload);
    call->upload = upload;
    return SV_OK;
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
    if (sv_body_check_media(state) != SV_OK) {
        return call->error.status;
    }
    if (length > sv_body_limit(state)) {
        return sv_fail(&call->error, SV_ERR_BODY_TOO_LARGE, NULL);
    }
    if ((state->entry->route->flags & SV_BODY_FILE) != 0) {
        return sv_body_keep_file(state, length);
    }
    /* The client says how much: the one size here that may be more than there is. */
    body = malloc((size_t) length + 1);
    if (body == NULL) {
        return sv_fail_cause(&call->error, SV_ERR_BUSY, "no memory for a body of %lld bytes", (long long) length);
    }
    sv_arena_on_destroy(call->arena, free, body);
    if (sv_body_copy(r, body) != NGX_OK) {
        return sv_fail_cause(&call->error, SV_ERR_INTERNAL, "the request's body could not be read from its file");
    }
    sv_call_set_body(call, body, (size_t) length);
    call->body_limit = (size_t) sv_body_limit(state);
    return SV_OK;
}

static void
sv_body_ready(ngx_http_request_t *r)
{
    sv_context_t *context = sv_context(r);
    sv_request_state_t *state = context->state;

    if (sv_body_take(state) != SV_OK) {
        sv_http_answer(&state->req);
        return;
    }
    state->next(&state->req);
}

sv_status_t
sv_body_announced(sv_request_state_t *state)
{
    ngx_http_headers_in_t *in = &state->req.http->headers_in;
    sv_error_t *error = &state->call.error;

    if (!sv_body_is_taken(state)) {
        return SV_OK;
    }
    if (in->content_length_n > sv_body_limit(state)) {
        return sv_fail(error, SV_ERR_BODY_TOO_LARGE, NULL);
    }
    /* Chunks may turn out to be no body, which needs no type. */
    return in->content_length_n > 0 || (in->chunked && in->content_type != NULL) ? sv_body_check_media(state) : SV_OK;
}

void
sv_body_read(sv_request_state_t *state, sv_next_pt next)
{
    ngx_http_request_t *r = state->req.http;
    ngx_int_t rc;

    if (!sv_body_is_taken(state)) {
        next(&state->req);
        return;
    }
    state->next = next;
    state->call.body_optional = (state->entry->route->flags & SV_BODY_OPTIONAL) != 0;
    r->request_body_in_file_only = (state->entry->route->flags & SV_BODY_FILE) != 0;
    /* The reader takes a reference of its own, which the answer ends: this request's goes over to it, and that first,
     * because the answer may be sent from within. */
    r->main->count--;
    rc = ngx_http_read_client_request_body(r, sv_body_ready);
    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        r->main->count++;
        ngx_http_finalize_request(r, rc);
    }
}

ngx_int_t
sv_body_drop(ngx_http_request_t *r, bool too_large)
{
    ngx_int_t rc;

    if (r->request_body != NULL || r->discard_body) {
        return NGX_OK;
    }
    if (r->headers_in.expect != NULL && !r->expect_tested &&
        (r->headers_in.content_length_n > 0 || r->headers_in.chunked)) {
        /* A refusal comes without a 100.  Whether the body comes all the same only the client knows, so what it sends
         * next on this connection could not be told from it. */
        r->expect_tested = 1;
        r->keepalive = 0;
    }
    rc = ngx_http_discard_request_body(r);
    if (too_large && r->discard_body) {
        r->keepalive = 0; /* a client that is told so while it sends may stop in the middle; so does nginx' own 413 */
    }
    return rc;
}
