#ifndef SV_FIXED_REPORT_H
#define SV_FIXED_REPORT_H

#include "core/auth/principal.h"
#include "core/base/json_reader.h"
#include "core/base/time_bound.h"
#include "core/report/files/export_request.h"
#include "core/report/rows/row_source.h"
#include "core/report/rows/column.h"
#include "core/store/store.h"

/* The reports that are there without a query: each a row of one table (fixed_table.c). */

/* What narrows a report; NULL and 0: nothing. */
typedef struct {
    const char *warehouse, *floor, *category;
    const char *user; /* user_id */
    const char *count_id;
    int64_t from_ms, to_ms;     /* from the one, before the other */
    const sv_time_zone_t *zone; /* whose days and hours the report tells; NULL: UTC's */
} sv_fixed_filters_t;

/* The filters that a report has, as bits. */
enum {
    SV_FILTER_WAREHOUSE = 1,
    SV_FILTER_FLOOR = 2,
    SV_FILTER_CATEGORY = 4,
    SV_FILTER_USER = 8,
    SV_FILTER_COUNT = 16,
    SV_FILTER_TIME = 32, /* from, to, period */
};

typedef struct {
    const char *type;     /* "stock_summary" */
    const char *title;    /* "Stock summary" */
    const char *job_type; /* the kind of job that makes it, which says who may have it */
    unsigned filters;
    const char *time; /* what from and to speak of: "verified" */
} sv_fixed_report_t;

const sv_fixed_report_t *sv_fixed_report(const char *type); /* NULL: there is none */
const char *const *sv_fixed_types(sv_arena_t *arena);       /* NULL-terminated */
const sv_column_t *sv_fixed_columns(const sv_fixed_report_t *report, size_t *count, sv_arena_t *arena);

/* ---- asking for one */

typedef struct {
    const sv_fixed_report_t *report;
    sv_fixed_filters_t filters;
    sv_time_range_t range; /* as it was asked, with the zone if one was named */
    const char *period;    /* NULL: the range is as it stands; else "last_week", ..., of the time it is made */
    const sv_format_t *format;
    sv_format_options_t options;
} sv_fixed_request_t;

/* Reads {type, filters {warehouse, floor, category, user, count_id, from, to, period}, tz, format (csv unless named),
 * and CSV's options}; `format` not NULL stands for the body's.  False with the wrong fields named; SV_ERR_FORBIDDEN for
 * a report that the role may not have. */
bool sv_fixed_request_read(const json_t *body, const char *format, sv_role_t role, sv_arena_t *arena,
                           sv_fixed_request_t *request, sv_error_t *error);
/* As it stands in the job's params, and back; false when a later release no longer has such a report or format. */
const bson_t *sv_fixed_request_to_bson(const sv_fixed_request_t *request, sv_arena_t *arena);
bool sv_fixed_request_from_bson(const bson_t *params, sv_arena_t *arena, sv_fixed_request_t *request);
/* The same for equal requests. */
const char *sv_fixed_request_key(const sv_fixed_request_t *request, sv_arena_t *arena);
/* The times that a report made at `now_ms` is of, by the days of a zone (NULL: UTC): the period's, with weeks from
 * Monday, or those of the range. */
void sv_fixed_request_settle_in(sv_fixed_request_t *request, const sv_time_zone_t *zone, int64_t now_ms);
/* The same by the days of whom the report is for: of the zone that was named, else of `tz` (NULL: none), else of the
 * warehouse, else of TIME_ZONE.  The zone lives in the error's arena.  SV_ERR_VALIDATION_FAILED where nothing can lie
 * in the range. */
sv_status_t sv_fixed_request_settle(sv_store_t *store, sv_fixed_request_t *request, const char *tz, int64_t now_ms,
                                    sv_error_t *error);
/* For people, of a settled request: "warehouse Main, floor Ground, verified from 2026-01-05 to 2026-01-11 (days of
 * Europe/Berlin)"; "" without filters. */
const char *sv_fixed_request_describe(const sv_fixed_request_t *request, sv_arena_t *arena);

/* What a settled request made at `now_ms` is called, with its place and day: "Stock summary WH-NORTH 2026-11-28". */
const char *sv_fixed_request_title(const sv_fixed_request_t *request, int64_t now_ms, sv_arena_t *arena);

/* ---- making one */

/* Gives the rows to `sink`, in the report's order, on the calling thread, in flat memory.  `now_ms`: the server's time;
 * what still goes on lasts until then. */
sv_status_t sv_fixed_run(sv_store_t *store, const sv_fixed_report_t *report, const sv_fixed_filters_t *filters,
                         int64_t now_ms, sv_row_sink_t sink, sv_error_t *error);

#endif
