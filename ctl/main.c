#include <stdio.h>
#include <string.h>

#include "core/base/journal.h"
#include "core/base/log.h"
#include "core/base/version.h"
#include "ctl/ctl.h"

/* What every import takes: docs/operations.md. */
#define SV_CTL_CSV_OPTIONS "[--dry-run] [--separator S] [--decimal comma] [--encoding windows-1252]"

static const sv_ctl_command_t sv_ctl_commands[] = {
    { "check", NULL, "[--nginx-conf FILE] [--worker-user U] [--nginx-user U] [--before-start]",
      "try files, spool, Redis, MongoDB and whether a worker runs, as the users that will (run it as root)",
      sv_ctl_check },
    { "settings", NULL, "[--markdown]", "print the settings in effect, or their reference", sv_ctl_settings },
    { "indexes", "ensure", "", "create missing collections and indexes", sv_ctl_indexes_ensure },
    { "indexes", "show", "", "compare the database's indexes with the catalogue", sv_ctl_indexes_show },
    { "migrate", NULL, "[--dry-run] [--again]",
      "bring what an earlier version stored to this one's form; goes on where it was interrupted", sv_ctl_migrate },
    { "audit", "verify", "", "walk the audit chain and find what was changed", sv_ctl_audit_verify },
    { "users", "add", "USERNAME --role ROLE --full-name NAME [--warehouse W] [--user-id ID] [--password-file FILE]",
      "create an account; the password is asked for unless a file (or - for standard input) has it", sv_ctl_users_add },
    { "users", "import", "FILE.csv [--warehouse W] " SV_CTL_CSV_OPTIONS,
      "create and change accounts (username,full_name,role,password or password_hash,warehouse,user_id)",
      sv_ctl_users_import },
    { "users", "list", "", "list accounts", sv_ctl_users_list },
    { "users", "enable", "USERNAME", "let an account log in again", sv_ctl_users_enable },
    { "users", "disable", "USERNAME", "end an account's logins and refuse new ones", sv_ctl_users_disable },
    { "users", "set-role", "USERNAME ROLE", "make an account staff, supervisor or admin", sv_ctl_users_set_role },
    { "users", "reset-password", "USERNAME [--password-file FILE]",
      "set a new password; ends all logins, forgets PIN and devices", sv_ctl_users_reset_password },
    { "users", "revoke", "USERNAME", "end all logins and access tokens of an account", sv_ctl_users_revoke },
    { "warehouses", "list", "", "list warehouses with time zone, currency and whether their books know racks",
      sv_ctl_warehouses_list },
    { "warehouses", "set", "WAREHOUSE [--name N] [--time-zone ZONE] [--currency EUR] [--rack-books yes|no]",
      "make a warehouse known, or change it; an empty value takes the old one away", sv_ctl_warehouses_set },
    { "warehouses", "import", "FILE.csv " SV_CTL_CSV_OPTIONS,
      "create and change warehouses (warehouse,name,time_zone,currency,rack_books)", sv_ctl_warehouses_import },
    { "racks", "import", "FILE.csv [--warehouse W] " SV_CTL_CSV_OPTIONS,
      "create and change racks (rack_id,warehouse,floor,zone,"
      "estimated_items)",
      sv_ctl_racks_import },
    { "racks", "expect", "FILE.csv " SV_CTL_CSV_OPTIONS,
      "say what the books expect on racks (rack_id,item_code,book_qty)", sv_ctl_racks_expect },
    { "items", "import", "FILE.csv [--warehouse W] " SV_CTL_CSV_OPTIONS,
      "create and change items (item_name, and item_code or barcode; see docs/operations.md)", sv_ctl_items_import },
    { "movements", "import", "FILE.csv [--warehouse W] " SV_CTL_CSV_OPTIONS,
      "say what came and went (movement_id,item_code,warehouse,lot,qty,moved_at,adjustment_id)",
      sv_ctl_movements_import },
    { "erp", "check", "", "read the ERP's mapping file, and try its statements on the ERP", sv_ctl_erp_check },
    { "erp", "lookup", "CODE", "have a worker look a code up in the ERP, and store its item", sv_ctl_erp_lookup },
    { "erp", "import", "[--full]", "import what changed in the ERP, or all of it, as a job", sv_ctl_erp_import },
    { "jobs", "list", "[--status STATE] [--type TYPE] [--limit N]", "list jobs, latest first", sv_ctl_jobs_list },
    { "jobs", "show", "JOB_ID", "print all that is known of a job", sv_ctl_jobs_show },
    { "jobs", "cancel", "JOB_ID", "end a job that is queued or running", sv_ctl_jobs_cancel },
    { "jobs", "requeue", "JOB_ID", "have a failed job run again, from zero attempts", sv_ctl_jobs_requeue },
    { "db", "find", "COLLECTION FILTER-JSON [--limit N] [--sort JSON]",
      "print documents as one line of extended JSON each, for diagnosis", sv_ctl_db_find },
};

enum { SV_CTL_COMMANDS = sizeof(sv_ctl_commands) / sizeof(sv_ctl_commands[0]) };

static void
sv_ctl_print_help(FILE *out, const char *group)
{
    if (group == NULL) {
        fprintf(
            out,
            "stockverifyctl " SV_VERSION ": administers StockVerify\n\n"
            "usage: stockverifyctl [-c FILE] COMMAND ...\n\n"
            "  -c FILE    settings, one NAME=VALUE a line; the environment goes before them\n"
            "  --help     this help, or that of a command\n"
            "  --version\n\n"
            "A file named - is standard input. Exit status: 0 done, 1 failed (or some rows were bad), 2 usage.\n\n");
    }
    for (size_t i = 0; i < SV_CTL_COMMANDS; i++) {
        const sv_ctl_command_t *command = &sv_ctl_commands[i];

        if (group == NULL || strcmp(group, command->group) == 0) {
            fprintf(out, "  %s%s%s %s\n        %s\n", command->group, command->verb == NULL ? "" : " ",
                    command->verb == NULL ? "" : command->verb, command->arguments, command->text);
        }
    }
}

static bool
sv_ctl_group_exists(const char *group)
{
    for (size_t i = 0; i < SV_CTL_COMMANDS; i++) {
        if (strcmp(group, sv_ctl_commands[i].group) == 0) {
            return true;
        }
    }
    return false;
}

/* The command that argv begins with; *words is how many of argv name it. */
static const sv_ctl_command_t *
sv_ctl_command_find(int argc, char **argv, int *words)
{
    for (size_t i = 0; argc > 0 && i < SV_CTL_COMMANDS; i++) {
        const sv_ctl_command_t *command = &sv_ctl_commands[i];

        if (strcmp(command->group, argv[0]) != 0) {
            continue;
        }
        if (command->verb == NULL || (argc > 1 && strcmp(command->verb, argv[1]) == 0)) {
            *words = command->verb == NULL ? 1 : 2;
            return command;
        }
    }
    return NULL;
}

static bool
sv_ctl_is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* Where the command begins in argv; -1 when an option is wrong, 0 when there was nothing left to do. */
static int
sv_ctl_global_options(sv_ctl_t *ctl, int argc, char **argv)
{
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (sv_ctl_is_help(argv[i])) {
            sv_ctl_print_help(stdout, NULL);
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("stockverifyctl " SV_VERSION "\n");
            return 0;
        }
        if (strcmp(argv[i], "-c") != 0 || i + 1 == argc) {
            fprintf(stderr, "stockverifyctl: %s: no such option, or its value is missing\n", argv[i]);
            return -1;
        }
        ctl->settings_file = argv[++i];
    }
    return i;
}

static int
sv_ctl_run(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    int result;

    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return sv_ctl_usage(command, NULL);
        }
    }
    if (sv_settings_load(&ctl->settings, ctl->settings_file, ctl->arena, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    sv_scripts_keep_events(ctl->settings.events_kept);
    sv_scripts_init();
    mongoc_init();
    result = command->run(ctl, command, argc, argv);
    sv_ctl_disconnect(ctl);
    mongoc_cleanup();
    return result;
}

/* What was asked for is no command: says so, and what there is. */
static void
sv_ctl_tell_unknown(int argc, char **argv)
{
    bool in_group = argc > 0 && sv_ctl_group_exists(argv[0]);

    if (argc > (in_group ? 1 : 0)) {
        fprintf(stderr, "stockverifyctl: there is no command %s%s%s\n\n", argv[0], in_group ? " " : "",
                in_group ? argv[1] : "");
    }
    sv_ctl_print_help(stderr, in_group ? argv[0] : NULL);
}

static int
sv_ctl_main(sv_ctl_t *ctl, int argc, char **argv)
{
    const sv_ctl_command_t *command;
    int first = sv_ctl_global_options(ctl, argc, argv), words = 0;

    if (first <= 0) {
        return first < 0 ? SV_CTL_USAGE : SV_CTL_DONE;
    }
    if (first < argc && sv_ctl_is_help(argv[first])) {
        sv_ctl_print_help(stdout, NULL);
        return SV_CTL_DONE;
    }
    command = sv_ctl_command_find(argc - first, argv + first, &words);
    if (command != NULL) {
        return sv_ctl_run(ctl, command, argc - first - words, argv + first + words);
    }
    if (first + 1 < argc && sv_ctl_group_exists(argv[first]) && sv_ctl_is_help(argv[first + 1])) {
        sv_ctl_print_help(stdout, argv[first]);
        return SV_CTL_DONE;
    }
    sv_ctl_tell_unknown(argc - first, argv + first);
    return SV_CTL_USAGE;
}

static void
sv_ctl_log(sv_log_level_t level, const char *message)
{
    if (level <= SV_LOG_WARNING) {
        fprintf(stderr, "%sstockverifyctl: %s\n", sv_journal_prefix(level), message);
    }
}

int
main(int argc, char **argv)
{
    sv_ctl_t ctl = { .arena = sv_arena_create() };
    int result;

    sv_error_init(&ctl.error, ctl.arena);
    sv_log_set_sink(sv_ctl_log);
    ctl.operator_ =
        (sv_principal_t){ .user_id = "stockverifyctl", .username = "stockverifyctl", .role = SV_ROLE_ADMIN };
    result = sv_ctl_main(&ctl, argc, argv);
    sv_arena_destroy(ctl.arena);
    if (fflush(stdout) != 0 && result == SV_CTL_DONE) {
        perror("stockverifyctl: standard output");
        result = SV_CTL_FAILED;
    }
    return result;
}
