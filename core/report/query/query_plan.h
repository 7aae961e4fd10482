#ifndef SV_REPORT_QUERY_PLAN_H
#define SV_REPORT_QUERY_PLAN_H

#include "core/report/query/query.h"
#include "core/base/time_bound.h"
#include "core/report/query/query_fields.h"

/* The inside of a report query; for core/report/query alone (and its tests). */

/* ---- a query (query_parse.c) */

enum {
    SV_QUERY_MAX_FILTERS = 50,
    SV_QUERY_MAX_GROUPS = 6,
    SV_QUERY_MAX_AGGREGATIONS = 20,
    SV_QUERY_MAX_SORTS = 6,
    SV_QUERY_MAX_FIELDS = 64,
    SV_QUERY_MAX_VALUES = 1000,
    SV_QUERY_MAX_TEXT = 1000,
    SV_QUERY_MAX_PATTERN = 200,
};

typedef struct {
    const sv_report_field_t *field;
    const sv_report_operator_t *op;
    const bson_t *values; /* {"0": value, ...}, typed as the field is stored; a whole day on a time: its date, a text */
    const char *path;     /* where its value stands in what was asked: "filters[0].value" */
    sv_time_bound_t from, to; /* the days of a period, once it is settled */
} sv_report_filter_t;

typedef struct {
    const sv_report_field_t *field;
    int span; /* of sv_report_spans; -1: the value itself */
} sv_report_group_t;

typedef struct {
    const sv_report_aggregator_t *aggregator;
    const sv_report_field_t *field; /* NULL: rows are counted */
    bool sorted;                    /* the rows' order asks for it */
} sv_report_aggregate_t;

/* By a field; of a grouped query by a column. */
typedef struct {
    const char *name;
    const sv_report_field_t *field; /* NULL: grouped */
    size_t column;
    bool descending;
} sv_report_sort_t;

/* Where a column's value comes from. */
typedef struct {
    const sv_report_field_t *field; /* of fields, group keys and aggregates of a field; else NULL */
    const char *path;               /* in the document that MongoDB gives, or in the one looked up */
    sv_link_t lookup;               /* looked up by the worker; SV_LINK_NONE: in the document itself */
    const char *divisor;            /* an average: path of the number of values; `path` is their sum */
    bool day;                       /* a time in a day of the zone, which is shown as its date */
} sv_report_source_t;

struct sv_report_query_s {
    const sv_report_collection_t *collection;
    sv_report_filter_t *filters;
    size_t filter_count;
    sv_report_group_t *groups;
    size_t group_count;
    sv_report_aggregate_t *aggregates;
    size_t aggregate_count;
    sv_report_sort_t *sorts;
    size_t sort_count;
    int64_t limit;              /* 0: none */
    const char *tz;             /* the zone that was named; NULL: none */
    const char *warehouse;      /* the one warehouse that the filters name; NULL: none, or several */
    const char *count_id;       /* the one count likewise */
    bool has_periods;           /* something depends on which day it is asked */
    bool has_days;              /* something depends on when days begin */
    const sv_time_zone_t *zone; /* once it is settled; NULL: UTC */
    bool grouped;
    bool counting; /* only records whose figures count: it aggregates figures, and says nothing else itself */
    const sv_report_field_t *distinct; /* whose different values are counted; NULL: of none */
    bool named_fields;                 /* the query said which */
    unsigned inlined; /* bits of sv_link_t: joined by MongoDB, as filters, groups or the order need them */
    unsigned lookups; /* bits of sv_link_t: looked up for the rows that come */
    sv_column_t *columns;
    sv_report_source_t *sources;
    size_t column_count;
};

/* Fills columns, sources, inlined and lookups from the rest; `fields` are those to show when not grouped. */
void
sv_report_query_plan(sv_report_query_t *query, const sv_report_field_t **fields, size_t field_count, sv_arena_t *arena);

/* SV_ERR_VALIDATION_FAILED for bounds of a filter that are the wrong way round (query_bounds.c).  As long as the zone
 * is not settled, a day and an instant are not compared. */
sv_status_t sv_report_query_check_bounds(const sv_report_query_t *query, bool settled, sv_error_t *error);
/* Whether it names whole days where its field has times. */
bool sv_report_filter_has_days(const sv_report_filter_t *filter);
/* A value of a filter on a time. */
sv_time_bound_t sv_report_filter_bound(const bson_iter_t *value);

/* ---- as MongoDB takes it (query_compile.c, its filters query_filter.c); everything in the arena */

/* Where a field stands in the documents of a pipeline. */
const char *sv_report_field_path(const sv_report_field_t *field, sv_arena_t *arena);

/* Whether it takes an aggregation; else a find will do. */
bool sv_report_query_needs_pipeline(const sv_report_query_t *query);
bson_t *sv_report_query_filter(const sv_report_query_t *query, sv_arena_t *arena);
/* Of what is linked, once MongoDB has joined it. */
bson_t *sv_report_query_linked_filter(const sv_report_query_t *query, sv_arena_t *arena);
/* projection, sort, limit; `limit` 0: none */
bson_t *sv_report_query_find_options(const sv_report_query_t *query, int64_t limit, sv_arena_t *arena);
/* The stages; `with_total`: one document {rows: [...], total: [{n}]} of the first `limit` rows and the number of all.
 */
bson_t *sv_report_query_pipeline(const sv_report_query_t *query, int64_t limit, bool with_total, sv_arena_t *arena);

/* The one group of a query without group_by where there is no document: numbers and sums are 0, all else is not known.
 * NULL: no documents are no rows. */
const bson_t *sv_report_query_of_nothing(const sv_report_query_t *query, sv_arena_t *arena);

/* One document {n}: how many rows there are; none when there are none. */
bson_t *sv_report_query_count_pipeline(const sv_report_query_t *query, sv_arena_t *arena);

#endif
