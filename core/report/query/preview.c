#include "core/report/query/preview.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/report/query/query_cursor.h"
#include "core/report/query/query_rows.h"
#include "core/store/document.h"

/* The server is asked to give up a little before it is given up: then it stops, and the answer says why. */
enum {
    SV_PREVIEW_MS = 5000, /* in all */
    SV_ROWS_MS = 4700,
    SV_ROWS_CUT_MS = 4950,
    SV_COUNT_MS = 900,
    SV_COUNT_CUT_MS = 1000,
    SV_PREVIEW_RETRY_S = 2,
};

/* The clients of a process' previews: for rows, and for numbers of rows, which get less time. */
typedef struct {
    pthread_mutex_t lock;
    int running;
    sv_store_pool_t *rows, *counts;
} sv_preview_gate_t;

static void *
sv_preview_gate_make(void)
{
    sv_preview_gate_t *gate = calloc(1, sizeof(*gate));

    if (gate != NULL) {
        pthread_mutex_init(&gate->lock, NULL);
    }
    return gate;
}

static void
sv_preview_gate_destroy(void *kept)
{
    sv_preview_gate_t *gate = kept;

    sv_store_pool_destroy(gate->rows);
    sv_store_pool_destroy(gate->counts);
    pthread_mutex_destroy(&gate->lock);
    free(gate);
}

static sv_status_t
sv_preview_open_pools(sv_preview_gate_t *gate, const sv_settings_t *settings, sv_error_t *error)
{
    if (gate->rows == NULL) {
        gate->rows = sv_store_pool_create_limited(settings, SV_PREVIEW_AT_ONCE, SV_ROWS_CUT_MS, error);
    }
    if (gate->rows != NULL && gate->counts == NULL) {
        gate->counts = sv_store_pool_create_limited(settings, SV_PREVIEW_AT_ONCE, SV_COUNT_CUT_MS, error);
    }
    return gate->rows != NULL && gate->counts != NULL ? SV_OK : error->status;
}

static sv_status_t
sv_preview_enter(sv_preview_gate_t *gate, const sv_settings_t *settings, sv_error_t *error)
{
    sv_status_t status;

    pthread_mutex_lock(&gate->lock);
    if (gate->running == SV_PREVIEW_AT_ONCE) {
        error->retry_after_s = SV_PREVIEW_RETRY_S;
        status = sv_fail(error, SV_ERR_BUSY, "Other previews are being made; try again in a moment");
    } else {
        status = sv_preview_open_pools(gate, settings, error);
    }
    gate->running += status == SV_OK;
    pthread_mutex_unlock(&gate->lock);
    return status;
}

static void
sv_preview_leave(sv_preview_gate_t *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->running--;
    pthread_mutex_unlock(&gate->lock);
}

/* ---- one preview */

typedef struct {
    sv_preview_gate_t *gate;
    const sv_report_query_t *query;
    int64_t limit;
    int64_t begun_ms; /* monotonic */
    int64_t rows;
    int64_t total; /* -1: not known */
    sv_json_writer_t *w;
    sv_arena_t *arena;
} sv_preview_t;

static int64_t
sv_preview_left_ms(const sv_preview_t *preview)
{
    return preview->begun_ms + SV_PREVIEW_MS - sv_clock_monotonic_ms();
}

static sv_status_t
sv_preview_row(void *context, const bson_t *row, sv_error_t *error)
{
    sv_preview_t *preview = context;
    size_t count;
    const sv_column_t *columns = sv_report_query_columns(preview->query, &count);

    (void) error;
    sv_row_write_json(preview->w, NULL, columns, count, row);
    preview->rows++;
    return SV_OK;
}

static sv_status_t
sv_preview_group(sv_preview_t *preview, sv_row_maker_t *maker, const bson_t *document, sv_error_t *error)
{
    const bson_t *row;
    sv_status_t status = sv_row_maker_make(maker, document, NULL, &row, error);

    return status == SV_OK ? sv_preview_row(preview, row, error) : status;
}

/* {rows: [...], total: [{n}]} */
static sv_status_t
sv_preview_facets(sv_preview_t *preview, const bson_t *facets, sv_error_t *error)
{
    const bson_t *total = sv_doc_child(facets, "total.0", preview->arena), *nothing;
    sv_row_maker_t *maker = sv_row_maker_create(preview->query, preview->arena);
    sv_status_t status = SV_OK;
    bson_iter_t list, element;

    preview->total = total != NULL ? sv_doc_int(total, "n") : 0;
    if (!bson_iter_init_find(&list, facets, "rows") || !bson_iter_recurse(&list, &element)) {
        return SV_OK;
    }
    while (status == SV_OK && bson_iter_next(&element)) {
        const uint8_t *data;
        uint32_t length;
        bson_t document;

        bson_iter_document(&element, &length, &data);
        if (bson_init_static(&document, data, length)) {
            status = sv_preview_group(preview, maker, &document, error);
        }
    }
    nothing = preview->total == 0 ? sv_report_query_of_nothing(preview->query, preview->arena) : NULL;
    if (status == SV_OK && nothing != NULL) {
        preview->total = 1;
        status = sv_preview_group(preview, maker, nothing, error);
    }
    return status;
}

/* Groups are made in full for the first of them, so their number comes with them. */
static sv_status_t
sv_preview_groups(sv_preview_t *preview, sv_store_t *store, sv_error_t *error)
{
    bson_t *options =
        sv_doc_take(BCON_NEW("allowDiskUse", BCON_BOOL(true), "maxTimeMS", BCON_INT64(SV_ROWS_MS)), preview->arena);
    mongoc_cursor_t *cursor = mongoc_collection_aggregate(
        store->collections[preview->query->collection->collection], MONGOC_QUERY_NONE,
        sv_report_query_pipeline(preview->query, preview->limit, true, preview->arena), options, NULL);
    const bson_t *facets;
    sv_status_t status = SV_OK;

    preview->total = 0;
    if (mongoc_cursor_next(cursor, &facets)) {
        status = sv_preview_facets(preview, facets, error);
    }
    if (status == SV_OK) {
        status = sv_report_cursor_end(cursor, preview->begun_ms + SV_ROWS_MS, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_preview_rows(sv_preview_t *preview, sv_error_t *error)
{
    sv_report_run_t how = { .limit = preview->limit, .time_limit_ms = SV_ROWS_MS };
    sv_store_t *store = sv_store_acquire(preview->gate->rows);
    sv_status_t status;

    if (store == NULL) {
        return sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no client for a preview");
    }
    sv_json_array(preview->w, "items");
    if (preview->query->grouped) {
        status = sv_preview_groups(preview, store, error);
    } else {
        status = sv_report_query_run(store, preview->query, &how, sv_preview_row, preview, error);
    }
    sv_json_end(preview->w);
    sv_store_release(store);
    if (status == SV_ERR_QUERY_TOO_SLOW) {
        status = sv_report_too_slow(preview->query, SV_PREVIEW_MS, error);
    }
    return status;
}

/* How many rows the whole query has: known when these are all; else counted, if that is a matter of a moment. */
static void
sv_preview_count(sv_preview_t *preview, sv_store_t *store)
{
    mongoc_collection_t *collection = store->collections[preview->query->collection->collection];
    bson_t *options = sv_doc_take(BCON_NEW("maxTimeMS", BCON_INT64(SV_COUNT_MS)), preview->arena);
    mongoc_cursor_t *cursor;
    const bson_t *document;
    bson_error_t reason;

    if (preview->query->filter_count == 0) {
        preview->total = mongoc_collection_estimated_document_count(collection, options, NULL, NULL, &reason);
        return;
    }
    cursor = mongoc_collection_aggregate(collection, MONGOC_QUERY_NONE,
                                         sv_report_query_count_pipeline(preview->query, preview->arena), options, NULL);
    if (mongoc_cursor_next(cursor, &document)) {
        preview->total = sv_doc_int(document, "n");
    }
    mongoc_cursor_destroy(cursor);
}

static void
sv_preview_total(sv_preview_t *preview)
{
    int64_t most = preview->query->limit;
    sv_store_t *store;

    if (!preview->query->grouped && preview->rows < preview->limit) {
        preview->total = preview->rows;
    } else if (!preview->query->grouped && sv_preview_left_ms(preview) > SV_COUNT_CUT_MS) {
        store = sv_store_acquire(preview->gate->counts);
        if (store != NULL) {
            sv_preview_count(preview, store);
            sv_store_release(store);
        }
    }
    if (most > 0 && preview->total > most) {
        preview->total = most;
    }
    if (preview->total >= 0 && preview->total < preview->rows) {
        preview->total = preview->rows;
    }
}

static sv_status_t
sv_preview_make(sv_preview_t *preview, sv_error_t *error)
{
    sv_json_writer_t *w = preview->w;
    size_t count;
    const sv_column_t *columns = sv_report_query_columns(preview->query, &count);
    sv_status_t status;

    sv_json_object(w, NULL);
    sv_json_text(w, "tz", sv_report_query_zone(preview->query));
    sv_json_text(w, "description", sv_report_query_describe(preview->query, preview->arena));
    sv_columns_write_json(w, "columns", columns, count);
    status = sv_preview_rows(preview, error);
    if (status == SV_OK) {
        sv_preview_total(preview);
        if (preview->total >= 0) {
            sv_json_int(w, "estimated_total", preview->total);
        } else {
            sv_json_null(w, "estimated_total");
        }
        sv_json_int(w, "elapsed_ms", sv_clock_monotonic_ms() - preview->begun_ms);
    }
    sv_json_end(w);
    return status;
}

sv_status_t
sv_report_preview(sv_store_t *store, const sv_report_query_t *query, int64_t limit, sv_json_writer_t *w,
                  sv_error_t *error)
{
    sv_preview_t preview = { .query = query, .limit = limit, .total = -1, .w = w, .arena = error->arena };
    sv_status_t status;

    preview.begun_ms = sv_clock_monotonic_ms();
    if (query->limit > 0 && query->limit < limit) {
        preview.limit = query->limit;
    }
    preview.gate =
        sv_store_pool_keep(store->pool, SV_POOL_KEEPS_PREVIEWS, sv_preview_gate_make, sv_preview_gate_destroy);
    if (preview.gate == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
    }
    if (sv_preview_enter(preview.gate, store->settings, error) != SV_OK) {
        return error->status;
    }
    status = sv_preview_make(&preview, error);
    sv_preview_leave(preview.gate);
    return status;
}
