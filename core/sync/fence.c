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
    fenced->has_partials = sv_doc_bool(session, "has_partials");
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

/* Who holds the session's rack now: somebody newer, or nobody.  A rack or a session that is not there any more leaves
 * nobody to name, and is no reason to fail the batch. */
static sv_status_t
sv_fence_find_holder(sv_store_t *store, sv_fenced_t *fenced, sv_error_t *error)
{
    const sv_holder_t *holder = NULL;
    sv_rack_t rack;
    sv_status_t status = sv_rack_find(store, fenced->facts.rack_id, error->arena, &rack, error);

    if (status == SV_OK && rack.hold_ms > 0) {
        status = sv_rack_holder(store, &rack, error->arena, &holder, error);
    }
    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        return SV_OK;
    }
    fenced->holder = status == SV_OK ? holder : NULL;
    return status;
}

/* The fence write matched nothing: why. */
static sv_status_t
sv_fence_explain(sv_store_t *store, const char *user_id, sv_fenced_t *fenced, sv_error_t *error)
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
    return sv_fence_find_holder(store, fenced, error);
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
        return sv_fence_explain(store, user_id, fenced, error);
    }
    fenced->outcome = SV_FENCE_HOLDS;
    sv_fence_take_facts(fenced, session, error->arena);
    return SV_OK;
}

sv_status_t
sv_fence_bypass(sv_store_t *store, const char *session_id, sv_fenced_t *fenced, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *session;

    memset(fenced, 0, sizeof(*fenced));
    fenced->session_id = session_id;
    fenced->outcome = SV_FENCE_UNKNOWN;
    BSON_APPEND_UTF8(filter, "session_id", session_id);
    if (sv_fence_raise(store, filter, NULL, &session, error) != SV_OK || session == NULL) {
        return error->status;
    }
    fenced->bypassed = true;
    fenced->outcome = sv_doc_bool(session, "superseded") ? SV_FENCE_LOST : SV_FENCE_HOLDS;
    sv_fence_take_facts(fenced, session, error->arena);
    return SV_OK;
}

/* The rack's hold begins anew, if the rack still carries this session (it does: the fence held). */
static sv_status_t
sv_fence_rearm(sv_store_t *store, const sv_fenced_t *fenced, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena), *update = sv_doc_new(error->arena), child;

    BSON_APPEND_UTF8(filter, "rack_id", fenced->facts.rack_id);
    BSON_APPEND_UTF8(filter, "session_id", fenced->session_id);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
    BSON_APPEND_UTF8(&child, "status", "claimed");
    BSON_APPEND_INT64(&child, "hold_ms", sv_active_hold_ms(store->settings));
    bson_append_document_end(update, &child);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$currentDate", &child);
    BSON_APPEND_BOOL(&child, "held_at", true);
    BSON_APPEND_BOOL(&child, "updated_at", true);
    bson_append_document_end(update, &child);
    return sv_store_update_one(store, SV_COLLECTION_RACK_REGISTRY, filter, update, NULL, error);
}

static bool
sv_fence_is_silent(const sv_store_t *store, const sv_fenced_t *fenced)
{
    const sv_floor_session_t *session = &fenced->facts;
    int64_t contact_ms =
        session->last_heartbeat_ms > session->started_at_ms ? session->last_heartbeat_ms : session->started_at_ms;

    /* In a count under reconciliation late records land, but nothing brings back a session that was interrupted. */
    return (session->status == SV_SESSION_INTERRUPTED && session->count_state != NULL &&
            strcmp(session->count_state, "OPEN") == 0) ||
           (session->status == SV_SESSION_ACTIVE &&
            fenced->now_ms - contact_ms >= store->settings->rack_lock_ttl * SV_MS);
}

sv_status_t
sv_fence_finish(sv_store_t *store, sv_fenced_t *fenced, sv_error_t *error)
{
    bool notes_partials = fenced->stores_partial && !fenced->has_partials;
    bson_t *filter, *update, child;

    fenced->rearmed =
        fenced->outcome == SV_FENCE_HOLDS && !fenced->bypassed && fenced->wrote && sv_fence_is_silent(store, fenced);
    if (fenced->rearmed) {
        fenced->facts.status = SV_SESSION_ACTIVE;
        fenced->facts.last_heartbeat_ms = fenced->now_ms;
        if (sv_fence_rearm(store, fenced, error) != SV_OK) {
            return error->status;
        }
    }
    if (!fenced->rearmed && !notes_partials) {
        return SV_OK;
    }
    filter = sv_doc_new(error->arena);
    update = sv_doc_new(error->arena);
    BSON_APPEND_UTF8(filter, "session_id", fenced->session_id);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
    if (notes_partials) {
        BSON_APPEND_BOOL(&child, "has_partials", true);
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
