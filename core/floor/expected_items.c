#include "core/floor/expected_items.h"

#include <string.h>

#include "core/base/codec.h"
#include "core/floor/round_figures.h"
#include "core/items/item_view.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* An item of the answer: expected on the rack, or counted there in the round under way, or both. */
typedef struct {
    const char *item_code;
    const bson_t *expected; /* its row of rack_items; NULL: not expected */
    const bson_t *item;     /* of erp_items; NULL: not known */
    const sv_round_figure_t *figures;
    size_t figure_count;
} sv_rack_line_t;

/* One page. */
typedef struct {
    const sv_principal_t *who;
    sv_arena_t *arena;
    int64_t since_ms;
    bool blind;
    sv_round_figures_t round;
    sv_rack_line_t *lines; /* by item code */
    size_t count;
    const char *next_cursor; /* NULL: the last page */
    int64_t next_since_ms;
} sv_rack_page_t;

/* The first figure of an item behind the key. */
static size_t
sv_lines_begin(const sv_round_figures_t *round, const char *key)
{
    size_t at = 0;

    while (key != NULL && at < round->count && strcmp(round->figures[at].item_code, key) <= 0) {
        at++;
    }
    return at;
}

/* The next line of two lists in the order of item codes; false: both are at their end. */
static bool
sv_lines_next(const sv_page_rows_t *rows, const sv_round_figures_t *round, size_t *row, size_t *figure,
              sv_rack_line_t *line, sv_arena_t *arena)
{
    const char *expected = *row < rows->count ? sv_doc_text(rows->rows[*row], "item_code", arena) : NULL;
    const char *counted = *figure < round->count ? round->figures[*figure].item_code : NULL;
    int order = expected == NULL ? 1 : counted == NULL ? -1 : strcmp(expected, counted);

    if (expected == NULL && counted == NULL) {
        return false;
    }
    *line = (sv_rack_line_t){ .item_code = order <= 0 ? expected : counted };
    if (order <= 0) {
        line->expected = rows->rows[(*row)++];
    }
    if (order >= 0) {
        line->figures = &round->figures[*figure];
        line->figure_count = sv_round_figures_of_item(round, *figure, counted);
        *figure += line->figure_count;
    }
    return true;
}

/* Joins the rows with the figures of the round.  What is behind the last row belongs to the next page, if there is one;
 * and the page ends where it is full. */
static sv_status_t
sv_lines_join(const sv_page_t *page, const sv_page_rows_t *rows, sv_rack_page_t *joined, sv_error_t *error)
{
    size_t row = 0, figure;
    sv_rack_line_t line;
    const char *key;

    if (sv_page_begin(page, &key, joined->arena, error) != SV_OK) {
        return error->status;
    }
    joined->lines = sv_arena_alloc(joined->arena, (size_t) page->limit * sizeof(*joined->lines));
    joined->next_cursor = NULL;
    joined->next_since_ms = rows->next_since_ms;
    figure = sv_lines_begin(&joined->round, key);
    while (!(rows->next_cursor != NULL && row == rows->count) &&
           sv_lines_next(rows, &joined->round, &row, &figure, &line, joined->arena)) {
        if (joined->count == (size_t) page->limit) {
            joined->next_cursor =
                sv_page_cursor(page, joined->lines[joined->count - 1].item_code, joined->next_since_ms, joined->arena);
            return SV_OK;
        }
        joined->lines[joined->count++] = line;
    }
    joined->next_cursor = rows->next_cursor;
    return SV_OK;
}

/* {item_code: {$in: [codes of the lines]}} */
static bson_t *
sv_codes_filter(const sv_rack_page_t *page)
{
    const char **codes = sv_arena_alloc(page->arena, (page->count + 1) * sizeof(*codes));
    bson_t *filter = sv_doc_new(page->arena);

    for (size_t i = 0; i < page->count; i++) {
        codes[i] = page->lines[i].item_code;
    }
    sv_filter_in(filter, "item_code", codes, page->count);
    return filter;
}

static sv_status_t
sv_master_read(sv_store_t *store, sv_rack_page_t *page, sv_error_t *error)
{
    sv_arena_t *arena = page->arena;
    bson_t *options = sv_doc_take(
        BCON_NEW("sort", "{", "item_code", BCON_INT32(1), "}", "projection", "{", "_id", BCON_INT32(0), "item_code",
                 BCON_INT32(1), "item_name", BCON_INT32(1), "description", BCON_INT32(1), "barcode", BCON_INT32(1),
                 "barcodes", BCON_INT32(1), "manual_barcode", BCON_INT32(1), "category", BCON_INT32(1), "subcategory",
                 BCON_INT32(1), "uom", BCON_INT32(1), "pack_qty", BCON_INT32(1), "mrp", BCON_INT32(1), "serial_tracked",
                 BCON_INT32(1), "lot_tracked", BCON_INT32(1), "packs", BCON_INT32(1), "linked_codes", BCON_INT32(1),
                 "updated_at", BCON_INT32(1), "deleted", BCON_INT32(1), "}"),
        arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;
    size_t at = 0;

    if (page->count == 0) {
        return SV_OK;
    }
    status = sv_store_find(store, SV_COLLECTION_ERP_ITEMS, sv_codes_filter(page), options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    /* Both are sorted by item code: one walk over the two. */
    while (mongoc_cursor_next(cursor, &row)) {
        const char *code = sv_doc_text(row, "item_code", arena);

        while (at < page->count && strcmp(page->lines[at].item_code, code) < 0) {
            at++;
        }
        if (at < page->count && strcmp(page->lines[at].item_code, code) == 0) {
            page->lines[at].item = sv_doc_copy(row, arena);
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static void
sv_write_field(sv_json_writer_t *w, const bson_t *document, const char *field)
{
    bson_iter_t iter;

    if (document != NULL && bson_iter_init_find(&iter, document, field)) {
        sv_doc_write_value(w, field, &iter);
    } else {
        sv_json_null(w, field);
    }
}

static void
sv_write_elements(sv_json_writer_t *w, const bson_t *item, const char *field, sv_arena_t *arena)
{
    const bson_t *array = item != NULL ? sv_doc_child(item, field, arena) : NULL;
    bson_iter_t iter;

    if (array != NULL && bson_iter_init(&iter, array)) {
        while (bson_iter_next(&iter)) {
            sv_doc_write_value(w, NULL, &iter);
        }
    }
}

/* What a phone that is off line finds it by: codes that were linked to it, too. */
static void
sv_write_codes(sv_json_writer_t *w, const bson_t *item, sv_arena_t *arena)
{
    sv_json_array(w, "barcodes");
    sv_write_elements(w, item, "barcodes", arena);
    sv_write_elements(w, item, "linked_codes", arena);
    sv_json_end(w);
    sv_json_array(w, "packs");
    sv_write_elements(w, item, "packs", arena);
    sv_json_end(w);
}

static bool
sv_line_counts(const sv_rack_line_t *line)
{
    for (size_t i = 0; i < line->figure_count; i++) {
        if (line->figures[i].counts) {
            return true;
        }
    }
    return false;
}

/* When anything of it changed last. */
static int64_t
sv_line_changed(const sv_rack_line_t *line)
{
    int64_t changed = line->expected != NULL ? sv_doc_time(line->expected, "updated_at") : 0;
    int64_t item_changed = line->item != NULL ? sv_doc_time(line->item, "updated_at") : 0;

    changed = item_changed > changed ? item_changed : changed;
    for (size_t i = 0; i < line->figure_count; i++) {
        changed = line->figures[i].changed_ms > changed ? line->figures[i].changed_ms : changed;
    }
    return changed;
}

static void
sv_write_line(sv_json_writer_t *w, const sv_rack_line_t *line, const sv_rack_page_t *page)
{
    static const char *const fields[] = {
        "item_name", "description", "barcode", "manual_barcode", "category", "subcategory", "uom", "pack_qty", "mrp",
    };
    bool expected = line->expected != NULL && !sv_doc_bool(line->expected, "deleted") &&
                    !(line->item != NULL && sv_doc_bool(line->item, "deleted"));
    bool deleted = !expected && !sv_line_counts(line);
    int64_t changed = sv_line_changed(line);

    if (page->since_ms == 0 ? deleted : changed < page->since_ms) {
        return;
    }
    sv_json_object(w, NULL);
    sv_json_text(w, "item_code", line->item_code);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        sv_write_field(w, line->item, fields[i]);
    }
    sv_write_codes(w, line->item, page->arena);
    sv_json_bool(w, "serial_tracked", line->item != NULL && sv_doc_bool(line->item, "serial_tracked"));
    sv_json_bool(w, "is_serialized", line->item != NULL && sv_doc_bool(line->item, "serial_tracked"));
    sv_json_bool(w, "lot_tracked", line->item != NULL && sv_doc_bool(line->item, "lot_tracked"));
    if (!page->blind) {
        sv_write_field(w, line->expected, "book_qty");
    }
    sv_json_bool(w, "expected", expected);
    sv_round_figures_write(w, line->figures, line->figure_count, page->who, page->blind);
    sv_json_time(w, "updated_at", changed);
    sv_json_bool(w, "deleted", deleted);
    sv_json_end(w);
}

static void
sv_write_page(sv_json_writer_t *w, const sv_rack_page_t *page)
{
    sv_json_text(w, "count_id", page->round.count_id);
    if (page->round.count_id != NULL) {
        sv_json_int(w, "round", page->round.round);
    } else {
        sv_json_null(w, "round");
    }
    sv_json_array(w, "items");
    for (size_t i = 0; i < page->count; i++) {
        sv_write_line(w, &page->lines[i], page);
    }
    sv_json_end(w);
    if (page->blind) {
        sv_json_bool(w, "blind", true);
    }
}

/* Of what was written since `begin`, and of whether there is a next page. */
static const char *
sv_expected_etag(const sv_buffer_t *out, size_t begin, const sv_rack_page_t *page)
{
    char hash[SV_SHA256_HEX_SIZE];

    sv_sha256_hex(out->data + begin, out->length - begin, hash);
    return sv_arena_printf(page->arena, "\"%s%s\"", hash, page->next_cursor != NULL ? "+" : "");
}

static sv_status_t
sv_expected_read(sv_store_t *store, const sv_rack_t *rack, sv_page_t *page, sv_rack_page_t *joined, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(rack->rack_id)), joined->arena);
    sv_page_rows_t rows;

    page->list = "rack_items";
    page->sort_field = NULL;
    page->unique_field = "item_code";
    page->direction = 1;
    page->tells_since = true;
    if (joined->since_ms == 0) {
        BCON_APPEND(filter, "deleted", "{", "$ne", BCON_BOOL(true), "}");
    }
    if (sv_page_read(store, SV_COLLECTION_RACK_ITEMS, filter, NULL, page, &rows, joined->arena, error) != SV_OK ||
        sv_round_figures_read(store, rack, joined->arena, &joined->round, error) != SV_OK ||
        sv_lines_join(page, &rows, joined, error) != SV_OK) {
        return error->status;
    }
    return sv_master_read(store, joined, error);
}

sv_status_t
sv_expected_items_list(sv_store_t *store, const sv_principal_t *who, const char *rack_id, int64_t since_ms,
                       sv_page_t *page, sv_json_writer_t *w, const char **etag, sv_arena_t *arena, sv_error_t *error)
{
    size_t begin = w->out->length;
    sv_rack_page_t joined = { .who = who, .since_ms = since_ms, .arena = arena };
    sv_rack_t rack;
    sv_status_t status = sv_rack_find(store, rack_id, arena, &rack, error);

    if (status == SV_OK) {
        status = sv_item_blind_for(store, who->role < SV_ROLE_SUPERVISOR, who->warehouse, rack.warehouse, &joined.blind,
                                   error);
    }
    if (status == SV_OK) {
        status = sv_expected_read(store, &rack, page, &joined, error);
    }
    if (status != SV_OK) {
        return status;
    }
    sv_write_page(w, &joined);
    *etag = sv_expected_etag(w->out, begin, &joined);
    sv_json_text(w, "next_cursor", joined.next_cursor);
    sv_json_time(w, "next_since", joined.next_since_ms);
    return SV_OK;
}
