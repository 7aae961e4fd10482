#include <string.h>

#include "core/base/text_map.h"
#include "core/stock/movements.h"
#include "core/store/document.h"
#include "core/store/filter.h"
#include "core/store/row_texts.h"
#include "core/totals/lines.h"

/* Where goods of an item may have come to or gone from, by the books of the racks. */
typedef struct {
    const char *item_code;
    bool within;    /* a rack that is counted expects it */
    bool elsewhere; /* and another of the warehouse does */
} sv_moved_place_t;

typedef struct {
    const char *item_code, *rack_id;
} sv_moved_rack_t;

typedef struct {
    sv_totals_lines_t *lines;
    sv_arena_t *arena;
    sv_movement_t *movements;
    size_t count, capacity;
    sv_text_map_t places; /* item code -> sv_moved_place_t */
    sv_moved_rack_t *outside;
    size_t outside_count, outside_capacity;
} sv_moved_t;

/* What a book knows of where something went: a whole warehouse's everything, that of racks only what lies on no others;
 * one of a standing count grows by racks, and has none. */
static bool
sv_moved_is_within(const sv_moved_t *moved, const char *item_code)
{
    const sv_book_scope_t *scope = moved->lines->scope;
    const sv_moved_place_t *place;

    if (scope->whole || scope->standing || !scope->rack_books) {
        return scope->whole && !scope->standing;
    }
    place = sv_text_map_get(&moved->places, item_code);
    return place != NULL && place->within && !place->elsewhere;
}

/* What came after the freezing and before the counting stands in what was counted, and not in the book; what came after
 * the counting is in a book that was frozen later than that, and not in what was counted.  Where nobody knows which
 * racks it was about, a person is to look. */
static void
sv_line_add_movement(const sv_moved_t *moved, sv_totals_line_t *line, const sv_movement_t *movement)
{
    int64_t at_ms = movement->moved_at_ms;
    sv_quantity_t quantity = 0;

    if (line->records == 0 || (line->book.lot_tracked && strcmp(line->lot, movement->lot) != 0)) {
        return;
    }
    line->moved |= at_ms > line->first_counted_ms && at_ms <= line->last_counted_ms;
    if (at_ms > line->frozen_at_ms && at_ms <= line->last_counted_ms) {
        quantity = movement->quantity;
    } else if (at_ms > line->last_counted_ms && at_ms <= line->frozen_at_ms) {
        quantity = -movement->quantity;
    }
    if (sv_moved_is_within(moved, movement->item_code)) {
        sv_totals_add(&line->moved_qty, quantity);
    } else {
        line->moved |= quantity != 0 && line->book.known && !moved->lines->scope->standing;
    }
}

static void
sv_moved_take(const sv_movement_t *movement, void *context)
{
    sv_moved_t *moved = context;
    sv_movement_t *kept;

    moved->movements =
        sv_arena_grow(moved->arena, moved->movements, moved->count, &moved->capacity, sizeof(moved->movements[0]));
    kept = &moved->movements[moved->count++];
    *kept = *movement;
    kept->item_code = sv_arena_strdup(moved->arena, movement->item_code);
    kept->lot = sv_arena_strdup(moved->arena, movement->lot);
}

static void
sv_moved_take_rack(const bson_t *row, void *context)
{
    sv_moved_t *moved = context;
    const char *code = sv_doc_text(row, "item_code", moved->arena),
               *rack_id = sv_doc_text(row, "rack_id", moved->arena);
    sv_moved_place_t *place;
    void **entry;

    if (code == NULL || rack_id == NULL || sv_doc_bool(row, "deleted")) {
        return;
    }
    entry = sv_text_map_put(&moved->places, code);
    if (*entry == NULL) {
        *entry = sv_arena_zalloc(moved->arena, sizeof(*place));
    }
    place = *entry;
    if (sv_book_scope_has_rack(moved->lines->scope, rack_id)) {
        place->within = true;
        return;
    }
    moved->outside = sv_arena_grow(moved->arena, moved->outside, moved->outside_count, &moved->outside_capacity,
                                   sizeof(moved->outside[0]));
    moved->outside[moved->outside_count++] = (sv_moved_rack_t){ code, rack_id };
}

/* Racks that are not counted, of this warehouse and still there. */
static sv_status_t
sv_moved_read_outside(sv_store_t *store, sv_moved_t *moved, sv_error_t *error)
{
    const char **ids = sv_arena_alloc(moved->arena, (moved->outside_count + 1) * sizeof(ids[0]));
    bson_t *filter = sv_doc_take(
        BCON_NEW("warehouse", BCON_UTF8(moved->lines->scope->warehouse), "deleted", "{", "$ne", BCON_BOOL(true), "}"),
        moved->arena);
    sv_row_texts_t here = { .field = "rack_id", .arena = moved->arena };
    sv_text_map_t racks;

    for (size_t i = 0; i < moved->outside_count; i++) {
        ids[i] = moved->outside[i].rack_id;
    }
    sv_filter_in(filter, "rack_id", ids, moved->outside_count);
    if (sv_store_each(store, SV_COLLECTION_RACK_REGISTRY, filter, NULL, sv_row_texts_take, &here, error) != SV_OK) {
        return error->status;
    }
    sv_text_map_init(&racks, moved->arena, here.count);
    for (size_t i = 0; i < here.count; i++) {
        *sv_text_map_put(&racks, here.texts[i]) = moved;
    }
    for (size_t i = 0; i < moved->outside_count; i++) {
        sv_moved_place_t *place = sv_text_map_get(&moved->places, moved->outside[i].item_code);

        place->elsewhere |= sv_text_map_get(&racks, moved->outside[i].rack_id) != NULL;
    }
    return SV_OK;
}

static sv_status_t
sv_moved_read_places(sv_store_t *store, sv_moved_t *moved, sv_error_t *error)
{
    const sv_book_scope_t *scope = moved->lines->scope;
    const char **codes = sv_arena_alloc(moved->arena, (moved->count + 1) * sizeof(codes[0]));
    bson_t *filter = sv_doc_new(moved->arena);
    bson_t *options = sv_doc_take(BCON_NEW("projection", "{", "item_code", BCON_INT32(1), "rack_id", BCON_INT32(1),
                                           "deleted", BCON_INT32(1), "}"),
                                  moved->arena);

    sv_text_map_init(&moved->places, moved->arena, moved->count);
    if (moved->count == 0 || scope->whole || scope->standing || !scope->rack_books) {
        return SV_OK;
    }
    for (size_t i = 0; i < moved->count; i++) {
        codes[i] = moved->movements[i].item_code;
    }
    sv_filter_in(filter, "item_code", codes, moved->count);
    if (sv_store_each(store, SV_COLLECTION_RACK_ITEMS, filter, options, sv_moved_take_rack, moved, error) != SV_OK) {
        return error->status;
    }
    return moved->outside_count > 0 ? sv_moved_read_outside(store, moved, error) : SV_OK;
}

/* Between the earliest and the latest time of any line: the freezing of its book, its first and its last figure. */
static bool
sv_moved_span(const sv_totals_lines_t *lines, int64_t *from_ms, int64_t *to_ms)
{
    bool any = false;

    for (size_t i = 0; i < lines->count; i++) {
        const sv_totals_line_t *line = &lines->lines[i];
        const int64_t times[] = { line->frozen_at_ms, line->first_counted_ms, line->last_counted_ms };

        for (size_t t = 0; line->records > 0 && t < sizeof(times) / sizeof(times[0]); t++) {
            *from_ms = !any || times[t] < *from_ms ? times[t] : *from_ms;
            *to_ms = !any || times[t] > *to_ms ? times[t] : *to_ms;
            any = true;
        }
    }
    return any;
}

sv_status_t
sv_totals_read_movements(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error)
{
    sv_moved_t moved = { .lines = lines, .arena = lines->arena };
    int64_t from_ms = 0, to_ms = 0;

    if (!sv_moved_span(lines, &from_ms, &to_ms)) {
        return SV_OK;
    }
    if (sv_movements_read(store, lines->scope->warehouse, lines->codes, lines->item_count, from_ms, to_ms,
                          sv_moved_take, &moved, lines->arena, error) != SV_OK ||
        sv_moved_read_places(store, &moved, error) != SV_OK) {
        return error->status;
    }
    for (size_t m = 0; m < moved.count; m++) {
        for (size_t i = 0; i < lines->count; i++) {
            if (strcmp(lines->lines[i].item->item_code, moved.movements[m].item_code) == 0) {
                sv_line_add_movement(&moved, &lines->lines[i], &moved.movements[m]);
            }
        }
    }
    return SV_OK;
}
