#include "ngx_stockverify_module/process_start.h"

#include <stdlib.h>

#include "core/base/codec.h"
#include "ngx_stockverify_module/event_hub.h"
#include "ngx_stockverify_module/health.h"
#include "ngx_stockverify_module/heartbeat_batch.h"
#include "ngx_stockverify_module/lookup_flights.h"

sv_process_t *
sv_process_create(sv_main_conf_t *conf, ngx_log_t *log)
{
    sv_process_t *process = calloc(1, sizeof(*process));
    sv_error_t error;

    if (process == NULL) {
        return NULL;
    }
    process->conf = conf;
    process->log = log;
    process->zone = sv_zone(conf->zone);
    process->gauges = &process->zone->metrics.processes[ngx_process_slot];
    ngx_memzero(process->gauges, sizeof(*process->gauges));
    sv_random_bytes(process->id_prefix, sizeof(process->id_prefix));
    sv_random_bytes(&process->id_counter, sizeof(process->id_counter));
    sv_error_init(&error, conf->arena);
    /* The most there may be: clients are made as threads ask for them. */
    process->stores = sv_store_pool_create(&conf->settings, SV_STORE_CLIENTS_MAX, &error);
    if (process->stores == NULL) {
        ngx_log_error(NGX_LOG_EMERG, log, 0, "stockverify: MongoDB: %s",
                      error.cause != NULL ? error.cause : error.message);
        sv_process_destroy(process);
        return NULL;
    }
    if (ngx_process_slot < SV_ZONE_PROCESSES) {
        sv_left_sessions_keep_notes(sv_store_left_sessions(process->stores), process->zone->sessions[ngx_process_slot],
                                    SV_STORE_CLIENTS_MAX);
    }
    sv_log_limit_init(&process->unavailable, log, "requests that could not be served");
    process->tokens = sv_token_cache_create();
    process->health = sv_health_create();
    process->redis = sv_redis_create(conf, log, SV_REDIS_FOR_REQUESTS);
    process->heartbeats = sv_heartbeat_batches_create(process);
    process->lookups = sv_lookup_flights_create(process);
    process->events = sv_event_hub_create(process);
    if (process->tokens == NULL || process->health == NULL || process->redis == NULL || process->heartbeats == NULL ||
        process->lookups == NULL || process->events == NULL) {
        ngx_log_error(NGX_LOG_EMERG, log, 0, "stockverify: out of memory");
        sv_process_destroy(process);
        return NULL;
    }
    return process;
}

void
sv_process_destroy(sv_process_t *process)
{
    if (process == NULL) {
        return;
    }
    sv_log_limit_end(&process->unavailable);
    sv_heartbeat_batches_destroy(process->heartbeats);
    sv_event_hub_destroy(process->events);
    if (process->redis != NULL) {
        sv_redis_destroy(process->redis);
    }
    sv_lookup_flights_destroy(process->lookups);
    sv_health_destroy(process->health);
    sv_token_cache_destroy(process->tokens);
    if (process->stores != NULL) {
        sv_store_pool_destroy(process->stores);
    }
    ngx_memzero(process->gauges, sizeof(*process->gauges));
    free(process);
}
