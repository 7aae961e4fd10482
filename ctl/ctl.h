#ifndef SV_CTL_H
#define SV_CTL_H

#include "core/auth/account.h"
#include "core/redis/client.h"
#include "core/settings/settings.h"
#include "core/store/store.h"

/* stockverifyctl: what its commands share. */
enum { SV_CTL_DONE = 0, SV_CTL_FAILED = 1, SV_CTL_USAGE = 2 };

typedef struct {
    const char *settings_file; /* NULL: the environment alone */
    sv_arena_t *arena;         /* of the whole run */
    sv_error_t error;
    sv_settings_t settings;
    sv_principal_t operator_; /* who the audit trail names */
    /* connected when first asked for: connections.c */
    sv_store_pool_t *pool;
    sv_store_t *store;
    sv_redis_client_t *redis;
} sv_ctl_t;

/* A command's own options, as sv_ctl_options() fills them. */
typedef struct {
    const char *name;   /* "--role" */
    const char **value; /* NULL for a switch */
    bool *given;        /* NULL for an option with a value */
} sv_ctl_option_t;

typedef struct sv_ctl_command_s {
    const char *group;     /* "users" */
    const char *verb;      /* "add"; NULL: the group is the command */
    const char *arguments; /* "USERNAME --role ROLE ..." */
    const char *text;
    int (*run)(sv_ctl_t *ctl, const struct sv_ctl_command_s *command, int argc, char **argv);
} sv_ctl_command_t;

/* Takes `--name value`, `--name=value` and switches out of argv; what is left must be exactly `count` words, which go
 * to words[].  false: the usage was printed. */
bool sv_ctl_options(const sv_ctl_command_t *command, int argc, char **argv, const sv_ctl_option_t *options,
                    size_t option_count, const char **words, size_t count);
int sv_ctl_usage(const sv_ctl_command_t *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints ctl->error with its details to standard error; gives SV_CTL_FAILED. */
int sv_ctl_fail(sv_ctl_t *ctl);

/* The connected store; NULL: ctl->error says why not. */
sv_store_t *sv_ctl_store(sv_ctl_t *ctl);

/* Tells Redis the account's new state; when it cannot be told, says so on standard error and by when it shows. */
void sv_ctl_refresh_account(sv_ctl_t *ctl, const sv_account_t *account);
void sv_ctl_disconnect(sv_ctl_t *ctl);

/* A file to read: "-" is standard input.  NULL and a message when it cannot be opened. */
FILE *sv_ctl_open(const char *path);
void sv_ctl_close(FILE *stream);

/* A password from a file, standard input ("-"), or (path NULL) the terminal without echo, typed twice.  Never
 * from the command line, which every user of the host can read.  NULL: ctl->error says why. */
const char *sv_ctl_password(sv_ctl_t *ctl, const char *path);

/* The commands; each in the file of its group. */
typedef int sv_ctl_run_t(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv);
sv_ctl_run_t sv_ctl_check, sv_ctl_settings, sv_ctl_migrate, sv_ctl_db_find, sv_ctl_indexes_ensure, sv_ctl_indexes_show;
sv_ctl_run_t sv_ctl_users_add, sv_ctl_users_import, sv_ctl_users_list, sv_ctl_users_enable, sv_ctl_users_disable;
sv_ctl_run_t sv_ctl_users_set_role, sv_ctl_users_reset_password, sv_ctl_users_revoke;
sv_ctl_run_t sv_ctl_warehouses_list, sv_ctl_warehouses_set, sv_ctl_warehouses_import;
sv_ctl_run_t sv_ctl_racks_import, sv_ctl_racks_expect, sv_ctl_items_import, sv_ctl_movements_import, sv_ctl_audit_verify;
sv_ctl_run_t sv_ctl_jobs_list, sv_ctl_jobs_show, sv_ctl_jobs_cancel, sv_ctl_jobs_requeue;

sv_ctl_run_t sv_ctl_erp_check, sv_ctl_erp_lookup, sv_ctl_erp_import;

#endif
