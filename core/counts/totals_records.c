#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/counts/totals_item.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/sync/counting.h"

/* What was counted of an item on one rack by one record. */
typedef struct {
    sv_totals_item_t *item;
    const char *rack_id; /* NULL: it has none */
    sv_quantity_t stock; /* sound pieces and such as go back: what a book is compared with */
} sv_part_t;

typedef struct {
    sv_part_t *parts;
    size_t count, capacity;
} sv_parts_t;

void
sv_totals_add(sv_quantity_t *sum, sv_quantity_t quantity)
{
    if (!sv_quantity_add(*sum, quantity, sum)) {
        *sum = quantity > 0 ? INT64_MAX : INT64_MIN;
        sv_log(SV_LOG_WARNING, "a total is past what can be counted");
    }
}

static int
sv_compare_parts(const void *a, const void *b)
{
    const sv_part_t *x = a, *y = b;

    if (x->item != y->item) {
        return x->item < y->item ? -1 : 1;
    }
    return strcmp(x->rack_id != NULL ? x->rack_id : "", y->rack_id != NULL ? y->rack_id : "");
}

static bool
sv_parts_are_of_one_rack(const sv_part_t *a, const sv_part_t *b)
{
    return sv_compare_parts(a, b) == 0;
}

static void
sv_staff_add(sv_totals_staff_t *staff, const char *user_id, sv_arena_t *arena)
{
    for (size_t i = 0; i < staff->count; i++) {
        if (strcmp(staff->ids[i], user_id) == 0) {
            return;
        }
    }
    staff->ids = sv_arena_grow(arena, staff->ids, staff->count, &staff->capacity, sizeof(staff->ids[0]));
    staff->ids[staff->count++] = user_id;
}

static void
sv_item_add_record(sv_totals_item_t *item, const bson_t *record, sv_parts_t *parts, sv_totals_staff_t *staff,
                   sv_arena_t *arena)
{
    const char *user_id = sv_doc_text(record, "user_id", arena);
    int64_t at_ms = sv_doc_time(record, "changed_at");
    sv_part_t *part;

    parts->parts = sv_arena_grow(arena, parts->parts, parts->count, &parts->capacity, sizeof(parts->parts[0]));
    part = &parts->parts[parts->count++];
    *part = (sv_part_t){ item, sv_doc_text(record, "rack_id", arena), sv_doc_quantity(record, "verified_qty") };
    sv_totals_add(&part->stock, sv_doc_quantity(record, "damage_qty"));
    sv_totals_add(&item->verified_qty, sv_doc_quantity(record, "verified_qty"));
    sv_totals_add(&item->damage_qty, sv_doc_quantity(record, "damage_qty"));
    sv_totals_add(&item->non_returnable_damaged_qty, sv_doc_quantity(record, "non_returnable_damaged_qty"));
    item->unknown |= sv_doc_bool(record, "unknown");
    item->records++;
    if (user_id != NULL) {
        sv_staff_add(staff, user_id, arena);
    }
    if (item->last_user_id == NULL || at_ms >= item->last_at_ms) {
        item->last_user_id = user_id;
        item->last_at_ms = at_ms;
    }
}

void
sv_totals_put_filter(bson_t *filter, const sv_totals_item_t *items, size_t count, sv_arena_t *arena)
{
    const char **codes = sv_arena_alloc(arena, (count + 1) * sizeof(codes[0]));

    for (size_t i = 0; i < count; i++) {
        codes[i] = items[i].item_code;
    }
    sv_filter_in(filter, "item_code", codes, count);
}

/* Only what counts is read, however often it was counted: `counts` stands in the index before the rack. */
static sv_status_t
sv_parts_read(sv_store_t *store, const char *count_id, sv_totals_item_t *items, size_t count, sv_parts_t *parts,
              sv_totals_staff_t *staff, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *options = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *record;
    sv_status_t status;

    BSON_APPEND_UTF8(filter, "count_id", count_id);
    sv_totals_put_filter(filter, items, count, arena);
    sv_counting_filter(filter);
    BCON_APPEND(options, "projection", "{", "item_code", BCON_INT32(1), "rack_id", BCON_INT32(1), "user_id",
                BCON_INT32(1), "changed_at", BCON_INT32(1), "verified_qty", BCON_INT32(1), "damage_qty", BCON_INT32(1),
                "non_returnable_damaged_qty", BCON_INT32(1), "unknown", BCON_INT32(1), "}");
    status = sv_store_find(store, SV_COLLECTION_VERIFICATION_RECORDS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &record)) {
        sv_totals_item_t *item = sv_totals_item_find(items, count, sv_doc_text(record, "item_code", arena));

        if (item != NULL) {
            sv_item_add_record(item, record, parts, staff, arena);
        }
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* Racks of a standing count that are completed in it, sorted. */
typedef struct {
    const char **ids;
    size_t count, capacity;
} sv_completed_t;

static int
sv_compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static bool
sv_completed_has(const sv_completed_t *racks, const char *rack_id)
{
    return rack_id != NULL && racks->count > 0 &&
           bsearch(&rack_id, racks->ids, racks->count, sizeof(racks->ids[0]), sv_compare_ids) != NULL;
}

/* One line of a rack's book: what it expected of an item. */
static void
sv_completed_add_line(const bson_t *line, sv_totals_item_t *items, size_t count, sv_arena_t *arena)
{
    sv_totals_item_t *item = sv_totals_item_find(items, count, sv_doc_text(line, "item_code", arena));

    if (item == NULL) {
        return;
    }
    item->on_completed = true;
    item->lacks_book |= !sv_doc_has(line, "book_qty");
    sv_totals_add(&item->system_qty, sv_doc_quantity(line, "book_qty"));
}

static void
sv_completed_add_book(const bson_t *book, sv_totals_item_t *items, size_t count, sv_arena_t *arena)
{
    const bson_t *lines = sv_doc_child(book, "lines", arena);
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
                sv_completed_add_line(&line, items, count, arena);
            }
        }
    }
}

/* What completed racks were expected to hold of the items. */
static sv_status_t
sv_completed_read_books(sv_store_t *store, const char *count_id, sv_totals_item_t *items, size_t count,
                        sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "completed", BCON_BOOL(true)), arena);
    const char **codes = sv_arena_alloc(arena, (count + 1) * sizeof(codes[0]));
    mongoc_cursor_t *cursor;
    const bson_t *book;
    sv_status_t status;

    for (size_t i = 0; i < count; i++) {
        codes[i] = items[i].item_code;
    }
    sv_filter_in(filter, "lines.item_code", codes, count);
    status = sv_store_find(store, SV_COLLECTION_RACK_BOOKS, filter, NULL, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &book)) {
        sv_completed_add_book(book, items, count, arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* Which of the racks that anything was counted on are completed. */
static sv_status_t
sv_completed_read_racks(sv_store_t *store, const char *count_id, const sv_parts_t *parts, sv_completed_t *completed,
                        sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "completed", BCON_BOOL(true)), arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "rack_id", BCON_INT32(1), "}"), arena);
    const char **ids = sv_arena_alloc(arena, (parts->count + 1) * sizeof(ids[0]));
    size_t count = 0, kept = 0;
    mongoc_cursor_t *cursor;
    const bson_t *book;
    sv_status_t status;

    for (size_t i = 0; i < parts->count; i++) {
        if (parts->parts[i].rack_id != NULL) {
            ids[count++] = parts->parts[i].rack_id;
        }
    }
    if (count == 0) {
        return SV_OK;
    }
    qsort(ids, count, sizeof(ids[0]), sv_compare_ids);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(ids[kept], ids[i]) != 0) {
            ids[++kept] = ids[i];
        }
    }
    sv_filter_in(filter, "rack_id", ids, kept + 1);
    status = sv_store_find(store, SV_COLLECTION_RACK_BOOKS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    while (mongoc_cursor_next(cursor, &book)) {
        completed->ids =
            sv_arena_grow(arena, completed->ids, completed->count, &completed->capacity, sizeof(completed->ids[0]));
        completed->ids[completed->count++] = sv_doc_text(book, "rack_id", arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    if (completed->count > 0) {
        qsort(completed->ids, completed->count, sizeof(completed->ids[0]), sv_compare_ids);
    }
    return status;
}

/* A standing count compares what was counted on completed racks with what these were expected to hold. */
static sv_status_t
sv_items_compare_racks(sv_store_t *store, const sv_book_scope_t *scope, sv_totals_item_t *items, size_t count,
                       const sv_parts_t *parts, sv_arena_t *arena, sv_error_t *error)
{
    sv_completed_t completed = { 0 };
    sv_status_t status = SV_OK;

    for (size_t i = 0; i < count; i++) {
        items[i].system_qty = 0;
        items[i].book_known = false;
    }
    if (!scope->rack_books) {
        return SV_OK;
    }
    status = sv_completed_read_books(store, scope->count_id, items, count, arena, error);
    if (status == SV_OK) {
        status = sv_completed_read_racks(store, scope->count_id, parts, &completed, arena, error);
    }
    for (size_t i = 0; status == SV_OK && i < parts->count; i++) {
        const sv_part_t *part = &parts->parts[i];

        if (sv_completed_has(&completed, part->rack_id)) {
            part->item->on_completed = true;
            sv_totals_add(&part->item->compared_qty, part->stock);
        }
    }
    for (size_t i = 0; i < count; i++) {
        items[i].book_known = items[i].on_completed && !items[i].lacks_book;
    }
    return status;
}

sv_status_t
sv_totals_read_records(sv_store_t *store, const sv_book_scope_t *scope, sv_totals_item_t *items, size_t count,
                       sv_totals_staff_t *staff, sv_arena_t *arena, sv_error_t *error)
{
    sv_parts_t parts = { 0 };
    sv_status_t status = sv_parts_read(store, scope->count_id, items, count, &parts, staff, arena, error);

    if (status != SV_OK) {
        return status;
    }
    if (parts.count > 0) {
        qsort(parts.parts, parts.count, sizeof(parts.parts[0]), sv_compare_parts);
    }
    for (size_t i = 0; i < parts.count; i++) {
        const sv_part_t *part = &parts.parts[i];

        part->item->racks += part->rack_id != NULL && (i == 0 || !sv_parts_are_of_one_rack(&parts.parts[i - 1], part));
        if (!scope->standing) {
            sv_totals_add(&part->item->compared_qty, part->stock);
        }
    }
    return scope->standing ? sv_items_compare_racks(store, scope, items, count, &parts, arena, error) : SV_OK;
}
