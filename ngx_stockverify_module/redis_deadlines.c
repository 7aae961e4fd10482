#include "ngx_stockverify_module/redis_state.h"

/*
 * When a command's time is over.  All commands have the same time, so the order in which they came is the order of
 * their deadlines: the first of `under_way` is the next to fail, whether it was sent, waits for the connection or for
 * another try.  One timer serves them all; it is set again when it fires, not when commands end.
 */

static void
sv_redis_earlier(ngx_msec_t *at, bool *any, ngx_msec_t candidate)
{
    if (!*any || (ngx_msec_int_t) (candidate - *at) < 0) {
        *at = candidate;
    }
    *any = true;
}

/* When a connection counts as hung whose oldest command is unanswered: two of its times. */
static ngx_msec_t
sv_redis_hung_at(const sv_redis_t *redis)
{
    const sv_slot_t *oldest = ngx_queue_data(ngx_queue_head(&redis->sent), sv_slot_t, queue);

    return oldest->sent_at + 2 * sv_redis_timeout(redis);
}

static bool
sv_redis_next_deadline(const sv_redis_t *redis, ngx_msec_t *at)
{
    bool any = false;

    if (!ngx_queue_empty(&redis->under_way)) {
        const sv_exchange_t *first = ngx_queue_data(ngx_queue_head(&redis->under_way), sv_exchange_t, order);

        sv_redis_earlier(at, &any, first->deadline);
    }
    if (!ngx_queue_empty(&redis->waiting) && redis->state != SV_REDIS_READY) {
        sv_redis_earlier(at, &any,
                         sv_redis_is_given_up(redis) ? ngx_current_msec : redis->down_since + sv_redis_timeout(redis));
    }
    if (!ngx_queue_empty(&redis->sent)) {
        sv_redis_earlier(at, &any, sv_redis_hung_at(redis));
    }
    return any;
}

void
sv_redis_watch_deadlines(sv_redis_t *redis)
{
    ngx_event_t *timer = &redis->deadline;
    ngx_msec_int_t left;
    ngx_msec_t at;

    /* A process that is told to quit waits for commands under way, and only for them. */
    timer->cancelable = ngx_queue_empty(&redis->under_way);
    if (!sv_redis_next_deadline(redis, &at) || (timer->timer_set && (ngx_msec_int_t) (timer->timer.key - at) <= 0)) {
        return;
    }
    if (timer->timer_set) {
        ngx_del_timer(timer); /* nginx would keep the old time when the new one is near it */
    }
    left = (ngx_msec_int_t) (at - ngx_current_msec);
    ngx_add_timer(timer, left > 0 ? (ngx_msec_t) left : 1);
}

/* What a command's end leads to may send others, whose deadlines come behind all these. */
static void
sv_redis_expire(sv_redis_t *redis)
{
    while (!ngx_queue_empty(&redis->under_way)) {
        sv_exchange_t *oldest = ngx_queue_data(ngx_queue_head(&redis->under_way), sv_exchange_t, order);

        if (!sv_past(oldest->deadline)) {
            return;
        }
        sv_redis_finish(redis, oldest, NULL);
    }
}

static void
sv_redis_on_deadline(ngx_event_t *event)
{
    sv_redis_t *redis = event->data;

    sv_redis_expire(redis);
    while (sv_redis_is_given_up(redis) && !ngx_queue_empty(&redis->waiting)) {
        sv_redis_finish(redis, ngx_queue_data(ngx_queue_head(&redis->waiting), sv_exchange_t, queue), NULL);
    }
    if (!ngx_queue_empty(&redis->sent) && sv_past(sv_redis_hung_at(redis))) {
        sv_redis_drop_connection(redis, "no answer in time");
    }
    sv_redis_watch_deadlines(redis);
}

void
sv_redis_deadlines_init(sv_redis_t *redis)
{
    ngx_queue_init(&redis->under_way);
    sv_redis_event(redis, &redis->deadline, sv_redis_on_deadline);
}
