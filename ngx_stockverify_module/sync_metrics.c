#include "ngx_stockverify_module/sync_metrics.h"

#include "ngx_stockverify_module/conf.h"
#include "ngx_stockverify_module/zone.h"

/* Of this process' configuration; NULL when the module is not in use. */
static sv_metrics_t *
sv_metrics(void)
{
    sv_main_conf_t *conf = ngx_http_cycle_get_module_main_conf(ngx_cycle, ngx_stockverify_module);

    return conf == NULL || conf->zone == NULL ? NULL : &sv_zone(conf->zone)->metrics;
}

void
sv_metrics_sync_verdicts(size_t ok, size_t conflicts, size_t errors)
{
    sv_metrics_t *metrics = sv_metrics();

    if (metrics != NULL) {
        ngx_atomic_fetch_add(&metrics->sync_verdicts[0], ok);
        ngx_atomic_fetch_add(&metrics->sync_verdicts[1], conflicts);
        ngx_atomic_fetch_add(&metrics->sync_verdicts[2], errors);
    }
}
