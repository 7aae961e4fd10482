#include "core/verify/variances.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/codec.h"
#include "core/base/text.h"
#include "core/verify/variance_items.h"
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
    sv_variance_row_t *row;
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

/* ---- the rows of a page, out of any number that come in any order */

typedef struct {
    const sv_variance_query_t *query;
    sv_variance_key_t key;
    bool down;
    sv_variance_place_t after; /* of the cursor */
    size_t from, bound;        /* of the rows behind the cursor: where the page begins, and how many are of interest */
    sv_variance_entry_t *entries;
    size_t count;
    bool is_cut;      /* rows behind the last of `bound` are of no interest any more */
    sv_arena_t *held; /* the entries' rows */
    sv_variance_totals_t totals;
    sv_arena_t *arena;
} sv_variance_picker_t;

static sv_variance_picker_t
sv_variance_picker(const sv_variance_query_t *query, sv_arena_t *arena)
{
    size_t limit = (size_t) query->page.limit;
    size_t from = query->page.number > 1 ? (size_t) (query->page.number - 1) * limit : 0;
    size_t bound = from + limit + 1; /* one more, to know that there is a next page */

    return (sv_variance_picker_t){ .query = query,
                                   .key = (sv_variance_key_t) (query->sort / 2),
                                   .down = query->sort % 2 != 0,
                                   .from = from,
                                   .bound = bound,
                                   .entries = sv_arena_alloc(arena, 2 * bound * sizeof(sv_variance_entry_t)),
                                   .held = sv_arena_create(),
                                   .arena = arena };
}

static void
sv_variance_sort(sv_variance_picker_t *picker)
{
    if (picker->count > 0) {
        qsort(picker->entries, picker->count, sizeof(picker->entries[0]),
              picker->down ? sv_variance_compare_down : sv_variance_compare_up);
    }
}

static void
sv_variance_hold(sv_variance_picker_t *picker, sv_variance_entry_t *entry, const sv_variance_row_t *row)
{
    entry->row = sv_arena_alloc(picker->held, sizeof(*entry->row));
    *entry->row = sv_variance_row_copy(row, picker->held);
    entry->place = sv_variance_place(entry->row, picker->key);
}

/* Twice as many as are of interest are there: the latter half goes, and the memory of all that went. */
static void
sv_variance_cut(sv_variance_picker_t *picker)
{
    sv_arena_t *before = picker->held;

    sv_variance_sort(picker);
    picker->count = picker->bound;
    picker->is_cut = true;
    picker->held = sv_arena_create();
    for (size_t i = 0; i < picker->count; i++) {
        sv_variance_hold(picker, &picker->entries[i], picker->entries[i].row);
    }
    sv_arena_destroy(before);
}

static void
sv_variance_pick(const sv_variance_row_t *row, void *context)
{
    sv_variance_picker_t *picker = context;
    sv_variance_place_t place = sv_variance_place(row, picker->key);

    sv_variance_totals_note(&picker->totals, row, picker->arena);
    if ((picker->query->page.cursor != NULL && sv_variance_compare(&place, &picker->after, picker->down) <= 0) ||
        (picker->is_cut && sv_variance_compare(&place, &picker->entries[picker->bound - 1].place, picker->down) >= 0)) {
        return;
    }
    sv_variance_hold(picker, &picker->entries[picker->count++], row);
    if (picker->count == 2 * picker->bound) {
        sv_variance_cut(picker);
    }
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
    sv_json_text(w, "state", !row->counted ? "not_counted" : row->incomplete ? "incomplete" : "counted");
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

static sv_status_t
sv_variance_write_page(sv_store_t *store, const sv_variance_picker_t *picker, sv_json_writer_t *w, sv_error_t *error)
{
    const sv_variance_query_t *query = picker->query;
    const sv_variance_entry_t *entries = picker->entries;
    size_t from = picker->from < picker->count ? picker->from : picker->count;
    size_t left = picker->count - from, limit = (size_t) query->page.limit, count = left < limit ? left : limit;
    sv_variance_row_t *rows = sv_arena_alloc(picker->arena, (count + 1) * sizeof(*rows));

    for (size_t i = 0; i < count; i++) {
        rows[i] = *entries[from + i].row;
    }
    if (sv_variance_rows_describe(store, rows, count, picker->arena, error) != SV_OK) {
        return error->status;
    }
    sv_json_array(w, "items");
    for (size_t i = 0; i < count; i++) {
        sv_variance_write_row(w, &rows[i]);
    }
    sv_json_end(w);
    sv_json_text(w, "next_cursor",
                 left > count ? sv_variance_cursor_make(&entries[from + count - 1].place, query->sort, picker->arena)
                              : NULL);
    return SV_OK;
}

sv_status_t
sv_variances_write(sv_store_t *store, const sv_variance_query_t *query, sv_json_writer_t *w, sv_arena_t *arena,
                   sv_error_t *error)
{
    sv_variance_picker_t picker = sv_variance_picker(query, arena);

    if (query->page.cursor != NULL && !sv_variance_cursor_read(query->page.cursor, query->sort, &picker.after, arena)) {
        sv_fail(error, SV_ERR_CURSOR_INVALID, NULL);
    } else if (sv_variance_rows_each(store, query, sv_variance_pick, &picker, arena, error) == SV_OK) {
        sv_variance_sort(&picker);
        sv_json_object(w, NULL);
        sv_variance_write_page(store, &picker, w, error);
        sv_pagination_write(w, &query->page, picker.totals.lines);
        sv_variance_totals_write(w, &picker.totals);
        sv_json_end(w);
    }
    sv_arena_destroy(picker.held);
    return error->status;
}
