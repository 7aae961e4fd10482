#include "ngx_stockverify_module/api/held_racks.h"

#include "core/floor/lease.h"
#include "core/floor/rack_list.h"

void
sv_held_racks_read(sv_call_t *call, sv_held_racks_t *held)
{
    if (sv_rack_list_held(call->store, call->principal.user_id, call->arena, &held->sessions, &held->count,
                          &call->error) == SV_OK) {
        held->lock_ttl_s = sv_arena_zalloc(call->arena, (held->count + 1) * sizeof(*held->lock_ttl_s));
    }
}

static void
sv_read_held_ttl(sv_call_t *call, size_t index, const redisReply *reply)
{
    sv_held_racks_t *held = call->state;

    held->lock_ttl_s[index] = sv_lease_ttl_read_s(reply);
}

void
sv_http_held_racks_time(sv_request_t *req, sv_next_pt next)
{
    sv_call_t *call = req->call;
    const sv_held_racks_t *held = call->state;
    sv_redis_command_t *commands, **pipeline;

    if (call->error.status != SV_OK) {
        sv_http_answer(req);
        return;
    }
    commands = sv_arena_alloc(call->arena, (held->count + 1) * sizeof(*commands));
    pipeline = sv_arena_alloc(call->arena, (held->count + 1) * sizeof(*pipeline));
    for (size_t i = 0; i < held->count; i++) {
        sv_lease_ttl_command(&commands[i], call->arena, held->sessions[i].rack_id);
        pipeline[i] = &commands[i];
    }
    sv_http_redis(req, pipeline, held->count, sv_read_held_ttl, next);
}

static void
sv_write_held_rack(sv_json_writer_t *w, const sv_floor_session_t *session, int64_t lock_ttl_s)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", session->rack_id);
    sv_json_text(w, "warehouse", session->warehouse);
    sv_json_text(w, "floor", session->floor);
    sv_json_text(w, "zone", session->zone);
    sv_json_text(w, "status", session->status == SV_SESSION_PAUSED ? "paused" : "claimed");
    sv_json_text(w, "session_id", session->session_id);
    sv_json_text(w, "count_id", session->count_id);
    sv_json_bool(w, "blind", session->blind);
    sv_json_bool(w, "strict", session->strict);
    sv_json_int(w, "fence", session->fence);
    sv_json_time(w, "started_at", session->started_at_ms);
    sv_json_int(w, "lock_ttl", lock_ttl_s);
    sv_json_end(w);
}

void
sv_held_racks_write_json(sv_json_writer_t *w, const char *name, const sv_held_racks_t *held)
{
    sv_json_array(w, name);
    for (size_t i = 0; i < held->count; i++) {
        sv_write_held_rack(w, &held->sessions[i], held->lock_ttl_s[i]);
    }
    sv_json_end(w);
}
