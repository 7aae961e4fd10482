#ifndef SV_ADJUSTMENT_LINE_WRITER_H
#define SV_ADJUSTMENT_LINE_WRITER_H

#include "core/adjust/line_feed.h"
#include "core/adjust/sums.h"
#include "core/jobs/handler.h"

/*
 * Writes the lines of an adjustment, a chunk a transaction, each under the guard of its job: of two attempts that both
 * believe to be alive one alone writes.  While a chunk is written the next is read (line_feed.h).
 */
typedef struct {
    sv_job_run_t *job;
    const char *adjustment_id, *count_id, *warehouse;
    int64_t seq;
    sv_adjustment_sums_t sums; /* out: of what is written; in the job's arena */
} sv_line_writer_t;

/* Removes what an earlier attempt wrote and writes what the source gives.  SV_ERR_TOO_MANY_ROWS when a sum is past what
 * can be told. */
sv_status_t sv_line_writer_run(sv_line_writer_t *writer, sv_line_source_t source, void *context, sv_error_t *error);

/* Removes the lines of an adjustment that is not published. */
sv_status_t sv_adjustment_lines_discard(sv_store_t *store, const char *adjustment_id, sv_error_t *error);

#endif
