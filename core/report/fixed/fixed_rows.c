#include "core/report/fixed/fixed_rows.h"

#include <string.h>

#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/base/text_map.h"

void
sv_fixed_match_text(bson_t *filter, const char *field, const char *text)
{
    if (text != NULL) {
        BSON_APPEND_UTF8(filter, field, text);
    }
}

void
sv_fixed_match_time(bson_t *filter, const char *field, const sv_fixed_filters_t *filters)
{
    sv_filter_span(filter, field, filters->from_ms, filters->to_ms);
}

const char *
sv_fixed_zone(const sv_fixed_work_t *work)
{
    return work->filters->zone != NULL ? sv_time_zone_name(work->filters->zone) : "UTC";
}

int64_t
sv_fixed_day(const sv_fixed_work_t *work, int64_t ms)
{
    return sv_time_zone_date(work->filters->zone, ms);
}

sv_status_t
sv_fixed_aggregate(sv_fixed_work_t *work, sv_collection_t collection, const bson_t *pipeline, mongoc_cursor_t **cursor,
                   sv_error_t *error)
{
    bson_t *options = sv_store_options(work->store, work->arena);

    BSON_APPEND_BOOL(options, "allowDiskUse", true);
    *cursor =
        mongoc_collection_aggregate(work->store->collections[collection], MONGOC_QUERY_NONE, pipeline, options, NULL);
    if (mongoc_cursor_error(*cursor, NULL)) {
        sv_status_t status = sv_store_cursor_end(work->store, *cursor, error);

        mongoc_cursor_destroy(*cursor);
        *cursor = NULL;
        return status;
    }
    return SV_OK;
}

/* ---- cells */

static bool
sv_fixed_find(const bson_t *document, const char *path, bson_iter_t *found)
{
    bson_iter_t iter;

    return document != NULL && bson_iter_init(&iter, document) && bson_iter_find_descendant(&iter, path, found);
}

void
sv_fixed_read(const bson_t *document, const char *path, sv_column_type_t type, sv_row_value_t *value)
{
    bson_iter_t iter;

    *value = (sv_row_value_t){ .known = false };
    if (!sv_fixed_find(document, path, &iter)) {
        return;
    }
    switch (type) {
    case SV_COLUMN_TEXT:
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            value->known = true;
            value->text = bson_iter_utf8(&iter, &value->length);
        }
        break;
    case SV_COLUMN_INT:
        value->known = BSON_ITER_HOLDS_NUMBER(&iter);
        value->number = value->known ? bson_iter_as_int64(&iter) : 0;
        break;
    case SV_COLUMN_TIME:
    case SV_COLUMN_DATE:
        value->known = BSON_ITER_HOLDS_DATE_TIME(&iter);
        value->number = value->known ? bson_iter_date_time(&iter) : 0;
        break;
    case SV_COLUMN_BOOL:
        value->known = BSON_ITER_HOLDS_BOOL(&iter);
        value->number = value->known && bson_iter_bool(&iter);
        break;
    default:
        value->known = sv_quantity_from_bson(&iter, &value->number);
        break;
    }
}

sv_status_t
sv_fixed_emit(sv_fixed_work_t *work, const sv_fixed_row_t *row, sv_error_t *error)
{
    bson_t made = BSON_INITIALIZER;
    sv_status_t status;

    for (size_t i = 0; i < work->made->cell_count; i++) {
        const sv_fixed_cell_t *cell = &work->made->cells[i];
        sv_row_value_t value = { .known = false };

        if (cell->compute != NULL) {
            cell->compute(work, row, &value);
        } else {
            sv_fixed_read(row->documents[cell->from], cell->path, cell->column.type, &value);
        }
        sv_row_put(&made, &cell->column, &value);
    }
    status = work->sink.row(work->sink.context, &made, error);
    bson_destroy(&made);
    return status;
}

/* ---- batches */

typedef struct {
    const bson_t *rows[SV_FIXED_BATCH];
    size_t count;
    bool last; /* there are no more */
    sv_text_map_t joined[SV_FIXED_MAX_JOINS];
} sv_fixed_batch_t;

static void
sv_batch_read(sv_fixed_work_t *work, mongoc_cursor_t *cursor, sv_fixed_batch_t *batch)
{
    const bson_t *document;
    size_t bytes = 0;

    batch->count = 0;
    batch->last = false;
    while (!batch->last && batch->count < SV_FIXED_BATCH && bytes < SV_FIXED_BATCH_BYTES) {
        batch->last = !mongoc_cursor_next(cursor, &document);
        if (!batch->last) {
            batch->rows[batch->count++] = sv_doc_copy(document, work->batch);
            bytes += document->len;
        }
    }
}

/* The different ids that the batch's rows have for a join. */
static size_t
sv_batch_ids(sv_fixed_work_t *work, const sv_fixed_batch_t *batch, const char *local, const char **ids)
{
    sv_text_map_t seen;
    size_t count = 0;

    sv_text_map_init(&seen, work->batch, SV_FIXED_BATCH);
    for (size_t i = 0; i < batch->count; i++) {
        const char *id = sv_doc_text(batch->rows[i], local, work->batch);
        void **place = id != NULL ? sv_text_map_put(&seen, id) : NULL;

        if (place != NULL && *place == NULL) {
            *place = (void *) (uintptr_t) id;
            ids[count++] = id;
        }
    }
    return count;
}

/* What the cells show of a joined document, and its id. */
static bson_t *
sv_join_options(const sv_fixed_work_t *work, size_t place)
{
    const sv_fixed_row_of_table_t *made = work->made;
    bson_t *options = sv_doc_new(work->batch), fields;

    BSON_APPEND_DOCUMENT_BEGIN(options, "projection", &fields);
    BSON_APPEND_INT32(&fields, made->joins[place].foreign, 1);
    for (size_t i = 0; i < made->cell_count; i++) {
        const sv_fixed_cell_t *cell = &made->cells[i];

        if (cell->from == SV_FROM_JOIN + (int) place && strcmp(cell->path, made->joins[place].foreign) != 0) {
            BSON_APPEND_INT32(&fields, cell->path, 1);
        }
    }
    bson_append_document_end(options, &fields);
    return options;
}

static sv_status_t
sv_join_open(sv_fixed_work_t *work, size_t place, const char *const *ids, size_t count, mongoc_cursor_t **cursor,
             sv_error_t *error)
{
    const sv_fixed_join_t *join = &work->made->joins[place];
    bson_t *filter;

    if (join->open != NULL) {
        return join->open(work->store, ids, count, cursor, work->batch, error);
    }
    filter = sv_doc_new(work->batch);
    sv_filter_in(filter, join->foreign, ids, count);
    return sv_store_find(work->store, join->collection, filter, sv_join_options(work, place), cursor, error);
}

static sv_status_t
sv_batch_join(sv_fixed_work_t *work, sv_fixed_batch_t *batch, size_t place, sv_error_t *error)
{
    const sv_fixed_join_t *join = &work->made->joins[place];
    sv_text_map_t *joined = &batch->joined[place];
    const char *ids[SV_FIXED_BATCH];
    size_t count = sv_batch_ids(work, batch, join->local, ids);
    mongoc_cursor_t *cursor;
    const bson_t *document;
    sv_status_t status;

    sv_text_map_init(joined, work->batch, count + 1);
    if (count == 0) {
        return SV_OK;
    }
    status = sv_join_open(work, place, ids, count, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &document)) {
        const bson_t *kept = sv_doc_copy(document, work->batch);
        const char *id = sv_doc_text(kept, join->foreign, work->batch);

        if (id != NULL) {
            *sv_text_map_put(joined, id) = (void *) (uintptr_t) kept;
        }
    }
    status = sv_store_cursor_end(work->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_batch_write(sv_fixed_work_t *work, const sv_fixed_batch_t *batch, sv_error_t *error)
{
    sv_status_t status = SV_OK;

    for (size_t i = 0; i < batch->count && status == SV_OK; i++) {
        sv_fixed_row_t row = { .documents = { batch->rows[i] } };

        for (size_t k = 0; k < work->made->join_count; k++) {
            const char *id = sv_doc_text(batch->rows[i], work->made->joins[k].local, work->batch);

            row.documents[SV_FROM_JOIN + k] = id != NULL ? sv_text_map_get(&batch->joined[k], id) : NULL;
        }
        if (work->made->keep == NULL || work->made->keep(work, &row)) {
            status = sv_fixed_emit(work, &row, error);
        }
    }
    return status;
}

sv_status_t
sv_fixed_stream(sv_fixed_work_t *work, mongoc_cursor_t *cursor, sv_error_t *error)
{
    sv_fixed_batch_t batch;
    sv_status_t status = SV_OK;

    do {
        work->batch = sv_arena_create();
        sv_batch_read(work, cursor, &batch);
        for (size_t i = 0; i < work->made->join_count && status == SV_OK && batch.count > 0; i++) {
            status = sv_batch_join(work, &batch, i, error);
        }
        if (status == SV_OK) {
            status = sv_batch_write(work, &batch, error);
        }
        sv_arena_destroy(work->batch);
        work->batch = NULL;
    } while (status == SV_OK && !batch.last);
    if (status == SV_OK) {
        status = sv_store_cursor_end(work->store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return status;
}
