#include "ngx_stockverify_module/zone.h"

#include "ngx_stockverify_module/conf.h"

enum { SV_ZONE_MIN_PAGES = 8, SV_ZONE_SLACK_PAGES = 8 };

static size_t
sv_zone_bytes(void)
{
    return sizeof(sv_zone_t) + sv_route_count * sizeof(sv_route_metrics_t);
}

/* Another build of the module may have other routes or structs: then counting starts afresh. */
static uint64_t
sv_zone_layout(void)
{
    uint64_t layout = sv_zone_bytes();

    for (size_t i = 0; i < sv_route_count; i++) {
        layout = layout * 31 + ngx_crc32_long((u_char *) sv_routes[i].id, strlen(sv_routes[i].id));
    }
    return layout;
}

static ngx_int_t
sv_zone_init(ngx_shm_zone_t *shm, void *old_data)
{
    ngx_slab_pool_t *slab = (ngx_slab_pool_t *) shm->shm.addr;
    sv_zone_t *zone = old_data;

    if (shm->shm.exists) {
        zone = slab->data; /* another master's, after an upgrade of the binary */
    }
    if (zone == NULL || zone->layout != sv_zone_layout()) {
        zone = ngx_slab_calloc(slab, sv_zone_bytes());
        if (zone == NULL) {
            ngx_log_error(NGX_LOG_EMERG, shm->shm.log, 0, "stockverify: the shared zone is too small");
            return NGX_ERROR;
        }
        zone->layout = sv_zone_layout();
    }
    slab->data = zone;
    shm->data = zone;
    return NGX_OK;
}

ngx_shm_zone_t *
sv_zone_add(ngx_conf_t *cf)
{
    ngx_str_t name = ngx_string("stockverify");
    size_t pages = sv_zone_bytes() / ngx_pagesize + SV_ZONE_SLACK_PAGES;
    ngx_shm_zone_t *shm;

    /* Room for two layouts, for the reload that follows an upgrade. */
    shm =
        ngx_shared_memory_add(cf, &name, ngx_pagesize * ngx_max(2 * pages, SV_ZONE_MIN_PAGES), &ngx_stockverify_module);
    if (shm != NULL) {
        shm->init = sv_zone_init;
    }
    return shm;
}

sv_zone_t *
sv_zone(const ngx_shm_zone_t *shm)
{
    return shm->data;
}
