#include "ngx_stockverify_module/api/held_racks.h"

#include "core/base/codec.h"
#include "core/base/mistaken_names.h"
#include "core/floor/expected_items.h"
#include "core/floor/lease.h"
#include "core/floor/rack_change.h"
#include "core/floor/rack_claim.h"
#include "core/floor/rack_board.h"

/* Racks: lists, claims, and what is done to a rack afterwards. */

enum { SV_NAME_MAX = 128 };

/* ---- lists */

void
sv_step_warehouses(sv_call_t *call)
{
    sv_rack_list_warehouses(call->store, &call->json, call->arena, &call->error);
}

void
sv_step_racks_available(sv_call_t *call)
{
    static const char *const shown[] = { "available", "all", NULL };
    const char *warehouse;
    sv_rack_filter_t filter;
    sv_page_t page = { 0 };
    int show;

    if (!sv_call_query_choice(call, "show", shown, &show) || !sv_call_query_place(call, "warehouse", &warehouse) ||
        !sv_call_query_place(call, "floor", &filter.floor) || !sv_call_query_place(call, "zone", &filter.zone) ||
        !sv_call_query_page(call, &page)) {
        return;
    }
    filter.warehouse = sv_call_warehouse(call, warehouse);
    sv_json_object(&call->json, NULL);
    if (show == 1) {
        sv_rack_board(call->store, &filter, &page, &call->json, call->arena, &call->error);
    } else {
        sv_rack_list_available(call->store, call->principal.user_id, &filter, &page, &call->json, call->arena,
                               &call->error);
    }
    sv_json_end(&call->json);
}

void
sv_step_racks_floors(sv_call_t *call)
{
    const char *warehouse;

    if (sv_call_query_place(call, "warehouse", &warehouse)) {
        sv_rack_list_floors(call->store, sv_call_warehouse(call, warehouse), &call->json, NULL, call->arena,
                            &call->error);
    }
}

void
sv_step_rack_items(sv_call_t *call)
{
    sv_page_t page = { 0 };
    int64_t since;

    if (!sv_call_query_time(call, "since", &since) || !sv_call_query_page(call, &page)) {
        return;
    }
    sv_json_object(&call->json, NULL);
    if (sv_expected_items_list(call->store, &call->principal, call->params[0], since, &page, &call->json, &call->etag,
                               call->arena, &call->error) != SV_OK) {
        return;
    }
    sv_json_end(&call->json);
}

/* ---- the user's racks */

static void
sv_read_held_racks(sv_call_t *call)
{
    sv_held_racks_read(call, call->state);
}

static void
sv_held_racks_answer(sv_request_t *req)
{
    sv_held_racks_write_json(&req->call->json, NULL, req->call->state);
    sv_http_answer(req);
}

static void
sv_held_racks_known(sv_request_t *req)
{
    sv_http_held_racks_time(req, sv_held_racks_answer);
}

void
sv_http_racks_user_active(sv_request_t *req)
{
    req->call->state = sv_arena_zalloc(req->call->arena, sizeof(sv_held_racks_t));
    sv_http_thread(req, SV_POOL_DB, sv_read_held_racks, sv_held_racks_known);
}

/* ---- one rack now */

typedef struct {
    sv_rack_t rack;
    bool held;
    int64_t lock_ttl_s;
    int64_t last_heartbeat_ms;
} sv_rack_state_t;

static void
sv_read_rack_state(sv_call_t *call)
{
    sv_rack_state_t *state = call->state;
    sv_floor_session_t session;
    int64_t now = 0;

    if (sv_rack_find(call->store, call->params[0], call->arena, &state->rack, &call->error) != SV_OK ||
        state->rack.session_id == NULL || sv_store_now(call->store, &now, &call->error) != SV_OK) {
        return;
    }
    state->held = sv_rack_is_held(&state->rack, now);
    if (sv_floor_session_find(call->store, state->rack.session_id, call->arena, &session, &call->error) == SV_OK) {
        int64_t contact_ms = sv_rack_contact_ms(&state->rack);

        state->last_heartbeat_ms = contact_ms > session.last_heartbeat_ms ? contact_ms : session.last_heartbeat_ms;
    }
}

static void
sv_read_rack_lease(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_rack_state_t *state = call->state;

    if (index == 0) {
        state->lock_ttl_s = sv_lease_ttl_read_s(reply);
    } else {
        int64_t at = sv_last_heartbeat_read_ms(reply);

        state->last_heartbeat_ms = at > state->last_heartbeat_ms ? at : state->last_heartbeat_ms;
    }
}

static void
sv_rack_state_complete(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const sv_rack_state_t *state = call->state;
    const sv_rack_t *rack = &state->rack;
    sv_json_writer_t *w = &call->json;
    bool lapsed = !state->held && rack->status != NULL &&
                  (strcmp(rack->status, "claimed") == 0 || strcmp(rack->status, "paused") == 0);

    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", rack->rack_id);
    sv_json_text(w, "warehouse", rack->warehouse);
    sv_json_text(w, "floor", rack->floor);
    sv_json_text(w, "zone", rack->zone);
    sv_json_text(w, "status", lapsed ? "available" : rack->status);
    sv_json_text(w, "locked_by", state->held ? rack->user_id : NULL);
    sv_json_text(w, "session_id", rack->session_id);
    sv_json_int(w, "lock_ttl", state->lock_ttl_s);
    sv_json_time(w, "last_heartbeat", state->last_heartbeat_ms);
    sv_json_end(w);
    sv_http_answer(req);
}

static void
sv_rack_state_read(sv_request_t *req)
{
    sv_call_t *call = req->call;
    const sv_rack_state_t *state = call->state;
    sv_redis_command_t *commands = sv_arena_alloc(call->arena, 2 * sizeof(*commands));
    size_t count = 1;

    if (call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    sv_lease_ttl_command(&commands[0], call->arena, state->rack.rack_id);
    if (state->rack.session_id != NULL && state->rack.user_id != NULL) {
        sv_last_heartbeat_command(&commands[count++], call->arena, state->rack.user_id, state->rack.session_id);
    }
    sv_http_redis(req, (sv_redis_command_t *const[]){ &commands[0], &commands[1] }, count, sv_read_rack_lease,
                  sv_rack_state_complete);
}

void
sv_http_rack_status(sv_request_t *req)
{
    req->call->state = sv_arena_zalloc(req->call->arena, sizeof(sv_rack_state_t));
    sv_http_thread(req, SV_POOL_DB, sv_read_rack_state, sv_rack_state_read);
}

/* ---- claim: lease first, then the transaction; the effects settle the lease or give it back */

typedef struct {
    sv_claim_t claim;
    char nonce[SV_UUID_SIZE];
    sv_redis_command_t lease_command;
    sv_lease_outcome_t lease;
    sv_holder_t holder;
    bool tried; /* the transaction was begun: it settles the lease or drops it */
    sv_claim_result_t result;
} sv_claiming_t;

static bool
sv_read_claim(sv_call_t *call, sv_claiming_t *claiming)
{
    const json_t *body = sv_call_body(call);
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };

    claiming->claim.who = &call->principal;
    claiming->claim.rack_id = call->params[0];
    if (body != NULL) {
        sv_json_get_identifier(&fields, "floor", SV_OPTIONAL, SV_NAME_MAX, &claiming->claim.floor);
        sv_json_get_identifier(&fields, "count_id", SV_OPTIONAL, SV_NAME_MAX, &claiming->claim.count_id);
        sv_json_get_bool(&fields, "recount", SV_OPTIONAL, &claiming->claim.recount);
        sv_mistaken_names_refuse(SV_NAMES_OF_CLAIM, &fields);
    }
    return call->error.status == SV_OK;
}

static void
sv_read_claim_lease(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_claiming_t *claiming = call->state;

    (void) index;
    claiming->lease = sv_lease_claim_read(reply, call->arena, &claiming->holder);
}

static void
sv_drop_claim_lease(sv_call_t *call)
{
    sv_claiming_t *claiming = call->state;

    if (claiming->lease == SV_LEASE_TAKEN) {
        sv_lease_drop_command(sv_call_effect(call), call->arena, claiming->claim.rack_id, claiming->nonce);
    }
}

static void
sv_write_claim(sv_call_t *call, const sv_claim_result_t *result)
{
    const sv_floor_session_t *session = &result->session;
    sv_json_writer_t *w = &call->json;

    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", session->rack_id);
    sv_json_text(w, "session_id", session->session_id);
    sv_json_text(w, "count_id", session->count_id);
    sv_json_bool(w, "blind", session->blind);
    sv_json_bool(w, "strict", session->strict);
    sv_json_text(w, "floor", session->floor);
    sv_json_int(w, "lock_ttl", call->settings->rack_lock_ttl);
    sv_json_int(w, "fence", session->fence);
    sv_json_int(w, "round", session->round);
    sv_json_bool(w, "resumed", result->resumed);
    sv_assigned_write(w, "assigned_to", &result->assigned);
    sv_json_end(w);
    call->message = sv_arena_printf(call->arena, "Rack %s claimed successfully", session->rack_id);
}

/* On a thread, effects and all, so that they run even when the client has gone meanwhile. */
static void
sv_claim_in_database(sv_call_t *call)
{
    sv_claiming_t *claiming = call->state;
    sv_claim_result_t *result = &claiming->result;

    claiming->tried = true;
    if (sv_rack_claim(call->store, &claiming->claim, call->arena, result, &call->error) == SV_OK) {
        sv_lease_settle_command(sv_call_effect(call), call->arena, call->settings, &result->session,
                                result->displaced.session_id != NULL ? &result->displaced : NULL, result->resumed);
        sv_write_claim(call, result);
    } else if (!result->outcome_unknown) {
        sv_drop_claim_lease(call);
    }
}

static void
sv_drop_untried_claim(sv_call_t *call)
{
    const sv_claiming_t *claiming = call->state;

    if (!claiming->tried) {
        sv_drop_claim_lease(call);
    }
}

static void
sv_claim_done(sv_request_t *req)
{
    sv_drop_untried_claim(req->call);
    sv_http_answer(req);
}

static void
sv_claim_leased(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_claiming_t *claiming = call->state;

    switch (claiming->lease) {
    case SV_LEASE_FOREIGN:
        sv_fail(&call->error, SV_ERR_RACK_LOCKED, NULL);
        call->error.holder = &claiming->holder;
        sv_http_answer(req);
        break;
    case SV_LEASE_NO_REPLY:
        sv_fail_cause(&call->error, SV_ERR_UNAVAILABLE, "no lease without Redis");
        sv_http_answer(req);
        break;
    default:
        sv_http_resume_on_refusal(req);
        sv_http_thread(req, SV_POOL_DB, sv_claim_in_database, sv_claim_done);
    }
}

void
sv_http_rack_claim(sv_request_t *req)
{
    sv_call_t *call = req->call;
    sv_claiming_t *claiming = sv_arena_zalloc(call->arena, sizeof(*claiming));

    call->state = claiming;
    if (!sv_read_claim(call, claiming)) {
        sv_http_answer(req);
        return;
    }
    sv_uuid_v4(claiming->nonce);
    sv_http_on_abandon(req, sv_drop_untried_claim);
    sv_lease_claim_command(&claiming->lease_command, call->arena, call->settings, call->params[0], &call->principal,
                           claiming->nonce);
    sv_http_redis(req, (sv_redis_command_t *const[]){ &claiming->lease_command }, 1, sv_read_claim_lease,
                  sv_claim_leased);
}

/* ---- pause, resume, release */

static void
sv_change_rack(sv_call_t *call, sv_rack_action_t action, const char *done)
{
    const json_t *body = sv_call_body(call);
    sv_json_fields_t fields = { .object = body, .path = "", .error = &call->error };
    sv_rack_change_t change = { .action = action, .who = &call->principal, .rack_id = call->params[0] };
    sv_rack_change_result_t result;

    if (body != NULL) {
        sv_json_get_identifier(&fields, "session_id", SV_OPTIONAL, SV_SESSION_ID_MAX, &change.session_id);
    }
    if (body != NULL && action == SV_RACK_RELEASE) {
        sv_json_get_text(&fields, "reason", SV_OPTIONAL, 1, SV_RELEASE_REASON_MAX, &change.reason);
    }
    if (call->error.status != SV_OK ||
        sv_rack_change(call->store, &change, call->arena, &result, &call->error) != SV_OK) {
        return;
    }
    sv_session_state_command(sv_call_effect(call), call->arena, call->settings, &result.session, result.lock_ttl_s,
                             result.event);
    sv_json_object(&call->json, NULL);
    sv_json_text(&call->json, "rack_id", result.session.rack_id);
    sv_json_text(&call->json, "session_id", result.session.session_id);
    sv_json_text(&call->json, "status", sv_session_status_name(result.session.status));
    sv_json_int(&call->json, "lock_ttl", result.lock_ttl_s);
    sv_json_end(&call->json);
    call->message = sv_arena_printf(call->arena, "Rack %s %s", result.session.rack_id, done);
}

void
sv_step_rack_pause(sv_call_t *call)
{
    sv_change_rack(call, SV_RACK_PAUSE, "paused");
}

void
sv_step_rack_resume(sv_call_t *call)
{
    sv_change_rack(call, SV_RACK_RESUME, "resumed");
}

void
sv_step_rack_release(sv_call_t *call)
{
    sv_change_rack(call, SV_RACK_RELEASE, "released");
}
