#include "core/adjust/reverse.h"

#include <string.h>

#include "core/adjust/approve_steps.h"
#include "core/adjust/tell.h"
#include "core/audit/audit.h"
#include "core/jobs/handler_calls.h"
#include "core/stock/adjusted.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

enum { SV_REVERSE_ROUNDS = 50 };

typedef struct {
    sv_job_run_t *job;
    const char *adjustment_id; /* what is reversed */
    const char *note;
    sv_adjustment_t original;
    bool done; /* by an earlier attempt */
    int64_t seq;
    int64_t to_post; /* lines that are sent */
    sv_line_writer_t writer;
} sv_reversal_t;

/* What may be reversed: nothing of it is on its way. */
static sv_status_t
sv_reverse_check(const sv_settings_t *settings, sv_role_t role, const sv_adjustment_t *adjustment, sv_error_t *error)
{
    if (adjustment->reversal) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "It is a reversal: what it takes back is counted again instead");
    }
    if (adjustment->reversed_by != NULL) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "It was reversed by %s", adjustment->reversed_by);
    }
    if (strcmp(adjustment->status, "posting") == 0) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "It is being posted: stop it first");
    }
    if (strcmp(adjustment->status, "approved") == 0 && sv_doc_has(adjustment->document, "exported_at")) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE,
                       "A file of it was made: say first that it was loaded, or post it to be sure what the ERP has");
    }
    return sv_approval_check_limit(settings, role, sv_doc_quantity(adjustment->document, "gross_value"),
                                   sv_doc_int(adjustment->document, "unvalued"), error);
}

sv_status_t
sv_reverse_request(sv_store_t *store, const sv_principal_t *who, const char *adjustment_id, const char *note,
                   sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error)
{
    sv_job_request_t request = { .type = "adjustment.reverse",
                                 .unique_key = sv_arena_printf(arena, "adjustment.reverse:%s", adjustment_id),
                                 .resource_type = "adjustment",
                                 .resource_url = "/api/adjustments/" };
    sv_adjustment_t adjustment;

    if (sv_adjustment_find(store, adjustment_id, arena, &adjustment, error) != SV_OK ||
        sv_reverse_check(store->settings, who->role, &adjustment, error) != SV_OK) {
        return error->status;
    }
    request.params = sv_approval_job_params("adjustment_id", adjustment_id, note, who, arena);
    return sv_job_request(store, who, &request, arena, job, created, error);
}

static sv_status_t
sv_reverse_hold(sv_store_t *store, const sv_reversal_t *reversal, sv_error_t *error)
{
    bool held = false;

    if (sv_job_hold(store, reversal->job->claim, &held, error) == SV_OK && !held) {
        return sv_job_run_give_up(reversal->job, error);
    }
    return error->status;
}

/* From now on it is neither posted nor loaded. */
static sv_status_t
sv_reverse_begin_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_reversal_t *reversal = context;
    const char *job_id = reversal->job->claim->job_id;
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(reversal->adjustment_id)), error->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "reversing", BCON_UTF8(job_id), "}"), error->arena);
    bson_t *sent = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(reversal->adjustment_id), "posting.state", "sent"),
                               error->arena);
    int64_t in_doubt = 0;
    sv_role_t role;

    if (sv_reverse_hold(store, reversal, error) != SV_OK ||
        sv_adjustment_find(store, reversal->adjustment_id, reversal->job->arena, &reversal->original, error) != SV_OK) {
        return error->status;
    }
    reversal->done = reversal->original.reversed_by != NULL && strcmp(reversal->original.reversed_by, job_id) == 0;
    if (reversal->done) {
        return SV_OK;
    }
    if (sv_approval_role(reversal->job, &role, error) != SV_OK ||
        sv_reverse_check(store->settings, role, &reversal->original, error) != SV_OK ||
        sv_store_count(store, SV_COLLECTION_ADJUSTMENT_LINES, sent, &in_doubt, error) != SV_OK) {
        return error->status;
    }
    if (in_doubt > 0) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE,
                       "The ERP did not say yet whether it has %lld lines of it: post it until that is settled",
                       (long long) in_doubt);
    }
    return sv_store_update_one(store, SV_COLLECTION_ADJUSTMENTS, filter, update, NULL, error);
}

/* ---- its lines */

static bson_t *
sv_reverse_origin(const bson_t *row, sv_arena_t *arena)
{
    bson_t *origin = sv_doc_new(arena);

    BSON_APPEND_INT64(origin, "reverses_n", sv_doc_int(row, "n"));
    sv_doc_put_time(origin, "counted_at", sv_doc_time(row, "counted_at"));
    return origin;
}

static void
sv_reverse_take_line(sv_reversal_t *reversal, sv_line_feed_t *feed, const bson_t *row, sv_arena_t *arena,
                     sv_error_t *error)
{
    const char *state = sv_doc_text(row, "posting.state", arena);
    sv_adjustment_line_t line = { .item_code = sv_doc_text(row, "item_code", arena),
                                  .lot = sv_doc_text(row, "lot", arena),
                                  .uom = sv_doc_text(row, "uom", arena),
                                  .delta = -sv_doc_quantity(row, "delta"),
                                  .has_cost = sv_doc_has(row, "unit_cost"),
                                  .unit_cost = sv_doc_quantity(row, "unit_cost"),
                                  .state = SV_POSTING_WITHDRAWN };

    if (state == NULL || strcmp(state, "superseded") == 0) {
        return;
    }
    if (strcmp(state, "applied") == 0) {
        line.state = SV_POSTING_PENDING;
        reversal->to_post++;
    }
    line.lot = line.lot != NULL ? line.lot : "";
    line.origin = sv_reverse_origin(row, arena);
    sv_line_feed_add(feed, &line, error);
}

static sv_status_t
sv_reverse_read_lines(sv_line_feed_t *feed, sv_store_t *store, void *context, sv_error_t *error)
{
    sv_reversal_t *reversal = context;
    bson_t *filter = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(reversal->adjustment_id)), error->arena);
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "n", BCON_INT32(1), "}"), error->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;

    if (sv_store_find(store, SV_COLLECTION_ADJUSTMENT_LINES, filter, options, &cursor, error) != SV_OK) {
        return error->status;
    }
    while (error->status == SV_OK && mongoc_cursor_next(cursor, &row)) {
        sv_arena_t *arena = sv_arena_create();

        sv_reverse_take_line(reversal, feed, row, arena, error);
        sv_arena_destroy(arena);
    }
    if (error->status == SV_OK) {
        sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return error->status;
}

static sv_status_t
sv_reverse_write_lines(sv_reversal_t *reversal, sv_error_t *error)
{
    reversal->to_post = 0;
    reversal->writer = (sv_line_writer_t){ .job = reversal->job,
                                           .adjustment_id = reversal->job->claim->job_id,
                                           .count_id = reversal->original.count_id,
                                           .warehouse = reversal->original.warehouse,
                                           .seq = reversal->seq };
    return sv_line_writer_run(&reversal->writer, sv_reverse_read_lines, reversal, error);
}

/* ---- publishing it */

static sv_status_t
sv_reverse_put_head(sv_store_t *store, const sv_reversal_t *reversal, sv_error_t *error)
{
    const sv_job_claim_t *claim = reversal->job->claim;
    const sv_adjustment_t *original = &reversal->original;
    bson_t *head = sv_doc_new(error->arena), by;
    bson_iter_t racks;
    int64_t now_ms = 0;

    if (sv_store_now(store, &now_ms, error) != SV_OK) {
        return error->status;
    }
    sv_doc_put_text(head, "adjustment_id", claim->job_id);
    BCON_APPEND(head, "kind", "reversal");
    sv_doc_put_text(head, "count_id", original->count_id);
    sv_doc_put_text(head, "reverses", original->adjustment_id);
    BSON_APPEND_INT64(head, "reverses_seq", original->seq);
    sv_doc_put_text(head, "warehouse", original->warehouse);
    BSON_APPEND_INT64(head, "seq", reversal->seq);
    sv_doc_put_text(head, "status",
                    sv_adjustment_status_name(reversal->to_post > 0 ? SV_ADJUSTMENT_APPROVED : SV_ADJUSTMENT_POSTED));
    sv_adjustment_sums_put(head, &reversal->writer.sums);
    sv_doc_put_text(head, "currency", sv_doc_text(original->document, "currency", error->arena));
    if (bson_iter_init_find(&racks, original->document, "racks")) {
        bson_append_iter(head, "racks", -1, &racks);
    }
    BSON_APPEND_DOCUMENT_BEGIN(head, "approved_by", &by);
    sv_doc_put_text(&by, "user_id", claim->requested_by);
    sv_doc_put_text(&by, "full_name", sv_doc_text(claim->params, "full_name", error->arena));
    bson_append_document_end(head, &by);
    sv_doc_put_text(head, "note", reversal->note);
    sv_doc_put_time(head, "approved_at", now_ms);
    return sv_store_insert(store, SV_COLLECTION_ADJUSTMENTS, head, error);
}

/* What was not sent of the original never will be. */
static sv_status_t
sv_reverse_withdraw(sv_store_t *store, const sv_reversal_t *reversal, sv_error_t *error)
{
    const char *id = reversal->adjustment_id, *job_id = reversal->job->claim->job_id;
    bson_t *head = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(id), "reversing", BCON_UTF8(job_id)), error->arena);
    bson_t *mark = sv_doc_take(BCON_NEW("$set", "{", "reversed_by", BCON_UTF8(job_id), "status", "posted", "}",
                                        "$unset", "{", "reversing", "", "}"),
                               error->arena);
    bson_t *lines = sv_doc_take(
        BCON_NEW("adjustment_id", BCON_UTF8(id), "posting.state", "{", "$in", "[", "pending", "refused", "]", "}"),
        error->arena);
    bson_t *withdraw = sv_doc_take(BCON_NEW("$set", "{", "posting.state", "withdrawn", "}"), error->arena);
    int64_t matched = 0;

    if (sv_store_update_one(store, SV_COLLECTION_ADJUSTMENTS, head, mark, &matched, error) != SV_OK) {
        return error->status;
    }
    if (matched == 0) {
        return sv_job_run_give_up(reversal->job, error);
    }
    return sv_store_update_many(store, SV_COLLECTION_ADJUSTMENT_LINES, lines, withdraw, NULL, error);
}

static sv_status_t
sv_reverse_publish_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_reversal_t *reversal = context;
    const sv_job_claim_t *claim = reversal->job->claim;
    const sv_principal_t who = { .user_id = claim->requested_by,
                                 .username = sv_doc_text(claim->params, "username", error->arena),
                                 .full_name = sv_doc_text(claim->params, "full_name", error->arena),
                                 .role = claim->role };
    const sv_audit_t entry = { .action = "adjustment.reverse",
                               .count_id = reversal->original.count_id,
                               .warehouse = reversal->original.warehouse,
                               .details = sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(reversal->adjustment_id),
                                                               "reversal_id", BCON_UTF8(claim->job_id)),
                                                      error->arena) };

    if (sv_reverse_hold(store, reversal, error) != SV_OK || sv_reverse_put_head(store, reversal, error) != SV_OK ||
        sv_reverse_withdraw(store, reversal, error) != SV_OK) {
        return error->status;
    }
    return sv_audit_write(store, &who, &entry, error);
}

/* Again with the next number, as long as other adjustments of the warehouse come first. */
static sv_status_t
sv_reverse_make(sv_reversal_t *reversal, sv_error_t *error)
{
    sv_store_t *store = reversal->job->store;

    for (int round = 0; round < SV_REVERSE_ROUNDS; round++) {
        if (sv_adjusted_seq(store, reversal->original.warehouse, reversal->job->arena, &reversal->seq, error) !=
            SV_OK) {
            return error->status;
        }
        reversal->seq++;
        if (sv_reverse_write_lines(reversal, error) != SV_OK ||
            sv_transaction_run(store, sv_reverse_publish_body, reversal, error) != SV_ERR_ALREADY_EXISTS) {
            return error->status;
        }
        sv_error_clear(error);
    }
    return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "adjustment %s finds no number", reversal->job->claim->job_id);
}

/* It may be posted and reversed as before. */
static void
sv_reverse_let_go(const sv_reversal_t *reversal)
{
    sv_store_t *store = reversal->job->store;
    const char *job_id = reversal->job->claim->job_id;
    bson_t *filter =
        sv_doc_take(BCON_NEW("adjustment_id", BCON_UTF8(reversal->adjustment_id), "reversing", BCON_UTF8(job_id)),
                    reversal->job->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$unset", "{", "reversing", "", "}"), reversal->job->arena);
    sv_error_t own;

    sv_error_init(&own, reversal->job->arena);
    sv_adjustment_lines_discard(store, job_id, &own);
    sv_store_update_one(store, SV_COLLECTION_ADJUSTMENTS, filter, update, NULL, &own);
}

sv_status_t
sv_reverse_run(sv_job_run_t *run, sv_error_t *error)
{
    sv_reversal_t reversal = { .job = run,
                               .adjustment_id = sv_doc_text(run->claim->params, "adjustment_id", run->arena),
                               .note = sv_doc_text(run->claim->params, "note", run->arena) };
    sv_kind_t kind;

    if (reversal.adjustment_id == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "The job does not say which adjustment");
    }
    if (sv_transaction_run(run->store, sv_reverse_begin_body, &reversal, error) != SV_OK) {
        return error->status;
    }
    if (!reversal.done && sv_reverse_make(&reversal, error) != SV_OK) {
        kind = sv_status_kind(error->status);
        if ((kind != SV_KIND_UNAVAILABLE && kind != SV_KIND_INTERNAL) || sv_job_run_cancelled(run)) {
            sv_reverse_let_go(&reversal);
        }
        return error->status;
    }
    if (sv_adjustment_tell(run->store, run->claim->job_id, error) != SV_OK) {
        return error->status;
    }
    run->result.resource_type = "adjustment";
    run->result.resource_id = run->claim->job_id;
    run->result.resource_url = sv_arena_printf(run->arena, "/api/adjustments/%s", run->claim->job_id);
    return SV_OK;
}
