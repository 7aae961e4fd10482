#include "core/base/log.h"
#include "core/redis/scripts.h"
#include "ngx_stockverify_module/conf.h"
#include "ngx_stockverify_module/process_start.h"

static ngx_int_t sv_postconfiguration(ngx_conf_t *cf);
static ngx_int_t sv_init_process(ngx_cycle_t *cycle);
static void sv_exit_process(ngx_cycle_t *cycle);

static ngx_http_module_t sv_module_context = {
    sv_add_variables,     /* preconfiguration */
    sv_postconfiguration, /* postconfiguration */

    sv_create_main_conf, /* create main configuration */
    sv_init_main_conf,   /* init main configuration */

    sv_create_server_conf, /* create server configuration */
    NULL,                  /* merge server configuration */

    sv_create_location_conf, /* create location configuration */
    sv_merge_location_conf,  /* merge location configuration */
};

ngx_module_t ngx_stockverify_module = {
    NGX_MODULE_V1,
    &sv_module_context,
    sv_commands,
    NGX_HTTP_MODULE,
    NULL,            /* init master */
    NULL,            /* init module */
    sv_init_process, /* init process */
    NULL,            /* init thread */
    NULL,            /* exit thread */
    sv_exit_process, /* exit process */
    NULL,            /* exit master */
    NGX_MODULE_V1_PADDING,
};

static ngx_int_t
sv_postconfiguration(ngx_conf_t *cf)
{
    sv_main_conf_t *conf = ngx_http_conf_get_module_main_conf(cf, ngx_stockverify_module);

    if (conf->enabled) {
        sv_error_filter_init();
    }
    return NGX_OK;
}

static void
sv_log_to_nginx(sv_log_level_t level, const char *message)
{
    static const ngx_uint_t levels[] = {
        [SV_LOG_ERROR] = NGX_LOG_ERR, [SV_LOG_WARNING] = NGX_LOG_WARN, [SV_LOG_NOTICE] = NGX_LOG_NOTICE,
        [SV_LOG_INFO] = NGX_LOG_INFO, [SV_LOG_DEBUG] = NGX_LOG_DEBUG,
    };

    ngx_log_error(levels[level], ngx_cycle->log, 0, "stockverify: %s", message);
}

/* nginx runs it in its cache helpers too, which serve nobody. */
static ngx_int_t
sv_init_process(ngx_cycle_t *cycle)
{
    sv_main_conf_t *conf = ngx_http_cycle_get_module_main_conf(cycle, ngx_stockverify_module);

    if (conf == NULL || !conf->enabled || (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)) {
        return NGX_OK;
    }
    sv_scripts_keep_events(conf->settings.events_kept);
    sv_scripts_init();
    sv_log_set_sink(sv_log_to_nginx);
    conf->process = sv_process_create(conf, cycle->log);
    return conf->process == NULL ? NGX_ERROR : NGX_OK;
}

static void
sv_exit_process(ngx_cycle_t *cycle)
{
    sv_main_conf_t *conf = ngx_http_cycle_get_module_main_conf(cycle, ngx_stockverify_module);

    if (conf != NULL && conf->process != NULL) {
        sv_process_destroy(conf->process);
        conf->process = NULL;
    }
}
