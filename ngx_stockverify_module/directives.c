#include "ngx_stockverify_module/conf.h"
#include "ngx_stockverify_module/router.h"
#include "ngx_stockverify_module/zone.h"

/* nginx' own, in none of its headers. */
extern ngx_module_t ngx_thread_pool_module;

static char *sv_conf_enable(ngx_conf_t *cf, ngx_command_t *command, void *conf);
static char *sv_conf_metrics(ngx_conf_t *cf, ngx_command_t *command, void *conf);
static char *sv_conf_cors_origin(ngx_conf_t *cf, ngx_command_t *command, void *conf);

static ngx_conf_enum_t sv_envelopes[] = {
    { ngx_string("nested"), SV_ENVELOPE_NESTED },
    { ngx_string("flat"), SV_ENVELOPE_FLAT },
    { ngx_null_string, 0 },
};

#define SV_IN_ANY (NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF)
#define SV_SETTING_DIRECTIVE(directive)                                                                                \
    { ngx_string(directive), NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1, sv_conf_setting, NGX_HTTP_MAIN_CONF_OFFSET, 0, NULL },

/* clang-format off */
ngx_command_t sv_commands[] = {
    { ngx_string("stockverify"), NGX_HTTP_LOC_CONF | NGX_CONF_FLAG, sv_conf_enable, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(sv_location_conf_t, enabled), NULL },
    { ngx_string("stockverify_metrics"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, sv_conf_metrics,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
    { ngx_string("stockverify_envelope"), SV_IN_ANY | NGX_CONF_TAKE1, ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET, offsetof(sv_location_conf_t, envelope), sv_envelopes },
    { ngx_string("stockverify_cors_origin"), SV_IN_ANY | NGX_CONF_1MORE, sv_conf_cors_origin,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },
#define SV_SETTING_TEXT(field, environment, directive, value, text)                   SV_SETTING_DIRECTIVE(directive)
#define SV_SETTING_SECRET(field, environment, directive, value, text)                 SV_SETTING_DIRECTIVE(directive)
#define SV_SETTING_NUMBER(field, environment, directive, value, min, max, unit, text) SV_SETTING_DIRECTIVE(directive)
#define SV_SETTING_FLAG(field, environment, directive, value, text)                   SV_SETTING_DIRECTIVE(directive)
#include "core/settings/settings.def"
#undef SV_SETTING_TEXT
#undef SV_SETTING_SECRET
#undef SV_SETTING_NUMBER
#undef SV_SETTING_FLAG
    ngx_null_command
};
/* clang-format on */

static ngx_str_t sv_pool_names[SV_POOL_COUNT] = {
    [SV_POOL_DB] = ngx_string("stockverify_db"),
    [SV_POOL_HASH] = ngx_string("stockverify_hash"),
    [SV_POOL_HEALTH] = ngx_string("stockverify_health"),
};

static void
sv_release_arena(void *data)
{
    sv_arena_destroy(data);
}

void *
sv_create_main_conf(ngx_conf_t *cf)
{
    sv_main_conf_t *conf = ngx_pcalloc(cf->pool, sizeof(sv_main_conf_t));
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);

    if (conf == NULL || cleanup == NULL) {
        return NULL;
    }
    conf->assigned = ngx_pcalloc(cf->pool, sv_setting_row_count);
    if (conf->assigned == NULL) {
        return NULL;
    }
    conf->arena = sv_arena_create();
    cleanup->handler = sv_release_arena;
    cleanup->data = conf->arena;
    sv_settings_defaults(&conf->settings);
    return conf;
}

char *
sv_conf_setting(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    sv_main_conf_t *main_conf = conf;
    ngx_str_t *words = cf->args->elts;
    const sv_setting_row_t *row = sv_setting_find((const char *) command->name.data);
    sv_error_t error;

    if (row == NULL) {
        return "is not known";
    }
    if (main_conf->assigned[row - sv_setting_rows]) {
        return "is duplicate";
    }
    main_conf->assigned[row - sv_setting_rows] = 1;
    if (strlen((const char *) words[1].data) != words[1].len) {
        return "holds a NUL byte";
    }
    sv_error_init(&error, main_conf->arena);
    if (sv_setting_assign(&main_conf->settings, row, (const char *) words[1].data, main_conf->arena, &error) != SV_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %s", &command->name, error.message);
        return NGX_CONF_ERROR;
    }
    return NGX_CONF_OK;
}

static char *
sv_conf_enable(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    sv_location_conf_t *location = conf;
    sv_main_conf_t *main_conf = ngx_http_conf_get_module_main_conf(cf, ngx_stockverify_module);
    sv_server_conf_t *server;
    ngx_http_core_loc_conf_t *core;
    char *failed = ngx_conf_set_flag_slot(cf, command, conf);

    if (failed != NGX_CONF_OK || location->enabled != 1) {
        return failed;
    }
    main_conf->enabled = 1;
    server = ngx_http_conf_get_module_srv_conf(cf, ngx_stockverify_module);
    server->api = 1;
    core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    core->handler = sv_api_handler;
    return NGX_CONF_OK;
}

static char *
sv_conf_metrics(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    sv_location_conf_t *location = conf;
    sv_main_conf_t *main_conf = ngx_http_conf_get_module_main_conf(cf, ngx_stockverify_module);
    ngx_http_core_loc_conf_t *core;

    (void) command;
    if (location->metrics == 1) {
        return "is duplicate";
    }
    location->metrics = 1;
    main_conf->enabled = 1;
    core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    core->handler = sv_metrics_handler;
    return NGX_CONF_OK;
}

static char *
sv_conf_cors_origin(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    sv_location_conf_t *location = conf;
    ngx_str_t *words = cf->args->elts, *origin;

    (void) command;
    if (location->cors_origins == NGX_CONF_UNSET_PTR) {
        location->cors_origins = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ngx_str_t));
        if (location->cors_origins == NULL) {
            return NGX_CONF_ERROR;
        }
    }
    for (ngx_uint_t i = 1; i < cf->args->nelts; i++) {
        if (words[i].len != 1 || words[i].data[0] != '*') {
            u_char *scheme_end = ngx_strnstr(words[i].data, "://", words[i].len);

            if (scheme_end == NULL || words[i].data[words[i].len - 1] == '/') {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "\"%V\" is not an origin: \"*\" or scheme://host[:port] without a path", &words[i]);
                return NGX_CONF_ERROR;
            }
        }
        origin = ngx_array_push(location->cors_origins);
        if (origin == NULL) {
            return NGX_CONF_ERROR;
        }
        *origin = words[i];
    }
    return NGX_CONF_OK;
}

/* hiredis would resolve a name with a blocking call, so it is given a numeric address. */
static char *
sv_resolve_redis(ngx_conf_t *cf, sv_main_conf_t *conf)
{
    const char *host = conf->settings.redis_host;
    char text[NGX_SOCKADDR_STRLEN];
    ngx_url_t url;
    size_t length;

    if (host[0] == '/') {
        conf->redis_address = host;
        conf->redis_is_unix = 1;
        return NGX_CONF_OK;
    }
    ngx_memzero(&url, sizeof(url));
    url.url.data = (u_char *) host;
    url.url.len = strlen(host);
    url.default_port = (in_port_t) conf->settings.redis_port;
    if (strchr(host, ':') != NULL && host[0] != '[') {
        url.url.data = (u_char *) sv_arena_printf(conf->arena, "[%s]", host); /* a bare IPv6 address */
        url.url.len += 2;
    }
    if (ngx_parse_url(cf->pool, &url) != NGX_OK || url.naddrs == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"stockverify_redis_host\" \"%s\": %s", host,
                           url.err == NULL ? "no address" : url.err);
        return NGX_CONF_ERROR;
    }
    length = ngx_sock_ntop(url.addrs[0].sockaddr, url.addrs[0].socklen, (u_char *) text, sizeof(text), 0);
    conf->redis_address = sv_arena_strndup(conf->arena, text, length);
    return NGX_CONF_OK;
}

/* As if nginx.conf said so: checks and what administrators are told beside them are short, so one thread is always
 * enough, and nobody has to know of it.  Many may ask at once. */
static char *
sv_declare_health_pool(ngx_conf_t *cf)
{
    ngx_str_t words[] = { ngx_string("thread_pool"), sv_pool_names[SV_POOL_HEALTH], ngx_string("threads=1"),
                          ngx_string("max_queue=64") };
    ngx_array_t args = { .elts = words, .nelts = sizeof(words) / sizeof(words[0]), .size = sizeof(words[0]) };
    ngx_array_t *before = cf->args;
    ngx_command_t *command = ngx_thread_pool_module.commands;
    char *failed;

    cf->args = &args;
    failed = command->set(cf, command, NULL);
    cf->args = before;
    return failed;
}

static char *
sv_find_pools(ngx_conf_t *cf, sv_main_conf_t *conf)
{
    if (sv_declare_health_pool(cf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }
    for (size_t i = 0; i < SV_POOL_COUNT; i++) {
        conf->pools[i] = ngx_thread_pool_add(cf, &sv_pool_names[i]);
        if (conf->pools[i] == NULL) {
            return NGX_CONF_ERROR;
        }
    }
    return NGX_CONF_OK;
}

char *
sv_init_main_conf(ngx_conf_t *cf, void *conf)
{
    sv_main_conf_t *main_conf = conf;
    sv_error_t error;

    if (!main_conf->enabled) {
        return NGX_CONF_OK;
    }
    if (ngx_process == NGX_PROCESS_SINGLE && !ngx_is_init_cycle(cf->cycle->old_cycle)) {
        /* nginx starts neither modules nor threads for it; refused, the configuration of before goes on serving. */
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "stockverify: under \"master_process off\" a new configuration needs a restart");
        return NGX_CONF_ERROR;
    }
    sv_error_init(&error, main_conf->arena);
    if (sv_settings_check(&main_conf->settings, main_conf->arena, &error) != SV_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "stockverify: %s",
                           error.message == NULL ? sv_status_message(error.status) : error.message);
        return NGX_CONF_ERROR;
    }
    main_conf->auth_keys = sv_auth_keys_create(&main_conf->settings, main_conf->arena, &error);
    if (main_conf->auth_keys == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "stockverify: %s",
                           error.message == NULL ? sv_status_message(error.status) : error.message);
        return NGX_CONF_ERROR;
    }
    if (sv_resolve_redis(cf, main_conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }
    main_conf->router = sv_router_create(main_conf->arena, &error);
    if (main_conf->router == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "stockverify: %s", error.message);
        return NGX_CONF_ERROR;
    }
    if (sv_find_pools(cf, main_conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }
    main_conf->zone = sv_zone_add(cf);
    return main_conf->zone == NULL ? NGX_CONF_ERROR : NGX_CONF_OK;
}

void *
sv_create_server_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(sv_server_conf_t));
}

void *
sv_create_location_conf(ngx_conf_t *cf)
{
    sv_location_conf_t *conf = ngx_pcalloc(cf->pool, sizeof(sv_location_conf_t));

    if (conf == NULL) {
        return NULL;
    }
    conf->enabled = NGX_CONF_UNSET;
    conf->metrics = NGX_CONF_UNSET;
    conf->envelope = NGX_CONF_UNSET_UINT;
    conf->cors_origins = NGX_CONF_UNSET_PTR;
    return conf;
}

char *
sv_merge_location_conf(ngx_conf_t *cf, void *parent, void *child)
{
    sv_location_conf_t *previous = parent, *conf = child;
    ngx_http_core_loc_conf_t *core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* Like any content handler, ours is a location's own: neither flag is inherited, but by the blocks of `if` and
     * `limit_except`, which are locations only to nginx. */
    if (core->noname && core->handler == NULL) {
        ngx_conf_merge_value(conf->enabled, previous->enabled, 0);
        ngx_conf_merge_value(conf->metrics, previous->metrics, 0);
        core->handler = conf->enabled ? sv_api_handler : conf->metrics ? sv_metrics_handler : NULL;
    }
    ngx_conf_init_value(conf->enabled, 0);
    ngx_conf_init_value(conf->metrics, 0);
    ngx_conf_merge_uint_value(conf->envelope, previous->envelope, SV_ENVELOPE_NESTED);
    ngx_conf_merge_ptr_value(conf->cors_origins, previous->cors_origins, NULL);
    return NGX_CONF_OK;
}
