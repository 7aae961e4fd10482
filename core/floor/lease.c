#include "core/floor/lease.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/events/event.h"

#define SV_KEY_LEASE        "lease:"
#define SV_KEY_RACK_LOCK    "rack:lock:"
#define SV_KEY_SESSION_LOCK "session:lock:"
#define SV_KEY_HEARTBEATS   "floor:heartbeats"

static const char *
sv_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

const char *
sv_lease_key(sv_arena_t *arena, const char *user_id, const char *session_id)
{
    sv_buffer_t key;

    sv_buffer_init(&key, arena, strlen(SV_KEY_LEASE) + strlen(user_id) + strlen(session_id) + 8);
    sv_buffer_puts(&key, SV_KEY_LEASE);
    for (const char *at = user_id; *at != '\0';) {
        size_t plain = strcspn(at, "%:"); /* a ':' ends the user in the key (lua/include/lease.lua) */

        sv_buffer_append(&key, at, plain);
        at += plain;
        if (*at != '\0') {
            sv_buffer_puts(&key, *at++ == ':' ? "%3A" : "%25");
        }
    }
    sv_buffer_puts(&key, ":");
    sv_buffer_puts(&key, session_id);
    return key.data;
}

const char *
sv_lease_name(sv_arena_t *arena, const char *user_id, const char *session_id)
{
    return sv_lease_key(arena, user_id, session_id) + strlen(SV_KEY_LEASE);
}

const char *
sv_lease_name_session(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon != NULL ? colon + 1 : name;
}

const char *
sv_lease_name_user(sv_arena_t *arena, const char *name)
{
    const char *colon = strchr(name, ':');
    char *user = sv_arena_strndup(arena, name, colon != NULL ? (size_t) (colon - name) : 0), *to = user;

    for (const char *at = user; *at != '\0'; at++) {
        bool escaped = strncmp(at, "%3A", 3) == 0 || strncmp(at, "%25", 3) == 0;

        *to++ = !escaped ? *at : at[1] == '3' ? ':' : '%';
        at += escaped ? 2 : 0;
    }
    *to = '\0';
    return user;
}

void
sv_lease_end_command(sv_redis_command_t *command, sv_arena_t *arena, const char *user_id, const char *session_id)
{
    sv_redis_command(command, arena, "DEL");
    sv_redis_arg(command, sv_lease_key(arena, user_id, session_id));
}

void
sv_lease_claim_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                       const char *rack_id, const sv_principal_t *who, const char *nonce)
{
    sv_redis_script(command, arena, SV_SCRIPT_LEASE_CLAIM, 1);
    sv_redis_arg_key(command, SV_KEY_RACK_LOCK, rack_id);
    sv_redis_arg(command, who->user_id);
    sv_redis_arg(command, sv_or_empty(who->full_name));
    sv_redis_arg(command, nonce);
    sv_redis_arg_int(command, settings->rack_lock_ttl * 1000);
}

static int64_t
sv_element_number(const redisReply *reply, size_t i)
{
    const char *text = sv_redis_element_text(reply, i);

    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static const char *
sv_element_copy(const redisReply *reply, size_t i, sv_arena_t *arena)
{
    const char *text = sv_redis_element_text(reply, i);

    return text != NULL && text[0] != '\0' ? sv_arena_strdup(arena, text) : NULL;
}

enum { CLAIM_OUTCOME, CLAIM_USER, CLAIM_FULL_NAME, CLAIM_SESSION, CLAIM_SINCE, CLAIM_FENCE, CLAIM_PTTL };

sv_lease_outcome_t
sv_lease_claim_read(const redisReply *reply, sv_arena_t *arena, sv_holder_t *holder)
{
    int64_t outcome, pttl;

    memset(holder, 0, sizeof(*holder));
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements <= CLAIM_PTTL) {
        return SV_LEASE_NO_REPLY;
    }
    outcome = sv_redis_element_int(reply, CLAIM_OUTCOME);
    pttl = sv_redis_element_int(reply, CLAIM_PTTL);
    holder->user_id = sv_element_copy(reply, CLAIM_USER, arena);
    holder->full_name = sv_element_copy(reply, CLAIM_FULL_NAME, arena);
    holder->session_id = sv_element_copy(reply, CLAIM_SESSION, arena);
    holder->since_ms = sv_element_number(reply, CLAIM_SINCE);
    holder->lock_ttl_s = pttl > 0 ? (pttl + 999) / 1000 : 0;
    return outcome >= SV_LEASE_FOREIGN && outcome <= SV_LEASE_TAKEN ? (sv_lease_outcome_t) outcome : SV_LEASE_NO_REPLY;
}

void
sv_lease_drop_command(sv_redis_command_t *command, sv_arena_t *arena, const char *rack_id, const char *nonce)
{
    sv_redis_script(command, arena, SV_SCRIPT_LEASE_DROP, 1);
    sv_redis_arg_key(command, SV_KEY_RACK_LOCK, rack_id);
    sv_redis_arg(command, nonce);
}

/* The three keys and the seven arguments that settle, restore and state have in common. */
static void
sv_session_script(sv_redis_command_t *command, sv_arena_t *arena, sv_script_t script, const sv_floor_session_t *session,
                  int64_t lease_ms, const sv_settings_t *settings)
{
    sv_redis_script(command, arena, script, 3);
    sv_redis_arg_key(command, SV_KEY_RACK_LOCK, session->rack_id);
    sv_redis_arg_key(command, SV_KEY_SESSION_LOCK, session->session_id);
    sv_redis_arg(command, SV_KEY_HEARTBEATS);
    sv_redis_arg(command, session->user_id);
    sv_redis_arg(command, sv_or_empty(session->full_name));
    sv_redis_arg(command, session->session_id);
    sv_redis_arg_int(command, session->fence);
    sv_redis_arg_int(command, session->started_at_ms);
    sv_redis_arg(command, session->rack_id);
    sv_redis_arg_int(command, session->writes);
    sv_redis_arg_int(command, lease_ms);
    sv_redis_arg_int(command, settings->session_lock_ttl * 1000);
}

static void
sv_session_event(sv_redis_command_t *command, sv_arena_t *arena, const sv_floor_session_t *session, const char *event)
{
    sv_redis_arg(command, sv_arena_printf(
                              arena, SV_TOPIC_RACK "%s\n" SV_TOPIC_SESSION "%s\n" SV_TOPIC_FLOOR "\n" SV_TOPIC_ACTIVITY,
                              session->rack_id, session->session_id));
    sv_redis_arg(command, sv_or_empty(session->warehouse));
    sv_redis_arg(command, sv_floor_event_json(arena, event, session));
}

void
sv_lease_settle_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                        const sv_floor_session_t *session, const sv_floor_session_t *displaced, bool resumed)
{
    sv_session_script(command, arena, SV_SCRIPT_LEASE_SETTLE, session, settings->rack_lock_ttl * 1000, settings);
    sv_session_event(command, arena, session, resumed ? "rack.resumed" : "rack.claimed");
    sv_redis_arg(command, displaced != NULL ? displaced->user_id : "");
    sv_redis_arg(command, displaced != NULL ? displaced->session_id : "");
}

void
sv_lease_restore_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                         const sv_floor_session_t *session)
{
    sv_session_script(command, arena, SV_SCRIPT_LEASE_RESTORE, session, settings->rack_lock_ttl * 1000, settings);
}

bool
sv_lease_restore_read(const redisReply *reply)
{
    return reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
}

void
sv_session_state_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                         const sv_floor_session_t *session, int64_t lock_ttl_s, const char *event)
{
    sv_session_script(command, arena, SV_SCRIPT_SESSION_STATE, session, lock_ttl_s * 1000, settings);
    sv_session_event(command, arena, session, event);
    sv_redis_arg(command, sv_session_status_name(session->status));
}

void
sv_rack_held_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings, const char *rack_id)
{
    sv_redis_script(command, arena, SV_SCRIPT_RACK_HELD, 1);
    sv_redis_arg_key(command, SV_KEY_RACK_LOCK, rack_id);
    sv_redis_arg_int(command, settings->rack_lock_ttl * 1000);
}

bool
sv_rack_held_read(const redisReply *reply)
{
    return reply == NULL || reply->type != REDIS_REPLY_INTEGER || reply->integer != 0;
}

void
sv_lease_ttl_command(sv_redis_command_t *command, sv_arena_t *arena, const char *rack_id)
{
    sv_redis_command(command, arena, "PTTL");
    sv_redis_arg_key(command, SV_KEY_RACK_LOCK, rack_id);
}

int64_t
sv_lease_ttl_read_s(const redisReply *reply)
{
    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER || reply->integer <= 0) {
        return 0;
    }
    return (reply->integer + 999) / 1000;
}

void
sv_last_heartbeat_command(sv_redis_command_t *command, sv_arena_t *arena, const char *user_id, const char *session_id)
{
    sv_redis_command(command, arena, "ZSCORE");
    sv_redis_arg(command, SV_KEY_HEARTBEATS);
    sv_redis_arg(command, sv_lease_name(arena, user_id, session_id));
}

int64_t
sv_last_heartbeat_read_ms(const redisReply *reply)
{
    if (reply == NULL || reply->type != REDIS_REPLY_STRING) {
        return 0;
    }
    return (int64_t) strtod(reply->str, NULL);
}

const char *
sv_floor_event_json(sv_arena_t *arena, const char *type, const sv_floor_session_t *session)
{
    sv_buffer_t out;
    sv_json_writer_t w;

    sv_buffer_init(&out, arena, 256);
    sv_json_writer_init(&w, &out);
    sv_json_object(&w, NULL);
    sv_json_text(&w, "type", type);
    sv_json_text(&w, "id", session->rack_id);
    sv_json_time(&w, "at", sv_clock_now_ms());
    sv_json_text(&w, "session_id", session->session_id);
    sv_json_text(&w, "user_id", session->user_id);
    sv_json_text(&w, "warehouse", session->warehouse);
    sv_json_text(&w, "floor", session->floor);
    sv_json_text(&w, "count_id", session->count_id);
    sv_json_text(&w, "status", sv_session_status_name(session->status));
    sv_json_int(&w, "fence", session->fence);
    sv_json_end(&w);
    return out.data;
}
