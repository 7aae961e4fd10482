#include "core/erp/intake_stock.h"

#include <glib.h>
#include <string.h>

#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

typedef struct {
    sv_store_t *store;
    sv_arena_t *arena;
    GHashTable *stored; /* documents of item_stock by key; those not told are left */
    sv_bulk_t bulk;
    bson_t *same; /* ids of rows that say what is stored */
    uint32_t same_count;
    const char **changed;
    size_t changed_count;
} sv_stock_writing_t;

void
sv_erp_stocks_begin_item(sv_erp_stocks_t *stocks, sv_arena_t *arena)
{
    sv_text_map_init(&stocks->places, arena, 0);
}

void
sv_erp_stocks_add(sv_erp_stocks_t *stocks, const sv_erp_stock_t *row, sv_arena_t *arena)
{
    void **place = sv_text_map_put(&stocks->places, sv_arena_printf(arena, "%s\t%s", row->warehouse, row->lot));

    if (*place != NULL) {
        sv_erp_stock_t *earlier = &stocks->rows[(uintptr_t) *place - 1];

        earlier->known =
            earlier->known && row->known && sv_quantity_add(earlier->book_qty, row->book_qty, &earlier->book_qty);
        return;
    }
    stocks->rows = sv_arena_grow(arena, stocks->rows, stocks->count, &stocks->capacity, sizeof(*stocks->rows));
    stocks->rows[stocks->count++] = *row;
    *place = (void *) (uintptr_t) stocks->count;
}

/* No identifier has a control character. */
static const char *
sv_stock_key(const char *item_code, const char *warehouse, const char *lot, sv_arena_t *arena)
{
    return sv_arena_printf(arena, "%s\t%s\t%s", item_code, warehouse, lot == NULL ? "" : lot);
}

static sv_status_t
sv_stock_writing_read(sv_stock_writing_t *writing, const char *const *codes, size_t count, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(writing->arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    sv_filter_in(filter, "item_code", codes, count);
    status = sv_store_find(writing->store, SV_COLLECTION_ITEM_STOCK, filter, NULL, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        const char *item_code = sv_doc_text(row, "item_code", writing->arena);
        const char *warehouse = sv_doc_text(row, "warehouse", writing->arena);

        if (item_code != NULL && warehouse != NULL) {
            const char *key =
                sv_stock_key(item_code, warehouse, sv_doc_text(row, "lot", writing->arena), writing->arena);

            g_hash_table_insert(writing->stored, (void *) key, sv_doc_copy(row, writing->arena));
        }
    }
    status = sv_store_cursor_end(writing->store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static void
sv_stock_note_changed(sv_stock_writing_t *writing, const char *item_code)
{
    if (writing->changed_count == 0 || strcmp(writing->changed[writing->changed_count - 1], item_code) != 0) {
        writing->changed[writing->changed_count++] = item_code;
    }
}

static bool
sv_text_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
sv_stock_says_the_same(const bson_t *stored, const sv_erp_stock_t *row, sv_arena_t *arena)
{
    return sv_doc_has(stored, "book_qty") == row->known &&
           (!row->known || sv_doc_quantity(stored, "book_qty") == row->book_qty) &&
           sv_doc_has(stored, "unit_cost") == row->has_cost &&
           (!row->has_cost || sv_doc_quantity(stored, "unit_cost") == row->unit_cost) &&
           sv_text_same(sv_doc_text(stored, "erp_version", arena), row->version) &&
           sv_text_same(sv_doc_text(stored, "erp_warehouse", arena), row->erp_warehouse) &&
           sv_text_same(sv_doc_text(stored, "erp_lot", arena), row->erp_lot);
}

/* A text that is not told is only written where one stood. */
static void
sv_stock_put_text(bson_t *set, const char *field, const char *text, const bson_t *stored)
{
    if (text != NULL || (stored != NULL && sv_doc_has(stored, field))) {
        sv_doc_put_text(set, field, text);
    }
}

static sv_status_t
sv_stock_update(sv_stock_writing_t *writing, const bson_t *filter, const bson_t *set, bool upsert, sv_error_t *error)
{
    bson_t *update = sv_doc_new(writing->arena);

    BSON_APPEND_DOCUMENT(update, "$set", set);
    BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "synced_at", BCON_BOOL(true), "}");
    return sv_bulk_update(&writing->bulk, filter, update, upsert, error);
}

static sv_status_t
sv_stock_put(sv_stock_writing_t *writing, const sv_erp_stock_t *row, const bson_t *stored, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(row->warehouse), "item_code",
                                          BCON_UTF8(row->item_code), "lot", BCON_UTF8(row->lot)),
                                 writing->arena);
    bson_t *set = sv_doc_new(writing->arena);

    if (row->known) {
        sv_doc_put_quantity(set, "book_qty", row->book_qty);
    } else {
        BSON_APPEND_NULL(set, "book_qty");
    }
    if (row->has_cost) {
        sv_doc_put_quantity(set, "unit_cost", row->unit_cost);
    } else {
        sv_stock_put_text(set, "unit_cost", NULL, stored);
    }
    sv_stock_put_text(set, "erp_version", row->version, stored);
    sv_stock_put_text(set, "erp_warehouse", row->erp_warehouse, stored);
    sv_stock_put_text(set, "erp_lot", row->erp_lot, stored);
    sv_stock_note_changed(writing, row->item_code);
    return sv_stock_update(writing, filter, set, true, error);
}

static void
sv_stock_note_same(sv_stock_writing_t *writing, const bson_t *stored)
{
    char digits[16];
    const char *key;
    bson_iter_t id;

    if (bson_iter_init_find(&id, stored, "_id")) {
        size_t length = bson_uint32_to_string(writing->same_count++, &key, digits, sizeof(digits));

        bson_append_iter(writing->same, key, (int) length, &id);
    }
}

static sv_status_t
sv_stock_put_rows(sv_stock_writing_t *writing, const sv_erp_stocks_t *stocks, sv_error_t *error)
{
    for (size_t i = 0; i < stocks->count && error->status == SV_OK; i++) {
        const sv_erp_stock_t *row = &stocks->rows[i];
        const char *key = sv_stock_key(row->item_code, row->warehouse, row->lot, writing->arena);
        const bson_t *stored = g_hash_table_lookup(writing->stored, key);

        if (stored != NULL && sv_stock_says_the_same(stored, row, writing->arena)) {
            sv_stock_note_same(writing, stored);
        } else {
            sv_stock_put(writing, row, stored, error);
        }
        g_hash_table_remove(writing->stored, key);
    }
    return error->status;
}

/* What the ERP tells no more of these items. */
static sv_status_t
sv_stock_put_zeros(sv_stock_writing_t *writing, sv_error_t *error)
{
    bson_t *zero = sv_doc_new(writing->arena);
    GHashTableIter iter;
    void *stored;

    sv_doc_put_quantity(zero, "book_qty", 0);
    g_hash_table_iter_init(&iter, writing->stored);
    while (error->status == SV_OK && g_hash_table_iter_next(&iter, NULL, &stored)) {
        bson_t *filter = sv_doc_new(writing->arena);
        bson_iter_t id;

        if ((sv_doc_has(stored, "book_qty") && sv_doc_quantity(stored, "book_qty") == 0) ||
            !bson_iter_init_find(&id, stored, "_id")) {
            continue;
        }
        bson_append_iter(filter, "_id", -1, &id);
        sv_stock_note_changed(writing, sv_doc_text(stored, "item_code", writing->arena));
        sv_stock_update(writing, filter, zero, false, error);
    }
    return error->status;
}

static sv_status_t
sv_stock_date_same(sv_stock_writing_t *writing, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(writing->arena), in;
    bson_t *update = sv_doc_take(BCON_NEW("$currentDate", "{", "synced_at", BCON_BOOL(true), "}"), writing->arena);
    int64_t matched;

    if (writing->same_count == 0) {
        return SV_OK;
    }
    BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &in);
    BSON_APPEND_ARRAY(&in, "$in", writing->same);
    bson_append_document_end(filter, &in);
    return sv_store_update_many(writing->store, SV_COLLECTION_ITEM_STOCK, filter, update, &matched, error);
}

typedef struct {
    const sv_erp_stocks_t *stocks;
    const char *const *codes;
    size_t code_count;
    bool whole;
    sv_stock_writing_t writing; /* of the body's last run */
    sv_arena_t *arena;
} sv_stock_task_t;

/* From what is stored to what is to be: made again from the start when another import was in the way. */
static sv_status_t
sv_stocks_write_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_stock_task_t *task = context;
    sv_stock_writing_t *writing = &task->writing;
    sv_bulk_result_t result;

    *writing = (sv_stock_writing_t){ .store = store, .arena = task->arena, .same = sv_doc_new(task->arena) };
    writing->stored = g_hash_table_new(g_str_hash, g_str_equal);
    sv_arena_on_destroy(task->arena, (void (*)(void *)) g_hash_table_unref, writing->stored);
    if (sv_stock_writing_read(writing, task->codes, task->code_count, error) != SV_OK) {
        return error->status;
    }
    writing->changed = sv_arena_alloc(task->arena, (task->stocks->count + g_hash_table_size(writing->stored) + 1) *
                                                       sizeof(*writing->changed));
    sv_bulk_begin(&writing->bulk, store, SV_COLLECTION_ITEM_STOCK, task->arena);
    if (sv_stock_put_rows(writing, task->stocks, error) != SV_OK ||
        (task->whole && sv_stock_put_zeros(writing, error) != SV_OK)) {
        sv_bulk_discard(&writing->bulk);
        return error->status;
    }
    if (sv_bulk_run(&writing->bulk, task->arena, &result, error) == SV_OK) {
        sv_stock_date_same(writing, error);
    }
    return error->status;
}

/* One transaction: a server makes it durable once, and a thousand rows by themselves one by one. */
sv_status_t
sv_erp_stocks_write(sv_store_t *store, const sv_erp_stocks_t *stocks, const char *const *codes, size_t code_count,
                    bool whole, const char ***changed, size_t *changed_count, sv_arena_t *arena, sv_error_t *error)
{
    sv_stock_task_t task = {
        .stocks = stocks, .codes = codes, .code_count = code_count, .whole = whole, .arena = arena
    };

    if (code_count > 0) {
        sv_transaction_run_past_duplicates(store, sv_stocks_write_body, &task, error);
    }
    *changed = task.writing.changed;
    *changed_count = task.writing.changed_count;
    return error->status;
}
