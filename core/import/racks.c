#include "core/floor/rack_admin.h"
#include "core/import/bulk.h"
#include "core/import/import.h"
#include "core/store/document.h"
#include "core/warehouse/warehouse.h"

static const sv_import_column_t sv_rack_columns[] = {
    { "rack_id", true }, { "warehouse", false }, { "floor", false }, { "zone", false }, { "estimated_items", false },
};

typedef struct {
    const char *rack_id, *warehouse, *floor, *zone;
    int64_t estimated_items;
    bool has_estimate;
} sv_rack_row_t;

/* Of a rack that is there only what the file says changes. */
static void
sv_rack_put_defaults(const sv_rack_row_t *row, int64_t now_ms, bson_t *update)
{
    bson_t defaults;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &defaults);
    sv_rack_put_new(&defaults, row->has_estimate, now_ms);
    bson_append_document_end(update, &defaults);
}

/* A file without floors says something of racks that are there, and nothing else. */
static bool
sv_rack_describes(const sv_import_table_t *table)
{
    return sv_import_has(table, "floor");
}

static const bson_t *
sv_rack_update(const sv_import_table_t *table, const sv_rack_row_t *row, int64_t now_ms)
{
    bson_t *update = sv_doc_new(table->arena);
    bson_t set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    if (row->warehouse != NULL) {
        BSON_APPEND_UTF8(&set, "warehouse", row->warehouse);
    }
    if (sv_rack_describes(table)) {
        BSON_APPEND_UTF8(&set, "floor", row->floor);
        BSON_APPEND_BOOL(&set, "deleted", false);
    }
    if (sv_import_has(table, "zone")) {
        sv_doc_put_text(&set, "zone", row->zone);
    }
    if (row->has_estimate) {
        BSON_APPEND_INT32(&set, "estimated_items", (int32_t) row->estimated_items);
    }
    bson_append_document_end(update, &set);
    sv_rack_put_defaults(row, now_ms, update);
    BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    return update;
}

static sv_status_t
sv_rack_take(sv_import_table_t *table, sv_import_bulk_t *bulk, sv_error_t *error)
{
    sv_rack_row_t row = { .warehouse = table->options->default_warehouse };
    bson_t *selector;

    sv_import_required_code(table, "rack_id", SV_TEXT_CODE, SV_RACK_CODE_MAX, &row.rack_id);
    if (sv_rack_describes(table)) {
        sv_import_required_code(table, "floor", SV_TEXT_NAME, SV_RACK_PLACE_MAX, &row.floor);
    }
    sv_import_code(table, "zone", SV_TEXT_NAME, SV_RACK_PLACE_MAX, &row.zone);
    row.has_estimate = sv_import_int(table, "estimated_items", SV_RACK_ESTIMATE_MAX, &row.estimated_items);
    sv_import_code(table, "warehouse", SV_TEXT_NAME, SV_RACK_PLACE_MAX, &row.warehouse);
    if (row.warehouse == NULL && table->good && (sv_rack_describes(table) || sv_import_has(table, "warehouse"))) {
        sv_import_reject(table, "warehouse", "it is required, here or as the default");
    }
    if (!table->good) {
        return SV_OK;
    }
    selector = sv_doc_new(table->arena);
    BSON_APPEND_UTF8(selector, "rack_id", row.rack_id);
    return sv_import_bulk_put(bulk, table->row.line, selector, sv_rack_update(table, &row, bulk->now_ms), error);
}

/* A file must say something of its racks beside their ids. */
static sv_status_t
sv_racks_check(const sv_import_table_t *table, sv_error_t *error)
{
    for (size_t i = 1; i < table->column_count; i++) {
        if (table->places[i] >= 0) {
            return SV_OK;
        }
    }
    return sv_fail(error, SV_ERR_VALIDATION_FAILED,
                   "line %ld: there are ids only: a column floor is required, or others for known racks",
                   table->row.line);
}

sv_status_t
sv_import_racks(sv_store_t *store, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result,
                sv_error_t *error)
{
    sv_import_table_t table;
    sv_import_bulk_t *bulk = sv_arena_alloc(error->arena, sizeof(*bulk));
    int64_t learned;

    *result = (sv_import_result_t){ 0 };
    if (sv_import_table_open(&table, stream, sv_rack_columns, sizeof(sv_rack_columns) / sizeof(sv_rack_columns[0]),
                             options, error) != SV_OK) {
        return error->status;
    }
    sv_import_bulk_init(bulk, store, SV_COLLECTION_RACK_REGISTRY, &table, error);
    bulk->missing = sv_rack_describes(&table) ? NULL : "floor";
    bulk->once = sv_import_once_create(error->arena);
    sv_racks_check(&table, error);
    while (error->status == SV_OK && sv_import_table_next(&table, error)) {
        sv_rack_take(&table, bulk, error);
    }
    if (error->status == SV_OK) {
        sv_import_bulk_flush(bulk, error);
    }
    if (error->status == SV_OK && options->plan == NULL) {
        sv_warehouses_learn(store, false, &learned, error);
    }
    sv_import_bulk_result(bulk, result);
    sv_import_bulk_close(bulk);
    sv_import_table_close(&table);
    return error->status;
}
