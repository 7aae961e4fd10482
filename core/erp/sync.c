#include "core/erp/sync.h"

#include <string.h>

#include "core/jobs/dispatch.h"
#include "core/store/document.h"

bool
sv_erp_configured(const sv_settings_t *settings)
{
    return settings->erp_mapping[0] != '\0' && settings->erp_connection_file[0] != '\0';
}

/* The latest run by `order`; NULL: there is none. */
static sv_status_t
sv_erp_latest_run(sv_store_t *store, const bson_t *filter, const char *order, sv_arena_t *arena, const bson_t **run,
                  sv_error_t *error)
{
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", order, BCON_INT32(-1), "}", "limit", BCON_INT64(1)), arena);
    mongoc_cursor_t *cursor;
    const bson_t *found;

    *run = NULL;
    if (sv_store_find(store, SV_COLLECTION_ERP_RUNS, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    if (mongoc_cursor_next(cursor, &found)) {
        *run = sv_doc_copy(found, arena);
    }
    sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return error->status;
}

sv_status_t
sv_erp_sync_round(sv_store_t *store, sv_redis_client_t *redis, int64_t *requested, sv_error_t *error)
{
    static const sv_principal_t nobody = { .user_id = "erp-sync", .username = "erp-sync", .role = SV_ROLE_ADMIN };
    const sv_settings_t *settings = store->settings;
    sv_arena_t *arena = error->arena;
    bson_t *pending = sv_doc_take(BCON_NEW("type", "erp.import", "pending", BCON_BOOL(true)), arena);
    const bson_t *found = NULL;
    const char *job_id;
    int64_t now_ms;
    bool created;

    *requested = 0;
    if (!sv_erp_configured(settings) || settings->erp_sync_interval == 0 ||
        sv_store_find_one(store, SV_COLLECTION_JOBS, pending, NULL, arena, &found, error) != SV_OK || found != NULL ||
        sv_erp_latest_run(store, sv_doc_new(arena), "started_at", arena, &found, error) != SV_OK ||
        sv_store_now(store, &now_ms, error) != SV_OK ||
        (found != NULL && now_ms - sv_doc_time(found, "started_at") < settings->erp_sync_interval * 1000)) {
        return error->status;
    }
    if (sv_erp_run_request(store, &nobody, false, arena, &found, &created, error) == SV_OK && created) {
        *requested = 1;
        job_id = sv_doc_text(found, "job_id", arena);
        sv_dispatch(redis, SV_QUEUE_DEFAULT, &job_id, 1, SV_DISPATCH_KEEP, NULL, error);
    }
    return error->status;
}

/* ---- what is told */

static void
sv_erp_run_write_errors(sv_json_writer_t *json, const bson_t *run, sv_arena_t *arena)
{
    const bson_t *errors = sv_doc_child(run, "errors", arena), *one;

    sv_json_array(json, "errors");
    for (size_t i = 0; errors != NULL && (one = sv_doc_child(errors, sv_arena_printf(arena, "%zu", i), arena)) != NULL;
         i++) {
        sv_json_object(json, NULL);
        sv_json_int(json, "row", sv_doc_int(one, "row"));
        sv_json_text(json, "item_code", sv_doc_text(one, "item_code", arena));
        sv_json_text(json, "field", sv_doc_text(one, "field", arena));
        sv_json_text(json, "message", sv_doc_text(one, "message", arena));
        sv_json_end(json);
    }
    sv_json_end(json);
}

/* A run is its job: how that stands says what became of it. */
static sv_status_t
sv_erp_run_write(sv_store_t *store, const char *name, const bson_t *run, sv_json_writer_t *json, sv_arena_t *arena,
                 sv_error_t *error)
{
    static const char *const counts[] = { "rows",      "items",   "created",  "changed",
                                          "unchanged", "refused", "delisted", "movements" };
    const char *job_id, *status;
    const bson_t *job = NULL;
    bson_t *filter;

    if (run == NULL) {
        sv_json_null(json, name);
        return SV_OK;
    }
    job_id = sv_doc_text(run, "run_id", arena);
    filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(job_id)), arena);
    if (sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, arena, &job, error) != SV_OK) {
        return error->status;
    }
    status = strcmp(sv_doc_text(run, "status", arena), "done") == 0 ? "succeeded" : NULL;
    if (status == NULL) {
        status = job == NULL ? "failed" : sv_doc_text(job, "status", arena);
    }
    sv_json_object(json, name);
    sv_json_text(json, "job_id", job_id);
    sv_json_text(json, "status", status);
    sv_json_bool(json, "full", sv_doc_bool(run, "full"));
    sv_json_time(json, "started_at", sv_doc_time(run, "started_at"));
    sv_json_time(json, "finished_at", sv_doc_time(run, "finished_at"));
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        sv_json_int(json, counts[i], sv_doc_int(run, counts[i]));
    }
    sv_json_text(json, "error", job == NULL ? NULL : sv_doc_text(job, "error.message", arena));
    sv_erp_run_write_errors(json, run, arena);
    sv_json_end(json);
    return SV_OK;
}

sv_status_t
sv_erp_sync_write(sv_store_t *store, const sv_erp_state_t *state, sv_json_writer_t *json, sv_arena_t *arena,
                  sv_error_t *error)
{
    const bson_t *last = NULL, *done = NULL;

    if (sv_erp_latest_run(store, sv_doc_new(arena), "started_at", arena, &last, error) != SV_OK ||
        sv_erp_latest_run(store, sv_doc_take(BCON_NEW("status", "done"), arena), "finished_at", arena, &done, error) !=
            SV_OK) {
        return error->status;
    }
    sv_json_object(json, NULL);
    sv_json_text(json, "state", sv_erp_state_word(state));
    sv_json_text(json, "last_error", state->cause);
    sv_json_int(json, "interval_seconds", store->settings->erp_sync_interval);
    if (sv_erp_run_write(store, "last_run", last, json, arena, error) == SV_OK) {
        sv_erp_run_write(store, "last_success", done, json, arena, error);
    }
    sv_json_end(json);
    return error->status;
}
