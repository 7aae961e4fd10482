#ifndef SV_EXPORT_JOB_H
#define SV_EXPORT_JOB_H

#include "core/jobs/runner.h"
#include "core/report/query/query.h"
#include "core/report/rows/row_source.h"
#include "worker/export/export.h"

/*
 * A job that leaves a file: rows from anywhere, written into the attempt's file in any format, the file told as the
 * job's result.  Memory stays flat, progress is told and a cancellation is seen between rows.
 */

/* Makes the rows: calls row(context, ...) for each, in order, and passes on its status when it is not SV_OK. */
typedef sv_status_t (*sv_export_rows_t)(void *source, sv_report_row_t row, void *context, sv_error_t *error);

/* The same for rows that are taken one by one: `source` is an sv_row_source_t. */
sv_status_t sv_export_pull(void *source, sv_report_row_t row, void *context, sv_error_t *error);

typedef struct {
    const sv_format_t *format;
    const sv_export_head_t *head; /* head->rows is the progress' total; -1: unknown */
    sv_export_rows_t rows;
    void *source;
    const char *file_title; /* what the file is called after; NULL: head->title */
} sv_export_job_t;

/* The whole of it: run->result has file, file_name, content_type, etag and size when it gives SV_OK; the resource is
 * the caller's to fill in.  SV_ERR_TOO_MANY_ROWS when the format cannot hold them. */
sv_status_t sv_export_job(sv_job_run_t *run, const sv_export_job_t *job, sv_error_t *error);

#endif
