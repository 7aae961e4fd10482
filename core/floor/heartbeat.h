#ifndef SV_HEARTBEAT_H
#define SV_HEARTBEAT_H

#include "core/floor/floor.h"
#include "core/redis/command.h"

typedef struct {
    const char *user_id;
    int64_t generation;    /* of the token */
    const char *family_id; /* of the login; may be NULL */
    const char *session_id;
    const char *rack_id; /* NULL: not named */
} sv_heartbeat_t;

/*
 * When all is well a heartbeat is two plain commands of one pipeline: whether the account may, and its session's lease,
 * renewed by the asking.  Then what is to be noted of it, which nobody waits for.
 */
typedef struct {
    sv_redis_command_t account; /* HMGET auth:user:{user} */
    sv_redis_command_t lease;   /* GETEX lease:{user}:{session} */
} sv_heartbeat_commands_t;

void sv_heartbeat_commands(sv_heartbeat_commands_t *commands, sv_arena_t *arena, const sv_settings_t *settings,
                           const sv_heartbeat_t *heartbeat);

typedef enum {
    SV_HEARTBEAT_RENEWED = 0,
    SV_HEARTBEAT_OTHER_RACK,
    SV_HEARTBEAT_NO_ACCOUNT, /* Redis does not know that it may: the gate finds out whether, and why not */
    SV_HEARTBEAT_NO_LEASE,   /* sv_heartbeat_session_command(), then sv_heartbeat_ask() */
    SV_HEARTBEAT_NO_REPLY
} sv_heartbeat_outcome_t;

/* What the two replies tell, as they come. */
typedef struct {
    bool account_answered;
    bool account_good;
    bool lease_answered;
    const char *rack_id; /* of the lease, in the arena; NULL: there is none */
} sv_heartbeat_replies_t;

void
sv_heartbeat_read_account(const redisReply *reply, const sv_heartbeat_t *heartbeat, sv_heartbeat_replies_t *replies);
void sv_heartbeat_read_lease(const redisReply *reply, sv_arena_t *arena, sv_heartbeat_replies_t *replies);
sv_heartbeat_outcome_t sv_heartbeat_outcome(const sv_heartbeat_t *heartbeat, const sv_heartbeat_replies_t *replies);

/* What nobody waits for: the rack's pointer lives as long as the lease again, and the worker learns of the heartbeat.
 * One sv_heartbeats_note_command() is for any number: sv_heartbeats_note() adds each.  `at_ms` is Redis' own time,
 * taken no later than the lease was renewed, as TIME replies it. */
void sv_heartbeat_prolong_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                                  const char *rack_id);
void sv_heartbeats_note_command(sv_redis_command_t *command, sv_arena_t *arena);
void sv_heartbeats_note(sv_redis_command_t *command, const sv_heartbeat_t *heartbeat, int64_t at_ms);
int64_t sv_redis_time_read_ms(const redisReply *reply); /* 0: none */

/* Without a lease: what Redis knows of the session.  SV_OK: not enough, ask MongoDB; else the client is told what
 * sv_heartbeat_ask() would tell. */
void sv_heartbeat_session_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_heartbeat_t *heartbeat);
sv_status_t sv_heartbeat_session_read(const redisReply *reply, const sv_heartbeat_t *heartbeat, sv_error_t *error);

/* What an outcome tells the client: SV_OK, or the error set. */
sv_status_t sv_heartbeat_settle(sv_heartbeat_outcome_t outcome, sv_error_t *error);

/*
 * When Redis does not know, or somebody else has the lease: asks MongoDB.  SV_OK: the session is active and carries its
 * rack, its hold is re-armed, an interrupted one is active again; take the lease with sv_lease_restore_command().
 * SV_ERR_SESSION_PAUSED: *session is read, write its state back with sv_session_state_command().  Else SV_ERR_LOCK_LOST
 * (with the holder), SV_ERR_SESSION_COMPLETED, SV_ERR_SESSION_CLOSED, SV_ERR_FORBIDDEN, SV_ERR_NOT_FOUND,
 * SV_ERR_WRONG_KIND, SV_ERR_VALIDATION_FAILED (rack_id). Runs on any thread that owns `store`.
 */
sv_status_t sv_heartbeat_ask(sv_store_t *store, const sv_heartbeat_t *heartbeat, sv_arena_t *arena,
                             sv_floor_session_t *session, int64_t *pause_left_s, sv_error_t *error);

#endif
