/* Writes one of the fixed reports (core/report/fixed/fixed.h) into a file. */
#include "core/auth/account.h"
#include "core/report/fixed/fixed.h"
#include "core/report/query/long_read.h"
#include "worker/export/export_job.h"
#include "worker/jobs/kinds.h"

typedef struct {
    sv_job_run_t *run;
    const sv_export_job_t *job;
    sv_store_t *store;
    const sv_fixed_request_t *request;
    int64_t now_ms;
} sv_fixed_source_t;

static sv_status_t
sv_fixed_rows(void *context, sv_report_row_t row, void *row_context, sv_error_t *error)
{
    const sv_fixed_source_t *source = context;

    return sv_fixed_run(source->store, source->request->report, &source->request->filters, source->now_ms,
                        (sv_row_sink_t){ row, row_context }, error);
}

/* The name of who asked; an account that is gone leaves its id. */
static const char *
sv_fixed_maker(sv_job_run_t *run)
{
    sv_account_t account;
    sv_error_t error;

    sv_error_init(&error, run->arena);
    return sv_account_load(run->store, run->claim->requested_by, run->arena, &account, &error) == SV_OK &&
                   account.full_name != NULL
               ? account.full_name
               : run->claim->requested_by;
}

static sv_status_t
sv_fixed_export(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_fixed_source_t *source = context;

    source->store = store;
    return sv_export_job(source->run, source->job, error);
}

sv_status_t
sv_job_report_generate(sv_job_run_t *run, sv_error_t *error)
{
    sv_fixed_request_t request;
    int64_t at_ms;
    sv_export_head_t head = { .rows = -1, .digest = "" };
    sv_export_job_t job = { .head = &head, .rows = sv_fixed_rows };
    sv_fixed_source_t source = { .run = run, .job = &job, .request = &request };

    if (!sv_fixed_request_from_bson(run->claim->params, run->arena, &request)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "The job asks for what this release does not know");
    }
    if (sv_store_now(run->store, &source.now_ms, error) != SV_OK) {
        return error->status;
    }
    /* A schedule's periods are those of its slot, however late it runs. */
    at_ms = run->claim->slot_ms != 0 ? run->claim->slot_ms : source.now_ms;
    if (sv_fixed_request_settle(run->store, &request, NULL, at_ms, error) != SV_OK) {
        return error->status;
    }
    head.title = request.report->title;
    head.subtitle = sv_fixed_request_describe(&request, run->arena);
    job.file_title = sv_fixed_request_title(&request, at_ms, run->arena);
    head.made_by = sv_fixed_maker(run);
    head.taken_at_ms = source.now_ms;
    head.source = sv_arena_printf(run->arena, "report %s, job %s", request.report->type, run->claim->job_id);
    head.columns = sv_fixed_columns(request.report, &head.column_count, run->arena);
    head.options = request.options;
    job.format = request.format;
    job.source = &source;
    return sv_long_read(run->settings, run->claim, sv_fixed_export, &source, error);
}
