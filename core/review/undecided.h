#ifndef SV_UNDECIDED_H
#define SV_UNDECIDED_H

#include "core/base/json_writer.h"
#include "core/review/line_state.h"
#include "core/store/store.h"

/* What bars a count's approval, one row each. */
typedef enum {
    SV_BAR_INCOMPLETE,
    SV_BAR_RECOUNT_ASKED,
    SV_BAR_NOT_RECOUNTED,
    SV_BAR_NOT_ACCEPTED, /* it differs from its book, or carries a flag, and nobody accepted it */
    SV_BAR_UNKNOWN,      /* it is no item's code: it is linked to an item, or rejected */
    SV_BAR_CONFLICT,     /* a conflict waits for a person: told of the line, and of the conflict itself */
    SV_BAR_FIND,         /* a find that is no item yet */
    SV_BAR_RECOUNT       /* a rack's recount was asked for and is not done */
} sv_bar_reason_t;

extern const char *const sv_bar_reasons[]; /* "incomplete", ... */

typedef struct {
    sv_bar_reason_t reason;
    const char *item_code; /* NULL: it is of no item */
    const char *lot;
    const char *rack_id;         /* of a recount, or a find; else NULL */
    const char *unknown_item_id; /* of a find */
    const char *conflict_id;     /* of a conflict */
    int64_t version;             /* of a line */
} sv_undecided_row_t;

typedef struct {
    sv_undecided_row_t *rows; /* the first `limit` of them */
    size_t count, limit;
    bool more; /* there are others */
} sv_undecided_t;

/*
 * What bars the count's approval as it is stored: nothing where `count` is 0.  Lines are as they were derived last, so
 * whoever approves waits until no touched item of the count is left.  Reads alone; on a thread that owns `store`.
 */
sv_status_t sv_review_undecided(sv_store_t *store, const char *count_id, size_t limit, sv_undecided_t *undecided,
                                sv_arena_t *arena, sv_error_t *error);

/* The same without the count's lines, for who reads these anyway, and lets each that bars it be added. */
sv_status_t sv_review_undecided_elsewhere(sv_store_t *store, const char *count_id, size_t limit,
                                          sv_undecided_t *undecided, sv_arena_t *arena, sv_error_t *error);
void sv_review_undecided_line(sv_undecided_t *undecided, const bson_t *line, sv_arena_t *arena);

/* An array of them. */
void sv_undecided_write_json(sv_json_writer_t *w, const char *name, const sv_undecided_t *undecided);

#endif
