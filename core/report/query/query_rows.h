#ifndef SV_REPORT_QUERY_ROWS_H
#define SV_REPORT_QUERY_ROWS_H

#include "core/report/query/query_plan.h"

/* From the documents that MongoDB gives to the rows of a query. */

typedef struct sv_row_maker_s sv_row_maker_t; /* in the arena */

sv_row_maker_t *sv_row_maker_create(const sv_report_query_t *query, sv_arena_t *arena);
/* `linked`: the documents looked up for this one, by link; NULL entries: there is none. */
sv_status_t sv_row_maker_make(sv_row_maker_t *maker, const bson_t *document, const bson_t *const *linked,
                              const bson_t **row, sv_error_t *error);

#endif
