#include "core/stock/stock_copies.h"

#include <stdlib.h>
#include <string.h>

#include "core/stock/item_stocks.h"
#include "core/stock/stock.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

/* An item whose copy is brought up to date. */
typedef struct {
    const char *item_code;
    const char *warehouse; /* its own; NULL: none, or there is no such item */
    const bson_t *stored;  /* its copy as it stands; NULL: none */
    sv_item_stocks_t stocks;
} sv_copy_t;

typedef struct {
    sv_arena_t *arena;
    const char **codes;
    sv_copy_t *copies; /* sorted by code */
    size_t count;
    bool changed; /* the rows did; else only what is not their copy is written */
} sv_copies_t;

static int
sv_compare_codes(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static int
sv_compare_copy(const void *code, const void *copy)
{
    return strcmp(code, ((const sv_copy_t *) copy)->item_code);
}

static sv_copy_t *
sv_copies_find(const sv_copies_t *copies, const char *code)
{
    return code == NULL ? NULL : bsearch(code, copies->copies, copies->count, sizeof(*copies->copies), sv_compare_copy);
}

static void
sv_copies_init(sv_copies_t *copies, const char *const *codes, size_t count, sv_arena_t *arena)
{
    copies->arena = arena;
    copies->codes = sv_arena_alloc(arena, (count + 1) * sizeof(*copies->codes));
    copies->copies = sv_arena_zalloc(arena, (count + 1) * sizeof(*copies->copies));
    copies->count = 0;
    if (count > 0) {
        memcpy(copies->codes, codes, count * sizeof(*codes));
        qsort(copies->codes, count, sizeof(*copies->codes), sv_compare_codes);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(copies->codes[i - 1], copies->codes[i]) != 0) {
            copies->copies[copies->count++].item_code = copies->codes[i];
        }
    }
}

static sv_status_t
sv_copies_read_items(sv_store_t *store, sv_copies_t *copies, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(copies->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "warehouse", BCON_INT32(1),
                                           "stocks", BCON_INT32(1), "}"),
                                  copies->arena);
    mongoc_cursor_t *cursor;
    const bson_t *item;
    sv_status_t status;

    for (size_t i = 0; i < copies->count; i++) {
        copies->codes[i] = copies->copies[i].item_code;
    }
    sv_filter_in(filter, "item_code", copies->codes, copies->count);
    status = sv_store_find(store, SV_COLLECTION_ERP_ITEMS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &item)) {
        sv_copy_t *copy = sv_copies_find(copies, sv_doc_text(item, "item_code", copies->arena));

        if (copy != NULL) {
            copy->warehouse = sv_doc_text(item, "warehouse", copies->arena);
            copy->stored = sv_doc_child(sv_doc_copy(item, copies->arena), "stocks", copies->arena);
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

static void
sv_copies_add(const sv_stock_t *stock, void *context)
{
    sv_copies_t *copies = context;
    sv_copy_t *copy = sv_copies_find(copies, stock->item_code);

    if (copy != NULL) {
        sv_item_stocks_add(&copy->stocks, stock->warehouse, stock->known, stock->quantity, copies->arena);
    }
}

static bool
sv_copy_is_right(const sv_copy_t *copy, const bson_t *wanted, sv_arena_t *arena)
{
    return copy->stored != NULL && bson_equal(copy->stored, sv_doc_child(wanted, "stocks", arena));
}

/* Phones and caches are told of what they may have had otherwise. */
static const bson_t *
sv_copy_update(const sv_copies_t *copies, const sv_copy_t *copy)
{
    const sv_item_stock_t *own = sv_item_stocks_of(&copy->stocks, copy->warehouse);
    bson_t *update = sv_doc_new(copies->arena), *set = sv_doc_new(copies->arena);

    sv_item_stocks_put(set, &copy->stocks);
    if (!copies->changed && sv_copy_is_right(copy, set, copies->arena)) {
        return NULL;
    }
    if (own != NULL) {
        BSON_APPEND_BOOL(set, "stock_row", true);
        if (own->known) {
            sv_doc_put_quantity(set, "stock_qty", own->quantity);
        } else {
            BSON_APPEND_NULL(set, "stock_qty");
        }
    }
    BSON_APPEND_DOCUMENT(update, "$set", set);
    if (copies->changed || copy->stored != NULL) {
        BCON_APPEND(update, "$currentDate", "{", "updated_at", BCON_BOOL(true), "}");
    }
    return update;
}

static sv_status_t
sv_copies_write(sv_store_t *store, const sv_copies_t *copies, sv_error_t *error)
{
    sv_bulk_result_t result;
    sv_bulk_t bulk;

    sv_bulk_begin(&bulk, store, SV_COLLECTION_ERP_ITEMS, copies->arena);
    for (size_t i = 0; i < copies->count; i++) {
        bson_t *filter = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(copies->copies[i].item_code)), copies->arena);
        const bson_t *update = sv_copy_update(copies, &copies->copies[i]);

        if (update != NULL && sv_bulk_update(&bulk, filter, update, false, error) != SV_OK) {
            sv_bulk_discard(&bulk);
            return error->status;
        }
    }
    return sv_bulk_run(&bulk, copies->arena, &result, error);
}

typedef struct {
    const char *const *codes;
    size_t count;
    bool changed;
} sv_settling_t;

/* One transaction: two imports at once leave the copy of what both have written. */
static sv_status_t
sv_stock_settle_body(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_settling_t *settling = context;
    sv_arena_t *arena = sv_arena_create();
    sv_copies_t copies;
    sv_status_t status;

    sv_copies_init(&copies, settling->codes, settling->count, arena);
    copies.changed = settling->changed;
    status = sv_copies_read_items(store, &copies, error);
    if (status == SV_OK) {
        status = sv_stock_read(store, NULL, copies.codes, copies.count, sv_copies_add, &copies, arena, error);
    }
    if (status == SV_OK) {
        status = sv_copies_write(store, &copies, error);
    }
    sv_arena_destroy(arena);
    return status;
}

sv_status_t
sv_stock_settle(sv_store_t *store, const char *const *codes, size_t count, sv_error_t *error)
{
    sv_settling_t settling = { codes, count, true };

    return count == 0 ? SV_OK : sv_transaction_run(store, sv_stock_settle_body, &settling, error);
}

sv_status_t
sv_stock_copy(sv_store_t *store, const char *const *codes, size_t count, sv_error_t *error)
{
    sv_settling_t settling = { codes, count, false };

    return count == 0 ? SV_OK : sv_transaction_run(store, sv_stock_settle_body, &settling, error);
}
