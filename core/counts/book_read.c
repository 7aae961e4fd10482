#include <stdlib.h>
#include <string.h>

#include "core/counts/book.h"
#include "core/stock/adjusted.h"
#include "core/stock/lots.h"
#include "core/stock/stock.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* One item while its books are read. */
typedef struct {
    const char *item_code;
    bool lot_tracked;
    bool delisted;
    const char *uom;
    bool told; /* the warehouse's stock has it */
    /* of all its lots, or of the racks in scope */
    bool unknown;
    sv_quantity_t quantity;
    bool has_own; /* an item of before says it itself */
    sv_quantity_t own;
    bool has_own_cost;
    sv_quantity_t own_cost;
    bool has_cost; /* the warehouse's */
    sv_quantity_t cost;
    int64_t synced_at_ms;   /* the latest of its rows */
    sv_quantity_t adjusted; /* of an item whose lots are not counted apart: what the ERP does not tell yet */
} sv_book_item_t;

typedef struct {
    const sv_book_scope_t *scope;
    sv_book_item_t *items; /* by code */
    const char **codes;
    size_t count;
    sv_book_lines_t *lines;
    sv_arena_t *arena;
} sv_book_reading_t;

static int
sv_compare_codes(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static int
sv_compare_item(const void *code, const void *item)
{
    return strcmp(code, ((const sv_book_item_t *) item)->item_code);
}

static sv_book_item_t *
sv_reading_item(const sv_book_reading_t *reading, const char *code)
{
    return code == NULL ? NULL
                        : bsearch(code, reading->items, reading->count, sizeof(reading->items[0]), sv_compare_item);
}

static void
sv_reading_init(sv_book_reading_t *reading, const char *const *codes, size_t count)
{
    reading->codes = sv_arena_alloc(reading->arena, (count + 1) * sizeof(reading->codes[0]));
    reading->items = sv_arena_zalloc(reading->arena, (count + 1) * sizeof(reading->items[0]));
    if (count > 0) {
        memcpy(reading->codes, codes, count * sizeof(codes[0]));
        qsort(reading->codes, count, sizeof(reading->codes[0]), sv_compare_codes);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(reading->codes[i], reading->items[reading->count - 1].item_code) != 0) {
            reading->items[reading->count++].item_code = reading->codes[i];
        }
    }
    for (size_t i = 0; i < reading->count; i++) {
        reading->codes[i] = reading->items[i].item_code;
    }
}

/* ---- what the item is */

static void
sv_reading_add_item(const bson_t *document, void *context)
{
    const sv_book_reading_t *reading = context;
    sv_book_item_t *item = sv_reading_item(reading, sv_doc_text(document, "item_code", reading->arena));
    sv_lot_tracking_t tracking;

    if (item == NULL) {
        return;
    }
    sv_lot_tracking_read(document, reading->arena, &tracking);
    item->lot_tracked = sv_lot_tracking_at(&tracking, reading->scope->started_at_ms);
    item->delisted = sv_doc_bool(document, "deleted");
    item->uom = sv_doc_text(document, "uom", reading->arena);
    item->has_own_cost = sv_doc_has(document, "unit_cost");
    item->own_cost = sv_doc_quantity(document, "unit_cost");
    item->has_own = sv_stock_of_item(document, reading->scope->warehouse, &item->own, reading->arena);
}

static sv_status_t
sv_reading_items(sv_store_t *store, sv_book_reading_t *reading, sv_error_t *error)
{
    static const char *const fields[] = { "item_code", "warehouse", "stock_qty",   "stock_row",  "unit_cost",
                                          "uom",       "deleted",   "lot_tracked", "lot_changes" };
    bson_t *filter = sv_doc_new(reading->arena), *options = sv_doc_new(reading->arena), projection;

    BSON_APPEND_DOCUMENT_BEGIN(options, "projection", &projection);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        BSON_APPEND_INT32(&projection, fields[i], 1);
    }
    bson_append_document_end(options, &projection);
    sv_filter_in(filter, "item_code", reading->codes, reading->count);
    return sv_store_each(store, SV_COLLECTION_ERP_ITEMS, filter, options, sv_reading_add_item, reading, error);
}

/* ---- what the warehouse has of it */

static sv_book_line_t *
sv_reading_add_line(sv_book_reading_t *reading, const sv_book_item_t *item, const char *lot)
{
    sv_book_lines_t *lines = reading->lines;
    sv_book_line_t *line;

    lines->lines = sv_arena_grow(reading->arena, lines->lines, lines->count, &lines->capacity, sizeof(lines->lines[0]));
    line = &lines->lines[lines->count++];
    *line = (sv_book_line_t){ .item_code = item->item_code,
                              .lot = lot,
                              .lot_tracked = item->lot_tracked,
                              .known = reading->scope->whole && !reading->scope->standing,
                              .has_cost = item->has_cost || item->has_own_cost,
                              .unit_cost = item->has_cost ? item->cost : item->own_cost,
                              .uom = item->uom,
                              .delisted = item->delisted };
    return line;
}

/* Of another warehouse nothing is read. */
static void
sv_reading_add_stock(const sv_stock_t *stock, void *context)
{
    sv_book_reading_t *reading = context;
    sv_book_item_t *item = sv_reading_item(reading, stock->item_code);
    sv_book_line_t *line;

    if (item == NULL) {
        return;
    }
    item->told = true;
    item->synced_at_ms = stock->synced_at_ms > item->synced_at_ms ? stock->synced_at_ms : item->synced_at_ms;
    if (stock->has_cost) {
        item->has_cost = true;
        item->cost = stock->unit_cost;
    }
    if (!reading->scope->whole) {
        return;
    }
    if (!item->lot_tracked) {
        item->unknown |= !stock->known || !sv_quantity_add(item->quantity, stock->quantity, &item->quantity);
        return;
    }
    line = sv_reading_add_line(reading, item, stock->lot);
    line->known = line->known && stock->known;
    line->system_qty = line->known ? stock->quantity : 0;
    line->has_cost = stock->has_cost || item->has_own_cost;
    line->unit_cost = stock->has_cost ? stock->unit_cost : item->own_cost;
    line->synced_at_ms = stock->synced_at_ms;
}

/* ---- what counts corrected since */

static void
sv_reading_adjust_lot(sv_book_reading_t *reading, const sv_book_item_t *item, const sv_adjusted_t *adjusted)
{
    sv_book_line_t *line = NULL;

    for (size_t i = 0; line == NULL && i < reading->lines->count; i++) {
        sv_book_line_t *other = &reading->lines->lines[i];

        if (strcmp(other->item_code, item->item_code) == 0 && strcmp(other->lot, adjusted->lot) == 0) {
            line = other;
        }
    }
    if (line == NULL) {
        line = sv_reading_add_line(reading, item, adjusted->lot);
    }
    if (line->known && sv_adjusted_is_lacking(adjusted, line->synced_at_ms)) {
        line->known = sv_quantity_add(line->system_qty, adjusted->delta, &line->system_qty);
    }
}

static void
sv_reading_add_adjusted(const sv_adjusted_t *adjusted, void *context)
{
    sv_book_reading_t *reading = context;
    sv_book_item_t *item = sv_reading_item(reading, adjusted->item_code);

    if (item == NULL || adjusted->withdrawn || adjusted->seq > reading->lines->adjusted_seq) {
        return;
    }
    if (item->lot_tracked && item->told) {
        sv_reading_adjust_lot(reading, item, adjusted);
    } else if (sv_adjusted_is_lacking(adjusted, item->synced_at_ms)) {
        item->unknown |= !sv_quantity_add(item->adjusted, adjusted->delta, &item->adjusted);
    }
}

/* The books of racks do not tell where a correction of the whole went: they stay as the ERP has them. */
static sv_status_t
sv_reading_adjusted(sv_store_t *store, sv_book_reading_t *reading, sv_error_t *error)
{
    if (reading->lines->adjusted_seq == 0 || !reading->scope->whole || reading->scope->standing) {
        return SV_OK;
    }
    return sv_adjusted_read(store, reading->scope->warehouse, reading->codes, reading->count, sv_reading_add_adjusted,
                            reading, reading->arena, error);
}

/* ---- what the racks in scope have of it */

static sv_status_t
sv_reading_racks(sv_store_t *store, sv_book_reading_t *reading, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(reading->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    sv_filter_in(filter, "item_code", reading->codes, reading->count);
    status = sv_store_find(store, SV_COLLECTION_RACK_ITEMS, filter, NULL, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        sv_book_item_t *item = sv_reading_item(reading, sv_doc_text(row, "item_code", reading->arena));

        if (item != NULL && !sv_doc_bool(row, "deleted") &&
            sv_book_scope_has_rack(reading->scope, sv_doc_text(row, "rack_id", reading->arena))) {
            item->unknown |= !sv_doc_has(row, "book_qty") ||
                             !sv_quantity_add(item->quantity, sv_doc_quantity(row, "book_qty"), &item->quantity);
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* ---- lines */

static int
sv_compare_lines(const void *a, const void *b)
{
    const sv_book_line_t *x = a, *y = b;
    int order = strcmp(x->item_code, y->item_code);

    return order != 0 ? order : strcmp(x->lot, y->lot);
}

/* The one line of an item that has none for lots. */
static void
sv_reading_close_item(sv_book_reading_t *reading, const sv_book_item_t *item)
{
    const sv_book_scope_t *scope = reading->scope;
    sv_book_line_t *line;

    if (item->lot_tracked && scope->whole && item->told) {
        return; /* its lots have theirs */
    }
    line = sv_reading_add_line(reading, item, "");
    if (scope->whole) {
        line->known = line->known && !item->unknown;
        line->system_qty = line->known ? item->quantity : 0;
        if (line->known && !item->told && item->has_own) {
            line->system_qty = item->own;
        }
        line->known = line->known && sv_quantity_add(line->system_qty, item->adjusted, &line->system_qty);
    } else if (scope->rack_books && !item->lot_tracked) {
        line->known = !item->unknown;
        line->system_qty = item->unknown ? 0 : item->quantity;
    }
}

sv_status_t
sv_book_read_items(sv_store_t *store, const sv_book_scope_t *scope, const char *const *codes, size_t count,
                   sv_book_lines_t *lines, sv_arena_t *arena, sv_error_t *error)
{
    sv_book_reading_t reading = { .scope = scope, .lines = lines, .arena = arena };
    sv_status_t status;

    *lines = (sv_book_lines_t){ 0 };
    if (count == 0) {
        return SV_OK;
    }
    sv_reading_init(&reading, codes, count);
    status = sv_adjusted_seq(store, scope->warehouse, arena, &lines->adjusted_seq, error);
    if (status == SV_OK) {
        status = sv_reading_items(store, &reading, error);
    }
    if (status == SV_OK) {
        status = sv_stock_read(store, scope->warehouse, reading.codes, reading.count, sv_reading_add_stock, &reading,
                               arena, error);
    }
    if (status == SV_OK) {
        status = sv_reading_adjusted(store, &reading, error);
    }
    if (status == SV_OK && !scope->whole && scope->rack_books) {
        status = sv_reading_racks(store, &reading, error);
    }
    for (size_t i = 0; status == SV_OK && i < reading.count; i++) {
        sv_reading_close_item(&reading, &reading.items[i]);
    }
    if (lines->count > 0) {
        qsort(lines->lines, lines->count, sizeof(lines->lines[0]), sv_compare_lines);
    }
    return status;
}

sv_book_line_t
sv_book_line_for(const sv_book_scope_t *scope, const sv_book_lines_t *lines, const char *item_code, const char *lot)
{
    sv_book_line_t wanted = { .item_code = item_code, .lot = lot };
    const sv_book_line_t *found =
        lines->count == 0 ? NULL
                          : bsearch(&wanted, lines->lines, lines->count, sizeof(lines->lines[0]), sv_compare_lines);

    if (found != NULL) {
        return *found;
    }
    wanted.known = scope->whole && !scope->standing;
    for (size_t i = 0; i < lines->count; i++) {
        if (strcmp(lines->lines[i].item_code, item_code) == 0) {
            wanted.lot_tracked = lines->lines[i].lot_tracked;
            wanted.has_cost = lines->lines[i].has_cost;
            wanted.unit_cost = lines->lines[i].unit_cost;
            wanted.uom = lines->lines[i].uom;
            wanted.delisted = lines->lines[i].delisted;
            break;
        }
    }
    return wanted;
}
