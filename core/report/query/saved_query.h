#ifndef SV_SAVED_QUERY_H
#define SV_SAVED_QUERY_H

#include "core/auth/principal.h"
#include "core/base/json_reader.h"
#include "core/base/json_writer.h"
#include "core/report/query/query.h"
#include "core/store/page.h"

/*
 * Queries that supervisors keep under a name and share (report_queries).  Previews, snapshots and schedules take one by
 * its id; a schedule asks what it says at that time, so that a change of the query is a change of all that ask it.
 * Every change is in the audit trail.  On any thread that owns `store`; what is returned lives in the arena.
 */
enum { SV_SAVED_NAME_MAX = 200, SV_SAVED_TEXT_MAX = 2000, SV_SAVED_ID_MAX = 128 };

typedef struct {
    const char *name;
    const char *description; /* NULL: none */
    const bson_t *query;     /* sv_report_query_to_bson() */
} sv_saved_wanted_t;

/* Reads {name, description, query}.  False with the wrong fields named. */
bool sv_saved_query_read(const sv_json_fields_t *fields, sv_arena_t *arena, sv_saved_wanted_t *wanted);

/* `query_id` NULL: a new one.  SV_ERR_NOT_FOUND; SV_ERR_ALREADY_EXISTS: another has the name. */
sv_status_t
sv_saved_query_save(sv_store_t *store, const sv_principal_t *who, const char *query_id, const sv_saved_wanted_t *wanted,
                    sv_arena_t *arena, const bson_t **saved, sv_error_t *error);
/* SV_ERR_NOT_FOUND; SV_ERR_CONFLICT_STATE, naming one of them, while schedules ask it. */
sv_status_t
sv_saved_query_delete(sv_store_t *store, const sv_principal_t *who, const char *query_id, sv_error_t *error);

/* SV_ERR_NOT_FOUND. */
sv_status_t sv_saved_query_load(sv_store_t *store, const char *query_id, sv_arena_t *arena, const bson_t **saved,
                                sv_error_t *error);
/* A page's members, by name. */
sv_status_t
sv_saved_queries_list(sv_store_t *store, sv_page_t *page, sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);
void sv_saved_query_write_json(sv_json_writer_t *w, const char *name, const bson_t *saved);

/*
 * The query that a request means: its member `query`, or the saved one that `query_id` names (*query_id else NULL).
 * NULL with what is wrong named: neither or both, an unknown id (`query_id` not_found), a saved one whose fields this
 * release no longer lists.
 */
sv_report_query_t *
sv_saved_query_choose(sv_store_t *store, const sv_json_fields_t *fields, sv_arena_t *arena, const char **query_id);

#endif
