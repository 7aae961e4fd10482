#ifndef SV_ANALYTICS_H
#define SV_ANALYTICS_H

#include "core/base/json_writer.h"
#include "core/oversight/analytics_query.h"
#include "core/store/store.h"

/*
 * What counting brought and how fast it went, by warehouse, by who counted, by floor or by day: variances, their value,
 * accuracy (core/oversight/accuracy.h), items a minute.  A line that several people counted, or on several floors, is
 * in the group of each; in the total it is once.  A day is the warehouse's.
 */

/* One JSON object.  SV_ERR_NOT_FOUND: there is no such count; SV_ERR_QUERY_TOO_SLOW: more counts or lines than
 * variances are told of, or more than SV_ANALYTICS_RECORDS figures. */
sv_status_t
sv_analytics_write(sv_store_t *store, const sv_analytics_query_t *query, sv_json_writer_t *w, sv_error_t *error);

#endif
