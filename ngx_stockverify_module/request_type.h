#ifndef SV_REQUEST_TYPE_H
#define SV_REQUEST_TYPE_H

#include "ngx_stockverify_module/nginx.h"
#include "ngx_stockverify_module/call.h"
#include "ngx_stockverify_module/routes.h"

/* A request as handlers have it (request.h). */
typedef struct sv_request_s {
    ngx_http_request_t  *http;
    const sv_route_t    *route;
    sv_call_t           *call;
    /* plumbing: request.c */
    struct sv_request_state_s  *state;
} sv_request_t;

struct sv_process_s;

typedef void (*sv_next_pt)(sv_request_t *req);

/* Reads reply `index` into the call's state while hiredis still owns it; NULL: Redis did not
 * answer (down, time-out, error reply: logged already). */
typedef void (*sv_reply_reader_pt)(sv_call_t *call, size_t index, const redisReply *reply);

#endif
