#include "core/totals/totals.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/store/document.h"
#include "core/store/transaction.h"
#include "core/totals/lines.h"

enum { SV_TOTALS_LINES = 500, SV_TOTALS_ITEMS = 500 };

/* An item of a count that somebody touched. */
typedef struct {
    const char *count_id;
    const char *item_code;
} sv_touch_t;

/* The work of one round, read before its transaction. */
typedef struct {
    sv_arena_t *arena;
    bson_t *lines; /* {$in: [ids]} of the lines */
    sv_touch_t *touches;
    size_t touch_count, touch_capacity;
    int64_t line_count;
} sv_totals_work_t;

static int
sv_compare_touches(const void *a, const void *b)
{
    const sv_touch_t *x = a, *y = b;
    int order = strcmp(x->count_id, y->count_id);

    return order != 0 ? order : strcmp(x->item_code, y->item_code);
}

static void
sv_work_add_touch(sv_totals_work_t *work, const char *count_id, const char *item_code)
{
    work->touches =
        sv_arena_grow(work->arena, work->touches, work->touch_count, &work->touch_capacity, sizeof(work->touches[0]));
    work->touches[work->touch_count++] = (sv_touch_t){ count_id, item_code };
}

static void
sv_work_add_line(sv_totals_work_t *work, const bson_t *line, bson_t *ids)
{
    const char *count_id = sv_doc_text(line, "count_id", work->arena);
    const bson_t *codes = sv_doc_child(line, "item_codes", work->arena);
    char digits[16];
    const char *key;
    bson_iter_t iter;

    bson_uint32_to_string((uint32_t) work->line_count++, &key, digits, sizeof(digits));
    if (bson_iter_init_find(&iter, line, "_id")) {
        bson_append_iter(ids, key, -1, &iter);
    }
    if (count_id == NULL || codes == NULL || !bson_iter_init(&iter, codes)) {
        return;
    }
    while (bson_iter_next(&iter)) {
        if (BSON_ITER_HOLDS_UTF8(&iter)) {
            sv_work_add_touch(work, count_id, sv_arena_strdup(work->arena, bson_iter_utf8(&iter, NULL)));
        }
    }
}

static void
sv_work_sort(sv_totals_work_t *work)
{
    size_t kept = 0;

    if (work->touch_count == 0) {
        return;
    }
    qsort(work->touches, work->touch_count, sizeof(work->touches[0]), sv_compare_touches);
    for (size_t i = 1; i < work->touch_count; i++) {
        if (sv_compare_touches(&work->touches[kept], &work->touches[i]) != 0) {
            work->touches[++kept] = work->touches[i];
        }
    }
    work->touch_count = kept + 1;
}

/* Takes the oldest lines that were not set aside, `limit` at most, until they name enough items. */
static sv_status_t
sv_work_read(sv_store_t *store, sv_totals_work_t *work, int64_t limit, bool *more, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("failed_at", BCON_NULL), work->arena), *options = sv_doc_new(work->arena),
           ids;
    mongoc_cursor_t *cursor;
    const bson_t *line;
    int64_t read = 0;
    sv_status_t status;

    BCON_APPEND(options, "sort", "{", "at", BCON_INT32(1), "}", "limit", BCON_INT64(limit));
    status = sv_store_find(store, SV_COLLECTION_TOUCHED_ITEMS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    work->lines = sv_doc_new(work->arena);
    BSON_APPEND_ARRAY_BEGIN(work->lines, "$in", &ids);
    while (mongoc_cursor_next(cursor, &line)) {
        read++;
        if (work->touch_count < SV_TOTALS_ITEMS) {
            sv_work_add_line(work, line, &ids);
        }
    }
    bson_append_array_end(work->lines, &ids);
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    *more = read > work->line_count || read == limit;
    sv_work_sort(work);
    return status;
}

static sv_status_t
sv_totals_delete_lines(sv_store_t *store, const sv_totals_work_t *work, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    bson_error_t reason;
    bson_t reply;
    sv_status_t status = SV_OK;

    BSON_APPEND_DOCUMENT(filter, "_id", work->lines);
    if (!mongoc_collection_delete_many(store->collections[SV_COLLECTION_TOUCHED_ITEMS], filter,
                                       sv_store_options(store, arena), &reply, &reason)) {
        status = sv_store_call_fail(store, &reason, &reply, error);
    }
    bson_destroy(&reply);
    return status;
}

static sv_status_t
sv_totals_derive(sv_store_t *store, void *context, sv_error_t *error)
{
    const sv_totals_work_t *work = context;
    sv_arena_t *arena = sv_arena_create();
    sv_status_t status = sv_totals_delete_lines(store, work, arena, error);

    for (size_t from = 0; status == SV_OK && from < work->touch_count;) {
        const char *count_id = work->touches[from].count_id;
        const char **codes = sv_arena_alloc(arena, (work->touch_count - from) * sizeof(codes[0]));
        size_t count = 0;

        while (from < work->touch_count && strcmp(work->touches[from].count_id, count_id) == 0) {
            codes[count++] = work->touches[from++].item_code;
        }
        status = sv_totals_derive_count(store, count_id, codes, count, arena, error);
    }
    sv_arena_destroy(arena);
    return status;
}

/* A line whose totals cannot be derived, alone: it must not keep all others waiting.  It stays, for a person to see. */
static sv_status_t
sv_totals_set_aside(sv_store_t *store, const sv_totals_work_t *work, sv_error_t *error)
{
    const char *cause = error->cause != NULL ? error->cause : sv_status_code(error->status);
    bson_t *filter = sv_doc_new(work->arena);
    bson_t *update = sv_doc_take(
        BCON_NEW("$set", "{", "failed", BCON_UTF8(cause), "}", "$currentDate", "{", "failed_at", BCON_BOOL(true), "}"),
        work->arena);

    sv_log(SV_LOG_WARNING, "totals of count %s, item %s cannot be derived: %s",
           work->touch_count > 0 ? work->touches[0].count_id : "?",
           work->touch_count > 0 ? work->touches[0].item_code : "?", cause);
    sv_error_clear(error);
    BSON_APPEND_DOCUMENT(filter, "_id", work->lines);
    return sv_store_update_many(store, SV_COLLECTION_TOUCHED_ITEMS, filter, update, NULL, error);
}

/* Derives up to `limit` lines.  *refused: it failed by what they hold, not by the database. */
static sv_status_t
sv_totals_take(sv_store_t *store, int64_t limit, sv_totals_t *done, bool *refused, sv_error_t *error)
{
    sv_totals_work_t work = { .arena = sv_arena_create() };
    sv_status_t status = sv_work_read(store, &work, limit, &done->more, error);

    *refused = false;
    if (status == SV_OK && work.line_count > 0) {
        /* A book line made by the freezing at this moment: the next run finds it. */
        status = sv_transaction_run_past_duplicates(store, sv_totals_derive, &work, error);
        *refused = status != SV_OK && sv_status_kind(status) != SV_KIND_UNAVAILABLE;
        if (status == SV_OK) {
            done->touched += work.line_count;
            done->items += (int64_t) work.touch_count;
        } else if (*refused && limit == 1) {
            status = sv_totals_set_aside(store, &work, error);
        }
    }
    sv_arena_destroy(work.arena);
    return status;
}

sv_status_t
sv_totals_round(sv_store_t *store, sv_totals_t *done, sv_error_t *error)
{
    bool refused;
    sv_status_t status;

    memset(done, 0, sizeof(*done));
    status = sv_totals_take(store, SV_TOTALS_LINES, done, &refused, error);
    if (!refused) {
        return status;
    }
    /* One of them stops all: each alone, until it is found. */
    refused = false;
    for (int i = 0; i < SV_TOTALS_LINES && !refused; i++) {
        sv_error_clear(error);
        status = sv_totals_take(store, 1, done, &refused, error);
        if (status != SV_OK || !done->more) {
            break;
        }
    }
    done->more = true;
    return status;
}
