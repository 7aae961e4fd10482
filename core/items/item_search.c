#include "core/items/item_search.h"

#include <string.h>

#include "core/items/item_find.h"
#include "core/items/lookup.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* ---- search */

static void
sv_search_write_match(sv_json_writer_t *w, const sv_item_match_t *match, bool exact, const sv_item_view_t *view,
                      sv_arena_t *arena)
{
    sv_json_object(w, NULL);
    sv_json_object(w, "item");
    sv_item_write(w, match->item, &match->stocks, view, arena);
    sv_json_end(w);
    sv_json_double(w, "score", match->score);
    sv_json_bool(w, "exact", exact);
    if (match->pack != NULL) {
        sv_doc_write_json(w, "pack", match->pack);
    } else {
        sv_json_null(w, "pack");
    }
    sv_json_end(w);
}

static bool
sv_search_has(const sv_item_match_t *matches, size_t count, const bson_t *item, sv_arena_t *arena)
{
    const char *code = sv_doc_text(item, "item_code", arena);

    for (size_t i = 0; code != NULL && i < count; i++) {
        if (strcmp(sv_doc_text(matches[i].item, "item_code", arena), code) == 0) {
            return true;
        }
    }
    return false;
}

sv_status_t
sv_item_search(sv_store_t *store, const char *text, size_t limit, const sv_item_view_t *view, sv_json_writer_t *w,
               sv_arena_t *arena, sv_error_t *error)
{
    sv_item_match_t exact[SV_ENTRY_MATCHES], like[SV_ITEM_SEARCH_MAX];
    size_t exact_count = 0, like_count = 0, told;
    sv_found_items_t found;
    sv_lookup_t lookup;
    bool ready;

    sv_lookup_read(&lookup, text, strlen(text), arena);
    if (sv_items_by_keys(store, lookup.keys, lookup.key_count, &found, arena, error) != SV_OK) {
        return error->status;
    }
    for (size_t i = 0; i < lookup.key_count && exact_count == 0; i++) {
        exact_count = sv_items_with_key(&found, lookup.keys[i], exact, SV_ENTRY_MATCHES, arena);
    }
    exact_count = exact_count > limit ? limit : exact_count;
    if (sv_items_like(store, text, limit, like, &like_count, &ready, arena, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, "matches");
    for (told = 0; told < exact_count; told++) {
        sv_search_write_match(w, &exact[told], true, view, arena);
    }
    for (size_t i = 0; i < like_count && told < limit; i++) {
        if (!sv_search_has(exact, exact_count, like[i].item, arena)) {
            sv_search_write_match(w, &like[i], false, view, arena);
            told++;
        }
    }
    sv_json_end(w);
    sv_json_text(w, "index", ready ? "ready" : "missing");
    return SV_OK;
}

/* ---- the master by pages */

sv_status_t
sv_item_list(sv_store_t *store, int64_t since_ms, sv_page_t *page, const sv_item_view_t *view, sv_json_writer_t *w,
             sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena);
    sv_item_stocks_t *stocks;
    sv_page_rows_t rows;

    page->list = "erp_items";
    page->sort_field = NULL;
    page->unique_field = "item_code";
    page->direction = 1;
    page->tells_since = true;
    if (since_ms == 0) {
        BCON_APPEND(filter, "deleted", "{", "$ne", BCON_BOOL(true), "}");
    } else {
        BCON_APPEND(filter, "updated_at", "{", "$gte", BCON_DATE_TIME(since_ms), "}");
    }
    if (sv_page_read(store, SV_COLLECTION_ERP_ITEMS, filter, NULL, page, &rows, arena, error) != SV_OK) {
        return error->status;
    }
    stocks = sv_arena_zalloc(arena, (rows.count + 1) * sizeof(*stocks));
    if (sv_item_stocks_load(store, rows.rows, rows.count, stocks, arena, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, "items");
    for (size_t i = 0; i < rows.count; i++) {
        sv_json_object(w, NULL);
        sv_item_write(w, rows.rows[i], &stocks[i], view, arena);
        sv_json_end(w);
    }
    sv_json_end(w);
    sv_json_text(w, "next_cursor", rows.next_cursor);
    sv_json_time(w, "next_since", rows.next_since_ms);
    return SV_OK;
}

/* ---- one item */

typedef struct {
    const char *rack_id;
    bool expected, has_book, counted;
    bool elsewhere; /* than in the warehouse that is looked at */
    sv_quantity_t book, verified;
} sv_item_rack_t;

typedef struct {
    sv_item_rack_t *racks;
    size_t count, room;
    sv_arena_t *arena;
} sv_item_racks_t;

static sv_item_rack_t *
sv_item_rack(sv_item_racks_t *racks, const char *rack_id)
{
    for (size_t i = 0; i < racks->count; i++) {
        if (strcmp(racks->racks[i].rack_id, rack_id) == 0) {
            return &racks->racks[i];
        }
    }
    racks->racks = sv_arena_grow(racks->arena, racks->racks, racks->count, &racks->room, sizeof(*racks->racks));
    racks->racks[racks->count] = (sv_item_rack_t){ .rack_id = rack_id };
    return &racks->racks[racks->count++];
}

static void
sv_item_rack_expected(const bson_t *row, void *context)
{
    sv_item_racks_t *racks = context;
    const char *rack_id = sv_doc_text(row, "rack_id", racks->arena);
    sv_item_rack_t *rack = rack_id == NULL ? NULL : sv_item_rack(racks, rack_id);

    if (rack != NULL) {
        rack->expected = true;
        rack->has_book = sv_doc_has(row, "book_qty");
        rack->book = sv_doc_quantity(row, "book_qty");
    }
}

static void
sv_item_rack_counted(const bson_t *row, void *context)
{
    sv_item_racks_t *racks = context;
    const char *rack_id = sv_doc_text(row, "rack_id", racks->arena);
    sv_item_rack_t *rack = rack_id == NULL ? NULL : sv_item_rack(racks, rack_id);

    if (rack != NULL) {
        rack->counted = true;
        sv_quantity_add(rack->verified, sv_doc_quantity(row, "verified_qty"), &rack->verified);
    }
}

static sv_status_t
sv_item_racks_load(sv_store_t *store, const char *item_code, const char *count_id, sv_item_racks_t *racks,
                   sv_error_t *error)
{
    bson_t *expected = sv_doc_take(
        BCON_NEW("item_code", BCON_UTF8(item_code), "deleted", "{", "$ne", BCON_BOOL(true), "}"), racks->arena);
    sv_status_t status =
        sv_store_each(store, SV_COLLECTION_RACK_ITEMS, expected, NULL, sv_item_rack_expected, racks, error);

    if (status == SV_OK && count_id != NULL) {
        bson_t *counted = sv_doc_take(
            BCON_NEW("count_id", BCON_UTF8(count_id), "item_code", BCON_UTF8(item_code), "counts", BCON_BOOL(true)),
            racks->arena);

        status =
            sv_store_each(store, SV_COLLECTION_VERIFICATION_RECORDS, counted, NULL, sv_item_rack_counted, racks, error);
    }
    return status;
}

static void
sv_item_rack_is_here(const bson_t *row, void *context)
{
    sv_item_racks_t *racks = context;
    const char *rack_id = sv_doc_text(row, "rack_id", racks->arena);

    if (rack_id != NULL) {
        sv_item_rack(racks, rack_id)->elsewhere = false;
    }
}

/* Staff are told quantities of the racks of the warehouse they look at, as sv_item_view_tells() has it. */
static sv_status_t
sv_item_racks_place(sv_store_t *store, const sv_item_view_t *view, sv_item_racks_t *racks, sv_error_t *error)
{
    const char **ids = sv_arena_alloc(racks->arena, (racks->count + 1) * sizeof(*ids));
    bson_t *here;

    if (!view->is_staff || view->blind || view->warehouse == NULL || racks->count == 0) {
        return SV_OK;
    }
    here = sv_doc_take(BCON_NEW("warehouse", BCON_UTF8(view->warehouse)), racks->arena);
    for (size_t i = 0; i < racks->count; i++) {
        racks->racks[i].elsewhere = true;
        ids[i] = racks->racks[i].rack_id;
    }
    sv_filter_in(here, "rack_id", ids, racks->count);
    return sv_store_each(store, SV_COLLECTION_RACK_REGISTRY, here, NULL, sv_item_rack_is_here, racks, error);
}

static void
sv_item_write_rack(sv_json_writer_t *w, const sv_item_rack_t *rack, bool blind)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "rack_id", rack->rack_id);
    sv_json_bool(w, "expected", rack->expected);
    if (!blind && rack->has_book) {
        sv_json_quantity(w, "book_qty", rack->book);
    } else if (!blind) {
        sv_json_null(w, "book_qty");
    }
    if (!blind && rack->counted) {
        sv_json_quantity(w, "verified_qty", rack->verified);
    } else if (!blind) {
        sv_json_null(w, "verified_qty");
    }
    sv_json_end(w);
}

sv_status_t
sv_item_tell(sv_store_t *store, const char *item_code, const sv_item_view_t *view, sv_json_writer_t *w,
             sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_take(BCON_NEW("item_code", BCON_UTF8(item_code)), arena);
    sv_item_racks_t racks = { .arena = arena };
    sv_item_stocks_t stocks = { 0 };
    const bson_t *item;
    sv_status_t status = sv_store_find_one(store, SV_COLLECTION_ERP_ITEMS, filter, NULL, arena, &item, error);

    if (status == SV_OK && item == NULL) {
        return sv_fail(error, SV_ERR_ITEM_UNKNOWN, "There is no item %s", item_code);
    }
    if (status != SV_OK || sv_item_stocks_load(store, &item, 1, &stocks, arena, error) != SV_OK ||
        sv_item_racks_load(store, item_code, sv_doc_text(item, "overlay_count_id", arena), &racks, error) != SV_OK ||
        sv_item_racks_place(store, view, &racks, error) != SV_OK) {
        return error->status;
    }
    sv_item_write(w, item, &stocks, view, arena);
    sv_item_write_corrections(w, item, arena);
    sv_json_array(w, "racks");
    for (size_t i = 0; i < racks.count; i++) {
        sv_item_write_rack(w, &racks.racks[i], view->blind || racks.racks[i].elsewhere);
    }
    sv_json_end(w);
    return SV_OK;
}
