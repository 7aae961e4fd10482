#include "core/floor/heartbeat.h"

#include <string.h>

#include "core/store/document.h"
#include "core/store/transaction.h"

void
sv_heartbeat_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                     const sv_heartbeat_t *const *heartbeats, size_t count)
{
    sv_redis_script(command, arena, SV_SCRIPT_HEARTBEAT, 1);
    sv_redis_arg(command, "floor:heartbeats");
    sv_redis_arg_int(command, settings->rack_lock_ttl * 1000);
    sv_redis_arg_int(command, settings->session_lock_ttl * 1000);
    sv_redis_arg_int(command, settings->heartbeat_ttl);
    sv_redis_arg_int(command, settings->last_seen_ttl);
    for (size_t i = 0; i < count; i++) {
        const sv_heartbeat_t *heartbeat = heartbeats[i];

        sv_redis_arg(command, heartbeat->user_id);
        sv_redis_arg_int(command, heartbeat->generation);
        sv_redis_arg(command, heartbeat->family_id != NULL ? heartbeat->family_id : "");
        sv_redis_arg(command, heartbeat->session_id);
        sv_redis_arg(command, heartbeat->rack_id != NULL ? heartbeat->rack_id : "");
    }
}

sv_heartbeat_outcome_t
sv_heartbeat_read(const redisReply *reply, size_t index)
{
    const redisReply *element;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || index >= reply->elements) {
        return SV_HEARTBEAT_NO_REPLY;
    }
    element = reply->element[index];
    if (element->type != REDIS_REPLY_INTEGER || element->integer < SV_HEARTBEAT_RENEWED ||
        element->integer > SV_HEARTBEAT_LEASE_FOREIGN) {
        return SV_HEARTBEAT_NO_REPLY;
    }
    return (sv_heartbeat_outcome_t) element->integer;
}

sv_status_t
sv_heartbeat_settle(sv_heartbeat_outcome_t outcome, sv_error_t *error)
{
    switch (outcome) {
    case SV_HEARTBEAT_RENEWED:
        return SV_OK;
    case SV_HEARTBEAT_NOT_YOURS:
        return sv_fail(error, SV_ERR_FORBIDDEN, "The session is another user's");
    case SV_HEARTBEAT_OTHER_RACK:
        return sv_fail_field(error, "rack_id", "mismatch", "The session is of another rack");
    case SV_HEARTBEAT_PAUSED:
        return sv_fail(error, SV_ERR_SESSION_PAUSED, NULL);
    case SV_HEARTBEAT_COMPLETED:
        return sv_fail(error, SV_ERR_SESSION_COMPLETED, NULL);
    default:
        return sv_fail(error, SV_ERR_UNAVAILABLE, NULL);
    }
}

typedef struct {
    const sv_heartbeat_t *heartbeat;
    sv_arena_t *arena;
    sv_floor_session_t *session;
    int64_t *pause_left_s;
} sv_ask_work_t;

static sv_status_t
sv_ask_rack_lost(sv_store_t *store, const sv_ask_work_t *work, sv_error_t *error)
{
    sv_rack_t rack;
    sv_status_t status = sv_rack_find(store, work->session->rack_id, work->arena, &rack, error);

    if (status == SV_ERR_NOT_FOUND) {
        sv_error_clear(error);
        return sv_fail(error, SV_ERR_LOCK_LOST, "Rack %s is gone", work->session->rack_id);
    }
    return status == SV_OK ? sv_fail_held(store, &rack, SV_ERR_LOCK_LOST, error) : status;
}

static sv_status_t
sv_ask_paused(sv_store_t *store, const sv_ask_work_t *work, sv_error_t *error)
{
    sv_rack_t rack;
    int64_t now = 0, end;
    sv_status_t status = sv_rack_find(store, work->session->rack_id, work->arena, &rack, error);

    if (status == SV_OK) {
        status = sv_store_now(store, &now, error);
    }
    if (status != SV_OK) {
        return status;
    }
    end = rack.held_at_ms + rack.hold_ms;
    *work->pause_left_s = end > now ? (end - now + 999) / 1000 : 0;
    return sv_fail(error, SV_ERR_SESSION_PAUSED, NULL);
}

/* Whether this session may go on, apart from its rack. */
static sv_status_t
sv_ask_session(sv_store_t *store, const sv_ask_work_t *work, sv_error_t *error)
{
    const sv_heartbeat_t *heartbeat = work->heartbeat;
    sv_floor_session_t *session = work->session;
    sv_status_t status = sv_floor_session_find(store, heartbeat->session_id, work->arena, session, error);

    if (status != SV_OK) {
        return status;
    }
    if (strcmp(session->user_id, heartbeat->user_id) != 0) {
        return sv_heartbeat_settle(SV_HEARTBEAT_NOT_YOURS, error);
    }
    if (heartbeat->rack_id != NULL && strcmp(session->rack_id, heartbeat->rack_id) != 0) {
        return sv_heartbeat_settle(SV_HEARTBEAT_OTHER_RACK, error);
    }
    if (session->status == SV_SESSION_COMPLETED) {
        return sv_fail(error, SV_ERR_SESSION_COMPLETED, NULL);
    }
    if (session->superseded) {
        return sv_ask_rack_lost(store, work, error);
    }
    if (session->status == SV_SESSION_PAUSED) {
        return sv_ask_paused(store, work, error);
    }
    if (session->status == SV_SESSION_INTERRUPTED && session->count_state != NULL &&
        strcmp(session->count_state, "OPEN") != 0) {
        return sv_fail(error, SV_ERR_SESSION_CLOSED, NULL);
    }
    return SV_OK;
}

/* The rack's side: while it carries the session, nobody has displaced it.  *matched: whether it does. */
static sv_status_t
sv_ask_rearm(sv_store_t *store, const sv_ask_work_t *work, bool claimed_only, int64_t *matched, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("rack_id", BCON_UTF8(work->session->rack_id), "session_id", BCON_UTF8(work->session->session_id)),
        work->arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8("claimed"), "hold_ms",
                                          BCON_INT64(sv_active_hold_ms(store->settings)), "}", "$currentDate", "{",
                                          "held_at", BCON_BOOL(true), "}"),
                                 work->arena);

    if (claimed_only) {
        BSON_APPEND_UTF8(filter, "status", "claimed");
    }
    return sv_store_update_one(store, SV_COLLECTION_RACK_REGISTRY, filter, update, matched, error);
}

static sv_status_t
sv_ask_revive_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_ask_work_t *work = context;
    bson_t *filter = sv_doc_take(
        BCON_NEW("session_id", BCON_UTF8(work->heartbeat->session_id), "superseded", BCON_BOOL(false)), work->arena);
    bson_t *update =
        sv_doc_take(BCON_NEW("$set", "{", "status", BCON_UTF8("active"), "}", "$inc", "{", "writes", BCON_INT64(1), "}",
                             "$currentDate", "{", "last_heartbeat", BCON_BOOL(true), "}"),
                    work->arena);
    const bson_t *document;
    int64_t matched = 0;
    sv_status_t status = sv_ask_session(store, work, error);

    if (status == SV_OK) {
        status = sv_store_find_and_update(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, true, false,
                                          work->arena, &document, error);
    }
    if (status != SV_OK) {
        return status;
    }
    if (document == NULL) {
        return sv_ask_rack_lost(store, work, error);
    }
    sv_floor_session_read(document, work->arena, work->session);
    status = sv_ask_rearm(store, work, false, &matched, error);
    return status == SV_OK && matched == 0 ? sv_ask_rack_lost(store, work, error) : status;
}

sv_status_t
sv_heartbeat_ask(sv_store_t *store, const sv_heartbeat_t *heartbeat, sv_arena_t *arena, sv_floor_session_t *session,
                 int64_t *pause_left_s, sv_error_t *error)
{
    sv_ask_work_t work = { .heartbeat = heartbeat, .arena = arena, .session = session, .pause_left_s = pause_left_s };
    int64_t matched = 0;
    sv_status_t status;

    *pause_left_s = 0;
    memset(session, 0, sizeof(*session));
    status = sv_ask_session(store, &work, error);
    if (status == SV_OK && session->status == SV_SESSION_ACTIVE) {
        /* One write, and no transaction: after an emptied Redis everybody asks at once.  A pause, a completion or a
         * reaper in between have taken the rack out of `claimed`; then the transaction finds what is true. */
        status = sv_ask_rearm(store, &work, true, &matched, error);
    }
    return status == SV_OK && matched == 0 ? sv_transaction_run(store, sv_ask_revive_body, &work, error) : status;
}
