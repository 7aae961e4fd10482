#include "core/import/bulk.h"
#include "core/import/import.h"
#include "core/store/document.h"
#include "core/warehouse/warehouse.h"

static const sv_import_column_t sv_warehouse_columns[] = {
    { "warehouse", true }, { "name", false }, { "time_zone", false }, { "currency", false }, { "rack_books", false },
};

enum { SV_CURRENCY_MAX = 3, SV_ZONE_MAX = 64 };

/* A text column the file has: its value is set, an empty field takes it away.  What the file does not have stays, and
 * is null in a new document. */
static void
sv_warehouse_text(sv_import_table_t *table, const char *column, size_t max,
                  const char *(*fault)(const char *value, sv_arena_t *arena), bson_t *set, bson_t *new_ones,
                  sv_arena_t *arena)
{
    const char *value = NULL, *reason = NULL;

    if (!sv_import_has(table, column)) {
        BSON_APPEND_NULL(new_ones, column);
        return;
    }
    if (sv_import_code(table, column, SV_TEXT_NAME, max, &value) && fault != NULL) {
        reason = fault(value, arena);
    }
    if (reason != NULL) {
        sv_import_reject(table, column, "%s", reason);
    }
    sv_doc_put_text(set, column, value);
}

static sv_status_t
sv_warehouse_take_row(sv_import_table_t *table, sv_import_bulk_t *bulk, sv_error_t *error)
{
    sv_arena_t *arena = bulk->arena;
    bson_t *selector = sv_doc_new(arena), *update = sv_doc_new(arena), *set = sv_doc_new(arena),
           *new_ones = sv_doc_new(arena);
    const char *code = NULL;
    bool rack_books = false;

    sv_import_required_code(table, "warehouse", SV_TEXT_NAME, SV_WAREHOUSE_MAX, &code);
    sv_warehouse_text(table, "name", SV_WAREHOUSE_NAME_MAX, NULL, set, new_ones, arena);
    sv_warehouse_text(table, "time_zone", SV_ZONE_MAX, sv_warehouse_time_zone_fault, set, new_ones, arena);
    sv_warehouse_text(table, "currency", SV_CURRENCY_MAX, sv_warehouse_currency_fault, set, new_ones, arena);
    sv_import_flag(table, "rack_books", &rack_books);
    if (!table->good) {
        return SV_OK;
    }
    BSON_APPEND_BOOL(sv_import_has(table, "rack_books") ? set : new_ones, "rack_books", rack_books);
    sv_doc_put_time(new_ones, "created_at", bulk->now_ms);
    if (!bson_empty(set)) {
        BSON_APPEND_DOCUMENT(update, "$set", set);
    }
    BSON_APPEND_DOCUMENT(update, "$setOnInsert", new_ones);
    BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    BSON_APPEND_UTF8(selector, "warehouse", code);
    return sv_import_bulk_put(bulk, table->row.line, selector, update, error);
}

sv_status_t
sv_import_warehouses(sv_store_t *store, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result,
                     sv_error_t *error)
{
    sv_import_table_t table;
    sv_import_bulk_t *bulk = sv_arena_alloc(error->arena, sizeof(*bulk));

    *result = (sv_import_result_t){ 0 };
    if (sv_import_table_open(&table, stream, sv_warehouse_columns,
                             sizeof(sv_warehouse_columns) / sizeof(sv_warehouse_columns[0]), options, error) != SV_OK) {
        return error->status;
    }
    sv_import_bulk_init(bulk, store, SV_COLLECTION_WAREHOUSES, &table, error);
    bulk->once = sv_import_once_create(error->arena);
    while (error->status == SV_OK && sv_import_table_next(&table, error)) {
        sv_warehouse_take_row(&table, bulk, error);
    }
    if (error->status == SV_OK) {
        sv_import_bulk_flush(bulk, error);
    }
    sv_import_bulk_result(bulk, result);
    sv_import_bulk_close(bulk);
    sv_import_table_close(&table);
    return error->status;
}
