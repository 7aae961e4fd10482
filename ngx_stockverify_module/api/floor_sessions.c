#include "ngx_stockverify_module/request.h"

#include "core/base/clock.h"
#include "core/floor/heartbeat.h"
#include "core/floor/lease.h"
#include "core/floor/rack_change.h"
#include "core/floor/session_list.h"

/* Floor sessions: lists, figures, heartbeats, completion.  The first three answer for counts too. */

void
sv_step_sessions_active(sv_call_t *call)
{
    sv_session_list_active(call->store, &call->principal, &call->json, call->arena, &call->error);
}

void
sv_step_sessions_history(sv_call_t *call)
{
    sv_page_t page = { 0 };

    if (!sv_call_query_page(call, &page)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_session_list_history(call->store, call->principal.user_id, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_session(sv_call_t *call)
{
    sv_session_view_t view;
    int64_t now = 0;

    if (sv_session_view(call->store, &call->principal, call->params[0], SV_VIEW_HEAD, call->arena, &view,
                        &call->error) != SV_OK) {
        return;
    }
    if (view.is_count) {
        sv_count_write_json(&call->json, NULL, &view.count, call->principal.role >= SV_ROLE_SUPERVISOR);
    } else if (sv_store_now(call->store, &now, &call->error) == SV_OK) {
        sv_floor_session_write_json(&call->json, NULL, &view.floor_session, now);
    }
}

void
sv_step_session_records(sv_call_t *call)
{
    sv_session_view_t view;
    sv_page_t page = { 0 };
    int64_t since;

    if (!sv_call_query_time(call, "since", &since) || !sv_call_query_page(call, &page) ||
        sv_session_view(call->store, &call->principal, call->params[0], SV_VIEW_FIGURES, call->arena, &view,
                        &call->error) != SV_OK) {
        return;
    }
    sv_json_object(&call->json, NULL);
    sv_session_list_records(call->store, &view, since, &page, &call->json, call->arena, &call->error);
    sv_json_end(&call->json);
}

void
sv_step_session_stats(sv_call_t *call)
{
    sv_session_view_t view;

    if (sv_session_view(call->store, &call->principal, call->params[0], SV_VIEW_FIGURES, call->arena, &view,
                        &call->error) == SV_OK) {
        sv_session_write_stats(call->store, &view, &call->json, call->arena, &call->error);
    }
}

void
sv_step_session_complete(sv_call_t *call)
{
    sv_rack_change_t change = { .action = SV_RACK_COMPLETE, .who = &call->principal, .session_id = call->params[0] };
    sv_rack_change_result_t result;

    if (sv_call_body(call) == NULL ||
        sv_rack_change(call->store, &change, call->arena, &result, &call->error) != SV_OK) {
        return;
    }
    sv_session_state_command(sv_call_effect(call), call->arena, call->settings, &result.session, result.lock_ttl_s,
                             result.event);
    sv_floor_stats_write_json(&call->json, &result.session, &result.stats);
    call->message = "Session completed";
}

/* ---- heartbeat: one round trip to Redis when all is well, MongoDB asked when Redis does not know */

typedef struct {
    sv_heartbeat_t heartbeat;
    void (*write)(sv_call_t *call);
    sv_redis_command_t restore;
    sv_heartbeat_outcome_t outcome;
    bool account_loaded;
    sv_floor_session_t session; /* when MongoDB was asked */
    bool restored;
} sv_beating_t;

static void
sv_write_heartbeat(sv_call_t *call)
{
    const sv_beating_t *beating = call->state;

    sv_json_object(&call->json, NULL);
    sv_json_text(&call->json, "session_id", beating->heartbeat.session_id);
    sv_json_bool(&call->json, "rack_lock_renewed", true);
    sv_json_bool(&call->json, "user_presence_updated", true);
    sv_json_int(&call->json, "lock_ttl_remaining", call->settings->rack_lock_ttl);
    sv_json_end(&call->json);
}

/* As the original answered it: the time is epoch seconds. */
static void
sv_write_sync_heartbeat(sv_call_t *call)
{
    const sv_beating_t *beating = call->state;

    sv_json_object(&call->json, NULL);
    sv_json_text(&call->json, "session_id", beating->heartbeat.session_id);
    sv_json_text(&call->json, "user_id", beating->heartbeat.user_id);
    sv_json_bool(&call->json, "rack_renewed", true);
    sv_json_double(&call->json, "timestamp", (double) sv_clock_now_ms() / 1000.0);
    sv_json_end(&call->json);
}

static void
sv_heartbeat_renewed(sv_request_t *req)
{
    const sv_beating_t *beating = req->call->state;

    beating->write(req->call);
    req->call->message = "Heartbeat received";
    sv_http_answer(req);
}

static void
sv_read_restored(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_beating_t *beating = call->state;

    (void) index;
    beating->restored = sv_lease_restore_read(reply);
}

static void sv_heartbeat_send(sv_request_t *req);

/* The presence and the note for the worker are the script's: it runs again now that the lease is there. */
static void
sv_heartbeat_restored(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const sv_beating_t *beating = call->state;

    if (beating->restored) {
        sv_heartbeat_send(req);
        return;
    }
    sv_fail(&call->error, SV_ERR_LEASE_UNSETTLED, NULL);
    call->error.retry_after_s = 1;
    sv_http_answer(req);
}

static void
sv_ask_database(sv_call_t *call)
{
    sv_beating_t *beating = call->state;
    int64_t pause_left_s;

    if (sv_heartbeat_ask(call->store, &beating->heartbeat, call->arena, &beating->session, &pause_left_s,
                         &call->error) == SV_ERR_SESSION_PAUSED &&
        pause_left_s > 0) {
        sv_session_state_command(sv_call_effect(call), call->arena, call->settings, &beating->session, pause_left_s,
                                 "rack.paused");
    }
}

static void
sv_heartbeat_asked(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_beating_t *beating = call->state;

    if (call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    sv_lease_restore_command(&beating->restore, call->arena, call->settings, &beating->session);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &beating->restore }, 1, sv_read_restored, sv_heartbeat_restored);
}

static void
sv_heartbeat_ask_once(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const sv_beating_t *beating = call->state;

    if (beating->restored) {
        /* Taken, and gone again at once: somebody else is at it. */
        sv_fail(&call->error, SV_ERR_LEASE_UNSETTLED, NULL);
        call->error.retry_after_s = 1;
        sv_http_answer(req);
        return;
    }
    sv_http_thread(req, SV_POOL_DB, sv_ask_database, sv_heartbeat_asked);
}

static void
sv_heartbeat_account_loaded(sv_request_t *req)
{
    sv_beating_t *beating = req->call->state;

    beating->account_loaded = true;
    sv_heartbeat_send(req);
}

static void
sv_heartbeat_answered(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const sv_beating_t *beating = call->state;

    switch (beating->outcome) {
    case SV_HEARTBEAT_RENEWED:
        sv_heartbeat_renewed(req);
        break;
    case SV_HEARTBEAT_ACCOUNT_UNKNOWN:
        if (!beating->account_loaded) {
            sv_http_gate_load(req, sv_heartbeat_account_loaded);
            break;
        }
        sv_heartbeat_settle(SV_HEARTBEAT_NO_REPLY, &call->error);
        sv_http_answer(req);
        break;
    case SV_HEARTBEAT_ACCOUNT_DISABLED:
        sv_http_gate_refused(req, SV_GATE_DISABLED, 0);
        break;
    case SV_HEARTBEAT_TOKEN_REVOKED:
        sv_http_gate_refused(req, SV_GATE_REVOKED, 0);
        break;
    case SV_HEARTBEAT_SESSION_UNKNOWN:
    case SV_HEARTBEAT_LEASE_MISSING:
    case SV_HEARTBEAT_LEASE_FOREIGN:
        sv_heartbeat_ask_once(req);
        break;
    default:
        sv_heartbeat_settle(beating->outcome, &call->error);
        sv_http_answer(req);
    }
}

static void
sv_heartbeat_send(sv_request_t *req)
{
    sv_beating_t *beating = req->call->state;

    sv_http_heartbeat(req, &beating->heartbeat, &beating->outcome, sv_heartbeat_answered);
}

static sv_beating_t *
sv_beating_create(sv_request_t *req, void (*write)(sv_call_t *call))
{
    const sv_token_claims_t *claims = sv_http_claims(req);
    sv_beating_t *beating = sv_arena_zalloc(req->call->arena, sizeof(*beating));

    beating->write = write;
    beating->heartbeat.user_id = claims->user_id;
    beating->heartbeat.generation = claims->generation;
    beating->heartbeat.family_id = claims->family_id;
    req->call->state = beating;
    return beating;
}

void
sv_http_session_heartbeat(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_beating_t *beating = sv_beating_create(req, sv_write_heartbeat);

    beating->heartbeat.session_id = call->params[0];
    if (call->body_length > 0) {
        const json_t *body = sv_call_body(call);
        sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };

        if (body != NULL) {
            sv_json_get_identifier(&fields, "rack_id", SV_OPTIONAL, SV_RACK_ID_MAX, &beating->heartbeat.rack_id);
        }
    }
    if (call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    sv_heartbeat_send(req);
}

void
sv_http_sync_heartbeat(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_beating_t *beating = sv_beating_create(req, sv_write_sync_heartbeat);
    sv_heartbeat_t *heartbeat = &beating->heartbeat;
    const json_t *body = sv_call_body(call);
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };

    sv_call_query_identifier(call, "session_id", SV_SESSION_ID_MAX, &heartbeat->session_id);
    sv_call_query_identifier(call, "rack_id", SV_RACK_ID_MAX, &heartbeat->rack_id);
    if (body != NULL) {
        /* Required in the body unless the query has it. */
        sv_json_get_identifier(&fields, "session_id", heartbeat->session_id == NULL ? SV_REQUIRED : SV_OPTIONAL,
                               SV_SESSION_ID_MAX, &heartbeat->session_id);
        sv_json_get_identifier(&fields, "rack_id", SV_OPTIONAL, SV_RACK_ID_MAX, &heartbeat->rack_id);
    }
    if (call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    sv_heartbeat_send(req);
}
