#include "core/adjust/approve.h"

#include <string.h>
#include <time.h>

#include "core/adjust/approve_steps.h"
#include "core/adjust/tell.h"
#include "core/counts/count_settle.h"
#include "core/items/lookup.h"
#include "core/jobs/handler_calls.h"
#include "core/stock/adjusted.h"
#include "core/store/document.h"
#include "core/totals/announce.h"

enum { SV_APPROVE_WAIT_MS = 50, SV_APPROVE_ROUNDS = 50 };

/* ---- asking for it */

/* Where nothing waits for its totals the count knows how many of its lines are undecided. */
static sv_status_t
sv_approve_foresee_bars(sv_store_t *store, const sv_count_t *count, sv_undecided_t *bars, sv_arena_t *arena,
                        sv_error_t *error)
{
    if (sv_doc_has(count->document, "summary") && sv_doc_int(count->document, "summary.undecided") == 0) {
        return sv_review_undecided_elsewhere(store, count->session_id, SV_APPROVE_BARS, bars, arena, error);
    }
    return sv_review_undecided(store, count->session_id, SV_APPROVE_BARS, bars, arena, error);
}

/* What is plain already; what is being derived at this moment is left to the job. */
static sv_status_t
sv_approve_foresee(sv_store_t *store, const sv_principal_t *who, const sv_count_t *count, sv_arena_t *arena,
                   sv_error_t *error)
{
    int64_t waiting, failed;
    sv_undecided_t bars;

    if (strcmp(count->status, "OPEN") == 0) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The count is OPEN: it is reconciled before it is approved");
    }
    if (strcmp(count->status, "CLOSED") == 0) {
        return sv_fail(error, SV_ERR_SESSION_CLOSED, NULL);
    }
    if (strcmp(count->status, "RECONCILE") != 0) {
        return SV_OK;
    }
    if (sv_approval_check_live(store, count->session_id, error) != SV_OK ||
        sv_approval_count_touched(store, count->session_id, &waiting, &failed, error) != SV_OK || waiting > 0) {
        return error->status;
    }
    if (sv_approve_foresee_bars(store, count, &bars, arena, error) != SV_OK) {
        return error->status;
    }
    if (bars.count > 0) {
        return sv_approval_fail_undecided(&bars, error);
    }
    return sv_approval_check_limit(store->settings, who->role, sv_doc_quantity(count->document, "summary.gross_value"),
                                   0, error);
}

sv_status_t
sv_approve_request(sv_store_t *store, const sv_principal_t *who, const char *count_id, const char *note,
                   sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error)
{
    sv_job_request_t request = { .type = "count.approve",
                                 .unique_key = sv_arena_printf(arena, "count.approve:%s", count_id),
                                 .resource_type = "adjustment",
                                 .resource_id = count_id,
                                 .resource_url = sv_arena_printf(arena, "/api/adjustments/%s", count_id) };
    sv_count_t count;

    if (sv_count_find(store, count_id, arena, &count, error) != SV_OK ||
        sv_approve_foresee(store, who, &count, arena, error) != SV_OK) {
        return error->status;
    }
    request.params = sv_approval_job_params("count_id", count_id, note, who, arena);
    return sv_job_request(store, who, &request, arena, job, created, error);
}

/* ---- the job */

static sv_status_t
sv_approve_settle(sv_approval_t *approval, sv_error_t *error)
{
    sv_count_settled_t settled;

    return sv_count_settle(approval->job->store, approval->count_id, approval->job->arena, &settled, error);
}

/* Derives some of what the count still waits for, without the duty's rests.  Where the duty has the same lines at hand
 * there is nothing to take: it is waited for. */
static sv_status_t
sv_approve_derive(sv_approval_t *approval, sv_error_t *error)
{
    const struct timespec pause = { .tv_nsec = SV_APPROVE_WAIT_MS * 1000000L };
    sv_job_run_t *job = approval->job;
    sv_totals_t done;

    if (sv_totals_count_round(job->store, approval->count_id, &done, error) == SV_ERR_BUSY) {
        sv_error_clear(error);
    }
    sv_totals_announce(job->redis, &done, job->arena);
    if (error->status == SV_OK && done.touched == 0) {
        nanosleep(&pause, NULL);
    }
    return error->status;
}

/* Until nothing of the count is to be derived any more: no record lands now, so this ends. */
static sv_status_t
sv_approve_settle_totals(sv_approval_t *approval, sv_error_t *error)
{
    sv_job_run_t *job = approval->job;
    int64_t waiting = 1, failed = 0;

    while (waiting > 0) {
        if (sv_approval_count_touched(job->store, approval->count_id, &waiting, &failed, error) != SV_OK) {
            return error->status;
        }
        if (failed > 0) {
            return sv_fail(error, SV_ERR_UNDECIDED, "Totals of %lld lists of items cannot be derived: see the log",
                           (long long) failed);
        }
        if (waiting > 0 && (sv_job_run_progress(job, "totals", 0, waiting, error) != SV_OK ||
                            sv_approve_derive(approval, error) != SV_OK)) {
            return error->status;
        }
    }
    return SV_OK;
}

/* The mark by which it is seen, in the end, that no line changed since. */
static sv_status_t
sv_approve_mark(sv_approval_t *approval, sv_error_t *error)
{
    sv_job_run_t *job = approval->job;

    if (sv_count_find(job->store, approval->count_id, job->arena, &approval->count, error) == SV_OK) {
        approval->has_derivations = sv_doc_has(approval->count.document, "derivations");
        approval->derivations = sv_doc_int(approval->count.document, "derivations");
    }
    return error->status;
}

/* But for its lines, which are looked at as they are written. */
static sv_status_t
sv_approve_check(sv_approval_t *approval, sv_error_t *error)
{
    sv_job_run_t *job = approval->job;

    return sv_review_undecided_elsewhere(job->store, approval->count_id, SV_APPROVE_BARS, &approval->bars, job->arena,
                                         error);
}

/* The number is read first: an adjustment that is published after it takes that number, so that this one cannot be; all
 * of before are in this one's lines, once they were told. */
static sv_status_t
sv_approve_take_number(sv_approval_t *approval, sv_error_t *error)
{
    sv_job_run_t *job = approval->job;

    if (sv_adjusted_seq(job->store, approval->count.warehouse, job->arena, &approval->seq, error) != SV_OK) {
        return error->status;
    }
    approval->seq++;
    return sv_adjustments_tell_all(job->store, approval->count.warehouse, error);
}

/* Written, checked and published, as long as something changes meanwhile. */
static sv_status_t
sv_approve_make(sv_approval_t *approval, sv_error_t *error)
{
    sv_job_run_t *job = approval->job;
    bool published = false;
    sv_role_t role;

    for (int round = 0; error->status == SV_OK && !published; round++) {
        const sv_adjustment_sums_t *sums = &approval->writer.sums;

        if (round == SV_APPROVE_ROUNDS) {
            return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "count %s does not come to rest", approval->count_id);
        }
        if (sv_approve_take_number(approval, error) == SV_OK && sv_approve_settle_totals(approval, error) == SV_OK &&
            sv_approve_mark(approval, error) == SV_OK && sv_approve_check(approval, error) == SV_OK &&
            sv_approval_write_lines(approval, error) == SV_OK && sv_approval_role(job, &role, error) == SV_OK &&
            sv_approval_check_limit(job->settings, role, sums->gross_value, sums->unvalued, error) == SV_OK &&
            sv_job_run_progress(job, "publishing", sums->lines, sums->lines, error) == SV_OK) {
            sv_approval_publish(approval, &published, error);
        }
    }
    return error->status;
}

/* Lost when Redis is away: who listens asks again. */
static void
sv_approve_announce(const sv_approval_t *approval, const char *event, const char *status)
{
    sv_job_run_t *job = approval->job;
    sv_error_t own;

    sv_error_init(&own, job->arena);
    for (int i = 0; job->redis != NULL && i < 2; i++) {
        sv_redis_command_t command;
        redisReply *reply = NULL;

        if (i == 0) {
            sv_count_event_command(&command, job->arena, event, approval->count_id, approval->count.warehouse, status);
        } else {
            sv_items_changed_command(&command, job->arena); /* it may have been a blind one */
        }
        if (sv_redis_client_run(job->redis, &command, &reply, &own) == SV_OK) {
            freeReplyObject(reply);
        }
        sv_error_clear(&own);
    }
}

/* What follows an approval: each may be repeated, and is when the job died behind its publication. */
static sv_status_t
sv_approve_follow(sv_approval_t *approval, sv_error_t *error)
{
    sv_job_run_t *job = approval->job;

    if (sv_approve_settle(approval, error) != SV_OK ||
        sv_adjustment_tell(job->store, approval->count_id, error) != SV_OK) {
        return error->status;
    }
    sv_approve_announce(approval, "count.approved", "APPROVED");
    job->result.resource_type = "adjustment";
    job->result.resource_id = approval->count_id;
    job->result.resource_url = sv_arena_printf(job->arena, "/api/adjustments/%s", approval->count_id);
    return SV_OK;
}

/* Whether another attempt of the job would end in the same. */
static bool
sv_approve_is_refused(const sv_approval_t *approval, const sv_error_t *error)
{
    bool cancelled = false, held = false;
    sv_error_t own;

    if (sv_status_kind(error->status) != SV_KIND_UNAVAILABLE && sv_status_kind(error->status) != SV_KIND_INTERNAL) {
        return true;
    }
    sv_error_init(&own, approval->job->arena);
    return sv_job_look(approval->job->store, approval->job->claim, &held, &cancelled, &own) == SV_OK && held &&
           cancelled;
}

sv_status_t
sv_approve_run(sv_job_run_t *run, sv_error_t *error)
{
    sv_approval_t approval = { .job = run,
                               .count_id = sv_doc_text(run->claim->params, "count_id", run->arena),
                               .note = sv_doc_text(run->claim->params, "note", run->arena) };
    sv_error_t own;

    if (approval.count_id == NULL) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "The job does not say which count");
    }
    /* While the count is RECONCILE what they send still lands. */
    if (sv_approval_await_phones(&approval, error) != SV_OK || sv_approval_begin(&approval, error) != SV_OK) {
        return error->status;
    }
    if (!approval.approved) {
        if (sv_approve_settle(&approval, error) == SV_OK &&
            sv_approval_check_live(run->store, approval.count_id, error) == SV_OK) {
            sv_approve_make(&approval, error);
        }
        if (error->status != SV_OK && sv_approve_is_refused(&approval, error)) {
            sv_approval_take_back(&approval, error);
            sv_error_init(&own, run->arena);
            sv_approve_settle(&approval, &own); /* else the worker's rounds do */
            sv_approve_announce(&approval, "count.reconciling", "RECONCILE");
            return error->status;
        }
    }
    return error->status == SV_OK ? sv_approve_follow(&approval, error) : error->status;
}

/* ---- approvals that nobody goes on with */

static sv_status_t
sv_approve_return(sv_store_t *store, const bson_t *count, int64_t *returned, sv_arena_t *arena, sv_error_t *error)
{
    const char *count_id = sv_doc_text(count, "session_id", arena);
    const char *job_id = sv_doc_text(count, "approval.job_id", arena);
    bson_t *pending, *filter, *update;
    const bson_t *job = NULL;
    sv_count_settled_t settled;
    int64_t matched = 0;

    if (count_id == NULL || job_id == NULL) {
        return SV_OK;
    }
    pending = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(job_id), "pending", BCON_BOOL(true)), arena);
    if (sv_store_find_one(store, SV_COLLECTION_JOBS, pending, NULL, arena, &job, error) != SV_OK || job != NULL) {
        return error->status;
    }
    filter = sv_doc_take(
        BCON_NEW("session_id", BCON_UTF8(count_id), "status", "APPROVING", "approval.job_id", BCON_UTF8(job_id)),
        arena);
    update = sv_doc_take(BCON_NEW("$set", "{", "status", "RECONCILE", "settling", BCON_BOOL(true), "approval.code",
                                  "cancelled", "approval.message", "The approval ended before it was made", "}"),
                         arena);
    if (sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, &matched, error) != SV_OK || matched == 0) {
        return error->status;
    }
    ++*returned;
    return sv_count_settle(store, count_id, arena, &settled, error);
}

sv_status_t
sv_approve_round(sv_store_t *store, int64_t *returned, sv_error_t *error)
{
    sv_arena_t *arena = sv_arena_create();
    bson_t *filter = sv_doc_take(BCON_NEW("status", "APPROVING"), arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    const bson_t *counts[SV_APPROVE_BARS];
    size_t count = 0;

    *returned = 0;
    if (sv_store_find(store, SV_COLLECTION_SESSIONS, filter, NULL, &cursor, error) == SV_OK) {
        while (count < SV_APPROVE_BARS && mongoc_cursor_next(cursor, &row)) {
            counts[count++] = sv_doc_copy(row, arena);
        }
        sv_store_cursor_end(store, cursor, error);
        mongoc_cursor_destroy(cursor);
    }
    for (size_t i = 0; error->status == SV_OK && i < count; i++) {
        sv_approve_return(store, counts[i], returned, arena, error);
    }
    sv_arena_destroy(arena);
    return error->status;
}
