#ifndef SV_REDIS_H
#define SV_REDIS_H

#include "core/redis/command.h"
#include "ngx_stockverify_module/conf.h"
#include "ngx_stockverify_module/nginx.h"

/*
 * The one Redis connection of a process, shared by all its requests: pipelined, reconnecting with backoff and jitter.
 * On the event loop only.
 *
 * While Redis has been away for less than redis_timeout, commands wait for it (a restart is over by then);
 * after that they fail at once.
 */
typedef struct sv_redis_s  sv_redis_t;
typedef struct sv_exchange_s  sv_exchange_t;

/* `reply` is hiredis' and valid during the call; NULL: no answer, or an error reply (logged).  Called exactly once, never
 * from within sv_redis_send(); the exchange and its command may be freed by it. */
typedef void (*sv_exchange_done_pt)(sv_exchange_t *exchange, const redisReply *reply);

/* One command and what becomes of it: the caller's memory, untouched until `done` was called. */
struct sv_exchange_s {
    sv_redis_command_t   *command;
    sv_exchange_done_pt   done;
    void                 *data;
    unsigned              takes_errors:1;     /* an error is a reply like others: passed on, neither repeated nor logged */
    /* the connection's own */
    unsigned              with_source:1;
    struct sv_slot_s     *slot;               /* NULL: it stands in a queue by `queue` */
    ngx_queue_t           queue;
    ngx_queue_t           order;
    ngx_msec_t            deadline;
    uint64_t              started_us;
};

/* Begins to connect.  NULL when out of memory. */
sv_redis_t *sv_redis_create(sv_main_conf_t *conf, ngx_log_t *log);
/* Closes the connection; exchanges under way are dropped without a call. */
void        sv_redis_destroy(sv_redis_t *redis);

void sv_redis_send(sv_redis_t *redis, sv_exchange_t *exchange);

/* Sends a plain command that nobody waits for; it may be freed at once.  An error reply is logged.  Without a connection
 * nothing is sent. */
void sv_redis_tell(sv_redis_t *redis, const sv_redis_command_t *command);

/* Whether the connection stands and Redis answers on it. */
bool sv_redis_ready(const sv_redis_t *redis);

#endif
