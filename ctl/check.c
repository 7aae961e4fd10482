#include "ctl/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/codec.h"

#define SV_NGINX_CONF "/etc/nginx/nginx.conf"

typedef enum { SV_CHECK_SELF, SV_CHECK_WORKER, SV_CHECK_NGINX } sv_check_side_t;

typedef enum {
    SV_CHECK_ALWAYS,
    SV_CHECK_BOTH_KNOWN,   /* only where nginx' settings are known */
    SV_CHECK_WHEN_STARTED, /* not before the first start */
    SV_CHECK_SILENT        /* tidies up */
} sv_check_when_t;

static const struct {
    const char *name;
    sv_check_side_t side;
    sv_check_when_t when;
    sv_check_t *check;
} sv_checks[] = {
    { "settings", SV_CHECK_SELF, SV_CHECK_ALWAYS, sv_check_settings },
    { "agreement", SV_CHECK_SELF, SV_CHECK_BOTH_KNOWN, sv_check_agreement },
    { "files", SV_CHECK_WORKER, SV_CHECK_ALWAYS, sv_check_worker_files },
    { "files", SV_CHECK_NGINX, SV_CHECK_BOTH_KNOWN, sv_check_nginx_files },
    { "spool", SV_CHECK_WORKER, SV_CHECK_ALWAYS, sv_check_spool_written },
    { "spool", SV_CHECK_NGINX, SV_CHECK_BOTH_KNOWN, sv_check_spool_read },
    { "", SV_CHECK_WORKER, SV_CHECK_SILENT, sv_check_spool_cleared },
    { "redis", SV_CHECK_WORKER, SV_CHECK_ALWAYS, sv_check_redis },
    { "redis", SV_CHECK_NGINX, SV_CHECK_BOTH_KNOWN, sv_check_redis_shared },
    { "mongodb", SV_CHECK_WORKER, SV_CHECK_ALWAYS, sv_check_mongodb },
    { "mongodb", SV_CHECK_NGINX, SV_CHECK_BOTH_KNOWN, sv_check_mongodb },
    { "spool mark", SV_CHECK_WORKER, SV_CHECK_ALWAYS, sv_check_spool_mark },
    { "indexes", SV_CHECK_WORKER, SV_CHECK_ALWAYS, sv_check_indexes },
    { "migrations", SV_CHECK_WORKER, SV_CHECK_ALWAYS, sv_check_migrations },
    { "worker", SV_CHECK_WORKER, SV_CHECK_WHEN_STARTED, sv_check_worker_runs },
};

static void
sv_check_print(const char *name, const char *user, const char *verdict)
{
    printf("%-10s %-12s %s\n", name, user, verdict);
    fflush(stdout);
}

/* Runs one check and prints its row; whether all is well. */
static bool
sv_check_row(size_t i, const sv_check_run_t *run, bool before_start)
{
    sv_check_when_t when = sv_checks[i].when;
    sv_check_user_t self;
    const sv_check_user_t *user = &self;
    sv_ctl_t *ctl = sv_checks[i].side == SV_CHECK_NGINX ? run->nginx : run->worker;

    if ((when == SV_CHECK_BOTH_KNOWN && run->nginx == NULL) || (when == SV_CHECK_WHEN_STARTED && before_start)) {
        return true;
    }
    sv_check_user_self(run->worker->arena, &self);
    if (geteuid() == 0 && sv_checks[i].side != SV_CHECK_SELF) {
        user = sv_checks[i].side == SV_CHECK_NGINX ? &run->nginx_user : &run->worker_user;
    }
    sv_check_as(ctl, user, sv_checks[i].check, run);
    if (when == SV_CHECK_SILENT) {
        return true;
    }
    sv_check_print(sv_checks[i].name, user->name, ctl->error.status == SV_OK ? "ok" : ctl->error.message);
    return ctl->error.status == SV_OK;
}

typedef struct {
    const char *nginx_conf, *worker_user, *nginx_user;
    bool before_start;
} sv_check_options_t;

/* Who the parts run as: what was said, else what the system has; root only where it is said. */
static bool
sv_check_find_user(sv_ctl_t *ctl, const char *said, const char *usual, sv_check_user_t *user)
{
    if (said != NULL) {
        if (!sv_check_user_find(said, ctl->arena, user)) {
            fprintf(stderr, "stockverifyctl: there is no user %s\n", said);
            return false;
        }
        return true;
    }
    if (!sv_check_user_find(usual, ctl->arena, user)) {
        sv_check_user_self(ctl->arena, user);
    }
    return true;
}

/* Reads nginx' settings where there are any.  false: they are wrong, which was printed. */
static bool
sv_check_load_nginx(sv_ctl_t *ctl, const sv_check_options_t *options, sv_check_run_t *run, const char **user)
{
    sv_ctl_t *nginx = sv_arena_zalloc(ctl->arena, sizeof(*nginx));
    const char *path = options->nginx_conf != NULL ? options->nginx_conf : SV_NGINX_CONF;

    if (options->nginx_conf == NULL && access(path, F_OK) != 0) {
        sv_check_print("nginx.conf", "-", "not compared: there is no " SV_NGINX_CONF " (say --nginx-conf FILE)");
        return true;
    }
    nginx->arena = ctl->arena;
    nginx->settings_file = path;
    sv_error_init(&nginx->error, ctl->arena);
    if (sv_check_read_nginx(path, nginx, user) == SV_OK) {
        run->nginx = nginx;
        return true;
    }
    if (nginx->error.status == SV_ERR_NOT_FOUND && options->nginx_conf == NULL) {
        sv_check_print("nginx.conf", "-", "not compared: " SV_NGINX_CONF " has no directive of StockVerify");
        return true;
    }
    sv_check_print("nginx.conf", "-", nginx->error.message);
    return false;
}

int
sv_ctl_check(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    sv_check_options_t said = { 0 };
    const sv_ctl_option_t options[] = {
        { "--nginx-conf", &said.nginx_conf, NULL },
        { "--worker-user", &said.worker_user, NULL },
        { "--nginx-user", &said.nginx_user, NULL },
        { "--before-start", NULL, &said.before_start },
    };
    sv_check_run_t run = { .worker = ctl };
    const char *nginx_user = NULL;
    char token[SV_UUID_SIZE];
    bool well;

    if (!sv_ctl_options(command, argc, argv, options, sizeof(options) / sizeof(options[0]), NULL, 0)) {
        return SV_CTL_USAGE;
    }
    sv_uuid_v4(token);
    run.token = token;
    well = sv_check_load_nginx(ctl, &said, &run, &nginx_user);
    if (!sv_check_find_user(ctl, said.worker_user, "stockverify", &run.worker_user) ||
        !sv_check_find_user(ctl, said.nginx_user != NULL ? said.nginx_user : nginx_user, "www-data", &run.nginx_user)) {
        return SV_CTL_FAILED;
    }
    for (size_t i = 0; i < sizeof(sv_checks) / sizeof(sv_checks[0]); i++) {
        well = sv_check_row(i, &run, said.before_start) && well;
    }
    return well ? SV_CTL_DONE : SV_CTL_FAILED;
}
