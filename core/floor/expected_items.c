#include "core/floor/expected_items.h"

#include <string.h>

#include "core/base/codec.h"
#include "core/counts/count.h"
#include "core/store/document.h"
#include "core/store/filter.h"

typedef struct {
    const bson_t **items; /* of erp_items, by item code, as many as were found */
    size_t count;
    int64_t since_ms;
    bool blind;
    sv_arena_t *arena;
} sv_master_t;

/* {item_code: {$in: [codes of the rows]}} */
static bson_t *
sv_codes_filter(const sv_page_rows_t *rows, sv_arena_t *arena)
{
    const char **codes = sv_arena_alloc(arena, (rows->count + 1) * sizeof(*codes));
    bson_t *filter = sv_doc_new(arena);
    size_t count = 0;

    for (size_t i = 0; i < rows->count; i++) {
        codes[count] = sv_doc_text(rows->rows[i], "item_code", arena);
        count += codes[count] != NULL;
    }
    sv_filter_in(filter, "item_code", codes, count);
    return filter;
}

static sv_status_t
sv_master_read(sv_store_t *store, const sv_page_rows_t *rows, sv_master_t *master, sv_error_t *error)
{
    sv_arena_t *arena = master->arena;
    bson_t *options = sv_doc_take(
        BCON_NEW("sort", "{", "item_code", BCON_INT32(1), "}", "projection", "{", "_id", BCON_INT32(0), "item_code",
                 BCON_INT32(1), "item_name", BCON_INT32(1), "description", BCON_INT32(1), "barcode", BCON_INT32(1),
                 "barcodes", BCON_INT32(1), "manual_barcode", BCON_INT32(1), "category", BCON_INT32(1), "subcategory",
                 BCON_INT32(1), "uom", BCON_INT32(1), "pack_qty", BCON_INT32(1), "mrp", BCON_INT32(1), "serial_tracked",
                 BCON_INT32(1), "updated_at", BCON_INT32(1), "deleted", BCON_INT32(1), "}"),
        arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    master->count = 0;
    if (rows->count == 0) {
        return SV_OK;
    }
    master->items = sv_arena_alloc(arena, rows->count * sizeof(*master->items));
    status = sv_store_find(store, SV_COLLECTION_ERP_ITEMS, sv_codes_filter(rows, arena), options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (master->count < rows->count && mongoc_cursor_next(cursor, &row)) {
        master->items[master->count++] = sv_doc_copy(row, arena);
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
sv_write_barcodes(sv_json_writer_t *w, const bson_t *item, sv_arena_t *arena)
{
    const bson_t *barcodes = item != NULL ? sv_doc_child(item, "barcodes", arena) : NULL;
    bson_iter_t iter;

    sv_json_array(w, "barcodes");
    if (barcodes != NULL && bson_iter_init(&iter, barcodes)) {
        while (bson_iter_next(&iter)) {
            sv_doc_write_value(w, NULL, &iter);
        }
    }
    sv_json_end(w);
}

static void
sv_write_expected(sv_json_writer_t *w, const bson_t *row, const bson_t *item, const sv_master_t *master)
{
    static const char *const fields[] = {
        "item_name", "description", "barcode", "manual_barcode", "category", "subcategory", "uom", "pack_qty", "mrp",
    };
    int64_t changed = sv_doc_time(row, "updated_at");
    int64_t item_changed = item != NULL ? sv_doc_time(item, "updated_at") : 0;
    bool deleted = sv_doc_bool(row, "deleted") || (item != NULL && sv_doc_bool(item, "deleted"));

    changed = item_changed > changed ? item_changed : changed;
    if (master->since_ms == 0 ? deleted : changed < master->since_ms) {
        return;
    }
    sv_json_object(w, NULL);
    sv_write_field(w, row, "item_code");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        sv_write_field(w, item, fields[i]);
    }
    sv_write_barcodes(w, item, master->arena);
    sv_json_bool(w, "serial_tracked", item != NULL && sv_doc_bool(item, "serial_tracked"));
    if (!master->blind) {
        sv_write_field(w, row, "book_qty");
    }
    sv_json_time(w, "updated_at", changed);
    sv_json_bool(w, "deleted", deleted);
    sv_json_end(w);
}

/* Both are sorted by item code: one walk over the two. */
static void
sv_write_joined(sv_json_writer_t *w, const sv_page_rows_t *rows, const sv_master_t *master)
{
    size_t at = 0;

    sv_json_array(w, "items");
    for (size_t i = 0; i < rows->count; i++) {
        const char *code = sv_doc_text(rows->rows[i], "item_code", master->arena);
        const bson_t *item = NULL;
        int order = -1;

        while (code != NULL && at < master->count &&
               (order = strcmp(sv_doc_text(master->items[at], "item_code", master->arena), code)) < 0) {
            at++;
        }
        if (code != NULL && at < master->count && order == 0) {
            item = master->items[at];
        }
        sv_write_expected(w, rows->rows[i], item, master);
    }
    sv_json_end(w);
}

/* Of what was written since `begin`, and of whether there is a next page. */
static const char *
sv_expected_etag(const sv_buffer_t *out, size_t begin, const sv_page_rows_t *rows, sv_arena_t *arena)
{
    char hash[SV_SHA256_HEX_SIZE];

    sv_sha256_hex(out->data + begin, out->length - begin, hash);
    return sv_arena_printf(arena, "\"%s%s\"", hash, rows->next_cursor != NULL ? "+" : "");
}

sv_status_t
sv_expected_items_list(sv_store_t *store, const sv_principal_t *who, const char *rack_id, int64_t since_ms,
                       sv_page_t *page, sv_json_writer_t *w, const char **etag, sv_arena_t *arena, sv_error_t *error)
{
    size_t begin = w->out->length;
    sv_master_t master = { .since_ms = since_ms, .arena = arena };
    bson_t *filter = sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(rack_id)), arena);
    sv_page_rows_t rows;
    sv_rack_t rack;
    sv_status_t status = sv_rack_find(store, rack_id, arena, &rack, error);

    if (status == SV_OK && who->role < SV_ROLE_SUPERVISOR) {
        status = sv_count_blind_in(store, rack.warehouse, &master.blind, error);
    }
    page->list = "rack_items";
    page->sort_field = NULL;
    page->unique_field = "item_code";
    page->direction = 1;
    page->tells_since = true;
    if (since_ms == 0) {
        BCON_APPEND(filter, "deleted", "{", "$ne", BCON_BOOL(true), "}");
    }
    if (status == SV_OK) {
        status = sv_page_read(store, SV_COLLECTION_RACK_ITEMS, filter, NULL, page, &rows, arena, error);
    }
    if (status == SV_OK) {
        status = sv_master_read(store, &rows, &master, error);
    }
    if (status != SV_OK) {
        return status;
    }
    sv_write_joined(w, &rows, &master);
    if (master.blind) {
        sv_json_bool(w, "blind", true);
    }
    *etag = sv_expected_etag(w->out, begin, &rows, arena);
    sv_json_text(w, "next_cursor", rows.next_cursor);
    sv_json_time(w, "next_since", rows.next_since_ms);
    return SV_OK;
}
