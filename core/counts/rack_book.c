#include "core/counts/rack_book.h"

#include "core/counts/touched.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/row_texts.h"

bool
sv_count_has_rack_books(const sv_count_t *count)
{
    return sv_count_is_standing(count) && sv_doc_bool(count->document, "rack_books");
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
    status = sv_store_each(store, SV_COLLECTION_RACK_ITEMS, filter, NULL, sv_lines_add, &writer, error);
    bson_append_array_end(document, &lines);
    return status == SV_OK ? sv_store_insert(store, SV_COLLECTION_RACK_BOOKS, document, error) : status;
}

/* What was counted on the rack in the count, by its floor sessions there: records are found by these. */
static sv_status_t
sv_codes_add_counted(sv_store_t *store, sv_row_texts_t *codes, const bson_t *rack_filter, sv_error_t *error)
{
    sv_arena_t *arena = codes->arena;
    sv_row_texts_t sessions = { .arena = arena, .field = "session_id" };
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "session_id", BCON_INT32(1), "}"), arena);
    bson_t *filter = sv_doc_new(arena);
    sv_status_t status = sv_store_each(store, SV_COLLECTION_VERIFICATION_SESSIONS, rack_filter, options,
                                       sv_row_texts_take, &sessions, error);

    if (status != SV_OK || sessions.count == 0) {
        return status;
    }
    sv_filter_in(filter, "session_id", sessions.texts, sessions.count);
    options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "}"), arena);
    return sv_store_each(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, sv_row_texts_take, codes, error);
}

sv_status_t
sv_rack_book_mark(sv_store_t *store, const char *count_id, const char *rack_id, bool completed, sv_arena_t *arena,
                  sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "rack_id", BCON_UTF8(rack_id)), arena);
    bson_t *update = sv_doc_take(BCON_NEW("$set", "{", "completed", BCON_BOOL(completed), "}"), arena);
    sv_row_texts_t codes = { .arena = arena, .field = "item_code" };
    const bson_t *book;
    sv_status_t status =
        sv_store_find_and_update(store, SV_COLLECTION_RACK_BOOKS, filter, update, false, false, arena, &book, error);

    if (status != SV_OK || book == NULL || sv_doc_bool(book, "completed") == completed) {
        return status;
    }
    sv_doc_each(book, "lines", sv_row_texts_take, &codes, arena);
    status = sv_codes_add_counted(store, &codes, filter, error);
    return status == SV_OK ? sv_touched_note(store, count_id, sv_doc_text(book, "warehouse", arena), codes.texts,
                                             codes.count, arena, error)
                           : status;
}
