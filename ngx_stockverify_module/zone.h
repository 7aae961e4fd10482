#ifndef SV_ZONE_H
#define SV_ZONE_H

#include "ngx_stockverify_module/breaker.h"
#include "ngx_stockverify_module/metrics.h"
#include "ngx_stockverify_module/nginx.h"

/* What all nginx processes of a host share.  Atomics only: nobody ever holds a lock here, so a killed
 * process cannot wedge the others.  Survives a reload. */
typedef struct {
    uint64_t      layout;           /* of the route table and the structs that made it */
    sv_breaker_t  breaker;
    sv_metrics_t  metrics;          /* last: its size depends on the route table */
} sv_zone_t;

ngx_shm_zone_t *sv_zone_add(ngx_conf_t *cf);

/* Once the zone is initialized. */
sv_zone_t *sv_zone(const ngx_shm_zone_t *shm);

#endif
