#ifndef SV_SYNC_BATCH_H
#define SV_SYNC_BATCH_H

#include <jansson.h>

#include "core/auth/principal.h"
#include "core/store/store.h"
#include "core/sync/fence.h"
#include "core/sync/verdict.h"

#define SV_BATCH_RECORDS "records" /* the member whose texts may be none: that is each record's own fault */

enum { SV_BATCH_MAX_SERIALS = 5000 }; /* of all records together */

/* A batch as a client sent it. */
typedef struct {
    const char *batch_id; /* the client's, or made */
    sv_record_t *records; /* in the order sent */
    size_t count;
    bool has_sent_at, has_left;
    int64_t sent_at_ms; /* the phone's clock when it sent the batch */
    int64_t left;       /* how many records it still has unsent after this batch */
    bool keeps_nothing; /* its conflicts are told and not kept: who sent it waits for the answer and has the record */
} sv_sync_batch_t;

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
 * Reads the body: batch_id and records[], and sent_at and left where they can be read.  Each record is read by itself,
 * its faults are its own, also that it is no object; what spoils the batch is told in `error`: SV_ERR_BATCH_TOO_LARGE,
 * SV_ERR_VALIDATION_FAILED when records is not an array.
 * Needs no database.
 */
sv_status_t sv_sync_parse(const json_t *body, const sv_settings_t *settings, sv_sync_batch_t *batch, sv_error_t *error);

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
