#ifndef SV_REVIEW_LIST_H
#define SV_REVIEW_LIST_H

#include "core/counts/count.h"
#include "core/review/line_state.h"
#include "core/store/page.h"

/* What a supervisor sees of a count's lines.  Members of an object that the caller opened. */
extern const char *const sv_review_sorts[];  /* "item_code", "-item_code", ..., NULL */
extern const char *const sv_review_states[]; /* the states of lines, then "undecided"; NULL */

typedef struct {
    int state;             /* a place in sv_review_states; -1: any */
    const char *item_code; /* NULL: any */
    int sort;              /* a place in sv_review_sorts */
    sv_page_t page;        /* its limit, and its cursor */
} sv_review_query_t;

/* The page, and `summary`, `status`, `can_approve`, `blocked_by` (the first of them). */
sv_status_t sv_review_write(sv_store_t *store, const sv_count_t *count, sv_review_query_t *query, sv_json_writer_t *w,
                            sv_arena_t *arena, sv_error_t *error);

/* One line, as a member or an element. */
void
sv_review_write_line(sv_json_writer_t *w, const char *name, const bson_t *line, const bson_t *item, sv_arena_t *arena);

#endif
