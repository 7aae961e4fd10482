#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/review/line_derive.h"
#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/totals/count_totals.h"
#include "core/totals/lines.h"

/* ---- what is known of the items */

static void
sv_lines_init(sv_totals_lines_t *lines, const sv_book_scope_t *scope, const char *const *codes, size_t count,
              sv_arena_t *arena)
{
    *lines = (sv_totals_lines_t){ .scope = scope, .arena = arena, .item_count = count };
    lines->items = sv_arena_zalloc(arena, (count + 1) * sizeof(lines->items[0]));
    lines->codes = sv_arena_alloc(arena, (count + 1) * sizeof(lines->codes[0]));
    for (size_t i = 0; i < count; i++) {
        lines->items[i].item_code = lines->codes[i] = codes[i];
    }
}

static void
sv_lines_take_item(const bson_t *document, void *context)
{
    const sv_totals_lines_t *lines = context;
    sv_totals_item_t *item = sv_totals_item(lines, sv_doc_text(document, "item_code", lines->arena));

    if (item != NULL) {
        item->id = sv_filter_same(document, lines->arena);
        item->delisted = sv_doc_bool(document, "deleted");
        item->uom = sv_doc_text(document, "uom", lines->arena);
        item->overlay_count_id = sv_doc_text(document, "overlay_count_id", lines->arena);
        item->verified_at_ms = sv_doc_time(document, "verified_at");
    }
}

static sv_status_t
sv_lines_read_items(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(lines->arena), *options = sv_doc_new(lines->arena);

    sv_totals_put_filter(filter, lines);
    BCON_APPEND(options, "projection", "{", "item_code", BCON_INT32(1), "deleted", BCON_INT32(1), "uom", BCON_INT32(1),
                "overlay_count_id", BCON_INT32(1), "verified_at", BCON_INT32(1), "}");
    return sv_store_each(store, SV_COLLECTION_ERP_ITEMS, filter, options, sv_lines_take_item, lines, error);
}

/* ---- their books */

static void
sv_lines_add_book(const bson_t *document, void *context)
{
    sv_totals_lines_t *lines = context;
    sv_totals_item_t *item = sv_totals_item(lines, sv_doc_text(document, "item_code", lines->arena));
    const char *lot = sv_doc_text(document, "lot", lines->arena);
    sv_totals_line_t *line;

    if (item == NULL) {
        return;
    }
    line = sv_totals_add_line(lines, item, lot != NULL ? lot : "");
    line->in_book = true;
    line->id = sv_filter_same(document, lines->arena);
    line->book = (sv_book_line_t){ .item_code = item->item_code,
                                   .lot = line->lot,
                                   .lot_tracked = sv_doc_bool(document, "lot_tracked"),
                                   .known = sv_doc_has(document, "system_qty"),
                                   .system_qty = sv_doc_quantity(document, "system_qty"),
                                   .uom = sv_doc_text(document, "uom", lines->arena) };
    line->book.has_cost = sv_book_cost(document, &line->book.unit_cost);
    line->frozen_at_ms = sv_doc_time(document, "frozen_at");
    line->adjusted_seq = sv_doc_int(document, "adjusted_seq");
    item->derivations += sv_doc_int(document, "derivations");
    line->was_counted = sv_doc_has(document, "counted");
    line->was_damaged = sv_doc_quantity(document, "counted.damage_qty") > 0 ||
                        sv_doc_quantity(document, "counted.non_returnable_damaged_qty") > 0;
    line->was_compared = sv_doc_has(document, "counted.variance");
    line->old_variance = sv_doc_quantity(document, "counted.variance");
    line->old_uom = line->book.uom;
    sv_review_read_line(document, line, lines->arena);
}

static sv_status_t
sv_lines_read_book(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(lines->arena);
    /* Sorted, the development server finds them by their index; else it reads all lines of the count. */
    bson_t *options =
        sv_doc_take(BCON_NEW("sort", "{", "item_code", BCON_INT32(1), "lot", BCON_INT32(1), "}"), lines->arena);
    sv_status_t status;

    BSON_APPEND_UTF8(filter, "session_id", lines->scope->count_id);
    sv_totals_put_filter(filter, lines);
    status = sv_store_each(store, SV_COLLECTION_SESSION_BOOK, filter, options, sv_lines_add_book, lines, error);
    sv_totals_sort_lines(lines);
    return status;
}

/* Lines the count has none for yet: of a standing count, found where none was expected, or counted before the
 * count's book was frozen. */
static sv_status_t
sv_lines_freeze(sv_store_t *store, sv_totals_lines_t *lines, int64_t now_ms, sv_error_t *error)
{
    const char **codes = sv_arena_alloc(lines->arena, (lines->count + 1) * sizeof(codes[0]));
    size_t missing = 0;
    sv_book_lines_t book;
    sv_status_t status;

    for (size_t i = 0; i < lines->count; i++) {
        if (!lines->lines[i].in_book) {
            codes[missing++] = lines->lines[i].item->item_code;
        }
    }
    status = sv_book_read_items(store, lines->scope, codes, missing, &book, lines->arena, error);
    for (size_t i = 0; status == SV_OK && i < lines->count; i++) {
        sv_totals_line_t *line = &lines->lines[i];

        if (!line->in_book) {
            line->book = sv_book_line_for(lines->scope, &book, line->item->item_code, line->lot);
            line->frozen_at_ms = now_ms;
            line->adjusted_seq = book.adjusted_seq;
        }
        line->book.delisted = line->item->delisted;
        line->book.uom = line->book.uom != NULL ? line->book.uom : line->item->uom;
    }
    return status;
}

/* ---- what came of it */

static void
sv_put_known(bson_t *document, const char *name, bool known, sv_quantity_t quantity)
{
    if (known) {
        sv_doc_put_quantity(document, name, quantity);
    } else {
        BSON_APPEND_NULL(document, name);
    }
}

static void
sv_line_put_counted(const sv_totals_line_t *line, bson_t *set)
{
    bool adds_up = !line->uom_mixed;
    bson_t counted;

    BSON_APPEND_DOCUMENT_BEGIN(set, "counted", &counted);
    sv_put_known(&counted, "verified_qty", adds_up, line->verified_qty);
    sv_put_known(&counted, "damage_qty", adds_up, line->damage_qty);
    sv_put_known(&counted, "non_returnable_damaged_qty", adds_up, line->non_returnable_damaged_qty);
    sv_put_known(&counted, "expired_qty", adds_up, line->expired_qty);
    sv_put_known(&counted, "compared_qty", line->compared, line->compared_qty);
    sv_put_known(&counted, "moved_qty", line->compared, line->moved_qty);
    sv_put_known(&counted, "adjusted_qty", line->compared, line->adjusted_qty);
    sv_put_known(&counted, "variance", line->compared, line->variance);
    BSON_APPEND_BOOL(&counted, "unknown", line->unknown);
    sv_review_put_flags(line, &counted);
    BSON_APPEND_INT64(&counted, "racks", line->racks);
    BSON_APPEND_INT64(&counted, "records", line->records);
    sv_doc_put_text(&counted, "last_user_id", line->last_user_id);
    sv_doc_put_time(&counted, "at", line->last_at_ms);
    sv_doc_put_time(&counted, "first_counted_at", line->first_counted_ms);
    sv_doc_put_time(&counted, "last_counted_at", line->last_counted_ms);
    bson_append_document_end(set, &counted);
}

/* Of a standing count what is compared grows with the racks that are completed; the book of any other is never
 * rewritten. */
static void
sv_line_put(const sv_totals_line_t *line, const sv_book_scope_t *scope, bson_t *update)
{
    bson_t set, insertion;

    BCON_APPEND(update, "$inc", "{", "derivations", BCON_INT64(1), "}");
    if (line->records == 0) {
        BCON_APPEND(update, "$unset", "{", "counted", "", "}");
    }
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    if (line->records > 0) {
        sv_line_put_counted(line, &set);
    }
    sv_review_put_line(line, &set);
    if (scope->standing) {
        sv_book_put(&set, scope, line->book.known, line->book.system_qty);
    }
    if (line->in_book) {
        BSON_APPEND_BOOL(&set, "delisted", line->book.delisted);
        sv_doc_put_text(&set, "uom", line->book.uom);
    }
    bson_append_document_end(update, &set);
    if (!line->in_book) {
        BSON_APPEND_DOCUMENT_BEGIN(update, "$setOnInsert", &insertion);
        sv_book_put_line(&insertion, scope, &line->book, line->adjusted_seq, line->frozen_at_ms);
        bson_append_document_end(update, &insertion);
    }
}

static sv_status_t
sv_lines_write(sv_store_t *store, const sv_totals_lines_t *lines, sv_error_t *error)
{
    sv_status_t status = SV_OK;
    sv_bulk_result_t result;
    sv_bulk_t bulk;

    sv_bulk_begin(&bulk, store, SV_COLLECTION_SESSION_BOOK, lines->arena);
    for (size_t i = 0; status == SV_OK && i < lines->count; i++) {
        const sv_totals_line_t *line = &lines->lines[i];
        const bson_t *filter =
            line->in_book ? line->id
                          : sv_book_line_filter(lines->scope->count_id, line->item->item_code, line->lot, lines->arena);
        bson_t update = BSON_INITIALIZER;

        sv_line_put(line, lines->scope, &update);
        status = sv_bulk_update(&bulk, filter, &update, !line->in_book, error);
        bson_destroy(&update);
    }
    if (status != SV_OK) {
        sv_bulk_discard(&bulk);
        return status;
    }
    return sv_bulk_run(&bulk, lines->arena, &result, error);
}

static void
sv_lines_compare(sv_totals_lines_t *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        sv_totals_line_t *line = &lines->lines[i];

        line->compared = line->records > 0 && line->book.known && !line->uom_mixed;
        if (line->compared) {
            line->variance = line->compared_qty;
            sv_totals_add(&line->variance, -line->book.system_qty);
            sv_totals_add(&line->variance, -line->moved_qty);
            sv_totals_add(&line->variance, -line->adjusted_qty);
        }
    }
}

static sv_status_t
sv_lines_derive(sv_store_t *store, sv_totals_lines_t *lines, sv_totals_staff_t *staff, sv_error_t *error)
{
    int64_t now_ms = 0;
    sv_status_t status = sv_store_now(store, &now_ms, error);

    if (status == SV_OK) {
        status = sv_lines_read_items(store, lines, error);
    }
    if (status == SV_OK) {
        status = sv_lines_read_book(store, lines, error);
    }
    if (status == SV_OK) {
        status = sv_totals_read_figures(store, lines, staff, error);
    }
    if (status == SV_OK) {
        status = sv_lines_freeze(store, lines, now_ms, error);
    }
    if (status == SV_OK && lines->scope->standing) {
        status = sv_totals_compare_racks(store, lines, error);
    }
    if (status == SV_OK) {
        status = sv_totals_read_movements(store, lines, error);
    }
    if (status == SV_OK) {
        status = sv_totals_read_adjusted(store, lines, error);
    }
    if (status == SV_OK) {
        sv_lines_compare(lines);
    }
    return status;
}

sv_status_t
sv_totals_read(sv_store_t *store, const bson_t *count, sv_book_scope_t *scope, const char *const *codes,
               size_t item_count, sv_totals_lines_t *lines, sv_totals_staff_t *staff, sv_arena_t *arena,
               sv_error_t *error)
{
    sv_status_t status = sv_book_scope_read(store, count, arena, scope, error);

    if (status != SV_OK) {
        return status;
    }
    sv_lines_init(lines, scope, codes, item_count, arena);
    return sv_lines_derive(store, lines, staff, error);
}

sv_status_t
sv_totals_derive_count(sv_store_t *store, const char *count_id, const char *const *codes, size_t count,
                       const char **asked_of, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id)), arena);
    const bson_t *document = NULL;
    bool asked = false;
    const char *count_status;
    sv_totals_staff_t staff = { 0 };
    sv_totals_lines_t lines;
    sv_book_scope_t scope;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_SESSIONS, filter, NULL, arena, &document, error);

    if (status == SV_OK && (document == NULL || sv_doc_text(document, "warehouse", arena) == NULL)) {
        /* Nothing can be derived, now or later: it must not keep the other counts' totals waiting. */
        sv_log(SV_LOG_WARNING, "items of count %s were touched, %s", count_id,
               document == NULL ? "and there is no such count" : "which has no warehouse");
        return SV_OK;
    }
    count_status = status == SV_OK ? sv_doc_text(document, "status", arena) : NULL;
    if (count_status != NULL && strcmp(count_status, "APPROVED") == 0) {
        return SV_OK; /* its lines are what was approved */
    }
    if (status == SV_OK) {
        status = sv_totals_read(store, document, &scope, codes, count, &lines, &staff, arena, error);
    }
    if (status == SV_OK) {
        status = sv_review_derive(store, document, &lines, &asked, error);
    }
    if (asked_of != NULL && asked) {
        *asked_of = scope.warehouse;
    }
    if (status == SV_OK) {
        status = sv_lines_write(store, &lines, error);
    }
    if (status == SV_OK) {
        status = sv_overlay_write(store, &lines, error);
    }
    return status == SV_OK ? sv_count_totals_write(store, document, &lines, &staff, error) : status;
}
