#include "core/report/snapshots/snapshot.h"

#include <string.h>

#include "core/report/blocks/row_page.h"
#include "core/store/document.h"
#include "core/store/filter.h"

sv_block_place_t
sv_snapshot_blocks(const char *owner)
{
    return (sv_block_place_t){ .collection = SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS,
                               .owner_field = "snapshot_id",
                               .owner = owner };
}

void
sv_snapshot_read(const bson_t *document, sv_arena_t *arena, sv_snapshot_t *snapshot)
{
    *snapshot = (sv_snapshot_t){ .document = document };
    snapshot->snapshot_id = sv_doc_text(document, "snapshot_id", arena);
    snapshot->name = sv_doc_text(document, "name", arena);
    snapshot->description = sv_doc_text(document, "description", arena);
    snapshot->collection = sv_doc_text(document, "query.collection", arena);
    snapshot->query_text = sv_doc_text(document, "query_text", arena);
    snapshot->digest = sv_doc_text(document, "digest", arena);
    snapshot->user_id = sv_doc_text(document, "created_by.user_id", arena);
    snapshot->username = sv_doc_text(document, "created_by.username", arena);
    snapshot->full_name = sv_doc_text(document, "created_by.full_name", arena);
    snapshot->previous_id = sv_doc_text(document, "previous_id", arena);
    snapshot->job_id = sv_doc_text(document, "job_id", arena);
    snapshot->schedule_id = sv_doc_text(document, "schedule_id", arena);
    snapshot->query = sv_doc_child(document, "query", arena);
    snapshot->columns = sv_columns_read(document, "columns", &snapshot->column_count, arena);
    snapshot->rows = sv_doc_int(document, "rows");
    snapshot->bytes = sv_doc_int(document, "bytes");
    snapshot->version = sv_doc_int(document, "version");
    snapshot->taken_ms = sv_doc_time(document, "taken_at");
    snapshot->created_ms = sv_doc_time(document, "created_at");
    snapshot->blocks = sv_snapshot_blocks(sv_doc_text(document, "owner", arena));
}

sv_status_t
sv_snapshot_load(sv_store_t *store, const char *id, sv_arena_t *arena, sv_snapshot_t *snapshot, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("snapshot_id", BCON_UTF8(id)), arena);
    const bson_t *document = NULL;
    sv_status_t status =
        sv_store_find_one(store, SV_COLLECTION_REPORT_SNAPSHOTS, filter, NULL, arena, &document, error);

    if (status == SV_OK && document == NULL) {
        status = sv_fail(error, SV_ERR_NOT_FOUND, "There is no snapshot %s", id);
    }
    if (status == SV_OK) {
        sv_snapshot_read(document, arena, snapshot);
    }
    return status;
}

/* ---- as the API shows it */

static void
sv_snapshot_write_totals(sv_json_writer_t *w, const sv_snapshot_t *snapshot)
{
    bson_iter_t iter, value;

    sv_json_object(w, "totals");
    if (bson_iter_init_find(&iter, snapshot->document, "totals") && bson_iter_recurse(&iter, &value)) {
        while (bson_iter_next(&value)) {
            for (size_t i = 0; i < snapshot->column_count; i++) {
                if (strcmp(snapshot->columns[i].name, bson_iter_key(&value)) == 0) {
                    sv_column_write_value(w, &snapshot->columns[i], &value);
                }
            }
        }
    }
    sv_json_end(w);
}

static void
sv_snapshot_write_tags(sv_json_writer_t *w, const sv_snapshot_t *snapshot)
{
    bson_iter_t iter, tag;

    sv_json_array(w, "tags");
    if (bson_iter_init_find(&iter, snapshot->document, "tags") && bson_iter_recurse(&iter, &tag)) {
        while (bson_iter_next(&tag)) {
            sv_doc_write_value(w, NULL, &tag);
        }
    }
    sv_json_end(w);
}

void
sv_snapshot_write_members(sv_json_writer_t *w, const sv_snapshot_t *snapshot, bool whole)
{
    sv_json_text(w, "snapshot_id", snapshot->snapshot_id);
    sv_json_text(w, "name", snapshot->name);
    sv_json_text(w, "description", snapshot->description);
    sv_snapshot_write_tags(w, snapshot);
    sv_json_text(w, "collection", snapshot->collection);
    sv_json_text(w, "query_text", snapshot->query_text);
    sv_json_int(w, "rows", snapshot->rows);
    sv_json_int(w, "bytes", snapshot->bytes);
    sv_json_text(w, "digest", snapshot->digest);
    sv_json_int(w, "version", snapshot->version);
    sv_json_text(w, "previous_id", snapshot->previous_id);
    sv_json_object(w, "created_by");
    sv_json_text(w, "user_id", snapshot->user_id);
    sv_json_text(w, "username", snapshot->username);
    sv_json_text(w, "full_name", snapshot->full_name);
    sv_json_end(w);
    sv_json_text(w, "job_id", snapshot->job_id);
    sv_json_text(w, "schedule_id", snapshot->schedule_id);
    sv_json_time(w, "taken_at", snapshot->taken_ms);
    sv_json_time(w, "created_at", snapshot->created_ms);
    sv_json_int(w, "read_ms", sv_doc_int(snapshot->document, "read_ms"));
    if (whole) {
        sv_doc_write_json(w, "query", snapshot->query);
        sv_columns_write_json(w, "columns", snapshot->columns, snapshot->column_count);
        sv_snapshot_write_totals(w, snapshot);
    }
}

/* ---- lists and pages */

static void
sv_snapshot_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    sv_snapshot_t snapshot;

    sv_snapshot_read(row, context, &snapshot);
    sv_json_object(w, NULL);
    sv_snapshot_write_members(w, &snapshot, false);
    sv_json_end(w);
}

sv_status_t
sv_snapshot_list(sv_store_t *store, const sv_snapshot_search_t *search, sv_page_t *page, sv_json_writer_t *w,
                 sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    bson_t *projection = sv_doc_take(BCON_NEW("columns", BCON_INT32(0), "totals", BCON_INT32(0)), arena);

    if (search->tag != NULL) {
        BSON_APPEND_UTF8(filter, "tags", search->tag);
    }
    sv_filter_span(filter, "created_at", search->from_ms, search->to_ms);
    page->list = "snapshots";
    page->sort_field = "created_at";
    page->unique_field = "snapshot_id";
    page->direction = -1;
    return sv_page_run(store, SV_COLLECTION_REPORT_SNAPSHOTS, filter, projection, page, sv_snapshot_write_row, arena, w,
                       arena, error);
}

sv_status_t
sv_snapshot_page(sv_store_t *store, const sv_snapshot_t *snapshot, const sv_page_t *page, sv_json_writer_t *w,
                 sv_error_t *error)
{
    const sv_kept_rows_t kept = { snapshot->blocks, snapshot->rows, snapshot->columns, snapshot->column_count };
    const sv_row_filter_t all = { 0 };

    return sv_row_page_write(store, &kept, &all, page, w, error);
}
