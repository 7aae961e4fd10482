#include "worker/jobs/kinds.h"

#include "core/adjust/approve.h"
#include "core/adjust/reverse.h"

const sv_job_handler_row_t sv_job_handlers[] = {
    { "indexes.ensure", sv_job_indexes_ensure },
    { "erp.import", sv_job_erp_import },
    { "snapshot.create", sv_job_snapshot_create },
    { "snapshot.export", sv_job_snapshot_export },
    { "compare.create", sv_job_compare_create },
    { "compare.export", sv_job_compare_export },
    { "report.generate", sv_job_report_generate },
    { "report.audit", sv_job_report_generate },
    { "count.approve", sv_approve_run },
    { "adjustment.reverse", sv_reverse_run },
    { "adjustment.export", sv_job_adjustment_export },
    { "mail.deliver", sv_job_mail_deliver },
    { "mail.notice", sv_job_mail_notice },
};

const size_t sv_job_handler_count = sizeof(sv_job_handlers) / sizeof(sv_job_handlers[0]);
