#include "core/import/bulk.h"
#include "core/import/import.h"
#include "core/store/document.h"
#include "core/warehouse/warehouse.h"

static const sv_import_column_t sv_rack_columns[] = {
    { "rack_id", true }, { "warehouse", false }, { "floor", true }, { "zone", false }, { "estimated_items", false },
};

enum { SV_RACK_ID_MAX = 64, SV_PLACE_MAX = 64, SV_MAX_ESTIMATE = 1000000 };

typedef struct {
    const char *rack_id, *warehouse, *floor, *zone;
    int64_t estimated_items;
    bool has_estimate;
} sv_rack_row_t;

/* A new rack is free and has never been held; of an old one only what the file says changes. */
static void
sv_rack_put_defaults(const sv_rack_row_t *row, int64_t now_ms, bson_t *update)
{
    bson_t defaults;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &defaults);
    BSON_APPEND_UTF8(&defaults, "status", "available");
    BSON_APPEND_NULL(&defaults, "session_id");
    BSON_APPEND_NULL(&defaults, "user_id");
    BSON_APPEND_NULL(&defaults, "count_id");
    BSON_APPEND_INT64(&defaults, "fence", 0);
    BSON_APPEND_NULL(&defaults, "held_at");
    BSON_APPEND_INT64(&defaults, "hold_ms", 0);
    BSON_APPEND_NULL(&defaults, "last_verified_at");
    if (!row->has_estimate) {
        BSON_APPEND_INT32(&defaults, "estimated_items", 0);
    }
    sv_doc_put_time(&defaults, "created_at", now_ms);
    bson_append_document_end(update, &defaults);
}

static const bson_t *
sv_rack_update(const sv_import_table_t *table, const sv_rack_row_t *row, int64_t now_ms, sv_arena_t *arena)
{
    bson_t *update = sv_doc_new(arena);
    bson_t set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "warehouse", row->warehouse);
    BSON_APPEND_UTF8(&set, "floor", row->floor);
    if (sv_import_has(table, "zone")) {
        sv_doc_put_text(&set, "zone", row->zone);
    }
    if (row->has_estimate) {
        BSON_APPEND_INT32(&set, "estimated_items", (int32_t) row->estimated_items);
    }
    BSON_APPEND_BOOL(&set, "deleted", false);
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

    sv_import_required_text(table, "rack_id", SV_RACK_ID_MAX, &row.rack_id);
    sv_import_required_text(table, "floor", SV_PLACE_MAX, &row.floor);
    sv_import_text(table, "zone", SV_PLACE_MAX, &row.zone);
    row.has_estimate = sv_import_int(table, "estimated_items", SV_MAX_ESTIMATE, &row.estimated_items);
    if (!sv_import_text(table, "warehouse", SV_PLACE_MAX, &row.warehouse) && row.warehouse == NULL && table->good) {
        sv_import_reject(table, "warehouse", "it is required, here or as the default");
    }
    if (!table->good) {
        return SV_OK;
    }
    selector = sv_doc_new(bulk->arena);
    BSON_APPEND_UTF8(selector, "rack_id", row.rack_id);
    return sv_import_bulk_put(bulk, table->row.line, selector, sv_rack_update(table, &row, bulk->now_ms, bulk->arena),
                              error);
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
    while (error->status == SV_OK && sv_import_table_next(&table, error)) {
        sv_rack_take(&table, bulk, error);
    }
    if (error->status == SV_OK) {
        sv_import_bulk_flush(bulk, error);
    }
    if (error->status == SV_OK) {
        sv_warehouses_learn(store, &learned, error);
    }
    sv_import_bulk_result(bulk, result);
    sv_import_bulk_close(bulk);
    sv_import_table_close(&table);
    return error->status;
}
