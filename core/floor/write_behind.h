#ifndef SV_WRITE_BEHIND_H
#define SV_WRITE_BEHIND_H

#include "core/redis/client.h"
#include "core/store/store.h"

/*
 * Writes the heartbeats that Redis noted (floor:heartbeats) to MongoDB as the holds of their racks.  A heartbeat is
 * forgotten in Redis only after it was written, and only if no newer one came, so a round may die anywhere and be
 * repeated by anybody; two workers at it do the same work twice and no harm.
 *
 * A hold is never shortened: a rack is written only where its held_at is older than the heartbeat.  The hold is dated
 * by the heartbeat, not by its writing: it ends TTL and margin after it, however late or slowly it is written, or up to
 * half a second before, as heartbeats this near to each other are written as one.  sv_rack_contact_ms() reads the
 * heartbeat's time back out of the hold, so the floor session itself is not written.
 *
 * With the forgetting goes what the heartbeat tells of its user: presence, when last seen, and that the session is in
 * use.
 *
 * Where no claimed rack carries a heartbeat's session, Redis was not told of its end or its pause: the session's lease
 * and state are dropped there, and its next heartbeat asks MongoDB.
 */
typedef struct {
    int64_t taken;   /* heartbeats read */
    int64_t held;    /* racks whose hold was renewed */
    int64_t dropped; /* sessions that Redis believed active and MongoDB does not */
} sv_write_behind_t;

/* One round: everything noted when it begins.  Blocks; the thread owns store and redis. */
sv_status_t
sv_write_behind_round(sv_store_t *store, sv_redis_client_t *redis, sv_write_behind_t *done, sv_error_t *error);

#endif
