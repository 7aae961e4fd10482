#include <ctype.h>
#include <stdio.h>
#include <string.h>

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

static void
sv_imports_plan(void *context, long line, const char *key, const char *changed_fields)
{
    (void) context;
    if (changed_fields == NULL) {
        printf("line %ld: new: %s\n", line, key);
    } else {
        printf("line %ld: change: %s%s%s\n", line, key, changed_fields[0] == '\0' ? "" : ": ", changed_fields);
    }
}

/* A separator as it is typed; false when it can be none. */
static bool
sv_imports_separator(const char *text, char *separator)
{
    static const struct {
        const char *name;
        char separator;
    } names[] = { { "tab", '\t' }, { "\\t", '\t' }, { "comma", ',' }, { "semicolon", ';' } };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].name, text) == 0) {
            *separator = names[i].separator;
            return true;
        }
    }
    *separator = text[0];
    return strlen(text) == 1 && strchr("\"\r\n .-", text[0]) == NULL && !isalnum((unsigned char) text[0]);
}

static bool
sv_imports_decimal(const char *text, char *decimal)
{
    *decimal = strcmp(text, "comma") == 0 || strcmp(text, ",") == 0 ? ',' : '.';
    return *decimal == ',' || strcmp(text, "point") == 0 || strcmp(text, ".") == 0;
}

/* The options of every import and the file's name; false: the usage was printed. */
static bool
sv_imports_options(const sv_ctl_command_t *command, int argc, char **argv, sv_import_options_t *options,
                   const char **path)
{
    const char *separator = NULL, *decimal = NULL, *encoding = NULL;
    bool dry_run = false;
    const sv_ctl_option_t known[] = {
        { "--warehouse", &options->default_warehouse, NULL },
        { "--separator", &separator, NULL },
        { "--decimal", &decimal, NULL },
        { "--encoding", &encoding, NULL },
        { "--dry-run", NULL, &dry_run },
    };

    if (!sv_ctl_options(command, argc, argv, known, sizeof(known) / sizeof(known[0]), path, 1)) {
        return false;
    }
    if (separator != NULL && !sv_imports_separator(separator, &options->csv.separator)) {
        sv_ctl_usage(command, "--separator: %s is not one character, nor tab, comma or semicolon", separator);
        return false;
    }
    if (decimal != NULL && !sv_imports_decimal(decimal, &options->decimal)) {
        sv_ctl_usage(command, "--decimal: %s is neither point nor comma", decimal);
        return false;
    }
    if (encoding != NULL && !sv_encoding_parse(encoding, &options->csv.encoding)) {
        sv_ctl_usage(command, "--encoding: %s is not utf-8, windows-1252, latin-1, utf-16le or utf-16be", encoding);
        return false;
    }
    if (options->csv.separator == ',' && options->decimal == ',') {
        sv_ctl_usage(command, "--separator and --decimal are both a comma");
        return false;
    }
    options->plan = dry_run ? sv_imports_plan : NULL;
    return true;
}

/* Upserts find their documents by the unique indexes; without these two imports at once could write one twice. */
static bool
sv_imports_prepare(sv_ctl_t *ctl, bool dry_run)
{
    sv_index_summary_t summary;

    return sv_ctl_store(ctl) != NULL &&
           (dry_run || sv_indexes_ensure(ctl->store, NULL, NULL, &summary, &ctl->error) == SV_OK);
}

static void
sv_imports_summary(const sv_import_result_t *result, bool dry_run)
{
    printf(dry_run ? "%lld rows: %lld to create, %lld to change, %lld unchanged, %lld refused; nothing was written\n"
                   : "%lld rows: %lld created, %lld changed, %lld unchanged, %lld refused\n",
           (long long) result->rows, (long long) result->created, (long long) result->changed,
           (long long) result->unchanged, (long long) result->errors);
}

static int
sv_imports_run(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv, sv_import_run_t *run)
{
    sv_import_options_t options = { .report = sv_imports_report };
    sv_import_result_t result = { 0 };
    const char *path;
    sv_status_t status;
    bool dry_run;
    FILE *stream;

    if (!sv_imports_options(command, argc, argv, &options, &path)) {
        return SV_CTL_USAGE;
    }
    dry_run = options.plan != NULL;
    stream = sv_ctl_open(path);
    if (stream == NULL) {
        return SV_CTL_FAILED;
    }
    status = sv_imports_prepare(ctl, dry_run) ? run(ctl, stream, &options, &result) : ctl->error.status;
    sv_ctl_close(stream);
    sv_imports_summary(&result, dry_run);
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
sv_imports_movements(sv_ctl_t *ctl, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result)
{
    return sv_import_movements(ctl->store, stream, options, result, &ctl->error);
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
sv_ctl_movements_import(sv_ctl_t *ctl, const sv_ctl_command_t *command, int argc, char **argv)
{
    return sv_imports_run(ctl, command, argc, argv, sv_imports_movements);
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
