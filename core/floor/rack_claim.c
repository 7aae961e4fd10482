#include "core/floor/rack_claim.h"

#include <string.h>

#include "core/audit/audit.h"
#include "core/base/clock.h"
#include "core/counts/count.h"
#include "core/counts/count_close.h"
#include "core/counts/rack_book.h"
#include "core/counts/standing.h"
#include "core/counts/rack_touch.h"
#include "core/floor/rack_round.h"
#include "core/review/recount_take.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

/* One run of the transaction's body reads everything anew; only the last three outlive a run. */
typedef struct {
    const sv_claim_t *claim;
    sv_arena_t *arena;
    sv_claim_result_t *result;
    sv_rack_t rack;
    sv_floor_session_t before; /* what the rack carries; session_id NULL when it never carried any */
    sv_count_t count;
    sv_rack_round_t round;
    bool takes_recount;    /* that was asked for, in whatever state its count is */
    bool period_over;      /* the claim committed in a standing count whose period had ended */
    bool standing_missing; /* the warehouse's standing count must be made first */
    bool id_taken;         /* the session's plain id is another's: append the fence */
    const char *warehouse;
    int64_t contact_ms; /* when `before` was last heard of */
} sv_claim_work_t;

static bool
sv_is_mine(const sv_claim_work_t *work)
{
    return work->before.session_id != NULL && !work->before.superseded &&
           strcmp(work->before.user_id, work->claim->who->user_id) == 0;
}

static bool
sv_is_live(const sv_floor_session_t *session)
{
    return session->status == SV_SESSION_ACTIVE || session->status == SV_SESSION_PAUSED;
}

static bool
sv_is_of_open_count(const sv_floor_session_t *session)
{
    return sv_count_state_admits_claims(session->count_state);
}

/* A running session goes on in a count under reconciliation too, and in a standing one whose period is over. */
static bool
sv_goes_on(const sv_floor_session_t *session)
{
    return sv_is_live(session) && sv_count_takes_records(session->count_state);
}

static sv_status_t
sv_claim_read(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    const sv_claim_t *claim = work->claim;
    sv_status_t status = sv_rack_find(store, claim->rack_id, work->arena, &work->rack, error);

    if (status != SV_OK) {
        return status;
    }
    work->warehouse = work->rack.warehouse;
    work->contact_ms = sv_rack_contact_ms(&work->rack);
    if (claim->floor != NULL && (work->rack.floor == NULL || strcmp(claim->floor, work->rack.floor) != 0)) {
        return sv_fail_field(error, "floor", "mismatch", "Rack %s stands on floor %s", claim->rack_id,
                             work->rack.floor != NULL ? work->rack.floor : "unknown");
    }
    memset(&work->before, 0, sizeof(work->before));
    if (work->rack.session_id != NULL) {
        status = sv_floor_session_find(store, work->rack.session_id, work->arena, &work->before, error);
    }
    return status;
}

typedef enum { SV_CLAIM_RESUMES, SV_CLAIM_OPENS, SV_CLAIM_FAILS } sv_claim_kind_t;

/* Whether this claim goes on with the session the user has on the rack, and which count a new one is of.  A running
 * session is resumed whatever counts were opened since; an interrupted one only in the count a new session would be of.
 */
static sv_claim_kind_t
sv_claim_decide(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    const sv_claim_t *claim = work->claim;
    bool mine = sv_is_mine(work) && work->before.status == SV_SESSION_INTERRUPTED && sv_is_of_open_count(&work->before);
    bool found = false;

    if (sv_is_mine(work) && sv_goes_on(&work->before)) {
        if (claim->count_id == NULL || strcmp(claim->count_id, work->before.count_id) == 0) {
            return SV_CLAIM_RESUMES;
        }
        sv_fail(error, SV_ERR_CONFLICT_STATE, "Your session on rack %s is of another count; release it first",
                claim->rack_id);
        return SV_CLAIM_FAILS;
    }
    if (claim->recount &&
        sv_recount_count(store, claim->rack_id, claim->count_id, work->arena, &work->count, &found, error) != SV_OK) {
        return SV_CLAIM_FAILS;
    }
    work->takes_recount = found;
    if (!found &&
        sv_count_for_rack(store, &work->rack, claim->count_id, work->arena, &work->count, &found, error) != SV_OK) {
        return SV_CLAIM_FAILS;
    }
    if (!found) {
        work->standing_missing = true;
        sv_fail(error, SV_ERR_UNAVAILABLE, NULL);
        return SV_CLAIM_FAILS;
    }
    return mine && strcmp(work->before.count_id, work->count.session_id) == 0 ? SV_CLAIM_RESUMES : SV_CLAIM_OPENS;
}

/* What the books say of the rack is fixed before anything is counted on it; one that is counted again is compared when
 * that is completed. */
static sv_status_t
sv_claim_fix_book(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    if (!sv_count_has_rack_books(&work->count)) {
        return SV_OK;
    }
    if (work->round.is_first) {
        return sv_rack_book_freeze(store, &work->count, work->rack.rack_id, work->arena, error);
    }
    return work->round.is_recount
               ? sv_rack_book_mark(store, work->count.session_id, work->rack.rack_id, false, work->arena, error)
               : SV_OK;
}

/* Free is decided by MongoDB's clock, and by the state the transaction sees: another claim in between is a write
 * conflict, which runs the body again. */
static bson_t *
sv_claim_filter(const sv_claim_work_t *work)
{
    bson_t *filter = sv_doc_new(work->arena);
    bson_t both, one, choices, choice;

    /* The development server finds a rack by its id in no time, but reads them all where "$or" stands beside it. */
    BSON_APPEND_ARRAY_BEGIN(filter, "$and", &both);
    BSON_APPEND_DOCUMENT_BEGIN(&both, "0", &one);
    BSON_APPEND_UTF8(&one, "rack_id", work->rack.rack_id);
    bson_append_document_end(&both, &one);
    BSON_APPEND_DOCUMENT_BEGIN(&both, "1", &one);
    BSON_APPEND_ARRAY_BEGIN(&one, "$or", &choices);
    BSON_APPEND_DOCUMENT_BEGIN(&choices, "0", &choice);
    BSON_APPEND_NULL(&choice, "session_id");
    bson_append_document_end(&choices, &choice);
    BSON_APPEND_DOCUMENT_BEGIN(&choices, "1", &choice);
    BSON_APPEND_INT64(&choice, "hold_ms", 0);
    bson_append_document_end(&choices, &choice);
    BSON_APPEND_DOCUMENT_BEGIN(&choices, "2", &choice);
    BSON_APPEND_UTF8(&choice, "user_id", work->claim->who->user_id);
    bson_append_document_end(&choices, &choice);
    BSON_APPEND_DOCUMENT_BEGIN(&choices, "3", &choice);
    sv_filter_hold_is_past(&choice);
    bson_append_document_end(&choices, &choice);
    bson_append_array_end(&one, &choices);
    bson_append_document_end(&both, &one);
    bson_append_array_end(filter, &both);
    return filter;
}

static const char *
sv_claim_session_id(const sv_claim_work_t *work)
{
    sv_arena_t *arena = work->arena;
    const char *id = sv_arena_printf(arena, "session_%s_%s_%lld", work->claim->who->user_id, work->rack.rack_id,
                                     (long long) (sv_clock_now_ms() / 1000));

    if (work->id_taken || (work->rack.session_id != NULL && strcmp(id, work->rack.session_id) == 0)) {
        id = sv_arena_printf(arena, "%s_%lld", id, (long long) work->rack.fence + 1);
    }
    return id;
}

static sv_status_t
sv_claim_take_rack(sv_store_t *store, sv_claim_work_t *work, const char *session_id, sv_error_t *error)
{
    bson_t *update = sv_doc_take(
        BCON_NEW("$set", "{", "session_id", BCON_UTF8(session_id), "user_id", BCON_UTF8(work->claim->who->user_id),
                 "count_id", BCON_UTF8(work->count.session_id), "status", BCON_UTF8("claimed"), "hold_ms",
                 BCON_INT64(sv_active_hold_ms(store->settings)), "}", "$inc", "{", "fence", BCON_INT64(1), "}",
                 "$currentDate", "{", "held_at", BCON_BOOL(true), "updated_at", BCON_BOOL(true), "}"),
        work->arena);
    const bson_t *document;
    sv_status_t status = sv_store_find_and_update(store, SV_COLLECTION_RACK_REGISTRY, sv_claim_filter(work), update,
                                                  true, false, work->arena, &document, error);

    if (status != SV_OK) {
        return status;
    }
    if (document == NULL) {
        return sv_fail_held(store, &work->rack, SV_ERR_RACK_LOCKED, error);
    }
    sv_rack_read(document, work->arena, &work->rack);
    return SV_OK;
}

/* From here on the displaced session writes nothing: its fence write conflicts with this one. */
static sv_status_t
sv_claim_displace(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    bson_t *filter, *update;
    bson_t set;

    if (work->before.session_id == NULL) {
        return SV_OK;
    }
    filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(work->before.session_id)), work->arena);
    update = sv_doc_take(BCON_NEW("$inc", "{", "writes", BCON_INT64(1), "}"), work->arena);
    sv_put_contact(update, work->contact_ms);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_BOOL(&set, "superseded", true);
    if (sv_is_live(&work->before)) {
        BSON_APPEND_UTF8(&set, "status", "interrupted");
        BSON_APPEND_DATE_TIME(&set, "interrupted_at", work->rack.held_at_ms);
    }
    bson_append_document_end(update, &set);
    return sv_store_update_one(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, NULL, error);
}

static void
sv_claim_fill_session(const sv_claim_work_t *work, sv_floor_session_t *session)
{
    const sv_principal_t *who = work->claim->who;

    *session = (sv_floor_session_t){
        .session_id = work->rack.session_id,
        .user_id = who->user_id,
        .username = who->username,
        .full_name = who->full_name,
        .rack_id = work->rack.rack_id,
        .warehouse = work->rack.warehouse,
        .floor = work->rack.floor,
        .zone = work->rack.zone,
        .count_id = work->count.session_id,
        .count_state = work->count.status,
        .count_started_at_ms = sv_doc_time(work->count.document, "started_at"),
        .blind = work->count.blind,
        .strict = work->count.strict,
        .fence = work->rack.fence,
        .round = work->round.number,
        .status = SV_SESSION_ACTIVE,
        .started_at_ms = work->rack.held_at_ms, /* the server's clock */
        .last_heartbeat_ms = work->rack.held_at_ms,
    };
}

/* From which fence on the rack was nobody else's: sessions since then may still write through this one. */
static int64_t
sv_claim_own_since(const sv_claim_work_t *work)
{
    return sv_is_mine(work) ? work->before.own_since : work->rack.fence;
}

static sv_status_t
sv_claim_insert_session(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    sv_floor_session_t *session = &work->result->session;
    bson_t *document = sv_doc_new(work->arena);
    sv_status_t status;

    sv_claim_fill_session(work, session);
    sv_doc_put_text(document, "session_id", session->session_id);
    sv_doc_put_text(document, "user_id", session->user_id);
    sv_doc_put_text(document, "username", session->username);
    sv_doc_put_text(document, "full_name", session->full_name);
    sv_doc_put_text(document, "rack_id", session->rack_id);
    sv_doc_put_text(document, "warehouse", session->warehouse);
    sv_doc_put_text(document, "floor", session->floor);
    sv_doc_put_text(document, "zone", session->zone);
    sv_doc_put_text(document, "count_id", session->count_id);
    sv_doc_put_text(document, "count_state", session->count_state);
    sv_doc_put_time(document, "count_started_at", session->count_started_at_ms);
    BSON_APPEND_BOOL(document, "blind", session->blind);
    BSON_APPEND_BOOL(document, "strict", session->strict);
    BSON_APPEND_INT64(document, "fence", session->fence);
    BSON_APPEND_INT64(document, "round", session->round);
    BSON_APPEND_INT64(document, "own_since", sv_claim_own_since(work));
    sv_doc_put_text(document, "status", sv_session_status_name(session->status));
    BSON_APPEND_BOOL(document, "superseded", false);
    BSON_APPEND_BOOL(document, "rack_completed", false);
    BSON_APPEND_BOOL(document, "plain", work->round.is_first);
    BSON_APPEND_INT64(document, "writes", 0);
    sv_doc_put_time(document, "started_at", session->started_at_ms);
    sv_doc_put_time(document, "last_heartbeat", session->last_heartbeat_ms);
    sv_doc_put_time(document, "paused_at", 0);
    sv_doc_put_time(document, "completed_at", 0);
    sv_doc_put_time(document, "interrupted_at", 0);
    status = sv_store_insert(store, SV_COLLECTION_VERIFICATION_SESSIONS, document, error);
    work->id_taken |= status == SV_ERR_ALREADY_EXISTS;
    return status;
}

/* A rack that is counted again stands otherwise for every line that has to do with it. */
static sv_status_t
sv_claim_begin_recount(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    sv_status_t status = SV_OK;

    if (work->round.recount != NULL) {
        status = sv_recount_taken(store, work->round.recount, work->rack.session_id, work->arena, error);
    }
    return status == SV_OK && work->round.is_recount
               ? sv_rack_touch(store, work->count.session_id, work->rack.warehouse, work->rack.rack_id, work->arena,
                               error)
               : status;
}

static sv_status_t
sv_claim_audit(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    const sv_floor_session_t *session = &work->result->session;
    bson_t *details = sv_doc_new(work->arena);
    sv_audit_t entry = {
        .action = "rack.claim",
        .session_id = session->session_id,
        .rack_id = session->rack_id,
        .count_id = session->count_id,
        .warehouse = session->warehouse,
        .details = details,
    };

    BSON_APPEND_INT64(details, "fence", session->fence);
    BSON_APPEND_BOOL(details, "resumed", work->result->resumed);
    if (!work->result->resumed && work->before.session_id != NULL && sv_is_live(&work->before)) {
        BSON_APPEND_UTF8(details, "displaced", work->before.session_id);
    }
    return sv_audit_write(store, work->claim->who, &entry, error);
}

static sv_status_t
sv_claim_open(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    sv_status_t status = sv_rack_round_next(store, &work->rack, work->count.session_id, work->claim->who->user_id,
                                            work->claim->recount, work->arena, &work->round, error);

    work->result->resumed = false;
    work->result->displaced = work->before;
    work->result->assigned = (sv_assigned_t){ 0 };
    if (sv_assigned_find(work->count.document, work->rack.rack_id, &work->result->assigned, work->arena) &&
        strcmp(work->result->assigned.user_id, work->claim->who->user_id) == 0) {
        work->result->assigned = (sv_assigned_t){ 0 };
    }
    if (status == SV_OK) {
        status = sv_claim_take_rack(store, work, sv_claim_session_id(work), error);
    }
    if (status == SV_OK) {
        status = sv_claim_displace(store, work, error);
    }
    if (status == SV_OK) {
        status = sv_claim_insert_session(store, work, error);
    }
    if (status == SV_OK) {
        status = sv_claim_fix_book(store, work, error);
    }
    return status == SV_OK ? sv_claim_begin_recount(store, work, error) : status;
}

/* Re-arms the hold of the session the user has here, whatever became of its lease. */
static sv_status_t
sv_claim_resume(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("session_id", BCON_UTF8(work->before.session_id), "superseded", BCON_BOOL(false)), work->arena);
    bson_t *activate =
        sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8("active"), "}", "$inc", "{", "writes", BCON_INT64(1), "}",
                             "$currentDate", "{", "last_heartbeat", BCON_BOOL(true), "}"),
                    work->arena);
    const bson_t *document;
    sv_status_t status = sv_store_find_and_update(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, activate, true,
                                                  false, work->arena, &document, error);

    if (status != SV_OK) {
        return status;
    }
    if (document == NULL) {
        return sv_fail_held(store, &work->rack, SV_ERR_LOCK_LOST, error);
    }
    sv_floor_session_read(document, work->arena, &work->result->session);
    work->result->resumed = true;
    work->result->displaced = (sv_floor_session_t){ 0 };
    return sv_rack_hold_anew(store, work->rack.rack_id, work->before.session_id, false, NULL, error);
}

static sv_status_t
sv_claim_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_claim_work_t *work = context;
    sv_status_t status = sv_claim_read(store, work, error);

    if (status != SV_OK) {
        return status;
    }
    switch (sv_claim_decide(store, work, error)) {
    case SV_CLAIM_RESUMES:
        status = sv_claim_resume(store, work, error);
        break;
    case SV_CLAIM_OPENS:
        status = sv_claim_open(store, work, error);
        break;
    case SV_CLAIM_FAILS:
        status = error->status;
        break;
    }
    return status == SV_OK ? sv_claim_audit(store, work, error) : status;
}

/* A claim that read its count as open may commit after the count was closed, or its period ended, and neither sees the
 * other: snapshot isolation.  So both look again after their commit: this one here, closing in count_close.c.  A claim
 * that meets the end of its standing count's period gives its session up again and runs once more. */
static sv_status_t
sv_claim_confirm_count(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    sv_floor_session_t *session = &work->result->session;
    bool interrupted;
    sv_count_t count;
    sv_status_t status;

    work->period_over = false;
    if (work->result->resumed) {
        return SV_OK;
    }
    status = sv_count_find(store, session->count_id, work->arena, &count, error);
    if (status != SV_OK || sv_count_is_open(&count) ||
        (work->takes_recount && strcmp(count.status, session->count_state) == 0)) {
        return status;
    }
    status = sv_count_interrupt_session(store, work->claim->who, session->session_id, work->arena, session,
                                        &interrupted, error);
    if (status != SV_OK) {
        return status;
    }
    work->period_over = sv_count_is_standing(&count) && work->claim->count_id == NULL;
    return sv_fail(error, SV_ERR_SESSION_CLOSED, NULL);
}

/* Whether what stood in the way is put right, or worth asking again, so that the transaction may run once more. */
static bool
sv_claim_may_run_again(sv_store_t *store, sv_claim_work_t *work, sv_error_t *error)
{
    if (work->standing_missing) {
        work->standing_missing = false;
        sv_error_clear(error);
        return sv_standing_ensure(store, work->warehouse, error) == SV_OK;
    }
    if (work->period_over) {
        work->period_over = false;
        sv_error_clear(error);
        return true;
    }
    if (store->outcome_unknown && !work->result->outcome_unknown) {
        /* Nobody said whether it was committed: asking again resumes it if it was. */
        work->result->outcome_unknown = true;
        return true;
    }
    return error->status == SV_ERR_ALREADY_EXISTS;
}

sv_status_t
sv_rack_claim(sv_store_t *store, const sv_claim_t *claim, sv_arena_t *arena, sv_claim_result_t *result,
              sv_error_t *error)
{
    enum { MAX_RUNS = 4 };
    sv_claim_work_t work = { .claim = claim, .arena = arena, .result = result };
    sv_status_t status = SV_OK;
    bool committed = false;

    memset(result, 0, sizeof(*result));
    for (int run = 0; run < MAX_RUNS; run++) {
        status = sv_transaction_run(store, sv_claim_body, &work, error);
        committed = status == SV_OK;
        if (committed) {
            status = sv_claim_confirm_count(store, &work, error);
        }
        if (status == SV_OK || !sv_claim_may_run_again(store, &work, error)) {
            break;
        }
    }
    if (committed) {
        result->outcome_unknown = sv_status_kind(status) == SV_KIND_UNAVAILABLE; /* the claim stands */
        return status;
    }
    result->outcome_unknown = result->outcome_unknown && sv_status_kind(error->status) == SV_KIND_UNAVAILABLE;
    if (error->status == SV_ERR_ALREADY_EXISTS) {
        const char *cause = error->cause;

        sv_error_clear(error);
        sv_fail_cause(error, SV_ERR_INTERNAL, "no free session id: %s", cause != NULL ? cause : "");
    }
    return error->status;
}
