#ifndef SV_REPORT_QUERY_PLAN_H
#define SV_REPORT_QUERY_PLAN_H

#include "core/report/query.h"

/* The inside of a report query; for core/report alone (and its tests). */

/* ---- the table (query_fields.c) */

/* What documents are linked to; SV_LINK_NONE: a field of the document itself. */
typedef enum { SV_LINK_NONE, SV_LINK_ITEM, SV_LINK_RACK, SV_LINK_SESSION, SV_LINK_COUNT, SV_LINK_COUNT_OF } sv_link_t;

typedef struct {
    const char *name;  /* "item" */
    const char *alias; /* its place in a pipeline's documents */
    sv_collection_t collection;
    const char *foreign; /* its id */
} sv_link_row_t;

extern const sv_link_row_t sv_link_rows[SV_LINK_COUNT_OF];

enum {
    SV_FIELD_KEY = 1,
    SV_FIELD_FAST = 2,
    SV_FIELD_TOTAL = 4,
    SV_FIELD_LIST = 8,
    SV_FIELD_DAY_TEXT = 16,
    SV_FIELD_MORE = 32,
};

typedef struct {
    sv_collection_t collection;
    sv_link_t link;
    const char *name, *title, *path;
    sv_column_type_t type;
    unsigned flags;
} sv_report_field_t;

typedef struct {
    sv_collection_t collection;
    const char *title;
} sv_report_collection_t;

extern const sv_report_collection_t sv_report_collections[];
extern const size_t sv_report_collection_count;

/* NULL: there is none. */
const sv_report_collection_t *sv_report_collection(const char *name);
const sv_report_field_t *sv_report_fields(const sv_report_collection_t *collection, size_t *count);
const sv_report_field_t *sv_report_field(const sv_report_collection_t *collection, const char *name);
/* Path of the linked document's id; NULL: the collection has no such link. */
const char *sv_report_link_local(const sv_report_collection_t *collection, sv_link_t link);

/* What a filter may say, and how many values that takes. */
typedef enum { SV_OPERAND_ONE, SV_OPERAND_TWO, SV_OPERAND_LIST, SV_OPERAND_PATTERN, SV_OPERAND_FLAG } sv_operand_t;

typedef struct {
    const char *name;
    const char *mongodb; /* NULL: none by itself */
    const char *phrase;  /* "is at least" */
    sv_operand_t operand;
    unsigned types; /* bits of sv_column_type_t */
} sv_report_operator_t;

const sv_report_operator_t *sv_report_operator(const char *name);
bool sv_report_operator_allows(const sv_report_operator_t *op, const sv_report_field_t *field);

typedef enum { SV_FIGURE_ROWS, SV_FIGURE_DISTINCT, SV_FIGURE_SUM, SV_FIGURE_AVERAGE, SV_FIGURE_LEAST } sv_figure_t;

typedef struct {
    const char *name;    /* "sum" */
    const char *mongodb; /* the accumulator */
    const char *phrase;  /* "Sum of" */
    sv_figure_t figure;
    unsigned types;
} sv_report_aggregator_t;

const sv_report_aggregator_t *sv_report_aggregator(const char *name);
/* `field` NULL: of rows. */
bool sv_report_aggregator_allows(const sv_report_aggregator_t *aggregator, const sv_report_field_t *field);

/* The spans that times are grouped by: "day", "week", "month", and NULL at the end. */
extern const char *const sv_report_spans[];

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
    const bson_t *values; /* {"0": value, ...}, typed as the field is stored */
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
    int64_t limit; /* 0: none */
    bool grouped;
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

/* ---- as MongoDB takes it (query_compile.c); everything in the arena */

/* Whether it takes an aggregation; else a find will do. */
bool sv_report_query_needs_pipeline(const sv_report_query_t *query);
bson_t *sv_report_query_filter(const sv_report_query_t *query, sv_arena_t *arena);
/* projection, sort, limit; `limit` 0: none */
bson_t *sv_report_query_find_options(const sv_report_query_t *query, int64_t limit, sv_arena_t *arena);
/* The stages; `with_total`: one document {rows: [...], total: [{n}]} of the first `limit` rows and the number of all.
 */
bson_t *sv_report_query_pipeline(const sv_report_query_t *query, int64_t limit, bool with_total, sv_arena_t *arena);

/* One document {n}: how many rows there are; none when there are none. */
bson_t *sv_report_query_count_pipeline(const sv_report_query_t *query, sv_arena_t *arena);

/* ---- reading (query_run.c) */

/* Why a cursor ended: SV_OK when there was no more.  SV_ERR_QUERY_TOO_SLOW for MongoDB's time limit, and for a
 * connection that was cut past `deadline_ms` (monotonic; 0: none); SV_ERR_SNAPSHOT_WINDOW_EXCEEDED when MongoDB no
 * longer has the point in time. */
sv_status_t sv_report_cursor_end(mongoc_cursor_t *cursor, int64_t deadline_ms, sv_error_t *error);
/* Appends session and time limit. */
void sv_report_read_options(const sv_report_run_t *how, bson_t *options);
/* What to do about a query that takes too long; `limit_ms` 0: the limit is the server's own. */
sv_status_t sv_report_too_slow(const sv_report_query_t *query, int64_t limit_ms, sv_error_t *error);

/* ---- documents to rows (query_rows.c) */

typedef struct sv_row_maker_s sv_row_maker_t; /* in the arena */

sv_row_maker_t *sv_row_maker_create(const sv_report_query_t *query, sv_arena_t *arena);
/* `linked`: the documents looked up for this one, by link; NULL entries: there is none. */
sv_status_t sv_row_maker_make(sv_row_maker_t *maker, const bson_t *document, const bson_t *const *linked,
                              const bson_t **row, sv_error_t *error);

/* ---- look-ups (query_links.c) */

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
