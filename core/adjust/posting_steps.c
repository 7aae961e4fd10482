#include <string.h>

#include "core/adjust/posting.h"
#include "core/audit/audit.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

/* One row a step of a person: from where to where, what becomes of lines. */
typedef struct {
    const char *from[3]; /* NULL after the last */
    const char *to;
    const char *line_from, *line_to; /* NULL: lines stay */
    const char *audit;
} sv_step_row_t;

static const sv_step_row_t sv_steps[] = {
    [SV_POSTING_POST] = { { "approved", "stopped", NULL }, "posting", NULL, NULL, "adjustment.post" },
    [SV_POSTING_LOADED] = { { "approved", NULL }, "posted", "pending", "applied", "adjustment.loaded" },
    [SV_POSTING_STOP] = { { "posting", NULL }, "stopped", NULL, NULL, "adjustment.stop" },
    [SV_POSTING_RETRY] = { { "refused", NULL }, "posting", "refused", "pending", "adjustment.retry" },
};

typedef struct {
    const sv_principal_t *who;
    const char *adjustment_id;
    sv_posting_step_t step;
    sv_arena_t *arena;
    const bson_t *head;
} sv_step_work_t;

static bool
sv_step_starts_at(const sv_step_row_t *row, const char *status)
{
    for (size_t i = 0; row->from[i] != NULL; i++) {
        if (strcmp(row->from[i], status) == 0) {
            return true;
        }
    }
    return false;
}

static sv_status_t
sv_step_move_lines(sv_store_t *store, const sv_step_work_t *work, const sv_step_row_t *row, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("adjustment_id", BCON_UTF8(work->adjustment_id), "posting.state", BCON_UTF8(row->line_from)),
        work->arena);
    bson_t *update =
        sv_doc_take(BCON_NEW("$set", "{", "posting.state", BCON_UTF8(row->line_to), "posting.attempts", BCON_INT64(0),
                             "}", "$unset", "{", "posting.error", "", "posting.not_before", "", "}"),
                    work->arena);

    if (work->step == SV_POSTING_LOADED) {
        BCON_APPEND(update, "$currentDate", "{", "posting.sent_at", BCON_BOOL(true), "posting.at", BCON_BOOL(true),
                    "}");
    }
    return sv_store_update_many(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, update, NULL, error);
}

/* By a job that goes on: the mark of one that ended in the midst says nothing. */
static sv_status_t
sv_step_is_reversed(sv_store_t *store, const sv_step_work_t *work, const sv_adjustment_t *adjustment, bool *reversed,
                    sv_error_t *error)
{
    const char *job_id = sv_doc_text(adjustment->document, "reversing", work->arena);
    const bson_t *job = NULL;

    if (job_id != NULL) {
        bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(job_id), "pending", BCON_BOOL(true)), work->arena);

        sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, work->arena, &job, error);
    }
    *reversed = job != NULL;
    return error->status;
}

static sv_status_t
sv_step_check(sv_store_t *store, const sv_step_work_t *work, const sv_adjustment_t *adjustment, sv_error_t *error)
{
    const sv_step_row_t *row = &sv_steps[work->step];
    bool reversed;

    if (strcmp(row->to, "posting") == 0 && !store->settings->erp_write_back) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "ERP_WRITE_BACK is off: load the adjustment's file into the ERP");
    }
    if (sv_step_is_reversed(store, work, adjustment, &reversed, error) != SV_OK) {
        return error->status;
    }
    if (reversed) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The adjustment is being reversed");
    }
    if (!sv_step_starts_at(row, adjustment->status)) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The adjustment is %s", adjustment->status);
    }
    return SV_OK;
}

static sv_status_t
sv_step_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_step_work_t *work = context;
    const sv_step_row_t *row = &sv_steps[work->step];
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(work->adjustment_id)), work->arena), *update;
    sv_adjustment_t adjustment;
    sv_audit_t entry;

    if (sv_adjustment_find(store, work->adjustment_id, work->arena, &adjustment, error) != SV_OK) {
        return error->status;
    }
    work->head = adjustment.document;
    if (strcmp(adjustment.status, row->to) == 0) {
        return SV_OK;
    }
    if (sv_step_check(store, work, &adjustment, error) != SV_OK) {
        return error->status;
    }
    update = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8(row->to), "}", "$unset", "{", "error", "",
                                  "reversing", "", "}"),
                         work->arena);
    if (work->step == SV_POSTING_POST) {
        BCON_APPEND(update, "$currentDate", "{", "posting_since", BCON_BOOL(true), "}");
    } else if (work->step == SV_POSTING_LOADED) {
        BCON_APPEND(update, "$currentDate", "{", "posted_at", BCON_BOOL(true), "}");
    }
    if (sv_store_find_and_update(store, SV_COLLECTION_ADJUSTMENTS, filter, update, true, false, work->arena,
                                 &work->head, error) != SV_OK ||
        (row->line_from != NULL && sv_step_move_lines(store, work, row, error) != SV_OK)) {
        return error->status;
    }
    entry =
        (sv_audit_t){ .action = row->audit,
                      .count_id = adjustment.count_id,
                      .warehouse = adjustment.warehouse,
                      .details = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(work->adjustment_id)), work->arena) };
    return sv_audit_write(store, work->who, &entry, error);
}

sv_status_t
sv_posting_take_step(sv_store_t *store, const sv_principal_t *who, const char *adjustment_id, sv_posting_step_t step,
                     sv_arena_t *arena, const bson_t **head, sv_error_t *error)
{
    sv_step_work_t work = { .who = who, .adjustment_id = adjustment_id, .step = step, .arena = arena };

    sv_transaction_run(store, sv_step_body, &work, error);
    *head = work.head;
    return error->status;
}
