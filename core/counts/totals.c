#include "core/counts/totals.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/counts/totals_item.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/transaction.h"

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
    int64_t now_ms; /* the server's */
} sv_totals_work_t;

static int
sv_compare_touches(const void *a, const void *b)
{
    const sv_touch_t *x = a, *y = b;
    int order = strcmp(x->count_id, y->count_id);

    return order != 0 ? order : strcmp(x->item_code, y->item_code);
}

static int
sv_compare_item(const void *code, const void *item)
{
    return strcmp(code, ((const sv_totals_item_t *) item)->item_code);
}

sv_totals_item_t *
sv_totals_item_find(sv_totals_item_t *items, size_t count, const char *item_code)
{
    return item_code == NULL ? NULL : bsearch(item_code, items, count, sizeof(items[0]), sv_compare_item);
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
sv_items_read_book(sv_store_t *store, const char *count_id, sv_totals_item_t *items, size_t count, sv_arena_t *arena,
                   sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *line;
    sv_status_t status;

    BSON_APPEND_UTF8(filter, "session_id", count_id);
    sv_totals_put_filter(filter, items, count, arena);
    status = sv_store_find(store, SV_COLLECTION_SESSION_BOOK, filter, NULL, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &line)) {
        sv_totals_item_t *item = sv_totals_item_find(items, count, sv_doc_text(line, "item_code", arena));

        if (item != NULL) {
            item->in_book = true;
            item->book_known = sv_doc_has(line, "system_qty");
            item->system_qty = sv_doc_quantity(line, "system_qty");
            item->unit_cost = sv_doc_quantity(line, "unit_cost");
            item->was_counted = sv_doc_has(line, "counted");
            item->was_damaged = sv_doc_quantity(line, "counted.damage_qty") > 0 ||
                                sv_doc_quantity(line, "counted.non_returnable_damaged_qty") > 0;
            item->was_compared = sv_doc_has(line, "counted.variance");
            item->old_variance = sv_doc_quantity(line, "counted.variance");
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* Items the count has no line for yet: of a standing count, found where none was expected, or counted before the
 * count's book was frozen. */
static sv_status_t
sv_items_freeze(sv_store_t *store, const sv_book_scope_t *scope, sv_totals_item_t *items, size_t count,
                sv_arena_t *arena, sv_error_t *error)
{
    sv_book_line_t *lines = sv_arena_alloc(arena, (count + 1) * sizeof(lines[0]));
    size_t missing = 0;
    sv_status_t status;

    for (size_t i = 0; i < count; i++) {
        if (!items[i].in_book) {
            lines[missing++].item_code = items[i].item_code;
        }
    }
    status = sv_book_read_lines(store, scope, lines, missing, arena, error);
    for (size_t i = 0; status == SV_OK && i < missing; i++) {
        sv_totals_item_t *item = sv_totals_item_find(items, count, lines[i].item_code);

        item->book_known = lines[i].known;
        item->system_qty = lines[i].system_qty;
        item->unit_cost = lines[i].unit_cost;
    }
    return status;
}

static void
sv_item_put_counted(const sv_totals_item_t *item, bson_t *set)
{
    bson_t counted;

    BSON_APPEND_DOCUMENT_BEGIN(set, "counted", &counted);
    sv_doc_put_quantity(&counted, "verified_qty", item->verified_qty);
    sv_doc_put_quantity(&counted, "damage_qty", item->damage_qty);
    sv_doc_put_quantity(&counted, "non_returnable_damaged_qty", item->non_returnable_damaged_qty);
    if (item->compared) {
        sv_doc_put_quantity(&counted, "compared_qty", item->compared_qty);
        sv_doc_put_quantity(&counted, "variance", item->variance);
    } else {
        BSON_APPEND_NULL(&counted, "compared_qty");
        BSON_APPEND_NULL(&counted, "variance");
    }
    BSON_APPEND_BOOL(&counted, "unknown", item->unknown);
    BSON_APPEND_INT64(&counted, "racks", item->racks);
    BSON_APPEND_INT64(&counted, "records", item->records);
    sv_doc_put_text(&counted, "last_user_id", item->last_user_id);
    sv_doc_put_time(&counted, "at", item->last_at_ms);
    bson_append_document_end(set, &counted);
}

/* Of a standing count what is compared grows with the racks that are completed; the book of any other is never
 * rewritten. */
static void
sv_item_put_line(const sv_totals_item_t *item, const sv_book_scope_t *scope, int64_t now_ms, bson_t *update)
{
    bson_t set, insertion;

    BCON_APPEND(update, "$inc", "{", "derivations", BCON_INT64(1), "}");
    if (item->records == 0) {
        BCON_APPEND(update, "$unset", "{", "counted", "", "}");
    }
    if (item->records > 0 || scope->standing) {
        BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
        if (item->records > 0) {
            sv_item_put_counted(item, &set);
        }
        if (scope->standing) {
            sv_book_put(&set, scope, item->book_known, item->system_qty);
        }
        bson_append_document_end(update, &set);
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &insertion);
    sv_doc_put_text(&insertion, "warehouse", scope->warehouse);
    if (!scope->standing) {
        sv_book_put(&insertion, scope, item->book_known, item->system_qty);
    }
    sv_doc_put_quantity(&insertion, "unit_cost", item->unit_cost);
    sv_doc_put_time(&insertion, "frozen_at", now_ms);
    bson_append_document_end(update, &insertion);
}

static sv_status_t
sv_items_write_book(sv_store_t *store, const sv_book_scope_t *scope, const sv_totals_item_t *items, size_t count,
                    int64_t now_ms, sv_arena_t *arena, sv_error_t *error)
{
    sv_status_t status = SV_OK;
    sv_bulk_result_t result;
    sv_bulk_t bulk;

    sv_bulk_begin(&bulk, store, SV_COLLECTION_SESSION_BOOK, arena);
    for (size_t i = 0; status == SV_OK && i < count; i++) {
        bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER;

        BCON_APPEND(&filter, "session_id", BCON_UTF8(scope->count_id), "item_code", BCON_UTF8(items[i].item_code));
        sv_item_put_line(&items[i], scope, now_ms, &update);
        status = sv_bulk_update(&bulk, &filter, &update, !items[i].in_book, error);
        bson_destroy(&filter);
        bson_destroy(&update);
    }
    if (status != SV_OK) {
        sv_bulk_discard(&bulk);
        return status;
    }
    return sv_bulk_run(&bulk, arena, &result, error);
}

static void
sv_put_staff(const sv_totals_staff_t *staff, bson_t *update)
{
    bson_t add, user, each;
    char digits[16];
    const char *key;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$addToSet", &add);
    BSON_APPEND_DOCUMENT_BEGIN(&add, "staff_user", &user);
    BSON_APPEND_ARRAY_BEGIN(&user, "$each", &each);
    for (size_t i = 0; i < staff->count; i++) {
        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_UTF8(&each, key, staff->ids[i]);
    }
    bson_append_array_end(&user, &each);
    bson_append_document_end(&add, &user);
    bson_append_document_end(update, &add);
}

static bool
sv_item_is_damaged(const sv_totals_item_t *item)
{
    return item->damage_qty > 0 || item->non_returnable_damaged_qty > 0;
}

/* The count's totals move by what its items moved: all of this is one transaction, and every round of the count
 * changes its document, so the differences add up to the whole. */
static sv_status_t
sv_count_write_totals(sv_store_t *store, const bson_t *count_document, const sv_totals_item_t *items, size_t count,
                      const sv_totals_staff_t *staff, sv_arena_t *arena, sv_error_t *error)
{
    int64_t book_items = sv_doc_int(count_document, "book_items");
    int64_t total_items = sv_doc_int(count_document, "total_items");
    int64_t damaged_items = sv_doc_int(count_document, "damaged_items");
    int64_t uncompared_items = sv_doc_int(count_document, "uncompared_items");
    sv_quantity_t total_variance = sv_doc_quantity(count_document, "total_variance");
    bson_t *filter = sv_doc_new(arena), *update = sv_doc_new(arena), set;

    for (size_t i = 0; i < count; i++) {
        book_items += !items[i].in_book;
        total_items += (items[i].records > 0) - items[i].was_counted;
        damaged_items += sv_item_is_damaged(&items[i]) - items[i].was_damaged;
        uncompared_items +=
            (items[i].records > 0 && !items[i].compared) - (items[i].was_counted && !items[i].was_compared);
        sv_totals_add(&total_variance, items[i].variance);
        sv_totals_add(&total_variance, -items[i].old_variance);
    }
    sv_doc_put_text(filter, "session_id", sv_doc_text(count_document, "session_id", arena));
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_INT64(&set, "book_items", book_items);
    BSON_APPEND_INT64(&set, "total_items", total_items);
    BSON_APPEND_INT64(&set, "damaged_items", damaged_items);
    BSON_APPEND_INT64(&set, "uncompared_items", uncompared_items);
    sv_doc_put_quantity(&set, "total_variance", total_variance);
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$inc", "{", "derivations", BCON_INT64(1), "}");
    sv_put_staff(staff, update);
    return sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
}

sv_status_t
sv_totals_read(sv_store_t *store, const bson_t *count_document, sv_book_scope_t *scope, sv_totals_item_t *items,
               size_t count, sv_totals_staff_t *staff, sv_arena_t *arena, sv_error_t *error)
{
    sv_status_t status = sv_book_scope_read(store, count_document, arena, scope, error);

    if (status == SV_OK) {
        status = sv_items_read_book(store, scope->count_id, items, count, arena, error);
    }
    if (status == SV_OK) {
        status = sv_items_freeze(store, scope, items, count, arena, error);
    }
    if (status == SV_OK) {
        status = sv_totals_read_records(store, scope, items, count, staff, arena, error);
    }
    for (size_t i = 0; status == SV_OK && i < count; i++) {
        items[i].compared = items[i].records > 0 && items[i].book_known;
        if (items[i].compared) {
            items[i].variance = items[i].compared_qty;
            sv_totals_add(&items[i].variance, -items[i].system_qty);
        }
    }
    return status;
}

/* The items of one count. */
static sv_status_t
sv_totals_derive_count(sv_store_t *store, const char *count_id, sv_totals_item_t *items, size_t count, int64_t now_ms,
                       sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    const bson_t *count_document = NULL;
    sv_totals_staff_t staff = { 0 };
    sv_book_scope_t scope;
    sv_status_t status;

    BSON_APPEND_UTF8(filter, "session_id", count_id);
    status = sv_store_find_one(store, SV_COLLECTION_SESSIONS, filter, NULL, arena, &count_document, error);
    if (status == SV_OK && (count_document == NULL || sv_doc_text(count_document, "warehouse", arena) == NULL)) {
        /* Nothing can be derived, now or later: it must not keep the other counts' totals waiting. */
        sv_log(SV_LOG_WARNING, "items of count %s were touched, %s", count_id,
               count_document == NULL ? "and there is no such count" : "which has no warehouse");
        return SV_OK;
    }
    if (status == SV_OK) {
        status = sv_totals_read(store, count_document, &scope, items, count, &staff, arena, error);
    }
    if (status == SV_OK) {
        status = sv_items_write_book(store, &scope, items, count, now_ms, arena, error);
    }
    if (status == SV_OK) {
        status = sv_overlay_write(store, &scope, items, count, arena, error);
    }
    return status == SV_OK ? sv_count_write_totals(store, count_document, items, count, &staff, arena, error) : status;
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
        sv_totals_item_t *items = sv_arena_zalloc(arena, (work->touch_count - from) * sizeof(items[0]));
        size_t count = 0;

        while (from < work->touch_count && strcmp(work->touches[from].count_id, count_id) == 0) {
            items[count++].item_code = work->touches[from++].item_code;
        }
        status = sv_totals_derive_count(store, count_id, items, count, work->now_ms, arena, error);
    }
    sv_arena_destroy(arena);
    return status;
}

static sv_status_t
sv_totals_commit(sv_store_t *store, sv_totals_work_t *work, sv_error_t *error)
{
    sv_status_t status = sv_store_now(store, &work->now_ms, error);

    /* A book line made by the freezing at this moment: the next run finds it. */
    return status == SV_OK ? sv_transaction_run_past_duplicates(store, sv_totals_derive, work, error) : status;
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
        status = sv_totals_commit(store, &work, error);
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
