#include "core/counts/count_close.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/counts/count_settle.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

typedef struct {
    const char *status;     /* what the count becomes */
    const char *time_field; /* when */
    const char *audit;
} sv_step_row_t;

static const sv_step_row_t sv_steps[] = {
    [SV_COUNT_RECONCILE] = { "RECONCILE", "reconciled_at", "count.reconcile" },
    [SV_COUNT_CLOSE] = { "CLOSED", "closed_at", "count.close" },
};

static const sv_step_row_t sv_end_of_period = { "RECONCILE", "reconciled_at", "count.period_end" };

typedef struct {
    const sv_principal_t *who; /* NULL: nobody, the end of a period */
    const char *count_id;
    const sv_step_row_t *step;
    bool closes;
    sv_count_end_t end;
    sv_arena_t *arena;
    int64_t live; /* floor sessions that a closing ends */
    sv_count_t count;
} sv_advance_work_t;

static sv_status_t
sv_advance_read(sv_store_t *store, sv_advance_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->count_id)), work->arena);
    const bson_t *document;
    sv_status_t status = sv_count_find(store, work->count_id, work->arena, &work->count, error);

    if (status != SV_ERR_NOT_FOUND) {
        return status;
    }
    sv_error_clear(error);
    status = sv_store_find_one(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, work->arena, &document, error);
    if (status != SV_OK) {
        return status;
    }
    return sv_fail(error, document != NULL ? SV_ERR_WRONG_KIND : SV_ERR_NOT_FOUND,
                   document != NULL ? "%s is a floor session, not a count" : "There is no count %s", work->count_id);
}

static bson_t *
sv_live_filter(const char *count_id, sv_arena_t *arena)
{
    return sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "status", "{", "$in", "[", BCON_UTF8("active"),
                                BCON_UTF8("paused"), "]", "}", "superseded", BCON_BOOL(false)),
                       arena);
}

static sv_status_t
sv_advance_count_live(sv_store_t *store, sv_advance_work_t *work, sv_error_t *error)
{
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "session_id", BCON_INT32(1), "}"), work->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    work->live = 0;
    status = sv_store_find(store, SV_COLLECTION_VERIFICATION_SESSIONS, sv_live_filter(work->count_id, work->arena),
                           options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        work->live++;
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* A standing count gives up its warehouse's place in the unique index on open ones.  It is deleted and inserted again
 * for that: SecantusDB (0.5) frees a unique key by deletion only, and the warehouse could have no further standing
 * count. */
static sv_status_t
sv_advance_give_up_standing(sv_store_t *store, sv_advance_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("session_id", BCON_UTF8(work->count_id), "kind", BCON_UTF8("standing"), "status", BCON_UTF8("OPEN")),
        work->arena);
    const bson_t *standing;
    bson_t *again;

    if (sv_store_find_one(store, SV_COLLECTION_SESSIONS, filter, NULL, work->arena, &standing, error) != SV_OK ||
        standing == NULL || sv_store_delete_many(store, SV_COLLECTION_SESSIONS, filter, NULL, error) != SV_OK) {
        return error->status;
    }
    again = sv_doc_new(work->arena);
    bson_copy_to_excluding_noinit(standing, again, "_id", "status", NULL);
    BSON_APPEND_UTF8(again, "status", work->step->status);
    return sv_store_insert(store, SV_COLLECTION_SESSIONS, again, error);
}

static sv_status_t
sv_advance_count(sv_store_t *store, sv_advance_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->count_id)), work->arena);
    bson_t *update = sv_doc_new(work->arena), set;
    bson_t *details = sv_doc_take(
        BCON_NEW("force", BCON_BOOL(work->end.force), "interrupted", BCON_INT64(work->closes ? work->live : 0)),
        work->arena);
    sv_audit_t entry = {
        .action = work->step->audit,
        .count_id = work->count_id,
        .warehouse = work->count.warehouse,
        .details = details,
    };
    sv_status_t status = sv_advance_give_up_standing(store, work, error);

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "status", work->step->status);
    BSON_APPEND_BOOL(&set, "settling", true);
    if (work->closes && work->end.reason != NULL) {
        BSON_APPEND_UTF8(details, "reason", work->end.reason);
        BSON_APPEND_UTF8(&set, "close_reason", work->end.reason);
    }
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$currentDate", "{", work->step->time_field, BCON_BOOL(true), "}");
    if (status == SV_OK) {
        status = sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
    }
    return status == SV_OK ? sv_audit_write(store, work->who, &entry, error) : status;
}

static sv_status_t
sv_advance_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_advance_work_t *work = context;
    sv_status_t status = sv_advance_read(store, work, error);

    if (status != SV_OK || strcmp(work->count.status, work->step->status) == 0) {
        return status;
    }
    if (sv_count_is_over(work->count.status)) {
        return sv_fail(error, SV_ERR_SESSION_CLOSED, "The count is %s",
                       strcmp(work->count.status, "APPROVED") == 0 ? "approved" : "closed");
    }
    if (!sv_count_takes_records(work->count.status)) {
        return sv_fail(error, SV_ERR_CONFLICT_STATE, "The count is being approved");
    }
    if (work->closes) {
        status = sv_advance_count_live(store, work, error);
        if (status == SV_OK && work->live > 0 && !work->end.force) {
            status = sv_fail(error, SV_ERR_STILL_COUNTING, "%lld floor sessions are live", (long long) work->live);
        }
    }
    return status == SV_OK ? sv_advance_count(store, work, error) : status;
}

typedef struct {
    const sv_principal_t *who;
    const char *session_id;
    sv_arena_t *arena;
    sv_floor_session_t *session;
    bool interrupted;
} sv_interrupt_work_t;

/* What the session is told; of one that is live also its end. */
static sv_status_t
sv_interrupt_write_session(sv_store_t *store, sv_interrupt_work_t *work, const char *count_state, bool live,
                           sv_error_t *error)
{
    bson_t *filter = sv_doc_new(work->arena), *update = sv_doc_new(work->arena), set;
    const bson_t *document = NULL;
    sv_status_t status;

    BSON_APPEND_UTF8(filter, "session_id", work->session_id);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "count_state", count_state);
    if (live) {
        BSON_APPEND_UTF8(&set, "status", sv_session_status_name(SV_SESSION_INTERRUPTED));
    }
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$inc", "{", "writes", BCON_INT64(1), "}");
    if (live) {
        BCON_APPEND(update, "$currentDate", "{", "interrupted_at", BCON_BOOL(true), "}");
    }
    status = sv_store_find_and_update(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, true, false,
                                      work->arena, &document, error);
    if (status == SV_OK && document != NULL) {
        sv_floor_session_read(document, work->arena, work->session);
    }
    return status;
}

static sv_status_t
sv_interrupt_free_rack(sv_store_t *store, const sv_interrupt_work_t *work, sv_error_t *error)
{
    const sv_floor_session_t *session = work->session;
    bson_t *filter = sv_doc_take(
        BCON_NEW("rack_id", BCON_UTF8(session->rack_id), "session_id", BCON_UTF8(session->session_id)), work->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8("available"), "hold_ms", BCON_INT64(0), "}",
                                          "$currentDate", "{", "updated_at", BCON_BOOL(true), "}"),
                                 work->arena);

    return sv_store_update_one(store, SV_COLLECTION_RACK_REGISTRY, filter, update, NULL, error);
}

/* The count is read here and not by the caller: it may have gone a step further since. */
static sv_status_t
sv_interrupt_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_interrupt_work_t *work = context;
    sv_floor_session_t *session = work->session;
    sv_count_t count;
    bool live;
    sv_status_t status = sv_floor_session_find(store, work->session_id, work->arena, session, error);

    work->interrupted = false;
    if (status == SV_OK) {
        status = sv_count_find(store, session->count_id, work->arena, &count, error);
    }
    if (status == SV_OK && sv_count_is_open(&count)) {
        status = sv_fail_cause(error, SV_ERR_INTERNAL, "count %s is open", session->count_id);
    }
    if (status != SV_OK) {
        return status;
    }
    live = session->status == SV_SESSION_ACTIVE || session->status == SV_SESSION_PAUSED;
    status = sv_interrupt_write_session(store, work, count.status, live, error);
    if (status == SV_OK && live) {
        status = sv_interrupt_free_rack(store, work, error);
    }
    if (status == SV_OK && live) {
        sv_audit_t entry = { .action = "session.interrupt",
                             .session_id = work->session_id,
                             .rack_id = session->rack_id,
                             .count_id = session->count_id,
                             .warehouse = session->warehouse };

        status = sv_audit_write(store, work->who, &entry, error);
    }
    work->interrupted = live;
    return status;
}

sv_status_t
sv_count_interrupt_session(sv_store_t *store, const sv_principal_t *who, const char *session_id, sv_arena_t *arena,
                           sv_floor_session_t *session, bool *interrupted, sv_error_t *error)
{
    sv_interrupt_work_t work = { .who = who, .session_id = session_id, .arena = arena, .session = session };
    sv_status_t status = sv_transaction_run(store, sv_interrupt_body, &work, error);

    *interrupted = status == SV_OK && work.interrupted;
    return status;
}

/* Claims that read the count as open and committed after its sessions were told: see rack_claim.c. */
static sv_status_t
sv_advance_sweep(sv_store_t *store, sv_advance_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(work->count_id), "count_state", "{", "$in", "[",
                                          BCON_UTF8("OPEN"), BCON_UTF8(work->closes ? "RECONCILE" : "OPEN"), "]", "}"),
                                 work->arena);
    const bson_t *document = NULL;
    sv_floor_session_t session;
    bool interrupted;
    sv_status_t status;

    do {
        status =
            sv_store_find_one(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, work->arena, &document, error);
        if (status == SV_OK && document != NULL) {
            status = sv_count_interrupt_session(store, work->who, sv_doc_text(document, "session_id", work->arena),
                                                work->arena, &session, &interrupted, error);
        }
    } while (status == SV_OK && document != NULL);
    return status;
}

sv_status_t
sv_count_advance(sv_store_t *store, const sv_principal_t *who, const char *count_id, sv_count_step_t step,
                 const sv_count_end_t *end, sv_arena_t *arena, sv_count_verdict_t *verdict, sv_error_t *error)
{
    sv_advance_work_t work = {
        .who = who,
        .count_id = count_id,
        .step = &sv_steps[step],
        .closes = step == SV_COUNT_CLOSE,
        .end = *end,
        .arena = arena,
    };
    sv_count_settled_t settled = { 0 };
    sv_status_t status;

    memset(verdict, 0, sizeof(*verdict));
    verdict->count_id = count_id;
    status = sv_transaction_run(store, sv_advance_body, &work, error);
    verdict->status = work.count.status;
    verdict->warehouse = work.count.warehouse;
    if (status == SV_OK) {
        verdict->status = work.step->status;
        status = sv_count_settle(store, count_id, arena, &settled, error);
        verdict->interrupted = settled.interrupted;
        verdict->interrupted_count = settled.interrupted_count;
        return status == SV_OK ? sv_advance_sweep(store, &work, error) : status;
    }
    if (sv_status_kind(status) == SV_KIND_UNAVAILABLE || sv_status_kind(status) == SV_KIND_INTERNAL) {
        return status;
    }
    verdict->result = status;
    verdict->message = error->message;
    sv_error_clear(error);
    return SV_OK;
}

static sv_status_t
sv_end_period_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_advance_work_t *work = context;
    int64_t now_ms;
    sv_status_t status = sv_advance_read(store, work, error);

    if (status == SV_OK) {
        status = sv_store_now(store, &now_ms, error);
    }
    if (status != SV_OK || !sv_count_is_open(&work->count) || sv_standing_is_current(&work->count, now_ms)) {
        return status;
    }
    return sv_advance_count(store, work, error);
}

sv_status_t
sv_count_end_period(sv_store_t *store, const char *count_id, sv_arena_t *arena, sv_error_t *error)
{
    sv_advance_work_t work = { .count_id = count_id, .step = &sv_end_of_period, .arena = arena };

    return sv_transaction_run(store, sv_end_period_body, &work, error);
}
