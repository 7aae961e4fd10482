#ifndef SV_ADJUSTMENT_H
#define SV_ADJUSTMENT_H

#include "core/auth/principal.h"
#include "core/base/json_writer.h"
#include "core/store/page.h"

/*
 * Adjustments: what a count corrects of the books (core/adjust/README.md).  One is made when its count is approved, or
 * as the reversal of another; its lines are never changed, only how far each is on its way to the ERP.
 */

/* Where an adjustment is on its way. */
typedef enum {
    SV_ADJUSTMENT_APPROVED, /* waits to be posted, or is loaded from a file */
    SV_ADJUSTMENT_POSTING,
    SV_ADJUSTMENT_STOPPED, /* by a person: nothing more of it is sent until it is posted again */
    SV_ADJUSTMENT_REFUSED, /* the ERP took some lines not */
    SV_ADJUSTMENT_POSTED,  /* nothing is left to be sent */
    SV_ADJUSTMENT_STATUSES
} sv_adjustment_status_t;

extern const char *const sv_adjustment_status_names[]; /* NULL after the last */
const char *sv_adjustment_status_name(sv_adjustment_status_t status);

/* Where a line is. */
typedef enum {
    SV_POSTING_PENDING,
    SV_POSTING_SENT, /* the ERP may have it: to be settled before anything is sent again */
    SV_POSTING_APPLIED,
    SV_POSTING_REFUSED,
    SV_POSTING_SUPERSEDED, /* counted before another count corrected the books: never sent */
    SV_POSTING_WITHDRAWN,  /* reversed before it was sent */
    SV_POSTING_STATES
} sv_posting_state_t;

extern const char *const sv_posting_state_names[]; /* NULL after the last */
const char *sv_posting_state_name(sv_posting_state_t state);

typedef struct {
    const char *adjustment_id;
    const char *count_id;
    const char *warehouse;
    const char *status;
    bool reversal;
    const char *reversed_by; /* NULL: it stands */
    int64_t seq;             /* the warehouse's first adjustment is 1 */
    int64_t line_count;
    const bson_t *document;
} sv_adjustment_t;

/* SV_ERR_NOT_FOUND. */
sv_status_t sv_adjustment_find(sv_store_t *store, const char *adjustment_id, sv_arena_t *arena,
                               sv_adjustment_t *adjustment, sv_error_t *error);

/* How many lines are in each state. */
sv_status_t sv_adjustment_count_states(sv_store_t *store, const char *adjustment_id, int64_t counts[SV_POSTING_STATES],
                                       sv_error_t *error);

/* The head's members, into an object that is open. */
void sv_adjustment_write_members(sv_json_writer_t *w, const bson_t *head);

typedef struct {
    const char *status, *warehouse, *count_id; /* NULL: any */
} sv_adjustment_query_t;

/* A page of adjustments, latest first; a page of one's lines, in their order.  Into an object that is open. */
sv_status_t sv_adjustment_list(sv_store_t *store, const sv_adjustment_query_t *query, sv_page_t *page,
                               sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);
sv_status_t sv_adjustment_list_lines(sv_store_t *store, const char *adjustment_id, const char *state, sv_page_t *page,
                                     sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

#endif
