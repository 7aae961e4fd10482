#ifndef SV_FIXED_ROWS_H
#define SV_FIXED_ROWS_H

#include "core/report/fixed/fixed.h"
#include "core/report/rows/row_value.h"

/* The inside of the fixed reports; for core/report alone. */

enum {
    SV_FIXED_MAX_JOINS = 4,
    SV_FIXED_BATCH = 500,           /* rows that are joined at once, */
    SV_FIXED_BATCH_BYTES = 4 << 20, /* or as many as make so much */
};

/* Where a cell's value is found: in the document that makes the row, or in one that is joined to it. */
enum { SV_FROM_ROW = 0, SV_FROM_JOIN = 1 /* + the join's place */ };

typedef struct sv_fixed_work_s sv_fixed_work_t;

/* The document of a row and those joined to it, NULL where there is none. */
typedef struct {
    const bson_t *documents[1 + SV_FIXED_MAX_JOINS];
} sv_fixed_row_t;

typedef void (*sv_fixed_compute_t)(const sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_row_value_t *value);

/* One column of a report, and where its values come from. */
typedef struct {
    sv_column_t column;
    int from;
    const char *path;
    sv_fixed_compute_t compute; /* instead of from and path */
} sv_fixed_cell_t;

/* Documents looked up for all rows of a batch at once: those whose `foreign` is the row's `local`.  `open` reads them
 * in another way (NULL: a plain find of what the cells show), each with the id as `foreign`. */
typedef struct {
    const char *local; /* path in the row's document */
    sv_collection_t collection;
    const char *foreign;
    sv_status_t (*open)(sv_store_t *store, const char *const *ids, size_t count, mongoc_cursor_t **cursor,
                        sv_arena_t *arena, sv_error_t *error);
} sv_fixed_join_t;

typedef struct {
    sv_fixed_report_t report;
    const sv_fixed_cell_t *cells;
    size_t cell_count;
    const sv_fixed_join_t *joins;
    size_t join_count;
    /* Whether a row with what is joined to it is wanted; NULL: every one is. */
    bool (*keep)(const sv_fixed_work_t *work, const sv_fixed_row_t *row);
    sv_status_t (*run)(sv_fixed_work_t *work, sv_error_t *error);
} sv_fixed_row_of_table_t;

struct sv_fixed_work_s {
    sv_store_t *store;
    const sv_fixed_row_of_table_t *made;
    const sv_fixed_filters_t *filters;
    int64_t now_ms;
    sv_row_sink_t sink;
    sv_arena_t *arena; /* of the whole report */
    sv_arena_t *batch; /* of the batch that is being written */
    sv_row_value_t *values;
};

extern const sv_fixed_row_of_table_t sv_fixed_stock_summary, sv_fixed_variance, sv_fixed_user_activity,
    sv_fixed_session_history, sv_fixed_audit_trail;

/* Writes every document of the cursor as a row, joined batch by batch.  Destroys the cursor. */
sv_status_t sv_fixed_stream(sv_fixed_work_t *work, mongoc_cursor_t *cursor, sv_error_t *error);
/* Writes one row. */
sv_status_t sv_fixed_emit(sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_error_t *error);

/* An aggregation that may use the disk. */
sv_status_t sv_fixed_aggregate(sv_fixed_work_t *work, sv_collection_t collection, const bson_t *pipeline,
                               mongoc_cursor_t **cursor, sv_error_t *error);

/* {field: text} unless it is NULL; {field: {$gte: from, $lt: to}} of the report's filter, unless there is none. */
void sv_fixed_match_text(bson_t *filter, const char *field, const char *text);
void sv_fixed_match_time(bson_t *filter, const char *field, const sv_fixed_filters_t *filters);

/* The zone whose days and hours are told, by its name; and the date of the day that begins at an instant. */
const char *sv_fixed_zone(const sv_fixed_work_t *work);
int64_t sv_fixed_day(const sv_fixed_work_t *work, int64_t ms);

/* Value of a document's field as a column of this type has it. */
void sv_fixed_read(const bson_t *document, const char *path, sv_column_type_t type, sv_row_value_t *value);

#endif
