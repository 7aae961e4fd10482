#include "ngx_stockverify_module/request.h"

#include "core/base/clock.h"
#include "core/floor/heartbeat.h"
#include "core/floor/lease.h"

/*
 * Heartbeats: one round trip to Redis when all is well.  Else step by step, each only where the one before leaves it
 * open: the gate (may the account?), what Redis knows of the session, MongoDB, and then the lease taken again.
 */
typedef struct {
    sv_heartbeat_t heartbeat;
    void (*write)(sv_call_t *call);
    sv_heartbeat_outcome_t outcome;
    bool passed_gate;
    sv_redis_command_t command;
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

/* The script has noted this heartbeat with the lease. */
static void
sv_heartbeat_restored(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const sv_beating_t *beating = call->state;

    if (beating->restored) {
        sv_heartbeat_renewed(req);
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
    sv_lease_restore_command(&beating->command, call->arena, call->settings, &beating->session);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &beating->command }, 1, sv_read_restored, sv_heartbeat_restored);
}

static void
sv_read_known_session(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_beating_t *beating = call->state;

    (void) index;
    sv_heartbeat_session_read(reply, &beating->heartbeat, &call->error);
}

static void
sv_heartbeat_session_known(sv_request_t *req)
{
    if (req->call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    sv_http_thread(req, SV_POOL_DB, sv_ask_database, sv_heartbeat_asked);
}

static void
sv_heartbeat_without_lease(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_beating_t *beating = call->state;

    sv_heartbeat_session_command(&beating->command, call->arena, &beating->heartbeat);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &beating->command }, 1, sv_read_known_session,
                  sv_heartbeat_session_known);
}

static void sv_heartbeat_send(sv_request_t *req);

/* The asking itself had renewed the lease, which nobody may have who may not go on. */
static void
sv_heartbeat_gated(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_beating_t *beating = call->state;

    if (call->error.status == SV_OK) {
        beating->passed_gate = true;
        sv_heartbeat_send(req);
        return;
    }
    if (sv_status_kind(call->error.status) == SV_KIND_UNAUTHORIZED ||
        sv_status_kind(call->error.status) == SV_KIND_FORBIDDEN) {
        sv_lease_end_command(sv_call_effect(call), call->arena, beating->heartbeat.user_id,
                             beating->heartbeat.session_id);
    }
    sv_http_answer(req);
}

static void
sv_heartbeat_answered(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const sv_beating_t *beating = call->state;

    if (beating->outcome == SV_HEARTBEAT_RENEWED) {
        sv_heartbeat_renewed(req);
    } else if (beating->outcome == SV_HEARTBEAT_NO_LEASE) {
        sv_heartbeat_without_lease(req);
    } else if (beating->outcome == SV_HEARTBEAT_NO_ACCOUNT && !beating->passed_gate) {
        sv_http_gate_load(req, sv_heartbeat_gated);
    } else {
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
