#include "core/base/codec.h"
#include "core/jobs/job.h"
#include "core/jobs/job_guard.h"
#include "core/jobs/job_made.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

static const char *
sv_job_new_id(sv_arena_t *arena)
{
    char job_id[SV_UUID_SIZE];

    sv_uuid_v4(job_id);
    return sv_arena_strdup(arena, job_id);
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
    sv_doc_put_text(job, "unique_key", unique_key);
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
    if (request->schedule_id != NULL) {
        BSON_APPEND_UTF8(job, "delivery", "due");
    }
    bson_destroy(&none);
}

static void
sv_job_put_resource(bson_t *job, const sv_job_request_t *request, const char *job_id, sv_arena_t *arena)
{
    const char *id = request->resource_id != NULL ? request->resource_id : job_id, *url = request->resource_url;

    if (request->resource_type == NULL) {
        return;
    }
    if (request->resource_id == NULL) {
        url = sv_arena_printf(arena, "%s/%s", url, job_id);
    }
    BCON_APPEND(job, "resource", "{", "type", BCON_UTF8(request->resource_type), "id", BCON_UTF8(id), "url",
                BCON_UTF8(url), "}");
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
    sv_job_put_resource(&fields, request, job_id, arena);
    bson_append_document_end(update, &fields);
    BCON_APPEND(update, "$currentDate", "{", "created_at", BCON_BOOL(true), "queued_at", BCON_BOOL(true), "}");
    return sv_store_find_and_update(store, SV_COLLECTION_JOBS, filter, update, true, true, arena, job, error);
}

sv_status_t
sv_job_key_take(sv_store_t *store, const char *unique_key, const char *job_id, sv_arena_t *arena, const bson_t **holder,
                sv_error_t *error)
{
    const bson_t *key = NULL;
    bson_t *filter, *update;
    sv_status_t status;

    *holder = NULL;
    if (unique_key == NULL) {
        return SV_OK;
    }
    filter = sv_doc_take(BCON_NEW("_id", BCON_UTF8(unique_key)), arena);
    status = sv_store_find_one(store, SV_COLLECTION_JOB_KEYS, filter, NULL, arena, &key, error);
    if (status == SV_OK && key != NULL) {
        bson_t *pending = sv_doc_take(
            BCON_NEW("job_id", BCON_UTF8(sv_doc_text(key, "job_id", arena)), "pending", BCON_BOOL(true)), arena);

        status = sv_store_find_one(store, SV_COLLECTION_JOBS, pending, NULL, arena, holder, error);
    }
    if (status != SV_OK || *holder != NULL) {
        return status;
    }
    update = sv_doc_take(
        BCON_NEW("$set", "{", "job_id", BCON_UTF8(job_id), "}", "$currentDate", "{", "at", BCON_BOOL(true), "}"),
        arena);
    return sv_store_find_and_update(store, SV_COLLECTION_JOB_KEYS, filter, update, true, true, arena, &key, error);
}

typedef struct {
    const sv_principal_t *who;
    const sv_job_request_t *request;
    const char *job_id;
    const char *unique_key;
    sv_arena_t *arena;
    const bson_t *job;
    bool created;
} sv_job_asked_t;

/* The key and the job are there together, so a key without its job is of one that ended.  What it made is looked for in
 * the same transaction: it cannot end in between. */
static sv_status_t
sv_job_request_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_job_asked_t *asked = context;
    sv_status_t status = SV_OK;

    asked->job = NULL;
    if (asked->request->take_made) {
        status =
            sv_job_find_made(store, asked->request->type, asked->request->unique_key, asked->arena, &asked->job, error);
    }
    if (status == SV_OK && asked->job == NULL) {
        status = sv_job_key_take(store, asked->unique_key, asked->job_id, asked->arena, &asked->job, error);
    }
    asked->created = status == SV_OK && asked->job == NULL;
    return asked->created ? sv_job_insert(store, asked->who, asked->request, asked->job_id, asked->unique_key,
                                          asked->arena, &asked->job, error)
                          : status;
}

sv_status_t
sv_job_request(sv_store_t *store, const sv_principal_t *who, const sv_job_request_t *request, sv_arena_t *arena,
               const bson_t **job, bool *created, sv_error_t *error)
{
    enum { SV_KEY_TRIES = 5 };
    sv_job_asked_t asked = { .who = who, .request = request, .arena = arena };
    sv_status_t status = SV_OK;

    *job = NULL;
    *created = false;
    if (sv_job_kind(request->type) == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "%s is no kind of job", request->type);
    }
    asked.job_id = sv_job_new_id(arena);
    if (request->unique_key == NULL) {
        status = sv_job_request_body(store, &asked, error);
    } else {
        asked.unique_key = sv_arena_printf(arena, "%s:%s", request->type, request->unique_key);
        for (int i = 0; i == 0 || (status == SV_ERR_ALREADY_EXISTS && i < SV_KEY_TRIES); i++) {
            /* Two that insert the same key at once: the second finds it when it looks again. */
            sv_error_clear(error);
            status = sv_transaction_run(store, sv_job_request_body, &asked, error);
        }
    }
    if (status == SV_OK) {
        *job = asked.job;
        *created = asked.created;
    }
    return status;
}
