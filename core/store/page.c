#include "core/store/page.h"

#include <string.h>

#include "core/base/codec.h"
#include "core/base/text.h"
#include "core/store/document.h"

enum { SV_CURSOR_MAX = 4096 };

/* The two keys of the last row given, as a cursor carries them: {l: list, s: sort key, u: unique key, n: next_since}. */
typedef struct {
    const bson_t *document;
    bson_iter_t sort, unique;
    int64_t next_since_ms; /* 0: it has none */
} sv_cursor_t;

/* Where a page ended. */
typedef struct {
    const char *cursor;    /* NULL: the last page */
    int64_t next_since_ms; /* of a list that tells it */
    int64_t total;         /* of a page asked for by its number */
} sv_page_end_t;

static const char *
sv_cursor_encode(const sv_page_t *page, const bson_t *row, int64_t next_since_ms, sv_arena_t *arena)
{
    bson_t *keys = sv_doc_new(arena);
    bson_iter_t iter;
    char *text;

    BSON_APPEND_UTF8(keys, "l", page->list);
    if (page->sort_field != NULL && bson_iter_init_find(&iter, row, page->sort_field)) {
        bson_append_iter(keys, "s", 1, &iter);
    } else {
        BSON_APPEND_NULL(keys, "s");
    }
    if (bson_iter_init_find(&iter, row, page->unique_field)) {
        bson_append_iter(keys, "u", 1, &iter);
    }
    if (page->tells_since) {
        BSON_APPEND_DATE_TIME(keys, "n", next_since_ms);
    }
    text = sv_arena_alloc(arena, ((size_t) keys->len * 4 + 2) / 3 + 1);
    sv_base64url_encode(bson_get_data(keys), keys->len, text);
    return text;
}

/* Only plain values: a cursor is made by clients as easily as by us, and must not become an operator.
 * bson_validate() lets a text that is no UTF-8 pass, the server does not. */
static bool
sv_cursor_value_allowed(const bson_iter_t *iter)
{
    const char *text;
    uint32_t length;

    switch (bson_iter_type(iter)) {
    case BSON_TYPE_UTF8:
        text = bson_iter_utf8(iter, &length);
        return sv_utf8_valid(text, length);
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
    case BSON_TYPE_DATE_TIME:
    case BSON_TYPE_OID:
    case BSON_TYPE_BOOL:
    case BSON_TYPE_NULL:
    case BSON_TYPE_DECIMAL128:
        return true;
    default:
        return false;
    }
}

static bool
sv_cursor_decode(const sv_page_t *page, sv_cursor_t *cursor, sv_arena_t *arena)
{
    size_t length = strlen(page->cursor);
    uint8_t *bytes;
    int size;
    bson_t *document;
    bson_iter_t list;

    if (length == 0 || length > SV_CURSOR_MAX) {
        return false;
    }
    bytes = sv_arena_alloc(arena, length);
    size = sv_base64url_decode(page->cursor, length, bytes, length);
    document = size > 0 ? bson_new_from_data(bytes, (size_t) size) : NULL;
    if (document == NULL) {
        return false;
    }
    cursor->document = sv_doc_copy(document, arena);
    bson_destroy(document);
    cursor->next_since_ms = sv_doc_time(cursor->document, "n");
    return bson_validate(cursor->document, BSON_VALIDATE_UTF8, NULL) &&
           bson_iter_init_find(&list, cursor->document, "l") && BSON_ITER_HOLDS_UTF8(&list) &&
           strcmp(bson_iter_utf8(&list, NULL), page->list) == 0 &&
           bson_iter_init_find(&cursor->sort, cursor->document, "s") && sv_cursor_value_allowed(&cursor->sort) &&
           bson_iter_init_find(&cursor->unique, cursor->document, "u") && sv_cursor_value_allowed(&cursor->unique);
}

/* {field: {operator: value}} */
static void
sv_put_comparison(bson_t *document, const char *field, const char *operator, const bson_iter_t * value)
{
    bson_t comparison;

    BSON_APPEND_DOCUMENT_BEGIN(document, field, &comparison);
    bson_append_iter(&comparison, operator, - 1, value);
    bson_append_document_end(document, &comparison);
}

static void
sv_put_not_null(bson_t *document, const char *field)
{
    bson_t comparison;

    BSON_APPEND_DOCUMENT_BEGIN(document, field, &comparison);
    BSON_APPEND_NULL(&comparison, "$ne");
    bson_append_document_end(document, &comparison);
}

/* The rows behind the cursor as the branches of an $or.  null sorts below every value. */
static void
sv_put_branches_behind(bson_t *branches, const sv_page_t *page, const sv_cursor_t *cursor)
{
    const char *beyond = page->direction > 0 ? "$gt" : "$lt";
    bool at_null = bson_iter_type(&cursor->sort) == BSON_TYPE_NULL;
    bson_t branch;

    BSON_APPEND_DOCUMENT_BEGIN(branches, "0", &branch);
    bson_append_iter(&branch, page->sort_field, -1, &cursor->sort);
    sv_put_comparison(&branch, page->unique_field, beyond, &cursor->unique);
    bson_append_document_end(branches, &branch);
    if (at_null && page->direction < 0) {
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(branches, "1", &branch);
    if (at_null) {
        sv_put_not_null(&branch, page->sort_field);
    } else {
        sv_put_comparison(&branch, page->sort_field, beyond, &cursor->sort);
    }
    bson_append_document_end(branches, &branch);
    if (!at_null && page->direction < 0) {
        BSON_APPEND_DOCUMENT_BEGIN(branches, "2", &branch);
        BSON_APPEND_NULL(&branch, page->sort_field);
        bson_append_document_end(branches, &branch);
    }
}

static bson_t *
sv_page_filter(const sv_page_t *page, const bson_t *filter, const sv_cursor_t *cursor, sv_arena_t *arena)
{
    bson_t *all = sv_doc_new(arena);
    bson_t conditions, behind, branches;

    BSON_APPEND_ARRAY_BEGIN(all, "$and", &conditions);
    BSON_APPEND_DOCUMENT(&conditions, "0", filter);
    BSON_APPEND_DOCUMENT_BEGIN(&conditions, "1", &behind);
    if (page->sort_field == NULL) {
        sv_put_comparison(&behind, page->unique_field, page->direction > 0 ? "$gt" : "$lt", &cursor->unique);
    } else {
        BSON_APPEND_ARRAY_BEGIN(&behind, "$or", &branches);
        sv_put_branches_behind(&branches, page, cursor);
        bson_append_array_end(&behind, &branches);
    }
    bson_append_document_end(&conditions, &behind);
    bson_append_array_end(all, &conditions);
    return all;
}

static bson_t *
sv_page_options(const sv_page_t *page, const bson_t *projection, sv_arena_t *arena)
{
    bson_t *options = sv_doc_new(arena);
    bson_t sort;

    BSON_APPEND_DOCUMENT_BEGIN(options, "sort", &sort);
    if (page->sort_field != NULL) {
        BSON_APPEND_INT32(&sort, page->sort_field, page->direction);
    }
    BSON_APPEND_INT32(&sort, page->unique_field, page->direction);
    bson_append_document_end(options, &sort);
    /* One row more than asked for says whether there is a next page. */
    BSON_APPEND_INT64(options, "limit", page->limit + 1);
    if (page->number > 1) {
        BSON_APPEND_INT64(options, "skip", (page->number - 1) * page->limit);
    }
    if (projection != NULL) {
        BSON_APPEND_DOCUMENT(options, "projection", projection);
    }
    return options;
}

/* What a page does with each of its rows. */
typedef void (*sv_page_row_t)(const bson_t *row, void *context);

static sv_status_t
sv_page_each(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *projection,
             const sv_page_t *page, sv_page_row_t each, void *context, sv_page_end_t *end, sv_arena_t *arena,
             sv_error_t *error)
{
    mongoc_cursor_t *cursor;
    const bson_t *row;
    sv_status_t status;

    memset(end, 0, sizeof(*end));
    if (page->cursor != NULL) {
        sv_cursor_t after;

        if (!sv_cursor_decode(page, &after, arena)) {
            return sv_fail(error, SV_ERR_CURSOR_INVALID, NULL);
        }
        filter = sv_page_filter(page, filter, &after, arena);
        end->next_since_ms = after.next_since_ms;
    }
    if (page->tells_since && end->next_since_ms <= 0) {
        if (sv_store_now(store, &end->next_since_ms, error) != SV_OK) {
            return error->status;
        }
        end->next_since_ms -= SV_SINCE_REACH_MS;
    }
    if (page->number != 0 && sv_store_count(store, collection, filter, &end->total, error) != SV_OK) {
        return error->status;
    }
    status = sv_store_find(store, collection, filter, sv_page_options(page, projection, arena), &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    for (int64_t n = 1; n <= page->limit && mongoc_cursor_next(cursor, &row); n++) {
        each(row, context);
        if (n == page->limit) {
            end->cursor = sv_cursor_encode(page, row, end->next_since_ms, arena);
        }
    }
    if (end->cursor != NULL && !mongoc_cursor_next(cursor, &row)) {
        end->cursor = NULL;
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

typedef struct {
    sv_json_writer_t *w;
    sv_page_write_t write;
    void *context;
} sv_page_writing_t;

static void
sv_page_write_row(const bson_t *row, void *context)
{
    sv_page_writing_t *writing = context;

    writing->write(writing->w, row, writing->context);
}

void
sv_pagination_write(sv_json_writer_t *w, const sv_page_t *page, int64_t total)
{
    if (page->number == 0) {
        return;
    }
    sv_json_object(w, "pagination");
    sv_json_int(w, "page", page->number);
    sv_json_int(w, "page_size", page->limit);
    sv_json_int(w, "total", total);
    sv_json_int(w, "total_pages", (total + page->limit - 1) / page->limit);
    sv_json_bool(w, "has_next", page->number * page->limit < total);
    sv_json_bool(w, "has_prev", page->number > 1);
    sv_json_end(w);
}

sv_status_t
sv_page_run(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *projection,
            const sv_page_t *page, sv_page_write_t write, void *context, sv_json_writer_t *w, sv_arena_t *arena,
            sv_error_t *error)
{
    sv_page_writing_t writing = { .w = w, .write = write, .context = context };
    sv_page_end_t end;
    sv_status_t status;

    sv_json_array(w, "items");
    status = sv_page_each(store, collection, filter, projection, page, sv_page_write_row, &writing, &end, arena, error);
    sv_json_end(w);
    sv_json_text(w, "next_cursor", end.cursor);
    if (page->tells_since) {
        sv_json_time(w, "next_since", end.next_since_ms);
    }
    sv_pagination_write(w, page, end.total);
    return status;
}

typedef struct {
    sv_page_rows_t *rows;
    sv_arena_t *arena;
} sv_page_reading_t;

static void
sv_page_keep_row(const bson_t *row, void *context)
{
    sv_page_reading_t *reading = context;

    reading->rows->rows[reading->rows->count++] = sv_doc_copy(row, reading->arena);
}

sv_status_t
sv_page_read(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *projection,
             const sv_page_t *page, sv_page_rows_t *rows, sv_arena_t *arena, sv_error_t *error)
{
    sv_page_reading_t reading = { .rows = rows, .arena = arena };
    sv_page_end_t end;
    sv_status_t status;

    rows->rows = sv_arena_alloc(arena, (size_t) page->limit * sizeof(*rows->rows));
    rows->count = 0;
    status = sv_page_each(store, collection, filter, projection, page, sv_page_keep_row, &reading, &end, arena, error);
    rows->next_cursor = end.cursor;
    rows->next_since_ms = end.next_since_ms;
    rows->total = end.total;
    return status;
}

sv_status_t
sv_page_begin(const sv_page_t *page, const char **key, sv_arena_t *arena, sv_error_t *error)
{
    sv_cursor_t cursor;

    *key = NULL;
    if (page->cursor == NULL) {
        return SV_OK;
    }
    if (!sv_cursor_decode(page, &cursor, arena)) {
        return sv_fail(error, SV_ERR_CURSOR_INVALID, NULL);
    }
    if (BSON_ITER_HOLDS_UTF8(&cursor.unique)) {
        *key = bson_iter_utf8(&cursor.unique, NULL);
    }
    return SV_OK;
}

const char *
sv_page_cursor(const sv_page_t *page, const char *key, int64_t next_since_ms, sv_arena_t *arena)
{
    bson_t *row = sv_doc_new(arena);

    BSON_APPEND_UTF8(row, page->unique_field, key);
    return sv_cursor_encode(page, row, next_since_ms, arena);
}
