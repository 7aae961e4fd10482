#ifndef SV_HEADERS_H
#define SV_HEADERS_H

#include "ngx_stockverify_module/conf.h"

/* Headers of requests and answers.  NGX_ERROR: out of memory. */

/* Adds a header of the answer; `name` is a literal. */
ngx_int_t sv_header_add(ngx_http_request_t *r, const char *name, ngx_str_t value);
ngx_int_t sv_header_add_text(ngx_http_request_t *r, const char *name, const char *value);

/* A request header's value; NULL data when it was not sent. */
ngx_str_t sv_header_find(ngx_http_request_t *r, const char *lowercase_name);

/* The value of Allow; without data when out of memory. */
ngx_str_t sv_allow_text(ngx_http_request_t *r, unsigned methods);

/* cors.c: adds the headers for a browser of an allowed origin. */
ngx_int_t sv_cors_headers(ngx_http_request_t *r, const sv_location_conf_t *location, bool preflight);

#endif
