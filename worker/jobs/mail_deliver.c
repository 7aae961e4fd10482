#include <string.h>

#include "core/base/clock.h"
#include "core/jobs/handler_calls.h"
#include "core/jobs/link.h"
#include "core/report/delivery/delivery.h"
#include "core/store/document.h"
#include "worker/jobs/kinds.h"
#include "worker/mail/mailer.h"

/* Mails a run of a schedule to its recipients (core/report/delivery/delivery.h), one mail each. */

enum { SV_KIB = 1024 };

typedef struct {
    sv_job_run_t *run;
    const bson_t *report; /* the job that made the file */
    sv_mail_t mail;       /* but for whom it is */
    const char *how;      /* "file", "link" */
    sv_mailer_t *mailer;
    size_t left;     /* recipients to be tried again */
    const char *why; /* the last of them */
} sv_mailing_t;

/* ---- what is mailed */

static const char *
sv_mailing_title(sv_mailing_t *mailing, sv_error_t *error)
{
    sv_job_run_t *run = mailing->run;
    const char *schedule_id = sv_doc_text(run->claim->params, "schedule_id", run->arena);
    bson_t *filter = sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(schedule_id)), run->arena);
    const bson_t *schedule = NULL;
    const char *name = NULL;

    if (sv_store_find_one(run->store, SV_COLLECTION_REPORT_SCHEDULES, filter, NULL, run->arena, &schedule, error) ==
            SV_OK &&
        schedule != NULL) {
        name = sv_doc_text(schedule, "name", run->arena);
    }
    return name != NULL ? name : "Report";
}

/* The schedule's name, and the file's without its ending: it says what the report is of, and of which day. */
static const char *
sv_mailing_subject(sv_mailing_t *mailing, const char *file_name, sv_error_t *error)
{
    const char *title = sv_mailing_title(mailing, error), *end = file_name != NULL ? strrchr(file_name, '.') : NULL;

    return end == NULL ? title
                       : sv_arena_printf(mailing->run->arena, "%s: %.*s", title, (int) (end - file_name), file_name);
}

static const char *
sv_mailing_time(int64_t ms, sv_arena_t *arena)
{
    char text[SV_TIME_TEXT_SIZE];

    sv_time_format(ms, text);
    return sv_arena_strdup(arena, text);
}

static sv_status_t
sv_mailing_link(sv_mailing_t *mailing, const char *file_name, const char *made_at, sv_error_t *error)
{
    sv_job_run_t *run = mailing->run;
    const char *job_id = sv_doc_text(mailing->report, "job_id", run->arena);
    int64_t expires_s = sv_clock_now_ms() / 1000 + run->settings->mail_link_ttl;
    int64_t kept_s =
        (sv_doc_time(mailing->report, "finished_at") + sv_doc_int(mailing->report, "result.keep_ms")) / 1000;
    uint8_t key[SV_SHA256_SIZE];

    if (run->settings->public_url[0] == '\0') {
        return sv_fail(error, SV_ERR_UNAVAILABLE, "PUBLIC_URL is not set, and the file is too large to be attached");
    }
    if (sv_link_key_read(run->settings, key, error) != SV_OK) {
        return error->status;
    }
    expires_s = expires_s < kept_s ? expires_s : kept_s;
    mailing->how = "link";
    mailing->mail.text = sv_arena_printf(
        run->arena,
        "%s\n\nMade at %s. Download %s until %s:\n\n%s%s\n\nWhoever has this link can download the file, without a "
        "login.\n",
        mailing->mail.subject, made_at, file_name, sv_mailing_time(expires_s * 1000, run->arena),
        run->settings->public_url, sv_link_make(key, job_id, expires_s, run->arena));
    return SV_OK;
}

static sv_status_t
sv_mailing_prepare(sv_mailing_t *mailing, sv_error_t *error)
{
    sv_job_run_t *run = mailing->run;
    const bson_t *report = mailing->report;
    const char *file = sv_doc_text(report, "result.file", run->arena);
    const char *made_at = sv_mailing_time(sv_doc_time(report, "finished_at"), run->arena);
    const char *name = sv_doc_text(report, "result.file_name", run->arena);

    mailing->mail.subject = sv_mailing_subject(mailing, name, error);
    if (error->status != SV_OK) {
        return error->status;
    }
    name = name != NULL ? name : "report";
    if (sv_doc_int(report, "result.size") > run->settings->mail_attachment_max * SV_KIB) {
        return sv_mailing_link(mailing, name, made_at, error);
    }
    mailing->how = "file";
    mailing->mail.file = sv_arena_printf(run->arena, "%s/%s", run->spool_dir, file);
    mailing->mail.file_name = name;
    mailing->mail.file_type = sv_doc_text(report, "result.content_type", run->arena);
    mailing->mail.text =
        sv_arena_printf(run->arena, "%s\n\nMade at %s. Attached: %s\n", mailing->mail.subject, made_at, name);
    return SV_OK;
}

/* ---- mailing it */

static bool
sv_mailing_stops(const void *run)
{
    return sv_job_run_cancelled(run);
}

/* Whether a try that failed is the last. */
static sv_delivery_outcome_t
sv_mailing_failed(const sv_mailing_t *mailing)
{
    return sv_job_will_retry(mailing->run->claim, true) ? SV_DELIVERY_LATER : SV_DELIVERY_FAILED;
}

static sv_status_t
sv_mailing_note(sv_mailing_t *mailing, const sv_delivery_t *delivery, sv_mail_answer_t answer, const char *why,
                sv_error_t *error)
{
    static const char *const codes[] = {
        [SV_MAIL_TAKEN] = NULL,
        [SV_MAIL_REFUSED] = "mail_refused",
        [SV_MAIL_DEFERRED] = "mail_deferred",
        [SV_MAIL_UNREACHABLE] = "mail_unreachable",
    };
    sv_delivery_outcome_t outcome = answer == SV_MAIL_TAKEN     ? SV_DELIVERY_SENT
                                    : answer == SV_MAIL_REFUSED ? SV_DELIVERY_FAILED
                                                                : sv_mailing_failed(mailing);

    if (answer == SV_MAIL_DEFERRED || answer == SV_MAIL_UNREACHABLE) {
        mailing->left++;
        mailing->why = why;
    }
    return sv_delivery_note(mailing->run->store, delivery->delivery_id, outcome, mailing->how, codes[answer], why,
                            error);
}

/* The same at every try; what is asked for again by hand is another mail, which no server drops as one it has seen. */
static const char *
sv_mailing_id(const sv_delivery_t *delivery, sv_arena_t *arena)
{
    return delivery->resent == 0
               ? delivery->delivery_id
               : sv_arena_printf(arena, "%s.%lld", delivery->delivery_id, (long long) delivery->resent);
}

static sv_status_t
sv_mailing_send_all(sv_mailing_t *mailing, const sv_delivery_t *deliveries, size_t count, sv_error_t *error)
{
    sv_mail_answer_t answer = SV_MAIL_TAKEN;
    const char *why = NULL;
    sv_status_t status = SV_OK;

    for (size_t i = 0; status == SV_OK && i < count; i++) {
        /* A server that cannot be reached for one mail is not asked for the next. */
        if (answer != SV_MAIL_UNREACHABLE) {
            status = sv_job_run_progress(mailing->run, "mailing", (int64_t) i, (int64_t) count, error);
            if (status != SV_OK) {
                return status;
            }
            mailing->mail.to = deliveries[i].recipient;
            mailing->mail.id = sv_mailing_id(&deliveries[i], mailing->run->arena);
            answer = sv_mailer_send(mailing->mailer, &mailing->mail, mailing->run->arena, &why);
        }
        if (answer == SV_MAIL_STOPPED) {
            return sv_job_run_give_up(mailing->run, error);
        }
        status = sv_mailing_note(mailing, &deliveries[i], answer, why, error);
    }
    if (status == SV_OK && mailing->left > 0) {
        status = sv_fail(error, SV_ERR_UNAVAILABLE, "%zu of %zu mails could not be sent: %s", mailing->left, count,
                         mailing->why);
    }
    return status;
}

/* No mail could even be tried. */
static sv_status_t
sv_mailing_none(sv_mailing_t *mailing, const sv_delivery_t *deliveries, size_t count, const char *code,
                sv_delivery_outcome_t outcome, sv_error_t *error)
{
    const char *message = error->message != NULL ? error->message : sv_status_message(error->status);
    sv_error_t ignored;

    sv_error_init(&ignored, mailing->run->arena);
    for (size_t i = 0; i < count; i++) {
        sv_delivery_note(mailing->run->store, deliveries[i].delivery_id, outcome, mailing->how, code, message,
                         &ignored);
    }
    return error->status;
}

sv_status_t
sv_job_mail_deliver(sv_job_run_t *run, sv_error_t *error)
{
    const char *job_id = sv_doc_text(run->claim->params, "job_id", run->arena);
    sv_mailing_t mailing = { .run = run };
    const sv_delivery_t *deliveries = NULL;
    size_t count = 0;
    const bson_t *own = NULL;
    sv_status_t status = sv_job_load(run->store, NULL, run->claim->job_id, run->arena, &own, error);

    if (status == SV_OK && sv_doc_has(own, "requeued_at")) {
        status = sv_deliveries_reopen(run->store, run->claim->job_id, sv_doc_time(own, "requeued_at"), error);
    }
    if (status == SV_OK) {
        status = sv_deliveries_pending(run->store, run->claim->job_id, run->arena, &deliveries, &count, error);
    }
    if (status != SV_OK || count == 0) {
        return status;
    }
    status = sv_job_load(run->store, NULL, job_id, run->arena, &mailing.report, error);
    if (status == SV_ERR_NOT_FOUND || (status == SV_OK && !sv_doc_has(mailing.report, "result.file"))) {
        sv_error_clear(error);
        sv_fail(error, SV_ERR_RESULT_EXPIRED, NULL);
        return sv_mailing_none(&mailing, deliveries, count, "result_expired", SV_DELIVERY_FAILED, error);
    }
    if (status != SV_OK) {
        return status;
    }
    if (sv_mailing_prepare(&mailing, error) == SV_OK) {
        mailing.mailer = sv_mailer_open(run->settings, sv_mailing_stops, run, error);
    }
    if (mailing.mailer == NULL) {
        return sv_mailing_none(&mailing, deliveries, count, "mail_not_configured", sv_mailing_failed(&mailing), error);
    }
    status = sv_mailing_send_all(&mailing, deliveries, count, error);
    sv_mailer_close(mailing.mailer);
    return status;
}
