#ifndef SV_ROUTES_H
#define SV_ROUTES_H

#include "core/auth/principal.h"
#include "ngx_stockverify_module/call.h"

struct sv_request_s;

enum {
    SV_BODY_NONE      = 0x00,
    SV_BODY_JSON      = 0x01,      /* a JSON object is required */
    SV_BODY_OPTIONAL  = 0x02,      /* a JSON object may be sent */
    SV_BODY_LARGE     = 0x04,      /* to 12 MiB instead of 1 MiB */
    SV_OWN_GATE       = 0x08,      /* asks Redis of the account by itself (heartbeat) */
    SV_RATE_SYNC      = 0x10,      /* counts against SYNC_RATE_LIMIT */
    SV_ALIAS          = 0x20,      /* second name of the original */
    SV_SIGNED         = 0x40,      /* "signature" in the query stands for a token; the step checks it */
    SV_BODY_SMALL     = 0x80,      /* to 16 KiB: it is parsed on the event loop */
    SV_BODY_FILE      = 0x100,     /* a picture to PHOTO_MAX_BYTES is required: call->upload */
    SV_TICKET         = 0x200      /* "ticket" in the query stands for a token; the handler takes it */
};

/* One row a route (routes.def).  A DB route is one step on a database thread; a LOOP route
 * is a handler that chains its own steps.  The gate (token, account, role, rate) has passed before either runs. */
typedef struct sv_route_s {
    const char        *id;         /* metric label and $stockverify_route: "rack_claim" */
    unsigned           method;     /* NGX_HTTP_POST, ... */
    const char        *path;       /* "/api/racks/{rack_id}/claim"; literals win over {names} */
    sv_role_t          role;       /* lowest that may; SV_ROLE_ANYONE: no token */
    sv_call_step_t     step;       /* DB routes */
    void             (*handler)(struct sv_request_s *req);   /* LOOP routes */
    const char        *query;      /* the query parameters it takes, separated by blanks */
    unsigned           flags;
} sv_route_t;

extern const sv_route_t  sv_routes[];
extern const size_t      sv_route_count;

#endif
