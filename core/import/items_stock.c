#include "core/import/items_stock.h"

#include <stdlib.h>
#include <string.h>

#include "core/stock/stock.h"
#include "core/stock/stock_copies.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"

static int
sv_compare_line(const void *line, const void *row)
{
    long a = *(const long *) line, b = ((const sv_import_stock_t *) row)->line;

    return a < b ? -1 : a > b;
}

static sv_import_stock_t *
sv_stock_row(sv_import_items_stock_t *stock, long line)
{
    return bsearch(&line, stock->rows, stock->count, sizeof(stock->rows[0]), sv_compare_line);
}

static void
sv_item_settled(void *context, long line, sv_import_outcome_t outcome)
{
    sv_import_stock_t *row = sv_stock_row(context, line);

    if (row != NULL) {
        row->outcome = outcome;
    }
}

static void
sv_stock_settled(void *context, long line, sv_import_outcome_t outcome)
{
    sv_import_stock_t *row = sv_stock_row(context, line);

    if (row != NULL && row->outcome == SV_IMPORT_SAME && outcome != SV_IMPORT_SAME) {
        row->outcome = SV_IMPORT_CHANGED;
    }
}

static void
sv_stock_plan(void *context, long line, const char *key, const char *changed_fields)
{
    const sv_import_items_stock_t *stock = context;
    const sv_import_stock_t *row = sv_stock_row(context, line);
    const sv_import_options_t *options = stock->items->table->options;

    (void) key;
    (void) changed_fields;
    if (row != NULL && row->outcome != SV_IMPORT_CREATED) {
        options->plan(options->context, line, row->item_code, "stock_qty");
    }
}

static void
sv_stock_report(void *context, long line, const char *column, const char *message)
{
    const sv_import_items_stock_t *stock = context;
    const sv_import_options_t *options = stock->items->table->options;

    options->report(options->context, line, column, message);
}

sv_status_t
sv_import_items_stock_init(sv_import_items_stock_t *stock, sv_store_t *store, sv_import_bulk_t *items,
                           sv_error_t *error)
{
    *stock = (sv_import_items_stock_t){ .store = store, .items = items, .arena = sv_arena_create() };
    items->settled = sv_item_settled;
    items->settled_context = stock;
    sv_import_bulk_init(&stock->stock, store, SV_COLLECTION_ITEM_STOCK, &stock->table, error);
    stock->stock.once = sv_import_once_create(error->arena);
    stock->stock.settled = sv_stock_settled;
    stock->stock.settled_context = stock;
    return error->status;
}

void
sv_import_items_stock_close(sv_import_items_stock_t *stock)
{
    sv_import_bulk_close(&stock->stock);
    sv_arena_destroy(stock->arena);
}

void
sv_import_items_stock_note(sv_import_items_stock_t *stock, long line, const char *item_code)
{
    sv_import_table_t *table = stock->items->table;
    sv_import_stock_t *row = &stock->rows[stock->count++];
    const char *lot = "", *warehouse = table->options->default_warehouse;

    sv_import_code(table, "lot", SV_TEXT_CODE, SV_LOT_MAX, &lot);
    sv_import_code(table, "warehouse", SV_TEXT_NAME, 64, &warehouse);
    *row = (sv_import_stock_t){ .line = line,
                                .item_code = sv_arena_strdup(stock->arena, item_code),
                                .warehouse = warehouse == NULL ? NULL : sv_arena_strdup(stock->arena, warehouse),
                                .lot = sv_arena_strdup(stock->arena, lot),
                                .tells = sv_import_has(table, "stock_qty") };
    row->known = row->tells && sv_import_quantity(table, "stock_qty", true, &row->quantity);
    row->has_cost = row->tells && sv_import_quantity(table, "unit_cost", false, &row->unit_cost);
}

/* ---- rows that do not say whose stock it is */

static bool
sv_stock_is_homeless(const sv_import_stock_t *row)
{
    return row->tells && row->warehouse == NULL && row->outcome != SV_IMPORT_REFUSED;
}

/* What the item itself says, where it has no warehouse. */
static sv_status_t
sv_stock_keep_on_item(sv_import_items_stock_t *stock, sv_import_stock_t *row, const bson_t *item, sv_bulk_t *bulk,
                      sv_error_t *error)
{
    const sv_import_options_t *options = stock->items->table->options;
    bson_t *filter = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(row->item_code)), stock->arena);
    bson_t *update = sv_doc_new(stock->arena), set;

    if (item != NULL && sv_doc_has(item, "stock_qty") == row->known &&
        sv_doc_quantity(item, "stock_qty") == row->quantity) {
        return SV_OK;
    }
    if (row->outcome == SV_IMPORT_SAME) {
        row->outcome = SV_IMPORT_CHANGED;
    }
    if (options->plan != NULL) {
        sv_stock_plan(stock, row->line, NULL, NULL);
        return SV_OK;
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    if (row->known) {
        sv_doc_put_quantity(&set, "stock_qty", row->quantity);
    } else {
        BSON_APPEND_NULL(&set, "stock_qty");
    }
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    return sv_bulk_update(bulk, filter, update, false, error);
}

static const bson_t *
sv_stock_item_of(const bson_t *const *items, size_t count, const char *code, sv_arena_t *arena)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(sv_doc_text(items[i], "item_code", arena), code) == 0) {
            return items[i];
        }
    }
    return NULL;
}

static sv_status_t
sv_stock_read_items(sv_import_items_stock_t *stock, const char *const *codes, size_t count, const bson_t **items,
                    size_t *found, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(stock->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "warehouse", BCON_INT32(1),
                                           "stock_qty", BCON_INT32(1), "}"),
                                  stock->arena);
    mongoc_cursor_t *cursor;
    const bson_t *item;
    sv_status_t status;

    *found = 0;
    sv_filter_in(filter, "item_code", codes, count);
    status = sv_store_find(stock->store, SV_COLLECTION_ERP_ITEMS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (*found < count && mongoc_cursor_next(cursor, &item)) {
        items[(*found)++] = sv_doc_copy(item, stock->arena);
    }
    status = sv_store_cursor_end(stock->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static sv_status_t
sv_stock_find_homes(sv_import_items_stock_t *stock, sv_error_t *error)
{
    const char *codes[SV_IMPORT_BULK_ROWS];
    const bson_t *items[SV_IMPORT_BULK_ROWS];
    size_t count = 0, found;
    sv_bulk_result_t result;
    sv_bulk_t bulk;

    for (size_t i = 0; i < stock->count; i++) {
        if (sv_stock_is_homeless(&stock->rows[i])) {
            codes[count++] = stock->rows[i].item_code;
        }
    }
    if (count == 0 || sv_stock_read_items(stock, codes, count, items, &found, error) != SV_OK) {
        return error->status;
    }
    sv_bulk_begin(&bulk, stock->store, SV_COLLECTION_ERP_ITEMS, stock->arena);
    for (size_t i = 0; i < stock->count && error->status == SV_OK; i++) {
        sv_import_stock_t *row = &stock->rows[i];

        if (sv_stock_is_homeless(row)) {
            const bson_t *item = sv_stock_item_of(items, found, row->item_code, stock->arena);

            row->warehouse = item == NULL ? NULL : sv_doc_text(item, "warehouse", stock->arena);
            if (row->warehouse == NULL) {
                sv_stock_keep_on_item(stock, row, item, &bulk, error);
            }
        }
    }
    if (error->status != SV_OK) {
        sv_bulk_discard(&bulk);
        return error->status;
    }
    return sv_bulk_run(&bulk, stock->arena, &result, error);
}

/* ---- rows of item_stock */

static sv_status_t
sv_stock_put(sv_import_items_stock_t *stock, const sv_import_stock_t *row, sv_error_t *error)
{
    bson_t *selector = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(row->warehouse), "item_code",
                                            BCON_UTF8(row->item_code), "lot", BCON_UTF8(row->lot)),
                                   stock->arena);
    bson_t *update = sv_doc_new(stock->arena), set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    if (row->known) {
        sv_doc_put_quantity(&set, "book_qty", row->quantity);
    } else {
        BSON_APPEND_NULL(&set, "book_qty");
    }
    if (row->has_cost) {
        sv_doc_put_quantity(&set, "unit_cost", row->unit_cost);
    }
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "synced_at", BCON_BOOL(true), "}");
    return sv_import_bulk_put(&stock->stock, row->line, selector, update, error);
}

/* Items of which something changed: the copy they keep follows, of another warehouse too if that is theirs now.  Of the
 * others it is looked at, for an import that died before it came so far. */
static sv_status_t
sv_stock_settle_window(sv_import_items_stock_t *stock, sv_error_t *error)
{
    const char *codes[SV_IMPORT_BULK_ROWS], *same[SV_IMPORT_BULK_ROWS];
    size_t count = 0, same_count = 0;

    for (size_t i = 0; i < stock->count; i++) {
        if (stock->rows[i].outcome == SV_IMPORT_CHANGED ||
            (stock->rows[i].outcome == SV_IMPORT_CREATED && stock->rows[i].tells)) {
            codes[count++] = stock->rows[i].item_code;
        } else if (stock->rows[i].outcome == SV_IMPORT_SAME && stock->rows[i].tells) {
            same[same_count++] = stock->rows[i].item_code;
        }
    }
    return sv_stock_settle(stock->store, codes, count, error) == SV_OK
               ? sv_stock_copy(stock->store, same, same_count, error)
               : error->status;
}

sv_status_t
sv_import_items_stock_flush(sv_import_items_stock_t *stock, sv_error_t *error)
{
    bool dry_run = stock->items->table->options->plan != NULL;

    stock->options = *stock->items->table->options;
    stock->options.plan = dry_run ? sv_stock_plan : NULL;
    stock->options.report = sv_stock_report;
    stock->options.context = stock;
    stock->table.options = &stock->options;
    sv_stock_find_homes(stock, error);
    for (size_t i = 0; i < stock->count && error->status == SV_OK; i++) {
        const sv_import_stock_t *row = &stock->rows[i];

        if (row->tells && row->warehouse != NULL && row->outcome != SV_IMPORT_REFUSED) {
            sv_stock_put(stock, row, error);
        }
    }
    if (error->status == SV_OK && sv_import_bulk_flush(&stock->stock, error) == SV_OK && !dry_run) {
        sv_stock_settle_window(stock, error);
    }
    for (size_t i = 0; i < stock->count; i++) {
        stock->created += stock->rows[i].outcome == SV_IMPORT_CREATED;
        stock->changed += stock->rows[i].outcome == SV_IMPORT_CHANGED;
        stock->unchanged += stock->rows[i].outcome == SV_IMPORT_SAME;
    }
    stock->count = 0;
    sv_arena_destroy(stock->arena);
    stock->arena = sv_arena_create();
    return error->status;
}
