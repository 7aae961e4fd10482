#include "ngx_stockverify_module/answer_file.h"

#include "core/base/disposition.h"
#include "ngx_stockverify_module/headers.h"

static void
sv_file_path(const sv_request_state_t *state, ngx_str_t *path)
{
    const sv_call_t *call = &state->call;
    const char *text = call->file->path[0] == '/'
                           ? call->file->path
                           : sv_arena_printf(call->arena, "%s/%s", call->settings->spool_dir, call->file->path);

    path->data = (u_char *) text;
    path->len = strlen(text);
}

/* The header that was added last. */
static ngx_table_elt_t *
sv_file_last_header(ngx_http_request_t *r)
{
    ngx_list_part_t *part = r->headers_out.headers.last;

    return (ngx_table_elt_t *) part->elts + part->nelts - 1;
}

static ngx_int_t
sv_file_headers(sv_request_state_t *state, ngx_table_elt_t **disposition)
{
    ngx_http_request_t *r = state->req.http;
    const sv_call_file_t *file = state->call.file;

    r->headers_out.content_length_n = file->size;
    r->headers_out.last_modified_time = file->changed_s > 0 ? (time_t) file->changed_s : -1;
    r->headers_out.content_type.data = (u_char *) file->content_type;
    r->headers_out.content_type.len = strlen(file->content_type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->allow_ranges = (r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) != 0;
#if (NGX_HTTP_GZIP)
    /* A file compressed on its way has neither length nor ranges, and its download could not be resumed. */
    r->gzip_tested = 1;
    r->gzip_ok = 0;
#endif
    if (file->etag != NULL) {
        if (sv_header_add_text(r, "ETag", file->etag) != NGX_OK) {
            return NGX_ERROR;
        }
        r->headers_out.etag = sv_file_last_header(r); /* where nginx's filters look for it */
    }
    /* What a client made may be a page or a script to some browser: it gets no rights here. */
    if (file->shown && sv_header_add_text(r, "Content-Security-Policy", "default-src 'none'; sandbox") != NGX_OK) {
        return NGX_ERROR;
    }
    if (sv_header_add_text(r, "Content-Disposition",
                           file->shown ? sv_disposition_inline(file->name, state->call.arena)
                                       : sv_disposition_attachment(file->name, state->call.arena)) != NGX_OK) {
        return NGX_ERROR;
    }
    *disposition = sv_file_last_header(r);
    return NGX_OK;
}

ngx_int_t
sv_file_send(sv_request_state_t *state)
{
    ngx_http_request_t *r = state->req.http;
    ngx_http_core_loc_conf_t *core = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    const sv_call_file_t *file = state->call.file;
    ngx_buf_t *buffer = ngx_calloc_buf(r->pool);
    ngx_chain_t out = { .buf = buffer };
    ngx_table_elt_t *disposition;
    ngx_int_t rc;

    if (buffer == NULL || sv_file_headers(state, &disposition) != NGX_OK) {
        return NGX_ERROR;
    }
    buffer->file = ngx_pcalloc(r->pool, sizeof(ngx_file_t));
    if (buffer->file == NULL) {
        return NGX_ERROR;
    }
    rc = ngx_http_send_header(r);
    if (rc > NGX_OK) {
        disposition->hash = 0; /* what follows is an error, not the file */
    }
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    sv_file_path(state, &buffer->file->name);
    buffer->file->fd = file->fd;
    buffer->file->log = r->connection->log;
    buffer->file->directio = core->directio <= file->size && ngx_directio_on(file->fd) == 0;
    buffer->file_last = file->size;
    buffer->in_file = file->size > 0;
    buffer->last_buf = 1;
    buffer->last_in_chain = 1;
    return ngx_http_output_filter(r, &out);
}
