#ifndef SV_POSTING_H
#define SV_POSTING_H

#include "core/adjust/adjustment.h"
#include "core/adjust/posting_decide.h"

/*
 * The outbox: lines of adjustments on their way to the ERP, in their order an item each (core/adjust/README.md).  A
 * line is marked as sent before it is, and applied, refused or pending after it; whoever finds one marked as sent asks
 * the ERP for it first.
 */

/* What a person does with an adjustment; each may be repeated.  `*head` is it afterwards. */
typedef enum {
    SV_POSTING_POST,   /* approved, stopped -> posting; SV_ERR_CONFLICT_STATE while ERP_WRITE_BACK is off */
    SV_POSTING_LOADED, /* approved -> posted: its file was loaded into the ERP */
    SV_POSTING_STOP,   /* posting -> stopped */
    SV_POSTING_RETRY   /* refused -> posting, its refused lines pending */
} sv_posting_step_t;

sv_status_t sv_posting_take_step(sv_store_t *store, const sv_principal_t *who, const char *adjustment_id,
                                 sv_posting_step_t step, sv_arena_t *arena, const bson_t **head, sv_error_t *error);

/* A line as the ERP gets it: the texts are the ERP's spelling, "" where there is none. */
typedef struct {
    int64_t n;
    const char *item_code, *warehouse, *lot, *uom; /* uom NULL: none is known */
    sv_quantity_t delta;
    bool has_cost;
    sv_quantity_t unit_cost;
    int64_t counted_at_ms;
    int64_t attempts;
    /* what came of it: the sender's to fill in */
    sv_posting_outcome_t outcome;
    bool tried;         /* it, or a question for it, went to the ERP */
    bool said_no;       /* the ERP answered an error: it counts as an attempt */
    const char *reason; /* why it is not applied; NULL: none */
} sv_posting_line_t;

typedef struct {
    size_t most; /* in: lines that are wanted (core/adjust/posting_pace.h) */
    const char *adjustment_id;
    const char *posted_by; /* a name for the ERP */
    const char *note;
    const char *owner; /* of what this round marked */
    bool settles;      /* its lines were sent before: the ERP is asked for them */
    sv_posting_line_t *lines;
    size_t count; /* 0: there is nothing to be done now */
} sv_posting_chunk_t;

/* Whether any adjustment is being posted. */
sv_status_t sv_posting_is_due(sv_store_t *store, bool *due, sv_error_t *error);
/* The next lines, of the oldest adjustment that has some: those in doubt first, else pending ones, which are marked as
 * sent.  Lines of an item wait for those of earlier adjustments.  Ends adjustments of which nothing is left.
 * `under_way` (NULL: none) is on its way at this moment: its lines are not in doubt. */
sv_status_t sv_posting_next(sv_store_t *store, const sv_posting_chunk_t *under_way, sv_posting_chunk_t *chunk,
                            sv_arena_t *arena, sv_error_t *error);
/* Writes what came of them. */
sv_status_t sv_posting_note(sv_store_t *store, const sv_posting_chunk_t *chunk, sv_arena_t *arena, sv_error_t *error);
/* Why nothing can be posted at all; NULL: it can. */
sv_status_t sv_posting_note_fault(sv_store_t *store, const char *fault, sv_error_t *error);

#endif
