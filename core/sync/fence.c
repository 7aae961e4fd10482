#include "core/sync/fence.h"

#include <string.h>

#include "core/store/document.h"
#include "core/sync/query.h"

enum { SV_MS = 1000 };

static void
sv_fence_take_facts(sv_fenced_t *fenced, const bson_t *session, sv_arena_t *arena)
{
    const char *count_state = sv_doc_text(session, "count_state", arena);

    fenced->user_id = sv_doc_text(session, "user_id", arena);
    fenced->full_name = sv_doc_text(session, "full_name", arena);
    fenced->rack_id = sv_doc_text(session, "rack_id", arena);
    fenced->warehouse = sv_doc_text(session, "warehouse", arena);
    fenced->floor = sv_doc_text(session, "floor", arena);
    fenced->count_id = sv_doc_text(session, "count_id", arena);
    fenced->open = count_state != NULL && strcmp(count_state, "OPEN") == 0;
    fenced->closed = count_state != NULL && strcmp(count_state, "CLOSED") == 0;
    fenced->blind = sv_doc_bool(session, "blind");
    fenced->strict = sv_doc_bool(session, "strict");
    fenced->has_partials = sv_doc_bool(session, "has_partials");
    fenced->fence = sv_doc_int(session, "fence");
    fenced->round = sv_doc_int(session, "round");
    fenced->status = sv_doc_text(session, "status", arena);
    fenced->started_at_ms = sv_doc_time(session, "started_at");
    fenced->last_contact_ms = sv_doc_time(session, "last_heartbeat");
    if (fenced->last_contact_ms < fenced->started_at_ms) {
        fenced->last_contact_ms = fenced->started_at_ms;
    }
    fenced->now_ms = sv_doc_time(session, "written_at");
}

/* $inc is what makes it fence: a write that changes nothing would let two snapshots pass side by side. */
static sv_status_t
sv_fence_raise(sv_store_t *store, const bson_t *filter, const bson_t **session, sv_error_t *error)
{
    bson_t *update = sv_doc_new(error->arena), child;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$inc", &child);
    BSON_APPEND_INT64(&child, "writes", 1);
    bson_append_document_end(update, &child);
    sv_query_mark(update, "$currentDate", "written_at");
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

sv_status_t
sv_fence_holder(sv_store_t *store, const char *rack_id, const sv_holder_t **holder, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *rack, *session = NULL;
    const char *session_id;
    sv_holder_t *found;

    BSON_APPEND_UTF8(filter, "rack_id", rack_id);
    if (sv_store_find_one(store, SV_COLLECTION_RACK_REGISTRY, filter, NULL, error->arena, &rack, error) != SV_OK) {
        return error->status;
    }
    if (rack == NULL || sv_doc_int(rack, "hold_ms") == 0) {
        return SV_OK;
    }
    session_id = sv_doc_text(rack, "session_id", error->arena);
    if (session_id == NULL || sv_fence_find(store, session_id, &session, error) != SV_OK || session == NULL) {
        return error->status;
    }
    found = sv_arena_zalloc(error->arena, sizeof(*found));
    found->user_id = sv_doc_text(session, "user_id", error->arena);
    found->full_name = sv_doc_text(session, "full_name", error->arena);
    found->session_id = session_id;
    found->since_ms = sv_doc_time(session, "started_at");
    *holder = found;
    return SV_OK;
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
    if (fenced->user_id == NULL || strcmp(fenced->user_id, user_id) != 0) {
        return SV_OK;
    }
    fenced->outcome = SV_FENCE_LOST;
    return sv_fence_holder(store, fenced->rack_id, &fenced->holder, error);
}

sv_status_t
sv_fence_write(sv_store_t *store, const char *user_id, const char *session_id, sv_fenced_t *fenced, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(error->arena);
    const bson_t *session;

    memset(fenced, 0, sizeof(*fenced));
    fenced->session_id = session_id;
    BSON_APPEND_UTF8(filter, "session_id", session_id);
    BSON_APPEND_UTF8(filter, "user_id", user_id);
    BSON_APPEND_BOOL(filter, "superseded", false);
    if (sv_fence_raise(store, filter, &session, error) != SV_OK) {
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
    if (sv_fence_raise(store, filter, &session, error) != SV_OK || session == NULL) {
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

    BSON_APPEND_UTF8(filter, "rack_id", fenced->rack_id);
    BSON_APPEND_UTF8(filter, "session_id", fenced->session_id);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &child);
    BSON_APPEND_UTF8(&child, "status", "claimed");
    BSON_APPEND_INT64(&child, "hold_ms", (store->settings->rack_lock_ttl + store->settings->rack_hold_margin) * SV_MS);
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
    if (fenced->status == NULL) {
        return false;
    }
    if (strcmp(fenced->status, "interrupted") == 0) {
        return true;
    }
    return strcmp(fenced->status, "active") == 0 &&
           fenced->now_ms - fenced->last_contact_ms >= store->settings->rack_lock_ttl * SV_MS;
}

sv_status_t
sv_fence_finish(sv_store_t *store, sv_fenced_t *fenced, sv_error_t *error)
{
    bool notes_partials = fenced->stores_partial && !fenced->has_partials;
    bson_t *filter, *update, child;

    fenced->rearmed =
        fenced->outcome == SV_FENCE_HOLDS && !fenced->bypassed && fenced->wrote && sv_fence_is_silent(store, fenced);
    if (fenced->rearmed && sv_fence_rearm(store, fenced, error) != SV_OK) {
        return error->status;
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
