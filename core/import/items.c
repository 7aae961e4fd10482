#include <string.h>

#include "core/base/text.h"
#include "core/import/bulk.h"
#include "core/import/import.h"
#include "core/import/items_stock.h"
#include "core/import/packs.h"
#include "core/items/corrections.h"
#include "core/items/item_keys.h"
#include "core/stock/lots.h"
#include "core/stock/stock_step.h"
#include "core/store/document.h"

typedef enum {
    SV_FIELD_OWN_RULE, /* read by a function of its own */
    SV_FIELD_CODE,     /* identifies something, and may be scanned */
    SV_FIELD_NAME,     /* identifies something else */
    SV_FIELD_TEXT,     /* describes, on one line */
    SV_FIELD_PARAGRAPHS,
    SV_FIELD_AMOUNT, /* a quantity or price, not negative */
    SV_FIELD_STOCK,  /* of a warehouse: items_stock.h writes it */
    SV_FIELD_LOT,
    SV_FIELD_FLAG,
    SV_FIELD_PACKS
} sv_item_field_kind_t;

enum { SV_ITEM_CODE_MAX = 64, SV_BARCODE_MAX = 64, SV_MAX_BARCODES = 100, SV_ITEM_NAME_MAX = 256 };

/* Every column: name, kind, longest text. */
#define SV_ITEM_FIELDS(FIELD)                                                                                          \
    FIELD("item_code", SV_FIELD_OWN_RULE, SV_ITEM_CODE_MAX)                                                            \
    FIELD("item_name", SV_FIELD_OWN_RULE, SV_ITEM_NAME_MAX)                                                            \
    FIELD("barcode", SV_FIELD_OWN_RULE, SV_BARCODE_MAX)                                                                \
    FIELD("barcodes", SV_FIELD_OWN_RULE, SV_BARCODE_MAX)                                                               \
    FIELD("warehouse", SV_FIELD_OWN_RULE, 64)                                                                          \
    FIELD("manual_barcode", SV_FIELD_CODE, SV_BARCODE_MAX)                                                             \
    FIELD("description", SV_FIELD_PARAGRAPHS, 1000)                                                                    \
    FIELD("category", SV_FIELD_TEXT, 128)                                                                              \
    FIELD("subcategory", SV_FIELD_TEXT, 128)                                                                           \
    FIELD("uom", SV_FIELD_NAME, 32)                                                                                    \
    FIELD("pack_qty", SV_FIELD_AMOUNT, 0)                                                                              \
    FIELD("floor", SV_FIELD_NAME, 64)                                                                                  \
    FIELD("rack", SV_FIELD_CODE, 64)                                                                                   \
    FIELD("location", SV_FIELD_NAME, 128)                                                                              \
    FIELD("stock_qty", SV_FIELD_STOCK, 0)                                                                              \
    FIELD("lot", SV_FIELD_LOT, 64)                                                                                     \
    FIELD("unit_cost", SV_FIELD_AMOUNT, 0)                                                                             \
    FIELD("sales_price", SV_FIELD_AMOUNT, 0)                                                                           \
    FIELD("mrp", SV_FIELD_AMOUNT, 0)                                                                                   \
    FIELD("packs", SV_FIELD_PACKS, 0)                                                                                  \
    FIELD("serial_tracked", SV_FIELD_FLAG, 0)                                                                          \
    FIELD("lot_tracked", SV_FIELD_FLAG, 0)                                                                             \
    FIELD("brand_name", SV_FIELD_TEXT, 128)                                                                            \
    FIELD("supplier_name", SV_FIELD_TEXT, 128)                                                                         \
    FIELD("image_url", SV_FIELD_NAME, 1000)

#define SV_ITEM_COLUMN(name, kind, max) { name, false },
static const sv_import_column_t sv_item_columns[] = { SV_ITEM_FIELDS(SV_ITEM_COLUMN) };

#define SV_ITEM_FIELD(name, kind, max) { name, kind, max },
static const struct {
    const char *name;
    sv_item_field_kind_t kind;
    size_t max_characters;
} sv_item_fields[] = { SV_ITEM_FIELDS(SV_ITEM_FIELD) };

enum { SV_ITEM_COLUMNS = sizeof(sv_item_columns) / sizeof(sv_item_columns[0]) };

static void
sv_item_put_field(sv_import_table_t *table, size_t i, bson_t *set)
{
    const char *name = sv_item_fields[i].name, *text = NULL;
    size_t max = sv_item_fields[i].max_characters;
    sv_quantity_t quantity;
    bool flag = false;

    switch (sv_item_fields[i].kind) {
    case SV_FIELD_OWN_RULE:
        return;
    case SV_FIELD_CODE:
    case SV_FIELD_NAME:
        sv_import_code(table, name, sv_item_fields[i].kind == SV_FIELD_CODE ? SV_TEXT_CODE : SV_TEXT_NAME, max, &text);
        sv_doc_put_text(set, name, text);
        return;
    case SV_FIELD_TEXT:
    case SV_FIELD_PARAGRAPHS:
        sv_import_text(table, name, max, sv_item_fields[i].kind == SV_FIELD_PARAGRAPHS, &text);
        sv_doc_put_text(set, name, text);
        return;
    case SV_FIELD_STOCK:
        sv_import_quantity(table, name, true, &quantity);
        return;
    case SV_FIELD_LOT:
        sv_import_code(table, name, SV_TEXT_CODE, max, &text);
        return;
    case SV_FIELD_AMOUNT:
        if (sv_import_quantity(table, name, false, &quantity)) {
            sv_doc_put_quantity(set, name, quantity);
        } else {
            sv_doc_put_text(set, name, NULL);
        }
        return;
    case SV_FIELD_FLAG:
        sv_import_flag(table, name, &flag);
        BSON_APPEND_BOOL(set, name, flag);
        return;
    case SV_FIELD_PACKS:
        sv_import_put_packs(table, set);
        return;
    }
}

typedef struct {
    const char *codes[SV_MAX_BARCODES];
    size_t count;
} sv_barcodes_t;

static void
sv_barcodes_add(sv_import_table_t *table, sv_barcodes_t *barcodes, const char *column, const char *code)
{
    for (size_t i = 0; i < barcodes->count; i++) {
        if (strcmp(barcodes->codes[i], code) == 0) {
            return;
        }
    }
    if (barcodes->count == SV_MAX_BARCODES) {
        sv_import_reject(table, column, "an item has at most %d barcodes", SV_MAX_BARCODES);
        return;
    }
    barcodes->codes[barcodes->count++] = code;
}

static const char sv_barcode_separators[] = "|;, \t\r\n";

/* The barcode and the others, each once, as one array. */
static void
sv_item_put_barcodes(sv_import_table_t *table, const char *barcode, bson_t *set, sv_arena_t *arena)
{
    sv_barcodes_t barcodes = { .count = 0 };
    char *list = sv_arena_strdup(arena, sv_import_field(table, "barcodes")), *rest = NULL;
    const char *code;
    bson_t array;
    char key[16];
    const char *index;

    if (barcode != NULL) {
        sv_barcodes_add(table, &barcodes, "barcode", barcode);
    }
    for (char *text = strtok_r(list, sv_barcode_separators, &rest); text != NULL;
         text = strtok_r(NULL, sv_barcode_separators, &rest)) {
        if (sv_import_barcode_read(table, "barcodes", text, &code)) {
            sv_barcodes_add(table, &barcodes, "barcodes", code);
        }
    }
    sv_doc_put_text(set, "barcode", barcode);
    BSON_APPEND_ARRAY_BEGIN(set, "barcodes", &array);
    for (size_t i = 0; i < barcodes.count; i++) {
        size_t length = bson_uint32_to_string((uint32_t) i, &index, key, sizeof(key));

        bson_append_utf8(&array, index, (int) length, barcodes.codes[i], -1);
    }
    bson_append_array_end(set, &array);
}

/* Where the file has no names it says something of items that are there, and nothing else: not that they are delisted
 * no more. */
static bool
sv_item_describes(const sv_import_table_t *table)
{
    return sv_import_has(table, "item_name");
}

/* A file of stock says by its warehouses whose stock it is, not where items are kept. */
static bool
sv_item_tells_place(const sv_import_table_t *table)
{
    return sv_item_describes(table) || !sv_import_has(table, "stock_qty") || sv_import_has(table, "floor") ||
           sv_import_has(table, "rack") || sv_import_has(table, "location");
}

/* The row's own warehouse, else the default one; without either it is left alone. */
static void
sv_item_put_warehouse(sv_import_table_t *table, bson_t *set)
{
    const char *warehouse = table->options->default_warehouse;

    sv_import_code(table, "warehouse", SV_TEXT_NAME, 64, &warehouse);
    if (!sv_item_tells_place(table)) {
        return;
    }
    if (warehouse != NULL || sv_import_has(table, "warehouse")) {
        sv_doc_put_text(set, "warehouse", warehouse);
    }
}

/* What a new item starts with where the file has no column for it. */
static void
sv_item_put_defaults(const sv_import_table_t *table, bool has_barcodes, bson_t *update)
{
    bson_t defaults, none;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &defaults);
    BSON_APPEND_BOOL(&defaults, "verified", false);
    for (size_t i = 0; i < SV_ITEM_COLUMNS; i++) {
        if (sv_item_fields[i].kind == SV_FIELD_FLAG && table->places[i] < 0) {
            BSON_APPEND_BOOL(&defaults, sv_item_fields[i].name, false);
        }
    }
    if (!has_barcodes) {
        BSON_APPEND_ARRAY_BEGIN(&defaults, "barcodes", &none);
        bson_append_array_end(&defaults, &none);
    }
    bson_append_document_end(update, &defaults);
}

/* A barcode that only names a known item leaves its others alone. */
static bool
sv_item_tells_barcodes(const sv_import_table_t *table)
{
    return sv_import_has(table, "barcodes") ||
           (sv_import_has(table, "barcode") && (sv_import_has(table, "item_code") || sv_item_describes(table)));
}

static const bson_t *
sv_item_update(sv_import_table_t *table, const char *name, const char *barcode)
{
    bool has_barcodes = sv_item_tells_barcodes(table);
    bson_t *update = sv_doc_new(table->arena);
    bson_t set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    if (sv_item_describes(table)) {
        BSON_APPEND_UTF8(&set, "item_name", name);
        BSON_APPEND_BOOL(&set, "deleted", false);
    }
    sv_item_put_warehouse(table, &set);
    if (has_barcodes) {
        sv_item_put_barcodes(table, barcode, &set, table->arena);
    }
    for (size_t i = 0; i < SV_ITEM_COLUMNS; i++) {
        if (table->places[i] >= 0) {
            sv_item_put_field(table, i, &set);
        }
    }
    bson_append_document_end(update, &set);
    sv_item_put_defaults(table, has_barcodes, update);
    BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    return update;
}

static sv_status_t
sv_item_read(sv_import_table_t *table, sv_import_take_t take, void *context, sv_error_t *error)
{
    const char *code_column = sv_import_has(table, "item_code") ? "item_code" : "barcode";
    const char *code = "", *name = "", *barcode = NULL;
    bson_t *selector = sv_doc_new(table->arena);
    const bson_t *update;

    sv_import_required_code(table, code_column, SV_TEXT_CODE, SV_ITEM_CODE_MAX, &code);
    if (sv_item_describes(table)) {
        sv_import_required_text(table, "item_name", SV_ITEM_NAME_MAX, &name);
    }
    if (sv_import_code(table, "barcode", SV_TEXT_CODE, SV_BARCODE_MAX, &barcode)) {
        sv_import_barcode_read(table, "barcode", barcode, &barcode);
    }
    update = sv_item_update(table, name, barcode);
    if (!table->good) {
        return SV_OK;
    }
    BSON_APPEND_UTF8(selector, "item_code", code);
    return take(context, table->row.line, selector, update, error);
}

/* A file must say something of its items beside their codes. */
static bool
sv_items_say_something(const sv_import_table_t *table)
{
    const char *code_column = sv_import_has(table, "item_code") ? "item_code" : "barcode";

    for (size_t i = 0; i < SV_ITEM_COLUMNS; i++) {
        if (table->places[i] >= 0 && strcmp(sv_item_fields[i].name, code_column) != 0) {
            return true;
        }
    }
    return table->options->default_warehouse != NULL;
}

static sv_status_t
sv_items_read_rows(sv_import_table_t *table, sv_import_take_t take, void *context, sv_error_t *error)
{
    if (!sv_import_has(table, "item_code") && !sv_import_has(table, "barcode")) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "line %ld: a column item_code or barcode is required",
                       table->row.line);
    }
    if (!sv_items_say_something(table)) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED,
                       "line %ld: there are codes only: a column item_name is required, or others for known items",
                       table->row.line);
    }
    while (error->status == SV_OK && sv_import_table_next(table, error)) {
        sv_item_read(table, take, context, error);
    }
    return error->status;
}

sv_status_t
sv_import_items_read(sv_import_table_t *table, FILE *stream, const sv_import_options_t *options, sv_import_take_t take,
                     void *context, sv_error_t *error)
{
    if (sv_import_table_open(table, stream, sv_item_columns, SV_ITEM_COLUMNS, options, error) != SV_OK) {
        return error->status;
    }
    sv_items_read_rows(table, take, context, error);
    sv_import_table_close(table);
    return error->status;
}

/* The codes that find an item, and when its lots began to be counted apart or ceased to, from what the file tells and
 * what it leaves alone. */
static void
sv_items_put_derived(const bson_t *stored, const bson_t *set, const bson_t *selector, int64_t now_ms, bson_t *derived,
                     sv_arena_t *arena)
{
    bson_t *item = sv_doc_copy(selector, arena);
    bson_iter_t field;

    for (size_t i = 0; sv_item_key_fields[i] != NULL; i++) {
        if (!bson_has_field(item, sv_item_key_fields[i]) &&
            (bson_iter_init_find(&field, set, sv_item_key_fields[i]) ||
             (stored != NULL && bson_iter_init_find(&field, stored, sv_item_key_fields[i])))) {
            bson_append_iter(item, NULL, 0, &field);
        }
    }
    sv_item_keys_put(derived, item, arena);
    if (bson_iter_init_find(&field, set, "lot_tracked")) {
        sv_lot_tracking_put_change(derived, stored, sv_doc_bool(set, "lot_tracked"), now_ms, arena);
    }
}

static const char *const sv_items_follow[] = { "lookup_keys", "lot_changes", NULL };
static const sv_import_derived_t sv_items_derived = { sv_item_key_fields, sv_items_follow, sv_items_put_derived,
                                                      SV_ITEM_CORRECTIONS, SV_ITEM_ERP_VALUES };

const sv_import_derived_t *
sv_import_items_derived(void)
{
    return &sv_items_derived;
}

const char *
sv_import_item_column(const char *name)
{
    for (size_t i = 0; i < SV_ITEM_COLUMNS; i++) {
        if (strcmp(sv_item_columns[i].name, name) == 0) {
            return sv_item_columns[i].name;
        }
    }
    return NULL;
}

sv_status_t
sv_import_items_begin(sv_import_table_t *table, const char *const *names, size_t count,
                      const sv_import_options_t *options, sv_error_t *error)
{
    return sv_import_table_begin(table, names, count, sv_item_columns, SV_ITEM_COLUMNS, options, error);
}

sv_status_t
sv_import_items_row(sv_import_table_t *table, long line, char **fields, sv_import_take_t take, void *context,
                    sv_error_t *error)
{
    sv_import_table_give(table, line, fields);
    return sv_item_read(table, take, context, error);
}

static sv_status_t
sv_items_flush(sv_import_items_stock_t *stock, sv_error_t *error)
{
    return sv_import_bulk_flush(stock->items, error) == SV_OK ? sv_import_items_stock_flush(stock, error)
                                                              : error->status;
}

static sv_status_t
sv_items_take(void *context, long line, const bson_t *selector, const bson_t *update, sv_error_t *error)
{
    sv_import_items_stock_t *stock = context;
    sv_import_bulk_t *bulk = stock->items;

    bulk->missing = sv_item_describes(bulk->table) ? NULL : "item_name";
    sv_import_items_stock_note(stock, line, sv_doc_text(selector, "item_code", bulk->arena));
    if (sv_import_bulk_put(bulk, line, selector, update, error) == SV_OK && bulk->count == 0) {
        sv_import_items_stock_flush(stock, error);
    }
    return error->status;
}

sv_status_t
sv_import_items(sv_store_t *store, FILE *stream, const sv_import_options_t *options, sv_import_result_t *result,
                sv_error_t *error)
{
    sv_import_table_t table = { 0 };
    sv_import_bulk_t *bulk = sv_arena_alloc(error->arena, sizeof(*bulk));
    sv_import_items_stock_t *stock = sv_arena_alloc(error->arena, sizeof(*stock));

    *result = (sv_import_result_t){ 0 };
    if (options->plan == NULL && sv_stock_bring_over(store, error) != SV_OK) {
        return error->status;
    }
    sv_import_bulk_init(bulk, store, SV_COLLECTION_ERP_ITEMS, &table, error);
    sv_import_items_stock_init(stock, store, bulk, error);
    bulk->derived = &sv_items_derived;
    if (error->status == SV_OK && sv_import_items_read(&table, stream, options, sv_items_take, stock, error) == SV_OK) {
        sv_items_flush(stock, error);
    }
    *result = (sv_import_result_t){ .rows = table.rows,
                                    .created = stock->created,
                                    .changed = stock->changed,
                                    .unchanged = stock->unchanged,
                                    .errors = table.errors + stock->table.errors };
    sv_import_items_stock_close(stock);
    sv_import_bulk_close(bulk);
    return error->status;
}
