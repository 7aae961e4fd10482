#include <string.h>

#include "core/base/log.h"
#include "core/counts/book.h"
#include "core/counts/count_state.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

/* A chunk is one transaction: one commit to disk instead of one a line. */
enum { SV_BOOK_CHUNK = 500, SV_BOOK_RACK_CHUNK = 100 };

typedef struct {
    sv_store_t *store;
    sv_book_scope_t scope;
    int64_t now_ms; /* the server's */
    int64_t lines;
    /* the chunk under way */
    sv_arena_t *arena;
    const char *codes[SV_BOOK_CHUNK]; /* an item on several racks stands in it several times */
    size_t count;
    sv_book_lines_t book;
    int64_t chunk_lines; /* made by the last run of its transaction */
} sv_book_work_t;

/* The count has so many more items in its book; the totals add those they find no line for. */
static sv_status_t
sv_book_add_items(sv_store_t *store, const char *count_id, int64_t lines, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter, *update;

    if (lines == 0) {
        return SV_OK;
    }
    filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id)), arena);
    update = sv_doc_take(BCON_NEW("$inc", "{", "book_items", BCON_INT64(lines), "}"), arena);
    return sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
}

static sv_status_t
sv_book_put_lines(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_book_work_t *work = context;
    sv_arena_t *arena = sv_arena_create();
    sv_status_t status = SV_OK;
    sv_bulk_result_t result = { 0 };
    sv_bulk_t bulk;

    sv_bulk_begin(&bulk, store, SV_COLLECTION_SESSION_BOOK, arena);
    for (size_t i = 0; status == SV_OK && i < work->book.count; i++) {
        const sv_book_line_t *line = &work->book.lines[i];
        bson_t update = BSON_INITIALIZER, insertion;

        BSON_APPEND_DOCUMENT_BEGIN(&update, "$setOnInsert", &insertion);
        sv_book_put_line(&insertion, &work->scope, line, work->book.adjusted_seq, work->now_ms);
        bson_append_document_end(&update, &insertion);
        status = sv_bulk_update(&bulk, sv_book_line_filter(work->scope.count_id, line->item_code, line->lot, arena),
                                &update, true, error);
        bson_destroy(&update);
    }
    if (status == SV_OK) {
        status = sv_bulk_run(&bulk, arena, &result, error);
    } else {
        sv_bulk_discard(&bulk);
    }
    if (status == SV_OK) {
        status = sv_book_add_items(store, work->scope.count_id, result.upserted, arena, error);
    }
    work->chunk_lines = result.upserted;
    sv_arena_destroy(arena);
    return status;
}

/* Freezes the chunk and begins the next. */
static sv_status_t
sv_book_flush(sv_book_work_t *work, sv_error_t *error)
{
    sv_status_t status;

    work->chunk_lines = 0;
    status = sv_book_read_items(work->store, &work->scope, work->codes, work->count, &work->book, work->arena, error);
    if (status == SV_OK && work->book.count > 0) {
        /* An item counted at this moment gets its line from the totals: the next run finds it. */
        status = sv_transaction_run_past_duplicates(work->store, sv_book_put_lines, work, error);
    }
    work->lines += status == SV_OK ? work->chunk_lines : 0;
    work->count = 0;
    sv_arena_destroy(work->arena);
    work->arena = sv_arena_create();
    return status;
}

/* Freezes the item of every row the filter matches in a collection that has item_code. */
static sv_status_t
sv_book_freeze_rows(sv_book_work_t *work, sv_collection_t collection, const bson_t *filter, sv_error_t *error)
{
    bson_t *options = BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "}", "batchSize", BCON_INT32(2000));
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(work->store, collection, filter, options, &cursor, error);

    bson_destroy(options);
    if (status != SV_OK) {
        return status;
    }
    while (status == SV_OK && mongoc_cursor_next(cursor, &row)) {
        const char *code = sv_doc_text(row, "item_code", work->arena);

        if (code != NULL) {
            work->codes[work->count++] = code;
        }
        if (work->count == SV_BOOK_CHUNK) {
            status = sv_book_flush(work, error);
        }
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(work->store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    return status == SV_OK ? sv_book_flush(work, error) : status;
}

/* Items whose master data places them in the scope. */
static sv_status_t
sv_book_freeze_places(sv_book_work_t *work, sv_error_t *error)
{
    const sv_book_scope_t *scope = &work->scope;
    bson_t filter = BSON_INITIALIZER;
    sv_status_t status;

    BCON_APPEND(&filter, "warehouse", BCON_UTF8(scope->warehouse), "deleted", "{", "$ne", BCON_BOOL(true), "}");
    if (!scope->whole && !scope->by_racks) {
        BSON_APPEND_UTF8(&filter, "floor", scope->floor);
    }
    if (scope->by_racks) {
        sv_filter_in(&filter, "rack", scope->racks, scope->rack_count);
    }
    status = sv_book_freeze_rows(work, SV_COLLECTION_ERP_ITEMS, &filter, error);
    bson_destroy(&filter);
    return status;
}

/* Items that the warehouse's books have, wherever their master data places them, and whether or not they are delisted:
 * what the books have none of is left out. */
static sv_status_t
sv_book_freeze_stock(sv_book_work_t *work, sv_error_t *error)
{
    bson_t filter = BSON_INITIALIZER;
    sv_status_t status;

    if (!work->scope.whole) {
        return SV_OK;
    }
    BCON_APPEND(&filter, "warehouse", BCON_UTF8(work->scope.warehouse), "book_qty", "{", "$ne", BCON_INT32(0), "}");
    status = sv_book_freeze_rows(work, SV_COLLECTION_ITEM_STOCK, &filter, error);
    bson_destroy(&filter);
    return status;
}

/* Items expected on the racks of the scope, wherever their master data places them. */
static sv_status_t
sv_book_freeze_racks(sv_book_work_t *work, sv_error_t *error)
{
    const sv_book_scope_t *scope = &work->scope;
    sv_status_t status = SV_OK;

    for (size_t i = 0; status == SV_OK && i < scope->rack_count; i += SV_BOOK_RACK_CHUNK) {
        size_t left = scope->rack_count - i;
        bson_t filter = BSON_INITIALIZER;

        sv_filter_in(&filter, "rack_id", scope->racks + i, left < SV_BOOK_RACK_CHUNK ? left : SV_BOOK_RACK_CHUNK);
        BCON_APPEND(&filter, "deleted", "{", "$ne", BCON_BOOL(true), "}");
        status = sv_book_freeze_rows(work, SV_COLLECTION_RACK_ITEMS, &filter, error);
        bson_destroy(&filter);
    }
    return status;
}

/* A count that can have no book is set aside, so that the books of the others are frozen. */
static sv_status_t
sv_book_set_aside(sv_store_t *store, const bson_t *count, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *update = sv_doc_new(arena);
    const char *session_id = sv_doc_text(count, "session_id", arena);
    bson_iter_t id;

    if (bson_iter_init_find(&id, count, "_id")) {
        bson_append_iter(filter, "_id", -1, &id);
    }
    BCON_APPEND(filter, "book_state", "pending");
    BCON_APPEND(update, "$set", "{", "book_state", "failed", "}");
    sv_log(SV_LOG_WARNING, "count %s has no warehouse or no id, and so no book",
           session_id != NULL ? session_id : "without an id");
    return sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
}

static sv_status_t
sv_book_freeze_count(sv_store_t *store, const bson_t *count, sv_arena_t *arena, sv_book_frozen_t *done,
                     sv_error_t *error)
{
    sv_book_work_t *work = sv_arena_zalloc(arena, sizeof(*work));
    bson_t *filter, *update;
    int64_t matched = 0;
    sv_status_t status = sv_book_scope_read(store, count, arena, &work->scope, error);

    work->store = store;
    work->arena = sv_arena_create();
    if (status == SV_OK) {
        status = sv_store_now(store, &work->now_ms, error);
    }
    if (status == SV_OK) {
        status = sv_book_freeze_places(work, error);
    }
    if (status == SV_OK) {
        status = sv_book_freeze_stock(work, error);
    }
    if (status == SV_OK) {
        status = sv_book_freeze_racks(work, error);
    }
    sv_arena_destroy(work->arena);
    done->lines += work->lines;
    if (status != SV_OK) {
        return status;
    }
    filter = BCON_NEW("session_id", BCON_UTF8(work->scope.count_id), "book_state", "pending");
    update = BCON_NEW("$set", "{", "book_state", "frozen", "}");
    status = sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, &matched, error);
    bson_destroy(filter);
    bson_destroy(update);
    done->counts += status == SV_OK ? matched : 0;
    return status;
}

sv_status_t
sv_book_freeze_round(sv_store_t *store, sv_book_frozen_t *done, sv_error_t *error)
{
    sv_status_t status = SV_OK;
    const bson_t *count = NULL;

    memset(done, 0, sizeof(*done));
    do {
        sv_arena_t *arena = sv_arena_create();
        bson_t *filter = sv_doc_new(arena);

        /* By status first: that is the index, and few counts are not over. */
        sv_count_filter_live(filter, "status");
        BCON_APPEND(filter, "book_state", "pending");
        status = sv_store_find_one(store, SV_COLLECTION_SESSIONS, filter, NULL, arena, &count, error);
        if (status == SV_OK && count != NULL) {
            status = sv_doc_text(count, "warehouse", arena) != NULL && sv_doc_text(count, "session_id", arena) != NULL
                         ? sv_book_freeze_count(store, count, arena, done, error)
                         : sv_book_set_aside(store, count, arena, error);
        }
        sv_arena_destroy(arena);
    } while (status == SV_OK && count != NULL);
    return status;
}
