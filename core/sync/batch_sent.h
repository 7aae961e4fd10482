#ifndef SV_SYNC_BATCH_SENT_H
#define SV_SYNC_BATCH_SENT_H

#include <jansson.h>

#include "core/settings/settings.h"
#include "core/sync/record.h"

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

/*
 * Reads the body: batch_id and records[], and sent_at and left where they can be read.  Each record is read by itself,
 * its faults are its own, also that it is no object; what spoils the batch is told in `error`: SV_ERR_BATCH_TOO_LARGE,
 * SV_ERR_VALIDATION_FAILED when records is not an array.
 * Needs no database.
 */
sv_status_t sv_sync_parse(const json_t *body, const sv_settings_t *settings, sv_sync_batch_t *batch, sv_error_t *error);

#endif
