#ifndef SV_ADJUSTMENT_LINE_WRITER_H
#define SV_ADJUSTMENT_LINE_WRITER_H

#include "core/adjust/adjustment.h"
#include "core/adjust/sums.h"
#include "core/jobs/handler.h"

/*
 * Writes the lines of an adjustment, a chunk a transaction, each under the guard of its job: of two attempts that both
 * believe to be alive one alone writes.
 */
typedef struct {
    const char *item_code;
    const char *lot; /* "": of the whole item */
    const char *uom; /* NULL: none is known */
    sv_quantity_t delta;
    bool has_cost;
    sv_quantity_t unit_cost;
    sv_posting_state_t state;                       /* where it begins */
    const bson_t *origin;                           /* what more is kept of where it came from; NULL: nothing */
    const char *erp_code, *erp_lot, *erp_warehouse; /* as the ERP spells them; NULL: the same.  Looked up unless set */
} sv_adjustment_line_t;

typedef struct {
    sv_job_run_t *job;
    const char *adjustment_id, *count_id, *warehouse;
    int64_t seq;
    sv_adjustment_sums_t sums;
    /* of the chunk under way */
    sv_arena_t *arena;
    sv_adjustment_line_t *lines;
    size_t count;
    bool held;
} sv_line_writer_t;

/* Removes what an earlier attempt wrote.  `sums` live in the job's arena. */
sv_status_t sv_line_writer_begin(sv_line_writer_t *writer, sv_error_t *error);
/* Takes a line; its texts are copied. */
sv_status_t sv_line_writer_add(sv_line_writer_t *writer, const sv_adjustment_line_t *line, sv_error_t *error);
/* Writes what is left.  SV_ERR_TOO_MANY_ROWS when a sum is past what can be told. */
sv_status_t sv_line_writer_finish(sv_line_writer_t *writer, sv_error_t *error);
/* Frees the chunk. */
void sv_line_writer_close(sv_line_writer_t *writer);

/* Removes the lines of an adjustment that is not published. */
sv_status_t sv_adjustment_lines_discard(sv_store_t *store, const char *adjustment_id, sv_error_t *error);

#endif
