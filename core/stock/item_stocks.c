#include "core/stock/item_stocks.h"

#include <string.h>

#include "core/stock/stock.h"
#include "core/store/document.h"

sv_item_stock_t *
sv_item_stocks_of(const sv_item_stocks_t *stocks, const char *warehouse)
{
    for (size_t i = 0; warehouse != NULL && i < stocks->count; i++) {
        if (strcmp(stocks->stocks[i].warehouse, warehouse) == 0) {
            return &stocks->stocks[i];
        }
    }
    return NULL;
}

/* Nothing yet, where there is none of the warehouse.  They stay in the order of their warehouses, so that equal stocks
 * are equal copies. */
static sv_item_stock_t *
sv_item_stocks_take(sv_item_stocks_t *stocks, const char *warehouse, sv_arena_t *arena)
{
    size_t at = 0;

    while (at < stocks->count && strcmp(stocks->stocks[at].warehouse, warehouse) < 0) {
        at++;
    }
    if (at == stocks->count || strcmp(stocks->stocks[at].warehouse, warehouse) != 0) {
        stocks->stocks =
            sv_arena_grow(arena, stocks->stocks, stocks->count, &stocks->capacity, sizeof(*stocks->stocks));
        memmove(&stocks->stocks[at + 1], &stocks->stocks[at], (stocks->count - at) * sizeof(*stocks->stocks));
        stocks->stocks[at] = (sv_item_stock_t){ .warehouse = warehouse, .known = true };
        stocks->count++;
    }
    return &stocks->stocks[at];
}

void
sv_item_stocks_add(sv_item_stocks_t *stocks, const char *warehouse, bool known, sv_quantity_t quantity,
                   sv_arena_t *arena)
{
    sv_item_stock_t *stock = sv_item_stocks_take(stocks, warehouse, arena);

    stock->known = stock->known && known && sv_quantity_add(stock->quantity, quantity, &stock->quantity);
}

/* ---- the copy */

void
sv_item_stocks_put(bson_t *set, const sv_item_stocks_t *stocks)
{
    bson_t array, stock;
    char digits[16];
    const char *key;

    BSON_APPEND_ARRAY_BEGIN(set, "stocks", &array);
    for (size_t i = 0; i < stocks->count; i++) {
        size_t length = bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));

        bson_append_document_begin(&array, key, (int) length, &stock);
        BSON_APPEND_UTF8(&stock, "warehouse", stocks->stocks[i].warehouse);
        if (stocks->stocks[i].known) {
            sv_doc_put_quantity(&stock, "qty", stocks->stocks[i].quantity);
        } else {
            BSON_APPEND_NULL(&stock, "qty");
        }
        bson_append_document_end(&array, &stock);
    }
    bson_append_array_end(set, &array);
}

/* False: the item has no copy. */
static bool
sv_item_stocks_read(const bson_t *item, sv_item_stocks_t *stocks, sv_arena_t *arena)
{
    const bson_t *array = sv_doc_child(item, "stocks", arena);
    bson_iter_t iter;

    if (array == NULL || !bson_iter_init(&iter, array)) {
        return false;
    }
    while (bson_iter_next(&iter)) {
        const uint8_t *bytes;
        uint32_t length;
        bson_t stock;

        if (!BSON_ITER_HOLDS_DOCUMENT(&iter)) {
            return false;
        }
        bson_iter_document(&iter, &length, &bytes);
        if (!bson_init_static(&stock, bytes, length) || !sv_doc_has(&stock, "warehouse")) {
            return false;
        }
        sv_item_stocks_add(stocks, sv_doc_text(&stock, "warehouse", arena), sv_doc_has(&stock, "qty"),
                           sv_doc_quantity(&stock, "qty"), arena);
    }
    return true;
}

/* ---- items of an answer, which are few */

typedef struct {
    const char **codes; /* of items without a copy; NULL: it has one */
    sv_item_stocks_t *stocks;
    size_t count;
    sv_arena_t *arena;
} sv_gathered_t;

static void
sv_gathered_add(const sv_stock_t *row, void *context)
{
    sv_gathered_t *gathered = context;

    for (size_t i = 0; i < gathered->count; i++) {
        if (gathered->codes[i] != NULL && strcmp(gathered->codes[i], row->item_code) == 0) {
            sv_item_stocks_add(&gathered->stocks[i], row->warehouse, row->known, row->quantity, gathered->arena);
        }
    }
}

sv_status_t
sv_item_stocks_load(sv_store_t *store, const bson_t *const *items, size_t count, sv_item_stocks_t *stocks,
                    sv_arena_t *arena, sv_error_t *error)
{
    sv_gathered_t gathered = { .stocks = stocks, .count = count, .arena = arena };
    const char **asked = sv_arena_alloc(arena, (count + 1) * sizeof(*asked));
    size_t asked_count = 0;

    gathered.codes = sv_arena_zalloc(arena, (count + 1) * sizeof(*gathered.codes));
    for (size_t i = 0; i < count; i++) {
        stocks[i] = (sv_item_stocks_t){ 0 };
        if (!sv_item_stocks_read(items[i], &stocks[i], arena)) {
            stocks[i] = (sv_item_stocks_t){ 0 };
            gathered.codes[i] = sv_doc_text(items[i], "item_code", arena);
        }
        if (gathered.codes[i] != NULL) {
            asked[asked_count++] = gathered.codes[i];
        }
    }
    if (sv_stock_read(store, NULL, asked, asked_count, sv_gathered_add, &gathered, arena, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < count; i++) {
        const char *own = sv_doc_text(items[i], "warehouse", arena);
        sv_quantity_t quantity;

        if (sv_stock_of_item(items[i], own, &quantity, arena)) {
            sv_item_stocks_take(&stocks[i], own, arena)->quantity = quantity;
        }
    }
    return SV_OK;
}
