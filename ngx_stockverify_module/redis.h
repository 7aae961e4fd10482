#ifndef SV_REDIS_H
#define SV_REDIS_H

#include "ngx_stockverify_module/conf.h"
#include "ngx_stockverify_module/redis_exchange.h"

/*
 * A Redis connection of a process, pipelined, reconnecting with backoff and jitter: one is shared by all requests, one
 * waits for events (event_hub.h).  On the event loop only.
 *
 * While Redis has been away for less than redis_timeout, commands wait for it (a restart is over by then);
 * after that they fail at once.
 */

/* Begins to connect.  NULL when out of memory.  SV_REDIS_FOR_EVENTS: commands fail as soon as the process is told to quit. */
sv_redis_t *sv_redis_create(sv_main_conf_t *conf, ngx_log_t *log, sv_redis_use_t use);
/* Closes the connection; exchanges under way are dropped without a call. */
void        sv_redis_destroy(sv_redis_t *redis);

void sv_redis_send(sv_redis_t *redis, sv_exchange_t *exchange);

/* Sends a plain command that nobody waits for; it may be freed at once.  An error reply is logged.  Without a connection
 * nothing is sent. */
void sv_redis_tell(sv_redis_t *redis, const sv_redis_command_t *command);

/* Whether the connection stands and Redis answers on it. */
bool sv_redis_ready(const sv_redis_t *redis);

#endif
