#ifndef SV_REPORT_QUERY_CURSOR_H
#define SV_REPORT_QUERY_CURSOR_H

#include "core/report/query/query_plan.h"

/* Reading what a query asks MongoDB for: how it is read, and how a read ends. */

/* Why a cursor ended: SV_OK when there was no more.  SV_ERR_QUERY_TOO_SLOW for MongoDB's time limit, and for a
 * connection that was cut past `deadline_ms` (monotonic; 0: none); SV_ERR_SNAPSHOT_WINDOW_EXCEEDED when MongoDB no
 * longer has the point in time. */
sv_status_t sv_report_cursor_end(mongoc_cursor_t *cursor, int64_t deadline_ms, sv_error_t *error);
/* Appends session and time limit. */
void sv_report_read_options(const sv_report_run_t *how, bson_t *options);
/* What to do about a query that takes too long; `limit_ms` 0: the limit is the server's own. */
sv_status_t sv_report_too_slow(const sv_report_query_t *query, int64_t limit_ms, sv_error_t *error);

#endif
