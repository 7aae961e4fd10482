#include "core/floor/floor.h"

#include <string.h>

#include "core/store/document.h"
#include "core/store/filter.h"

static const char *const sv_session_status_names[] = { "active", "paused", "completed", "interrupted" };

enum { SV_SESSION_STATUS_COUNT = sizeof(sv_session_status_names) / sizeof(sv_session_status_names[0]) };

const char *
sv_session_status_name(sv_session_status_t status)
{
    return sv_session_status_names[status];
}

static sv_session_status_t
sv_session_status_parse(const char *name)
{
    for (int i = 0; name != NULL && i < SV_SESSION_STATUS_COUNT; i++) {
        if (strcmp(name, sv_session_status_names[i]) == 0) {
            return (sv_session_status_t) i;
        }
    }
    return SV_SESSION_INTERRUPTED;
}

void
sv_rack_read(const bson_t *document, sv_arena_t *arena, sv_rack_t *rack)
{
    rack->rack_id = sv_doc_text(document, "rack_id", arena);
    rack->warehouse = sv_doc_text(document, "warehouse", arena);
    rack->floor = sv_doc_text(document, "floor", arena);
    rack->zone = sv_doc_text(document, "zone", arena);
    rack->status = sv_doc_text(document, "status", arena);
    rack->session_id = sv_doc_text(document, "session_id", arena);
    rack->user_id = sv_doc_text(document, "user_id", arena);
    rack->count_id = sv_doc_text(document, "count_id", arena);
    rack->fence = sv_doc_int(document, "fence");
    rack->held_at_ms = sv_doc_time(document, "held_at");
    rack->hold_ms = sv_doc_int(document, "hold_ms");
    rack->estimated_items = sv_doc_has(document, "estimated_items") ? sv_doc_int(document, "estimated_items") : -1;
    rack->last_verified_at_ms = sv_doc_time(document, "last_verified_at");
}

void
sv_floor_session_read(const bson_t *document, sv_arena_t *arena, sv_floor_session_t *session)
{
    session->session_id = sv_doc_text(document, "session_id", arena);
    session->user_id = sv_doc_text(document, "user_id", arena);
    session->username = sv_doc_text(document, "username", arena);
    session->full_name = sv_doc_text(document, "full_name", arena);
    session->rack_id = sv_doc_text(document, "rack_id", arena);
    session->warehouse = sv_doc_text(document, "warehouse", arena);
    session->floor = sv_doc_text(document, "floor", arena);
    session->zone = sv_doc_text(document, "zone", arena);
    session->count_id = sv_doc_text(document, "count_id", arena);
    session->count_state = sv_doc_text(document, "count_state", arena);
    session->count_started_at_ms = sv_doc_time(document, "count_started_at");
    session->blind = sv_doc_bool(document, "blind");
    session->strict = sv_doc_bool(document, "strict");
    session->fence = sv_doc_int(document, "fence");
    session->round = sv_doc_int(document, "round");
    session->own_since = sv_doc_has(document, "own_since") ? sv_doc_int(document, "own_since") : session->fence;
    session->status = sv_session_status_parse(sv_doc_text(document, "status", arena));
    session->superseded = sv_doc_bool(document, "superseded");
    session->rack_completed = sv_doc_bool(document, "rack_completed");
    session->writes = sv_doc_int(document, "writes");
    session->started_at_ms = sv_doc_time(document, "started_at");
    session->last_heartbeat_ms = sv_doc_time(document, "last_heartbeat");
    session->paused_at_ms = sv_doc_time(document, "paused_at");
    session->completed_at_ms = sv_doc_time(document, "completed_at");
    session->interrupted_at_ms = sv_doc_time(document, "interrupted_at");
    session->final_stats = sv_doc_child(document, "final_stats", arena);
    session->left = sv_doc_int(document, "left");
    session->left_at_ms = sv_doc_time(document, "left_at");
}

sv_status_t
sv_rack_find(sv_store_t *store, const char *rack_id, sv_arena_t *arena, sv_rack_t *rack, sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(rack_id), "deleted", "{", "$ne", BCON_BOOL(true), "}"), arena);
    const bson_t *document;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_RACK_REGISTRY, filter, NULL, arena, &document, error);

    if (status != SV_OK) {
        return status;
    }
    if (document == NULL) {
        return sv_fail(error, SV_ERR_NOT_FOUND, "There is no rack %s", rack_id);
    }
    sv_rack_read(document, arena, rack);
    return SV_OK;
}

sv_status_t
sv_floor_session_find(sv_store_t *store, const char *session_id, sv_arena_t *arena, sv_floor_session_t *session,
                      sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(session_id)), arena);
    const bson_t *document;
    sv_status_t status =
        sv_store_find_one(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, NULL, arena, &document, error);

    if (status != SV_OK) {
        return status;
    }
    if (document != NULL) {
        sv_floor_session_read(document, arena, session);
        return SV_OK;
    }
    status = sv_store_find_one(store, SV_COLLECTION_SESSIONS, filter, NULL, arena, &document, error);
    if (status != SV_OK) {
        return status;
    }
    if (document != NULL) {
        return sv_fail(error, SV_ERR_WRONG_KIND, "%s is a count, not a floor session", session_id);
    }
    return sv_fail(error, SV_ERR_NOT_FOUND, "There is no session %s", session_id);
}

sv_status_t
sv_rack_holder(sv_store_t *store, const sv_rack_t *rack, sv_arena_t *arena, const sv_holder_t **holder,
               sv_error_t *error)
{
    sv_floor_session_t session;
    sv_holder_t *found;
    sv_status_t status;
    int64_t now = 0;

    *holder = NULL;
    if (rack->session_id == NULL) {
        return SV_OK;
    }
    status = sv_floor_session_find(store, rack->session_id, arena, &session, error);
    if (status == SV_OK) {
        status = sv_store_now(store, &now, error);
    }
    if (status != SV_OK) {
        return status;
    }
    found = sv_arena_zalloc(arena, sizeof(*found));
    found->user_id = session.user_id;
    found->full_name = session.full_name;
    found->session_id = session.session_id;
    found->since_ms = session.started_at_ms;
    if (rack->held_at_ms + rack->hold_ms > now) {
        found->lock_ttl_s = (rack->held_at_ms + rack->hold_ms - now + 999) / 1000;
    }
    *holder = found;
    return SV_OK;
}

sv_status_t
sv_fail_held(sv_store_t *store, const sv_rack_t *rack, sv_status_t status, sv_error_t *error)
{
    const sv_holder_t *holder;
    sv_status_t found = sv_rack_holder(store, rack, error->arena, &holder, error);

    if (found != SV_OK) {
        return found;
    }
    sv_fail(error, status, NULL);
    if (holder != NULL) {
        error->holder = sv_arena_alloc(error->arena, sizeof(*holder));
        *error->holder = *holder;
    }
    return status;
}

void
sv_filter_hold_is_past(bson_t *filter)
{
    sv_filter_past(filter, "$held_at", "$hold_ms", 0);
}

int64_t
sv_active_hold_ms(const sv_settings_t *settings)
{
    return (settings->rack_lock_ttl + settings->rack_hold_margin) * 1000;
}

int64_t
sv_pause_hold_ms(const sv_settings_t *settings)
{
    return settings->rack_pause_ttl * 1000;
}

sv_status_t
sv_rack_hold_anew(sv_store_t *store, const char *rack_id, const char *session_id, bool claimed_only, int64_t *matched,
                  sv_error_t *error)
{
    bson_t *filter =
        sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(rack_id), "session_id", BCON_UTF8(session_id)), error->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8("claimed"), "hold_ms",
                                          BCON_INT64(sv_active_hold_ms(store->settings)), "}", "$currentDate", "{",
                                          "held_at", BCON_BOOL(true), "updated_at", BCON_BOOL(true), "}"),
                                 error->arena);

    if (claimed_only) {
        BSON_APPEND_UTF8(filter, "status", "claimed");
    }
    return sv_store_update_one(store, SV_COLLECTION_RACK_REGISTRY, filter, update, matched, error);
}

int64_t
sv_rack_contact_ms(const sv_rack_t *rack)
{
    bool carried =
        rack->status != NULL && (strcmp(rack->status, "claimed") == 0 || strcmp(rack->status, "paused") == 0);

    return carried ? rack->held_at_ms : 0;
}

void
sv_put_contact(bson_t *update, int64_t contact_ms)
{
    if (contact_ms > 0) {
        BCON_APPEND(update, "$max", "{", "last_heartbeat", BCON_DATE_TIME(contact_ms), "}");
    }
}

void
sv_floor_session_write_json(sv_json_writer_t *w, const char *name, const sv_floor_session_t *session, int64_t now_ms)
{
    sv_json_object(w, name);
    sv_json_text(w, "kind", "floor");
    sv_json_text(w, "id", session->session_id);
    sv_json_text(w, "session_id", session->session_id);
    sv_json_text(w, "user_id", session->user_id);
    sv_json_text(w, "username", session->username);
    sv_json_text(w, "full_name", session->full_name);
    sv_json_text(w, "rack_id", session->rack_id);
    sv_json_text(w, "warehouse", session->warehouse);
    sv_json_text(w, "floor", session->floor);
    sv_json_text(w, "zone", session->zone);
    sv_json_text(w, "count_id", session->count_id);
    sv_json_bool(w, "blind", session->blind);
    sv_json_bool(w, "strict", session->strict);
    sv_json_int(w, "fence", session->fence);
    sv_json_int(w, "round", session->round);
    sv_json_text(w, "status", sv_session_status_name(session->status));
    sv_json_bool(w, "superseded", session->superseded);
    sv_json_time(w, "started_at", session->started_at_ms);
    sv_json_time(w, "last_heartbeat", session->last_heartbeat_ms);
    if (now_ms != 0 && session->last_heartbeat_ms != 0) {
        int64_t age = now_ms - session->last_heartbeat_ms;

        sv_json_int(w, "heartbeat_age_seconds", age > 0 ? age / 1000 : 0);
    }
    sv_json_time(w, "paused_at", session->paused_at_ms);
    sv_json_time(w, "completed_at", session->completed_at_ms);
    sv_json_time(w, "interrupted_at", session->interrupted_at_ms);
    if (session->left_at_ms != 0) {
        sv_json_int(w, "left", session->left);
        sv_json_time(w, "left_at", session->left_at_ms);
    }
    sv_json_end(w);
}
