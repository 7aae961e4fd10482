/* What people do with a job: look at it, cancel it, have a failed one run again. */
#include <string.h>

#include "core/audit/audit.h"
#include "core/auth/account.h"
#include "core/jobs/job.h"
#include "core/jobs/job_guard.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

static bool
sv_job_may_see(const sv_principal_t *who, const bson_t *job, sv_arena_t *arena)
{
    const char *owner = sv_doc_text(job, "requested_by", arena);
    const sv_job_kind_t *kind = sv_job_kind(sv_doc_text(job, "type", arena));

    if (owner != NULL && strcmp(owner, who->user_id) == 0) {
        return true;
    }
    return who->role >= (kind != NULL && kind->role > SV_ROLE_SUPERVISOR ? kind->role : SV_ROLE_SUPERVISOR);
}

static sv_status_t
sv_job_find(sv_store_t *store, const char *job_id, sv_arena_t *arena, const bson_t **job, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(job_id)), arena);
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_JOBS, filter, NULL, arena, job, error);

    if (status == SV_OK && *job == NULL) {
        status = sv_fail(error, SV_ERR_NOT_FOUND, "There is no job %s", job_id);
    }
    return status;
}

sv_status_t
sv_job_load(sv_store_t *store, const sv_principal_t *who, const char *job_id, sv_arena_t *arena, const bson_t **job,
            sv_error_t *error)
{
    sv_status_t status = sv_job_find(store, job_id, arena, job, error);

    if (status == SV_OK && who != NULL && !sv_job_may_see(who, *job, arena)) {
        status = sv_fail(error, SV_ERR_FORBIDDEN, "The job is somebody else's");
    }
    if (status != SV_OK) {
        *job = NULL;
    }
    return status;
}

typedef struct {
    const sv_principal_t *who;
    const char *job_id;
    sv_arena_t *arena;
    const bson_t *job; /* as it stands in the end */
    bool ended;        /* by this change */
    bool takes;        /* it is `who`'s from now on */
} sv_job_change_t;

static bson_t *
sv_job_audit_details(const sv_job_change_t *change)
{
    return sv_doc_take(BCON_NEW("job_id", BCON_UTF8(change->job_id), "type",
                                BCON_UTF8(sv_doc_text(change->job, "type", change->arena))),
                       change->arena);
}

static sv_status_t
sv_job_audit(sv_store_t *store, const sv_job_change_t *change, const char *action, const bson_t *details,
             sv_error_t *error)
{
    sv_audit_t entry = { .action = action, .details = details };

    entry.warehouse = sv_doc_text(change->job, "warehouse", change->arena);
    return sv_audit_write(store, change->who, &entry, error);
}

/* Cancels it in the given state; change->job stays as it was when it is in another. */
static sv_status_t
sv_job_cancel_in(sv_store_t *store, sv_job_change_t *change, const char *state, bool *done, sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("job_id", BCON_UTF8(change->job_id), "status", BCON_UTF8(state)), change->arena);
    bson_t *asked = sv_doc_take(BCON_NEW("cancel_requested", BCON_BOOL(true)), change->arena);
    bson_t *update = strcmp(state, "queued") == 0 ? sv_job_end_update("cancelled", asked, change->arena)
                                                  : sv_doc_take(BCON_NEW("$set", BCON_DOCUMENT(asked)), change->arena);
    const bson_t *changed = NULL;
    sv_status_t status = sv_store_find_and_update(store, SV_COLLECTION_JOBS, filter, update, true, false, change->arena,
                                                  &changed, error);

    *done = changed != NULL;
    change->job = changed != NULL ? changed : change->job;
    return status;
}

static sv_status_t
sv_job_cancel_body(sv_store_t *store, void *context, sv_error_t *error)
{
    static const char *const states[] = { "queued", "running" };
    sv_job_change_t *change = context;
    const char *now;
    bool done = false;
    sv_status_t status;

    change->ended = false;
    status = sv_job_load(store, change->who, change->job_id, change->arena, &change->job, error);

    if (status != SV_OK || sv_doc_bool(change->job, "cancel_requested")) {
        return status;
    }
    for (size_t i = 0; status == SV_OK && !done && i < sizeof(states) / sizeof(states[0]); i++) {
        status = sv_job_cancel_in(store, change, states[i], &done, error);
    }
    if (status == SV_OK && done) {
        change->ended = !sv_doc_bool(change->job, "pending");
        return sv_job_audit(store, change, "job.cancel", sv_job_audit_details(change), error);
    }
    if (status == SV_OK) {
        now = sv_doc_text(change->job, "status", change->arena);
        status = sv_fail(error, SV_ERR_CONFLICT_STATE, "The job has %s already", now);
    }
    return status;
}

sv_status_t
sv_job_cancel(sv_store_t *store, const sv_principal_t *who, const char *job_id, sv_arena_t *arena, const bson_t **job,
              bool *ended, sv_error_t *error)
{
    sv_job_change_t change = { .who = who, .job_id = job_id, .arena = arena };
    sv_status_t status = sv_transaction_run(store, sv_job_cancel_body, &change, error);

    *job = status == SV_OK ? change.job : NULL;
    *ended = status == SV_OK && change.ended;
    return status;
}

/* Its owner may see a job of a kind that is no longer theirs to ask for, but not have it done; nor has anybody what
 * they may not see mailed. */
static sv_status_t
sv_job_may_request(sv_store_t *store, const sv_job_change_t *change, sv_error_t *error)
{
    const sv_job_kind_t *kind = sv_job_kind(sv_doc_text(change->job, "type", change->arena));
    const char *mailed = sv_doc_text(change->job, "params.job_id", change->arena);
    const bson_t *other;

    if (change->who->role < (kind != NULL ? kind->role : SV_ROLE_SUPERVISOR)) {
        return sv_fail(error, SV_ERR_FORBIDDEN, NULL);
    }
    if (mailed != NULL && sv_job_load(store, change->who, mailed, change->arena, &other, error) == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
    }
    return error->status;
}

/* Whose it was, for the audit trail; NULL when it stays so. */
static const char *
sv_job_owner_before(const sv_job_change_t *change)
{
    const char *owner = sv_doc_text(change->job, "requested_by", change->arena);

    return change->takes && owner != NULL && strcmp(owner, change->who->user_id) != 0 ? owner : NULL;
}

static sv_status_t
sv_job_audit_requeue(sv_store_t *store, const sv_job_change_t *change, const char *owner_before, sv_error_t *error)
{
    bson_t *details = sv_job_audit_details(change);

    if (owner_before != NULL) {
        BSON_APPEND_UTF8(details, "requested_by", owner_before);
    }
    return sv_job_audit(store, change, "job.requeue", details, error);
}

/* It runs with the rights and in the name of who has it run again: nobody approves with another's.  Who has no account
 * (an operator on a host) hands it back to whose it was. */
static sv_status_t
sv_job_find_taker(sv_store_t *store, sv_job_change_t *change, sv_error_t *error)
{
    sv_account_t account;
    sv_status_t status = sv_account_load(store, change->who->user_id, change->arena, &account, error);

    change->takes = status == SV_OK;
    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
    }
    return error->status;
}

static void
sv_job_put_taker(const sv_job_change_t *change, bson_t *set)
{
    const sv_principal_t *who = change->who;

    if (!change->takes) {
        return;
    }
    BSON_APPEND_UTF8(set, "requested_by", who->user_id);
    BSON_APPEND_UTF8(set, "role", sv_role_name(who->role));
    sv_doc_put_text(set, "warehouse", who->warehouse);
    if (sv_doc_has(change->job, "params.username")) { /* a job that signs with them */
        sv_doc_put_text(set, "params.username", who->username);
        sv_doc_put_text(set, "params.full_name", who->full_name);
    }
}

static bson_t *
sv_job_requeue_update(const sv_job_change_t *change)
{
    bson_t *update = sv_doc_new(change->arena), set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BCON_APPEND(&set, "status", "queued", "pending", BCON_BOOL(true), "crashed", BCON_INT64(0), "failed_attempts",
                BCON_INT64(0), "delay_ms", BCON_INT64(0), "cancel_requested", BCON_BOOL(false), "error", BCON_NULL);
    sv_job_put_taker(change, &set);
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$unset", "{", "finished_at", "", "}", "$currentDate", "{", "queued_at", BCON_BOOL(true),
                "requeued_at", BCON_BOOL(true), "}");
    return update;
}

static sv_status_t
sv_job_requeue_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_job_change_t *change = context;
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(change->job_id), "status", "failed"), change->arena);
    bson_t *deliver = sv_doc_take(BCON_NEW("$set", "{", "delivery", "due", "}"), change->arena);
    const bson_t *changed = NULL, *holder = NULL;
    const char *owner_before;
    sv_status_t status = sv_job_load(store, change->who, change->job_id, change->arena, &change->job, error);

    if (status == SV_OK) {
        status = sv_job_may_request(store, change, error);
    }
    if (status == SV_OK) {
        status = sv_job_find_taker(store, change, error);
    }
    if (status == SV_OK) {
        status = sv_job_key_take(store, sv_doc_text(change->job, "unique_key", change->arena), change->job_id,
                                 change->arena, &holder, error);
    }
    if (status == SV_OK && holder != NULL && !sv_doc_bool(change->job, "pending")) {
        status = sv_fail(error, SV_ERR_CONFLICT_STATE, "The same job is pending already");
    }
    if (status != SV_OK) {
        return status;
    }
    owner_before = sv_job_owner_before(change);
    status = sv_store_find_and_update(store, SV_COLLECTION_JOBS, filter, sv_job_requeue_update(change), true, false,
                                      change->arena, &changed, error);
    if (status == SV_OK && changed == NULL) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The job is %s, not failed",
                       sv_doc_text(change->job, "status", change->arena));
    }
    /* What a schedule's run makes is mailed once more, when it has ended. */
    if (status == SV_OK && sv_doc_has(changed, "schedule_id")) {
        status = sv_store_update_one(store, SV_COLLECTION_JOBS,
                                     sv_doc_take(BCON_NEW("job_id", BCON_UTF8(change->job_id)), change->arena), deliver,
                                     NULL, error);
    }
    if (status == SV_OK) {
        change->job = changed;
        status = sv_job_audit_requeue(store, change, owner_before, error);
    }
    return status;
}

sv_status_t
sv_job_requeue(sv_store_t *store, const sv_principal_t *who, const char *job_id, sv_arena_t *arena, const bson_t **job,
               sv_error_t *error)
{
    sv_job_change_t change = { .who = who, .job_id = job_id, .arena = arena };
    sv_status_t status = sv_transaction_run(store, sv_job_requeue_body, &change, error);

    *job = status == SV_OK ? change.job : NULL;
    return status;
}
