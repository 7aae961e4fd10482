#include "core/migrate/migrate.h"

#include <stdio.h>

#include "ctl/ctl.h"

static void
sv_migrate_print(const sv_migration_step_t *step, sv_migration_state_t state, int64_t seen, int64_t changed,
                 void *context)
{
    const bool *dry_run = context;

    if (state == SV_MIGRATION_NOT_DUE) {
        printf("%s: nothing to do\n", step->name);
    } else {
        printf("%s: %lld looked at, %lld %s%s\n", step->name, (long long) seen, (long long) changed,
               *dry_run ? "to be changed" : "changed", state == SV_MIGRATION_DONE ? "; done" : " so far");
    }
    fflush(stdout);
}

int
sv_ctl_migrate(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    bool dry_run = false, again = false;
    const sv_ctl_option_t options[] = { { "--dry-run", NULL, &dry_run }, { "--again", NULL, &again } };
    sv_migration_options_t how = { .report = sv_migrate_print, .context = &dry_run };

    if (!sv_ctl_options(command, argc, argv, options, sizeof(options) / sizeof(options[0]), NULL, 0)) {
        return SV_CTL_USAGE;
    }
    for (const sv_migration_step_t *step = sv_migration_steps; step->name != NULL; step++) {
        printf("%s: %s\n", step->name, step->text);
    }
    how.dry_run = dry_run;
    how.again = again;
    if (sv_ctl_store(ctl) == NULL || sv_migrations_run(ctl->store, sv_migration_steps, &how, &ctl->error) != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    return SV_CTL_DONE;
}
