#include "ngx_stockverify_module/redis.h"

#include <hiredis/async.h>
#include <stdlib.h>

#include "ngx_stockverify_module/metrics.h"
#include "ngx_stockverify_module/redis_events.h"
#include "ngx_stockverify_module/zone.h"

enum {
    SV_BACKOFF_FIRST_MS = 20,
    SV_BACKOFF_MAX_MS = 2000,
    SV_RETRY_MS = 50, /* after LOADING and its like */
};

typedef enum { SV_REDIS_DOWN, SV_REDIS_CONNECTING, SV_REDIS_GREETING, SV_REDIS_READY } sv_redis_state_t;

/* What hiredis holds of a command that was sent.  Its exchange is gone (NULL) once it timed out. */
typedef struct {
    ngx_queue_t queue;
    sv_redis_t *redis;
    sv_exchange_t *exchange;
    ngx_msec_t sent_at;
} sv_slot_t;

struct sv_redis_s {
    sv_main_conf_t *conf;
    ngx_log_t *log;
    sv_metrics_t *metrics;
    redisAsyncContext *context;
    sv_redis_state_t state;
    ngx_queue_t sent;       /* sv_slot_t, in the order of replies */
    ngx_queue_t waiting;    /* sv_exchange_t: for the connection, or for another try */
    ngx_queue_t free_slots; /* sv_slot_t */
    char *line;             /* where a command is written before hiredis copies it */
    size_t line_size;
    ngx_event_t connection; /* timer: reconnect, give up connecting, greet again */
    ngx_event_t deadlines;  /* timer: the oldest command */
    ngx_event_t overdue;    /* posted: commands that failed before they were sent */
    ngx_event_t retry;      /* timer: send waiting commands again */
    ngx_event_t reset;      /* posted: a connection that is of no use any more */
    ngx_msec_t down_since;
    ngx_msec_t backoff;
    unsigned closing : 1;
    unsigned greeted : 1;   /* a PING is under way */
    unsigned told_down : 1; /* the log knows that Redis is away */
};

static void sv_redis_connect(sv_redis_t *redis);
static void sv_redis_submit(sv_redis_t *redis, sv_exchange_t *exchange);

static bool
sv_past(ngx_msec_t time)
{
    return (ngx_msec_int_t) (ngx_current_msec - time) >= 0;
}

/* A worker that is told to quit waits for commands under way, and only for them. */
static void
sv_redis_update_hold(sv_redis_t *redis)
{
    redis->deadlines.cancelable = ngx_queue_empty(&redis->sent) && ngx_queue_empty(&redis->waiting);
}

static void
sv_redis_watch_deadlines(sv_redis_t *redis, ngx_msec_t deadline)
{
    redis->deadlines.cancelable = 0;
    if (!redis->deadlines.timer_set) {
        ngx_msec_int_t left = (ngx_msec_int_t) (deadline - ngx_current_msec);

        ngx_add_timer(&redis->deadlines, left > 0 ? (ngx_msec_t) left : 1);
    }
}

static void
sv_redis_finish(sv_redis_t *redis, sv_exchange_t *exchange, const redisReply *reply)
{
    if (reply != NULL) {
        sv_histogram_note(&redis->metrics->redis, sv_metrics_now_us() - exchange->started_us);
    } else {
        ngx_atomic_fetch_add(&redis->metrics->redis_errors, 1);
    }
    exchange->done(exchange, reply);
}

static void
sv_redis_wait(sv_redis_t *redis, sv_exchange_t *exchange)
{
    ngx_queue_insert_tail(&redis->waiting, &exchange->queue);
    sv_redis_watch_deadlines(redis, exchange->deadline);
}

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

/* The context is hiredis' to free; here it is only forgotten. */
static void
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
    redis->metrics->processes[ngx_process_slot].redis_connected = 0;
    if (redis->reset.posted) {
        ngx_delete_posted_event(&redis->reset);
    }
    if (redis->connection.timer_set) {
        ngx_del_timer(&redis->connection);
    }
    if (!redis->told_down && !redis->closing) {
        redis->told_down = 1;
        ngx_log_error(NGX_LOG_ERR, redis->log, 0, "stockverify: Redis at %s is away: %s", redis->conf->redis_address,
                      why == NULL || *why == '\0' ? "connection closed" : why);
    }
    sv_redis_schedule_connect(redis);
}

static void
sv_redis_drop_connection(sv_redis_t *redis, const char *why)
{
    redisAsyncContext *context = redis->context;

    if (context != NULL) {
        sv_redis_lost(redis, why);
        redisAsyncFree(context);
    }
}

static void
sv_redis_flush_waiting(sv_redis_t *redis)
{
    ngx_queue_t waiting;

    if (ngx_queue_empty(&redis->waiting)) {
        return;
    }
    ngx_queue_init(&waiting);
    ngx_queue_add(&waiting, &redis->waiting);
    ngx_queue_init(&redis->waiting);
    while (!ngx_queue_empty(&waiting)) {
        sv_exchange_t *exchange = ngx_queue_data(ngx_queue_head(&waiting), sv_exchange_t, queue);

        ngx_queue_remove(&exchange->queue);
        sv_redis_submit(redis, exchange);
    }
}

static void
sv_redis_retry_soon(sv_redis_t *redis, sv_exchange_t *exchange)
{
    sv_redis_wait(redis, exchange);
    if (!redis->retry.timer_set) {
        ngx_add_timer(&redis->retry, SV_RETRY_MS);
    }
}

static void
sv_redis_take_reply(sv_redis_t *redis, sv_exchange_t *exchange, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ERROR) {
        sv_redis_finish(redis, exchange, reply);
        return;
    }
    if (sv_redis_reply_is_noscript(reply) && !exchange->with_source) {
        exchange->with_source = 1;
        sv_redis_command_use_source(exchange->command);
        sv_redis_submit(redis, exchange);
        return;
    }
    if (sv_redis_reply_is_retryable(reply) && !sv_past(exchange->deadline)) {
        if (ngx_strncmp(reply->str, "READONLY", 8) == 0 && !redis->reset.posted) {
            ngx_post_event(&redis->reset, &ngx_posted_events); /* a replica now: the address may lead elsewhere */
        }
        sv_redis_retry_soon(redis, exchange);
        return;
    }
    ngx_log_error(NGX_LOG_ERR, redis->log, 0, "stockverify: Redis answered %s to %s", reply->str,
                  exchange->command->argv[0]);
    sv_redis_finish(redis, exchange, NULL);
}

static void
sv_redis_on_reply(redisAsyncContext *context, void *data, void *privdata)
{
    sv_slot_t *slot = privdata;
    sv_redis_t *redis = slot->redis;
    sv_exchange_t *exchange = slot->exchange;

    ngx_queue_remove(&slot->queue);
    ngx_queue_insert_head(&redis->free_slots, &slot->queue);
    if (redis->closing) {
        return;
    }
    if (data == NULL && redis->context == context) {
        sv_redis_lost(redis, context->errstr);
    }
    if (exchange != NULL) {
        if (data == NULL) {
            sv_redis_finish(redis, exchange, NULL);
        } else {
            sv_redis_take_reply(redis, exchange, data);
        }
    } else if (data != NULL && ((const redisReply *) data)->type == REDIS_REPLY_ERROR) {
        ngx_atomic_fetch_add(&redis->metrics->redis_errors, 1);
        ngx_log_error(NGX_LOG_ERR, redis->log, 0, "stockverify: Redis answered %s to what nobody waits for",
                      ((const redisReply *) data)->str);
    }
    sv_redis_update_hold(redis);
}

static sv_slot_t *
sv_redis_slot(sv_redis_t *redis)
{
    sv_slot_t *slot;

    if (ngx_queue_empty(&redis->free_slots)) {
        slot = malloc(sizeof(*slot));
    } else {
        slot = ngx_queue_data(ngx_queue_head(&redis->free_slots), sv_slot_t, queue);
        ngx_queue_remove(&slot->queue);
    }
    return slot;
}

/* hiredis' own formatting of a heartbeat costs as much as all the rest of sending it, so it gets the bytes made. */
static int
sv_redis_put(sv_redis_t *redis, const sv_redis_command_t *command, sv_slot_t *slot)
{
    size_t size = sv_redis_command_size(command);

    if (size > redis->line_size) {
        char *line = realloc(redis->line, size);

        if (line == NULL) {
            return REDIS_ERR;
        }
        redis->line = line;
        redis->line_size = size;
    }
    return redisAsyncFormattedCommand(redis->context, sv_redis_on_reply, slot, redis->line,
                                      sv_redis_command_write(command, redis->line));
}

/* False: it could not be sent. */
static bool
sv_redis_write(sv_redis_t *redis, const sv_redis_command_t *command, sv_exchange_t *exchange)
{
    sv_slot_t *slot = redis->state == SV_REDIS_READY ? sv_redis_slot(redis) : NULL;

    if (slot == NULL) {
        return false;
    }
    slot->redis = redis;
    slot->exchange = exchange;
    slot->sent_at = ngx_current_msec;
    if (sv_redis_put(redis, command, slot) != REDIS_OK) {
        ngx_queue_insert_head(&redis->free_slots, &slot->queue);
        return false;
    }
    ngx_queue_insert_tail(&redis->sent, &slot->queue);
    return true;
}

static void
sv_redis_submit(sv_redis_t *redis, sv_exchange_t *exchange)
{
    if (sv_redis_write(redis, exchange->command, exchange)) {
        sv_redis_watch_deadlines(redis, exchange->deadline);
    } else {
        sv_redis_wait(redis, exchange);
    }
}

void
sv_redis_tell(sv_redis_t *redis, const sv_redis_command_t *command)
{
    if (sv_redis_write(redis, command, NULL)) {
        sv_redis_watch_deadlines(redis, ngx_current_msec + (ngx_msec_t) redis->conf->settings.redis_timeout);
    }
}

void
sv_redis_send(sv_redis_t *redis, sv_exchange_t *exchange)
{
    ngx_msec_t timeout = (ngx_msec_t) redis->conf->settings.redis_timeout;

    exchange->started_us = sv_metrics_now_us();
    exchange->deadline = ngx_current_msec + timeout;
    exchange->with_source = 0;
    if (redis->state != SV_REDIS_READY && sv_past(redis->down_since + timeout)) {
        exchange->deadline = ngx_current_msec;
        ngx_queue_insert_head(&redis->waiting, &exchange->queue);
        if (!redis->overdue.posted) {
            ngx_post_event(&redis->overdue, &ngx_posted_events);
        }
        return;
    }
    sv_redis_submit(redis, exchange);
}

bool
sv_redis_ready(const sv_redis_t *redis)
{
    return redis->state == SV_REDIS_READY;
}

/* Commands of a failed connection wait no longer than until redis_timeout after it was lost. */
static bool
sv_exchange_overdue(const sv_redis_t *redis, const sv_exchange_t *exchange)
{
    return sv_past(exchange->deadline) ||
           (redis->state != SV_REDIS_READY &&
            sv_past(redis->down_since + (ngx_msec_t) redis->conf->settings.redis_timeout));
}

static void
sv_redis_expire_waiting(sv_redis_t *redis)
{
    ngx_queue_t overdue, *at, *next;

    ngx_queue_init(&overdue);
    for (at = ngx_queue_head(&redis->waiting); at != ngx_queue_sentinel(&redis->waiting); at = next) {
        next = ngx_queue_next(at);
        if (sv_exchange_overdue(redis, ngx_queue_data(at, sv_exchange_t, queue))) {
            ngx_queue_remove(at);
            ngx_queue_insert_tail(&overdue, at);
        }
    }
    while (!ngx_queue_empty(&overdue)) {
        at = ngx_queue_head(&overdue);
        ngx_queue_remove(at);
        sv_redis_finish(redis, ngx_queue_data(at, sv_exchange_t, queue), NULL);
    }
}

static void
sv_redis_expire_sent(sv_redis_t *redis)
{
    ngx_msec_t timeout = (ngx_msec_t) redis->conf->settings.redis_timeout;
    ngx_queue_t *at;
    bool again = true;

    /* From the start after each one, because what an answer leads to may change the queue. */
    while (again) {
        again = false;
        for (at = ngx_queue_head(&redis->sent); at != ngx_queue_sentinel(&redis->sent); at = ngx_queue_next(at)) {
            sv_slot_t *slot = ngx_queue_data(at, sv_slot_t, queue);
            sv_exchange_t *exchange = slot->exchange;

            if (exchange == NULL) {
                continue;
            }
            if (!sv_past(exchange->deadline)) {
                break;
            }
            slot->exchange = NULL;
            sv_redis_finish(redis, exchange, NULL);
            again = true;
            break;
        }
    }
    if (!ngx_queue_empty(&redis->sent)) {
        sv_slot_t *oldest = ngx_queue_data(ngx_queue_head(&redis->sent), sv_slot_t, queue);

        if (sv_past(oldest->sent_at + 2 * timeout)) {
            sv_redis_drop_connection(redis, "no answer in time");
        }
    }
}

static ngx_msec_t
sv_redis_next_deadline(sv_redis_t *redis)
{
    ngx_msec_t timeout = (ngx_msec_t) redis->conf->settings.redis_timeout, next = ngx_current_msec + timeout;

    if (!ngx_queue_empty(&redis->sent)) {
        sv_slot_t *oldest = ngx_queue_data(ngx_queue_head(&redis->sent), sv_slot_t, queue);
        ngx_msec_t deadline = oldest->exchange != NULL ? oldest->exchange->deadline : oldest->sent_at + 2 * timeout;

        next = (ngx_msec_int_t) (deadline - next) < 0 ? deadline : next;
    }
    if (!ngx_queue_empty(&redis->waiting)) {
        sv_exchange_t *first = ngx_queue_data(ngx_queue_head(&redis->waiting), sv_exchange_t, queue);

        next = (ngx_msec_int_t) (first->deadline - next) < 0 ? first->deadline : next;
    }
    return next;
}

static void
sv_redis_on_deadline(ngx_event_t *event)
{
    sv_redis_t *redis = event->data;

    sv_redis_expire_waiting(redis);
    sv_redis_expire_sent(redis);
    sv_redis_update_hold(redis);
    if (!redis->deadlines.cancelable) {
        sv_redis_watch_deadlines(redis, sv_redis_next_deadline(redis));
    }
}

static void
sv_redis_on_retry(ngx_event_t *event)
{
    sv_redis_t *redis = event->data;

    sv_redis_flush_waiting(redis);
}

static void
sv_redis_on_reset(ngx_event_t *event)
{
    sv_redis_drop_connection(event->data, "it became a replica");
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
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR && sv_redis_reply_is_retryable(reply)) {
        redis->down_since = ngx_current_msec; /* it is there and will answer soon */
        redis->greeted = 0;
        ngx_add_timer(&redis->connection, SV_RETRY_MS);
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        const char *why = reply->str;

        sv_redis_lost(redis, why);
        redisAsyncDisconnect(context);
        return;
    }
    if (reply->type != REDIS_REPLY_STATUS || ngx_strcmp(reply->str, "PONG") != 0) {
        return;
    }
    if (redis->connection.timer_set) {
        ngx_del_timer(&redis->connection);
    }
    redis->state = SV_REDIS_READY;
    redis->backoff = SV_BACKOFF_FIRST_MS;
    redis->metrics->processes[ngx_process_slot].redis_connected = 1;
    if (redis->told_down) {
        redis->told_down = 0;
        ngx_log_error(NGX_LOG_NOTICE, redis->log, 0, "stockverify: Redis at %s is back", redis->conf->redis_address);
    }
    sv_redis_flush_waiting(redis);
}

static void
sv_redis_greet(sv_redis_t *redis)
{
    const sv_settings_t *settings = &redis->conf->settings;

    if (settings->redis_password != NULL && settings->redis_password[0] != '\0') {
        redisAsyncCommand(redis->context, sv_redis_on_greeting, redis, "AUTH %s", settings->redis_password);
    }
    if (settings->redis_db != 0) {
        redisAsyncCommand(redis->context, sv_redis_on_greeting, redis, "SELECT %d", (int) settings->redis_db);
    }
    redisAsyncCommand(redis->context, sv_redis_on_greeting, redis, "PING");
    redis->greeted = 1;
    ngx_add_timer(&redis->connection, (ngx_msec_t) settings->redis_timeout);
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

static void
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
    if (context->err != 0 || sv_redis_attach(context, redis->log) != NGX_OK) {
        sv_redis_drop_connection(redis, context->err != 0 ? context->errstr : "no nginx connection is free");
        return;
    }
    redisAsyncSetConnectCallback(context, sv_redis_on_connect);
    redisAsyncSetDisconnectCallback(context, sv_redis_on_disconnect);
    ngx_add_timer(&redis->connection, (ngx_msec_t) conf->settings.redis_timeout);
}

static void
sv_redis_event(sv_redis_t *redis, ngx_event_t *event, ngx_event_handler_pt handler)
{
    event->handler = handler;
    event->data = redis;
    event->log = redis->log;
    event->cancelable = 1;
}

sv_redis_t *
sv_redis_create(sv_main_conf_t *conf, ngx_log_t *log)
{
    sv_redis_t *redis = calloc(1, sizeof(*redis));

    if (redis == NULL) {
        return NULL;
    }
    redis->conf = conf;
    redis->log = log;
    redis->metrics = &sv_zone(conf->zone)->metrics;
    redis->backoff = SV_BACKOFF_FIRST_MS;
    redis->down_since = ngx_current_msec;
    ngx_queue_init(&redis->sent);
    ngx_queue_init(&redis->waiting);
    ngx_queue_init(&redis->free_slots);
    sv_redis_event(redis, &redis->connection, sv_redis_on_connection_timer);
    sv_redis_event(redis, &redis->deadlines, sv_redis_on_deadline);
    sv_redis_event(redis, &redis->overdue, sv_redis_on_deadline);
    sv_redis_event(redis, &redis->retry, sv_redis_on_retry);
    sv_redis_event(redis, &redis->reset, sv_redis_on_reset);
    sv_redis_connect(redis);
    return redis;
}

void
sv_redis_destroy(sv_redis_t *redis)
{
    ngx_event_t *timers[] = { &redis->connection, &redis->deadlines, &redis->retry };
    ngx_event_t *posted[] = { &redis->overdue, &redis->reset };

    redis->closing = 1;
    sv_redis_drop_connection(redis, NULL);
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        if (timers[i]->timer_set) {
            ngx_del_timer(timers[i]);
        }
    }
    for (size_t i = 0; i < sizeof(posted) / sizeof(posted[0]); i++) {
        if (posted[i]->posted) {
            ngx_delete_posted_event(posted[i]);
        }
    }
    while (!ngx_queue_empty(&redis->free_slots)) {
        ngx_queue_t *head = ngx_queue_head(&redis->free_slots);

        ngx_queue_remove(head);
        free(ngx_queue_data(head, sv_slot_t, queue));
    }
    free(redis->line);
    free(redis);
}
