#include <string.h>

#include "core/adjust/approve_steps.h"
#include "core/audit/audit.h"
#include "core/counts/book.h"
#include "core/jobs/handler_calls.h"
#include "core/jobs/job.h"
#include "core/review/unsent.h"
#include "core/stock/adjusted.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/row_texts.h"
#include "core/store/transaction.h"
#include "core/warehouse/warehouse.h"

static const char *
sv_approver_name(const sv_approval_t *approval)
{
    return sv_doc_text(approval->job->claim->params, "full_name", approval->job->arena);
}

/* The guard of every write: the attempt is still this one's, and the count is under its approval. */
static bson_t *
sv_approval_filter(const sv_approval_t *approval, sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("session_id", BCON_UTF8(approval->count_id), "status", "APPROVING", "approval.job_id",
                                BCON_UTF8(approval->job->claim->job_id)),
                       arena);
}

static sv_status_t
sv_approval_hold(sv_store_t *store, const sv_approval_t *approval, sv_error_t *error)
{
    bool held = false;

    if (sv_job_hold(store, approval->job->claim, &held, error) == SV_OK && !held) {
        return sv_job_run_give_up(approval->job, error);
    }
    return error->status;
}

static sv_status_t
sv_approval_audit(sv_store_t *store, const sv_approval_t *approval, const char *action, const bson_t *details,
                  sv_error_t *error)
{
    const sv_job_claim_t *claim = approval->job->claim;
    const sv_principal_t who = { .user_id = claim->requested_by,
                                 .username = sv_doc_text(claim->params, "username", approval->job->arena),
                                 .full_name = sv_approver_name(approval),
                                 .role = claim->role };
    const sv_audit_t entry = {
        .action = action, .count_id = approval->count_id, .warehouse = approval->count.warehouse, .details = details
    };

    return sv_audit_write(store, &who, &entry, error);
}

/* ---- RECONCILE -> APPROVING */

static sv_status_t
sv_begin_write(sv_store_t *store, const sv_approval_t *approval, sv_error_t *error)
{
    const sv_job_claim_t *claim = approval->job->claim;
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(approval->count_id)), error->arena);
    bson_t *update = sv_doc_new(error->arena), set, mark;
    int64_t now_ms = 0;

    if (sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BCON_APPEND(&set, "status", "APPROVING", "settling", BCON_BOOL(true));
    BSON_APPEND_DOCUMENT_BEGIN(&set, "approval", &mark);
    sv_doc_put_text(&mark, "job_id", claim->job_id);
    sv_doc_put_text(&mark, "user_id", claim->requested_by);
    sv_doc_put_text(&mark, "full_name", sv_approver_name(approval));
    sv_doc_put_text(&mark, "note", approval->note);
    sv_doc_put_time(&mark, "at", now_ms);
    bson_append_document_end(&set, &mark);
    bson_append_document_end(update, &set);
    return sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
}

static sv_status_t
sv_begin_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_approval_t *approval = context;
    const char *status, *job_id;

    approval->approved = false;
    if (sv_approval_hold(store, approval, error) != SV_OK ||
        sv_count_find(store, approval->count_id, approval->job->arena, &approval->count, error) != SV_OK) {
        return error->status;
    }
    status = approval->count.status;
    approval->approved = strcmp(status, "APPROVED") == 0;
    if (approval->approved) {
        return SV_OK;
    }
    if (strcmp(status, "APPROVING") == 0) {
        /* Its job ended in the midst; there is one at a time. */
        job_id = sv_doc_text(approval->count.document, "approval.job_id", approval->job->arena);
        return job_id != NULL && strcmp(job_id, approval->job->claim->job_id) == 0
                   ? SV_OK
                   : sv_begin_write(store, approval, error);
    }
    if (sv_count_is_over(status)) {
        return sv_fail(error, SV_ERR_SESSION_CLOSED, NULL);
    }
    if (strcmp(status, "RECONCILE") != 0) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The count is %s: it is reconciled before it is approved", status);
    }
    if (sv_begin_write(store, approval, error) != SV_OK) {
        return error->status;
    }
    return sv_approval_audit(store, approval, "count.approve", NULL, error);
}

sv_status_t
sv_approval_begin(sv_approval_t *approval, sv_error_t *error)
{
    return sv_transaction_run(approval->job->store, sv_begin_body, approval, error);
}

/* ---- back to RECONCILE */

typedef struct {
    sv_approval_t *approval;
    const sv_error_t *reason;
} sv_taking_back_t;

static void
sv_put_bars(bson_t *set, const sv_undecided_t *bars)
{
    bson_t array, row;

    BSON_APPEND_ARRAY_BEGIN(set, "approval.undecided", &array);
    for (size_t i = 0; i < bars->count; i++) {
        char digits[16];
        const char *key;

        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(&array, key, &row);
        sv_doc_put_text(&row, "reason", sv_bar_reasons[bars->rows[i].reason]);
        sv_doc_put_text(&row, "item_code", bars->rows[i].item_code);
        sv_doc_put_text(&row, "lot", bars->rows[i].lot);
        sv_doc_put_text(&row, "rack_id", bars->rows[i].rack_id);
        bson_append_document_end(&array, &row);
    }
    bson_append_array_end(set, &array);
    BSON_APPEND_BOOL(set, "approval.more", bars->more);
}

static sv_status_t
sv_take_back_body(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_taking_back_t *back = context;
    const sv_approval_t *approval = back->approval;
    const char *code = sv_status_code(back->reason->status);
    bson_t *update = sv_doc_new(error->arena), *details, set;
    int64_t matched = 0;

    if (sv_approval_hold(store, approval, error) != SV_OK) {
        return error->status;
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BCON_APPEND(&set, "status", "RECONCILE", "settling", BCON_BOOL(true), "approval.code", BCON_UTF8(code));
    sv_doc_put_text(&set, "approval.message",
                    back->reason->message != NULL ? back->reason->message : sv_status_message(back->reason->status));
    sv_put_bars(&set, &approval->bars);
    bson_append_document_end(update, &set);
    if (sv_store_update_one(store, SV_COLLECTION_SESSIONS, sv_approval_filter(approval, error->arena), update, &matched,
                            error) != SV_OK ||
        matched == 0) {
        return error->status;
    }
    details = sv_doc_take(BCON_NEW("code", BCON_UTF8(code)), error->arena);
    return sv_approval_audit(store, approval, "count.approve_refused", details, error);
}

sv_status_t
sv_approval_take_back(sv_approval_t *approval, sv_error_t *error)
{
    sv_taking_back_t back = { approval, error };
    sv_error_t own;

    sv_error_init(&own, error->arena);
    if (sv_adjustment_lines_discard(approval->job->store, approval->count_id, &own) != SV_OK ||
        sv_transaction_run(approval->job->store, sv_take_back_body, &back, &own) != SV_OK) {
        *error = own;
    }
    return error->status;
}

/* ---- APPROVING -> APPROVED */

/* The racks that were compared; null: the whole warehouse was. */
static sv_status_t
sv_publish_put_racks(sv_store_t *store, const sv_approval_t *approval, bson_t *head, sv_error_t *error)
{
    sv_row_texts_t racks = { .field = "rack_id", .arena = error->arena };
    sv_book_scope_t scope;
    bson_t *filter, array;

    if (sv_book_scope_read(store, approval->count.document, error->arena, &scope, error) != SV_OK) {
        return error->status;
    }
    if (scope.standing) {
        filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(approval->count_id), "completed", BCON_BOOL(true)),
                             error->arena);
        if (sv_store_each(store, SV_COLLECTION_RACK_BOOKS, filter, NULL, sv_row_texts_take, &racks, error) != SV_OK) {
            return error->status;
        }
    } else if (scope.whole) {
        BSON_APPEND_NULL(head, "racks");
        return SV_OK;
    } else {
        racks.texts = scope.racks;
        racks.count = scope.rack_count;
    }
    BSON_APPEND_ARRAY_BEGIN(head, "racks", &array);
    for (size_t i = 0; i < racks.count; i++) {
        char digits[16];
        const char *key;

        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_UTF8(&array, key, racks.texts[i]);
    }
    bson_append_array_end(head, &array);
    return SV_OK;
}

static sv_status_t
sv_publish_head(sv_store_t *store, const sv_approval_t *approval, sv_error_t *error)
{
    const sv_job_claim_t *claim = approval->job->claim;
    const sv_adjustment_sums_t *sums = &approval->writer.sums;
    bson_t *head = sv_doc_new(error->arena), by;
    sv_warehouse_t warehouse;
    sv_unsent_t unsent;
    int64_t now_ms = 0;
    /* Nothing of it is to be sent: it has nowhere to go. */
    bool empty = sums->lines == sums->superseded;

    if (sv_store_now(store, &now_ms, error) != SV_OK ||
        sv_warehouse_read(store, approval->count.warehouse, error->arena, &warehouse, error) != SV_OK ||
        sv_unsent_read(store, approval->count_id, &unsent, error->arena, error) != SV_OK) {
        return error->status;
    }
    sv_doc_put_text(head, "adjustment_id", approval->count_id);
    BCON_APPEND(head, "kind", "approve");
    sv_doc_put_text(head, "count_id", approval->count_id);
    sv_doc_put_text(head, "warehouse", approval->count.warehouse);
    BSON_APPEND_INT64(head, "seq", approval->seq);
    sv_doc_put_text(head, "status", sv_adjustment_status_name(empty ? SV_ADJUSTMENT_POSTED : SV_ADJUSTMENT_APPROVED));
    sv_adjustment_sums_put(head, sums);
    sv_doc_put_text(head, "currency", warehouse.currency);
    BSON_APPEND_DOCUMENT_BEGIN(head, "approved_by", &by);
    sv_doc_put_text(&by, "user_id", claim->requested_by);
    sv_doc_put_text(&by, "full_name", sv_approver_name(approval));
    bson_append_document_end(head, &by);
    sv_doc_put_text(head, "note", approval->note);
    sv_doc_put_time(head, "approved_at", now_ms);
    sv_unsent_put(head, "unsent", &unsent);
    return sv_publish_put_racks(store, approval, head, error) == SV_OK
               ? sv_store_insert(store, SV_COLLECTION_ADJUSTMENTS, head, error)
               : error->status;
}

typedef struct {
    sv_approval_t *approval;
    bool published;
} sv_publishing_t;

static sv_status_t
sv_publish_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_publishing_t *publishing = context;
    const sv_approval_t *approval = publishing->approval;
    bson_t *filter = sv_approval_filter(approval, error->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "status", "APPROVED", "settling", BCON_BOOL(true), "}",
                                          "$currentDate", "{", "approved_at", BCON_BOOL(true), "}"),
                                 error->arena);
    bson_t *details = sv_doc_take(BCON_NEW("lines", BCON_INT64(approval->writer.sums.lines)), error->arena);
    int64_t matched = 0;

    publishing->published = false;
    if (sv_approval_hold(store, approval, error) != SV_OK) {
        return error->status;
    }
    if (approval->has_derivations) {
        BSON_APPEND_INT64(filter, "derivations", approval->derivations);
    } else {
        BSON_APPEND_NULL(filter, "derivations");
    }
    if (sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, &matched, error) != SV_OK || matched == 0) {
        return error->status;
    }
    if (sv_publish_head(store, approval, error) != SV_OK) {
        return error->status;
    }
    publishing->published = true;
    sv_doc_put_quantity(details, "gross_value", approval->writer.sums.gross_value);
    return sv_approval_audit(store, approval, "count.approved", details, error);
}

sv_status_t
sv_approval_publish(sv_approval_t *approval, bool *published, sv_error_t *error)
{
    sv_publishing_t publishing = { .approval = approval };

    sv_transaction_run(approval->job->store, sv_publish_body, &publishing, error);
    if (error->status == SV_ERR_ALREADY_EXISTS) {
        sv_error_clear(error); /* another adjustment of the warehouse has taken the number */
        publishing.published = false;
    }
    *published = publishing.published;
    return error->status;
}
