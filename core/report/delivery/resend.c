/* One delivery again, by hand. */
#include <string.h>

#include "core/audit/audit.h"
#include "core/jobs/job.h"
#include "core/report/delivery/delivery.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

typedef struct {
    const sv_principal_t *who;
    const char *schedule_id, *delivery_id;
    sv_arena_t *arena;
    const bson_t *delivery;
    const bson_t *mail_job;
} sv_resend_t;

static bson_t *
sv_resend_filter(const sv_resend_t *resend)
{
    return sv_doc_take(
        BCON_NEW("delivery_id", BCON_UTF8(resend->delivery_id), "schedule_id", BCON_UTF8(resend->schedule_id)),
        resend->arena);
}

static bool
sv_resend_stands(const sv_resend_t *resend, const bson_t *document, const char *status)
{
    const char *stands = sv_doc_text(document, "status", resend->arena);

    return stands != NULL && strcmp(stands, status) == 0;
}

/* What it was, and whether there is a file to mail that this person may see. */
static sv_status_t
sv_resend_check(sv_store_t *store, sv_resend_t *resend, sv_error_t *error)
{
    const bson_t *report = NULL;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_REPORT_DELIVERIES, sv_resend_filter(resend), NULL,
                                           resend->arena, &resend->delivery, error);

    if (status == SV_OK && resend->delivery == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no delivery %s", resend->delivery_id);
    }
    if (status == SV_OK && sv_resend_stands(resend, resend->delivery, "pending")) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "It is on its way");
    }
    if (status == SV_OK) {
        status = sv_job_load(store, resend->who, sv_doc_text(resend->delivery, "job_id", resend->arena), resend->arena,
                             &report, error);
    }
    if (status == SV_ERR_NOT_FOUND ||
        (status == SV_OK && sv_resend_stands(resend, report, "succeeded") && !sv_doc_has(report, "result.file"))) {
        sv_error_clear(error);
        return sv_fail(error, SV_ERR_RESULT_EXPIRED, NULL);
    }
    if (status == SV_OK && !sv_resend_stands(resend, report, "succeeded")) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The run made no file: requeue its job, or run the schedule");
    }
    return status;
}

static sv_status_t
sv_resend_request(sv_store_t *store, sv_resend_t *resend, sv_error_t *error)
{
    const char *report_id = sv_doc_text(resend->delivery, "job_id", resend->arena);
    sv_job_request_t request = {
        .type = "mail.deliver",
        .params = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(report_id), "schedule_id", BCON_UTF8(resend->schedule_id)),
                              resend->arena),
    };
    bool created;

    return sv_job_request(store, resend->who, &request, resend->arena, &resend->mail_job, &created, error);
}

static sv_status_t
sv_resend_audit(sv_store_t *store, const sv_resend_t *resend, sv_error_t *error)
{
    bson_t *details = sv_doc_new(resend->arena);
    sv_audit_t entry = { .action = "delivery.resend", .details = details };

    sv_doc_put_text(details, "schedule_id", resend->schedule_id);
    sv_doc_put_text(details, "delivery_id", resend->delivery_id);
    sv_doc_put_text(details, "recipient", sv_doc_text(resend->delivery, "recipient", resend->arena));
    return sv_audit_write(store, resend->who, &entry, error);
}

static sv_status_t
sv_resend_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_resend_t *resend = context;
    bson_t *filter = sv_resend_filter(resend), *update;
    int64_t matched = 0;
    sv_status_t status = sv_resend_check(store, resend, error);

    if (status == SV_OK) {
        status = sv_resend_request(store, resend, error);
    }
    if (status != SV_OK) {
        return status;
    }
    BCON_APPEND(filter, "status", "{", "$ne", "pending", "}");
    update = sv_doc_take(BCON_NEW("$set", "{", "status", "pending", "error", BCON_NULL, "ended_at", BCON_NULL,
                                  "mail_job_id", BCON_UTF8(sv_doc_text(resend->mail_job, "job_id", resend->arena)), "}",
                                  "$inc", "{", "resent", BCON_INT64(1), "}"),
                         resend->arena);
    status = sv_store_update_one(store, SV_COLLECTION_REPORT_DELIVERIES, filter, update, &matched, error);
    if (status == SV_OK && matched == 0) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "It is on its way");
    }
    return status == SV_OK ? sv_resend_audit(store, resend, error) : status;
}

sv_status_t
sv_delivery_resend(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, const char *delivery_id,
                   sv_arena_t *arena, const bson_t **mail_job, sv_error_t *error)
{
    sv_resend_t resend = { .who = who, .schedule_id = schedule_id, .delivery_id = delivery_id, .arena = arena };
    sv_status_t status = sv_transaction_run(store, sv_resend_body, &resend, error);

    *mail_job = status == SV_OK ? resend.mail_job : NULL;
    return status;
}
