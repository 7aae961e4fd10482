#include "core/items/item_view.h"

#include <string.h>

#include "core/counts/count.h"
#include "core/stock/stock.h"
#include "core/store/document.h"

static const char *const sv_item_texts[] = {
    "item_code",   "item_name",   "description", "barcode",    "manual_barcode", "category",
    "subcategory", "uom",         "pack_qty",    "floor",      "rack",           "location",
    "unit_cost",   "sales_price", "mrp",         "brand_name", "supplier_name",  "image_url",
};

static const char *const sv_item_counted[] = { "verified_qty", "damaged_qty", "non_returnable_damaged_qty",
                                               "variance" };

static const char *const sv_item_more[] = { "barcodes",  "packs",       "serial_tracked", "lot_tracked", "deleted",
                                            "verified",  "verified_by", "verified_at",    "updated_at",  "lookup_keys",
                                            "warehouse", "stock_qty",   "stock_row" };

enum {
    SV_TEXTS = sizeof(sv_item_texts) / sizeof(sv_item_texts[0]),
    SV_COUNTED = sizeof(sv_item_counted) / sizeof(sv_item_counted[0]),
    SV_MORE = sizeof(sv_item_more) / sizeof(sv_item_more[0])
};

/* Stocks of one item while they are gathered. */
typedef struct {
    const char *item_code;
    sv_item_stock_t *stocks;
    size_t count, capacity;
} sv_item_gathered_t;

typedef struct {
    sv_item_gathered_t *items;
    size_t count;
    sv_arena_t *arena;
} sv_gathered_t;

/* Items are few: those of one answer. */
static sv_item_stock_t *
sv_gathered_stock(sv_gathered_t *gathered, sv_item_gathered_t *item, const char *warehouse)
{
    for (size_t i = 0; i < item->count; i++) {
        if (strcmp(item->stocks[i].warehouse, warehouse) == 0) {
            return &item->stocks[i];
        }
    }
    item->stocks = sv_arena_grow(gathered->arena, item->stocks, item->count, &item->capacity, sizeof(*item->stocks));
    item->stocks[item->count] = (sv_item_stock_t){ .warehouse = warehouse, .known = true };
    return &item->stocks[item->count++];
}

/* Lots add up; of one that is not known the whole is not. */
static void
sv_gathered_add(const sv_stock_t *row, void *context)
{
    sv_gathered_t *gathered = context;

    for (size_t i = 0; i < gathered->count; i++) {
        sv_item_gathered_t *item = &gathered->items[i];

        if (item->item_code != NULL && strcmp(item->item_code, row->item_code) == 0) {
            sv_item_stock_t *stock = sv_gathered_stock(gathered, item, row->warehouse);

            stock->known =
                stock->known && row->known && sv_quantity_add(stock->quantity, row->quantity, &stock->quantity);
        }
    }
}

sv_status_t
sv_item_stocks_load(sv_store_t *store, const bson_t *const *items, size_t count, sv_item_stocks_t *stocks,
                    sv_arena_t *arena, sv_error_t *error)
{
    sv_gathered_t gathered = { .count = count, .arena = arena };
    const char **codes = sv_arena_alloc(arena, (count + 1) * sizeof(*codes));
    size_t code_count = 0;

    gathered.items = sv_arena_zalloc(arena, (count + 1) * sizeof(*gathered.items));
    for (size_t i = 0; i < count; i++) {
        gathered.items[i].item_code = sv_doc_text(items[i], "item_code", arena);
        if (gathered.items[i].item_code != NULL) {
            codes[code_count++] = gathered.items[i].item_code;
        }
    }
    if (sv_stock_read(store, NULL, codes, code_count, sv_gathered_add, &gathered, arena, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < count; i++) {
        const char *own = sv_doc_text(items[i], "warehouse", arena);
        sv_quantity_t quantity;

        if (sv_stock_of_item(items[i], own, &quantity, arena)) {
            sv_gathered_stock(&gathered, &gathered.items[i], own)->quantity = quantity;
        }
        stocks[i].stocks = gathered.items[i].stocks;
        stocks[i].count = gathered.items[i].count;
    }
    return SV_OK;
}

void
sv_item_view_projection(bson_t *options)
{
    bson_t projection;

    BSON_APPEND_DOCUMENT_BEGIN(options, "projection", &projection);
    for (size_t i = 0; i < SV_TEXTS; i++) {
        BSON_APPEND_INT32(&projection, sv_item_texts[i], 1);
    }
    for (size_t i = 0; i < SV_COUNTED; i++) {
        BSON_APPEND_INT32(&projection, sv_item_counted[i], 1);
    }
    for (size_t i = 0; i < SV_MORE; i++) {
        BSON_APPEND_INT32(&projection, sv_item_more[i], 1);
    }
    bson_append_document_end(options, &projection);
}

static void
sv_item_write_field(sv_json_writer_t *w, const bson_t *item, const char *field)
{
    bson_iter_t iter;

    if (bson_iter_init_find(&iter, item, field)) {
        sv_doc_write_value(w, field, &iter);
    } else {
        sv_json_null(w, field);
    }
}

/* An array also where none is stored. */
static void
sv_item_write_array(sv_json_writer_t *w, const bson_t *item, const char *field)
{
    bson_iter_t iter;

    if (bson_iter_init_find(&iter, item, field) && BSON_ITER_HOLDS_ARRAY(&iter)) {
        sv_doc_write_value(w, field, &iter);
    } else {
        sv_json_array(w, field);
        sv_json_end(w);
    }
}

void
sv_item_write_master(sv_json_writer_t *w, const bson_t *item, sv_arena_t *arena)
{
    for (size_t i = 0; i < SV_TEXTS; i++) {
        sv_item_write_field(w, item, sv_item_texts[i]);
    }
    sv_item_write_array(w, item, "barcodes");
    sv_item_write_array(w, item, "packs");
    sv_json_bool(w, "serial_tracked", sv_doc_bool(item, "serial_tracked"));
    sv_json_bool(w, "is_serialized", sv_doc_bool(item, "serial_tracked"));
    sv_json_bool(w, "lot_tracked", sv_doc_bool(item, "lot_tracked"));
    sv_json_bool(w, "delisted", sv_doc_bool(item, "deleted"));
    sv_json_bool(w, "verified", sv_doc_bool(item, "verified"));
    sv_json_text(w, "verified_by", sv_doc_text(item, "verified_by", arena));
    sv_json_time(w, "verified_at", sv_doc_time(item, "verified_at"));
    sv_json_time(w, "updated_at", sv_doc_time(item, "updated_at"));
}

void
sv_item_write_counted(sv_json_writer_t *w, const bson_t *item)
{
    for (size_t i = 0; i < SV_COUNTED; i++) {
        sv_item_write_field(w, item, sv_item_counted[i]);
    }
}

void
sv_item_write_stock(sv_json_writer_t *w, const sv_item_stocks_t *stocks, const char *warehouse)
{
    for (size_t i = 0; warehouse != NULL && i < stocks->count; i++) {
        if (strcmp(stocks->stocks[i].warehouse, warehouse) == 0 && stocks->stocks[i].known) {
            sv_json_quantity(w, "stock_qty", stocks->stocks[i].quantity);
            return;
        }
    }
    sv_json_null(w, "stock_qty");
}

void
sv_item_write(sv_json_writer_t *w, const bson_t *item, const sv_item_stocks_t *stocks, const sv_item_view_t *view,
              sv_arena_t *arena)
{
    sv_item_write_master(w, item, arena);
    sv_json_text(w, "warehouse", view->warehouse);
    if (!view->blind) {
        sv_item_write_stock(w, stocks, view->warehouse);
        sv_item_write_counted(w, item);
    }
}

sv_status_t
sv_item_blind_for(sv_store_t *store, bool is_staff, const char *own, const char *asked, bool *blind, sv_error_t *error)
{
    sv_status_t status = SV_OK;

    *blind = false;
    if (!is_staff) {
        return SV_OK;
    }
    status = sv_count_blind_in(store, own, blind, error);
    if (status == SV_OK && !*blind && asked != NULL && (own == NULL || strcmp(own, asked) != 0)) {
        status = sv_count_blind_in(store, asked, blind, error);
    }
    return status;
}
