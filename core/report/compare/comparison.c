#include "core/report/compare/comparison.h"

#include "core/audit/audit.h"
#include "core/report/blocks/block_owner.h"
#include "core/store/document.h"
#include "core/store/transaction.h"

sv_block_place_t
sv_comparison_blocks(const char *owner)
{
    return (
        sv_block_place_t){ .collection = SV_COLLECTION_REPORT_COMPARE_BLOCKS, .owner_field = "owner", .owner = owner };
}

static void
sv_comparison_read(const bson_t *document, sv_arena_t *arena, sv_comparison_t *comparison)
{
    const bson_t *counts = sv_doc_child(document, "counts", arena);
    sv_kept_rows_t *kept = &comparison->kept;

    *comparison = (sv_comparison_t){ .document = document };
    comparison->job_id = sv_doc_text(document, "job_id", arena);
    comparison->name = sv_doc_text(document, "name", arena);
    comparison->digest = sv_doc_text(document, "digest", arena);
    comparison->user_id = sv_doc_text(document, "created_by.user_id", arena);
    comparison->username = sv_doc_text(document, "created_by.username", arena);
    comparison->full_name = sv_doc_text(document, "created_by.full_name", arena);
    comparison->bytes = sv_doc_int(document, "bytes");
    comparison->created_ms = sv_doc_time(document, "created_at");
    for (int i = 0; i < SV_ROW_CHANGE_COUNT; i++) {
        comparison->counts[i] = sv_doc_int(counts, sv_row_changes[i]);
    }
    kept->rows = sv_doc_int(document, "rows");
    kept->columns = sv_columns_read(document, "columns", &kept->column_count, arena);
    kept->place = sv_comparison_blocks(sv_doc_text(document, "owner", arena));
}

sv_status_t
sv_comparison_load(sv_store_t *store, const char *id, sv_arena_t *arena, sv_comparison_t *comparison, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(id)), arena);
    const bson_t *document = NULL;
    sv_status_t status =
        sv_store_find_one(store, SV_COLLECTION_REPORT_COMPARE_JOBS, filter, NULL, arena, &document, error);

    if (status == SV_OK && document == NULL) {
        status = sv_fail(error, SV_ERR_NOT_FOUND, "There is no comparison %s", id);
    }
    if (status == SV_OK) {
        sv_comparison_read(document, arena, comparison);
    }
    return status;
}

const char *
sv_comparison_describe(const sv_comparison_t *comparison, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%s -> %s", sv_doc_text(comparison->document, "baseline.name", arena),
                           sv_doc_text(comparison->document, "comparison.name", arena));
}

/* ---- as the API shows it */

static void
sv_comparison_write_side(sv_json_writer_t *w, const bson_t *document, const char *name, sv_arena_t *arena)
{
    const bson_t *side = sv_doc_child(document, name, arena);

    sv_json_object(w, name);
    sv_json_text(w, "snapshot_id", sv_doc_text(side, "snapshot_id", arena));
    sv_json_text(w, "name", sv_doc_text(side, "name", arena));
    sv_json_time(w, "taken_at", sv_doc_time(side, "taken_at"));
    sv_json_int(w, "rows", sv_doc_int(side, "rows"));
    sv_json_end(w);
}

static void
sv_comparison_write_number(sv_json_writer_t *w, const bson_t *field, const char *name, sv_column_type_t type)
{
    const sv_column_t column = { .name = name, .type = type };
    bson_iter_t iter;

    if (bson_iter_init_find(&iter, field, name)) {
        sv_column_write_value(w, &column, &iter);
    } else {
        sv_json_null(w, name);
    }
}

/* Figures of one field: those of numbers are null of others. */
static void
sv_comparison_write_field(sv_json_writer_t *w, const bson_t *field, sv_arena_t *arena)
{
    static const char *const sums[] = { "baseline_sum", "comparison_sum", "delta" };
    size_t count;
    const sv_column_t *column = sv_columns_read(field, "column", &count, arena);
    sv_column_type_t type = count > 0 ? column->type : SV_COLUMN_TEXT;

    sv_json_object(w, NULL);
    sv_json_text(w, "name", count > 0 ? column->name : NULL);
    sv_json_text(w, "title", count > 0 ? column->title : NULL);
    sv_json_text(w, "type", sv_column_type_name(type));
    sv_comparison_write_number(w, field, "tolerance", SV_COLUMN_QUANTITY);
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        sv_comparison_write_number(w, field, sums[i], type);
    }
    sv_comparison_write_number(w, field, "percent", SV_COLUMN_RATIO);
    sv_json_int(w, "changed", sv_doc_int(field, "changed"));
    sv_comparison_write_number(w, field, "increased", SV_COLUMN_INT);
    sv_comparison_write_number(w, field, "decreased", SV_COLUMN_INT);
    sv_json_end(w);
}

static void
sv_comparison_write_fields(sv_json_writer_t *w, const bson_t *document, sv_arena_t *arena)
{
    const bson_t *fields = sv_doc_child(document, "fields", arena);
    bson_iter_t iter;

    sv_json_array(w, "fields");
    if (fields != NULL && bson_iter_init(&iter, fields)) {
        while (bson_iter_next(&iter)) {
            const bson_t *field = sv_doc_child(fields, bson_iter_key(&iter), arena);

            if (field != NULL) {
                sv_comparison_write_field(w, field, arena);
            }
        }
    }
    sv_json_end(w);
}

static void
sv_comparison_write_counts(sv_json_writer_t *w, const sv_comparison_t *comparison)
{
    sv_json_object(w, "counts");
    for (int i = 0; i < SV_ROW_CHANGE_COUNT; i++) {
        sv_json_int(w, sv_row_changes[i], comparison->counts[i]);
    }
    sv_json_end(w);
}

void
sv_comparison_write_members(sv_json_writer_t *w, const sv_comparison_t *comparison, bool whole)
{
    sv_arena_t *arena = sv_arena_create();
    bson_iter_t iter;

    sv_json_text(w, "job_id", comparison->job_id);
    sv_json_text(w, "name", comparison->name);
    sv_comparison_write_side(w, comparison->document, "baseline", arena);
    sv_comparison_write_side(w, comparison->document, "comparison", arena);
    if (bson_iter_init_find(&iter, comparison->document, "key_fields")) {
        sv_doc_write_value(w, "key_fields", &iter);
    }
    sv_json_bool(w, "include_unchanged", sv_doc_bool(comparison->document, "include_unchanged"));
    sv_comparison_write_counts(w, comparison);
    sv_json_int(w, "rows", comparison->kept.rows);
    sv_json_int(w, "bytes", comparison->bytes);
    sv_json_text(w, "digest", comparison->digest);
    sv_json_object(w, "created_by");
    sv_json_text(w, "user_id", comparison->user_id);
    sv_json_text(w, "username", comparison->username);
    sv_json_text(w, "full_name", comparison->full_name);
    sv_json_end(w);
    sv_json_time(w, "created_at", comparison->created_ms);
    if (whole) {
        sv_comparison_write_fields(w, comparison->document, arena);
        sv_columns_write_json(w, "columns", comparison->kept.columns, comparison->kept.column_count);
    }
    sv_arena_destroy(arena);
}

static void
sv_comparison_write_row(sv_json_writer_t *w, const bson_t *row, void *context)
{
    sv_comparison_t comparison;

    sv_comparison_read(row, context, &comparison);
    sv_json_object(w, NULL);
    sv_comparison_write_members(w, &comparison, false);
    sv_json_end(w);
}

sv_status_t
sv_comparison_list(sv_store_t *store, sv_page_t *page, sv_json_writer_t *w, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *projection = sv_doc_take(BCON_NEW("columns", BCON_INT32(0), "fields", BCON_INT32(0)), arena);

    page->list = "comparisons";
    page->sort_field = "created_at";
    page->unique_field = "job_id";
    page->direction = -1;
    return sv_page_run(store, SV_COLLECTION_REPORT_COMPARE_JOBS, sv_doc_new(arena), projection, page,
                       sv_comparison_write_row, arena, w, arena, error);
}

sv_status_t
sv_comparison_page(sv_store_t *store, const sv_comparison_t *comparison, int change, const sv_page_t *page,
                   sv_json_writer_t *w, sv_error_t *error)
{
    sv_row_filter_t filter = { 0 };

    if (change >= 0) {
        filter = (sv_row_filter_t){ "change", sv_row_changes[change], comparison->counts[change] };
        if (change == SV_ROW_UNCHANGED && !sv_doc_bool(comparison->document, "include_unchanged")) {
            filter.total = 0;
        }
    }
    return sv_row_page_write(store, &comparison->kept, &filter, page, w, error);
}

/* ---- removing */

typedef struct {
    const sv_principal_t *who;
    const char *id;
} sv_comparison_removal_t;

static sv_status_t
sv_comparison_remove_body(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_comparison_removal_t *removal = context;
    bson_t *filter = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(removal->id)), error->arena);
    sv_audit_t entry = { .action = "comparison.delete" };
    sv_comparison_t comparison;
    sv_status_t status = sv_comparison_load(store, removal->id, error->arena, &comparison, error);

    if (status == SV_OK) {
        status = sv_store_delete_many(store, SV_COLLECTION_REPORT_COMPARE_JOBS, filter, NULL, error);
    }
    if (status == SV_OK) {
        status = sv_block_owner_abandon(store, &comparison.kept.place, error);
    }
    if (status == SV_OK) {
        entry.details = sv_doc_take(BCON_NEW("job_id", BCON_UTF8(removal->id), "name", BCON_UTF8(comparison.name),
                                             "rows", BCON_INT64(comparison.kept.rows)),
                                    error->arena);
        status = sv_audit_write(store, removal->who, &entry, error);
    }
    return status;
}

sv_status_t
sv_comparison_remove(sv_store_t *store, const sv_principal_t *who, const char *id, sv_error_t *error)
{
    sv_comparison_removal_t removal = { .who = who, .id = id };

    return sv_transaction_run(store, sv_comparison_remove_body, &removal, error);
}
