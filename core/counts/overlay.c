#include "core/counts/totals_item.h"

#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/store/filter.h"

/* What an item's overlay is to show. */
typedef struct {
    const char *count_id; /* NULL: it was never counted */
    const char *user_id;
    int64_t at_ms;
    sv_quantity_t verified_qty;
    sv_quantity_t damage_qty;
    sv_quantity_t non_returnable_damaged_qty;
    bool compared;
    sv_quantity_t variance;
    const char *book; /* what it was compared with, as the line tells */
} sv_overlay_t;

static void
sv_overlay_of_item(const sv_book_scope_t *scope, const sv_totals_item_t *item, sv_overlay_t *overlay)
{
    overlay->count_id = scope->count_id;
    overlay->user_id = item->last_user_id;
    overlay->at_ms = item->last_at_ms;
    overlay->verified_qty = item->verified_qty;
    overlay->damage_qty = item->damage_qty;
    overlay->non_returnable_damaged_qty = item->non_returnable_damaged_qty;
    overlay->compared = item->compared;
    overlay->variance = item->variance;
    overlay->book = sv_book_source(scope, item->book_known);
}

/* The other count of the item that has the youngest record, younger than `after_ms`; leaves the overlay alone when
 * there is none. */
static sv_status_t
sv_overlay_of_others(sv_store_t *store, const char *count_id, const sv_totals_item_t *item, int64_t after_ms,
                     sv_overlay_t *overlay, sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *options = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *line;
    sv_status_t status;

    BCON_APPEND(filter, "item_code", BCON_UTF8(item->item_code), "counted.at", "{", "$gt", BCON_DATE_TIME(after_ms),
                "}", "session_id", "{", "$ne", BCON_UTF8(count_id), "}");
    BCON_APPEND(options, "sort", "{", "counted.at", BCON_INT32(-1), "}", "limit", BCON_INT64(1));
    status = sv_store_find(store, SV_COLLECTION_SESSION_BOOK, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    if (mongoc_cursor_next(cursor, &line)) {
        overlay->count_id = sv_doc_text(line, "session_id", arena);
        overlay->user_id = sv_doc_text(line, "counted.last_user_id", arena);
        overlay->at_ms = sv_doc_time(line, "counted.at");
        overlay->verified_qty = sv_doc_quantity(line, "counted.verified_qty");
        overlay->damage_qty = sv_doc_quantity(line, "counted.damage_qty");
        overlay->non_returnable_damaged_qty = sv_doc_quantity(line, "counted.non_returnable_damaged_qty");
        overlay->compared = sv_doc_has(line, "counted.variance");
        overlay->variance = sv_doc_quantity(line, "counted.variance");
        overlay->book = sv_doc_text(line, "book", arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    return status;
}

/* Decides what the overlay is to show; *change false: what it shows now.  Others are asked only when this
 * count's figure was shown and has become older, or is gone. */
static sv_status_t
sv_overlay_decide(sv_store_t *store, const sv_book_scope_t *scope, const sv_totals_item_t *item, const bson_t *erp_item,
                  sv_overlay_t *overlay, bool *change, sv_arena_t *arena, sv_error_t *error)
{
    const char *shown = sv_doc_text(erp_item, "overlay_count_id", arena);
    int64_t shown_at_ms = sv_doc_time(erp_item, "verified_at");
    bool ours = shown != NULL && strcmp(shown, scope->count_id) == 0;

    *change = ours || (item->records > 0 && (shown == NULL || shown_at_ms <= item->last_at_ms));
    *overlay = (sv_overlay_t){ 0 };
    if (item->records > 0) {
        sv_overlay_of_item(scope, item, overlay);
    }
    if (ours && (item->records == 0 || item->last_at_ms < shown_at_ms)) {
        return sv_overlay_of_others(store, scope->count_id, item, item->last_at_ms, overlay, arena, error);
    }
    return SV_OK;
}

static void
sv_overlay_put_fields(const sv_overlay_t *overlay, bson_t *fields)
{
    static const char *const quantities[] = { "verified_qty", "damaged_qty", "non_returnable_damaged_qty", "variance" };
    const sv_quantity_t values[] = { overlay->verified_qty, overlay->damage_qty, overlay->non_returnable_damaged_qty,
                                     overlay->variance };
    const bool known[] = { true, true, true, overlay->compared };
    bool verified = overlay->count_id != NULL;

    BSON_APPEND_BOOL(fields, "verified", verified);
    sv_doc_put_text(fields, "verified_by", overlay->user_id);
    sv_doc_put_time(fields, "verified_at", overlay->at_ms);
    sv_doc_put_text(fields, "overlay_count_id", overlay->count_id);
    sv_doc_put_text(fields, "book", overlay->book);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (verified && known[i]) {
            sv_doc_put_quantity(fields, quantities[i], values[i]);
        } else {
            BSON_APPEND_NULL(fields, quantities[i]);
        }
    }
}

void
sv_overlay_put_item(bson_t *document, const sv_book_scope_t *scope, const sv_totals_item_t *item)
{
    sv_overlay_t overlay = { 0 };

    if (item->records > 0) {
        sv_overlay_of_item(scope, item, &overlay);
    }
    sv_overlay_put_fields(&overlay, document);
}

static void
sv_overlay_put(const sv_overlay_t *overlay, bson_t *update)
{
    bson_t set;

    BCON_APPEND(update, "$inc", "{", "derivations", BCON_INT64(1), "}");
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    sv_overlay_put_fields(overlay, &set);
    bson_append_document_end(update, &set);
}

static sv_status_t
sv_overlay_add(sv_store_t *store, sv_bulk_t *bulk, const sv_book_scope_t *scope, const sv_totals_item_t *item,
               const bson_t *erp_item, sv_arena_t *arena, sv_error_t *error)
{
    bson_t filter = BSON_INITIALIZER, update = BSON_INITIALIZER;
    sv_overlay_t overlay;
    bool change;
    sv_status_t status = sv_overlay_decide(store, scope, item, erp_item, &overlay, &change, arena, error);

    if (status == SV_OK && change) {
        BSON_APPEND_UTF8(&filter, "item_code", item->item_code);
        sv_overlay_put(&overlay, &update);
        status = sv_bulk_update(bulk, &filter, &update, false, error);
    }
    bson_destroy(&filter);
    bson_destroy(&update);
    return status;
}

sv_status_t
sv_overlay_write(sv_store_t *store, const sv_book_scope_t *scope, sv_totals_item_t *items, size_t count,
                 sv_arena_t *arena, sv_error_t *error)
{
    const char **codes = sv_arena_alloc(arena, (count + 1) * sizeof(codes[0]));
    bson_t *filter = sv_doc_new(arena), *options = sv_doc_new(arena);
    mongoc_cursor_t *cursor;
    const bson_t *erp_item;
    sv_bulk_result_t result;
    sv_bulk_t bulk;
    sv_status_t status;

    for (size_t i = 0; i < count; i++) {
        codes[i] = items[i].item_code;
    }
    sv_filter_in(filter, "item_code", codes, count);
    BCON_APPEND(options, "projection", "{", "item_code", BCON_INT32(1), "overlay_count_id", BCON_INT32(1),
                "verified_at", BCON_INT32(1), "}");
    status = sv_store_find(store, SV_COLLECTION_ERP_ITEMS, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    sv_bulk_begin(&bulk, store, SV_COLLECTION_ERP_ITEMS, arena);
    while (status == SV_OK && mongoc_cursor_next(cursor, &erp_item)) {
        const sv_totals_item_t *item = sv_totals_item_find(items, count, sv_doc_text(erp_item, "item_code", arena));

        if (item != NULL) {
            status = sv_overlay_add(store, &bulk, scope, item, erp_item, arena, error);
        }
    }
    if (status == SV_OK) {
        status = sv_store_cursor_end(store, cursor, error);
    }
    mongoc_cursor_destroy(cursor);
    if (status != SV_OK) {
        sv_bulk_discard(&bulk);
        return status;
    }
    return sv_bulk_run(&bulk, arena, &result, error);
}
