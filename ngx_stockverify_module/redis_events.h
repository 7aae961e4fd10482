#ifndef SV_REDIS_EVENTS_H
#define SV_REDIS_EVENTS_H

#include <hiredis/async.h>

#include "ngx_stockverify_module/nginx.h"

/*
 * Puts a hiredis context on nginx's event loop.  hiredis owns the descriptor and closes it; nginx only
 * watches it.  Commands of one turn of the loop leave in one write.
 *
 * `close` is called when nginx ends the connection; it frees the context.  That is at worker_shutdown_timeout or, where
 * `idle`, as soon as the process is told to quit.
 *
 * NGX_ERROR when nginx has no connection left: the caller frees the context.
 */
typedef void (*sv_redis_close_pt)(redisAsyncContext *context);

ngx_int_t sv_redis_attach(redisAsyncContext *context, ngx_log_t *log, sv_redis_close_pt close, bool idle);

#endif
