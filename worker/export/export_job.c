#include "worker/export/export_job.h"

#include "core/base/codec.h"
#include "core/jobs/handler_calls.h"

enum { SV_PROGRESS_ROWS = 1000, SV_FILE_NAME_SIZE = 200 };

typedef struct {
    sv_job_run_t *run;
    sv_exporter_t *exporter;
    int64_t done, total;
} sv_export_flow_t;

sv_status_t
sv_export_pull(void *source, sv_report_row_t row, void *context, sv_error_t *error)
{
    sv_row_source_t *rows = source;
    const bson_t *next = NULL;
    sv_status_t status;

    do {
        status = rows->next(rows->context, &next, error);
        if (status == SV_OK && next != NULL) {
            status = row(context, next, error);
        }
    } while (status == SV_OK && next != NULL);
    return status;
}

static sv_status_t
sv_export_flow_row(void *context, const bson_t *row, sv_error_t *error)
{
    sv_export_flow_t *flow = context;

    if (sv_job_run_cancelled(flow->run)) {
        return sv_job_run_give_up(flow->run, error);
    }
    if (flow->done++ % SV_PROGRESS_ROWS == 0 &&
        sv_job_run_progress(flow->run, "rows", flow->done - 1, flow->total, error) != SV_OK) {
        return error->status;
    }
    return sv_exporter_row(flow->exporter, row, error);
}

/* Ends the file and tells the job of it. */
static sv_status_t
sv_export_flow_finish(sv_export_flow_t *flow, const sv_export_job_t *job, sv_error_t *error)
{
    sv_job_result_t *result = &flow->run->result;
    const char *title = job->file_title != NULL ? job->file_title : job->head->title;
    char *name = sv_arena_alloc(flow->run->arena, SV_FILE_NAME_SIZE);
    sv_status_t status = sv_job_run_progress(flow->run, "file", flow->done, flow->done, error);
    char sha256[SV_SHA256_HEX_SIZE];

    if (status == SV_OK) {
        status = sv_exporter_finish(flow->exporter, &result->size, sha256, error);
    }
    if (status == SV_OK) {
        result->file_name = sv_format_file_name(title, job->format, name, SV_FILE_NAME_SIZE);
        result->content_type = job->format->content_type;
        result->etag = sv_arena_printf(flow->run->arena, "\"%s\"", sha256);
    }
    return status;
}

sv_status_t
sv_export_job(sv_job_run_t *run, const sv_export_job_t *job, sv_error_t *error)
{
    sv_export_flow_t flow = { .run = run, .total = job->head->rows > 0 ? job->head->rows : 0 };
    sv_export_head_t head = *job->head;
    const char *path;
    sv_status_t status = sv_job_run_file(run, job->format->extension, &path, error);

    if (status != SV_OK) {
        return status;
    }
    head.scratch_dir = run->scratch_dir;
    flow.exporter = sv_exporter_create(job->format, path, &head, error);
    if (flow.exporter == NULL) {
        return error->status;
    }
    status = job->rows(job->source, sv_export_flow_row, &flow, error);
    if (status == SV_OK) {
        status = sv_export_flow_finish(&flow, job, error);
    }
    sv_exporter_destroy(flow.exporter);
    return status;
}
