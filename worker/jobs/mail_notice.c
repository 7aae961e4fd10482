#include "core/jobs/handler_calls.h"
#include "core/store/document.h"
#include "worker/jobs/kinds.h"
#include "worker/mail/mailer.h"

/* Mails one person a few words (core/report/delivery/schedule_news.h).  Where no mail is sent there is nobody to tell
 * so: who looks sees it where it happened. */

static bool
sv_notice_stops(const void *run)
{
    return sv_job_run_cancelled(run);
}

static sv_status_t
sv_notice_send(sv_job_run_t *run, sv_mailer_t *mailer, sv_error_t *error)
{
    const bson_t *params = run->claim->params;
    const sv_mail_t mail = { .to = sv_doc_text(params, "to", run->arena),
                             .subject = sv_doc_text(params, "subject", run->arena),
                             .text = sv_doc_text(params, "text", run->arena),
                             .id = run->claim->job_id };
    const char *why = NULL;

    switch (sv_mailer_send(mailer, &mail, run->arena, &why)) {
    case SV_MAIL_TAKEN:
        return SV_OK;
    case SV_MAIL_REFUSED:
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "%s", why);
    case SV_MAIL_STOPPED:
        return sv_job_run_give_up(run, error);
    case SV_MAIL_DEFERRED:
    case SV_MAIL_UNREACHABLE:
        break;
    }
    return sv_fail(error, SV_ERR_UNAVAILABLE, "The mail could not be sent: %s", why);
}

sv_status_t
sv_job_mail_notice(sv_job_run_t *run, sv_error_t *error)
{
    sv_mailer_t *mailer;
    sv_status_t status;

    if (run->settings->smtp_host[0] == '\0') {
        return SV_OK;
    }
    mailer = sv_mailer_open(run->settings, sv_notice_stops, run, error);
    if (mailer == NULL) {
        return error->status;
    }
    status = sv_notice_send(run, mailer, error);
    sv_mailer_close(mailer);
    return status;
}
