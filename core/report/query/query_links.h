#ifndef SV_REPORT_QUERY_LINKS_H
#define SV_REPORT_QUERY_LINKS_H

#include "core/report/query/query_plan.h"

/* The documents that rows are linked to, looked up for many rows at once. */

typedef struct sv_link_cache_s sv_link_cache_t;

sv_link_cache_t *sv_link_cache_create(const sv_report_query_t *query);
void sv_link_cache_destroy(sv_link_cache_t *cache);
/* Notes which linked documents this one needs. */
void sv_link_cache_want(sv_link_cache_t *cache, const bson_t *document);
/* Reads those that were noted and are not there yet; `deadline_ms` as sv_report_cursor_end() has it. */
sv_status_t sv_link_cache_fill(sv_link_cache_t *cache, sv_store_t *store, mongoc_client_session_t *snapshot,
                               int64_t deadline_ms, sv_error_t *error);
/* linked[SV_LINK_COUNT_OF] of a document that was noted. */
void sv_link_cache_get(const sv_link_cache_t *cache, const bson_t *document, const bson_t **linked);
/* Before the next rows: forgets everything when it has grown large. */
void sv_link_cache_trim(sv_link_cache_t *cache);

#endif
