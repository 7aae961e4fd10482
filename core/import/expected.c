#include <jansson.h>

#include "core/import/bulk.h"
#include "core/import/import.h"
#include "core/store/document.h"
#include "core/store/filter.h"

static const sv_import_column_t sv_expected_columns[] = {
    { "rack_id", true },
    { "item_code", true },
    { "book_qty", false },
};

enum { SV_EXPECTED_ROWS = 1000, SV_EXPECTED_CODE_MAX = 64 };

typedef struct {
    long line;
    const char *rack_id, *item_code;
    bool has_quantity;
    sv_quantity_t quantity;
} sv_expected_row_t;

/* Rows wait here until the racks and items they name have been looked up, all at once. */
typedef struct {
    sv_import_table_t table;
    sv_import_bulk_t bulk;
    sv_store_t *store;
    sv_arena_t *arena;
    sv_expected_row_t rows[SV_EXPECTED_ROWS];
    size_t count;
} sv_expected_t;

static const bson_t *
sv_expected_filter(const sv_expected_t *expected, const char *field, bool racks)
{
    const char *values[SV_EXPECTED_ROWS];
    bson_t *filter = sv_doc_new(expected->arena);

    for (size_t i = 0; i < expected->count; i++) {
        values[i] = racks ? expected->rows[i].rack_id : expected->rows[i].item_code;
    }
    sv_filter_in(filter, field, values, expected->count);
    return filter;
}

/* The ids of a collection that the waiting rows name, as members of an object; released with the arena. */
static const json_t *
sv_expected_known(sv_expected_t *expected, sv_collection_t collection, const char *field, bool racks, sv_error_t *error)
{
    json_t *known = json_object();
    bson_t *options = sv_doc_new(expected->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;

    sv_arena_on_destroy(expected->arena, (void (*)(void *)) json_decref, known);
    BCON_APPEND(options, "projection", "{", field, BCON_INT32(1), "_id", BCON_INT32(0), "}");
    if (sv_store_find(expected->store, collection, sv_expected_filter(expected, field, racks), options, &cursor,
                      error) != SV_OK) {
        return known;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        const char *id = sv_doc_text(row, field, expected->arena);

        if (id != NULL) {
            json_object_set_new(known, id, json_true());
        }
    }
    sv_store_cursor_end(expected->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return known;
}

static sv_status_t
sv_expected_write(sv_expected_t *expected, const sv_expected_row_t *row, sv_error_t *error)
{
    bson_t *selector = sv_doc_new(expected->arena), *update = sv_doc_new(expected->arena);
    bson_t set;

    BCON_APPEND(selector, "rack_id", BCON_UTF8(row->rack_id), "item_code", BCON_UTF8(row->item_code));
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    if (row->has_quantity) {
        sv_doc_put_quantity(&set, "book_qty", row->quantity);
    } else {
        BSON_APPEND_NULL(&set, "book_qty");
    }
    BSON_APPEND_BOOL(&set, "deleted", false);
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    return sv_import_bulk_put(&expected->bulk, row->line, selector, update, error);
}

static sv_status_t
sv_expected_flush(sv_expected_t *expected, sv_error_t *error)
{
    const json_t *racks = sv_expected_known(expected, SV_COLLECTION_RACK_REGISTRY, "rack_id", true, error);
    const json_t *items = sv_expected_known(expected, SV_COLLECTION_ERP_ITEMS, "item_code", false, error);

    for (size_t i = 0; i < expected->count && error->status == SV_OK; i++) {
        const sv_expected_row_t *row = &expected->rows[i];

        if (json_object_get(racks, row->rack_id) == NULL) {
            sv_import_reject_line(&expected->table, row->line, "rack_id", "there is no rack %s", row->rack_id);
        } else if (json_object_get(items, row->item_code) == NULL) {
            sv_import_reject_line(&expected->table, row->line, "item_code", "there is no item %s", row->item_code);
        } else {
            sv_expected_write(expected, row, error);
        }
    }
    if (error->status == SV_OK) {
        sv_import_bulk_flush(&expected->bulk, error);
    }
    sv_arena_destroy(expected->arena);
    expected->arena = sv_arena_create();
    expected->count = 0;
    return error->status;
}

static sv_status_t
sv_expected_take(sv_expected_t *expected, sv_error_t *error)
{
    sv_import_table_t *table = &expected->table;
    sv_expected_row_t *row = &expected->rows[expected->count];
    const char *rack_id, *item_code;
    bool named = sv_import_required_code(table, "rack_id", SV_TEXT_CODE, SV_EXPECTED_CODE_MAX, &rack_id);

    named = sv_import_required_code(table, "item_code", SV_TEXT_CODE, SV_EXPECTED_CODE_MAX, &item_code) && named;
    *row = (sv_expected_row_t){ .line = table->row.line };
    row->has_quantity = sv_import_quantity(table, "book_qty", true, &row->quantity);
    if (!named || !table->good) {
        return SV_OK;
    }
    row->rack_id = sv_arena_strdup(expected->arena, rack_id);
    row->item_code = sv_arena_strdup(expected->arena, item_code);
    expected->count++;
    return expected->count == SV_EXPECTED_ROWS ? sv_expected_flush(expected, error) : SV_OK;
}

static void
sv_expected_run(sv_expected_t *expected, sv_error_t *error)
{
    sv_import_bulk_init(&expected->bulk, expected->store, SV_COLLECTION_RACK_ITEMS, &expected->table, error);
    expected->bulk.once = sv_import_once_create(error->arena);
    expected->arena = sv_arena_create();
    while (error->status == SV_OK && sv_import_table_next(&expected->table, error)) {
        sv_expected_take(expected, error);
    }
    if (error->status == SV_OK && expected->count > 0) {
        sv_expected_flush(expected, error);
    }
    sv_arena_destroy(expected->arena);
}

sv_status_t
sv_import_expected(sv_store_t *store, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result,
                   sv_error_t *error)
{
    sv_expected_t *expected = sv_arena_zalloc(error->arena, sizeof(*expected));

    *result = (sv_import_result_t){ 0 };
    expected->store = store;
    if (sv_import_table_open(&expected->table, stream, sv_expected_columns,
                             sizeof(sv_expected_columns) / sizeof(sv_expected_columns[0]), options, error) != SV_OK) {
        return error->status;
    }
    sv_expected_run(expected, error);
    sv_import_bulk_result(&expected->bulk, result);
    sv_import_bulk_close(&expected->bulk);
    sv_import_table_close(&expected->table);
    return error->status;
}
