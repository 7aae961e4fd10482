#include "core/floor/heartbeat.h"

#include <string.h>

#include "core/auth/gate.h"
#include "core/counts/count_state.h"
#include "core/floor/lease.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

static const char sv_not_yours[] = "The session is another user's";

enum { ACCOUNT_ENABLED, ACCOUNT_GENERATION, ACCOUNT_ENDED };
enum { SESSION_USER, SESSION_RACK, SESSION_STATE };

void
sv_heartbeat_commands(sv_heartbeat_commands_t *commands, sv_arena_t *arena, const sv_settings_t *settings,
                      const sv_heartbeat_t *heartbeat)
{
    sv_redis_command(&commands->account, arena, "HMGET");
    sv_redis_arg_key(&commands->account, "auth:user:", heartbeat->user_id);
    sv_redis_arg(&commands->account, "enabled");
    sv_redis_arg(&commands->account, "generation");
    sv_redis_arg_key(&commands->account, "ended:", heartbeat->family_id != NULL ? heartbeat->family_id : "");
    sv_redis_command(&commands->lease, arena, "GETEX");
    sv_redis_arg(&commands->lease, sv_lease_key(arena, heartbeat->user_id, heartbeat->session_id));
    sv_redis_arg(&commands->lease, "EX");
    sv_redis_arg_int(&commands->lease, settings->rack_lock_ttl);
}

/* Only whether all is well: what is wrong, and what to do about it, is the gate's to say. */
void
sv_heartbeat_read_account(const redisReply *reply, const sv_heartbeat_t *heartbeat, sv_heartbeat_replies_t *replies)
{
    replies->account_answered = reply != NULL && reply->type == REDIS_REPLY_ARRAY;
    replies->account_good = sv_gate_is_good(sv_redis_element_text(reply, ACCOUNT_ENABLED),
                                            sv_redis_element_text(reply, ACCOUNT_GENERATION),
                                            sv_redis_element_text(reply, ACCOUNT_ENDED), heartbeat->generation);
}

void
sv_heartbeat_read_lease(const redisReply *reply, sv_arena_t *arena, sv_heartbeat_replies_t *replies)
{
    const char *fence;

    replies->lease_answered = reply != NULL && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_NIL);
    if (replies->lease_answered && reply->type == REDIS_REPLY_STRING) {
        fence = strrchr(reply->str, '|');
        replies->rack_id = fence != NULL ? sv_arena_strndup(arena, reply->str, (size_t) (fence - reply->str)) : NULL;
    }
}

sv_heartbeat_outcome_t
sv_heartbeat_outcome(const sv_heartbeat_t *heartbeat, const sv_heartbeat_replies_t *replies)
{
    if (!replies->account_answered || !replies->lease_answered) {
        return SV_HEARTBEAT_NO_REPLY;
    }
    if (!replies->account_good) {
        return SV_HEARTBEAT_NO_ACCOUNT;
    }
    if (replies->rack_id == NULL) {
        return SV_HEARTBEAT_NO_LEASE;
    }
    return heartbeat->rack_id == NULL || strcmp(heartbeat->rack_id, replies->rack_id) == 0 ? SV_HEARTBEAT_RENEWED
                                                                                           : SV_HEARTBEAT_OTHER_RACK;
}

void
sv_heartbeat_prolong_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                             const char *rack_id)
{
    sv_redis_command(command, arena, "PEXPIRE");
    sv_redis_arg_key(command, "rack:lock:", rack_id);
    sv_redis_arg_int(command, settings->rack_lock_ttl * 1000);
    sv_redis_arg(command, "GT"); /* a pause that came in between is longer */
}

void
sv_heartbeats_note_command(sv_redis_command_t *command, sv_arena_t *arena)
{
    sv_redis_command(command, arena, "ZADD");
    sv_redis_arg(command, "floor:heartbeats");
    sv_redis_arg(command, "GT"); /* another process may have noted a later one */
}

void
sv_heartbeats_note(sv_redis_command_t *command, const sv_heartbeat_t *heartbeat, int64_t at_ms)
{
    sv_redis_arg_int(command, at_ms);
    sv_redis_arg(command, sv_lease_name(command->arena, heartbeat->user_id, heartbeat->session_id));
}

int64_t
sv_redis_time_read_ms(const redisReply *reply)
{
    return sv_redis_element_int(reply, 0) * 1000 + sv_redis_element_int(reply, 1) / 1000;
}

void
sv_heartbeat_session_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_heartbeat_t *heartbeat)
{
    sv_redis_command(command, arena, "HMGET");
    sv_redis_arg_key(command, "session:lock:", heartbeat->session_id);
    sv_redis_arg(command, "user");
    sv_redis_arg(command, "rack");
    sv_redis_arg(command, "state");
}

sv_status_t
sv_heartbeat_session_read(const redisReply *reply, const sv_heartbeat_t *heartbeat, sv_error_t *error)
{
    const char *user = sv_redis_element_text(reply, SESSION_USER), *rack = sv_redis_element_text(reply, SESSION_RACK);
    const char *state = sv_redis_element_text(reply, SESSION_STATE);

    if (user == NULL || rack == NULL || state == NULL) {
        return SV_OK;
    }
    if (strcmp(user, heartbeat->user_id) != 0) {
        return sv_fail(error, SV_ERR_FORBIDDEN, sv_not_yours);
    }
    if (heartbeat->rack_id != NULL && strcmp(rack, heartbeat->rack_id) != 0) {
        return sv_heartbeat_settle(SV_HEARTBEAT_OTHER_RACK, error);
    }
    if (strcmp(state, sv_session_status_name(SV_SESSION_PAUSED)) == 0) {
        return sv_fail(error, SV_ERR_SESSION_PAUSED, NULL);
    }
    if (strcmp(state, sv_session_status_name(SV_SESSION_COMPLETED)) == 0) {
        return sv_fail(error, SV_ERR_SESSION_COMPLETED, NULL);
    }
    return SV_OK;
}

sv_status_t
sv_heartbeat_settle(sv_heartbeat_outcome_t outcome, sv_error_t *error)
{
    switch (outcome) {
    case SV_HEARTBEAT_RENEWED:
        return SV_OK;
    case SV_HEARTBEAT_OTHER_RACK:
        return sv_fail_field(error, "rack_id", "mismatch", "The session is of another rack");
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
        return sv_fail(error, SV_ERR_FORBIDDEN, sv_not_yours);
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
        !sv_count_state_admits_claims(session->count_state)) {
        return sv_fail(error, SV_ERR_SESSION_CLOSED, NULL);
    }
    return SV_OK;
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
    status = sv_rack_hold_anew(store, work->session->rack_id, work->session->session_id, false, &matched, error);
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
        status = sv_rack_hold_anew(store, session->rack_id, session->session_id, true, &matched, error);
    }
    return status == SV_OK && matched == 0 ? sv_transaction_run(store, sv_ask_revive_body, &work, error) : status;
}
