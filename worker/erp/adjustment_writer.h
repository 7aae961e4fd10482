#ifndef SV_ERP_ADJUSTMENT_WRITER_H
#define SV_ERP_ADJUSTMENT_WRITER_H

#include "core/adjust/posting.h"
#include "worker/erp/client.h"

/*
 * Brings lines of adjustments into the ERP by [write_adjustment] and asks for them by [find_adjustment]: the half of
 * the outbox that speaks to it.
 */
typedef struct {
    sv_erp_client_t *client;
    const sv_erp_mapping_t *mapping;
    int64_t limit_ms; /* of a statement */
    int64_t until_ms; /* by the monotonic clock: no line is begun after it */
    int64_t turn_ms;  /* nor any of a chunk so long after its first */
    bool took_many;   /* the ERP has taken lines that went together, by a prepared statement */
    bool singly;      /* it takes none so */
    /* what is on its way: */
    const sv_posting_chunk_t *begun; /* NULL: nothing */
    int64_t turn_until_ms;
    sv_erp_writing_t writing;
    sv_status_t status; /* how that went so far */
    const char *cause;
} sv_adjustment_writer_t;

/* Why the mapping cannot bring any; NULL: it can. */
const char *sv_adjustment_writer_fault(const sv_erp_mapping_t *mapping);

/* Sends the chunk's lines on their way where they go together; the ERP takes them while other things are done, up to
 * sv_adjustment_writer_run() for the same chunk. */
void sv_adjustment_writer_begin(sv_adjustment_writer_t *writer, const sv_posting_chunk_t *chunk, sv_arena_t *arena);

/* Settles or sends the chunk's lines and fills in what came of each; once the ERP is silent, or their time is over, the
 * rest is left alone.  False: it was silent, so that nothing more is to be tried now. */
bool sv_adjustment_writer_run(sv_adjustment_writer_t *writer, sv_posting_chunk_t *chunk, sv_arena_t *arena);

#endif
