#include "ngx_stockverify_module/envelope.h"
#include "ngx_stockverify_module/headers.h"
#include "ngx_stockverify_module/request.h"
#include "ngx_stockverify_module/state.h"

/*
 * Errors that nginx makes itself in our locations (a body over client_max_body_size, deny, limit_req, ...), or before
 * it looks for a location (an address or a header that is too long, TRACE), leave in the API's envelope instead of
 * nginx's HTML page.
 */

static ngx_http_output_header_filter_pt sv_next_header_filter;
static ngx_http_output_body_filter_pt sv_next_body_filter;

static const struct {
    ngx_uint_t http;
    sv_status_t status;
} sv_nginx_errors[] = {
    { 400, SV_ERR_BAD_REQUEST },    { 401, SV_ERR_TOKEN_MISSING },      { 403, SV_ERR_FORBIDDEN },
    { 404, SV_ERR_NOT_FOUND },      { 405, SV_ERR_METHOD_NOT_ALLOWED }, { 412, SV_ERR_PRECONDITION_FAILED },
    { 413, SV_ERR_BODY_TOO_LARGE }, { 414, SV_ERR_URI_TOO_LONG },       { 415, SV_ERR_MEDIA_TYPE },
    { 416, SV_ERR_RANGE_INVALID },  { 429, SV_ERR_RATE_LIMITED },       { 502, SV_ERR_UNAVAILABLE },
    { 503, SV_ERR_BUSY },           { 504, SV_ERR_UNAVAILABLE },
};

static sv_status_t
sv_nginx_error(ngx_uint_t http)
{
    for (size_t i = 0; i < sizeof(sv_nginx_errors) / sizeof(sv_nginx_errors[0]); i++) {
        if (sv_nginx_errors[i].http == http) {
            return sv_nginx_errors[i].status;
        }
    }
    return http < 500 ? SV_ERR_BAD_REQUEST : SV_ERR_INTERNAL;
}

/* Refused before a location was looked for, by a server that has the API: the path, when it is known, is the API's. */
static bool
sv_before_location(ngx_http_request_t *r)
{
    static const char base[] = "/api/";
    const sv_main_conf_t *conf = ngx_http_get_module_main_conf(r, ngx_stockverify_module);
    const sv_server_conf_t *server = ngx_http_get_module_srv_conf(r, ngx_stockverify_module);
    const ngx_http_core_srv_conf_t *core = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    return server->api && conf->process != NULL && r->loc_conf == core->ctx->loc_conf && r->content_handler == NULL &&
           (r->uri.len == 0 ||
            (r->uri.len >= sizeof(base) - 1 && ngx_strncmp(r->uri.data, base, sizeof(base) - 1) == 0));
}

static bool
sv_made_by_nginx(ngx_http_request_t *r, const sv_context_t *context)
{
    return r == r->main && r->headers_out.status >= NGX_HTTP_BAD_REQUEST &&
           (context == NULL || (context->state != NULL && !context->state->answered)) &&
           (r->content_handler == sv_api_handler || sv_before_location(r));
}

/* A 405 says which methods the path has. */
static ngx_int_t
sv_error_allow(ngx_http_request_t *r, const sv_router_t *router)
{
    sv_arena_t *arena = sv_arena_create();
    sv_call_t *call = sv_arena_zalloc(arena, sizeof(*call));
    sv_route_match_t match = { 0 };
    ngx_str_t path = r->unparsed_uri;
    ngx_int_t rc = NGX_OK;
    u_char *end = memchr(path.data, '?', path.len);

    call->arena = arena;
    sv_error_init(&call->error, arena);
    path.len = end == NULL ? path.len : (size_t) (end - path.data);
    /* TRACE is nobody's method, so the match is of the path alone. */
    if (path.len > 0 && sv_router_match(router, path, NGX_HTTP_TRACE, call, &match) == SV_OK && match.allowed != 0) {
        rc = sv_header_add(r, "Allow", sv_allow_text(r, match.allowed | NGX_HTTP_OPTIONS));
    }
    sv_arena_destroy(arena);
    return rc;
}

static void
sv_release_arena(void *data)
{
    sv_arena_destroy(data);
}

static ngx_buf_t *
sv_replacement(ngx_http_request_t *r, ngx_str_t request_id)
{
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, 0);
    ngx_buf_t *buffer = ngx_calloc_buf(r->pool);
    sv_buffer_t body;
    sv_error_t error;
    sv_arena_t *arena;

    if (cleanup == NULL || buffer == NULL) {
        return NULL;
    }
    arena = sv_arena_create();
    cleanup->handler = sv_release_arena;
    cleanup->data = arena;
    sv_buffer_init(&body, arena, 512);
    sv_error_init(&error, arena);
    sv_fail(&error, sv_nginx_error(r->headers_out.status), NULL);
    sv_envelope_error(&body, &error, request_id, NULL, NULL);
    buffer->start = buffer->pos = (u_char *) body.data;
    buffer->end = buffer->last = (u_char *) body.data + body.length;
    buffer->memory = 1;
    buffer->last_buf = 1;
    buffer->last_in_chain = 1;
    return buffer;
}

static sv_context_t *
sv_own_context(ngx_http_request_t *r)
{
    sv_context_t *context = ngx_pcalloc(r->pool, sizeof(*context));

    if (context != NULL) {
        ngx_http_set_ctx(r, context, ngx_stockverify_module);
    }
    return context;
}

static ngx_int_t
sv_error_headers(ngx_http_request_t *r, ngx_str_t request_id, sv_kind_t kind)
{
    if (sv_header_add(r, "X-Request-Id", request_id) != NGX_OK ||
        sv_header_add_text(r, "X-Content-Type-Options", "nosniff") != NGX_OK ||
        sv_header_add_text(r, "Cache-Control", "no-store") != NGX_OK ||
        ((kind == SV_KIND_UNAVAILABLE || kind == SV_KIND_THROTTLED) &&
         sv_header_add_text(r, "Retry-After", "1") != NGX_OK)) {
        return NGX_ERROR;
    }
    if (kind == SV_KIND_METHOD) {
        const sv_main_conf_t *conf = ngx_http_get_module_main_conf(r, ngx_stockverify_module);

        if (sv_error_allow(r, conf->router) != NGX_OK) {
            return NGX_ERROR;
        }
    }
    return sv_cors_headers(r, ngx_http_get_module_loc_conf(r, ngx_stockverify_module), false);
}

static ngx_int_t
sv_error_header_filter(ngx_http_request_t *r)
{
    sv_context_t *context = sv_context(r);
    sv_main_conf_t *conf;
    ngx_str_t request_id;
    sv_status_t status;

    if (!sv_made_by_nginx(r, context)) {
        return sv_next_header_filter(r);
    }
    conf = ngx_http_get_module_main_conf(r, ngx_stockverify_module);
    if (context == NULL) {
        context = sv_own_context(r);
    }
    if (context == NULL) {
        return sv_next_header_filter(r);
    }
    request_id = context->state != NULL ? context->state->request_id : sv_request_id(r, conf->process);
    context->replacement = sv_replacement(r, request_id);
    if (context->replacement == NULL) {
        return NGX_ERROR;
    }
    status = sv_nginx_error(r->headers_out.status);
    if (context->state != NULL) {
        context->state->answer_status = status;
    }
    context->replaced = 1;
    r->headers_out.content_length_n = ngx_buf_size(context->replacement);
    if (r->headers_out.content_length != NULL) {
        r->headers_out.content_length->hash = 0;
        r->headers_out.content_length = NULL;
    }
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    sv_metrics_answer(&sv_zone(conf->zone)->metrics, context->state != NULL ? context->state->req.route : NULL,
                      r->headers_out.status,
                      context->state != NULL ? sv_metrics_now_us() - context->state->started_us : 0);
    /* A file whose range is none has them from the answer that was tried, unless nginx emptied that (412). */
    if ((context->state == NULL || !context->state->headers_added || r->filter_finalize) &&
        sv_error_headers(r, request_id, sv_status_kind(status)) != NGX_OK) {
        return NGX_ERROR;
    }
    return sv_next_header_filter(r);
}

static ngx_int_t
sv_error_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    sv_context_t *context = sv_context(r);
    ngx_chain_t out;

    if (context == NULL || !context->replaced || in == NULL) {
        return sv_next_body_filter(r, in);
    }
    for (ngx_chain_t *link = in; link != NULL; link = link->next) {
        link->buf->pos = link->buf->last;
        link->buf->file_pos = link->buf->file_last;
    }
    if (context->replacement == NULL) {
        return NGX_OK;
    }
    out.buf = context->replacement;
    out.next = NULL;
    context->replacement = NULL;
    return sv_next_body_filter(r, &out);
}

void
sv_error_filter_init(void)
{
    sv_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = sv_error_header_filter;
    sv_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = sv_error_body_filter;
}
