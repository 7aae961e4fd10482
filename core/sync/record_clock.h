#ifndef SV_SYNC_RECORD_CLOCK_H
#define SV_SYNC_RECORD_CLOCK_H

#include "core/sync/record.h"

/*
 * What the clock of a phone is worth.  Its times are stored as sent; beside them stands what the database's clock, at
 * the receipt, makes of them.
 */

/* Whether the record is ordered by a time that lies ahead of its receipt: no edit was made there. */
bool sv_order_is_suspect(const sv_record_t *record, int64_t receipt_ms);
/* The same of a stored one, as its receipt saw it. */
bool sv_stored_order_is_suspect(const bson_t *stored);

/* Whether a record received now is a newer edit than a version of that order.  Any plausible order is newer than a
 * suspect one; of two suspect ones the later time is.  So a phone whose calendar was mended can mend its figures. */
bool sv_edit_is_newer(const sv_record_t *record, int64_t receipt_ms, int64_t order, bool order_is_suspect);

typedef struct {
    int64_t receipt_ms; /* the database's clock */
    int64_t started_ms; /* of the floor session */
    bool has_sent_at;
    int64_t sent_at_ms;   /* the phone's clock when it sent the batch */
    const bson_t *stored; /* the version the record takes the place of; NULL: none */
} sv_record_receipt_t;

/* Appends clock_suspect, order_suspect (both only when true) and counted_at: when the quantities were last
 * changed, by the database's clock, as far as `sent_at` tells how the two differ. */
void sv_record_append_clock(bson_t *document, const sv_record_t *record, const sv_record_receipt_t *receipt);

#endif
