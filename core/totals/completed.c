#include <stdlib.h>
#include <string.h>

#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/row_texts.h"
#include "core/totals/lines.h"

static int
sv_compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static bool
sv_completed_has(const sv_row_texts_t *racks, const char *rack_id)
{
    return rack_id != NULL && racks->count > 0 &&
           bsearch(&rack_id, racks->texts, racks->count, sizeof(racks->texts[0]), sv_compare_ids) != NULL;
}

/* One line of a rack's book: what it expected of an item, in whatever lots. */
static void
sv_completed_add_line(const bson_t *expected, void *context)
{
    const sv_totals_lines_t *lines = context;
    sv_totals_line_t *line = sv_totals_line(lines, sv_doc_text(expected, "item_code", lines->arena), "");

    if (line == NULL || line->book.lot_tracked) {
        return;
    }
    line->on_completed = true;
    line->lacks_book |= !sv_doc_has(expected, "book_qty");
    sv_totals_add(&line->book.system_qty, sv_doc_quantity(expected, "book_qty"));
}

static void
sv_completed_add_book(const bson_t *book, void *context)
{
    sv_totals_lines_t *lines = context;

    sv_doc_each(book, "lines", sv_completed_add_line, lines, lines->arena);
}

static bson_t *
sv_completed_filter(const sv_totals_lines_t *lines)
{
    return sv_doc_take(BCON_NEW("count_id", BCON_UTF8(lines->scope->count_id), "completed", BCON_BOOL(true)),
                       lines->arena);
}

/* What completed racks were expected to hold of the items. */
static sv_status_t
sv_completed_read_books(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error)
{
    bson_t *filter = sv_completed_filter(lines);

    sv_filter_in(filter, "lines.item_code", lines->codes, lines->item_count);
    return sv_store_each(store, SV_COLLECTION_RACK_BOOKS, filter, NULL, sv_completed_add_book, lines, error);
}

/* Which of the racks that anything was counted on are completed. */
static sv_status_t
sv_completed_read_racks(sv_store_t *store, const sv_totals_lines_t *lines, const sv_totals_parts_t *parts,
                        sv_row_texts_t *completed, sv_error_t *error)
{
    sv_arena_t *arena = lines->arena;
    bson_t *filter = sv_completed_filter(lines);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "rack_id", BCON_INT32(1), "}"), arena);
    const char **ids = sv_arena_alloc(arena, (parts->count + 1) * sizeof(ids[0]));
    size_t count = 0, kept = 0;
    sv_status_t status;

    for (size_t i = 0; i < parts->count; i++) {
        if (parts->parts[i].rack_id != NULL) {
            ids[count++] = parts->parts[i].rack_id;
        }
    }
    if (count == 0) {
        return SV_OK;
    }
    qsort(ids, count, sizeof(ids[0]), sv_compare_ids);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(ids[kept], ids[i]) != 0) {
            ids[++kept] = ids[i];
        }
    }
    sv_filter_in(filter, "rack_id", ids, kept + 1);
    status = sv_store_each(store, SV_COLLECTION_RACK_BOOKS, filter, options, sv_row_texts_take, completed, error);
    if (completed->count > 0) {
        qsort(completed->texts, completed->count, sizeof(completed->texts[0]), sv_compare_ids);
    }
    return status;
}

/* A standing count compares what was counted on completed racks with what these were expected to hold.  Their books
 * know no lots: a lot's book is unknown. */
sv_status_t
sv_totals_compare_racks(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error)
{
    const sv_totals_parts_t *parts = &lines->parts;
    sv_row_texts_t completed = { .field = "rack_id", .arena = lines->arena };
    sv_status_t status = SV_OK;

    for (size_t i = 0; i < lines->count; i++) {
        lines->lines[i].book.system_qty = 0;
        lines->lines[i].book.known = false;
    }
    if (!lines->scope->rack_books) {
        return SV_OK;
    }
    status = sv_completed_read_books(store, lines, error);
    if (status == SV_OK) {
        status = sv_completed_read_racks(store, lines, parts, &completed, error);
    }
    for (size_t i = 0; status == SV_OK && i < parts->count; i++) {
        const sv_totals_part_t *part = &parts->parts[i];

        if (!part->line->book.lot_tracked && sv_completed_has(&completed, part->rack_id)) {
            part->line->on_completed = true;
            sv_totals_add(&part->line->compared_qty, part->stock);
        }
    }
    for (size_t i = 0; i < lines->count; i++) {
        lines->lines[i].book.known = lines->lines[i].on_completed && !lines->lines[i].lacks_book;
    }
    return status;
}
