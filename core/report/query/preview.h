#ifndef SV_REPORT_PREVIEW_H
#define SV_REPORT_PREVIEW_H

#include "core/report/query/query.h"

/*
 * The first rows of a query, at once or not at all.  A preview takes 5 s at most, also on a server that keeps no time
 * limit: it has clients of its own for that.  Few run at a time in one process, so that slow ones leave the database
 * threads to the floor.
 */
enum {
    SV_PREVIEW_AT_ONCE = 2, /* in a process; its database threads should be more */
    SV_PREVIEW_ROWS = 50,
    SV_PREVIEW_MAX_ROWS = 500,
};

/* Of a settled query.  Writes {tz, description, columns, items, estimated_total, elapsed_ms}; `limit` rows at most.  On
 * a database thread. SV_ERR_QUERY_TOO_SLOW, SV_ERR_BUSY when others are at it. */
sv_status_t sv_report_preview(sv_store_t *store, const sv_report_query_t *query, int64_t limit, sv_json_writer_t *w,
                              sv_error_t *error);

#endif
