#ifndef SV_PROCESS_H
#define SV_PROCESS_H

#include "core/store/store.h"
#include "ngx_stockverify_module/conf.h"
#include "ngx_stockverify_module/log_limit.h"
#include "ngx_stockverify_module/nginx.h"
#include "ngx_stockverify_module/redis.h"
#include "ngx_stockverify_module/token_cache.h"
#include "ngx_stockverify_module/zone.h"

struct sv_event_hub_s;
struct sv_health_s;
struct sv_heartbeat_batches_s;
struct sv_lookup_flights_s;

/* What one nginx process keeps for one configuration: connections and caches, all of which another could rebuild. */
typedef struct sv_process_s {
    sv_main_conf_t       *conf;
    ngx_log_t            *log;
    sv_zone_t            *zone;
    sv_process_gauges_t  *gauges;           /* this process' */
    sv_redis_t           *redis;
    sv_store_pool_t      *stores;           /* used on threads */
    sv_token_cache_t     *tokens;
    struct sv_heartbeat_batches_s  *heartbeats;
    struct sv_lookup_flights_s  *lookups;
    struct sv_event_hub_s *events;
    struct sv_health_s   *health;
    sv_log_limit_t        unavailable;      /* lines about requests that a server failed */
    ngx_atomic_t          server_checked;   /* the MongoDB server has transactions; set by threads */
    ngx_atomic_t          server_told_at;   /* seconds: when the log was told that it has none */
    uint8_t               id_prefix[8];     /* of the request ids made here */
    uint64_t              id_counter;
} sv_process_t;

#endif
