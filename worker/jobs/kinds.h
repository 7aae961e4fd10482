#ifndef SV_WORKER_KINDS_H
#define SV_WORKER_KINDS_H

#include "core/jobs/runner.h"

/* Which function does a kind of job (core/jobs/kinds.def): one row each in kinds.c.  core/jobs/runner.h says what a
 * handler may rely on. */
extern const sv_job_handler_row_t sv_job_handlers[];
extern const size_t sv_job_handler_count;

/* The handlers; each in the file of its kind, or where its rules are. */
sv_status_t sv_job_indexes_ensure(sv_job_run_t *run, sv_error_t *error);
sv_status_t sv_job_erp_import(sv_job_run_t *run, sv_error_t *error);
sv_status_t sv_job_snapshot_create(sv_job_run_t *run, sv_error_t *error);
sv_status_t sv_job_snapshot_export(sv_job_run_t *run, sv_error_t *error);
sv_status_t sv_job_compare_create(sv_job_run_t *run, sv_error_t *error);
sv_status_t sv_job_compare_export(sv_job_run_t *run, sv_error_t *error);
sv_status_t sv_job_report_generate(sv_job_run_t *run, sv_error_t *error);
sv_status_t sv_job_adjustment_export(sv_job_run_t *run, sv_error_t *error);
sv_status_t sv_job_mail_deliver(sv_job_run_t *run, sv_error_t *error);
sv_status_t sv_job_mail_notice(sv_job_run_t *run, sv_error_t *error);

#endif
