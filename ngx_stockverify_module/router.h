#ifndef SV_ROUTER_H
#define SV_ROUTER_H

#include "ngx_stockverify_module/nginx.h"
#include "ngx_stockverify_module/call.h"
#include "ngx_stockverify_module/routes.h"

/*
 * Finds the route of a request.  Built from the route table when the configuration is read, as a
 * tree of path segments in which a literal wins over a {name}; never changed afterwards.
 */
typedef struct sv_router_s  sv_router_t;

/* A row of the table with what was worked out from it. */
typedef struct {
    const sv_route_t   *route;
    size_t              index;           /* in sv_routes: the label of metrics */
    size_t              param_count;
    const char        **query_names;     /* NULL-terminated */
    /* The path value that `?code=` replaces, because a code there may equal a literal of another route; -1: none. */
    int                 code_param;
} sv_route_entry_t;

typedef struct {
    const sv_route_entry_t  *entry;      /* NULL: see `allowed` */
    unsigned                 allowed;    /* methods of the path when entry is NULL; 0: no such path */
} sv_route_match_t;

/* The result lives in the arena.  NULL with an error for two rows of one method and path, or
 * a row with too many {names} or query parameters. */
sv_router_t *sv_router_create(sv_arena_t *arena, sv_error_t *error);

/* `path` is the raw request target up to the '?'.  Decoded {names} go to call->params, behind the text gate.
 * SV_OK with a match, or SV_ERR_BAD_REQUEST for a bad escape, NUL, invalid UTF-8 or a "." or ".." in the path. */
sv_status_t sv_router_match(const sv_router_t *router, ngx_str_t path, unsigned method, sv_call_t *call,
                            sv_route_match_t *match);

/* Reads the query string into the call: unknown and repeated parameters are refused by name. */
sv_status_t sv_route_read_query(const sv_route_entry_t *entry, ngx_str_t args, sv_call_t *call);

#endif
