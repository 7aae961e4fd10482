#include "core/erp/run.h"

#include <string.h>

#include "core/store/document.h"

sv_status_t
sv_erp_run_request(sv_store_t *store, const sv_principal_t *who, bool full, sv_arena_t *arena, const bson_t **job,
                   bool *created, sv_error_t *error)
{
    const sv_job_request_t request = {
        .type = "erp.import",
        .params = sv_doc_take(BCON_NEW("full", BCON_BOOL(full)), arena),
        .unique_key = "erp.import",
    };

    if (sv_job_request(store, who, &request, arena, job, created, error) == SV_OK && !*created &&
        sv_doc_bool(*job, "params.full") != full) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "Another import is under way: job %s",
                       sv_doc_text(*job, "job_id", arena));
    }
    return error->status;
}

/* The latest run that ended; NULL: there is none. */
static sv_status_t
sv_erp_last_done(sv_store_t *store, sv_arena_t *arena, const bson_t **run, sv_error_t *error)
{
    return sv_store_find_first(store, SV_COLLECTION_ERP_RUNS, sv_doc_take(BCON_NEW("status", "done"), arena),
                               sv_doc_take(BCON_NEW("sort", "{", "finished_at", BCON_INT32(-1), "}"), arena), arena,
                               run, error);
}

static sv_status_t
sv_erp_run_insert(sv_store_t *store, const sv_job_claim_t *claim, bool full, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *run = sv_doc_new(arena);
    const bson_t *last = NULL;
    const char *mark;
    int64_t now_ms, moved_ms;

    if (sv_erp_last_done(store, arena, &last, error) != SV_OK || sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    mark = full || last == NULL ? NULL : sv_doc_text(last, "mark", arena);
    moved_ms = last == NULL ? 0 : sv_doc_time(last, "moved_until");
    BCON_APPEND(run, "run_id", BCON_UTF8(claim->job_id), "status", "running", "full", BCON_BOOL(mark == NULL), "errors",
                "[", "]", "after", "");
    sv_doc_put_text(run, "since", mark);
    sv_doc_put_text(run, "mark", mark);
    sv_doc_put_time(run, "started_at", now_ms);
    sv_doc_put_time(run, "moved_from",
                    moved_ms > 0 ? moved_ms - SV_ERP_MOVEMENTS_AGAIN_MS : now_ms - SV_ERP_MOVEMENTS_FIRST_MS);
    sv_doc_put_time(run, "moved_until", moved_ms);
    sv_store_insert(store, SV_COLLECTION_ERP_RUNS, run, error);
    if (error->status == SV_ERR_ALREADY_EXISTS) {
        sv_error_clear(error);
    }
    return error->status;
}

sv_status_t
sv_erp_run_begin(sv_store_t *store, const sv_job_claim_t *claim, bool full, bool may_go_on, sv_arena_t *arena,
                 sv_erp_run_t *run, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("run_id", BCON_UTF8(claim->job_id)), arena);
    const bson_t *found = NULL;
    int64_t now_ms;

    if (sv_store_now(store, &now_ms, error) == SV_OK &&
        sv_store_find_one(store, SV_COLLECTION_ERP_RUNS, filter, NULL, arena, &found, error) == SV_OK &&
        found == NULL && sv_erp_run_insert(store, claim, full, arena, error) == SV_OK) {
        sv_store_find_one(store, SV_COLLECTION_ERP_RUNS, filter, NULL, arena, &found, error);
    }
    if (error->status != SV_OK) {
        return error->status;
    }
    *run = (sv_erp_run_t){ .run_id = claim->job_id,
                           .full = sv_doc_bool(found, "full"),
                           .since = sv_doc_text(found, "since", arena),
                           .mark = sv_doc_text(found, "mark", arena),
                           .after = "",
                           .moved_from_ms = sv_doc_time(found, "moved_from"),
                           .moved_to_ms = now_ms };
    if (may_go_on) {
        run->after = sv_doc_text(found, "after", arena);
        run->before = (sv_erp_taken_t){ .rows = sv_doc_int(found, "rows"),
                                        .items = sv_doc_int(found, "items"),
                                        .created = sv_doc_int(found, "created"),
                                        .changed = sv_doc_int(found, "changed"),
                                        .unchanged = sv_doc_int(found, "unchanged"),
                                        .refused = sv_doc_int(found, "refused") };
    }
    return SV_OK;
}

static void
sv_erp_run_put_errors(bson_t *update, const bson_t *errors)
{
    if (errors != NULL && !bson_empty(errors)) {
        BCON_APPEND(update, "$push", "{", "errors", "{", "$each", BCON_ARRAY(errors), "$slice",
                    BCON_INT32(SV_ERP_RUN_ERRORS), "}", "}");
    }
}

sv_status_t
sv_erp_run_note(sv_store_t *store, const sv_erp_run_t *run, const sv_erp_taken_t *taken, const bson_t *errors,
                sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("run_id", BCON_UTF8(run->run_id)), error->arena);
    bson_t *update = sv_doc_new(error->arena), set;
    const char *mark = taken->mark != NULL && sv_erp_mark_later(taken->mark, run->mark) ? taken->mark : run->mark;
    int64_t matched;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BCON_APPEND(&set, "rows", BCON_INT64(run->before.rows + taken->rows), "items",
                BCON_INT64(run->before.items + taken->items), "created",
                BCON_INT64(run->before.created + taken->created), "changed",
                BCON_INT64(run->before.changed + taken->changed), "unchanged",
                BCON_INT64(run->before.unchanged + taken->unchanged), "refused",
                BCON_INT64(run->before.refused + taken->refused));
    sv_doc_put_text(&set, "after", taken->after != NULL ? taken->after : run->after);
    sv_doc_put_text(&set, "mark", mark);
    bson_append_document_end(update, &set);
    sv_erp_run_put_errors(update, errors);
    return sv_store_update_one(store, SV_COLLECTION_ERP_RUNS, filter, update, &matched, error);
}

sv_status_t
sv_erp_run_note_moved(sv_store_t *store, const sv_erp_run_t *run, const sv_erp_moved_t *moved, const bson_t *errors,
                      sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("run_id", BCON_UTF8(run->run_id)), error->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "movements", BCON_INT64(moved->rows), "movements_refused",
                                          BCON_INT64(moved->refused), "}"),
                                 error->arena);
    int64_t matched;

    if (moved->latest_ms > 0) {
        BCON_APPEND(update, "$max", "{", "moved_until", BCON_DATE_TIME(moved->latest_ms), "}");
    }
    sv_erp_run_put_errors(update, errors);
    return sv_store_update_one(store, SV_COLLECTION_ERP_RUNS, filter, update, &matched, error);
}

sv_status_t
sv_erp_run_end(sv_store_t *store, const sv_erp_run_t *run, int64_t delisted, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("run_id", BCON_UTF8(run->run_id)), error->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "status", "done", "delisted", BCON_INT64(delisted), "}",
                                          "$currentDate", "{", "finished_at", BCON_BOOL(true), "}"),
                                 error->arena);
    int64_t matched;

    return sv_store_update_one(store, SV_COLLECTION_ERP_RUNS, filter, update, &matched, error);
}
