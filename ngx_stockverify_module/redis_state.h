#ifndef SV_REDIS_STATE_H
#define SV_REDIS_STATE_H

#include <hiredis/async.h>

#include "ngx_stockverify_module/conf.h"
#include "ngx_stockverify_module/log_limit.h"
#include "ngx_stockverify_module/metrics.h"
#include "ngx_stockverify_module/redis_exchange.h"

/*
 * The inside of the Redis connection, for its own files alone:
 * - redis_connection.c: connects, greets, loses and drops the connection, and tries again;
 * - redis.c: sends commands, reads replies, repeats what is worth repeating;
 * - redis_deadlines.c: ends commands whose time is over, and a connection that hangs.
 */
typedef enum { SV_REDIS_DOWN, SV_REDIS_CONNECTING, SV_REDIS_GREETING, SV_REDIS_READY } sv_redis_state_t;

/* What hiredis holds of a command that was sent.  Its exchange is gone (NULL) once it timed out. */
typedef struct sv_slot_s {
    ngx_queue_t     queue;
    sv_redis_t     *redis;
    sv_exchange_t  *exchange;
    ngx_msec_t      sent_at;
} sv_slot_t;

struct sv_redis_s {
    sv_main_conf_t     *conf;
    ngx_log_t          *log;
    sv_metrics_t       *metrics;
    redisAsyncContext  *context;
    sv_redis_state_t    state;
    sv_redis_use_t      use;
    ngx_queue_t         under_way;      /* sv_exchange_t by its `order`: every one that was not refused, oldest first */
    ngx_queue_t         sent;           /* sv_slot_t, in the order of replies */
    ngx_queue_t         waiting;        /* sv_exchange_t: for the connection, or for another try */
    ngx_queue_t         refused;        /* sv_exchange_t: to be failed in the next turn of the loop */
    ngx_queue_t         free_slots;     /* sv_slot_t */
    char               *line;           /* where a command is written before hiredis copies it */
    size_t              line_size;
    ngx_event_t         connection;     /* timer: reconnect, give up connecting, greet again */
    ngx_event_t         deadline;       /* timer: of the first command whose time will be over */
    ngx_event_t         refusals;       /* posted: commands that were refused */
    ngx_event_t         retry;          /* timer: send waiting commands again */
    ngx_event_t         reset;          /* posted: a connection that is of no use any more */
    sv_log_limit_t      errors;         /* lines about error replies */
    ngx_msec_t          down_since;
    ngx_msec_t          backoff;
    unsigned            closing:1;
    unsigned            greeted:1;      /* a PING is under way */
    unsigned            told_down:1;    /* the log knows that Redis is away */
};

static inline bool
sv_past(ngx_msec_t time)
{
    return (ngx_msec_int_t) (ngx_current_msec - time) >= 0;
}

static inline ngx_msec_t
sv_redis_timeout(const sv_redis_t *redis)
{
    return (ngx_msec_t) redis->conf->settings.redis_timeout;
}

/* Away for longer than commands wait for it, or for good because the process ends. */
static inline bool
sv_redis_is_given_up(const sv_redis_t *redis)
{
    return redis->state != SV_REDIS_READY && ((ngx_exiting && redis->context == NULL) ||
                                              sv_past(redis->down_since + sv_redis_timeout(redis)));
}

/* redis_connection.c */
void sv_redis_connection_init(sv_redis_t *redis);
void sv_redis_connect(sv_redis_t *redis);
/* The context is hiredis' to free; here it is only forgotten. */
void sv_redis_lost(sv_redis_t *redis, const char *why);
/* Ends the connection; what was sent on it fails. */
void sv_redis_drop_connection(sv_redis_t *redis, const char *why);

/* redis.c */
void sv_redis_flush_waiting(sv_redis_t *redis);
/* Takes the exchange from wherever it is and calls its `done`. */
void sv_redis_finish(sv_redis_t *redis, sv_exchange_t *exchange, const redisReply *reply);

/* redis_deadlines.c */
void sv_redis_deadlines_init(sv_redis_t *redis);
/* After anything that may bring a deadline nearer: a command was sent or waits, the connection was lost. */
void sv_redis_watch_deadlines(sv_redis_t *redis);

/* An event of the connection's own, which keeps no process that is told to quit. */
static inline void
sv_redis_event(sv_redis_t *redis, ngx_event_t *event, ngx_event_handler_pt handler)
{
    event->handler = handler;
    event->data = redis;
    event->log = redis->log;
    event->cancelable = 1;
}

#endif
