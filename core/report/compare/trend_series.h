#ifndef SV_TREND_SERIES_H
#define SV_TREND_SERIES_H

#include "core/report/snapshots/snapshot.h"
#include "core/report/compare/trend.h"

/* The figures of a series of snapshots: those of a tag, in the order in which they were taken. */
enum { SV_TREND_MAX_POINTS = 500 };

typedef struct {
    const char *tag;
    const char *metric;     /* "rows", or a column that has totals */
    int64_t from_ms, to_ms; /* of the instant; 0: open */
    int64_t limit;          /* the latest so many */
} sv_trend_search_t;

/* Writes the series as an object.  SV_ERR_PARAMETER_INVALID (metric) when none of the snapshots has such a figure.
 * On any thread that owns `store`. */
sv_status_t sv_trend_write(sv_store_t *store, const sv_trend_search_t *search, sv_json_writer_t *w, sv_arena_t *arena,
                           sv_error_t *error);

#endif
