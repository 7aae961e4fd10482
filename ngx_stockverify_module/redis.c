#include "ngx_stockverify_module/redis.h"

#include <stdlib.h>

#include "ngx_stockverify_module/redis_state.h"
#include "ngx_stockverify_module/zone.h"

/* Commands and replies. */

enum { SV_RETRY_MS = 50 }; /* after LOADING and its like */

static void sv_redis_submit(sv_redis_t *redis, sv_exchange_t *exchange);

void
sv_redis_finish(sv_redis_t *redis, sv_exchange_t *exchange, const redisReply *reply)
{
    if (exchange->slot != NULL) {
        exchange->slot->exchange = NULL;
        exchange->slot = NULL;
    } else {
        ngx_queue_remove(&exchange->queue);
    }
    ngx_queue_remove(&exchange->order);
    if (reply == NULL) {
        ngx_atomic_fetch_add(&redis->metrics->redis_errors, 1);
    } else if (!exchange->waits) {
        sv_histogram_note(&redis->metrics->redis, sv_metrics_now_us() - exchange->started_us);
    }
    exchange->done(exchange, reply);
}

static void
sv_redis_wait(sv_redis_t *redis, sv_exchange_t *exchange)
{
    exchange->slot = NULL;
    ngx_queue_insert_tail(&redis->waiting, &exchange->queue);
    sv_redis_watch_deadlines(redis);
}

void
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
sv_redis_on_retry(ngx_event_t *event)
{
    sv_redis_flush_waiting(event->data);
}

/* An error reply.  True when the command goes out once more. */
static bool
sv_redis_repeat(sv_redis_t *redis, sv_exchange_t *exchange, const redisReply *reply)
{
    if (exchange->takes_errors) {
        return false;
    }
    if (sv_redis_reply_is_noscript(reply) && !exchange->with_source) {
        exchange->with_source = 1;
        sv_redis_command_use_source(exchange->command);
        sv_redis_submit(redis, exchange);
        return true;
    }
    if (!sv_redis_reply_is_retryable(reply) || sv_past(exchange->deadline)) {
        return false;
    }
    if (ngx_strncmp(reply->str, "READONLY", 8) == 0 && !redis->reset.posted) {
        ngx_post_event(&redis->reset, &ngx_posted_events); /* a replica now: the address may lead elsewhere */
    }
    sv_redis_retry_soon(redis, exchange);
    return true;
}

static void
sv_redis_log_error(sv_redis_t *redis, const redisReply *reply, const char *to)
{
    sv_last_error_note(&redis->metrics->last_errors[SV_SERVER_REDIS], reply->str);
    if (sv_log_limit_pass(&redis->errors)) {
        ngx_log_error(NGX_LOG_ERR, redis->log, 0, "stockverify: Redis answered %s to %s", reply->str, to);
    }
}

static void
sv_redis_take_reply(sv_redis_t *redis, sv_slot_t *slot, const redisReply *reply)
{
    sv_exchange_t *exchange = slot->exchange;

    if (reply == NULL || reply->type != REDIS_REPLY_ERROR) {
        sv_redis_finish(redis, exchange, reply);
        return;
    }
    exchange->slot = NULL;
    ngx_queue_init(&exchange->queue);
    if (sv_redis_repeat(redis, exchange, reply)) {
        return;
    }
    if (!exchange->takes_errors) {
        sv_redis_log_error(redis, reply, exchange->command->argv[0]);
    }
    sv_redis_finish(redis, exchange, exchange->takes_errors ? reply : NULL);
}

static void
sv_redis_on_reply(redisAsyncContext *context, void *data, void *privdata)
{
    sv_slot_t *slot = privdata;
    sv_redis_t *redis = slot->redis;

    ngx_queue_remove(&slot->queue);
    if (!redis->closing) {
        if (data == NULL && redis->context == context) {
            sv_redis_lost(redis, context->errstr);
        }
        if (slot->exchange != NULL) {
            sv_redis_take_reply(redis, slot, data);
        } else if (data != NULL && ((const redisReply *) data)->type == REDIS_REPLY_ERROR) {
            ngx_atomic_fetch_add(&redis->metrics->redis_errors, 1);
            sv_redis_log_error(redis, data, "what nobody waits for");
        }
        sv_redis_watch_deadlines(redis);
    }
    ngx_queue_insert_head(&redis->free_slots, &slot->queue);
}

static sv_slot_t *
sv_redis_slot(sv_redis_t *redis)
{
    sv_slot_t *slot;

    if (ngx_queue_empty(&redis->free_slots)) {
        return malloc(sizeof(*slot));
    }
    slot = ngx_queue_data(ngx_queue_head(&redis->free_slots), sv_slot_t, queue);
    ngx_queue_remove(&slot->queue);
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

/* The command's place among those that were sent; NULL: it could not be sent. */
static sv_slot_t *
sv_redis_write(sv_redis_t *redis, const sv_redis_command_t *command, sv_exchange_t *exchange)
{
    sv_slot_t *slot = redis->state == SV_REDIS_READY ? sv_redis_slot(redis) : NULL;

    if (slot == NULL) {
        return NULL;
    }
    if (sv_redis_put(redis, command, slot) != REDIS_OK) {
        ngx_queue_insert_head(&redis->free_slots, &slot->queue);
        return NULL;
    }
    slot->redis = redis;
    slot->exchange = exchange;
    slot->sent_at = ngx_current_msec;
    ngx_queue_insert_tail(&redis->sent, &slot->queue);
    sv_redis_watch_deadlines(redis);
    return slot;
}

static void
sv_redis_submit(sv_redis_t *redis, sv_exchange_t *exchange)
{
    exchange->slot = sv_redis_write(redis, exchange->command, exchange);
    if (exchange->slot == NULL) {
        sv_redis_wait(redis, exchange);
    }
}

void
sv_redis_tell(sv_redis_t *redis, const sv_redis_command_t *command)
{
    sv_redis_write(redis, command, NULL);
}

static void
sv_redis_on_refusals(ngx_event_t *event)
{
    sv_redis_t *redis = event->data;
    ngx_queue_t refused;

    if (ngx_queue_empty(&redis->refused)) {
        return;
    }
    /* Those that are refused meanwhile have their own turn. */
    ngx_queue_init(&refused);
    ngx_queue_add(&refused, &redis->refused);
    ngx_queue_init(&redis->refused);
    while (!ngx_queue_empty(&refused)) {
        sv_redis_finish(redis, ngx_queue_data(ngx_queue_head(&refused), sv_exchange_t, queue), NULL);
    }
}

void
sv_redis_send(sv_redis_t *redis, sv_exchange_t *exchange)
{
    exchange->started_us = sv_metrics_now_us();
    exchange->deadline = ngx_current_msec + sv_redis_timeout(redis);
    exchange->with_source = 0;
    exchange->slot = NULL;
    if (sv_redis_is_given_up(redis)) {
        ngx_queue_init(&exchange->order);
        ngx_queue_insert_tail(&redis->refused, &exchange->queue);
        if (!redis->refusals.posted) {
            ngx_post_event(&redis->refusals, &ngx_posted_events);
        }
        return;
    }
    ngx_queue_insert_tail(&redis->under_way, &exchange->order);
    sv_redis_submit(redis, exchange);
}

bool
sv_redis_ready(const sv_redis_t *redis)
{
    return redis->state == SV_REDIS_READY;
}

sv_redis_t *
sv_redis_create(sv_main_conf_t *conf, ngx_log_t *log, sv_redis_use_t use)
{
    sv_redis_t *redis = calloc(1, sizeof(*redis));

    if (redis == NULL) {
        return NULL;
    }
    redis->conf = conf;
    redis->log = log;
    redis->use = use;
    redis->metrics = &sv_zone(conf->zone)->metrics;
    ngx_queue_init(&redis->sent);
    ngx_queue_init(&redis->waiting);
    ngx_queue_init(&redis->refused);
    ngx_queue_init(&redis->free_slots);
    sv_redis_event(redis, &redis->refusals, sv_redis_on_refusals);
    sv_redis_event(redis, &redis->retry, sv_redis_on_retry);
    sv_log_limit_init(&redis->errors, log, "errors that Redis answered");
    sv_redis_deadlines_init(redis);
    sv_redis_connection_init(redis);
    sv_redis_connect(redis);
    return redis;
}

void
sv_redis_destroy(sv_redis_t *redis)
{
    ngx_event_t *timers[] = { &redis->connection, &redis->deadline, &redis->retry };
    ngx_event_t *posted[] = { &redis->refusals, &redis->reset };

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
    sv_log_limit_end(&redis->errors);
    while (!ngx_queue_empty(&redis->free_slots)) {
        ngx_queue_t *head = ngx_queue_head(&redis->free_slots);

        ngx_queue_remove(head);
        free(ngx_queue_data(head, sv_slot_t, queue));
    }
    free(redis->line);
    free(redis);
}
