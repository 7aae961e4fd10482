#include "core/sync/fence.h"

#include <string.h>

#include "core/counts/count.h"
#include "core/store/document.h"
#include "core/sync/query.h"

enum { SV_MS = 1000 };

static void
sv_fence_take_facts(sv_fenced_t *fenced, const bson_t *session, sv_arena_t *arena)
{
    const char *count_state;

    sv_floor_session_read(session, arena, &fenced->facts);
    count_state = fenced->facts.count_state;
    fenced->open = sv_count_takes_records(count_state);
    fenced->closed = !fenced->open;
    fenced->plain = sv_doc_bool(session, "plain");
    fenced->now_ms = sv_doc_time(session, "written_at");
}

/* $inc is what makes it fence: a write that changes nothing would let two snapshots pass side by side. */
static sv_status_t
sv_fence_raise(sv_store_t *store, const bson_t *filter, const int64_t *left, const bson_t **session, sv_error_t *error)
{
    bson_t *update = sv_doc_new(error->arena), child;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$inc", &child);
    BSON_APPEND_INT64(&child, "writes", 1);
    bson_append_document_end(update, &child);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$currentDate", &child);
    BSON_APPEND_BOOL(&child, "written_at", true);
    if (left != NULL) {
        BSON_APPEND_BOOL(&child, "left_at", true);
    }
    bson_append_document_end(update, &child);
    if (left != NULL) {
        BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
        BSON_APPEND_INT64(&child, "left", *left);
        bson_append_document_end(update, &child);
    }
    return sv_store_find_and_update(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, true, false,
                                    error->arena, session, error);
}

static sv_status_t
sv_fence_find(sv_store_t *store, const char *session_id, const bson_t **session, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);

    BSON_APPEND_UTF8(filter, "session_id", session_id);
    return sv_store_find_one(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, error->arena, session, error);
}

/* Who holds the rack now: somebody newer, or nobody. */
static sv_status_t
sv_fence_find_holder(sv_store_t *store, const sv_rack_t *rack, sv_fenced_t *fenced, sv_error_t *error)
{
    const sv_holder_t *holder = NULL;
    sv_status_t status = rack->hold_ms > 0 ? sv_rack_holder(store, rack, error->arena, &holder, error) : SV_OK;

    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        return SV_OK;
    }
    fenced->holder = status == SV_OK ? holder : NULL;
    return status;
}

/* Raises a session's own `writes` too, for whoever reads its records in the order of its writes. */
static sv_status_t
sv_fence_raise_own(sv_store_t *store, const char *session_id, const int64_t *left, const bson_t **session,
                   sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);

    BSON_APPEND_UTF8(filter, "session_id", session_id);
    return sv_fence_raise(store, filter, left, session, error);
}

/* A displaced session's user may have the rack still, by a later claim, and nobody else had it in between. */
static sv_status_t
sv_fence_through_own(sv_store_t *store, const sv_rack_t *rack, const int64_t *left, sv_fenced_t *fenced,
                     sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *carried, *own;

    BSON_APPEND_UTF8(filter, "session_id", rack->session_id);
    BSON_APPEND_UTF8(filter, "user_id", fenced->facts.user_id);
    BSON_APPEND_BOOL(filter, "superseded", false);
    sv_query_compare(filter, "own_since", "$lte", fenced->facts.fence);
    if (sv_fence_raise(store, filter, NULL, &carried, error) != SV_OK || carried == NULL) {
        return error->status;
    }
    if (sv_fence_raise_own(store, fenced->session_id, left, &own, error) != SV_OK || own == NULL) {
        return error->status;
    }
    sv_fence_take_facts(fenced, own, error->arena);
    fenced->outcome = SV_FENCE_HOLDS;
    fenced->displaced = true;
    fenced->plain = false;
    return SV_OK;
}

/* A rack that is not there any more leaves nobody to name, and is no reason to fail the batch. */
static sv_status_t
sv_fence_ask_rack(sv_store_t *store, const int64_t *left, sv_fenced_t *fenced, sv_error_t *error)
{
    sv_rack_t rack;
    sv_status_t status = sv_rack_find(store, fenced->facts.rack_id, error->arena, &rack, error);

    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        return SV_OK;
    }
    if (status == SV_OK && rack.session_id != NULL && rack.user_id != NULL &&
        strcmp(rack.user_id, fenced->facts.user_id) == 0) {
        status = sv_fence_through_own(store, &rack, left, fenced, error);
    }
    return status == SV_OK && fenced->outcome == SV_FENCE_LOST ? sv_fence_find_holder(store, &rack, fenced, error)
                                                               : status;
}

/* The fence write matched nothing: why. */
static sv_status_t
sv_fence_explain(sv_store_t *store, const char *user_id, const int64_t *left, sv_fenced_t *fenced, sv_error_t *error)
{
    const bson_t *session;

    fenced->outcome = SV_FENCE_UNKNOWN;
    if (sv_fence_find(store, fenced->session_id, &session, error) != SV_OK || session == NULL) {
        return error->status;
    }
    sv_fence_take_facts(fenced, session, error->arena);
    /* Another's session is as unknown as none: its existence is nobody else's business. */
    if (fenced->facts.user_id == NULL || strcmp(fenced->facts.user_id, user_id) != 0) {
        return SV_OK;
    }
    fenced->outcome = SV_FENCE_LOST;
    return sv_fence_ask_rack(store, left, fenced, error);
}

sv_status_t
sv_fence_write(sv_store_t *store, const char *user_id, const char *session_id, const int64_t *left, sv_fenced_t *fenced,
               sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *session;

    memset(fenced, 0, sizeof(*fenced));
    fenced->session_id = session_id;
    BSON_APPEND_UTF8(filter, "session_id", session_id);
    BSON_APPEND_UTF8(filter, "user_id", user_id);
    BSON_APPEND_BOOL(filter, "superseded", false);
    if (sv_fence_raise(store, filter, left, &session, error) != SV_OK) {
        return error->status;
    }
    if (session == NULL) {
        return sv_fence_explain(store, user_id, left, fenced, error);
    }
    fenced->outcome = SV_FENCE_HOLDS;
    sv_fence_take_facts(fenced, session, error->arena);
    return SV_OK;
}

/* Whose writes pass a rack's fence: the session it carries.  NULL: the rack is gone, or carries this one. */
static sv_status_t
sv_fence_raise_carried(sv_store_t *store, const char *rack_id, const char *session_id, const bson_t **carried,
                       sv_error_t *error)
{
    sv_rack_t rack;
    sv_status_t status = sv_rack_find(store, rack_id, error->arena, &rack, error);

    *carried = NULL;
    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        return SV_OK;
    }
    if (status != SV_OK || rack.session_id == NULL || strcmp(rack.session_id, session_id) == 0) {
        return status;
    }
    return sv_fence_raise_own(store, rack.session_id, NULL, carried, error);
}

sv_status_t
sv_fence_bypass(sv_store_t *store, const char *session_id, sv_fenced_t *fenced, sv_error_t *error)
{
    const bson_t *session, *carried;
    const char *count_id;

    memset(fenced, 0, sizeof(*fenced));
    fenced->session_id = session_id;
    fenced->outcome = SV_FENCE_UNKNOWN;
    if (sv_fence_raise_own(store, session_id, NULL, &session, error) != SV_OK || session == NULL) {
        return error->status;
    }
    fenced->bypassed = true;
    fenced->outcome = sv_doc_bool(session, "superseded") ? SV_FENCE_LOST : SV_FENCE_HOLDS;
    sv_fence_take_facts(fenced, session, error->arena);
    if (sv_fence_raise_carried(store, fenced->facts.rack_id, session_id, &carried, error) != SV_OK) {
        return error->status;
    }
    fenced->present_round = fenced->facts.round;
    if (carried != NULL) {
        fenced->plain = false;
        count_id = sv_doc_text(carried, "count_id", error->arena);
        if (count_id != NULL && strcmp(count_id, fenced->facts.count_id) == 0) {
            fenced->present_round = sv_doc_int(carried, "round");
        }
    }
    return SV_OK;
}

static bool
sv_fence_is_silent(const sv_store_t *store, const sv_fenced_t *fenced)
{
    const sv_floor_session_t *session = &fenced->facts;
    int64_t contact_ms =
        session->last_heartbeat_ms > session->started_at_ms ? session->last_heartbeat_ms : session->started_at_ms;

    /* In a count under reconciliation late records land, but nothing brings back a session that was interrupted. */
    return !fenced->displaced &&
           ((session->status == SV_SESSION_INTERRUPTED && sv_count_state_admits_claims(session->count_state)) ||
            (session->status == SV_SESSION_ACTIVE &&
             fenced->now_ms - contact_ms >= store->settings->rack_lock_ttl * SV_MS));
}

sv_status_t
sv_fence_finish(sv_store_t *store, sv_fenced_t *fenced, sv_error_t *error)
{
    bool leaves_plain = fenced->leaves_plain && fenced->plain;
    bson_t *filter, *update, child;

    fenced->rearmed =
        fenced->outcome == SV_FENCE_HOLDS && !fenced->bypassed && fenced->wrote && sv_fence_is_silent(store, fenced);
    if (fenced->rearmed) {
        fenced->facts.status = SV_SESSION_ACTIVE;
        fenced->facts.last_heartbeat_ms = fenced->now_ms;
        /* if the rack still carries this session (it does: the fence held) */
        if (sv_rack_hold_anew(store, fenced->facts.rack_id, fenced->session_id, false, NULL, error) != SV_OK) {
            return error->status;
        }
    }
    if (!fenced->rearmed && !leaves_plain) {
        return SV_OK;
    }
    filter = sv_doc_new(error->arena);
    update = sv_doc_new(error->arena);
    BSON_APPEND_UTF8(filter, "session_id", fenced->session_id);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
    if (leaves_plain) {
        BSON_APPEND_BOOL(&child, "plain", false);
    }
    if (fenced->rearmed) {
        BSON_APPEND_UTF8(&child, "status", "active");
    }
    bson_append_document_end(update, &child);
    if (fenced->rearmed) {
        sv_query_mark(update, "$currentDate", "last_heartbeat");
    }
    return sv_store_update_one(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, NULL, error);
}
