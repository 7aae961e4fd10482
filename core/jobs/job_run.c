/* The claim on a running job: every write here is guarded by {job_id, worker, attempt, status: running}. */
#include <string.h>

#include "core/base/codec.h"
#include "core/jobs/job.h"
#include "core/jobs/job_guard.h"
#include "core/store/document.h"
#include "core/store/filter.h"

enum { SV_RETRY_DELAY_MAX_MS = 600000 };

bson_t *
sv_job_guard(const sv_job_claim_t *claim, sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("job_id", BCON_UTF8(claim->job_id), "worker", BCON_UTF8(claim->worker), "attempt",
                                BCON_INT64(claim->attempt), "status", "running"),
                       arena);
}

bson_t *
sv_job_due_filter(const char *job_id, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_new(arena);

    if (job_id != NULL) {
        BSON_APPEND_UTF8(filter, "job_id", job_id);
    }
    BSON_APPEND_UTF8(filter, "status", "queued");
    sv_filter_past(filter, "$queued_at", "$delay_ms", 0);
    return filter;
}

bson_t *
sv_job_end_update(const char *status, const bson_t *more, sv_arena_t *arena)
{
    bson_t *update = sv_doc_new(arena);
    bson_t set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BCON_APPEND(&set, "status", BCON_UTF8(status), "pending", BCON_BOOL(false));
    if (more != NULL) {
        bson_concat(&set, more);
    }
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$currentDate", "{", "finished_at", BCON_BOOL(true), "}");
    return update;
}

static sv_job_claim_t *
sv_job_read_claim(const bson_t *job, const char *worker, sv_arena_t *arena)
{
    sv_job_claim_t *claim = sv_arena_zalloc(arena, sizeof(*claim));
    const char *role = sv_doc_text(job, "role", arena);

    claim->job_id = sv_doc_text(job, "job_id", arena);
    claim->worker = sv_arena_strdup(arena, worker);
    claim->attempt = sv_doc_int(job, "attempt");
    claim->type = sv_doc_text(job, "type", arena);
    claim->kind = sv_job_kind(claim->type);
    claim->params = sv_doc_child(job, "params", arena);
    claim->requested_by = sv_doc_text(job, "requested_by", arena);
    claim->warehouse = sv_doc_text(job, "warehouse", arena);
    claim->schedule_id = sv_doc_text(job, "schedule_id", arena);
    claim->slot_ms = sv_doc_time(job, "slot");
    claim->failed_attempts = sv_doc_int(job, "failed_attempts");
    if (role == NULL || !sv_role_parse(role, &claim->role)) {
        claim->role = SV_ROLE_STAFF;
    }
    return claim;
}

sv_status_t
sv_job_start(sv_store_t *store, const char *job_id, const char *worker, sv_arena_t *arena, sv_job_claim_t **claim,
             const bson_t **job, sv_error_t *error)
{
    const bson_t *session = sv_store_session_id(store, error), *started = NULL;
    bson_t *update;
    sv_status_t status;

    *claim = NULL;
    if (session == NULL) {
        return error->status;
    }
    update =
        sv_doc_take(BCON_NEW("$set", "{", "status", "running", "worker", BCON_UTF8(worker), "session",
                             BCON_DOCUMENT(session), "claim_ms", BCON_INT64(store->settings->job_claim), "progress",
                             BCON_NULL, "}", "$inc", "{", "attempt", BCON_INT64(1), "}", "$currentDate", "{",
                             "claimed_at", BCON_BOOL(true), "started_at", BCON_BOOL(true), "}"),
                    arena);
    status = sv_store_find_and_update(store, SV_COLLECTION_JOBS, sv_job_due_filter(job_id, arena), update, true, false,
                                      arena, &started, error);
    *claim = started != NULL ? sv_job_read_claim(started, worker, arena) : NULL;
    if (job != NULL) {
        *job = started;
    }
    return status;
}

sv_status_t
sv_job_renew(sv_store_t *store, const sv_job_claim_t *claim, bool *held, bool *cancel, sv_error_t *error)
{
    bson_t *update = sv_doc_take(BCON_NEW("$currentDate", "{", "claimed_at", BCON_BOOL(true), "}"), error->arena);
    const bson_t *job = NULL;
    sv_status_t status = sv_store_find_and_update(store, SV_COLLECTION_JOBS, sv_job_guard(claim, error->arena), update,
                                                  true, false, error->arena, &job, error);

    *held = job != NULL;
    *cancel = sv_doc_bool(job, "cancel_requested");
    return status;
}

sv_status_t
sv_job_look(sv_store_t *store, const sv_job_claim_t *claim, bool *held, bool *cancel, sv_error_t *error)
{
    bson_t *wanted = sv_doc_take(BCON_NEW("cancel_requested", BCON_INT32(1)), error->arena);
    const bson_t *job = NULL;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_JOBS, sv_job_guard(claim, error->arena), wanted,
                                           error->arena, &job, error);

    *held = job != NULL;
    *cancel = sv_doc_bool(job, "cancel_requested");
    return status;
}

/* Runs one guarded update. */
static sv_status_t
sv_job_update(sv_store_t *store, const sv_job_claim_t *claim, const bson_t *update, bool *held, sv_error_t *error)
{
    int64_t matched = 0;
    sv_status_t status =
        sv_store_update_one(store, SV_COLLECTION_JOBS, sv_job_guard(claim, error->arena), update, &matched, error);

    *held = status == SV_OK && matched == 1;
    return status;
}

sv_status_t
sv_job_progress(sv_store_t *store, const sv_job_claim_t *claim, const char *stage, int64_t done, int64_t total,
                bool *held, sv_error_t *error)
{
    bson_t *update = sv_doc_new(error->arena);
    bson_t set, progress;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_DOCUMENT_BEGIN(&set, "progress", &progress);
    BSON_APPEND_INT64(&progress, "done", done);
    BSON_APPEND_INT64(&progress, "total", total);
    sv_doc_put_text(&progress, "stage", stage);
    bson_append_document_end(&set, &progress);
    bson_append_document_end(update, &set);
    return sv_job_update(store, claim, update, held, error);
}

sv_status_t
sv_job_hold(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error)
{
    bson_t *update = sv_doc_take(BCON_NEW("$inc", "{", "holds", BCON_INT64(1), "}"), error->arena);

    return sv_job_update(store, claim, update, held, error);
}

static void
sv_job_put_result(bson_t *set, const sv_job_claim_t *claim, const sv_job_result_t *result)
{
    bson_t part;

    if (result->resource_id != NULL) {
        BSON_APPEND_DOCUMENT_BEGIN(set, "resource", &part);
        sv_doc_put_text(&part, "type", result->resource_type);
        sv_doc_put_text(&part, "id", result->resource_id);
        sv_doc_put_text(&part, "url", result->resource_url);
        bson_append_document_end(set, &part);
    }
    if (result->file != NULL) {
        BSON_APPEND_DOCUMENT_BEGIN(set, "result", &part);
        sv_doc_put_text(&part, "file", result->file);
        sv_doc_put_text(&part, "file_name", result->file_name);
        sv_doc_put_text(&part, "content_type", result->content_type);
        sv_doc_put_text(&part, "etag", result->etag);
        BSON_APPEND_INT64(&part, "size", result->size);
        BSON_APPEND_INT64(&part, "keep_ms", claim->kind != NULL ? claim->kind->result_ttl_s * 1000 : 0);
        bson_append_document_end(set, &part);
        BSON_APPEND_BOOL(set, "result_kept", true);
    }
}

/* Whether this attempt's success stands already: the answer to an earlier call was lost. */
static sv_status_t
sv_job_has_succeeded(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(claim->job_id), "worker", BCON_UTF8(claim->worker),
                                          "attempt", BCON_INT64(claim->attempt), "status", "succeeded"),
                                 error->arena);
    const bson_t *job = NULL;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, error->arena, &job, error);

    *held = job != NULL;
    return status;
}

sv_status_t
sv_job_succeed(sv_store_t *store, const sv_job_claim_t *claim, const sv_job_result_t *result, bool *held,
               sv_error_t *error)
{
    bson_t *made = sv_doc_new(error->arena);
    sv_status_t status;

    BSON_APPEND_NULL(made, "error");
    if (result != NULL) {
        sv_job_put_result(made, claim, result);
    }
    status = sv_job_update(store, claim, sv_job_end_update("succeeded", made, error->arena), held, error);
    return status != SV_OK || *held ? status : sv_job_has_succeeded(store, claim, held, error);
}

/* Three times as long after each failure, and anywhere in the upper half of that, so that jobs which failed together do
 * not come back together. */
static int64_t
sv_job_retry_delay_ms(const sv_settings_t *settings, int64_t failures)
{
    int64_t delay_ms = settings->job_retry_delay;
    uint32_t random;

    for (int64_t i = 1; i < failures && delay_ms < SV_RETRY_DELAY_MAX_MS; i++) {
        delay_ms *= 3;
    }
    if (delay_ms > SV_RETRY_DELAY_MAX_MS) {
        delay_ms = SV_RETRY_DELAY_MAX_MS;
    }
    sv_random_bytes(&random, sizeof(random));
    return delay_ms / 2 + (int64_t) (random % (uint64_t) (delay_ms / 2 + 1));
}

bool
sv_job_will_retry(const sv_job_claim_t *claim, bool retry)
{
    return retry && claim->kind != NULL && claim->failed_attempts + 1 < claim->kind->max_failures;
}

static sv_status_t
sv_job_fail_as(sv_store_t *store, const sv_job_claim_t *claim, const char *code, const char *message, bool retry,
               bool *held, sv_error_t *error)
{
    int64_t failures = claim->failed_attempts + 1;
    bson_t *failure = sv_doc_take(BCON_NEW("failed_attempts", BCON_INT64(failures), "error", "{", "code",
                                           BCON_UTF8(code), "message", BCON_UTF8(message), "}"),
                                  error->arena);
    bson_t *update;

    if (sv_job_will_retry(claim, retry)) {
        BCON_APPEND(failure, "status", "queued", "delay_ms",
                    BCON_INT64(sv_job_retry_delay_ms(store->settings, failures)));
        update = sv_doc_take(
            BCON_NEW("$set", BCON_DOCUMENT(failure), "$currentDate", "{", "queued_at", BCON_BOOL(true), "}"),
            error->arena);
    } else {
        update = sv_job_end_update("failed", failure, error->arena);
    }
    return sv_job_update(store, claim, update, held, error);
}

sv_status_t
sv_job_fail(sv_store_t *store, const sv_job_claim_t *claim, const sv_error_t *reason, bool retry, bool *held,
            sv_error_t *error)
{
    const char *message = reason->message != NULL ? reason->message : sv_status_message(reason->status);

    return sv_job_fail_as(store, claim, sv_status_code(reason->status), message, retry, held, error);
}

sv_status_t
sv_job_fail_time_limit(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error)
{
    const char *message = sv_arena_printf(error->arena, "The job took longer than %lld s",
                                          (long long) (claim->kind != NULL ? claim->kind->time_limit_s : 0));

    return sv_job_fail_as(store, claim, "time_limit_exceeded", message, true, held, error);
}

sv_status_t
sv_job_end_cancelled(sv_store_t *store, const sv_job_claim_t *claim, bool *held, sv_error_t *error)
{
    return sv_job_update(store, claim, sv_job_end_update("cancelled", NULL, error->arena), held, error);
}

sv_status_t
sv_job_hand_back(sv_store_t *store, const sv_job_claim_t *claim, int64_t delay_ms, bool *held, sv_error_t *error)
{
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "status", "queued", "delay_ms", BCON_INT64(delay_ms), "}",
                                          "$currentDate", "{", "queued_at", BCON_BOOL(true), "}"),
                                 error->arena);

    return sv_job_update(store, claim, update, held, error);
}
