#ifndef SV_ZONE_H
#define SV_ZONE_H

#include "core/store/left_sessions.h"
#include "ngx_stockverify_module/breaker.h"
#include "ngx_stockverify_module/metrics.h"
#include "ngx_stockverify_module/nginx.h"

/* Sessions are noted of so many processes, and of so many clients of each. */
enum { SV_ZONE_PROCESSES = 64, SV_STORE_CLIENTS_MAX = 128 };

/* What all nginx processes of a host share.  Atomics only: nobody ever holds a lock here, so a killed
 * process cannot wedge the others.  Survives a reload. */
typedef struct {
    uint64_t      layout;           /* of the route table and the structs that made it */
    sv_breaker_t  breaker;
    /* What transactions run in, by ngx_process_slot: who takes a killed process' slot ends them. */
    sv_session_note_t  sessions[SV_ZONE_PROCESSES][SV_STORE_CLIENTS_MAX];
    sv_metrics_t  metrics;          /* last: its size depends on the route table */
} sv_zone_t;

ngx_shm_zone_t *sv_zone_add(ngx_conf_t *cf);

/* Once the zone is initialized. */
sv_zone_t *sv_zone(const ngx_shm_zone_t *shm);

#endif
