#ifndef SV_SESSION_LIST_H
#define SV_SESSION_LIST_H

#include "core/auth/principal.h"
#include "core/counts/count.h"
#include "core/store/page.h"

/* What an id of /api/sessions/{id} is: a floor session or a count. */
typedef struct {
    bool is_count;
    sv_floor_session_t floor_session;
    sv_count_t count;
} sv_session_view_t;

/* Who may look: at a floor session its owner, at a count's figures nobody below a supervisor, at an OPEN count itself
 * the staff of its warehouse. */
typedef enum { SV_VIEW_HEAD, SV_VIEW_FIGURES } sv_view_depth_t;

/* SV_ERR_NOT_FOUND, SV_ERR_FORBIDDEN. */
sv_status_t sv_session_view(sv_store_t *store, const sv_principal_t *who, const char *id, sv_view_depth_t depth,
                            sv_arena_t *arena, sv_session_view_t *view, sv_error_t *error);

/* The active and paused floor sessions of a user and a warehouse (NULL: of all), with the last sign of each phone. */
sv_status_t sv_session_live_read(sv_store_t *store, const char *user_id, const char *warehouse, sv_arena_t *arena,
                                 sv_floor_session_t **sessions, size_t *count, sv_error_t *error);

/* Active and paused floor sessions: staff their own, supervisors all; an array. */
sv_status_t sv_session_list_active(sv_store_t *store, const sv_principal_t *who, sv_json_writer_t *w, sv_arena_t *arena,
                                   sv_error_t *error);

/* A page of the user's floor sessions, newest first; members into an object that is open. */
sv_status_t sv_session_list_history(sv_store_t *store, const char *user_id, sv_page_t *page, sv_json_writer_t *w,
                                    sv_arena_t *arena, sv_error_t *error);

/* A page of the records of a session or count changed at or after `since_ms` (0: all). */
sv_status_t sv_session_list_records(sv_store_t *store, const sv_session_view_t *view, int64_t since_ms, sv_page_t *page,
                                    sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

/* Records of a floor session behind the transaction `after` (-1: from the first), in the order in which they were
 * committed: `limit` of them or a few more, since none of a transaction's are left for the next page.  Tells
 * `next_after` and whether there are `more`. */
sv_status_t sv_session_list_records_after(sv_store_t *store, const sv_floor_session_t *session, int64_t after,
                                          int64_t limit, sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

/* The figures of either, one JSON object; of a completed session those answered at its completion. */
sv_status_t sv_session_write_stats(sv_store_t *store, const sv_session_view_t *view, sv_json_writer_t *w,
                                   sv_arena_t *arena, sv_error_t *error);

#endif
