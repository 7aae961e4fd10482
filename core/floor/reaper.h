#ifndef SV_REAPER_H
#define SV_REAPER_H

#include "core/redis/client.h"
#include "core/store/store.h"

/*
 * Frees the racks of holders who fell silent.  A floor session, active or paused, whose rack's hold is past by
 * SESSION_GRACE on MongoDB's clock and whose rack nobody holds by Redis becomes `interrupted`, its rack `available`.
 * The rack keeps the session's id until somebody claims it, so late work still lands and brings the session back.
 * The event is published after the commit: a worker that dies between the two leaves listeners untold, who see the
 * rack free when they next ask, and nothing else undone.
 */
typedef struct {
    int64_t silent; /* sessions looked at */
    int64_t interrupted;
    bool too_early; /* nothing was looked at: this worker or Redis is younger than a lease */
} sv_reaped_t;

/* One round of at most a few hundred racks.  `running_ms`: for how long this process has been running.  Two workers at
 * it interrupt a session once. */
sv_status_t
sv_reaper_round(sv_store_t *store, sv_redis_client_t *redis, int64_t running_ms, sv_reaped_t *done, sv_error_t *error);

#endif
