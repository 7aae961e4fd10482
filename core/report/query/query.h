#ifndef SV_REPORT_QUERY_H
#define SV_REPORT_QUERY_H

#include "core/base/json_reader.h"
#include "core/base/json_writer.h"
#include "core/report/rows/row_value.h"
#include "core/store/store.h"

/*
 * The report query: what a client asks for in JSON, checked against the table of fields (fields.def) and compiled to
 * MongoDB.  Only what the table lists becomes BSON, every value typed by its field; nothing a client sends is ever a
 * key or an operator.
 */
typedef struct sv_report_query_s sv_report_query_t; /* compiled; lives in the arena; read-only, on any thread */

/* {collection, filters[], group_by[], aggregations[], sort[], fields[], limit, tz}.  NULL with the fields that are
 * wrong named in `error`. */
sv_report_query_t *sv_report_query_parse(const json_t *query, sv_arena_t *arena, sv_error_t *error);
/* The same of an object inside another (fields->object): what is wrong is named by its whole path. */
sv_report_query_t *sv_report_query_read(const sv_json_fields_t *fields, sv_arena_t *arena);
/* The query as it is stored beside what was made of it, and back.  From what sv_report_query_to_bson() gave: a query
 * whose fields a later release no longer lists is refused as one of a client's is. */
const bson_t *sv_report_query_to_bson(const sv_report_query_t *query, sv_arena_t *arena);
sv_report_query_t *sv_report_query_from_bson(const bson_t *stored, sv_arena_t *arena, sv_error_t *error);
/* The one warehouse that its filters name, by itself or by its one count; NULL: none, or several. */
sv_status_t sv_report_query_warehouse(sv_store_t *store, const sv_report_query_t *query, sv_arena_t *arena,
                                      const char **warehouse, sv_error_t *error);
/*
 * Decides whose days the query's whole days and groups by day, week and month are: those of the zone that it names,
 * else of `tz` (NULL: none), else of the one warehouse that its filters name, else of their one count's, else of
 * TIME_ZONE; and which days the periods of its filters are at `at_ms` (0: now, by MongoDB's clock).  Before it is run;
 * until then days are UTC's.  From then on it is stored with the zone, so that the same days are meant whenever it is
 * asked again. SV_ERR_VALIDATION_FAILED where bounds turn out to be the wrong way round.
 */
sv_status_t sv_report_query_settle(sv_store_t *store, sv_report_query_t *query, const char *tz, int64_t at_ms,
                                   sv_arena_t *arena, sv_error_t *error);
/* The zone's name; NULL where no day depends on one. */
const char *sv_report_query_zone(const sv_report_query_t *query);
/* For people: "verification records where floor is Ground, by category". */
const char *sv_report_query_describe(const sv_report_query_t *query, sv_arena_t *arena);

const sv_column_t *sv_report_query_columns(const sv_report_query_t *query, size_t *count);

/* Gives each row in the order of the query (its sort, then the key), valid during the call only; a status that is not
 * SV_OK stops and is returned. */
typedef sv_status_t (*sv_report_row_t)(void *context, const bson_t *row, sv_error_t *error);

typedef struct {
    mongoc_client_session_t *snapshot; /* of a point in time; NULL: as things are */
    int64_t limit;                     /* 0: the query's own */
    bool any_order;                    /* rows as MongoDB comes upon them: whoever takes them sorts them */
    int64_t time_limit_ms;             /* 0: none.  Past it SV_ERR_QUERY_TOO_SLOW */
} sv_report_run_t;

/* Whether the order of the query's rows is that of columns which it shows and nothing else is asked of their order, so
 * that they may be read in any and sorted by this key (core/report/rows/row_sort.h); the key in the arena. */
bool sv_report_query_sort_key(const sv_report_query_t *query, sv_row_key_t *key, sv_arena_t *arena);

/* Memory stays flat whatever the number of rows.  Calls `row` on the calling thread.  SV_ERR_SNAPSHOT_WINDOW_EXCEEDED
 * when MongoDB no longer has the point in time. */
sv_status_t sv_report_query_run(sv_store_t *store, const sv_report_query_t *query, const sv_report_run_t *how,
                                sv_report_row_t row, void *context, sv_error_t *error);

/* The table as the API lists it (GET /api/reports/collections). */
void sv_report_collections_write_json(sv_json_writer_t *w, const char *name);

#endif
