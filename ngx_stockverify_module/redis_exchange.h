#ifndef SV_REDIS_EXCHANGE_H
#define SV_REDIS_EXCHANGE_H

#include "core/redis/command.h"
#include "ngx_stockverify_module/nginx.h"

typedef struct sv_redis_s  sv_redis_t;
typedef struct sv_exchange_s  sv_exchange_t;

/* What a connection is for.  The first speaks for all: of Redis away or back the log and the metrics have word from it
 * alone. */
typedef enum { SV_REDIS_FOR_REQUESTS, SV_REDIS_FOR_EVENTS } sv_redis_use_t;

/* `reply` is hiredis' and valid during the call; NULL: no answer, or an error reply (logged).  Called exactly once, never
 * from within sv_redis_send(); the exchange and its command may be freed by it. */
typedef void (*sv_exchange_done_pt)(sv_exchange_t *exchange, const redisReply *reply);

/* One command and what becomes of it: the caller's memory, untouched until `done` was called. */
struct sv_exchange_s {
    sv_redis_command_t   *command;
    sv_exchange_done_pt   done;
    void                 *data;
    unsigned              takes_errors:1;     /* an error is a reply like others: passed on, neither repeated nor logged */
    unsigned              waits:1;            /* for something to happen: its time says nothing of Redis' */
    /* the connection's own */
    unsigned              with_source:1;
    struct sv_slot_s     *slot;               /* NULL: it stands in a queue by `queue` */
    ngx_queue_t           queue;
    ngx_queue_t           order;
    ngx_msec_t            deadline;
    uint64_t              started_us;
};

#endif
