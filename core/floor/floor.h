#ifndef SV_FLOOR_H
#define SV_FLOOR_H

#include "core/base/json_writer.h"
#include "core/store/store.h"

/*
 * The floor: racks and the floor sessions on them, as docs/data-model.md has them.  Everything
 * returned lives in the arena it was read into.
 */
enum { SV_RACK_ID_MAX = 128, SV_SESSION_ID_MAX = 320 };

typedef enum {
    SV_SESSION_ACTIVE = 0,
    SV_SESSION_PAUSED,
    SV_SESSION_COMPLETED,
    SV_SESSION_INTERRUPTED
} sv_session_status_t;

const char *sv_session_status_name(sv_session_status_t status);

typedef struct {
    const char *rack_id;
    const char *warehouse;
    const char *floor;
    const char *zone;       /* may be NULL */
    const char *status;     /* available, claimed, paused, completed */
    const char *session_id; /* what it carries or carried last; NULL before the first claim */
    const char *user_id;
    const char *count_id;
    int64_t fence;
    int64_t held_at_ms;
    int64_t hold_ms;
    int64_t estimated_items; /* -1: not known */
    int64_t last_verified_at_ms;
} sv_rack_t;

typedef struct {
    const char *session_id;
    const char *user_id;
    const char *username;
    const char *full_name;
    const char *rack_id;
    const char *warehouse;
    const char *floor;
    const char *zone; /* may be NULL */
    const char *count_id;
    const char *count_state;     /* core/counts/count_states.def */
    int64_t count_started_at_ms; /* 0: not known, of a session of before */
    bool blind;
    bool strict;
    int64_t fence;
    int64_t round;
    int64_t own_since; /* the fence since which the rack was only this user's */
    sv_session_status_t status;
    bool superseded;
    bool rack_completed;
    int64_t writes; /* the session's version in Redis */
    int64_t started_at_ms;
    int64_t last_heartbeat_ms; /* while a rack carries the session, sv_rack_contact_ms() is younger */
    int64_t paused_at_ms;
    int64_t completed_at_ms;
    int64_t interrupted_at_ms;
    const bson_t *final_stats; /* NULL before completion */
    int64_t left;              /* records its phone had unsent at `left_at`; 0 too when it never told */
    int64_t left_at_ms;        /* 0: never told */
} sv_floor_session_t;

/* When its count began, as near as is known: what the master said then holds for all its figures. */
static inline int64_t
sv_floor_began_ms(const sv_floor_session_t *session)
{
    return session->count_started_at_ms != 0 ? session->count_started_at_ms : session->started_at_ms;
}

void sv_rack_read(const bson_t *document, sv_arena_t *arena, sv_rack_t *rack);
void sv_floor_session_read(const bson_t *document, sv_arena_t *arena, sv_floor_session_t *session);

/* SV_ERR_NOT_FOUND when there is none (or the rack is deleted). */
sv_status_t sv_rack_find(sv_store_t *store, const char *rack_id, sv_arena_t *arena, sv_rack_t *rack, sv_error_t *error);
/* SV_ERR_NOT_FOUND when there is none, SV_ERR_WRONG_KIND when the id is a count's. */
sv_status_t sv_floor_session_find(sv_store_t *store, const char *session_id, sv_arena_t *arena,
                                  sv_floor_session_t *session, sv_error_t *error);

/* Who holds the rack, by the database: NULL when nobody ever did.  lock_ttl is what is left of the hold by the
 * server's clock, 0 when it is past. */
sv_status_t sv_rack_holder(sv_store_t *store, const sv_rack_t *rack, sv_arena_t *arena, const sv_holder_t **holder,
                           sv_error_t *error);
/* Fails with `status` and the holder of the rack in the error. */
sv_status_t sv_fail_held(sv_store_t *store, const sv_rack_t *rack, sv_status_t status, sv_error_t *error);

/* Appends, to a filter on rack_registry, that the hold is past by MongoDB's clock: an $expr. */
void sv_filter_hold_is_past(bson_t *filter);

/* Length of the hold of an active session, in ms. */
int64_t sv_active_hold_ms(const sv_settings_t *settings);
int64_t sv_pause_hold_ms(const sv_settings_t *settings);

/* Arms the hold anew of the session that the rack carries; *matched 0: it carries another (or, with `claimed_only`, is
 * not claimed any more). */
sv_status_t sv_rack_hold_anew(sv_store_t *store, const char *rack_id, const char *session_id, bool claimed_only,
                              int64_t *matched, sv_error_t *error);

/* When the floor session the rack carries was last heard of, by MongoDB's clock: its last written heartbeat, or its
 * pause.  0 when the rack is neither claimed nor paused. */
int64_t sv_rack_contact_ms(const sv_rack_t *rack);

/* Appends to an update that the session was heard of then: what its rack's hold knew, before the hold goes. */
void sv_put_contact(bson_t *update, int64_t contact_ms);

/* The members of an API floor session; `now_ms` (the server's) 0 leaves heartbeat_age_seconds out. */
void
sv_floor_session_write_json(sv_json_writer_t *w, const char *name, const sv_floor_session_t *session, int64_t now_ms);

#endif
