#include "core/items/item_view.h"

#include <string.h>

#include "core/counts/count.h"
#include "core/store/document.h"

static const char *const sv_item_texts[] = {
    "item_code",   "item_name",   "description", "barcode",    "manual_barcode", "category",
    "subcategory", "uom",         "pack_qty",    "floor",      "rack",           "location",
    "unit_cost",   "sales_price", "mrp",         "brand_name", "supplier_name",  "image_url",
};

static const char *const sv_item_counted[] = { "verified_qty", "damaged_qty", "non_returnable_damaged_qty",
                                               "variance" };

static const char *const sv_item_more[] = { "barcodes",   "packs",       "serial_tracked",    "lot_tracked",
                                            "deleted",    "verified",    "verified_by",       "verified_at",
                                            "updated_at", "lookup_keys", "warehouse",         "stock_qty",
                                            "stock_row",  "stocks",      "overlay_warehouse", SV_ITEM_CORRECTIONS };

enum {
    SV_TEXTS = sizeof(sv_item_texts) / sizeof(sv_item_texts[0]),
    SV_COUNTED = sizeof(sv_item_counted) / sizeof(sv_item_counted[0]),
    SV_MORE = sizeof(sv_item_more) / sizeof(sv_item_more[0])
};

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

/* The fields that are a person's word, not the ERP's. */
static void
sv_item_write_corrected(sv_json_writer_t *w, const bson_t *item, sv_arena_t *arena)
{
    const bson_t *corrections = sv_doc_child(item, SV_ITEM_CORRECTIONS, arena);
    bson_iter_t iter;

    sv_json_array(w, "corrected");
    if (corrections != NULL && bson_iter_init(&iter, corrections)) {
        while (bson_iter_next(&iter)) {
            sv_json_text(w, NULL, bson_iter_key(&iter));
        }
    }
    sv_json_end(w);
}

void
sv_item_write_corrections(sv_json_writer_t *w, const bson_t *item, sv_arena_t *arena)
{
    const bson_t *corrections = sv_doc_child(item, SV_ITEM_CORRECTIONS, arena);

    if (corrections != NULL) {
        sv_doc_write_json(w, "corrections", corrections);
    } else {
        sv_json_object(w, "corrections");
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
    sv_item_write_corrected(w, item, arena);
}

void
sv_item_write_counted(sv_json_writer_t *w, const bson_t *item)
{
    for (size_t i = 0; i < SV_COUNTED; i++) {
        sv_item_write_field(w, item, sv_item_counted[i]);
    }
}

/* What an item has that nobody counted. */
void
sv_item_write_uncounted(sv_json_writer_t *w)
{
    for (size_t i = 0; i < SV_COUNTED; i++) {
        sv_json_null(w, sv_item_counted[i]);
    }
}

bool
sv_item_view_tells(const sv_item_view_t *view, const char *counted_in, size_t length)
{
    if (view->blind) {
        return false;
    }
    return !view->is_staff || view->warehouse == NULL || length == 0 ||
           (strlen(view->warehouse) == length && memcmp(view->warehouse, counted_in, length) == 0);
}

void
sv_item_write_stock(sv_json_writer_t *w, const sv_item_stocks_t *stocks, const char *warehouse)
{
    const sv_item_stock_t *stock = sv_item_stocks_of(stocks, warehouse);

    if (stock != NULL && stock->known) {
        sv_json_quantity(w, "stock_qty", stock->quantity);
    } else {
        sv_json_null(w, "stock_qty");
    }
}

void
sv_item_write(sv_json_writer_t *w, const bson_t *item, const sv_item_stocks_t *stocks, const sv_item_view_t *view,
              sv_arena_t *arena)
{
    sv_item_write_master(w, item, arena);
    sv_json_text(w, "warehouse", view->warehouse);
    if (!view->blind) {
        const char *counted_in = sv_doc_text(item, "overlay_warehouse", arena);

        sv_item_write_stock(w, stocks, view->warehouse);
        if (sv_item_view_tells(view, counted_in, counted_in != NULL ? strlen(counted_in) : 0)) {
            sv_item_write_counted(w, item);
        } else {
            sv_item_write_uncounted(w);
        }
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
    if (own == NULL || own[0] == '\0') {
        return sv_count_blind_anywhere(store, blind, error);
    }
    status = sv_count_blind_in(store, own, blind, error);
    if (status == SV_OK && !*blind && asked != NULL && strcmp(own, asked) != 0) {
        status = sv_count_blind_in(store, asked, blind, error);
    }
    return status;
}
