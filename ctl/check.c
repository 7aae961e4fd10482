#include <stdio.h>
#include <string.h>

#include "core/auth/auth_keys.h"
#include "core/migrate/migrate.h"
#include "core/settings/secret_file.h"
#include "core/store/indexes.h"
#include "ctl/ctl.h"

/* One thing that must be right; SV_OK, or ctl->error says what is wrong. */
typedef struct {
    const char *name;
    sv_status_t (*check)(sv_ctl_t *ctl);
} sv_check_t;

static sv_status_t
sv_check_settings(sv_ctl_t *ctl)
{
    return sv_settings_check(&ctl->settings, ctl->arena, &ctl->error);
}

static sv_status_t
sv_check_keys(sv_ctl_t *ctl)
{
    const char *password_file = ctl->settings.smtp_password_file;
    const char *password;
    size_t length;

    sv_auth_keys_create(&ctl->settings, ctl->arena, &ctl->error);
    if (ctl->error.status == SV_OK && password_file[0] != '\0') {
        sv_secret_file_read(password_file, ctl->arena, &password, &length, &ctl->error);
    }
    return ctl->error.status;
}

static sv_status_t
sv_check_redis(sv_ctl_t *ctl)
{
    sv_redis_command_t command;
    redisReply *reply = NULL;

    ctl->redis = sv_redis_client_create(&ctl->settings);
    sv_redis_command(&command, ctl->arena, "PING");
    if (sv_redis_client_run(ctl->redis, &command, &reply, &ctl->error) == SV_OK) {
        freeReplyObject(reply);
    }
    return ctl->error.status;
}

static sv_status_t
sv_check_mongodb(sv_ctl_t *ctl)
{
    sv_ctl_store(ctl);
    return ctl->error.status;
}

/* A text index is left out by servers that have none: fuzzy search does without it. */
static void
sv_check_count_index(const sv_index_row_t *row, sv_index_outcome_t outcome, const char *detail, void *context)
{
    unsigned *wrong = context;

    (void) detail;
    if (outcome == SV_INDEX_DIFFERENT || (outcome == SV_INDEX_MISSING && strstr(row->keys, ":text") == NULL)) {
        (*wrong)++;
    }
}

static sv_status_t
sv_check_indexes(sv_ctl_t *ctl)
{
    sv_index_summary_t summary;
    unsigned wrong = 0;

    if (sv_ctl_store(ctl) == NULL ||
        sv_indexes_show(ctl->store, sv_check_count_index, &wrong, &summary, &ctl->error) != SV_OK || wrong == 0) {
        return ctl->error.status;
    }
    return sv_fail(&ctl->error, SV_ERR_CONFLICT_STATE,
                   "%u are missing or differ: see stockverifyctl indexes show, and run indexes ensure", wrong);
}

static sv_status_t
sv_check_migrations(sv_ctl_t *ctl)
{
    const sv_migration_step_t *due;

    if (sv_ctl_store(ctl) == NULL ||
        sv_migrations_find_due(ctl->store, sv_migration_steps, &due, &ctl->error) != SV_OK || due == NULL) {
        return ctl->error.status;
    }
    return sv_fail(&ctl->error, SV_ERR_CONFLICT_STATE, "%s is due: run stockverifyctl migrate", due->name);
}

int
sv_ctl_check(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    static const sv_check_t checks[] = {
        { "settings", sv_check_settings }, { "keys", sv_check_keys },       { "redis", sv_check_redis },
        { "mongodb", sv_check_mongodb },   { "indexes", sv_check_indexes }, { "migrations", sv_check_migrations },
    };
    int result = SV_CTL_DONE;

    if (!sv_ctl_options(command, argc, argv, NULL, 0, NULL, 0)) {
        return SV_CTL_USAGE;
    }
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        sv_error_clear(&ctl->error);
        if (checks[i].check(ctl) == SV_OK) {
            printf("%-10s ok\n", checks[i].name);
            continue;
        }
        result = SV_CTL_FAILED;
        printf("%-10s %s%s%s\n", checks[i].name,
               ctl->error.message != NULL ? ctl->error.message : sv_status_message(ctl->error.status),
               ctl->error.cause == NULL ? "" : ": ", ctl->error.cause == NULL ? "" : ctl->error.cause);
    }
    return result;
}
