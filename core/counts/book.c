#include "core/counts/book.h"

#include <stdlib.h>
#include <string.h>

#include "core/stock/stock.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/warehouse/warehouse.h"

/* What is known of an item's racks in scope. */
typedef struct {
    sv_quantity_t sum;
    bool unknown; /* a rack of it has no book quantity of its own */
} sv_rack_book_t;

static int
sv_compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static bool
sv_scope_has_rack(const sv_book_scope_t *scope, const char *rack_id)
{
    return rack_id != NULL &&
           bsearch(&rack_id, scope->racks, scope->rack_count, sizeof(scope->racks[0]), sv_compare_texts) != NULL;
}

static void
sv_scope_add_rack(sv_book_scope_t *scope, size_t *capacity, const char *rack_id, sv_arena_t *arena)
{
    scope->racks = sv_arena_grow(arena, scope->racks, scope->rack_count, capacity, sizeof(scope->racks[0]));
    scope->racks[scope->rack_count++] = rack_id;
}

static sv_status_t
sv_scope_read_floor(sv_store_t *store, sv_book_scope_t *scope, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *options = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *rack;
    size_t capacity = 0;
    sv_status_t status;

    BCON_APPEND(filter, "warehouse", BCON_UTF8(scope->warehouse), "floor", BCON_UTF8(scope->floor));
    BCON_APPEND(options, "projection", "{", "rack_id", BCON_INT32(1), "}");
    status = sv_store_find(store, SV_COLLECTION_RACK_REGISTRY, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &rack)) {
        const char *rack_id = sv_doc_text(rack, "rack_id", arena);

        if (rack_id != NULL) {
            sv_scope_add_rack(scope, &capacity, rack_id, arena);
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* Counts of before do not say whether their warehouse keeps books by rack: what it does now decides, and for a standing
 * count, whose racks' books were not frozen, it does not. */
static sv_status_t
sv_scope_read_books(sv_store_t *store, const bson_t *count, sv_book_scope_t *scope, sv_arena_t *arena,
                    sv_error_t *error)
{
    sv_warehouse_t warehouse;
    sv_status_t status;

    if (scope->standing || sv_doc_has(count, "rack_books")) {
        scope->rack_books = sv_doc_bool(count, "rack_books");
        return SV_OK;
    }
    status = sv_warehouse_read(store, scope->warehouse, arena, &warehouse, error);
    scope->rack_books = status == SV_OK && warehouse.rack_books;
    return status;
}

sv_status_t
sv_book_scope_read(sv_store_t *store, const bson_t *count, sv_arena_t *arena, sv_book_scope_t *scope, sv_error_t *error)
{
    const bson_t *racks = sv_doc_child(count, "racks", arena);
    sv_status_t status = SV_OK;
    const char *kind = sv_doc_text(count, "kind", arena);
    size_t capacity = 0;
    bson_iter_t iter;

    memset(scope, 0, sizeof(*scope));
    scope->count_id = sv_doc_text(count, "session_id", arena);
    scope->warehouse = sv_doc_text(count, "warehouse", arena);
    scope->floor = sv_doc_text(count, "floor", arena);
    if (scope->count_id == NULL || scope->warehouse == NULL) {
        return sv_fail_cause(error, SV_ERR_INTERNAL, "sessions: a count without an id or a warehouse");
    }
    scope->standing = kind != NULL && strcmp(kind, "standing") == 0;
    if (racks != NULL && bson_iter_init(&iter, racks)) {
        scope->by_racks = true;
        while (bson_iter_next(&iter)) {
            if (BSON_ITER_HOLDS_UTF8(&iter)) {
                sv_scope_add_rack(scope, &capacity, sv_arena_strdup(arena, bson_iter_utf8(&iter, NULL)), arena);
            }
        }
    } else if (scope->floor != NULL) {
        status = sv_scope_read_floor(store, scope, arena, error);
    } else {
        scope->whole = true;
    }
    if (scope->rack_count > 0) {
        qsort(scope->racks, scope->rack_count, sizeof(scope->racks[0]), sv_compare_texts);
    }
    return status == SV_OK ? sv_scope_read_books(store, count, scope, arena, error) : status;
}

static int
sv_compare_line(const void *code, const void *line)
{
    return strcmp(code, ((const sv_book_line_t *) line)->item_code);
}

static sv_book_line_t *
sv_line_of(const bson_t *document, sv_book_line_t *lines, size_t count, sv_arena_t *arena)
{
    const char *code = sv_doc_text(document, "item_code", arena);

    return code == NULL ? NULL : bsearch(code, lines, count, sizeof(lines[0]), sv_compare_line);
}

static bson_t *
sv_lines_filter(const sv_book_line_t *lines, size_t count, sv_arena_t *arena)
{
    const char **codes = sv_arena_alloc(arena, (count + 1) * sizeof(codes[0]));
    bson_t *filter = sv_doc_new(arena);

    for (size_t i = 0; i < count; i++) {
        codes[i] = lines[i].item_code;
    }
    sv_filter_in(filter, "item_code", codes, count);
    return filter;
}

static sv_status_t
sv_book_read_racks(sv_store_t *store, const sv_book_scope_t *scope, sv_book_line_t *lines, size_t count,
                   sv_rack_book_t *racks, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_lines_filter(lines, count, arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_RACK_ITEMS, filter, NULL, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        sv_book_line_t *line = sv_line_of(row, lines, count, arena);
        sv_rack_book_t *rack;

        if (line == NULL || sv_doc_bool(row, "deleted") ||
            !sv_scope_has_rack(scope, sv_doc_text(row, "rack_id", arena))) {
            continue;
        }
        rack = &racks[line - lines];
        rack->unknown = rack->unknown || !sv_doc_has(row, "book_qty") ||
                        !sv_quantity_add(rack->sum, sv_doc_quantity(row, "book_qty"), &rack->sum);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

const char *
sv_book_source(const sv_book_scope_t *scope, bool known)
{
    if (!known) {
        return "unknown";
    }
    return scope->whole && !scope->standing ? "warehouse" : "racks";
}

void
sv_book_put(bson_t *document, const sv_book_scope_t *scope, bool known, sv_quantity_t system_qty)
{
    BSON_APPEND_UTF8(document, "book", sv_book_source(scope, known));
    if (known) {
        sv_doc_put_quantity(document, "system_qty", system_qty);
    } else {
        BSON_APPEND_NULL(document, "system_qty");
    }
}

/* The items of the lines while their books are read. */
typedef struct {
    const sv_book_scope_t *scope;
    sv_book_line_t *lines;
    size_t count;
    bool *told; /* by line: the warehouse's stock says it */
    bool *costed;
    sv_arena_t *arena;
} sv_book_reading_t;

static sv_book_line_t *
sv_reading_line(const sv_book_reading_t *reading, const char *code)
{
    return code == NULL ? NULL
                        : bsearch(code, reading->lines, reading->count, sizeof(reading->lines[0]), sv_compare_line);
}

/* What the warehouse's books say; of another's nothing is read. */
static void
sv_reading_add_stock(const sv_stock_t *stock, void *context)
{
    sv_book_reading_t *reading = context;
    sv_book_line_t *line = sv_reading_line(reading, stock->item_code);

    if (line == NULL) {
        return;
    }
    reading->told[line - reading->lines] = true;
    if (stock->has_cost) {
        reading->costed[line - reading->lines] = true;
        line->unit_cost = stock->unit_cost;
    }
    if (reading->scope->whole && line->known) {
        line->known = stock->known && sv_quantity_add(line->system_qty, stock->quantity, &line->system_qty);
    }
}

static sv_status_t
sv_reading_stock(sv_store_t *store, sv_book_reading_t *reading, sv_error_t *error)
{
    const char **codes = sv_arena_alloc(reading->arena, (reading->count + 1) * sizeof(codes[0]));

    for (size_t i = 0; i < reading->count; i++) {
        codes[i] = reading->lines[i].item_code;
    }
    return sv_stock_read(store, reading->scope->warehouse, codes, reading->count, sv_reading_add_stock, reading,
                         reading->arena, error);
}

/* What the item says itself: its cost, and, until it is migrated, its stock. */
static void
sv_reading_add_item(sv_book_reading_t *reading, const bson_t *item)
{
    sv_book_line_t *line = sv_reading_line(reading, sv_doc_text(item, "item_code", reading->arena));
    sv_quantity_t quantity;

    if (line == NULL) {
        return;
    }
    if (!reading->costed[line - reading->lines]) {
        line->unit_cost = sv_doc_quantity(item, "unit_cost");
    }
    if (reading->scope->whole && line->known && !reading->told[line - reading->lines] &&
        sv_stock_of_item(item, reading->scope->warehouse, &quantity, reading->arena)) {
        line->system_qty = quantity;
    }
}

static sv_status_t
sv_reading_items(sv_store_t *store, sv_book_reading_t *reading, sv_error_t *error)
{
    bson_t *options =
        sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "warehouse", BCON_INT32(1), "stock_qty",
                             BCON_INT32(1), "stock_row", BCON_INT32(1), "unit_cost", BCON_INT32(1), "}"),
                    reading->arena);
    bson_t *filter = sv_lines_filter(reading->lines, reading->count, reading->arena);
    mongoc_cursor_t *cursor;
    const bson_t *item;
    sv_status_t status = sv_store_find(store, SV_COLLECTION_ERP_ITEMS, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &item)) {
        sv_reading_add_item(reading, item);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

sv_status_t
sv_book_read_lines(sv_store_t *store, const sv_book_scope_t *scope, sv_book_line_t *lines, size_t count,
                   sv_arena_t *arena, sv_error_t *error)
{
    sv_rack_book_t *racks = sv_arena_zalloc(arena, (count + 1) * sizeof(racks[0]));
    sv_book_reading_t reading = { .scope = scope, .lines = lines, .count = count, .arena = arena };
    sv_status_t status = SV_OK;

    for (size_t i = 0; i < count; i++) {
        lines[i].known = scope->whole && !scope->standing;
        lines[i].system_qty = 0;
        lines[i].unit_cost = 0;
    }
    if (count == 0) {
        return SV_OK;
    }
    if (!scope->whole && scope->rack_books) {
        status = sv_book_read_racks(store, scope, lines, count, racks, arena, error);
        for (size_t i = 0; status == SV_OK && i < count; i++) {
            lines[i].known = !racks[i].unknown;
            lines[i].system_qty = racks[i].unknown ? 0 : racks[i].sum;
        }
    }
    reading.told = sv_arena_zalloc(arena, count * sizeof(*reading.told));
    reading.costed = sv_arena_zalloc(arena, count * sizeof(*reading.costed));
    if (status == SV_OK) {
        status = sv_reading_stock(store, &reading, error);
    }
    return status == SV_OK ? sv_reading_items(store, &reading, error) : status;
}
