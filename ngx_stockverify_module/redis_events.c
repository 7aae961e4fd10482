#include "ngx_stockverify_module/redis_events.h"

#include <stdlib.h>

typedef struct {
    redisAsyncContext *context;
    ngx_connection_t *connection;
    sv_redis_close_pt close;
    unsigned writing : 1; /* hiredis is in its write: a new wish to write means that the socket is full */
} sv_redis_watch_t;

static void
sv_watch_read(ngx_event_t *event)
{
    ngx_connection_t *connection = event->data;
    sv_redis_watch_t *watch = connection->data;

    if (connection->close) {
        watch->close(watch->context);
        return;
    }
    redisAsyncHandleRead(watch->context); /* may free the context and with it the watch */
}

static void
sv_watch_write(ngx_event_t *event)
{
    ngx_connection_t *connection = event->data;
    sv_redis_watch_t *watch = connection->data;
    redisAsyncContext *context = watch->context;

    if (connection->close) {
        watch->close(context);
        return;
    }
    watch->writing = 1;
    redisAsyncHandleWrite(context);
    if (connection->data == watch) { /* else the context, and so the watch, is gone */
        watch->writing = 0;
    }
}

static void
sv_watch_failed(sv_redis_watch_t *watch)
{
    /* hiredis learns it from the socket itself. */
    ngx_log_error(NGX_LOG_ALERT, watch->connection->log, 0, "stockverify: cannot watch the Redis connection");
}

static void
sv_watch_add_read(void *data)
{
    sv_redis_watch_t *watch = data;
    ngx_event_t *event = watch->connection->read;

    if (!event->active && ngx_add_event(event, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK) {
        sv_watch_failed(watch);
    }
}

static void
sv_watch_del_read(void *data)
{
    sv_redis_watch_t *watch = data;
    ngx_event_t *event = watch->connection->read;

    if (event->active && ngx_del_event(event, NGX_READ_EVENT, 0) != NGX_OK) {
        sv_watch_failed(watch);
    }
}

static void
sv_watch_add_write(void *data)
{
    sv_redis_watch_t *watch = data;
    ngx_event_t *event = watch->connection->write;

    if (event->active) {
        return;
    }
    if (watch->writing || !(watch->context->c.flags & REDIS_CONNECTED)) {
        if (ngx_add_event(event, NGX_WRITE_EVENT, NGX_LEVEL_EVENT) != NGX_OK) {
            sv_watch_failed(watch);
        }
        return;
    }
    ngx_post_event(event, &ngx_posted_events);
}

static void
sv_watch_del_write(void *data)
{
    sv_redis_watch_t *watch = data;
    ngx_event_t *event = watch->connection->write;

    if (event->posted) {
        ngx_delete_posted_event(event);
    }
    if (event->active && ngx_del_event(event, NGX_WRITE_EVENT, 0) != NGX_OK) {
        sv_watch_failed(watch);
    }
}

static void
sv_watch_cleanup(void *data)
{
    sv_redis_watch_t *watch = data;
    ngx_connection_t *connection = watch->connection;

    sv_watch_del_read(watch);
    sv_watch_del_write(watch);
    if (connection->read->posted) {
        ngx_delete_posted_event(connection->read);
    }
    connection->data = NULL;
    connection->read->closed = 1;
    connection->write->closed = 1;
    ngx_free_connection(connection);
    connection->fd = (ngx_socket_t) -1;
    watch->context->ev.data = NULL;
    free(watch);
}

ngx_int_t
sv_redis_attach(redisAsyncContext *context, ngx_log_t *log, sv_redis_close_pt close, bool idle)
{
    sv_redis_watch_t *watch = calloc(1, sizeof(*watch));
    ngx_connection_t *connection = watch == NULL ? NULL : ngx_get_connection(context->c.fd, log);

    if (connection == NULL) {
        free(watch);
        return NGX_ERROR;
    }
    watch->context = context;
    watch->close = close;
    watch->connection = connection;
    connection->data = watch;
    connection->log = log;
    connection->idle = idle;
    connection->read->log = log;
    connection->write->log = log;
    connection->read->handler = sv_watch_read;
    connection->write->handler = sv_watch_write;
    context->ev.data = watch;
    context->ev.addRead = sv_watch_add_read;
    context->ev.delRead = sv_watch_del_read;
    context->ev.addWrite = sv_watch_add_write;
    context->ev.delWrite = sv_watch_del_write;
    context->ev.cleanup = sv_watch_cleanup;
    return NGX_OK;
}
