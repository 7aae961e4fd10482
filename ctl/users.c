#include <stdio.h>

#include "core/auth/account_admin.h"
#include "core/auth/password.h"
#include "core/base/clock.h"
#include "ctl/ctl.h"

static int
sv_users_changed(sv_ctl_t *ctl, const sv_account_t *account, const char *what)
{
    sv_ctl_refresh_account(ctl, account);
    printf("%s (%s): %s\n", account->username, account->user_id, what);
    return SV_CTL_DONE;
}

static bool
sv_users_load(sv_ctl_t *ctl, const char *username, sv_account_t *account)
{
    sv_store_t *store = sv_ctl_store(ctl);

    return store != NULL && sv_account_load_by_username(store, username, ctl->arena, account, &ctl->error) == SV_OK;
}

/* The hash of a new password; NULL: ctl->error says why. */
static const char *
sv_users_password_hash(sv_ctl_t *ctl, const char *password_file)
{
    const char *password = sv_ctl_password(ctl, password_file);

    return password == NULL ? NULL : sv_password_hash(&ctl->settings, password, ctl->arena, &ctl->error);
}

int
sv_ctl_users_add(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    sv_account_input_t input = { 0 };
    const char *role = NULL, *password_file = NULL;
    const sv_ctl_option_t options[] = {
        { "--role", &role, NULL },
        { "--full-name", &input.full_name, NULL },
        { "--warehouse", &input.warehouse, NULL },
        { "--user-id", &input.user_id, NULL },
        { "--password-file", &password_file, NULL },
    };
    sv_account_t account;

    if (!sv_ctl_options(command, argc, argv, options, sizeof(options) / sizeof(options[0]), &input.username, 1)) {
        return SV_CTL_USAGE;
    }
    if (role == NULL || input.full_name == NULL || !sv_role_parse(role, &input.role)) {
        return sv_ctl_usage(command, "--full-name and --role (staff, supervisor, admin) are required");
    }
    input.password_hash = sv_users_password_hash(ctl, password_file);
    if (input.password_hash == NULL || sv_ctl_store(ctl) == NULL ||
        sv_account_create(ctl->store, &ctl->operator_, &input, &account, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    return sv_users_changed(ctl, &account, "created");
}

static void
sv_users_print(const sv_account_t *account, void *context)
{
    char last_login[SV_TIME_TEXT_SIZE] = "-";

    (void) context;
    if (account->last_login_at_ms != 0) {
        sv_time_format(account->last_login_at_ms, last_login);
    }
    printf("%-20s %-18s %-10s %-8s %-12s %-24s %s\n", account->username, account->user_id, sv_role_name(account->role),
           account->enabled ? "enabled" : "disabled", account->warehouse == NULL ? "-" : account->warehouse, last_login,
           account->full_name);
}

int
sv_ctl_users_list(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    if (!sv_ctl_options(command, argc, argv, NULL, 0, NULL, 0)) {
        return SV_CTL_USAGE;
    }
    if (sv_ctl_store(ctl) == NULL || sv_account_list(ctl->store, sv_users_print, NULL, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    return SV_CTL_DONE;
}

static int
sv_users_set_enabled(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv, bool enabled)
{
    const char *username;
    sv_account_t account;

    if (!sv_ctl_options(command, argc, argv, NULL, 0, &username, 1)) {
        return SV_CTL_USAGE;
    }
    if (!sv_users_load(ctl, username, &account) ||
        sv_account_set_enabled(ctl->store, &ctl->operator_, account.user_id, enabled, &account, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    return sv_users_changed(ctl, &account, enabled ? "enabled" : "disabled");
}

int
sv_ctl_users_enable(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    return sv_users_set_enabled(ctl, command, argc, argv, true);
}

int
sv_ctl_users_disable(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    return sv_users_set_enabled(ctl, command, argc, argv, false);
}

int
sv_ctl_users_set_role(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    const char *words[2];
    sv_account_change_t change = { 0 };
    sv_account_t account;

    if (!sv_ctl_options(command, argc, argv, NULL, 0, words, 2)) {
        return SV_CTL_USAGE;
    }
    if (!sv_role_parse(words[1], &change.role)) {
        return sv_ctl_usage(command, "%s: the role must be staff, supervisor or admin", words[1]);
    }
    if (!sv_users_load(ctl, words[0], &account) ||
        sv_account_change(ctl->store, &ctl->operator_, account.user_id, &change, &account, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    return sv_users_changed(ctl, &account, sv_role_name(account.role));
}

int
sv_ctl_users_reset_password(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    const char *username, *password_file = NULL, *hash;
    const sv_ctl_option_t option = { "--password-file", &password_file, NULL };
    sv_account_t account;

    if (!sv_ctl_options(command, argc, argv, &option, 1, &username, 1)) {
        return SV_CTL_USAGE;
    }
    if (!sv_users_load(ctl, username, &account) || (hash = sv_users_password_hash(ctl, password_file)) == NULL ||
        sv_account_reset_password(ctl->store, &ctl->operator_, account.user_id, hash, &account, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    return sv_users_changed(ctl, &account, "has a new password; all logins ended");
}

int
sv_ctl_users_revoke(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    const char *username;
    sv_account_t account;

    if (!sv_ctl_options(command, argc, argv, NULL, 0, &username, 1)) {
        return SV_CTL_USAGE;
    }
    if (!sv_users_load(ctl, username, &account) ||
        sv_account_revoke(ctl->store, &ctl->operator_, account.user_id, NULL, &account, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    return sv_users_changed(ctl, &account, "all logins ended");
}
