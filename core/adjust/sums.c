#include "core/adjust/sums.h"

#include <string.h>

#include "core/store/document.h"

static sv_adjustment_unit_t *
sv_sums_unit(sv_adjustment_sums_t *sums, const char *uom, sv_arena_t *arena)
{
    for (size_t i = 0; i < sums->count; i++) {
        const char *other = sums->units[i].uom;

        if (uom == NULL ? other == NULL : other != NULL && strcmp(uom, other) == 0) {
            return &sums->units[i];
        }
    }
    sums->units = sv_arena_grow(arena, sums->units, sums->count, &sums->capacity, sizeof(sums->units[0]));
    sums->units[sums->count] = (sv_adjustment_unit_t){ .uom = uom != NULL ? sv_arena_strdup(arena, uom) : NULL };
    return &sums->units[sums->count++];
}

static sv_quantity_t
sv_sums_size(sv_quantity_t quantity)
{
    return quantity < 0 ? -quantity : quantity;
}

static void
sv_sums_raise(sv_adjustment_sums_t *sums, sv_quantity_t *sum, sv_quantity_t by)
{
    sums->overflow |= !sv_quantity_add(*sum, by, sum);
}

void
sv_adjustment_sums_add(sv_adjustment_sums_t *sums, const sv_adjustment_part_t *part, sv_arena_t *arena)
{
    sv_adjustment_unit_t *unit;

    sums->lines++;
    if (part->superseded) {
        sums->superseded++;
        return;
    }
    unit = sv_sums_unit(sums, part->uom, arena);
    unit->lines++;
    sv_sums_raise(sums, &unit->net, part->delta);
    sv_sums_raise(sums, &unit->gross, sv_sums_size(part->delta));
    if (!part->has_value) {
        sums->unvalued++;
        return;
    }
    sv_sums_raise(sums, &unit->value, part->value);
    sv_sums_raise(sums, &unit->gross_value, sv_sums_size(part->value));
    sv_sums_raise(sums, &sums->value, part->value);
    sv_sums_raise(sums, &sums->gross_value, sv_sums_size(part->value));
}

void
sv_adjustment_sums_put(bson_t *head, const sv_adjustment_sums_t *sums)
{
    bson_t array, row;

    BSON_APPEND_INT64(head, "line_count", sums->lines);
    BSON_APPEND_INT64(head, "superseded", sums->superseded);
    BSON_APPEND_INT64(head, "unvalued", sums->unvalued);
    BSON_APPEND_INT64(head, "uncompared", sums->uncompared);
    BSON_APPEND_ARRAY_BEGIN(head, "sums", &array);
    for (size_t i = 0; i < sums->count; i++) {
        const sv_adjustment_unit_t *unit = &sums->units[i];
        char digits[16];
        const char *key;

        bson_uint32_to_string((uint32_t) i, &key, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(&array, key, &row);
        sv_doc_put_text(&row, "uom", unit->uom);
        BSON_APPEND_INT64(&row, "lines", unit->lines);
        sv_doc_put_quantity(&row, "net", unit->net);
        sv_doc_put_quantity(&row, "gross", unit->gross);
        sv_doc_put_quantity(&row, "value", unit->value);
        sv_doc_put_quantity(&row, "gross_value", unit->gross_value);
        bson_append_document_end(&array, &row);
    }
    bson_append_array_end(head, &array);
    sv_doc_put_quantity(head, "value", sums->value);
    sv_doc_put_quantity(head, "gross_value", sums->gross_value);
}
