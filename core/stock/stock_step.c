#include "core/stock/stock_step.h"

#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/transaction.h"
#include "core/warehouse/warehouse.h"

enum { SV_STOCK_STEP_ITEMS = 500 };

/* The warehouse of items that have none: the only one; NULL: there are several, and nobody knows whose they are. */
static sv_status_t
sv_stock_only_warehouse(sv_store_t *store, const char **only, sv_arena_t *arena, sv_error_t *error)
{
    sv_warehouse_t *warehouses;
    size_t count;
    sv_status_t status = sv_warehouses_read(store, arena, &warehouses, &count, error);

    *only = status == SV_OK && count == 1 ? warehouses[0].warehouse : NULL;
    return status;
}

/* Items that say it themselves, and have a warehouse it is of. */
static bson_t *
sv_stock_of_before(const char *only, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_take(
        BCON_NEW("stock_qty", "{", "$nin", "[", BCON_NULL, "]", "}", "stock_row", "{", "$ne", BCON_BOOL(true), "}"),
        arena);

    if (only == NULL) {
        BCON_APPEND(filter, "warehouse", "{", "$nin", "[", BCON_NULL, "]", "}");
    }
    return filter;
}

sv_status_t
sv_stock_step_is_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    const bson_t *item = NULL;
    const char *only;
    sv_status_t status = sv_stock_only_warehouse(store, &only, error->arena, error);

    if (status == SV_OK) {
        status = sv_store_find_one(store, SV_COLLECTION_ERP_ITEMS, sv_stock_of_before(only, error->arena), NULL,
                                   error->arena, &item, error);
    }
    *due = item != NULL;
    return status;
}

typedef struct {
    sv_migration_chunk_t *chunk;
    const char *only;
    int64_t seen, changed;
    const char *last; /* NULL: there are no more */
} sv_stock_work_t;

/* A row that is there is younger than what the item says: it stays. */
static sv_status_t
sv_stock_work_item(sv_stock_work_t *work, const bson_t *item, sv_bulk_t *rows, sv_bulk_t *items, sv_arena_t *arena,
                   sv_error_t *error)
{
    const char *code = sv_doc_text(item, "item_code", arena), *warehouse = sv_doc_text(item, "warehouse", arena);
    bson_t *filter = sv_doc_new(arena), *update = sv_doc_new(arena), *of_item = sv_doc_new(arena), *note, row;

    BCON_APPEND(filter, "warehouse", BCON_UTF8(warehouse != NULL ? warehouse : work->only), "item_code",
                BCON_UTF8(code), "lot", BCON_UTF8(""));
    BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &row);
    sv_doc_put_quantity(&row, "book_qty", sv_doc_quantity(item, "stock_qty"));
    if (sv_doc_has(item, "unit_cost")) {
        sv_doc_put_quantity(&row, "unit_cost", sv_doc_quantity(item, "unit_cost"));
    }
    sv_doc_put_time(&row, "synced_at", sv_doc_time(item, "updated_at"));
    bson_append_document_end(update, &row);
    BSON_APPEND_UTF8(of_item, "item_code", code);
    /* a copy of its rows lacks this one */
    note = sv_doc_take(
        BCON_NEW("$set", "{", "stock_row", BCON_BOOL(true), "}", "$unset", "{", "stocks", BCON_INT32(1), "}"), arena);
    return sv_bulk_update(rows, filter, update, true, error) == SV_OK
               ? sv_bulk_update(items, of_item, note, false, error)
               : error->status;
}

static sv_status_t
sv_stock_work_find(sv_store_t *store, const sv_stock_work_t *work, mongoc_cursor_t **cursor, sv_arena_t *arena,
                   sv_error_t *error)
{
    const bson_t *from = work->chunk->cursor;
    const char *after = from != NULL ? sv_doc_text(from, "item_code", arena) : NULL;
    bson_t *filter = sv_stock_of_before(work->only, arena), *options = sv_doc_new(arena);

    BCON_APPEND(filter, "item_code", "{", "$gt", BCON_UTF8(after != NULL ? after : ""), "}");
    BCON_APPEND(options, "sort", "{", "item_code", BCON_INT32(1), "}", "limit", BCON_INT64(SV_STOCK_STEP_ITEMS),
                "projection", "{", "item_code", BCON_INT32(1), "warehouse", BCON_INT32(1), "stock_qty", BCON_INT32(1),
                "unit_cost", BCON_INT32(1), "updated_at", BCON_INT32(1), "}");
    return sv_store_find(store, SV_COLLECTION_ERP_ITEMS, filter, options, cursor, error);
}

/* The items of a chunk become rows, and say so, or nothing of it is done. */
static sv_status_t
sv_stock_work_body(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_stock_work_t *work = context;
    sv_arena_t *arena = sv_arena_create();
    sv_bulk_result_t result;
    sv_bulk_t rows, items;
    mongoc_cursor_t *cursor;
    const bson_t *item;
    sv_status_t status;

    work->seen = 0;
    work->last = NULL;
    sv_bulk_begin(&rows, store, SV_COLLECTION_ITEM_STOCK, arena);
    sv_bulk_begin(&items, store, SV_COLLECTION_ERP_ITEMS, arena);
    status = sv_stock_work_find(store, work, &cursor, arena, error);
    while (status == SV_OK && mongoc_cursor_next(cursor, &item)) {
        work->seen++;
        work->last = sv_doc_text(item, "item_code", work->chunk->arena);
        status = sv_stock_work_item(work, item, &rows, &items, arena, error);
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(store, cursor, error);
        mongoc_cursor_destroy(cursor);
    }
    work->changed = work->seen;
    if (status != SV_OK || work->chunk->dry_run) {
        sv_bulk_discard(&rows);
        sv_bulk_discard(&items);
    } else if ((status = sv_bulk_run(&rows, arena, &result, error)) == SV_OK) {
        status = sv_bulk_run(&items, arena, &result, error);
    } else {
        sv_bulk_discard(&items);
    }
    sv_arena_destroy(arena);
    return status;
}

sv_status_t
sv_stock_step_run(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    sv_stock_work_t work = { .chunk = chunk };
    sv_status_t status = sv_stock_only_warehouse(chunk->store, &work.only, chunk->arena, error);

    if (status == SV_OK) {
        status = sv_transaction_run_past_duplicates(chunk->store, sv_stock_work_body, &work, error);
    }
    chunk->seen += work.seen;
    chunk->changed += work.changed;
    if (status == SV_OK && work.seen == SV_STOCK_STEP_ITEMS) {
        sv_doc_put_text(chunk->next, "item_code", work.last);
    }
    return status;
}

sv_status_t
sv_stock_bring_over(sv_store_t *store, sv_error_t *error)
{
    bool due = false;

    if (sv_stock_step_is_due(store, &due, error) != SV_OK) {
        return error->status;
    }
    while (due && error->status == SV_OK) {
        sv_arena_t *arena = sv_arena_create();
        sv_migration_chunk_t chunk = { .store = store, .arena = arena, .next = sv_doc_new(arena) };

        sv_stock_step_run(&chunk, error);
        due = chunk.seen == SV_STOCK_STEP_ITEMS; /* what was brought over is not found again */
        sv_arena_destroy(arena);
    }
    return error->status;
}
