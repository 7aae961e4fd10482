#ifndef SV_COMPARISON_H
#define SV_COMPARISON_H

#include "core/jobs/job.h"
#include "core/report/compare/compare.h"
#include "core/report/blocks/row_page.h"
#include "core/report/snapshots/snapshot.h"

/*
 * Comparisons of two snapshots (core/report/compare/compare.h), kept until they are deleted, whatever becomes of the
 * snapshots: a head in report_compare_jobs, its rows in report_compare_blocks.  Making one is a job (kind
 * compare.create), whose id is the comparison's.  Everything runs on any thread that owns `store`; what is returned
 * lives in the arena.
 */
enum { SV_COMPARISON_NAME_MAX = 200 };

typedef struct {
    const bson_t *document;
    const char *job_id;
    const char *name;
    const char *digest;                         /* of the rows, hex */
    const char *user_id, *username, *full_name; /* who asked for it; the names may be NULL */
    int64_t counts[SV_ROW_CHANGE_COUNT];
    int64_t bytes, created_ms;
    sv_kept_rows_t kept;
} sv_comparison_t;

/* SV_ERR_NOT_FOUND. */
sv_status_t sv_comparison_load(sv_store_t *store, const char *id, sv_arena_t *arena, sv_comparison_t *comparison,
                               sv_error_t *error);
/* Members of an object that is open; `whole`: the fields' figures and the columns, too. */
void sv_comparison_write_members(sv_json_writer_t *w, const sv_comparison_t *comparison, bool whole);
/* "A -> B": the snapshots' names, for people. */
const char *sv_comparison_describe(const sv_comparison_t *comparison, sv_arena_t *arena);

/* Writes items and next_cursor into an open object, latest first. */
sv_status_t
sv_comparison_list(sv_store_t *store, sv_page_t *page, sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);
/* A page of its rows (core/report/blocks/row_page.h), of one change (-1: of all). */
sv_status_t sv_comparison_page(sv_store_t *store, const sv_comparison_t *comparison, int change, const sv_page_t *page,
                               sv_json_writer_t *w, sv_error_t *error);

/* Reads {baseline_id, comparison_id, name, key_fields, compare_fields, tolerance, include_unchanged} (snapshot_a_id,
 * snapshot_b_id: other names of the first two), plans the comparison and requests its job; the same twice while it is
 * pending is one.  SV_ERR_VALIDATION_FAILED with the wrong fields named. */
sv_status_t sv_comparison_request(sv_store_t *store, const sv_principal_t *who, const sv_json_fields_t *fields,
                                  sv_arena_t *arena, const bson_t **job, bool *created, sv_error_t *error);

/* Removes the head; the blocks follow.  SV_ERR_NOT_FOUND. */
sv_status_t sv_comparison_remove(sv_store_t *store, const sv_principal_t *who, const char *id, sv_error_t *error);

/* ---- making one */

/* Told now and then how many rows of both snapshots are read, of how many; a status that is not SV_OK stops. */
typedef struct {
    sv_status_t (*progress)(void *context, const char *stage, int64_t done, int64_t total, sv_error_t *error);
    void *context;
} sv_comparison_watch_t;

/*
 * The work of one attempt of its job: joins the snapshots' blocks, sorting first what is not in the order of the key
 * (through files in `directory`), writes the rows under the attempt's own owner, and publishes the head in one
 * transaction with the claim.  A head that is there already is an earlier attempt's: then that is the comparison.  What
 * it wrote is removed when it fails.  SV_ERR_NOT_FOUND when a snapshot was deleted meanwhile, SV_ERR_KEY_NOT_UNIQUE.
 */
sv_status_t sv_comparison_make(sv_store_t *store, const sv_job_claim_t *claim, const char *directory,
                               const sv_comparison_watch_t *watch, sv_arena_t *arena, sv_error_t *error);

/* The inside of requests and attempts, in core/report/compare/comparison_request.c. */
typedef struct {
    const char *name;
    sv_snapshot_t snapshots[2];
    const sv_compare_plan_t *plan;
} sv_comparison_plan_t;

/* From the params of a job: loads the snapshots and plans again. */
sv_status_t sv_comparison_plan_load(sv_store_t *store, const bson_t *params, sv_arena_t *arena,
                                    sv_comparison_plan_t *planned, sv_error_t *error);
sv_block_place_t sv_comparison_blocks(const char *owner);

#endif
