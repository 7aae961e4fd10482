#ifndef SV_HANDLERS_H
#define SV_HANDLERS_H

#include "ngx_stockverify_module/call.h"

struct sv_request_s;

/*
 * The functions of the route table, declared from it: request.h includes this, so that each definition, in
 * api/<resource>.c, is held to its declaration.
 */
#define SV_ROUTE_DB(id, method, path, role, step, query, flags)      void step(sv_call_t *call);
#define SV_ROUTE_LOOP(id, method, path, role, handler, query, flags) void handler(struct sv_request_s *req);
#include "ngx_stockverify_module/routes.def"
#undef SV_ROUTE_DB
#undef SV_ROUTE_LOOP

/* What the stockverify_metrics locations answer (api/metrics.c). */
void sv_http_metrics(struct sv_request_s *req);

#endif
