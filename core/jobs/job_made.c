#include "core/jobs/job_made.h"

#include <unistd.h>

#include "core/store/document.h"

/* A file that somebody removed from the spool is not kept, whatever the job says. */
static bool
sv_job_file_is_there(const sv_store_t *store, const bson_t *job, sv_arena_t *arena)
{
    const char *file = sv_doc_text(job, "result.file", arena);

    return file != NULL && access(sv_arena_printf(arena, "%s/%s", store->settings->spool_dir, file), R_OK) == 0;
}

sv_status_t
sv_job_find_made(sv_store_t *store, const char *type, const char *unique_key, sv_arena_t *arena, const bson_t **job,
                 sv_error_t *error)
{
    const char *key = sv_arena_printf(arena, "%s:%s", type, unique_key);
    bson_t *filter = sv_doc_take(
        BCON_NEW("unique_key", BCON_UTF8(key), "result_kept", BCON_BOOL(true), "status", "succeeded"), arena);
    bson_t *options =
        sv_doc_take(BCON_NEW("sort", "{", "finished_at", BCON_INT32(-1), "}", "limit", BCON_INT64(1)), arena);
    mongoc_cursor_t *cursor;
    const bson_t *found;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_JOBS, filter, options, &cursor, error);

    *job = NULL;
    if (status != SV_OK) {
        return status;
    }
    if (mongoc_cursor_next(cursor, &found) && sv_job_file_is_there(store, found, arena)) {
        *job = sv_doc_copy(found, arena);
    } else {
        status = sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}
