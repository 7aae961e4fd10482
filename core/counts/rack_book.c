#include "core/counts/rack_book.h"

#include "core/store/document.h"
#include "core/store/filter.h"

/* Items of one line of the worker's list: what it derives in one transaction. */
enum { SV_RACK_BOOK_TOUCH = 250 };

bool
sv_count_has_rack_books(const sv_count_t *count)
{
    return sv_count_is_standing(count) && sv_doc_bool(count->document, "rack_books");
}

/* A row of a collection that names an item; `context` is the reader's. */
typedef void (*sv_row_reader_t)(const bson_t *row, void *context);

static sv_status_t
sv_rows_read(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *options,
             sv_row_reader_t read, void *context, sv_error_t *error)
{
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status = sv_store_find(store, collection, filter, options, &cursor, error);

    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &row)) {
        read(row, context);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

typedef struct {
    bson_t *lines;
    uint32_t count;
    sv_arena_t *arena;
} sv_lines_writer_t;

static void
sv_lines_add(const bson_t *row, void *context)
{
    sv_lines_writer_t *writer = context;
    const char *code = sv_doc_text(row, "item_code", writer->arena);
    char digits[16];
    const char *key;
    bson_t line;

    if (code == NULL || sv_doc_bool(row, "deleted")) {
        return;
    }
    bson_uint32_to_string(writer->count++, &key, digits, sizeof(digits));
    BSON_APPEND_DOCUMENT_BEGIN(writer->lines, key, &line);
    BSON_APPEND_UTF8(&line, "item_code", code);
    if (sv_doc_has(row, "book_qty")) {
        sv_doc_put_quantity(&line, "book_qty", sv_doc_quantity(row, "book_qty"));
    } else {
        BSON_APPEND_NULL(&line, "book_qty");
    }
    bson_append_document_end(writer->lines, &line);
}

sv_status_t
sv_rack_book_freeze(sv_store_t *store, const sv_count_t *count, const char *rack_id, sv_arena_t *arena,
                    sv_error_t *error)
{
    bson_t *document = sv_doc_new(arena), *filter, lines;
    sv_lines_writer_t writer = { .lines = &lines, .arena = arena };
    int64_t now_ms;
    sv_status_t status = sv_store_now(store, &now_ms, error);

    if (status != SV_OK) {
        return status;
    }
    filter = sv_doc_take(BCON_NEW("rack_id", BCON_UTF8(rack_id)), arena);
    sv_doc_put_text(document, "count_id", count->session_id);
    sv_doc_put_text(document, "rack_id", rack_id);
    sv_doc_put_text(document, "warehouse", count->warehouse);
    sv_doc_put_time(document, "frozen_at", now_ms);
    BSON_APPEND_BOOL(document, "completed", false);
    BSON_APPEND_ARRAY_BEGIN(document, "lines", &lines);
    status = sv_rows_read(store, SV_COLLECTION_RACK_ITEMS, filter, NULL, sv_lines_add, &writer, error);
    bson_append_array_end(document, &lines);
    return status == SV_OK ? sv_store_insert(store, SV_COLLECTION_RACK_BOOKS, document, error) : status;
}

/* Codes that may stand in it twice: deriving takes each once. */
typedef struct {
    const char **codes;
    size_t count, capacity;
    sv_arena_t *arena;
    const char *field;
} sv_codes_t;

static void
sv_codes_add(const bson_t *row, void *context)
{
    sv_codes_t *codes = context;
    const char *code = sv_doc_text(row, codes->field, codes->arena);

    if (code != NULL) {
        codes->codes = sv_arena_grow(codes->arena, codes->codes, codes->count, &codes->capacity, sizeof(*codes->codes));
        codes->codes[codes->count++] = code;
    }
}

static void
sv_codes_add_lines(sv_codes_t *codes, const bson_t *book)
{
    const bson_t *lines = sv_doc_child(book, "lines", codes->arena);
    bson_iter_t iter;

    if (lines == NULL || !bson_iter_init(&iter, lines)) {
        return;
    }
    while (bson_iter_next(&iter)) {
        const uint8_t *data;
        uint32_t length;
        bson_t line;

        if (BSON_ITER_HOLDS_DOCUMENT(&iter)) {
            bson_iter_document(&iter, &length, &data);
            if (bson_init_static(&line, data, length)) {
                sv_codes_add(&line, codes);
            }
        }
    }
}

/* What was counted on the rack in the count, by its floor sessions there: records are found by these. */
static sv_status_t
sv_codes_add_counted(sv_store_t *store, sv_codes_t *codes, const bson_t *rack_filter, sv_error_t *error)
{
    sv_arena_t *arena = codes->arena;
    sv_codes_t sessions = { .arena = arena, .field = "session_id" };
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "session_id", BCON_INT32(1), "}"), arena);
    bson_t *filter = sv_doc_new(arena);
    sv_status_t status =
        sv_rows_read(store, SV_COLLECTION_VERIFICATION_SESSIONS, rack_filter, options, sv_codes_add, &sessions, error);

    if (status != SV_OK || sessions.count == 0) {
        return status;
    }
    sv_filter_in(filter, "session_id", sessions.codes, sessions.count);
    options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "}"), arena);
    return sv_rows_read(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, sv_codes_add, codes, error);
}

static sv_status_t
sv_codes_touch(sv_store_t *store, const sv_codes_t *codes, const bson_t *book, sv_error_t *error)
{
    int64_t now_ms = 0;
    sv_status_t status = codes->count > 0 ? sv_store_now(store, &now_ms, error) : SV_OK;

    for (size_t from = 0; status == SV_OK && from < codes->count; from += SV_RACK_BOOK_TOUCH) {
        bson_t *document = sv_doc_new(codes->arena), array;

        sv_doc_put_text(document, "count_id", sv_doc_text(book, "count_id", codes->arena));
        sv_doc_put_text(document, "warehouse", sv_doc_text(book, "warehouse", codes->arena));
        BSON_APPEND_ARRAY_BEGIN(document, "item_codes", &array);
        for (size_t i = from; i < codes->count && i < from + SV_RACK_BOOK_TOUCH; i++) {
            char digits[16];
            const char *key;

            bson_uint32_to_string((uint32_t) (i - from), &key, digits, sizeof(digits));
            BSON_APPEND_UTF8(&array, key, codes->codes[i]);
        }
        bson_append_array_end(document, &array);
        sv_doc_put_time(document, "at", now_ms);
        status = sv_store_insert(store, SV_COLLECTION_TOUCHED_ITEMS, document, error);
    }
    return status;
}

sv_status_t
sv_rack_book_mark(sv_store_t *store, const char *count_id, const char *rack_id, bool completed, sv_arena_t *arena,
                  sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "rack_id", BCON_UTF8(rack_id)), arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "completed", BCON_BOOL(completed), "}"), arena);
    sv_codes_t codes = { .arena = arena, .field = "item_code" };
    const bson_t *book;
    sv_status_t status =
        sv_store_find_and_update(store, SV_COLLECTION_RACK_BOOKS, filter, update, false, false, arena, &book, error);

    if (status != SV_OK || book == NULL || sv_doc_bool(book, "completed") == completed) {
        return status;
    }
    sv_codes_add_lines(&codes, book);
    status = sv_codes_add_counted(store, &codes, filter, error);
    return status == SV_OK ? sv_codes_touch(store, &codes, book, error) : status;
}
