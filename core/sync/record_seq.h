#ifndef SV_SYNC_RECORD_SEQ_H
#define SV_SYNC_RECORD_SEQ_H

#include "core/sync/batch_state.h"

/*
 * A record's `seq` is what the `writes` of its floor session came to in the transaction that wrote it last: whoever
 * reads a session's records in this order misses nothing.  Where a transaction changes nothing but the mark of a record
 * (that another counts in its place, or that it counts again), this raises the `writes` of the record's session, of
 * several in the order of their ids, and gives the record its seq.
 */
sv_status_t sv_seq_write(sv_batch_run_t *run, sv_error_t *error);
/* The same for a record that is not of the run. */
sv_status_t sv_seq_write_marked(sv_batch_run_t *run, const char *session_id, const char *client_record_id,
                                sv_error_t *error);

#endif
