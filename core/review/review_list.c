#include "core/review/review_list.h"

#include <string.h>

#include "core/base/text_map.h"
#include "core/counts/book.h"
#include "core/review/summary.h"
#include "core/review/undecided.h"
#include "core/review/unsent.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/warehouse/warehouse.h"

enum { SV_REVIEW_BARS = 20 };

/* Each is indexed behind the count (indexes.def). */
static const char *const sv_sort_fields[] = { "item_code", "variance", "gross", "value", "gross_value", "counted_at" };

const char *const sv_review_sorts[] = {
    "item_code", "-item_code",  "variance",     "-variance",  "gross",       "-gross", "value",
    "-value",    "gross_value", "-gross_value", "counted_at", "-counted_at", NULL,
};

const char *const sv_review_states[] = { "not_counted",   "incomplete",    "counted",
                                         "recount_asked", "not_recounted", "recounted",
                                         "accepted",      "undecided",     NULL };

/* ---- a line */

static void
sv_write_perhaps(sv_json_writer_t *w, const char *name, const bson_t *line, const char *path)
{
    if (sv_doc_has(line, path)) {
        sv_json_quantity(w, name, sv_doc_quantity(line, path));
    } else {
        sv_json_null(w, name);
    }
}

static void
sv_write_cost(sv_json_writer_t *w, const bson_t *line)
{
    sv_quantity_t unit_cost;

    if (sv_book_cost(line, &unit_cost)) {
        sv_json_quantity(w, "unit_cost", unit_cost);
    } else {
        sv_json_null(w, "unit_cost");
    }
}

static void
sv_write_texts(sv_json_writer_t *w, const char *name, const bson_t *line, const char *path, sv_arena_t *arena)
{
    const bson_t *array = sv_doc_child(line, path, arena);
    bson_iter_t iter;

    sv_json_array(w, name);
    if (array != NULL && bson_iter_init(&iter, array)) {
        while (bson_iter_next(&iter)) {
            if (BSON_ITER_HOLDS_UTF8(&iter)) {
                sv_json_text(w, NULL, bson_iter_utf8(&iter, NULL));
            }
        }
    }
    sv_json_end(w);
}

/* What was counted: where it is compared, what is compared; else what was found, while it adds up. */
static void
sv_write_counted(sv_json_writer_t *w, const bson_t *line)
{
    sv_quantity_t sum = sv_doc_quantity(line, "counted.verified_qty");

    if (sv_doc_has(line, "counted.compared_qty")) {
        sv_json_quantity(w, "counted", sv_doc_quantity(line, "counted.compared_qty"));
    } else if (sv_doc_has(line, "counted.verified_qty") &&
               sv_quantity_add(sum, sv_doc_quantity(line, "counted.damage_qty"), &sum)) {
        sv_json_quantity(w, "counted", sum);
    } else {
        sv_json_null(w, "counted");
    }
}

static void
sv_write_accepted(sv_json_writer_t *w, const bson_t *line, bool holds, sv_arena_t *arena)
{
    if (!holds) {
        sv_json_null(w, "accepted");
        return;
    }
    sv_json_object(w, "accepted");
    sv_json_text(w, "by", sv_doc_text(line, "accepted.by", arena));
    sv_json_time(w, "at", sv_doc_time(line, "accepted.at"));
    sv_json_text(w, "note", sv_doc_text(line, "accepted.note", arena));
    sv_json_end(w);
}

void
sv_review_write_line(sv_json_writer_t *w, const char *name, const bson_t *line, const bson_t *item, sv_arena_t *arena)
{
    static const struct {
        const char *name, *path;
    } quantities[] = { { "book", "system_qty" },
                       { "variance", "variance" },
                       { "value", "value" },
                       { "verified_qty", "counted.verified_qty" },
                       { "damage_qty", "counted.damage_qty" },
                       { "non_returnable_damaged_qty", "counted.non_returnable_damaged_qty" },
                       { "moved_qty", "counted.moved_qty" },
                       { "adjusted_qty", "counted.adjusted_qty" } };
    const char *lot = sv_doc_text(line, "lot", arena);
    sv_line_state_t state = sv_line_state_named(sv_doc_text(line, "state", arena));

    if (state == SV_LINE_STATES) {
        /* Not derived yet, or stored by a version that knew no states. */
        state = sv_doc_has(line, "counted") ? SV_LINE_INCOMPLETE : SV_LINE_NOT_COUNTED;
    }
    sv_json_object(w, name);
    sv_json_text(w, "item_code", sv_doc_text(line, "item_code", arena));
    sv_json_text(w, "lot", lot != NULL ? lot : "");
    sv_json_text(w, "item_name", item != NULL ? sv_doc_text(item, "item_name", arena) : NULL);
    sv_json_text(w, "category", item != NULL ? sv_doc_text(item, "category", arena) : NULL);
    sv_json_text(w, "uom", sv_doc_text(line, "uom", arena));
    sv_json_text(w, "state", sv_line_states[state]);
    sv_json_int(w, "version", sv_doc_int(line, "version"));
    sv_json_bool(w, "undecided", sv_doc_bool(line, "undecided"));
    for (size_t i = 0; i < sizeof(quantities) / sizeof(quantities[0]); i++) {
        sv_write_perhaps(w, quantities[i].name, line, quantities[i].path);
    }
    sv_write_cost(w, line);
    sv_write_counted(w, line);
    sv_json_text(w, "book_source", sv_doc_text(line, "book", arena));
    sv_write_texts(w, "flags", line, "counted.flags", arena);
    sv_json_int(w, "racks", sv_doc_int(line, "counted.racks"));
    sv_json_int(w, "records", sv_doc_int(line, "counted.records"));
    sv_json_int(w, "conflicts", sv_doc_int(line, "conflicts"));
    sv_write_texts(w, "counted_by", line, "counted_by", arena);
    sv_json_time(w, "counted_at", sv_doc_time(line, "counted_at"));
    sv_write_accepted(w, line, state == SV_LINE_ACCEPTED, arena);
    sv_json_end(w);
}

/* ---- the page */

static bson_t *
sv_review_filter(const sv_count_t *count, const sv_review_query_t *query, sv_arena_t *arena)
{
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count->session_id)), arena);

    if (query->item_code != NULL) {
        BSON_APPEND_UTF8(filter, "item_code", query->item_code);
    }
    if (query->state == SV_LINE_STATES) {
        BSON_APPEND_BOOL(filter, "undecided", true);
    } else if (query->state == SV_LINE_NOT_COUNTED) {
        BCON_APPEND(filter, "state", "{", "$in", "[", BCON_UTF8("not_counted"), BCON_NULL, "]", "}", "counted", "{",
                    "$exists", BCON_BOOL(false), "}");
    } else if (query->state == SV_LINE_INCOMPLETE) {
        /* And such as were stored by a version that knew no states. */
        BCON_APPEND(filter, "state", "{", "$in", "[", BCON_UTF8("incomplete"), BCON_NULL, "]", "}", "counted", "{",
                    "$exists", BCON_BOOL(true), "}");
    } else if (query->state >= 0) {
        BSON_APPEND_UTF8(filter, "state", sv_review_states[query->state]);
    }
    return filter;
}

static void
sv_review_take_item(const bson_t *row, void *context)
{
    sv_text_map_t *items = context;
    const char *code = sv_doc_text(row, "item_code", items->arena);

    if (code != NULL) {
        *sv_text_map_put(items, code) = sv_doc_copy(row, items->arena);
    }
}

static sv_status_t
sv_review_read_items(sv_store_t *store, const sv_page_rows_t *rows, sv_text_map_t *items, sv_arena_t *arena,
                     sv_error_t *error)
{
    const char **codes = sv_arena_alloc(arena, (rows->count + 1) * sizeof(codes[0]));
    bson_t *filter = sv_doc_new(arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "item_name", BCON_INT32(1),
                                           "category", BCON_INT32(1), "}"),
                                  arena);

    sv_text_map_init(items, arena, rows->count);
    for (size_t i = 0; i < rows->count; i++) {
        codes[i] = sv_doc_text(rows->rows[i], "item_code", arena);
    }
    sv_filter_in(filter, "item_code", codes, rows->count);
    return rows->count == 0
               ? SV_OK
               : sv_store_each(store, SV_COLLECTION_ERP_ITEMS, filter, options, sv_review_take_item, items, error);
}

static sv_status_t
sv_review_write_bars(sv_store_t *store, const sv_count_t *count, sv_json_writer_t *w, sv_arena_t *arena,
                     sv_error_t *error)
{
    sv_undecided_t undecided;
    sv_unsent_t unsent;
    sv_status_t status = sv_review_undecided(store, count->session_id, SV_REVIEW_BARS, &undecided, arena, error);
    bool reconciling = count->status != NULL && strcmp(count->status, "RECONCILE") == 0;

    sv_json_bool(w, "can_approve", status == SV_OK && reconciling && undecided.count == 0);
    if (status == SV_OK) {
        sv_undecided_write_json(w, "blocked_by", &undecided);
        sv_json_bool(w, "blocked_by_more", undecided.more);
        status = sv_unsent_read(store, count->session_id, &unsent, arena, error);
    }
    if (status == SV_OK) {
        sv_unsent_write_json(w, "unsent", &unsent);
    }
    return status;
}

sv_status_t
sv_review_write(sv_store_t *store, const sv_count_t *count, sv_review_query_t *query, sv_json_writer_t *w,
                sv_arena_t *arena, sv_error_t *error)
{
    sv_page_rows_t rows;
    sv_text_map_t items;
    sv_warehouse_t warehouse;

    query->page.list = sv_arena_printf(arena, "review:%s", sv_review_sorts[query->sort]);
    query->page.sort_field = sv_sort_fields[query->sort / 2];
    query->page.unique_field = "_id";
    query->page.direction = query->sort % 2 == 0 ? 1 : -1;
    if (sv_page_read(store, SV_COLLECTION_SESSION_BOOK, sv_review_filter(count, query, arena), NULL, &query->page,
                     &rows, arena, error) != SV_OK ||
        sv_review_read_items(store, &rows, &items, arena, error) != SV_OK ||
        sv_warehouse_read(store, count->warehouse, arena, &warehouse, error) != SV_OK) {
        return error->status;
    }
    sv_json_text(w, "count_id", count->session_id);
    sv_json_text(w, "status", count->status);
    sv_json_text(w, "currency", warehouse.currency);
    sv_review_write_summary(w, count->document, arena);
    if (sv_review_write_bars(store, count, w, arena, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, "items");
    for (size_t i = 0; i < rows.count; i++) {
        const char *code = sv_doc_text(rows.rows[i], "item_code", arena);

        sv_review_write_line(w, NULL, rows.rows[i], code != NULL ? sv_text_map_get(&items, code) : NULL, arena);
    }
    sv_json_end(w);
    sv_json_text(w, "next_cursor", rows.next_cursor);
    return SV_OK;
}
