#include <stdio.h>

#include "core/import/import.h"
#include "core/store/indexes.h"
#include "ctl/ctl.h"

typedef sv_status_t
sv_import_run_t(sv_ctl_t *ctl, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result);

static void
sv_imports_report(void *context, long line, const char *column, const char *message)
{
    (void) context;
    fprintf(stderr, "line %ld: %s%s%s\n", line, column == NULL ? "" : column, column == NULL ? "" : ": ", message);
}

/* Upserts find their documents by the unique indexes; without these two imports at once could write one twice. */
static bool
sv_imports_prepare(sv_ctl_t *ctl)
{
    sv_index_summary_t summary;

    return sv_ctl_store(ctl) != NULL && sv_indexes_ensure(ctl->store, NULL, NULL, &summary, &ctl->error) == SV_OK;
}

static int
sv_imports_run(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv, sv_import_run_t *run)
{
    sv_import_options_t options = { .report = sv_imports_report };
    const sv_ctl_option_t option = { "--warehouse", &options.default_warehouse, NULL };
    sv_import_result_t result = { 0 };
    const char *path;
    sv_status_t status;
    FILE *stream;

    if (!sv_ctl_options(command, argc, argv, &option, 1, &path, 1)) {
        return SV_CTL_USAGE;
    }
    stream = sv_ctl_open(path);
    if (stream == NULL) {
        return SV_CTL_FAILED;
    }
    status = sv_imports_prepare(ctl) ? run(ctl, stream, &options, &result) : ctl->error.status;
    sv_ctl_close(stream);
    printf("%lld rows: %lld created, %lld changed, %lld unchanged, %lld bad\n", (long long) result.rows,
           (long long) result.created, (long long) result.changed, (long long) result.unchanged,
           (long long) result.errors);
    if (status != SV_OK) {
        return sv_ctl_fail(ctl);
    }
    return result.errors == 0 ? SV_CTL_DONE : SV_CTL_FAILED;
}

static sv_status_t
sv_imports_items(sv_ctl_t *ctl, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result)
{
    return sv_import_items(ctl->store, stream, options, result, &ctl->error);
}

static sv_status_t
sv_imports_racks(sv_ctl_t *ctl, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result)
{
    return sv_import_racks(ctl->store, stream, options, result, &ctl->error);
}

static sv_status_t
sv_imports_warehouses(sv_ctl_t *ctl, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result)
{
    return sv_import_warehouses(ctl->store, stream, options, result, &ctl->error);
}

static sv_status_t
sv_imports_expected(sv_ctl_t *ctl, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result)
{
    return sv_import_expected(ctl->store, stream, options, result, &ctl->error);
}

static void
sv_imports_account_changed(const sv_account_t *account, void *context)
{
    sv_ctl_refresh_account(context, account);
}

static sv_status_t
sv_imports_users(sv_ctl_t *ctl, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result)
{
    return sv_import_users(ctl->store, stream, options, &ctl->operator_, sv_imports_account_changed, ctl, result,
                           &ctl->error);
}

int
sv_ctl_items_import(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    return sv_imports_run(ctl, command, argc, argv, sv_imports_items);
}

int
sv_ctl_racks_import(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    return sv_imports_run(ctl, command, argc, argv, sv_imports_racks);
}

int
sv_ctl_warehouses_import(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    return sv_imports_run(ctl, command, argc, argv, sv_imports_warehouses);
}

int
sv_ctl_racks_expect(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    return sv_imports_run(ctl, command, argc, argv, sv_imports_expected);
}

int
sv_ctl_users_import(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    return sv_imports_run(ctl, command, argc, argv, sv_imports_users);
}
