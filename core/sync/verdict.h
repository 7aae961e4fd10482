#ifndef SV_SYNC_VERDICT_H
#define SV_SYNC_VERDICT_H

#include <bson/bson.h>

#include "core/sync/record.h"

/* Why a good record was not stored; the words stand in conflict.c. */
typedef enum {
    SV_CONFLICT_LOCK_LOST,
    SV_CONFLICT_SESSION_CLOSED,
    SV_CONFLICT_DUPLICATE_SERIAL,
    SV_CONFLICT_DUPLICATE_COUNT,
    SV_CONFLICT_STALE_UPDATE,
    SV_CONFLICT_FOREIGN_RECORD,
    SV_CONFLICT_RESCUED, /* it came in the file of a lost phone (core/rescue/rescue.h) */
    SV_CONFLICT_TYPE_COUNT
} sv_conflict_type_t;

const char *sv_conflict_type_name(sv_conflict_type_t type); /* "lock_lost" */

typedef enum { SV_VERDICT_OK, SV_VERDICT_CONFLICT, SV_VERDICT_ERROR } sv_verdict_kind_t;

/* What became of one record of a batch. */
typedef struct {
    sv_verdict_kind_t kind;
    const sv_record_t *record;
    bool replay; /* SV_VERDICT_OK: it was stored before */
    /* SV_VERDICT_ERROR: record->fault, or that of this batch's circumstances */
    sv_record_fault_t fault;
    bool retry; /* nothing is wrong with the record: the same again may be taken */
    /* SV_VERDICT_CONFLICT */
    sv_conflict_type_t type;
    bool outdated; /* of a stale update: a newer edit of the same record is stored, so nothing waits for a decision */
    const char *message;
    const bson_t *server_record; /* what stands in its way, as it is kept; NULL: nothing anybody may see */
    const bson_t *shown_record;  /* as who sent the record may see it (blind.h) */
    const sv_holder_t *holder;
    bool hides_place;        /* message and holder tell where another counted: not for who sent the record */
    const char *conflict_id; /* set once it is kept */
    const char *resolution;  /* how a person decided about it before; NULL: not yet */
    const char *count_id, *rack_id, *warehouse; /* for keeping it */
} sv_verdict_t;

#endif
