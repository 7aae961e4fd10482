#include "ngx_stockverify_module/headers.h"

/* What Access-Control-Allow-Origin says of an origin, NULL when it is not allowed.  Under "*" that is "*" itself: what
 * a client wrote is said back only where the configuration has the same word. */
static const ngx_str_t *
sv_cors_allows(const ngx_array_t *origins, const ngx_str_t *origin)
{
    const ngx_str_t *allowed = origins->elts;

    for (ngx_uint_t i = 0; i < origins->nelts; i++) {
        if (allowed[i].len == 1 && allowed[i].data[0] == '*') {
            return &allowed[i];
        }
        if (allowed[i].len == origin->len && ngx_strncasecmp(allowed[i].data, origin->data, origin->len) == 0) {
            return origin;
        }
    }
    return NULL;
}

ngx_int_t
sv_cors_headers(ngx_http_request_t *r, const sv_location_conf_t *location, bool preflight)
{
    const ngx_str_t *allowed;
    ngx_str_t origin;

    if (location->cors_origins == NULL) {
        return NGX_OK;
    }
    if (sv_header_add_text(r, "Vary", "Origin") != NGX_OK) {
        return NGX_ERROR;
    }
    origin = sv_header_find(r, "origin");
    allowed = origin.data == NULL ? NULL : sv_cors_allows(location->cors_origins, &origin);
    if (allowed == NULL) {
        return NGX_OK;
    }
    if (sv_header_add(r, "Access-Control-Allow-Origin", *allowed) != NGX_OK) {
        return NGX_ERROR;
    }
    if (!preflight) {
        return sv_header_add_text(r, "Access-Control-Expose-Headers",
                                  "Retry-After, Location, ETag, Content-Disposition, X-Request-Id");
    }
    if (sv_header_add_text(r, "Access-Control-Allow-Headers",
                           "Authorization, Content-Type, If-None-Match, Last-Event-ID, Prefer, X-Device-ID, X-Request-Id") !=
            NGX_OK ||
        sv_header_add_text(r, "Access-Control-Max-Age", "600") != NGX_OK) {
        return NGX_ERROR;
    }
    return NGX_OK;
}
