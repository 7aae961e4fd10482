#include "core/erp/intake_write.h"

#include <glib.h>
#include <string.h>

#include "core/stock/item_stocks.h"
#include "core/stock/stock_copies.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* What is known of the batch's items, by code. */
typedef struct {
    GHashTable *documents;
    bool unmarked; /* some are not marked with the run yet */
} sv_intake_known_t;

static size_t
sv_intake_codes(const sv_intake_batch_t *batch, bool good, const char **codes)
{
    size_t count = 0;

    for (size_t i = 0; i < batch->count; i++) {
        if (!good || batch->items[i].update != NULL) {
            codes[count++] = batch->items[i].item_code;
        }
    }
    return count;
}

static sv_status_t
sv_intake_read_known(const sv_intake_batch_t *batch, sv_intake_known_t *known, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(batch->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "erp_code", BCON_INT32(1),
                                           "erp_run", BCON_INT32(1), "}"),
                                  batch->arena);
    const char *codes[SV_INTAKE_ITEMS];
    mongoc_cursor_t *cursor;
    const bson_t *item;
    sv_status_t status;

    known->documents = g_hash_table_new(g_str_hash, g_str_equal);
    sv_arena_on_destroy(batch->arena, (void (*)(void *)) g_hash_table_unref, known->documents);
    sv_filter_in(filter, "item_code", codes, sv_intake_codes(batch, false, codes));
    status = sv_store_find(batch->store, SV_COLLECTION_ERP_ITEMS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &item)) {
        const char *run = sv_doc_text(item, "erp_run", batch->arena);

        g_hash_table_insert(known->documents, (void *) sv_doc_text(item, "item_code", batch->arena),
                            sv_doc_copy(item, batch->arena));
        known->unmarked |= batch->options->run_id != NULL && (run == NULL || strcmp(run, batch->options->run_id) != 0);
    }
    status = sv_store_cursor_end(batch->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* A full run may find that the ERP spells an item otherwise than it did; within a run, or in what has changed since
 * one, it is another item. */
static bool
sv_intake_is_another(const sv_intake_batch_t *batch, const bson_t *stored, const char *erp_code)
{
    const char *spelt = sv_doc_text(stored, "erp_code", batch->arena);
    const char *run = sv_doc_text(stored, "erp_run", batch->arena);

    if (spelt == NULL || strcmp(spelt, erp_code) == 0) {
        return false;
    }
    return batch->options->run_id == NULL || (run != NULL && strcmp(run, batch->options->run_id) == 0);
}

static void
sv_intake_refuse(sv_intake_batch_t *batch, sv_intake_item_t *item, const char *message)
{
    batch->options->report(batch->options->context, item->row, item->item_code, "item_code", message);
    item->update = NULL;
    batch->refused++;
}

static void
sv_intake_refuse_others(sv_intake_batch_t *batch, const sv_intake_known_t *known)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < batch->count; i++) {
        sv_intake_item_t *item = &batch->items[i];
        const bson_t *stored = g_hash_table_lookup(known->documents, item->item_code);

        if (item->update == NULL) {
            continue;
        }
        if (!g_hash_table_add(seen, (void *) item->item_code)) {
            sv_intake_refuse(batch, item,
                             "the ERP told an item of this code before: its rows must come together, and codes "
                             "differ in more than blanks and what nobody sees");
        } else if (stored != NULL && sv_intake_is_another(batch, stored, item->erp_code)) {
            sv_intake_refuse(batch, item,
                             sv_arena_printf(batch->arena,
                                             "the ERP has another item of this code, which it spells \"%s\"",
                                             sv_doc_text(stored, "erp_code", batch->arena)));
        }
    }
    g_hash_table_unref(seen);
}

/* What the books say of it, which a new item keeps a copy of (core/stock/stock.h). */
static void
sv_intake_put_copy(const sv_intake_batch_t *batch, size_t i, const char *warehouse, bson_t *defaults)
{
    size_t end = i + 1 < batch->count ? batch->items[i + 1].first_stock : batch->stocks.count;
    sv_item_stocks_t stocks = { 0 };
    const sv_item_stock_t *own;

    for (size_t k = batch->items[i].first_stock; k < end; k++) {
        const sv_erp_stock_t *row = &batch->stocks.rows[k];

        sv_item_stocks_add(&stocks, row->warehouse, row->known, row->book_qty, batch->arena);
    }
    sv_item_stocks_put(defaults, &stocks);
    own = sv_item_stocks_of(&stocks, warehouse);
    if (own != NULL) {
        BSON_APPEND_BOOL(defaults, "stock_row", true);
        if (own->known) {
            sv_doc_put_quantity(defaults, "stock_qty", own->quantity);
        }
    }
}

/* {$set: what the rows say, and what the ERP calls it; $setOnInsert: ... } */
static const bson_t *
sv_intake_update(const sv_intake_batch_t *batch, size_t i)
{
    const sv_intake_item_t *item = &batch->items[i];
    const bson_t *said = sv_doc_child(item->update, "$set", batch->arena);
    const bson_t *defaults = sv_doc_child(item->update, "$setOnInsert", batch->arena);
    bson_t *whole = sv_doc_new(batch->arena), part;

    BSON_APPEND_DOCUMENT_BEGIN(whole, "$set", &part);
    bson_concat(&part, said);
    BSON_APPEND_UTF8(&part, "erp_code", item->erp_code);
    bson_append_document_end(whole, &part);
    BSON_APPEND_DOCUMENT_BEGIN(whole, "$setOnInsert", &part);
    if (defaults != NULL) {
        bson_concat(&part, defaults);
    }
    if (batch->options->run_id != NULL) {
        BSON_APPEND_UTF8(&part, "erp_run", batch->options->run_id);
    }
    sv_intake_put_copy(batch, i, sv_doc_text(said, "warehouse", batch->arena), &part);
    bson_append_document_end(whole, &part);
    BCON_APPEND(whole, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    return whole;
}

static void
sv_intake_item_settled(void *context, long line, sv_import_outcome_t outcome)
{
    sv_intake_batch_t *batch = context;
    size_t low = 0, high = batch->count;

    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;

        if (batch->items[middle].row <= line) {
            low = middle;
        } else {
            high = middle;
        }
    }
    batch->items[low].created = outcome == SV_IMPORT_CREATED;
    batch->items[low].changed = outcome == SV_IMPORT_CHANGED;
}

static sv_status_t
sv_intake_write_items(sv_intake_batch_t *batch, sv_error_t *error)
{
    batch->bulk->settled = sv_intake_item_settled;
    batch->bulk->settled_context = batch;
    for (size_t i = 0; i < batch->count && error->status == SV_OK; i++) {
        if (batch->items[i].update != NULL) {
            bson_t *selector = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(batch->items[i].item_code)), batch->arena);

            sv_import_bulk_put(batch->bulk, (long) batch->items[i].row, selector, sv_intake_update(batch, i), error);
        }
    }
    return error->status == SV_OK ? sv_import_bulk_flush(batch->bulk, error) : error->status;
}

/* The stock of items that were not refused. */
static sv_erp_stocks_t
sv_intake_good_stocks(const sv_intake_batch_t *batch)
{
    sv_erp_stocks_t good = { .rows = sv_arena_alloc(batch->arena,
                                                    (batch->stocks.count + 1) * sizeof(*batch->stocks.rows)) };

    for (size_t i = 0; i < batch->count; i++) {
        size_t end = i + 1 < batch->count ? batch->items[i + 1].first_stock : batch->stocks.count;

        for (size_t k = batch->items[i].first_stock; batch->items[i].update != NULL && k < end; k++) {
            good.rows[good.count++] = batch->stocks.rows[k];
        }
    }
    return good;
}

/* The copies that known items keep of their stock. */
static sv_status_t
sv_intake_settle(const sv_intake_batch_t *batch, const char *const *changed, size_t changed_count, sv_error_t *error)
{
    GHashTable *stock = g_hash_table_new(g_str_hash, g_str_equal);
    const char *codes[SV_INTAKE_ITEMS];
    size_t count = 0;

    for (size_t i = 0; i < changed_count; i++) {
        g_hash_table_add(stock, (void *) changed[i]);
    }
    for (size_t i = 0; i < batch->count; i++) {
        const sv_intake_item_t *item = &batch->items[i];

        if (item->update != NULL && !item->created &&
            (item->changed || batch->options->again || g_hash_table_contains(stock, item->item_code))) {
            codes[count++] = item->item_code;
        }
    }
    g_hash_table_unref(stock);
    return sv_stock_settle(batch->store, codes, count, error);
}

static sv_status_t
sv_intake_mark(const sv_intake_batch_t *batch, sv_error_t *error)
{
    const char *run_id = batch->options->run_id, *codes[SV_INTAKE_ITEMS];
    bson_t *items = sv_doc_new(batch->arena);
    bson_t *mark = sv_doc_take(BCON_NEW("$set", "{", "erp_run", BCON_UTF8(run_id), "}"), batch->arena);
    int64_t matched;

    sv_filter_in(items, "item_code", codes, sv_intake_codes(batch, false, codes));
    BCON_APPEND(items, "erp_run", "{", "$ne", BCON_UTF8(run_id), "}");
    return sv_store_update_many(batch->store, SV_COLLECTION_ERP_ITEMS, items, mark, &matched, error);
}

sv_status_t
sv_intake_batch_write(sv_intake_batch_t *batch, sv_error_t *error)
{
    const char *codes[SV_INTAKE_ITEMS], **changed;
    sv_intake_known_t known = { 0 };
    sv_erp_stocks_t stocks;
    size_t changed_count;

    if (batch->count == 0 || sv_intake_read_known(batch, &known, error) != SV_OK) {
        return error->status;
    }
    sv_intake_refuse_others(batch, &known);
    stocks = sv_intake_good_stocks(batch);
    if (sv_intake_write_items(batch, error) == SV_OK &&
        sv_erp_stocks_write(batch->store, &stocks, codes, sv_intake_codes(batch, true, codes), batch->options->whole,
                            &changed, &changed_count, batch->arena, error) == SV_OK &&
        sv_intake_settle(batch, changed, changed_count, error) == SV_OK && known.unmarked) {
        sv_intake_mark(batch, error);
    }
    batch->count = 0;
    batch->stocks = (sv_erp_stocks_t){ 0 };
    return error->status;
}
