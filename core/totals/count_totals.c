#include "core/totals/count_totals.h"

#include <string.h>

#include "core/review/summary.h"
#include "core/store/document.h"

typedef struct {
    const char *uom; /* NULL: none is known */
    sv_quantity_t variance;
    int64_t lines; /* compared ones */
} sv_unit_total_t;

typedef struct {
    sv_unit_total_t *units;
    size_t count, capacity;
    sv_arena_t *arena;
} sv_unit_totals_t;

static sv_unit_total_t *
sv_units_find(sv_unit_totals_t *totals, const char *uom)
{
    for (size_t i = 0; i < totals->count; i++) {
        const char *other = totals->units[i].uom;

        if (uom == NULL ? other == NULL : other != NULL && strcmp(uom, other) == 0) {
            return &totals->units[i];
        }
    }
    totals->units =
        sv_arena_grow(totals->arena, totals->units, totals->count, &totals->capacity, sizeof(totals->units[0]));
    totals->units[totals->count] = (sv_unit_total_t){ .uom = uom };
    return &totals->units[totals->count++];
}

/* Counts of the version before have one sum, of no unit: lines leave it for their own as they are derived. */
static void
sv_units_read(const bson_t *count, sv_unit_totals_t *totals)
{
    const bson_t *array = sv_doc_child(count, "variances", totals->arena);
    bson_iter_t iter;

    if (array == NULL || !bson_iter_init(&iter, array)) {
        sv_unit_total_t *unit = sv_units_find(totals, NULL);

        unit->variance = sv_doc_quantity(count, "total_variance");
        unit->lines = sv_doc_int(count, "total_items") - sv_doc_int(count, "uncompared_items");
        return;
    }
    while (bson_iter_next(&iter)) {
        const bson_t *row = sv_doc_child(array, bson_iter_key(&iter), totals->arena);

        if (row != NULL) {
            sv_unit_total_t *unit = sv_units_find(totals, sv_doc_text(row, "uom", totals->arena));

            unit->variance = sv_doc_quantity(row, "variance");
            unit->lines = sv_doc_int(row, "lines");
        }
    }
}

static void
sv_units_move(sv_unit_totals_t *totals, const sv_totals_line_t *line)
{
    if (line->was_compared) {
        sv_unit_total_t *unit = sv_units_find(totals, line->old_uom);

        sv_totals_add(&unit->variance, -line->old_variance);
        unit->lines--;
    }
    if (line->compared) {
        sv_unit_total_t *unit = sv_units_find(totals, line->book.uom);

        sv_totals_add(&unit->variance, line->variance);
        unit->lines++;
    }
}

static void
sv_units_put(const sv_unit_totals_t *totals, bson_t *set)
{
    const sv_unit_total_t *only = NULL;
    char digits[16];
    const char *key;
    bson_t array, row;
    uint32_t n = 0;

    BSON_APPEND_ARRAY_BEGIN(set, "variances", &array);
    for (size_t i = 0; i < totals->count; i++) {
        const sv_unit_total_t *unit = &totals->units[i];

        if (unit->lines <= 0) {
            continue;
        }
        only = unit;
        bson_uint32_to_string(n++, &key, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(&array, key, &row);
        sv_doc_put_text(&row, "uom", unit->uom);
        sv_doc_put_quantity(&row, "variance", unit->variance);
        BSON_APPEND_INT64(&row, "lines", unit->lines);
        bson_append_document_end(&array, &row);
    }
    bson_append_array_end(set, &array);
    if (n <= 1) {
        sv_doc_put_quantity(set, "total_variance", only != NULL ? only->variance : 0);
    } else {
        BSON_APPEND_NULL(set, "total_variance");
    }
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
sv_line_is_damaged(const sv_totals_line_t *line)
{
    return line->damage_qty > 0 || line->non_returnable_damaged_qty > 0;
}

sv_status_t
sv_count_totals_write(sv_store_t *store, const bson_t *count, const sv_totals_lines_t *lines,
                      const sv_totals_staff_t *staff, sv_error_t *error)
{
    int64_t book_items = sv_doc_int(count, "book_items");
    int64_t total_items = sv_doc_int(count, "total_items");
    int64_t damaged_items = sv_doc_int(count, "damaged_items");
    int64_t uncompared_items = sv_doc_int(count, "uncompared_items");
    sv_unit_totals_t units = { .arena = lines->arena };
    bson_t *filter = sv_doc_new(lines->arena), *update = sv_doc_new(lines->arena), set;

    sv_units_read(count, &units);
    for (size_t i = 0; i < lines->count; i++) {
        const sv_totals_line_t *line = &lines->lines[i];

        book_items += !line->in_book;
        total_items += (line->records > 0) - line->was_counted;
        damaged_items += sv_line_is_damaged(line) - line->was_damaged;
        uncompared_items += (line->records > 0 && !line->compared) - (line->was_counted && !line->was_compared);
        sv_units_move(&units, line);
    }
    sv_doc_put_text(filter, "session_id", lines->scope->count_id);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_INT64(&set, "book_items", book_items);
    BSON_APPEND_INT64(&set, "total_items", total_items);
    BSON_APPEND_INT64(&set, "damaged_items", damaged_items);
    BSON_APPEND_INT64(&set, "uncompared_items", uncompared_items);
    sv_units_put(&units, &set);
    sv_review_put_summary(count, lines, &set);
    bson_append_document_end(update, &set);
    BCON_APPEND(update, "$inc", "{", "derivations", BCON_INT64(1), "}");
    sv_put_staff(staff, update);
    return sv_store_update_one(store, SV_COLLECTION_SESSIONS, filter, update, NULL, error);
}
