#ifndef SV_SNAPSHOT_H
#define SV_SNAPSHOT_H

#include "core/jobs/job.h"
#include "core/report/blocks/blocks.h"
#include "core/report/query/query.h"
#include "core/store/page.h"

/*
 * Snapshots: the rows of a query at one instant, kept until they are deleted.  A head in report_snapshots, its rows
 * in report_snapshot_blocks.  Taking one is a job (kind snapshot.create); its id is decided when it is asked for.
 * Everything runs on any thread that owns `store`; what is returned lives in the arena.
 */
enum {
    SV_SNAPSHOT_NAME_MAX = 200,
    SV_SNAPSHOT_TEXT_MAX = 2000,
    SV_SNAPSHOT_TAGS_MAX = 20,
    SV_SNAPSHOT_TAG_MAX = 64,
};

typedef struct {
    const bson_t *document;
    const char *snapshot_id;
    const char *name;
    const char *description; /* NULL: none */
    const char *collection;
    const char *query_text;                     /* in words */
    const char *digest;                         /* of the rows, hex */
    const char *user_id, *username, *full_name; /* who took it; the names may be NULL */
    const char *previous_id;                    /* NULL: it is no refresh */
    const char *job_id;
    const char *schedule_id; /* NULL: it was asked for by hand */
    const bson_t *query;
    const sv_column_t *columns;
    size_t column_count;
    int64_t rows, bytes, version;
    int64_t taken_ms;   /* the instant */
    int64_t created_ms; /* published */
    sv_block_place_t blocks;
} sv_snapshot_t;

/* Where the blocks of an owner ("{snapshot_id}.{attempt}") stand. */
sv_block_place_t sv_snapshot_blocks(const char *owner);

void sv_snapshot_read(const bson_t *document, sv_arena_t *arena, sv_snapshot_t *snapshot);
/* SV_ERR_NOT_FOUND. */
sv_status_t
sv_snapshot_load(sv_store_t *store, const char *id, sv_arena_t *arena, sv_snapshot_t *snapshot, sv_error_t *error);
/* Members of an object that is open; `whole`: query, columns and totals too. */
void sv_snapshot_write_members(sv_json_writer_t *w, const sv_snapshot_t *snapshot, bool whole);

typedef struct {
    const char *tag;        /* NULL: any */
    int64_t from_ms, to_ms; /* of creation; 0: open */
} sv_snapshot_search_t;

/* Writes items and next_cursor into an open object, latest first. */
sv_status_t sv_snapshot_list(sv_store_t *store, const sv_snapshot_search_t *search, sv_page_t *page,
                             sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

/* A page of its rows: items, next_cursor, total into an open object.  The cursor is the number of the first row.
 * SV_ERR_CURSOR_INVALID. */
sv_status_t sv_snapshot_page(sv_store_t *store, const sv_snapshot_t *snapshot, const sv_page_t *page,
                             sv_json_writer_t *w, sv_error_t *error);

/* What is asked of a snapshot. */
typedef struct {
    const char *name, *description; /* description NULL: none */
    const char **tags;
    size_t tag_count;
    const bson_t *query;   /* as it was asked */
    const char *query_id;  /* of the saved query that this is; NULL: of none */
    const char *warehouse; /* whose days it means unless a zone is named; NULL: TIME_ZONE's */
} sv_snapshot_wanted_t;

/* Reads {name, description, query or query_id, tags[]}.  False with the wrong fields named. */
bool sv_snapshot_wanted_read(sv_store_t *store, const sv_json_fields_t *fields, sv_arena_t *arena,
                             sv_snapshot_wanted_t *wanted);
/* The same as the params of its job: {name, description, query, tags}.  A schedule has them with `tz`, its
 * zone, and `keep` (sv_snapshots_keep_last), and its jobs take them from there; `by_id`: with `query_id` in the place of
 * `query`, so that it is what the saved query says then. */
bson_t *sv_snapshot_params(const sv_snapshot_wanted_t *wanted, bool by_id, sv_arena_t *arena);

/* Requests the job; what is asked for twice while it is pending is one snapshot. */
sv_status_t sv_snapshot_request(sv_store_t *store, const sv_principal_t *who, const bson_t *params, sv_arena_t *arena,
                                const bson_t **job, bool *created, sv_error_t *error);
/* The same query again: a new snapshot, of the next version.  SV_ERR_NOT_FOUND; SV_ERR_VALIDATION_FAILED when its
 * query is none of this release. */
sv_status_t sv_snapshot_refresh(sv_store_t *store, const sv_principal_t *who, const char *id, sv_arena_t *arena,
                                const bson_t **job, bool *created, sv_error_t *error);

/* Removes the head; the blocks follow.  SV_ERR_NOT_FOUND. */
sv_status_t sv_snapshot_remove(sv_store_t *store, const sv_principal_t *who, const char *id, sv_error_t *error);
/* Of the snapshots that a schedule took, removes all but the last `keep` (1 or more), but leaves those whose file is
 * still to be made or told of: they go with a later call. */
sv_status_t sv_snapshots_keep_last(sv_store_t *store, const sv_principal_t *who, const char *schedule_id, int64_t keep,
                                   sv_error_t *error);

#endif
