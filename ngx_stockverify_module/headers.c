#include "ngx_stockverify_module/headers.h"

ngx_int_t
sv_header_add(ngx_http_request_t *r, const char *name, ngx_str_t value)
{
    ngx_table_elt_t *header = ngx_list_push(&r->headers_out.headers);

    if (header == NULL) {
        return NGX_ERROR;
    }
    ngx_memzero(header, sizeof(*header));
    header->hash = 1;
    header->key.data = (u_char *) name;
    header->key.len = strlen(name);
    header->value = value;
    return NGX_OK;
}

ngx_int_t
sv_header_add_text(ngx_http_request_t *r, const char *name, const char *value)
{
    return sv_header_add(r, name, (ngx_str_t){ strlen(value), (u_char *) value });
}

ngx_str_t
sv_header_find(ngx_http_request_t *r, const char *lowercase_name)
{
    ngx_list_part_t *part = &r->headers_in.headers.part;
    size_t length = strlen(lowercase_name);

    for (; part != NULL; part = part->next) {
        ngx_table_elt_t *headers = part->elts;

        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (headers[i].key.len == length && memcmp(headers[i].lowcase_key, lowercase_name, length) == 0) {
                return headers[i].value;
            }
        }
    }
    return (ngx_str_t) ngx_null_string;
}

typedef struct {
    unsigned method;
    const char *name;
} sv_method_name_t;

static const sv_method_name_t sv_method_names[] = {
    { NGX_HTTP_GET, "GET, HEAD" }, { NGX_HTTP_POST, "POST" },     { NGX_HTTP_PUT, "PUT" },
    { NGX_HTTP_PATCH, "PATCH" },   { NGX_HTTP_DELETE, "DELETE" }, { NGX_HTTP_OPTIONS, "OPTIONS" },
};

ngx_str_t
sv_allow_text(ngx_http_request_t *r, unsigned methods)
{
    ngx_str_t text = ngx_null_string;
    u_char *end;

    text.data = ngx_pnalloc(r->pool, 64);
    if (text.data == NULL) {
        return text;
    }
    end = text.data;
    for (size_t i = 0; i < sizeof(sv_method_names) / sizeof(sv_method_names[0]); i++) {
        if ((methods & sv_method_names[i].method) != 0) {
            end = ngx_sprintf(end, "%s%s", end == text.data ? "" : ", ", sv_method_names[i].name);
        }
    }
    text.len = (size_t) (end - text.data);
    return text;
}
