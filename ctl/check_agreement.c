#include <string.h>

#include "core/base/buffer.h"
#include "core/settings/secret_file.h"
#include "ctl/check.h"
#include "ctl/nginx_conf.h"

/* Settings that nginx and the worker both act on.  Where Redis is, they must not say alike but mean the same server:
 * that is tried (sv_check_redis_shared). */
static const char *const sv_shared_settings[] = {
    "MONGODB_DATABASE", "AUTH_CACHE_TTL",        "RACK_LOCK_TTL", "RACK_HOLD_MARGIN",     "RACK_PAUSE_TTL",
    "SESSION_LOCK_TTL", "HEARTBEAT_TTL",         "LAST_SEEN_TTL", "SESSION_GRACE",        "SPOOL_DIR",
    "TIME_ZONE",        "STANDING_COUNT_PERIOD", "EVENTS_KEPT",   "APPROVAL_LIMIT_VALUE", "ERP_WRITE_BACK",
};

typedef struct {
    sv_ctl_t *nginx;
    const char *user;
    bool any;
} sv_nginx_settings_t;

static void
sv_check_nginx_directive(void *context, const char *const *words, size_t count)
{
    sv_nginx_settings_t *read = context;
    const sv_setting_row_t *row = strncmp(words[0], "stockverify", 11) == 0 ? sv_setting_find(words[0]) : NULL;

    if (strcmp(words[0], "user") == 0 && count > 1) {
        read->user = words[1];
    }
    read->any = read->any || strncmp(words[0], "stockverify", 11) == 0;
    if (row != NULL && count == 2 && read->nginx->error.status == SV_OK) {
        sv_setting_assign(&read->nginx->settings, row, words[1], read->nginx->arena, &read->nginx->error);
    }
}

sv_status_t
sv_check_read_nginx(const char *path, sv_ctl_t *nginx, const char **user)
{
    sv_nginx_settings_t read = { .nginx = nginx };

    sv_settings_defaults(&nginx->settings);
    if (sv_nginx_conf_read(path, sv_check_nginx_directive, &read, &nginx->error) != SV_OK) {
        return nginx->error.status;
    }
    *user = read.user;
    if (!read.any) {
        return sv_fail(&nginx->error, SV_ERR_NOT_FOUND, "%s has no directive of StockVerify", path);
    }
    return sv_settings_check(&nginx->settings, nginx->arena, &nginx->error);
}

static const char *
sv_setting_text(const sv_settings_t *settings, const sv_setting_row_t *row, sv_arena_t *arena)
{
    const char *at = (const char *) settings + row->offset;

    switch (row->type) {
    case SV_SETTING_IS_NUMBER:
        return sv_arena_printf(arena, "%lld", (long long) *(const int64_t *) at);
    case SV_SETTING_IS_FLAG:
        return *(const bool *) at ? "on" : "off";
    default:
        return *(const char *const *) at;
    }
}

/* The hosts and the replica set of a connection string; who logs in there, and with which limits, is each part's own.
 */
static const char *
sv_mongodb_place(const char *text, sv_arena_t *arena)
{
    mongoc_uri_t *uri = mongoc_uri_new(text);
    sv_buffer_t place;

    sv_buffer_init(&place, arena, 64);
    sv_buffer_puts(&place, "");
    if (uri != NULL) {
        const char *set = mongoc_uri_get_replica_set(uri);

        for (const mongoc_host_list_t *host = mongoc_uri_get_hosts(uri); host != NULL; host = host->next) {
            sv_buffer_printf(&place, "%s%s", place.length > 0 ? "," : "", host->host_and_port);
        }
        sv_buffer_printf(&place, " %s", set == NULL ? "" : set);
        mongoc_uri_destroy(uri);
    }
    return place.data;
}

/* Keys are the same when their files hold the same. */
static bool
sv_same_secret(const char *one, const char *other, sv_arena_t *arena)
{
    const char *first, *second;
    size_t first_length, second_length;
    sv_error_t error;

    sv_error_init(&error, arena);
    return strcmp(one, other) == 0 || (sv_secret_file_read(one, arena, &first, &first_length, &error) == SV_OK &&
                                       sv_secret_file_read(other, arena, &second, &second_length, &error) == SV_OK &&
                                       first_length == second_length && memcmp(first, second, first_length) == 0);
}

sv_status_t
sv_check_agreement(sv_ctl_t *ctl, const sv_check_run_t *run)
{
    const sv_settings_t *worker = &run->worker->settings, *nginx = &run->nginx->settings;
    sv_buffer_t differences;

    sv_buffer_init(&differences, ctl->arena, 128);
    sv_buffer_puts(&differences, "");
    for (size_t i = 0; i < sizeof(sv_shared_settings) / sizeof(sv_shared_settings[0]); i++) {
        const sv_setting_row_t *row = sv_setting_find(sv_shared_settings[i]);
        const char *here = sv_setting_text(worker, row, ctl->arena), *there = sv_setting_text(nginx, row, ctl->arena);

        if (strcmp(here, there) != 0) {
            sv_buffer_printf(&differences, "%s is %s for the worker and %s for nginx; ", row->environment, here, there);
        }
    }
    if (strcmp(sv_mongodb_place(worker->mongodb_uri, ctl->arena), sv_mongodb_place(nginx->mongodb_uri, ctl->arena)) !=
        0) {
        sv_buffer_puts(&differences, "MONGODB_URI names other servers for the worker than for nginx; ");
    }
    if (!sv_same_secret(worker->secret_key_file, nginx->secret_key_file, ctl->arena)) {
        sv_buffer_puts(&differences, "SECRET_KEY_FILE holds another key for the worker than for nginx; ");
    }
    if (differences.length == 0) {
        return SV_OK;
    }
    differences.data[differences.length - 2] = '\0';
    return sv_fail(&ctl->error, SV_ERR_CONFLICT_STATE, "%s", differences.data);
}
