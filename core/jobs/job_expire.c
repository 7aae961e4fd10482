#include <string.h>

#include "core/jobs/job_duties.h"
#include "core/jobs/job_guard.h"
#include "core/jobs/spool.h"
#include "core/jobs/spool_mark.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* Below this a folder may be of a job that has just begun. */
enum { SV_EXPIRE_LIMIT = 100, SV_LEFTOVER_IDLE_S = 3600, SV_DOWNLOAD_GRACE_S = 4 * 3600 };

static sv_status_t
sv_jobs_expire_result(sv_store_t *store, const bson_t *job, sv_arena_t *arena, sv_error_t *error)
{
    const char *job_id = sv_doc_text(job, "job_id", arena);
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(job_id), "result_kept", BCON_BOOL(true)), arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "result.expired", BCON_BOOL(true), "}", "$unset", "{",
                                          "result.file", "", "result_kept", "", "}"),
                                 arena);
    sv_status_t status;

    /* In this order no job tells of a file that is gone; a folder left by a crash between the two is tidied away. */
    status = sv_store_update_one(store, SV_COLLECTION_JOBS, filter, update, NULL, error);
    if (status == SV_OK) {
        sv_spool_bury(store->settings->spool_dir, job_id);
    }
    return status;
}

static sv_status_t
sv_jobs_expire_results(sv_store_t *store, int64_t *removed, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("result_kept", BCON_BOOL(true)), arena);
    bson_t *options = sv_doc_take(BCON_NEW("limit", BCON_INT64(SV_EXPIRE_LIMIT)), arena);
    mongoc_cursor_t *cursor;
    const bson_t *job;
    sv_status_t status;

    sv_filter_past(filter, "$finished_at", "$result.keep_ms", 0);
    status = sv_store_find(store, SV_COLLECTION_JOBS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (status == SV_OK && mongoc_cursor_next(cursor, &job)) {
        status = sv_jobs_expire_result(store, job, arena, error);
        *removed += status == SV_OK;
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}

/* A folder whose job neither may still write to it nor has a result in it. */
static sv_status_t
sv_jobs_expire_folder(void *context, const char *job_id, sv_error_t *error)
{
    sv_store_t *store = context;
    sv_arena_t *arena = sv_arena_create();
    bson_t *filter =
        sv_doc_take(BCON_NEW("job_id", BCON_UTF8(job_id), "$and", "[", "{", "$or", "[", "{", "pending", BCON_BOOL(true),
                             "}", "{", "result_kept", BCON_BOOL(true), "}", "]", "}", "]"),
                    arena);
    const bson_t *job = NULL;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, arena, &job, error);

    if (status == SV_OK && job == NULL) {
        sv_spool_bury(store->settings->spool_dir, job_id);
    }
    sv_arena_destroy(arena);
    return status;
}

static sv_status_t
sv_jobs_forget(sv_store_t *store, int64_t *removed, sv_arena_t *arena, sv_error_t *error)
{
    int64_t now_ms = 0, deleted = 0;
    sv_status_t status = sv_store_now(store, &now_ms, error);
    bson_t *filter;

    if (status != SV_OK) {
        return status;
    }
    filter = sv_doc_take(BCON_NEW("finished_at", "{", "$lt",
                                  BCON_DATE_TIME(now_ms - store->settings->job_retention * 86400000), "}", "pending",
                                  BCON_BOOL(false), "result_kept", "{", "$ne", BCON_BOOL(true), "}"),
                         arena);
    status = sv_store_delete_many(store, SV_COLLECTION_JOBS, filter, &deleted, error);
    *removed += deleted;
    return status;
}

sv_status_t
sv_jobs_expire(sv_store_t *store, int64_t *removed, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    sv_status_t status;

    *removed = 0;
    status = sv_jobs_expire_results(store, removed, arena, error);
    if (status == SV_OK) {
        status = sv_jobs_forget(store, removed, arena, error);
    }
    sv_arena_destroy(arena);
    return status;
}

sv_status_t
sv_jobs_tidy_spool(sv_store_t *store, sv_error_t *error)
{
    const char *spool_dir = store->settings->spool_dir;
    sv_status_t status = sv_spool_claim(store, error);

    if (status == SV_OK) {
        status = sv_spool_walk(spool_dir, SV_LEFTOVER_IDLE_S, sv_jobs_expire_folder, store, error);
    }
    if (status == SV_OK) {
        sv_spool_purge(spool_dir, SV_DOWNLOAD_GRACE_S);
    }
    return status;
}
