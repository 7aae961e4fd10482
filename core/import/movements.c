#include "core/import/movements.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/import/bulk.h"
#include "core/stock/stock.h"
#include "core/store/document.h"
#include "core/totals/touch.h"

static const sv_import_column_t sv_movement_columns[] = {
    { "movement_id", true }, { "item_code", true }, { "warehouse", false },     { "lot", false },
    { "qty", true },         { "moved_at", true },  { "adjustment_id", false },
};

enum { SV_MOVEMENT_TEXT_MAX = 128, SV_MOVEMENT_COLUMNS = sizeof(sv_movement_columns) / sizeof(sv_movement_columns[0]) };

typedef struct {
    const char *warehouse, *item_code;
} sv_moved_item_t;

struct sv_movements_s {
    sv_arena_t *own; /* this lies in it */
    sv_store_t *store;
    sv_import_table_t table;
    sv_import_bulk_t bulk;
    sv_arena_t *arena; /* of those gathered */
    sv_moved_item_t moved[SV_IMPORT_BULK_ROWS];
    size_t count;
};

/* What moved in the warehouse of the first of them; the others are left. */
static size_t
sv_movements_of_a_warehouse(sv_movements_t *movements, const char **codes)
{
    const char *warehouse = movements->moved[0].warehouse;
    size_t count = 0, left = 0;

    for (size_t i = 0; i < movements->count; i++) {
        if (strcmp(movements->moved[i].warehouse, warehouse) == 0) {
            codes[count++] = movements->moved[i].item_code;
        } else {
            movements->moved[left++] = movements->moved[i];
        }
    }
    movements->count = left;
    return count;
}

sv_status_t
sv_import_movements_flush(sv_movements_t *movements, sv_error_t *error)
{
    bool dry_run = movements->table.options->plan != NULL;
    const char *codes[SV_IMPORT_BULK_ROWS];

    if (sv_import_bulk_flush(&movements->bulk, error) == SV_OK && !dry_run) {
        while (movements->count > 0 && error->status == SV_OK) {
            const char *warehouse = movements->moved[0].warehouse;
            size_t count = sv_movements_of_a_warehouse(movements, codes);

            sv_totals_touch(movements->store, warehouse, codes, count, error);
        }
    }
    movements->count = 0;
    sv_arena_destroy(movements->arena);
    movements->arena = sv_arena_create();
    return error->status;
}

static void
sv_movement_put_text(sv_import_table_t *table, const char *column, size_t max, const char *otherwise, bson_t *set)
{
    const char *text = otherwise;

    sv_import_code(table, column, SV_TEXT_CODE, max, &text);
    sv_doc_put_text(set, column, text);
}

static const bson_t *
sv_movement_update(sv_import_table_t *table, const char *item_code)
{
    bson_t *update = sv_doc_new(table->arena), set;
    const char *moved_at = sv_import_field(table, "moved_at");
    sv_quantity_t quantity = 0;
    int64_t moved_at_ms = 0;

    if (!sv_import_quantity(table, "qty", true, &quantity) && table->good) {
        sv_import_reject(table, "qty", "a movement needs it");
    }
    if (!sv_time_parse(moved_at, &moved_at_ms)) {
        sv_import_reject(table, "moved_at", "\"%.40s\" is no time like 2026-01-05T08:00:00Z", moved_at);
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "item_code", item_code);
    sv_movement_put_text(table, "lot", SV_LOT_MAX, "", &set);
    sv_doc_put_quantity(&set, "qty", quantity);
    sv_doc_put_time(&set, "moved_at", moved_at_ms);
    sv_movement_put_text(table, "adjustment_id", SV_MOVEMENT_TEXT_MAX, NULL, &set);
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    return update;
}

static sv_status_t
sv_movements_take(sv_movements_t *movements, sv_error_t *error)
{
    sv_import_table_t *table = &movements->table;
    const char *id = "", *item_code = "", *warehouse = table->options->default_warehouse;
    bson_t *selector = sv_doc_new(table->arena);
    const bson_t *update;

    sv_import_required_code(table, "movement_id", SV_TEXT_CODE, SV_MOVEMENT_TEXT_MAX, &id);
    sv_import_required_code(table, "item_code", SV_TEXT_CODE, SV_MOVEMENT_TEXT_MAX, &item_code);
    sv_import_code(table, "warehouse", SV_TEXT_NAME, 64, &warehouse);
    if (warehouse == NULL && table->good) {
        sv_import_reject(table, "warehouse", "say where it moved, here or with --warehouse");
    }
    update = sv_movement_update(table, item_code);
    if (!table->good) {
        return SV_OK;
    }
    if (movements->count == SV_IMPORT_BULK_ROWS - 1) {
        sv_import_movements_flush(movements, error);
    }
    movements->moved[movements->count++] =
        (sv_moved_item_t){ sv_arena_strdup(movements->arena, warehouse), sv_arena_strdup(movements->arena, item_code) };
    BCON_APPEND(selector, "warehouse", BCON_UTF8(warehouse), "movement_id", BCON_UTF8(id));
    return error->status == SV_OK ? sv_import_bulk_put(&movements->bulk, table->row.line, selector, update, error)
                                  : error->status;
}

static sv_movements_t *
sv_movements_create(sv_store_t *store)
{
    sv_arena_t *arena = sv_arena_create();
    sv_movements_t *movements = sv_arena_zalloc(arena, sizeof(*movements));

    movements->own = arena;
    movements->store = store;
    movements->arena = sv_arena_create();
    return movements;
}

static sv_status_t
sv_movements_begin(sv_movements_t *movements, sv_error_t *error)
{
    return sv_import_bulk_init(&movements->bulk, movements->store, SV_COLLECTION_ITEM_MOVEMENTS, &movements->table,
                               error);
}

sv_status_t
sv_import_movements_open(sv_store_t *store, const char *const *names, size_t name_count,
                         const sv_import_options_t *options, sv_movements_t **opened, sv_error_t *error)
{
    sv_movements_t *movements = *opened = sv_movements_create(store);

    if (sv_import_table_begin(&movements->table, names, name_count, sv_movement_columns, SV_MOVEMENT_COLUMNS, options,
                              error) != SV_OK) {
        return error->status;
    }
    return sv_movements_begin(movements, error);
}

sv_status_t
sv_import_movements_row(sv_movements_t *movements, long line, char **fields, sv_error_t *error)
{
    sv_import_table_give(&movements->table, line, fields);
    return sv_movements_take(movements, error);
}

void
sv_import_movements_close(sv_movements_t *movements, sv_import_result_t *result)
{
    if (movements == NULL) {
        return;
    }
    *result = (sv_import_result_t){ 0 };
    if (movements->bulk.table != NULL) {
        sv_import_bulk_result(&movements->bulk, result);
    }
    sv_import_bulk_close(&movements->bulk);
    sv_import_table_close(&movements->table);
    sv_arena_destroy(movements->arena);
    sv_arena_destroy(movements->own);
}

sv_status_t
sv_import_movements(sv_store_t *store, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result,
                    sv_error_t *error)
{
    sv_movements_t *movements = sv_movements_create(store);

    if (sv_import_table_open(&movements->table, stream, sv_movement_columns, SV_MOVEMENT_COLUMNS, options, error) ==
            SV_OK &&
        sv_movements_begin(movements, error) == SV_OK) {
        while (error->status == SV_OK && sv_import_table_next(&movements->table, error)) {
            sv_movements_take(movements, error);
        }
        if (error->status == SV_OK) {
            sv_import_movements_flush(movements, error);
        }
    }
    sv_import_movements_close(movements, result);
    return error->status;
}
