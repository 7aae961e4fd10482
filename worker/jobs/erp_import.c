/* Imports the items and stock of the ERP: what changed, or all (docs/erp.md). */
#include <string.h>

#include "core/base/clock.h"
#include "core/erp/sync.h"
#include "core/jobs/handler_calls.h"
#include "core/stock/stock_step.h"
#include "core/store/document.h"
#include "worker/erp/client.h"
#include "worker/jobs/kinds.h"

typedef struct {
    sv_job_run_t *job;
    sv_erp_mapping_t mapping;
    sv_erp_run_t run;
    sv_erp_client_t *client;
    sv_erp_intake_t *intake;
    sv_erp_movement_intake_t *movements;
    int64_t rows_before; /* of which rows are told by their number */
    bson_t *errors;      /* refused since the last note */
    uint32_t error_count;
} sv_erp_import_t;

static bool
sv_erp_import_gives_up(void *context)
{
    return sv_job_run_cancelled(context);
}

/* What an ERP tells may be anything. */
static const char *
sv_erp_import_text(const char *text, const char *otherwise)
{
    return text == NULL || bson_utf8_validate(text, strlen(text), false) ? text : otherwise;
}

static void
sv_erp_import_refused(void *context, int64_t row, const char *item_code, const char *field, const char *message)
{
    sv_erp_import_t *import = context;
    char digits[16];
    const char *key;
    bson_t entry;

    if (import->error_count < SV_ERP_RUN_ERRORS) {
        bson_uint32_to_string(import->error_count++, &key, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(import->errors, key, &entry);
        BSON_APPEND_INT64(&entry, "row", import->rows_before + row);
        sv_doc_put_text(&entry, "item_code", sv_erp_import_text(item_code, NULL));
        sv_doc_put_text(&entry, "field", field);
        sv_doc_put_text(&entry, "message", sv_erp_import_text(message, "it is no text"));
        bson_append_document_end(import->errors, &entry);
    }
}

static void
sv_erp_import_forget_errors(sv_erp_import_t *import)
{
    bson_reinit(import->errors);
    import->error_count = 0;
}

static sv_status_t
sv_erp_import_note(sv_erp_import_t *import, sv_error_t *error)
{
    sv_status_t status =
        sv_erp_run_note(import->job->store, &import->run, sv_erp_intake_taken(import->intake), import->errors, error);

    sv_erp_import_forget_errors(import);
    return status;
}

/* The statement of the run, and values for its parameters. */
static const sv_erp_statement_t *
sv_erp_import_statement(const sv_erp_import_t *import, const char **values)
{
    const sv_erp_statement_t *statement =
        &import->mapping.statements[import->run.full ? SV_ERP_FULL : SV_ERP_CHANGED_SINCE];

    for (size_t i = 0; i < statement->parameter_count; i++) {
        values[i] = strcmp(statement->parameters[i], "since") == 0 ? import->run.since : import->run.after;
    }
    return statement;
}

static sv_status_t
sv_erp_import_rows(sv_erp_import_t *import, int64_t limit_ms, sv_error_t *error)
{
    const bson_t *rows = NULL;
    bool stored = false;

    while (error->status == SV_OK && sv_erp_client_next(import->client, limit_ms, &rows, error) == SV_OK &&
           rows != NULL) {
        if (sv_erp_intake_rows(import->intake, rows, &stored, error) == SV_OK && stored &&
            sv_erp_import_note(import, error) == SV_OK) {
            sv_job_run_progress(import->job, "items",
                                import->run.before.items + sv_erp_intake_taken(import->intake)->items, 0, error);
        }
    }
    if (error->status == SV_OK && sv_erp_intake_finish(import->intake, error) == SV_OK) {
        sv_erp_import_note(import, error);
    }
    return error->status;
}

static sv_status_t
sv_erp_import_fetch(sv_erp_import_t *import, sv_error_t *error)
{
    const char *values[SV_ERP_MAX_PARAMETERS];
    const sv_erp_statement_t *statement = sv_erp_import_statement(import, values);
    int64_t limit_ms = import->job->settings->erp_statement_timeout * 1000;
    const sv_erp_intake_options_t options = { .run_id = import->run.full ? import->run.run_id : NULL,
                                              .whole = true,
                                              .again = import->job->claim->attempt > 1,
                                              .report = sv_erp_import_refused,
                                              .context = import };
    const char *const *columns;
    size_t count;

    if (statement->sql == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "ERP_MAPPING has no [%s]",
                       sv_erp_kind_name(import->run.full ? SV_ERP_FULL : SV_ERP_CHANGED_SINCE));
    }
    import->rows_before = import->run.before.rows;
    if (sv_erp_client_query(import->client, statement, values, limit_ms, error) != SV_OK) {
        return error->status;
    }
    count = sv_erp_client_columns(import->client, &columns);
    if (sv_erp_intake_open(import->job->store, &import->mapping, columns, count, &options, &import->intake, error) !=
        SV_OK) {
        return error->status;
    }
    return sv_erp_import_rows(import, limit_ms, error);
}

/* ---- movements */

static const char *
sv_erp_import_time(const sv_erp_import_t *import, int64_t ms)
{
    char text[SV_TIME_TEXT_SIZE];

    sv_time_format(ms, text);
    return sv_arena_strdup(import->job->arena, text);
}

static void
sv_erp_import_movement_values(const sv_erp_import_t *import, const sv_erp_statement_t *statement, const char **values)
{
    for (size_t i = 0; i < statement->parameter_count; i++) {
        bool from = strcmp(statement->parameters[i], "from") == 0;

        values[i] = sv_erp_import_time(import, from ? import->run.moved_from_ms : import->run.moved_to_ms);
    }
}

static sv_status_t
sv_erp_import_movement_rows(sv_erp_import_t *import, int64_t limit_ms, sv_error_t *error)
{
    const bson_t *rows = NULL;
    sv_erp_moved_t moved;

    do {
        if (sv_erp_client_next(import->client, limit_ms, &rows, error) == SV_OK && rows != NULL) {
            sv_erp_movement_intake_rows(import->movements, rows, error);
        }
    } while (error->status == SV_OK && rows != NULL);
    if (error->status == SV_OK && sv_erp_movement_intake_finish(import->movements, &moved, error) == SV_OK) {
        sv_erp_run_note_moved(import->job->store, &import->run, &moved, import->errors, error);
        sv_erp_import_forget_errors(import);
    }
    return error->status;
}

static sv_status_t
sv_erp_import_movements(sv_erp_import_t *import, sv_error_t *error)
{
    const sv_erp_statement_t *statement = &import->mapping.statements[SV_ERP_MOVEMENTS];
    const sv_erp_intake_options_t options = { .report = sv_erp_import_refused, .context = import };
    int64_t limit_ms = import->job->settings->erp_statement_timeout * 1000;
    const char *values[SV_ERP_MAX_PARAMETERS];
    const char *const *columns;
    size_t count;

    if (statement->sql == NULL) {
        return SV_OK;
    }
    import->rows_before = 0;
    sv_erp_import_movement_values(import, statement, values);
    if (sv_erp_client_query(import->client, statement, values, limit_ms, error) != SV_OK) {
        return error->status;
    }
    count = sv_erp_client_columns(import->client, &columns);
    if (sv_erp_movement_intake_open(import->job->store, &import->mapping, columns, count, &options, &import->movements,
                                    error) != SV_OK) {
        return error->status;
    }
    return sv_erp_import_movement_rows(import, limit_ms, error);
}

sv_status_t
sv_job_erp_import(sv_job_run_t *run, sv_error_t *error)
{
    sv_erp_import_t import = { .job = run, .errors = sv_doc_new(run->arena) };
    bool full = sv_doc_bool(run->claim->params, "full"), may_go_on;
    int64_t delisted = 0;

    if (!sv_erp_configured(run->settings)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED,
                       "There is no ERP: ERP_MAPPING or ERP_CONNECTION_FILE is not set");
    }
    if (sv_erp_mapping_read(run->settings->erp_mapping, run->arena, &import.mapping, error) != SV_OK) {
        return error->status;
    }
    import.client = sv_erp_client_create(run->settings, &import.mapping, sv_erp_import_gives_up, run);
    full |= import.mapping.statements[SV_ERP_CHANGED_SINCE].sql == NULL;
    may_go_on = sv_erp_statement_has(&import.mapping.statements[full ? SV_ERP_FULL : SV_ERP_CHANGED_SINCE], "after");
    /* What the version before kept with the item itself is not to be taken for another warehouse's. */
    if (sv_stock_bring_over(run->store, error) == SV_OK &&
        sv_erp_run_begin(run->store, run->claim, full, may_go_on, run->arena, &import.run, error) == SV_OK &&
        sv_erp_import_fetch(&import, error) == SV_OK && sv_erp_import_movements(&import, error) == SV_OK &&
        (!import.run.full || sv_erp_delist(run->store, import.run.run_id, &delisted, error) == SV_OK)) {
        sv_erp_run_end(run->store, &import.run, delisted, error);
    }
    sv_erp_client_destroy(import.client);
    sv_erp_intake_close(import.intake);
    sv_erp_movement_intake_close(import.movements);
    if (error->status != SV_OK && sv_job_run_cancelled(run)) {
        sv_error_clear(error);
        return sv_job_run_give_up(run, error);
    }
    return error->status;
}
