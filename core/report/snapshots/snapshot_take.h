#ifndef SV_SNAPSHOT_TAKE_H
#define SV_SNAPSHOT_TAKE_H

#include "core/report/snapshots/snapshot.h"

/* Told now and then how many rows are read; a status that is not SV_OK stops. */
typedef struct {
    sv_status_t (*progress)(void *context, const char *stage, int64_t rows, sv_error_t *error);
    void *context;
} sv_snapshot_watch_t;

/*
 * The work of one attempt of a snapshot's job (its params as sv_snapshot_request() made them, or a schedule's): reads
 * the query at one instant, writes blocks under the attempt's own owner, and publishes the head in one transaction with
 * the claim.  A head that is there already is an earlier attempt's: then that is the snapshot.  What it wrote is
 * removed when it fails.
 *
 * Rows whose order is that of their key are read as MongoDB comes upon them and sorted here, through files without a
 * name in `directory` when they are many.
 *
 * *snapshot_id is set in the arena.  SV_ERR_SNAPSHOT_WINDOW_EXCEEDED when MongoDB no longer had the instant;
 * SV_ERR_VALIDATION_FAILED for a query that this release does not know.  Memory stays flat.
 */
sv_status_t
sv_snapshot_take(sv_store_t *store, const sv_job_claim_t *claim, const char *directory,
                 const sv_snapshot_watch_t *watch, sv_arena_t *arena, const char **snapshot_id, sv_error_t *error);

#endif
