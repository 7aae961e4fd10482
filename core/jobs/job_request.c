#include <string.h>

#include "core/base/codec.h"
#include "core/jobs/job.h"
#include "core/store/document.h"

/* A job without a key of its own is its own key, so that one unique index (where pending) serves both. */
static const char *
sv_job_unique_key(const sv_job_request_t *request, const char *job_id, sv_arena_t *arena)
{
    return request->unique_key == NULL ? job_id : sv_arena_printf(arena, "%s:%s", request->type, request->unique_key);
}

static void
sv_job_put_new(bson_t *job, const sv_principal_t *who, const sv_job_request_t *request, const char *unique_key)
{
    const sv_job_kind_t *kind = sv_job_kind(request->type);
    bson_t none = BSON_INITIALIZER;

    BSON_APPEND_UTF8(job, "type", request->type);
    BSON_APPEND_UTF8(job, "queue", sv_queue_name(kind->queue));
    BSON_APPEND_DOCUMENT(job, "params", request->params != NULL ? request->params : &none);
    BSON_APPEND_UTF8(job, "requested_by", who->user_id);
    BSON_APPEND_UTF8(job, "role", sv_role_name(who->role));
    sv_doc_put_text(job, "warehouse", who->warehouse);
    BSON_APPEND_UTF8(job, "unique_key", unique_key);
    BSON_APPEND_BOOL(job, "pending", true);
    BSON_APPEND_UTF8(job, "status", "queued");
    BSON_APPEND_INT64(job, "delay_ms", 0);
    BSON_APPEND_INT64(job, "attempt", 0);
    BSON_APPEND_INT64(job, "crashed", 0);
    BSON_APPEND_INT64(job, "failed_attempts", 0);
    BSON_APPEND_BOOL(job, "cancel_requested", false);
    sv_doc_put_text(job, "schedule_id", request->schedule_id);
    sv_doc_put_time(job, "slot", request->slot_ms);
    BSON_APPEND_BOOL(job, "scheduled", request->slot_ms != 0);
    bson_destroy(&none);
}

/* An upsert, which alone lets the server's clock write the times of a new document. */
static sv_status_t
sv_job_insert(sv_store_t *store, const sv_principal_t *who, const sv_job_request_t *request, const char *job_id,
              const char *unique_key, sv_arena_t *arena, const bson_t **job, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(job_id)), arena);
    bson_t *update = sv_doc_new(arena);
    bson_t fields;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &fields);
    sv_job_put_new(&fields, who, request, unique_key);
    bson_append_document_end(update, &fields);
    BCON_APPEND(update, "$currentDate", "{", "created_at", BCON_BOOL(true), "queued_at", BCON_BOOL(true), "}");
    return sv_store_find_and_update(store, SV_COLLECTION_JOBS, filter, update, true, true, arena, job, error);
}

/* What the insert met: the slot's job, else the pending one of the same key.  *job NULL: that ended meanwhile. */
static sv_status_t
sv_job_find_same(sv_store_t *store, const sv_job_request_t *request, const char *unique_key, sv_arena_t *arena,
                 const bson_t **job, sv_error_t *error)
{
    bson_t *filter;
    sv_status_t status;

    if (request->slot_ms != 0) {
        filter = sv_doc_take(BCON_NEW("schedule_id", BCON_UTF8(request->schedule_id), "slot",
                                      BCON_DATE_TIME(request->slot_ms), "scheduled", BCON_BOOL(true)),
                             arena);
        status = sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, arena, job, error);
        if (status != SV_OK || *job != NULL) {
            return status != SV_OK ? status : sv_fail(error, SV_ERR_ALREADY_EXISTS, "The slot has its job already");
        }
    }
    filter = sv_doc_take(BCON_NEW("unique_key", BCON_UTF8(unique_key), "pending", BCON_BOOL(true)), arena);
    return sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, arena, job, error);
}

sv_status_t
sv_job_request(sv_store_t *store, const sv_principal_t *who, const sv_job_request_t *request, sv_arena_t *arena,
               const bson_t **job, bool *created, sv_error_t *error)
{
    enum { SV_REQUEST_TRIES = 5 };
    char job_id[SV_UUID_SIZE];
    const char *unique_key;
    sv_status_t status;

    *job = NULL;
    *created = false;
    if (sv_job_kind(request->type) == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "%s is no kind of job", request->type);
    }
    sv_uuid_v4(job_id);
    unique_key = sv_job_unique_key(request, job_id, arena);
    for (int i = 0; i < SV_REQUEST_TRIES; i++) {
        status = sv_job_insert(store, who, request, job_id, unique_key, arena, job, error);
        if (status != SV_ERR_ALREADY_EXISTS) {
            *created = status == SV_OK;
            return status;
        }
        sv_error_clear(error);
        status = sv_job_find_same(store, request, unique_key, arena, job, error);
        if (status != SV_OK || *job != NULL) {
            return status;
        }
    }
    return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "jobs with the key %s begin and end too fast", unique_key);
}
