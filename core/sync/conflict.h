#ifndef SV_SYNC_CONFLICT_H
#define SV_SYNC_CONFLICT_H

#include "core/auth/principal.h"
#include "core/base/json_reader.h"
#include "core/store/page.h"
#include "core/store/store.h"
#include "core/sync/fence.h"
#include "core/sync/resolve_action.h"
#include "core/sync/verdict.h"

/* Keeps the conflicts among the verdicts until somebody resolves them and sets their conflict_id; the
 * same conflict again gets the same one, and how it was resolved.  What cannot be kept is logged and becomes an error
 * that asks for the record again. */
void sv_conflicts_keep(sv_store_t *store, const sv_principal_t *who, sv_verdict_t *verdicts, size_t count,
                       sv_arena_t *arena);

typedef struct {
    const char *status;     /* NULL: any */
    const char *session_id; /* a floor session or a count; NULL: any */
    const char *warehouse;  /* NULL: any */
    int64_t since_ms;       /* created then or later; 0: any */
    sv_page_t page;         /* limit and cursor */
} sv_conflict_query_t;

/* Writes a page of conflicts, newest first: a staff user's own, all for supervisors. */
sv_status_t sv_conflicts_list(sv_store_t *store, const sv_principal_t *who, sv_conflict_query_t *query,
                              sv_json_writer_t *w, sv_error_t *error);

/* How many of those that sv_conflicts_list() gives are open. */
sv_status_t sv_conflicts_count_open(sv_store_t *store, const sv_principal_t *who, int64_t *count, sv_error_t *error);

void sv_holder_write_json(sv_json_writer_t *w, const char *name, const sv_holder_t *holder);

typedef struct {
    const char *conflict_id;
    sv_resolve_action_t action;
    const json_t *record; /* merge: what to store instead; NULL: merge by the rule of its type */
} sv_resolve_t;

/* What a resolution changed, for the effects that follow it. */
typedef struct {
    const bson_t *conflict; /* as it stands now */
    sv_fenced_t session;    /* session.wrote: its records changed */
} sv_resolved_t;

/*
 * Resolves a conflict: keep_server by its owner or a supervisor; keep_mine and merge by the owner while the rack
 * carries their session, else by a supervisor, whose write is audited and bypasses the fence.  The same resolution
 * again is the same answer.  Errors: SV_ERR_NOT_FOUND (also another user's), SV_ERR_CONFLICT_RESOLVED (another way),
 * SV_ERR_LOCK_LOST (holder set), SV_ERR_SESSION_CLOSED, SV_ERR_CONFLICT_STATE (it meets another conflict),
 * SV_ERR_VALIDATION_FAILED (record, action).
 */
sv_status_t sv_conflict_resolve(sv_store_t *store, const sv_principal_t *who, const sv_resolve_t *resolve,
                                sv_resolved_t *resolved, sv_error_t *error);

#endif
