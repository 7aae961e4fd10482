#include "core/report/compare/trend_series.h"

#include <string.h>

#include "core/report/rows/row_value.h"
#include "core/store/document.h"
#include "core/store/filter.h"

static const char sv_metric_rows[] = "rows";
static const sv_column_t sv_rows_column = { .name = "rows", .title = "Rows", .type = SV_COLUMN_INT };

typedef struct {
    const sv_trend_search_t *search;
    sv_arena_t *arena;
    const bson_t *heads[SV_TREND_MAX_POINTS]; /* the latest last */
    size_t count;
    const sv_column_t *column; /* of the metric; NULL: no snapshot has it */
    sv_trend_point_t *points;
    sv_trend_summary_t summary;
} sv_series_t;

/* ---- reading */

static bson_t *
sv_series_filter(const sv_trend_search_t *search, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_take(BCON_NEW("tags", BCON_UTF8(search->tag)), arena);

    sv_filter_span(filter, "taken_at", search->from_ms, search->to_ms);
    return filter;
}

static sv_status_t
sv_series_read(sv_store_t *store, sv_series_t *series, sv_error_t *error)
{
    sv_arena_t *arena = series->arena;
    bson_t *options = sv_doc_take(BCON_NEW("sort", "{", "taken_at", BCON_INT32(-1), "snapshot_id", BCON_INT32(-1), "}",
                                           "limit", BCON_INT64(series->search->limit), "projection", "{", "query",
                                           BCON_INT32(0), "query_text", BCON_INT32(0), "}"),
                                  arena);
    const bson_t *row;
    mongoc_cursor_t *cursor;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_REPORT_SNAPSHOTS, sv_series_filter(series->search, arena),
                                       options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (series->count < SV_TREND_MAX_POINTS && mongoc_cursor_next(cursor, &row)) {
        series->heads[series->count++] = sv_doc_copy(row, arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    for (size_t i = 0; i < series->count / 2; i++) {
        const bson_t *head = series->heads[i];

        series->heads[i] = series->heads[series->count - 1 - i];
        series->heads[series->count - 1 - i] = head;
    }
    return status;
}

/* The column that a snapshot sums under this name; NULL: it has none. */
static const sv_column_t *
sv_head_column(const bson_t *head, const char *metric, sv_arena_t *arena)
{
    const bson_t *totals = sv_doc_child(head, "totals", arena);
    size_t count;
    const sv_column_t *columns;

    if (totals == NULL || !bson_has_field(totals, metric)) {
        return NULL;
    }
    columns = sv_columns_read(head, "columns", &count, arena);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(columns[i].name, metric) == 0 && sv_column_is_number(&columns[i])) {
            return &columns[i];
        }
    }
    return NULL;
}

/* What a snapshot says under the metric's name, when it is of the series' type. */
static void
sv_series_point(sv_series_t *series, size_t i)
{
    const char *metric = series->search->metric;
    const bson_t *head = series->heads[i];
    sv_trend_point_t *point = &series->points[i];
    const sv_column_t *column = &sv_rows_column;

    if (strcmp(metric, sv_metric_rows) == 0) {
        point->value = sv_doc_int(head, "rows");
    } else {
        column = sv_head_column(head, metric, series->arena);
        point->value = column != NULL ? sv_doc_int(sv_doc_child(head, "totals", series->arena), metric) : 0;
    }
    if (column == NULL || (series->column != NULL && series->column->type != column->type)) {
        return;
    }
    series->column = series->column != NULL ? series->column : column;
    point->known = !__builtin_mul_overflow(point->value, SV_QUANTITY_ONE / sv_column_unit(column), &point->value);
}

/* The metrics that there are, for who asked for another. */
static sv_status_t
sv_series_no_metric(const sv_series_t *series, sv_error_t *error)
{
    const bson_t *totals = sv_doc_child(series->heads[series->count - 1], "totals", series->arena);
    const char *names = sv_metric_rows;
    bson_iter_t iter;

    if (totals != NULL && bson_iter_init(&iter, totals)) {
        while (bson_iter_next(&iter)) {
            names = sv_arena_printf(series->arena, "%s, %s", names, bson_iter_key(&iter));
        }
    }
    sv_fail(error, SV_ERR_PARAMETER_INVALID, NULL);
    return sv_fail_field(error, "metric", "unknown", "no snapshot of the tag sums %s; the latest has: %s",
                         series->search->metric, names);
}

/* ---- writing */

static void
sv_series_write_number(sv_json_writer_t *w, const char *name, bool known, int64_t value)
{
    if (known) {
        sv_json_quantity(w, name, value);
    } else {
        sv_json_null(w, name);
    }
}

static void
sv_series_write_point(sv_json_writer_t *w, const sv_series_t *series, size_t i)
{
    const sv_trend_point_t *point = &series->points[i];
    sv_snapshot_t snapshot;

    sv_snapshot_read(series->heads[i], series->arena, &snapshot);
    sv_json_object(w, NULL);
    sv_json_text(w, "snapshot_id", snapshot.snapshot_id);
    sv_json_text(w, "name", snapshot.name);
    sv_json_int(w, "version", snapshot.version);
    sv_json_time(w, "taken_at", snapshot.taken_ms);
    sv_json_int(w, "rows", snapshot.rows);
    sv_series_write_number(w, "value", point->known, point->value);
    sv_series_write_number(w, "change", point->has_change, point->change);
    sv_series_write_number(w, "change_percent", point->has_percent, point->percent);
    sv_series_write_number(w, "score", point->has_score, point->score);
    sv_json_bool(w, "outlier", point->outlier);
    sv_json_end(w);
}

static void
sv_series_write(sv_json_writer_t *w, const sv_series_t *series)
{
    const sv_trend_summary_t *summary = &series->summary;

    sv_json_object(w, NULL);
    sv_json_text(w, "tag", series->search->tag);
    sv_json_text(w, "metric", series->search->metric);
    sv_json_text(w, "title", series->column != NULL ? series->column->title : NULL);
    sv_json_text(w, "type", series->column != NULL ? sv_column_type_name(series->column->type) : NULL);
    sv_json_array(w, "points");
    for (size_t i = 0; i < series->count; i++) {
        sv_series_write_point(w, series, i);
    }
    sv_json_end(w);
    sv_json_text(w, "method", sv_trend_method_name(summary->method));
    sv_series_write_number(w, "median", summary->known > 0, summary->median);
    sv_series_write_number(w, "deviation", summary->known > 0, summary->deviation);
    sv_json_quantity(w, "threshold", SV_TREND_THRESHOLD);
    sv_json_int(w, "outliers", (int64_t) summary->outliers);
    sv_json_end(w);
}

sv_status_t
sv_trend_write(sv_store_t *store, const sv_trend_search_t *search, sv_json_writer_t *w, sv_arena_t *arena,
               sv_error_t *error)
{
    sv_series_t *series = sv_arena_zalloc(arena, sizeof(*series));

    series->search = search;
    series->arena = arena;
    if (sv_series_read(store, series, error) != SV_OK) {
        return error->status;
    }
    series->points = sv_arena_zalloc(arena, (series->count + 1) * sizeof(series->points[0]));
    for (size_t i = 0; i < series->count; i++) {
        sv_series_point(series, i);
    }
    if (series->count > 0 && series->column == NULL) {
        return sv_series_no_metric(series, error);
    }
    sv_trend_figures(series->points, series->count, arena, &series->summary);
    sv_series_write(w, series);
    return SV_OK;
}
