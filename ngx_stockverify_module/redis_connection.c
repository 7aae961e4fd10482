#include "ngx_stockverify_module/redis_events.h"
#include "ngx_stockverify_module/redis_state.h"

/* The connection's life: connecting, greeting (AUTH, SELECT, PING), ready, lost, and again after a while. */

enum {
    SV_BACKOFF_FIRST_MS = 20,
    SV_BACKOFF_MAX_MS = 2000,
    SV_GREET_AGAIN_MS = 50, /* after LOADING and its like */
};

static void
sv_redis_schedule_connect(sv_redis_t *redis)
{
    ngx_msec_t jitter = redis->backoff / 2;

    if (ngx_exiting || redis->closing) {
        return;
    }
    ngx_add_timer(&redis->connection, redis->backoff - jitter / 2 + (ngx_msec_t) ngx_random() % (jitter + 1));
    redis->backoff = ngx_min(redis->backoff * 2, SV_BACKOFF_MAX_MS);
}

static void
sv_redis_note_connected(sv_redis_t *redis, bool connected)
{
    if (redis->use == SV_REDIS_FOR_REQUESTS) {
        redis->metrics->processes[ngx_process_slot].redis_connected = connected;
    }
}

void
sv_redis_lost(sv_redis_t *redis, const char *why)
{
    if (redis->context == NULL) {
        return;
    }
    redis->context = NULL;
    if (redis->state == SV_REDIS_READY) {
        redis->down_since = ngx_current_msec;
    }
    redis->state = SV_REDIS_DOWN;
    sv_redis_note_connected(redis, false);
    if (redis->reset.posted) {
        ngx_delete_posted_event(&redis->reset);
    }
    if (redis->connection.timer_set) {
        ngx_del_timer(&redis->connection);
    }
    if (!redis->told_down && !redis->closing && redis->use == SV_REDIS_FOR_REQUESTS) {
        why = why == NULL || *why == '\0' ? "connection closed" : why;
        redis->told_down = 1;
        sv_last_error_note(&redis->metrics->last_errors[SV_SERVER_REDIS], why);
        ngx_log_error(NGX_LOG_ERR, redis->log, 0, "stockverify: Redis at %s is away: %s", redis->conf->redis_address,
                      why);
    }
    sv_redis_schedule_connect(redis);
    sv_redis_watch_deadlines(redis);
}

void
sv_redis_drop_connection(sv_redis_t *redis, const char *why)
{
    redisAsyncContext *context = redis->context;

    if (context != NULL) {
        sv_redis_lost(redis, why);
        redisAsyncFree(context);
    }
}

static void
sv_redis_on_reset(ngx_event_t *event)
{
    sv_redis_drop_connection(event->data, "it became a replica");
}

/* nginx ends its connections, whatever state they are in.  hiredis tells nobody of a connection that it frees before it
 * stood, so the pointer is forgotten here. */
static void
sv_redis_on_close(redisAsyncContext *context)
{
    sv_redis_t *redis = context->data;

    if (redis->context == context) {
        sv_redis_drop_connection(redis, "nginx shuts down");
    } else {
        redisAsyncFree(context);
    }
}

static void
sv_redis_greeted(sv_redis_t *redis)
{
    if (redis->connection.timer_set) {
        ngx_del_timer(&redis->connection);
    }
    redis->state = SV_REDIS_READY;
    redis->backoff = SV_BACKOFF_FIRST_MS;
    sv_redis_note_connected(redis, true);
    if (redis->told_down) {
        redis->told_down = 0;
        ngx_log_error(NGX_LOG_NOTICE, redis->log, 0, "stockverify: Redis at %s is back", redis->conf->redis_address);
    }
    sv_redis_flush_waiting(redis);
}

/* A reply to AUTH, SELECT or PING, which precede all commands on a connection. */
static void
sv_redis_on_greeting(redisAsyncContext *context, void *data, void *privdata)
{
    sv_redis_t *redis = privdata;
    const redisReply *reply = data;

    if (redis->closing || redis->context != context) {
        return;
    }
    if (reply == NULL) {
        sv_redis_lost(redis, context->errstr);
    } else if (reply->type == REDIS_REPLY_ERROR && sv_redis_reply_is_retryable(reply)) {
        redis->down_since = ngx_current_msec; /* it is there and will answer soon */
        redis->greeted = 0;
        ngx_add_timer(&redis->connection, SV_GREET_AGAIN_MS);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        sv_redis_drop_connection(redis, reply->str);
    } else if (reply->type == REDIS_REPLY_STATUS && ngx_strcmp(reply->str, "PONG") == 0) {
        sv_redis_greeted(redis);
    }
}

static void
sv_redis_greet(sv_redis_t *redis)
{
    const sv_settings_t *settings = &redis->conf->settings;

    if (settings->redis_password != NULL && settings->redis_user[0] != '\0') {
        redisAsyncCommand(redis->context, sv_redis_on_greeting, redis, "AUTH %s %s", settings->redis_user,
                          settings->redis_password);
    } else if (settings->redis_password != NULL && settings->redis_password[0] != '\0') {
        redisAsyncCommand(redis->context, sv_redis_on_greeting, redis, "AUTH %s", settings->redis_password);
    }
    if (settings->redis_db != 0) {
        redisAsyncCommand(redis->context, sv_redis_on_greeting, redis, "SELECT %d", (int) settings->redis_db);
    }
    redisAsyncCommand(redis->context, sv_redis_on_greeting, redis, "PING");
    redis->greeted = 1;
    ngx_add_timer(&redis->connection, sv_redis_timeout(redis));
}

/* The timer of a connection in the making: the time to connect is over, to greet again, or to try anew. */
static void
sv_redis_on_connection_timer(ngx_event_t *event)
{
    sv_redis_t *redis = event->data;

    if (ngx_exiting) {
        return;
    }
    switch (redis->state) {
    case SV_REDIS_DOWN:
        sv_redis_connect(redis);
        break;
    case SV_REDIS_CONNECTING:
        sv_redis_drop_connection(redis, "it cannot be reached in time");
        break;
    case SV_REDIS_GREETING:
        if (redis->greeted) {
            sv_redis_drop_connection(redis, "no answer in time");
        } else {
            sv_redis_greet(redis);
        }
        break;
    case SV_REDIS_READY:
        break;
    }
}

static void
sv_redis_on_connect(const redisAsyncContext *context, int status)
{
    sv_redis_t *redis = context->data;

    if (redis->context != context) {
        return;
    }
    if (status != REDIS_OK) {
        sv_redis_lost(redis, context->errstr); /* hiredis frees the context itself */
        return;
    }
    redis->state = SV_REDIS_GREETING;
    redisEnableKeepAlive(&redis->context->c);
    sv_redis_greet(redis);
}

static void
sv_redis_on_disconnect(const redisAsyncContext *context, int status)
{
    sv_redis_t *redis = context->data;

    (void) status;
    if (redis->context == context) {
        sv_redis_lost(redis, context->errstr);
    }
}

void
sv_redis_connect(sv_redis_t *redis)
{
    sv_main_conf_t *conf = redis->conf;
    redisAsyncContext *context = conf->redis_is_unix
                                     ? redisAsyncConnectUnix(conf->redis_address)
                                     : redisAsyncConnect(conf->redis_address, (int) conf->settings.redis_port);

    if (context == NULL) {
        sv_redis_schedule_connect(redis);
        return;
    }
    redis->context = context;
    redis->state = SV_REDIS_CONNECTING;
    context->data = redis;
    if (context->err != 0 || sv_redis_attach(context, redis->log, sv_redis_on_close, redis->use == SV_REDIS_FOR_EVENTS) != NGX_OK) {
        sv_redis_drop_connection(redis, context->err != 0 ? context->errstr : "no nginx connection is free");
        return;
    }
    redisAsyncSetConnectCallback(context, sv_redis_on_connect);
    redisAsyncSetDisconnectCallback(context, sv_redis_on_disconnect);
    ngx_add_timer(&redis->connection, sv_redis_timeout(redis));
}

void
sv_redis_connection_init(sv_redis_t *redis)
{
    redis->backoff = SV_BACKOFF_FIRST_MS;
    redis->down_since = ngx_current_msec;
    sv_redis_event(redis, &redis->connection, sv_redis_on_connection_timer);
    sv_redis_event(redis, &redis->reset, sv_redis_on_reset);
}
