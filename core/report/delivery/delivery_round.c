#include <string.h>

#include "core/base/codec.h"
#include "core/jobs/dispatch.h"
#include "core/jobs/job.h"
#include "core/report/delivery/delivery.h"
#include "core/report/delivery/schedule_news.h"
#include "core/report/files/export_request.h"
#include "core/report/snapshots/snapshot.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

enum { SV_DELIVERIES_A_ROUND = 100 };

static const char sv_mail_job[] = "mail.deliver", sv_snapshot_job[] = "snapshot.create",
                  sv_file_job[] = "snapshot.export";

/* One run of a schedule whose job has ended. */
typedef struct {
    const bson_t *run; /* the report's job */
    const char *job_id, *schedule_id;
    int64_t now_ms;
    sv_arena_t *arena;
    const char *mail_job_id; /* requested; NULL: there is nothing to mail */
    const char *file_job_id; /* requested: makes the file of a snapshot, and is delivered when it has ended */
    sv_schedule_news_t news; /* what its owner is told */
    int64_t keep;            /* so many snapshots its schedule keeps; 0: all, or it takes none */
} sv_ended_run_t;

/* The changing write that lets one worker have it. */
static sv_status_t
sv_run_take(sv_store_t *store, const sv_ended_run_t *ended, bool *taken, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(ended->job_id), "delivery", "due"), ended->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "delivery", "asked", "}"), ended->arena);
    int64_t matched = 0;
    sv_status_t status = sv_store_update_one(store, SV_COLLECTION_JOBS, filter, update, &matched, error);

    *taken = matched > 0;
    return status;
}

/* Whom the run was made for. */
static sv_principal_t
sv_run_principal(const sv_ended_run_t *ended)
{
    const char *role = sv_doc_text(ended->run, "role", ended->arena);
    sv_principal_t who = { .user_id = sv_doc_text(ended->run, "requested_by", ended->arena),
                           .warehouse = sv_doc_text(ended->run, "warehouse", ended->arena) };

    if (role == NULL || !sv_role_parse(role, &who.role)) {
        who.role = SV_ROLE_SUPERVISOR;
    }
    return who;
}

/* A job that follows. */
static sv_status_t
sv_run_request(sv_store_t *store, const sv_ended_run_t *ended, const sv_job_request_t *request, const char **job_id,
               sv_error_t *error)
{
    sv_principal_t who = sv_run_principal(ended);
    const bson_t *job = NULL;
    bool created;
    sv_status_t status = sv_job_request(store, &who, request, ended->arena, &job, &created, error);

    *job_id = status == SV_OK ? sv_doc_text(job, "job_id", ended->arena) : NULL;
    return status;
}

static sv_status_t
sv_run_request_mail(sv_store_t *store, sv_ended_run_t *ended, sv_error_t *error)
{
    sv_job_request_t request = {
        .type = sv_mail_job,
        .params = sv_doc_take(
            BCON_NEW("job_id", BCON_UTF8(ended->job_id), "schedule_id", BCON_UTF8(ended->schedule_id)), ended->arena),
    };

    return sv_run_request(store, ended, &request, &ended->mail_job_id, error);
}

/* The file of a snapshot, in the schedule's format.  Deliveries that failed because the snapshot did, before it was
 * requeued, go along with it. */
static sv_status_t
sv_run_request_file(sv_store_t *store, sv_ended_run_t *ended, sv_error_t *error)
{
    const bson_t *params = sv_doc_child(ended->run, "params", ended->arena);
    sv_export_request_t wanted = { .source_id = sv_doc_text(ended->run, "resource.id", ended->arena) };
    sv_job_request_t request = { .type = sv_file_job, .schedule_id = ended->schedule_id };
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(ended->job_id)), ended->arena);
    sv_status_t status;

    if (params == NULL || !sv_format_options_load(params, &wanted.format, &wanted.options, ended->arena)) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "job %s does not say in which format", ended->job_id);
    }
    request.params = sv_export_request_params(&wanted, "snapshot_id", ended->arena);
    status = sv_run_request(store, ended, &request, &ended->file_job_id, error);
    if (status != SV_OK) {
        return status;
    }
    return sv_store_update_many(
        store, SV_COLLECTION_REPORT_DELIVERIES, filter,
        sv_doc_take(BCON_NEW("$set", "{", "job_id", BCON_UTF8(ended->file_job_id), "}"), ended->arena), NULL, error);
}

static sv_status_t
sv_run_add_delivery(sv_store_t *store, const sv_ended_run_t *ended, const char *recipient, sv_error_t *error)
{
    bson_t *delivery = sv_doc_new(ended->arena);
    const bson_t *reason = sv_doc_child(ended->run, "error", ended->arena);
    bool made = ended->mail_job_id != NULL;
    char delivery_id[SV_UUID_SIZE];

    sv_uuid_v4(delivery_id);
    BSON_APPEND_UTF8(delivery, "delivery_id", delivery_id);
    BSON_APPEND_UTF8(delivery, "schedule_id", ended->schedule_id);
    BSON_APPEND_UTF8(delivery, "job_id", ended->job_id);
    BSON_APPEND_UTF8(delivery, "recipient", recipient);
    BSON_APPEND_UTF8(delivery, "status", made ? "pending" : "failed");
    BSON_APPEND_NULL(delivery, "how");
    BSON_APPEND_INT64(delivery, "attempts", 0);
    if (made || reason == NULL) {
        BSON_APPEND_NULL(delivery, "error");
    } else {
        BSON_APPEND_DOCUMENT(delivery, "error", reason);
    }
    sv_doc_put_text(delivery, "mail_job_id", ended->mail_job_id);
    sv_doc_put_time(delivery, "created_at", ended->now_ms);
    sv_doc_put_time(delivery, "ended_at", made ? 0 : ended->now_ms);
    return sv_store_insert(store, SV_COLLECTION_REPORT_DELIVERIES, delivery, error);
}

static bool
sv_run_has(const sv_ended_run_t *ended, const char *member, const char *value)
{
    const char *text = sv_doc_text(ended->run, member, ended->arena);

    return text != NULL && strcmp(text, value) == 0;
}

/* The recipient's delivery of a run that was requeued: it failed with the run, and goes along with it again. */
static sv_status_t
sv_run_renew_delivery(sv_store_t *store, const sv_ended_run_t *ended, const char *recipient, bool *there,
                      sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("job_id", BCON_UTF8(ended->job_id), "recipient", BCON_UTF8(recipient)), ended->arena);
    bson_t *failed = sv_doc_copy(filter, ended->arena);
    const bson_t *delivery = NULL;
    sv_status_t status =
        sv_store_find_one(store, SV_COLLECTION_REPORT_DELIVERIES, filter, NULL, ended->arena, &delivery, error);

    *there = delivery != NULL;
    if (status != SV_OK || delivery == NULL || ended->mail_job_id == NULL) {
        return status;
    }
    BSON_APPEND_UTF8(failed, "status", "failed");
    return sv_store_update_one(store, SV_COLLECTION_REPORT_DELIVERIES, failed,
                               sv_doc_take(BCON_NEW("$set", "{", "status", "pending", "error", BCON_NULL, "ended_at",
                                                    BCON_NULL, "mail_job_id", BCON_UTF8(ended->mail_job_id), "}"),
                                           ended->arena),
                               NULL, error);
}

static sv_status_t
sv_run_add_deliveries(sv_store_t *store, sv_ended_run_t *ended, const bson_t *recipients, sv_error_t *error)
{
    sv_status_t status = SV_OK;
    bson_iter_t iter;

    if (sv_run_has(ended, "status", "succeeded")) {
        status = sv_run_request_mail(store, ended, error);
    }
    if (status == SV_OK && bson_iter_init(&iter, recipients)) {
        while (status == SV_OK && bson_iter_next(&iter)) {
            bool there = true;

            if (BSON_ITER_HOLDS_UTF8(&iter)) {
                status = sv_run_renew_delivery(store, ended, bson_iter_utf8(&iter, NULL), &there, error);
            }
            if (status == SV_OK && !there) {
                status = sv_run_add_delivery(store, ended, bson_iter_utf8(&iter, NULL), error);
            }
        }
    }
    return status;
}

/* NULL when the schedule is gone, or makes another kind of report by now: whoever named
 * its recipients may not see this one. */
static const bson_t *
sv_run_recipients(const sv_ended_run_t *ended, const bson_t *schedule)
{
    const char *wanted = schedule != NULL ? sv_doc_text(schedule, "type", ended->arena) : NULL;

    if (wanted != NULL && strcmp(wanted, sv_snapshot_job) == 0 && sv_run_has(ended, "type", sv_file_job)) {
        return sv_doc_child(schedule, "recipients", ended->arena);
    }
    return wanted != NULL && sv_run_has(ended, "type", wanted) ? sv_doc_child(schedule, "recipients", ended->arena)
                                                               : NULL;
}

static sv_status_t
sv_run_deliver_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_ended_run_t *ended = context;
    bson_t *filter = sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(ended->schedule_id)), ended->arena);
    const bson_t *schedule = NULL, *recipients = NULL;
    bool taken = false;
    sv_status_t status = sv_run_take(store, ended, &taken, error);

    ended->mail_job_id = ended->file_job_id = NULL;
    ended->news = (sv_schedule_news_t){ 0 };
    ended->keep = 0;
    if (status != SV_OK || !taken) {
        return status;
    }
    status = sv_store_find_one(store, SV_COLLECTION_REPORT_SCHEDULES, filter, NULL, ended->arena, &schedule, error);
    recipients = status == SV_OK ? sv_run_recipients(ended, schedule) : NULL;
    if (status == SV_OK && recipients != NULL) {
        status = sv_schedule_note_run(store, schedule, ended->run, ended->arena, &ended->news, error);
        ended->keep = sv_doc_int(schedule, "params.keep");
    }
    if (status != SV_OK || recipients == NULL || bson_empty(recipients)) {
        return status;
    }
    return sv_run_has(ended, "type", sv_snapshot_job) && sv_run_has(ended, "status", "succeeded")
               ? sv_run_request_file(store, ended, error)
               : sv_run_add_deliveries(store, ended, recipients, error);
}

/* One that is lost is repaired from MongoDB. */
static void
sv_run_dispatch(sv_redis_client_t *redis, const char *type, const char *job_id, sv_arena_t *arena)
{
    sv_error_t ignored;

    sv_error_init(&ignored, arena);
    if (redis != NULL && job_id != NULL) {
        sv_dispatch(redis, sv_job_kind(type)->queue, &job_id, 1, SV_DISPATCH_KEEP, NULL, &ignored);
    }
}

/* Snapshots beyond those that the schedule keeps.  What an error leaves goes with the schedule's next run. */
static sv_status_t
sv_run_keep_last(sv_store_t *store, const sv_ended_run_t *ended, sv_error_t *error)
{
    sv_principal_t who = sv_run_principal(ended);

    return ended->keep > 0 ? sv_snapshots_keep_last(store, &who, ended->schedule_id, ended->keep, error) : SV_OK;
}

static sv_status_t
sv_run_deliver(sv_store_t *store, sv_redis_client_t *redis, const bson_t *run, int64_t now_ms, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_ended_run_t ended = { .run = run,
                             .job_id = sv_doc_text(run, "job_id", arena),
                             .schedule_id = sv_doc_text(run, "schedule_id", arena),
                             .now_ms = now_ms,
                             .arena = arena };
    sv_status_t status = sv_transaction_run(store, sv_run_deliver_body, &ended, error);

    if (status == SV_OK) {
        sv_run_dispatch(redis, sv_mail_job, ended.mail_job_id, arena);
        sv_run_dispatch(redis, sv_file_job, ended.file_job_id, arena);
        sv_schedule_tell(redis, &ended.news, arena);
        status = sv_run_keep_last(store, &ended, error);
    }
    sv_arena_destroy(arena);
    return status;
}

static sv_status_t
sv_deliveries_of_runs(sv_store_t *store, sv_redis_client_t *redis, int64_t *done, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("delivery", "due", "pending", BCON_BOOL(false)), arena);
    bson_t *options = sv_doc_take(BCON_NEW("limit", BCON_INT64(SV_DELIVERIES_A_ROUND)), arena);
    mongoc_cursor_t *cursor;
    const bson_t *run;
    int64_t now_ms = 0;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_JOBS, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (status == SV_OK && mongoc_cursor_next(cursor, &run)) {
        status = now_ms == 0 ? sv_store_now(store, &now_ms, error) : SV_OK;
        if (status == SV_OK) {
            status = sv_run_deliver(store, redis, run, now_ms, error);
        }
        *done += status == SV_OK;
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}

/* A job that was cancelled, or whose worker died three times, left its deliveries as they were. */
static sv_status_t
sv_deliveries_give_up(sv_store_t *store, const char *mail_job_id, int64_t *done, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(mail_job_id)), arena), *update;
    const bson_t *job = NULL, *reason;
    int64_t matched = 0;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, arena, &job, error);

    if (status != SV_OK || (job != NULL && sv_doc_bool(job, "pending"))) {
        return status;
    }
    reason = job != NULL ? sv_doc_child(job, "error", arena) : NULL;
    if (reason == NULL) {
        reason = sv_doc_take(BCON_NEW("code", "cancelled", "message", "The job that mails it was cancelled"), arena);
    }
    filter = sv_doc_take(BCON_NEW("mail_job_id", BCON_UTF8(mail_job_id), "status", "pending"), arena);
    update = sv_doc_take(BCON_NEW("$set", "{", "status", "failed", "error", BCON_DOCUMENT(reason), "}", "$currentDate",
                                  "{", "ended_at", BCON_BOOL(true), "}"),
                         arena);
    status = sv_store_update_many(store, SV_COLLECTION_REPORT_DELIVERIES, filter, update, &matched, error);
    *done += matched;
    return status;
}

static sv_status_t
sv_deliveries_left_over(sv_store_t *store, int64_t *done, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("status", "pending"), arena);
    bson_t *options = sv_doc_take(
        BCON_NEW("limit", BCON_INT64(SV_DELIVERIES_A_ROUND), "sort", "{", "created_at", BCON_INT32(1), "}"), arena);
    const char *last = "";
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_REPORT_DELIVERIES, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (status == SV_OK && mongoc_cursor_next(cursor, &row)) {
        const char *mail_job_id = sv_doc_text(row, "mail_job_id", arena);

        if (mail_job_id != NULL && strcmp(mail_job_id, last) != 0) {
            status = sv_deliveries_give_up(store, mail_job_id, done, arena, error);
            last = mail_job_id;
        }
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}

sv_status_t
sv_deliveries_round(sv_store_t *store, sv_redis_client_t *redis, int64_t *done, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_status_t status;

    *done = 0;
    status = sv_deliveries_of_runs(store, redis, done, arena, error);
    if (status == SV_OK) {
        status = sv_deliveries_left_over(store, done, arena, error);
    }
    if (status == SV_OK) {
        status = sv_schedules_tell_disabled(store, redis, done, error);
    }
    sv_arena_destroy(arena);
    return status;
}
