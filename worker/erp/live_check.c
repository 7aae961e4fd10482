#include "worker/erp/live_check.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/clock.h"
#include "core/erp/code_forms.h"
#include "worker/erp/client.h"

/* What each is tried with, and which fields its columns must be. */
static const struct {
    const char *columns;
    bool writes;
} sv_checks[SV_ERP_STATEMENT_COUNT] = {
    [SV_ERP_LOOKUP] = { "item_code item_name", false },
    [SV_ERP_FULL] = { "item_code item_name", false },
    [SV_ERP_CHANGED_SINCE] = { "item_code item_name changed_at", false },
    [SV_ERP_MOVEMENTS] = { "movement_id item_code qty moved_at", false },
    [SV_ERP_WRITE_ADJUSTMENT] = { "", true },
    [SV_ERP_FIND_ADJUSTMENT] = { "delta", false },
};

typedef struct {
    const sv_settings_t *settings;
    sv_erp_mapping_t mapping;
    sv_erp_client_t *client;
    sv_arena_t *arena;
    const char *since, *from, *to; /* values for parameters */
} sv_live_check_t;

static const char *
sv_check_value(const sv_live_check_t *check, const char *parameter)
{
    static const struct {
        const char *parameter, *value;
    } fixed[] = { { "after", "" }, { "adjustment_id", "stockverify-check" }, { "line", "0" } };

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (strcmp(fixed[i].parameter, parameter) == 0) {
            return fixed[i].value;
        }
    }
    return strcmp(parameter, "since") == 0  ? check->since
           : strcmp(parameter, "from") == 0 ? check->from
           : strcmp(parameter, "to") == 0   ? check->to
                                            : NULL;
}

/* The place of the column that is this field; -1: there is none. */
static int
sv_check_column(const sv_live_check_t *check, const char *field)
{
    const char *const *columns;
    size_t count = sv_erp_client_columns(check->client, &columns);

    for (size_t i = 0; i < count; i++) {
        const char *is = sv_erp_mapping_field(&check->mapping, columns[i]);

        if (is != NULL && strcmp(is, field) == 0) {
            return (int) i;
        }
    }
    return -1;
}

/* The fields that no column of the answer is, with blanks between them; "": none. */
static const char *
sv_check_missing(const sv_live_check_t *check, sv_erp_kind_t kind)
{
    char *fields = sv_arena_strdup(check->arena, sv_checks[kind].columns), *rest = NULL;
    sv_buffer_t missing;

    sv_buffer_init(&missing, check->arena, 64);
    sv_buffer_puts(&missing, "");
    for (char *field = strtok_r(fields, " ", &rest); field != NULL; field = strtok_r(NULL, " ", &rest)) {
        if (sv_check_column(check, field) < 0) {
            sv_buffer_printf(&missing, " %s", field);
        }
    }
    return missing.data;
}

/* A mark as this ERP writes them, from the first row that has one. */
static void
sv_check_take_mark(sv_live_check_t *check, const bson_t *rows)
{
    int at = sv_check_column(check, "changed_at");
    bson_iter_t first, cell;
    char digits[16];
    const char *key;

    if (at < 0 || rows == NULL || !bson_iter_init(&first, rows) || !bson_iter_next(&first) ||
        !bson_iter_recurse(&first, &cell)) {
        return;
    }
    bson_uint32_to_string((uint32_t) at, &key, digits, sizeof(digits));
    if (bson_iter_find(&cell, key) && BSON_ITER_HOLDS_UTF8(&cell)) {
        check->since = sv_arena_strdup(check->arena, bson_iter_utf8(&cell, NULL));
    }
}

static bool
sv_check_statement(sv_live_check_t *check, sv_erp_kind_t kind, sv_error_t *error)
{
    const sv_erp_statement_t *statement = &check->mapping.statements[kind];
    int64_t limit_ms = check->settings->erp_statement_timeout * 1000;
    const char *values[SV_ERP_MAX_PARAMETERS], *missing;
    const bson_t *rows = NULL;

    sv_erp_code_values(statement, "stockverify-check", check->arena, values);
    for (size_t i = 0; i < statement->parameter_count; i++) {
        const char *value = sv_check_value(check, statement->parameters[i]);

        values[i] = value != NULL ? value : values[i];
    }
    if (sv_erp_client_query(check->client, statement, values, limit_ms, error) != SV_OK ||
        sv_erp_client_next(check->client, limit_ms, &rows, error) != SV_OK) {
        const char *refusal = sv_erp_client_refusal(check->client);

        printf("%-16s line %ld: %s\n", sv_erp_kind_name(kind), statement->line,
               refusal != NULL        ? refusal
               : error->cause != NULL ? error->cause
                                      : sv_status_message(error->status));
        return false;
    }
    missing = sv_check_missing(check, kind);
    if (missing[0] != '\0') {
        printf("%-16s line %ld: its answer has no column for%s\n", sv_erp_kind_name(kind), statement->line, missing);
        return false;
    }
    if (kind == SV_ERP_FULL) {
        sv_check_take_mark(check, rows);
    }
    printf("%-16s answers%s\n", sv_erp_kind_name(kind), rows == NULL ? ", with no rows" : "");
    return true;
}

static const char *
sv_check_time(sv_arena_t *arena, int64_t ms)
{
    char text[SV_TIME_TEXT_SIZE];

    sv_time_format(ms, text);
    return sv_arena_strdup(arena, text);
}

bool
sv_erp_live_check(const sv_settings_t *settings, sv_error_t *error)
{
    enum { SV_A_DAY_MS = 24 * 3600 * 1000 };
    int64_t now_ms = sv_clock_now_ms();
    sv_live_check_t check = { .settings = settings,
                              .arena = error->arena,
                              .since = "2000-01-01 00:00:00",
                              .from = sv_check_time(error->arena, now_ms - SV_A_DAY_MS),
                              .to = sv_check_time(error->arena, now_ms) };
    bool good = true;

    if (sv_erp_mapping_read(settings->erp_mapping, error->arena, &check.mapping, error) != SV_OK) {
        return false;
    }
    check.client = sv_erp_client_create(settings, &check.mapping, NULL, NULL);
    for (size_t i = 0; i < SV_ERP_STATEMENT_COUNT; i++) {
        sv_erp_kind_t kind = (sv_erp_kind_t) i;

        if (check.mapping.statements[i].sql == NULL) {
            printf("%-16s none\n", sv_erp_kind_name(kind));
        } else if (sv_checks[i].writes) {
            printf("%-16s there; not tried, because it writes\n", sv_erp_kind_name(kind));
        } else {
            good &= sv_check_statement(&check, kind, error);
            sv_error_clear(error);
        }
    }
    sv_erp_client_destroy(check.client);
    return good;
}
