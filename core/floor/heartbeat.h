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

/* What the script found; see lua/heartbeat.lua. */
typedef enum {
    SV_HEARTBEAT_RENEWED = 0,
    SV_HEARTBEAT_ACCOUNT_UNKNOWN, /* not in Redis: load it, then again */
    SV_HEARTBEAT_ACCOUNT_DISABLED,
    SV_HEARTBEAT_TOKEN_REVOKED,
    SV_HEARTBEAT_SESSION_UNKNOWN, /* not in Redis: sv_heartbeat_ask() */
    SV_HEARTBEAT_NOT_YOURS,
    SV_HEARTBEAT_OTHER_RACK,
    SV_HEARTBEAT_PAUSED,
    SV_HEARTBEAT_COMPLETED,
    SV_HEARTBEAT_LEASE_MISSING, /* sv_heartbeat_ask() */
    SV_HEARTBEAT_LEASE_FOREIGN, /* sv_heartbeat_ask() */
    SV_HEARTBEAT_NO_REPLY
} sv_heartbeat_outcome_t;

/* One round trip for any number of heartbeats: checks the account, the session and the lease of each, and renews them.
 * The texts of the heartbeats must stay until the reply has come. */
void sv_heartbeat_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                          const sv_heartbeat_t *const *heartbeats, size_t count);
sv_heartbeat_outcome_t sv_heartbeat_read(const redisReply *reply, size_t index);

/* What an outcome that is settled tells the client: SV_OK, or the error set. */
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
