#ifndef SV_SYNC_BATCH_H
#define SV_SYNC_BATCH_H

#include "core/auth/principal.h"
#include "core/store/store.h"
#include "core/sync/batch_sent.h"
#include "core/sync/fence.h"
#include "core/sync/verdict.h"

/* What became of it. */
typedef struct {
    const char *batch_id;
    sv_verdict_t *verdicts; /* one a record, in the order sent */
    size_t count;
    size_t ok, conflicts, errors;
    sv_fenced_t *sessions; /* the floor sessions it was for; those with `wrote` got records */
    size_t session_count;
    int64_t processing_time_ms;
} sv_sync_result_t;

/*
 * Gives every record its verdict, stores what is good in one durable transaction, and keeps the conflicts.
 * SV_OK: each record stands in one of ok, conflicts, errors.  SV_ERR_UNAVAILABLE: nothing was acknowledged; sending the
 * same batch again settles it.  Results live in error->arena.  Any thread that owns `store`.
 */
sv_status_t sv_sync_batch(sv_store_t *store, const sv_principal_t *who, const sv_sync_batch_t *batch,
                          sv_sync_result_t *result, sv_error_t *error);

/* The answer's `data` (API.md, POST /api/sync/batch). */
void sv_sync_result_write_json(sv_json_writer_t *w, const sv_sync_result_t *result);

#endif
