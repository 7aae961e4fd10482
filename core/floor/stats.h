#ifndef SV_FLOOR_STATS_H
#define SV_FLOOR_STATS_H

#include "core/floor/floor.h"

typedef struct {
    int64_t total_items;    /* expected on the rack or counted */
    int64_t verified_items; /* items of which a figure of the session counts */
    int64_t damage_items;   /* of these, with damage of any kind */
    int64_t pending_items;
    int64_t duration_seconds;
} sv_session_stats_t;

double sv_stats_items_per_minute(const sv_session_stats_t *stats); /* two places */

/* Reads the session's records (inside the transaction when there is one).  `until_ms`: the session's end, or
 * the server's time for a running one. */
sv_status_t sv_floor_session_stats(sv_store_t *store, const sv_floor_session_t *session, int64_t until_ms,
                                   sv_arena_t *arena, sv_session_stats_t *stats, sv_error_t *error);

/* How many records of the session are stored, withdrawn ones too; no more than `enough` are counted. */
sv_status_t sv_session_records_stored(sv_store_t *store, const char *session_id, int64_t enough, sv_arena_t *arena,
                                      int64_t *stored, sv_error_t *error);

/* How they are kept in final_stats, and read back. */
bson_t *sv_stats_to_bson(const sv_session_stats_t *stats, sv_arena_t *arena);
void sv_stats_read(const bson_t *document, sv_session_stats_t *stats);

/* The figures' members, into an object that is open. */
void sv_stats_write_members(sv_json_writer_t *w, const sv_session_stats_t *stats);
/* The answer of a floor session's stats and completion: one object. */
void sv_floor_stats_write_json(sv_json_writer_t *w, const sv_floor_session_t *session, const sv_session_stats_t *stats);

#endif
