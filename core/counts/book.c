#include "core/counts/book.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/document.h"
#include "core/warehouse/warehouse.h"

static int
sv_compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

bool
sv_book_scope_has_rack(const sv_book_scope_t *scope, const char *rack_id)
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
    scope->started_at_ms = sv_doc_time(count, "started_at");
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

static void
sv_book_put_cost(bson_t *document, const sv_book_line_t *line)
{
    if (!line->has_cost) {
        BSON_APPEND_NULL(document, "unit_cost");
        return;
    }
    sv_doc_put_quantity(document, "unit_cost", line->unit_cost);
    if (line->unit_cost == 0) {
        BSON_APPEND_BOOL(document, "costs_nothing", true);
    }
}

bool
sv_book_cost(const bson_t *line, sv_quantity_t *unit_cost)
{
    *unit_cost = sv_doc_quantity(line, "unit_cost");
    return *unit_cost != 0 || sv_doc_bool(line, "costs_nothing");
}

void
sv_book_put_line(bson_t *document, const sv_book_scope_t *scope, const sv_book_line_t *line, int64_t adjusted_seq,
                 int64_t frozen_at_ms)
{
    sv_doc_put_text(document, "lot", line->lot);
    sv_doc_put_text(document, "warehouse", scope->warehouse);
    if (!scope->standing) {
        sv_book_put(document, scope, line->known, line->system_qty);
    }
    sv_book_put_cost(document, line);
    sv_doc_put_text(document, "uom", line->uom);
    BSON_APPEND_BOOL(document, "lot_tracked", line->lot_tracked);
    BSON_APPEND_BOOL(document, "delisted", line->delisted);
    BSON_APPEND_INT64(document, "adjusted_seq", adjusted_seq);
    sv_doc_put_time(document, "frozen_at", frozen_at_ms);
}

bson_t *
sv_book_line_filter(const char *count_id, const char *item_code, const char *lot, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id), "item_code", BCON_UTF8(item_code)), arena);

    if (lot[0] == '\0') {
        BCON_APPEND(filter, "lot", "{", "$in", "[", "", BCON_NULL, "]", "}");
    } else {
        BSON_APPEND_UTF8(filter, "lot", lot);
    }
    return filter;
}
