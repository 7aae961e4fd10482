#ifndef SV_LEASE_H
#define SV_LEASE_H

#include "core/auth/principal.h"
#include "core/floor/floor.h"
#include "core/redis/command.h"

/*
 * Leases in Redis (docs/architecture.md): speed, never truth.  Each function builds a command or reads a reply; who has
 * a connection runs it.  Commands keep pointers to their arguments until they have run.
 */

/* lease:{user}:{session}, what a heartbeat renews: who knows both names may.  In the arena. */
const char *sv_lease_key(sv_arena_t *arena, const char *user_id, const char *session_id);
/* The same without "lease:": what a session is called in floor:heartbeats; and the two ids in such a name, the user's
 * "" when there is none. */
const char *sv_lease_name(sv_arena_t *arena, const char *user_id, const char *session_id);
const char *sv_lease_name_session(const char *name);
const char *sv_lease_name_user(sv_arena_t *arena, const char *name);

/* Ends the lease of a session whose user may not have it any more, whatever else is kept of it. */
void sv_lease_end_command(sv_redis_command_t *command, sv_arena_t *arena, const char *user_id, const char *session_id);

/* rack:lock:{rack}, taken before a claim's transaction.  `nonce` names this claim. */
void sv_lease_claim_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                            const char *rack_id, const sv_principal_t *who, const char *nonce);

typedef enum { SV_LEASE_FOREIGN = 0, SV_LEASE_OWN = 1, SV_LEASE_TAKEN = 2, SV_LEASE_NO_REPLY = 3 } sv_lease_outcome_t;

/* `holder` (its texts in the arena) says who has the lease, when it is foreign. */
sv_lease_outcome_t sv_lease_claim_read(const redisReply *reply, sv_arena_t *arena, sv_holder_t *holder);

/* Gives back an unsettled lease of this claim. */
void sv_lease_drop_command(sv_redis_command_t *command, sv_arena_t *arena, const char *rack_id, const char *nonce);

/* After the claim's transaction: the lease is the session's, and `displaced` (NULL: none) has none any more; publishes
 * to the channels of rack and session. */
void sv_lease_settle_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                             const sv_floor_session_t *session, const sv_floor_session_t *displaced, bool resumed);

/* Takes the lease again for a session that MongoDB says is active and on its rack.  Reply: 1, or 0 when
 * a claim of somebody else is under way or a higher fence stands. */
void sv_lease_restore_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                              const sv_floor_session_t *session);
bool sv_lease_restore_read(const redisReply *reply);

/* After a committed change of state (pause, resume, release, completion, interruption): what heartbeats see, and
 * `lock_ttl_s` more of the lease (0: the rack is free).  Publishes `event` ("rack.paused"). */
void sv_session_state_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                              const sv_floor_session_t *session, int64_t lock_ttl_s, const char *event);

/* Whether somebody holds a rack, by Redis; true also for a reply that says nothing. */
void sv_rack_held_command(sv_redis_command_t *command, sv_arena_t *arena, const sv_settings_t *settings,
                          const char *rack_id);
bool sv_rack_held_read(const redisReply *reply);

/* What is left of a rack's lease, and when a session last sent a heartbeat; their replies in seconds and in
 * UTC ms, 0 when there is none. */
void sv_lease_ttl_command(sv_redis_command_t *command, sv_arena_t *arena, const char *rack_id);
int64_t sv_lease_ttl_read_s(const redisReply *reply);
void
sv_last_heartbeat_command(sv_redis_command_t *command, sv_arena_t *arena, const char *user_id, const char *session_id);
int64_t sv_last_heartbeat_read_ms(const redisReply *reply);

/* {"type": ..., "id": ..., "at": ...} and the session's members, for pub/sub. */
const char *sv_floor_event_json(sv_arena_t *arena, const char *type, const sv_floor_session_t *session);

#endif
