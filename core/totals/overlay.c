#include <string.h>

#include "core/store/bulk.h"
#include "core/store/document.h"
#include "core/totals/lines.h"

/* What an item's overlay is to show: all lots of it together. */
typedef struct {
    const char *count_id; /* NULL: it was never counted */
    const char *warehouse;
    const char *user_id;
    int64_t at_ms;
    bool counted; /* its quantities add up */
    sv_quantity_t verified_qty;
    sv_quantity_t damage_qty;
    sv_quantity_t non_returnable_damaged_qty;
    bool compared;
    sv_quantity_t variance;
    const char *book; /* what it was compared with, as the line tells */
} sv_overlay_t;

/* A line of a count, read from its document or just derived. */
typedef sv_overlay_t sv_overlay_line_t;

/* Adds a line to what its count shows of the item; quantities in differing units add up to none. */
static void
sv_overlay_add_line(sv_overlay_t *overlay, const sv_overlay_line_t *line)
{
    bool first = overlay->count_id == NULL;

    overlay->count_id = line->count_id;
    overlay->warehouse = line->warehouse;
    overlay->counted = (first || overlay->counted) && line->counted;
    overlay->compared = (first || overlay->compared) && line->compared;
    overlay->book = first || overlay->book == NULL || line->book == NULL ? line->book
                    : strcmp(overlay->book, line->book) == 0             ? line->book
                                                                         : "unknown";
    sv_totals_add(&overlay->verified_qty, line->verified_qty);
    sv_totals_add(&overlay->damage_qty, line->damage_qty);
    sv_totals_add(&overlay->non_returnable_damaged_qty, line->non_returnable_damaged_qty);
    sv_totals_add(&overlay->variance, line->variance);
    if (first || line->at_ms >= overlay->at_ms) {
        overlay->user_id = line->user_id;
        overlay->at_ms = line->at_ms;
    }
}

/* This count's lines of the item; none of them counted leaves the overlay alone. */
static void
sv_overlay_of_item(const sv_totals_lines_t *lines, const sv_totals_item_t *item, sv_overlay_t *overlay)
{
    for (size_t i = 0; i < lines->count; i++) {
        const sv_totals_line_t *line = &lines->lines[i];

        if (line->item == item && line->records > 0) {
            sv_overlay_add_line(overlay, &(sv_overlay_line_t){
                                             .count_id = lines->scope->count_id,
                                             .warehouse = lines->scope->warehouse,
                                             .user_id = line->last_user_id,
                                             .at_ms = line->last_at_ms,
                                             .counted = !line->uom_mixed,
                                             .verified_qty = line->verified_qty,
                                             .damage_qty = line->damage_qty,
                                             .non_returnable_damaged_qty = line->non_returnable_damaged_qty,
                                             .compared = line->compared,
                                             .variance = line->variance,
                                             .book = sv_book_source(lines->scope, line->book.known),
                                         });
        }
    }
}

/* Lines of an item that are being read for its overlay. */
typedef struct {
    sv_overlay_t *overlay;
    const char *count_id;
    sv_arena_t *arena;
} sv_overlay_reading_t;

static void
sv_overlay_take_line(const bson_t *line, void *context)
{
    const sv_overlay_reading_t *reading = context;

    sv_overlay_add_line(reading->overlay,
                        &(sv_overlay_line_t){
                            .count_id = reading->count_id,
                            .warehouse = sv_doc_text(line, "warehouse", reading->arena),
                            .user_id = sv_doc_text(line, "counted.last_user_id", reading->arena),
                            .at_ms = sv_doc_time(line, "counted.at"),
                            .counted = sv_doc_has(line, "counted.verified_qty"),
                            .verified_qty = sv_doc_quantity(line, "counted.verified_qty"),
                            .damage_qty = sv_doc_quantity(line, "counted.damage_qty"),
                            .non_returnable_damaged_qty = sv_doc_quantity(line, "counted.non_returnable_damaged_qty"),
                            .compared = sv_doc_has(line, "counted.variance"),
                            .variance = sv_doc_quantity(line, "counted.variance"),
                            .book = sv_doc_text(line, "book", reading->arena),
                        });
}

static sv_status_t
sv_overlay_read_lines(sv_store_t *store, const char *count_id, const char *item_code, sv_overlay_t *overlay,
                      sv_arena_t *arena, sv_error_t *error)
{
    sv_overlay_reading_t reading = { overlay, count_id, arena };
    bson_t *filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(count_id), "item_code", BCON_UTF8(item_code),
                                          "counted", "{", "$exists", BCON_BOOL(true), "}"),
                                 arena);

    return sv_store_each(store, SV_COLLECTION_SESSION_BOOK, filter, NULL, sv_overlay_take_line, &reading, error);
}

/* The other count of the item that has the youngest record, younger than what the overlay has; leaves it alone when
 * there is none. */
static sv_status_t
sv_overlay_of_others(sv_store_t *store, const char *count_id, const char *item_code, sv_overlay_t *overlay,
                     sv_arena_t *arena, sv_error_t *error)
{
    bson_t *filter = sv_doc_new(arena), *options = sv_doc_new(arena);
    const char *other = NULL;
    mongoc_cursor_t *cursor;
    const bson_t *line;
    sv_status_t status;

    BCON_APPEND(filter, "item_code", BCON_UTF8(item_code), "counted.at", "{", "$gt", BCON_DATE_TIME(overlay->at_ms),
                "}", "session_id", "{", "$ne", BCON_UTF8(count_id), "}");
    BCON_APPEND(options, "sort", "{", "counted.at", BCON_INT32(-1), "}", "limit", BCON_INT64(1));
    status = sv_store_find(store, SV_COLLECTION_SESSION_BOOK, filter, options, &cursor, error);
    if (status != SV_OK) {
        return status;
    }
    if (mongoc_cursor_next(cursor, &line)) {
        other = sv_doc_text(line, "session_id", arena);
    }
    status = sv_store_cursor_end(store, cursor, error);
    mongoc_cursor_destroy(cursor);
    if (status != SV_OK || other == NULL) {
        return status;
    }
    *overlay = (sv_overlay_t){ 0 };
    return sv_overlay_read_lines(store, other, item_code, overlay, arena, error);
}

/* Decides what the overlay is to show; *change false: what it shows now.  Others are asked only when this
 * count's figure was shown and has become older, or is gone. */
static sv_status_t
sv_overlay_decide(sv_store_t *store, const sv_totals_lines_t *lines, const sv_totals_item_t *item,
                  sv_overlay_t *overlay, bool *change, sv_error_t *error)
{
    const char *shown = item->overlay_count_id, *count_id = lines->scope->count_id;
    bool ours = shown != NULL && strcmp(shown, count_id) == 0;

    *overlay = (sv_overlay_t){ 0 };
    sv_overlay_of_item(lines, item, overlay);
    *change = ours || (overlay->count_id != NULL && (shown == NULL || item->verified_at_ms <= overlay->at_ms));
    if (ours && overlay->at_ms < item->verified_at_ms) {
        return sv_overlay_of_others(store, count_id, item->item_code, overlay, lines->arena, error);
    }
    return SV_OK;
}

static void
sv_overlay_put_fields(const sv_overlay_t *overlay, bson_t *fields)
{
    static const char *const quantities[] = { "verified_qty", "damaged_qty", "non_returnable_damaged_qty", "variance" };
    const sv_quantity_t values[] = { overlay->verified_qty, overlay->damage_qty, overlay->non_returnable_damaged_qty,
                                     overlay->variance };
    const bool known[] = { overlay->counted, overlay->counted, overlay->counted, overlay->compared };
    bool verified = overlay->count_id != NULL;

    BSON_APPEND_BOOL(fields, "verified", verified);
    sv_doc_put_text(fields, "verified_by", overlay->user_id);
    sv_doc_put_time(fields, "verified_at", overlay->at_ms);
    sv_doc_put_text(fields, "overlay_count_id", overlay->count_id);
    sv_doc_put_text(fields, "overlay_warehouse", overlay->warehouse);
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
sv_overlay_put_item(bson_t *document, const sv_totals_lines_t *lines, const sv_totals_item_t *item)
{
    sv_overlay_t overlay = { 0 };

    sv_overlay_of_item(lines, item, &overlay);
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

sv_status_t
sv_overlay_write(sv_store_t *store, const sv_totals_lines_t *lines, sv_error_t *error)
{
    sv_status_t status = SV_OK;
    sv_bulk_result_t result;
    sv_bulk_t bulk;

    sv_bulk_begin(&bulk, store, SV_COLLECTION_ERP_ITEMS, lines->arena);
    for (size_t i = 0; status == SV_OK && i < lines->item_count; i++) {
        const sv_totals_item_t *item = &lines->items[i];
        sv_overlay_t overlay;
        bool change = false;

        if (item->id != NULL) {
            status = sv_overlay_decide(store, lines, item, &overlay, &change, error);
        }
        if (status == SV_OK && change) {
            bson_t *update = sv_doc_new(lines->arena);

            sv_overlay_put(&overlay, update);
            status = sv_bulk_update(&bulk, item->id, update, false, error);
        }
    }
    if (status != SV_OK) {
        sv_bulk_discard(&bulk);
        return status;
    }
    return sv_bulk_run(&bulk, lines->arena, &result, error);
}
