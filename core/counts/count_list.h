#ifndef SV_COUNT_LIST_H
#define SV_COUNT_LIST_H

#include "core/auth/principal.h"
#include "core/counts/count.h"
#include "core/store/page.h"

typedef struct {
    const char *status; /* NULL: any */
    const char *warehouse;
    const char *user;
    int64_t from_ms, to_ms; /* of started_at; 0: open end */
} sv_count_query_t;

/* A page of counts, newest first: staff get the OPEN ones of their warehouse, without totals.  Writes the page's
 * members into an object that is open. */
sv_status_t sv_count_list(sv_store_t *store, const sv_principal_t *who, const sv_count_query_t *query, sv_page_t *page,
                          sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error);

/* The newest OPEN counts of the caller's warehouse (supervisors without one: of all), as an array. */
enum { SV_OPEN_COUNTS_MAX = 50 };

sv_status_t sv_count_list_open(sv_store_t *store, const sv_principal_t *who, sv_json_writer_t *w, const char *name,
                               sv_arena_t *arena, sv_error_t *error);

/* How far a count has come: items of its book and those counted, as the worker keeps them in the count's document. */
sv_status_t sv_count_write_stats(sv_store_t *store, const sv_count_t *count, sv_json_writer_t *w, sv_error_t *error);

#endif
