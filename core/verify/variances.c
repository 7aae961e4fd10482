#include "core/verify/variances.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/codec.h"
#include "core/base/text.h"
#include "core/verify/variance_rows.h"

/* ---- the order */

typedef enum {
    SV_SORT_ITEM,
    SV_SORT_COUNTED_AT,
    SV_SORT_VARIANCE,
    SV_SORT_ABS_VARIANCE,
    SV_SORT_VALUE,
    SV_SORT_ABS_VALUE
} sv_variance_key_t;

const char *const sv_variance_sorts[] = { "item_code", "-item_code", "counted_at",   "-counted_at",
                                          "variance",  "-variance",  "abs_variance", "-abs_variance",
                                          "value",     "-value",     "abs_value",    "-abs_value",
                                          NULL };

/* What a row is sorted by: the key, and who it is; a row without the key comes last, whatever the direction. */
typedef struct {
    bool known;
    int64_t key;
    const char *item_code, *lot, *count_id;
} sv_variance_place_t;

typedef struct {
    sv_variance_place_t place;
    const sv_variance_row_t *row;
} sv_variance_entry_t;

static sv_variance_place_t
sv_variance_place(const sv_variance_row_t *row, sv_variance_key_t key)
{
    sv_variance_place_t place = { .item_code = row->item_code,
                                  .lot = row->lot != NULL ? row->lot : "",
                                  .count_id = row->count_id };
    bool is_value = key == SV_SORT_VALUE || key == SV_SORT_ABS_VALUE;

    switch (key) {
    case SV_SORT_ITEM:
        place.known = true;
        break;
    case SV_SORT_COUNTED_AT:
        place.known = row->counted;
        place.key = row->counted_at_ms;
        break;
    default:
        place.known = is_value ? row->has_value : row->has_variance;
        place.key = is_value ? row->value : row->variance;
        if (place.key < 0 && (key == SV_SORT_ABS_VARIANCE || key == SV_SORT_ABS_VALUE)) {
            place.key = -place.key;
        }
        break;
    }
    return place;
}

static int
sv_variance_compare_who(const sv_variance_place_t *a, const sv_variance_place_t *b)
{
    int order = strcmp(a->item_code, b->item_code);

    order = order != 0 ? order : strcmp(a->lot, b->lot);
    return order != 0 ? order : strcmp(a->count_id, b->count_id);
}

static int
sv_variance_compare(const sv_variance_place_t *a, const sv_variance_place_t *b, bool down)
{
    if (a->known != b->known) {
        return a->known ? -1 : 1;
    }
    if (a->known && a->key != b->key) {
        return (a->key < b->key) != down ? -1 : 1;
    }
    return down ? -sv_variance_compare_who(a, b) : sv_variance_compare_who(a, b);
}

static int
sv_variance_compare_up(const void *a, const void *b)
{
    return sv_variance_compare(&((const sv_variance_entry_t *) a)->place, &((const sv_variance_entry_t *) b)->place,
                               false);
}

static int
sv_variance_compare_down(const void *a, const void *b)
{
    return sv_variance_compare(&((const sv_variance_entry_t *) a)->place, &((const sv_variance_entry_t *) b)->place,
                               true);
}

/* ---- the cursor: the place of the last row given, and the order it stands in */

#define SV_VARIANCE_JOINT '\x02' /* no identifier has it */

enum { SV_VARIANCE_CURSOR_MAX = 2048, SV_VARIANCE_CURSOR_PARTS = 6 };

static const char *
sv_variance_cursor_make(const sv_variance_place_t *place, int sort, sv_arena_t *arena)
{
    const char *text =
        sv_arena_printf(arena, "%s%c%d%c%lld%c%s%c%s%c%s", sv_variance_sorts[sort], SV_VARIANCE_JOINT, place->known,
                        SV_VARIANCE_JOINT, (long long) place->key, SV_VARIANCE_JOINT, place->item_code,
                        SV_VARIANCE_JOINT, place->lot, SV_VARIANCE_JOINT, place->count_id);
    size_t length = strlen(text);
    char *cursor = sv_arena_alloc(arena, (length * 4 + 2) / 3 + 1);

    sv_base64url_encode((const uint8_t *) text, length, cursor);
    return cursor;
}

static bool
sv_variance_cursor_read(const char *cursor, int sort, sv_variance_place_t *place, sv_arena_t *arena)
{
    size_t length = strlen(cursor), parts = 0;
    const char *part[SV_VARIANCE_CURSOR_PARTS];
    char *text, *end;
    int size;

    if (length == 0 || length > SV_VARIANCE_CURSOR_MAX) {
        return false;
    }
    text = sv_arena_alloc(arena, length + 1);
    size = sv_base64url_decode(cursor, length, (uint8_t *) text, length);
    if (size <= 0 || !sv_utf8_valid(text, (size_t) size)) {
        return false;
    }
    text[size] = '\0';
    for (char *next = text; next != NULL && parts < SV_VARIANCE_CURSOR_PARTS;) {
        part[parts++] = next;
        next = strchr(next, SV_VARIANCE_JOINT);
        if (next != NULL) {
            *next++ = '\0';
        }
    }
    if (parts != SV_VARIANCE_CURSOR_PARTS || strcmp(part[0], sv_variance_sorts[sort]) != 0) {
        return false;
    }
    place->known = strcmp(part[1], "1") == 0;
    place->key = strtoll(part[2], &end, 10);
    place->item_code = part[3];
    place->lot = part[4];
    place->count_id = part[5];
    return part[2][0] != '\0' && *end == '\0';
}

/* ---- the answer */

static void
sv_variance_write_known(sv_json_writer_t *w, const char *name, bool known, sv_quantity_t quantity)
{
    if (known) {
        sv_json_quantity(w, name, quantity);
    } else {
        sv_json_null(w, name);
    }
}

static void
sv_variance_write_row(sv_json_writer_t *w, const sv_variance_row_t *row)
{
    sv_json_object(w, NULL);
    sv_json_text(w, "count_id", row->count_id);
    sv_json_text(w, "warehouse", row->warehouse);
    sv_json_text(w, "item_code", row->item_code);
    sv_json_text(w, "lot", row->lot);
    sv_json_text(w, "item_name", row->item_name);
    sv_json_text(w, "category", row->category);
    sv_json_text(w, "subcategory", row->subcategory);
    sv_json_text(w, "uom", row->uom);
    sv_json_text(w, "state", row->counted ? "counted" : "not_counted");
    sv_json_text(w, "book", row->book);
    sv_variance_write_known(w, "system_qty", row->has_book, row->system_qty);
    sv_variance_write_known(w, "verified_qty", row->counted, row->verified_qty);
    sv_variance_write_known(w, "damage_qty", row->counted, row->damage_qty);
    sv_variance_write_known(w, "non_returnable_damaged_qty", row->counted, row->lost_qty);
    sv_variance_write_known(w, "compared_qty", row->has_variance, row->compared_qty);
    sv_variance_write_known(w, "variance", row->has_variance, row->variance);
    sv_variance_write_known(w, "unit_cost", row->has_cost, row->unit_cost);
    sv_variance_write_known(w, "variance_value", row->has_value, row->value);
    sv_json_text(w, "currency", row->currency);
    sv_json_int(w, "records", row->records);
    sv_json_text(w, "counted_by", row->counted_by);
    sv_json_time(w, "counted_at", row->counted_at_ms);
    sv_json_bool(w, "unknown", row->unknown);
    sv_json_bool(w, "delisted", row->delisted);
    sv_json_bool(w, "partial_scope", row->is_part);
    sv_json_end(w);
}

static void
sv_variance_write_page(const sv_variance_query_t *query, const sv_variance_entry_t *entries, size_t count, size_t from,
                       sv_json_writer_t *w, sv_arena_t *arena)
{
    size_t to = count - from > (size_t) query->page.limit ? from + (size_t) query->page.limit : count;

    sv_json_array(w, "items");
    for (size_t i = from; i < to; i++) {
        sv_variance_write_row(w, entries[i].row);
    }
    sv_json_end(w);
    sv_json_text(w, "next_cursor",
                 to < count ? sv_variance_cursor_make(&entries[to - 1].place, query->sort, arena) : NULL);
}

sv_status_t
sv_variances_write(sv_store_t *store, const sv_variance_query_t *query, sv_json_writer_t *w, sv_arena_t *arena,
                   sv_error_t *error)
{
    sv_variance_key_t key = (sv_variance_key_t) (query->sort / 2);
    bool down = query->sort % 2 != 0;
    sv_variance_rows_t rows = { 0 };
    sv_variance_place_t after = { 0 };
    sv_variance_entry_t *entries;
    size_t from = 0;

    if (query->page.cursor != NULL && !sv_variance_cursor_read(query->page.cursor, query->sort, &after, arena)) {
        return sv_fail(error, SV_ERR_CURSOR_INVALID, NULL);
    }
    if (sv_variance_rows_read(store, query, &rows, arena, error) != SV_OK) {
        return error->status;
    }
    entries = sv_arena_alloc(arena, (rows.count + 1) * sizeof(*entries));
    for (size_t i = 0; i < rows.count; i++) {
        entries[i] = (sv_variance_entry_t){ sv_variance_place(&rows.rows[i], key), &rows.rows[i] };
    }
    if (rows.count > 0) {
        qsort(entries, rows.count, sizeof(*entries), down ? sv_variance_compare_down : sv_variance_compare_up);
    }
    if (query->page.number > 1) {
        from = (size_t) ((query->page.number - 1) * query->page.limit);
        from = from < rows.count ? from : rows.count;
    }
    while (query->page.cursor != NULL && from < rows.count &&
           sv_variance_compare(&entries[from].place, &after, down) <= 0) {
        from++;
    }
    sv_json_object(w, NULL);
    sv_variance_write_page(query, entries, rows.count, from, w, arena);
    sv_pagination_write(w, &query->page, (int64_t) rows.count);
    sv_variance_totals_write(w, &rows, arena);
    sv_json_end(w);
    return SV_OK;
}
