#ifndef SV_REFRESH_COOKIE_H
#define SV_REFRESH_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

/*
 * The refresh token of the console's page, which no script of a page may read: a cookie (RFC 6265) instead of a member
 * of the body.
 *
 * A browser sends cookies along whoever wrote the page that asks, so such a request counts only with the header
 * X-StockVerify-Client, which a page of another origin cannot set without being allowed to (docs/security.md), and with
 * this server's own Origin.  The origin also says which cookie: __Secure-sv_refresh over https, and sv_refresh over
 * plain http from this host's own loopback, where no browser keeps a cookie that is Secure.  Over plain http from
 * elsewhere there is none.  TLS may end at a proxy before nginx: an origin of https counts whatever the connection is.
 *
 * Pure functions of the request's headers; on any thread.
 */
typedef struct {
    const char *origin;  /* header Origin; NULL: none */
    const char *host;    /* header Host or :authority, with the port where it was sent; NULL: none */
    const char *cookies; /* header Cookie; NULL: none */
    bool tls;            /* the connection is */
} sv_console_t;

/* Whether the request comes from a page of this server, over a way on which it may have a cookie: SV_ERR_ORIGIN_REFUSED
 * otherwise. */
sv_status_t sv_console_check(const sv_console_t *console, sv_error_t *error);

/* The token that came, in the arena; NULL: none, or one that cannot be a token.  Of a request that was checked. */
const char *sv_refresh_cookie_read(const sv_console_t *console, sv_arena_t *arena);

/* The value of Set-Cookie: the token for so many seconds, or with NULL the end of the cookie. */
const char *
sv_refresh_cookie_write(const sv_console_t *console, const char *token, int64_t max_age_s, sv_arena_t *arena);

#endif
