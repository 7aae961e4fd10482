#include "core/floor/rack_change.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/counts/count_state.h"
#include "core/counts/rack_book.h"
#include "core/counts/rack_states.h"
#include "core/counts/rack_touch.h"
#include "core/review/recount_take.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

/* What an action makes of session and rack. */
typedef struct {
    const char *audit;
    const char *event;
    sv_session_status_t status;
    const char *rack_status;
    const char *time_field; /* of the session, set to the server's time; NULL: none */
    bool verifies;          /* the rack counts as completed in its count */
} sv_action_row_t;

static const sv_action_row_t sv_actions[] = {
    [SV_RACK_PAUSE] = { "rack.pause", "rack.paused", SV_SESSION_PAUSED, "paused", "paused_at", false },
    [SV_RACK_RESUME] = { "rack.resume", "rack.resumed", SV_SESSION_ACTIVE, "claimed", "last_heartbeat", false },
    [SV_RACK_RELEASE] = { "rack.release", "rack.released", SV_SESSION_COMPLETED, "available", "completed_at", false },
    [SV_RACK_COMPLETE] = { "rack.complete", "rack.completed", SV_SESSION_COMPLETED, "completed", "completed_at", true },
};

typedef struct {
    const sv_rack_change_t *change;
    const sv_action_row_t *action;
    sv_arena_t *arena;
    sv_rack_change_result_t *result;
    sv_rack_t rack;
    sv_floor_session_t session;
} sv_change_work_t;

static bool
sv_is_owner(const sv_change_work_t *work)
{
    return strcmp(work->session.user_id, work->change->who->user_id) == 0;
}

static int64_t
sv_action_hold_ms(const sv_change_work_t *work, const sv_settings_t *settings)
{
    switch (work->action->status) {
    case SV_SESSION_ACTIVE:
        return sv_active_hold_ms(settings);
    case SV_SESSION_PAUSED:
        return sv_pause_hold_ms(settings);
    default:
        return 0;
    }
}

static int64_t
sv_action_lock_ttl_s(const sv_change_work_t *work, const sv_settings_t *settings)
{
    switch (work->action->status) {
    case SV_SESSION_ACTIVE:
        return settings->rack_lock_ttl;
    case SV_SESSION_PAUSED:
        return settings->rack_pause_ttl;
    default:
        return 0;
    }
}

static sv_status_t
sv_change_read(sv_store_t *store, sv_change_work_t *work, sv_error_t *error)
{
    const sv_rack_change_t *change = work->change;
    sv_status_t status = SV_OK;

    if (change->rack_id != NULL) {
        status = sv_rack_find(store, change->rack_id, work->arena, &work->rack, error);
    }
    if (status == SV_OK && change->session_id == NULL && work->rack.session_id == NULL) {
        return sv_fail(error, SV_ERR_LOCK_LOST, "Nobody holds rack %s", change->rack_id);
    }
    if (status == SV_OK) {
        const char *id = change->session_id != NULL ? change->session_id : work->rack.session_id;

        status = sv_floor_session_find(store, id, work->arena, &work->session, error);
    }
    if (status == SV_OK && change->rack_id == NULL) {
        status = sv_rack_find(store, work->session.rack_id, work->arena, &work->rack, error);
    }
    if (status == SV_OK && strcmp(work->session.rack_id, work->rack.rack_id) != 0) {
        status = sv_fail_field(error, "session_id", "mismatch", "Session %s is not of rack %s",
                               work->session.session_id, work->rack.rack_id);
    }
    return status;
}

/* The answer that was given before, for a client that did not see it. */
static bool
sv_change_is_made(const sv_change_work_t *work)
{
    const sv_floor_session_t *session = &work->session;

    if (session->status != work->action->status) {
        return false;
    }
    if (session->status == SV_SESSION_COMPLETED) {
        return !work->action->verifies || session->rack_completed;
    }
    return !session->superseded;
}

/* In a count under reconciliation live sessions go on to their end, and none is brought back; once it is approved or
 * closed a rack is only given back. */
static bool
sv_change_suits_count(const sv_change_work_t *work)
{
    const char *count_state = work->session.count_state;

    if (count_state == NULL || sv_count_state_admits_claims(count_state) || work->change->action == SV_RACK_RELEASE) {
        return true;
    }
    if (!sv_count_takes_records(count_state)) {
        return false;
    }
    return work->change->action == SV_RACK_COMPLETE ||
           (work->change->action == SV_RACK_PAUSE && work->session.status == SV_SESSION_ACTIVE) ||
           (work->change->action == SV_RACK_RESUME && work->session.status == SV_SESSION_PAUSED);
}

static sv_status_t
sv_change_check(sv_store_t *store, const sv_change_work_t *work, sv_error_t *error)
{
    const sv_floor_session_t *session = &work->session;

    if (session->superseded || work->rack.session_id == NULL ||
        strcmp(work->rack.session_id, session->session_id) != 0) {
        return sv_fail_held(store, &work->rack, SV_ERR_LOCK_LOST, error);
    }
    if (session->status == SV_SESSION_COMPLETED) {
        return sv_fail(error, SV_ERR_SESSION_COMPLETED, NULL);
    }
    return sv_change_suits_count(work) ? SV_OK : sv_fail(error, SV_ERR_SESSION_CLOSED, NULL);
}

/* A phone that tells how many records it had stored does not complete its rack over a lost one. */
static sv_status_t
sv_change_check_records(sv_store_t *store, const sv_change_work_t *work, sv_error_t *error)
{
    int64_t stored = 0;

    if (work->change->records == 0) {
        return SV_OK;
    }
    if (sv_session_records_stored(store, work->session.session_id, work->change->records, work->arena, &stored,
                                  error) != SV_OK) {
        return error->status;
    }
    return stored >= work->change->records
               ? SV_OK
               : sv_fail(error, SV_ERR_RECORDS_MISSING, "%lld of %lld records of the session are stored; sync the rest",
                         (long long) stored, (long long) work->change->records);
}

static sv_status_t
sv_change_may(sv_store_t *store, const sv_change_work_t *work, sv_error_t *error)
{
    if (sv_is_owner(work) || work->change->who->role >= SV_ROLE_SUPERVISOR) {
        return SV_OK;
    }
    if (work->change->session_id != NULL) {
        return sv_fail(error, SV_ERR_FORBIDDEN, "The session is another user's");
    }
    return sv_fail_held(store, &work->rack, SV_ERR_LOCK_LOST, error);
}

static sv_status_t
sv_change_session(sv_store_t *store, sv_change_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("session_id", BCON_UTF8(work->session.session_id), "superseded", BCON_BOOL(false)), work->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$inc", "{", "writes", BCON_INT64(1), "}", "$currentDate", "{",
                                          work->action->time_field, BCON_BOOL(true), "}"),
                                 work->arena);
    bson_t set;
    const bson_t *document;
    sv_status_t status;

    if (work->action->status != SV_SESSION_ACTIVE) {
        sv_put_contact(update, sv_rack_contact_ms(&work->rack));
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "status", sv_session_status_name(work->action->status));
    if (work->action->verifies) {
        BSON_APPEND_BOOL(&set, "rack_completed", true);
        BSON_APPEND_DOCUMENT(&set, "final_stats", sv_stats_to_bson(&work->result->stats, work->arena));
    }
    bson_append_document_end(update, &set);
    status = sv_store_find_and_update(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, true, false,
                                      work->arena, &document, error);
    if (status != SV_OK) {
        return status;
    }
    if (document == NULL) {
        return sv_fail_held(store, &work->rack, SV_ERR_LOCK_LOST, error);
    }
    sv_floor_session_read(document, work->arena, &work->result->session);
    return SV_OK;
}

static sv_status_t
sv_change_rack(sv_store_t *store, sv_change_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("rack_id", BCON_UTF8(work->rack.rack_id), "session_id", BCON_UTF8(work->session.session_id)),
        work->arena);
    const char *state = work->action->rack_status;
    bson_t *update, dates;
    int64_t matched = 0;
    sv_status_t status = SV_OK;

    if (work->action->verifies) {
        status = sv_rack_state_completed(store, &work->rack, work->session.count_id, work->arena, &state, error);
    }
    if (status != SV_OK) {
        return status;
    }
    update = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8(state), "hold_ms",
                                  BCON_INT64(sv_action_hold_ms(work, store->settings)), "}"),
                         work->arena);

    BSON_APPEND_DOCUMENT_BEGIN(update, "$currentDate", &dates);
    BSON_APPEND_BOOL(&dates, "held_at", true);
    BSON_APPEND_BOOL(&dates, "updated_at", true);
    if (work->action->verifies) {
        BSON_APPEND_BOOL(&dates, "last_verified_at", true);
    }
    bson_append_document_end(update, &dates);
    status = sv_store_update_one(store, SV_COLLECTION_RACK_REGISTRY, filter, update, &matched, error);
    if (status == SV_OK && matched == 0) {
        status = sv_fail_held(store, &work->rack, SV_ERR_LOCK_LOST, error);
    }
    return status;
}

static sv_status_t
sv_change_audit(sv_store_t *store, sv_change_work_t *work, sv_error_t *error)
{
    const sv_floor_session_t *session = &work->session;
    bson_t *details = sv_doc_new(work->arena);
    sv_audit_t entry = {
        .action = work->action->audit,
        .session_id = session->session_id,
        .rack_id = session->rack_id,
        .count_id = session->count_id,
        .warehouse = session->warehouse,
        .details = details,
    };

    BSON_APPEND_INT64(details, "fence", session->fence);
    if (!sv_is_owner(work)) {
        BSON_APPEND_UTF8(details, "session_of", session->user_id);
    }
    if (work->change->reason != NULL) {
        BSON_APPEND_UTF8(details, "reason", work->change->reason);
    }
    return sv_audit_write(store, work->change->who, &entry, error);
}

/* A pause asked for again is not longer for it: what is left of the hold. */
static sv_status_t
sv_change_repeat(sv_store_t *store, sv_change_work_t *work, sv_error_t *error)
{
    sv_rack_change_result_t *result = work->result;
    sv_status_t status = SV_OK;

    result->session = work->session;
    if (work->session.final_stats != NULL) {
        sv_stats_read(work->session.final_stats, &result->stats);
    }
    if (work->action->status == SV_SESSION_PAUSED) {
        int64_t now = 0, end = work->rack.held_at_ms + work->rack.hold_ms;

        status = sv_store_now(store, &now, error);
        result->lock_ttl_s = end > now ? (end - now + 999) / 1000 : 0;
    }
    return status;
}

/* Its counting is over: it is compared from now on, and a recount that it was is done. */
static sv_status_t
sv_change_end_round(sv_store_t *store, sv_change_work_t *work, sv_error_t *error)
{
    const sv_floor_session_t *session = &work->session;
    sv_status_t status = sv_rack_book_mark(store, session->count_id, session->rack_id, true, work->arena, error);

    if (status == SV_OK) {
        status = sv_recount_done(store, session->count_id, session->rack_id, session->round, work->arena, error);
    }
    return status == SV_OK
               ? sv_rack_touch(store, session->count_id, session->warehouse, session->rack_id, work->arena, error)
               : status;
}

static sv_status_t
sv_change_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_change_work_t *work = context;
    sv_status_t status = sv_change_read(store, work, error);

    work->result->lock_ttl_s = sv_action_lock_ttl_s(work, store->settings);
    if (status == SV_OK) {
        status = sv_change_may(store, work, error);
    }
    if (status == SV_OK && sv_change_is_made(work)) {
        return sv_change_repeat(store, work, error);
    }
    if (status == SV_OK) {
        status = sv_change_check(store, work, error);
    }
    if (status == SV_OK) {
        status = sv_change_check_records(store, work, error);
    }
    if (status == SV_OK && work->action->verifies) {
        int64_t now = 0;

        status = sv_store_now(store, &now, error);
        if (status == SV_OK) {
            status = sv_floor_session_stats(store, &work->session, now, work->arena, &work->result->stats, error);
        }
    }
    if (status == SV_OK) {
        status = sv_change_session(store, work, error);
    }
    if (status == SV_OK) {
        status = sv_change_rack(store, work, error);
    }
    if (status == SV_OK && work->action->verifies) {
        status = sv_change_end_round(store, work, error);
    }
    return status == SV_OK ? sv_change_audit(store, work, error) : status;
}

sv_status_t
sv_rack_change(sv_store_t *store, const sv_rack_change_t *change, sv_arena_t *arena, sv_rack_change_result_t *result,
               sv_error_t *error)
{
    sv_change_work_t work = {
        .change = change, .action = &sv_actions[change->action], .arena = arena, .result = result
    };

    memset(result, 0, sizeof(*result));
    result->event = work.action->event;
    return sv_transaction_run(store, sv_change_body, &work, error);
}
