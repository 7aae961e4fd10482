#ifndef SV_CONF_H
#define SV_CONF_H

#include "ngx_stockverify_module/nginx.h"
#include "core/auth/auth_keys.h"
#include "core/settings/settings.h"
#include "ngx_stockverify_module/metrics.h"

/* The module's configuration: read-only while requests run, except `process`. */

struct sv_router_s;
struct sv_process_s;

typedef struct {
    sv_settings_t         settings;
    sv_arena_t           *arena;           /* settings, keys and router; lives as long as the cycle */
    uint8_t              *assigned;        /* per row of settings.def: a directive set it */
    ngx_uint_t            enabled;         /* some location uses the module */
    const sv_auth_keys_t *auth_keys;
    struct sv_router_s   *router;
    const char           *redis_address;   /* numeric, or the path of a unix socket */
    ngx_uint_t            redis_is_unix;
    ngx_thread_pool_t    *pools[SV_POOL_COUNT];
    ngx_shm_zone_t       *zone;            /* breaker and metrics */
    struct sv_process_s  *process;         /* this process' connections and caches; set by init_process */
} sv_main_conf_t;

typedef struct {
    ngx_flag_t    enabled;
    ngx_flag_t    metrics;
    ngx_uint_t    envelope;                /* sv_envelope_t */
    ngx_array_t  *cors_origins;            /* ngx_str_t */
} sv_location_conf_t;

typedef struct {
    ngx_flag_t    api;                     /* a location of this server has the API */
} sv_server_conf_t;

typedef enum { SV_ENVELOPE_NESTED, SV_ENVELOPE_FLAT, SV_ENVELOPE_FLAT_AND_DATA } sv_envelope_t;

extern ngx_module_t  ngx_stockverify_module;

/* directives.c */
extern ngx_command_t  sv_commands[];
void *sv_create_main_conf(ngx_conf_t *cf);
char *sv_init_main_conf(ngx_conf_t *cf, void *conf);
void *sv_create_server_conf(ngx_conf_t *cf);
void *sv_create_location_conf(ngx_conf_t *cf);
char *sv_merge_location_conf(ngx_conf_t *cf, void *parent, void *child);

/* A directive of http{} for every row of settings.def. */
char *sv_conf_setting(ngx_conf_t *cf, ngx_command_t *command, void *conf);

/* handler.c: the content handlers */
ngx_int_t sv_api_handler(ngx_http_request_t *r);
ngx_int_t sv_metrics_handler(ngx_http_request_t *r);

/* variables.c */
ngx_int_t sv_add_variables(ngx_conf_t *cf);

/* error_filter.c */
void sv_error_filter_init(void);

#endif
