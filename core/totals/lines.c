#include "core/totals/lines.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/store/filter.h"

static int
sv_compare_item(const void *code, const void *item)
{
    return strcmp(code, ((const sv_totals_item_t *) item)->item_code);
}

sv_totals_item_t *
sv_totals_item(const sv_totals_lines_t *lines, const char *item_code)
{
    return item_code == NULL || lines->item_count == 0
               ? NULL
               : bsearch(item_code, lines->items, lines->item_count, sizeof(lines->items[0]), sv_compare_item);
}

static int
sv_compare_lines(const void *a, const void *b)
{
    const sv_totals_line_t *x = a, *y = b;
    int order = strcmp(x->item->item_code, y->item->item_code);

    return order != 0 ? order : strcmp(x->lot, y->lot);
}

sv_totals_line_t *
sv_totals_line(const sv_totals_lines_t *lines, const char *item_code, const char *lot)
{
    const sv_totals_line_t wanted = { .item = sv_totals_item(lines, item_code), .lot = lot };

    return wanted.item == NULL || lines->count == 0
               ? NULL
               : bsearch(&wanted, lines->lines, lines->count, sizeof(lines->lines[0]), sv_compare_lines);
}

sv_totals_line_t *
sv_totals_add_line(sv_totals_lines_t *lines, const sv_totals_item_t *item, const char *lot)
{
    sv_totals_line_t *line;

    lines->lines = sv_arena_grow(lines->arena, lines->lines, lines->count, &lines->capacity, sizeof(lines->lines[0]));
    line = &lines->lines[lines->count++];
    *line = (sv_totals_line_t){ .item = item, .lot = lot };
    return line;
}

void
sv_totals_sort_lines(sv_totals_lines_t *lines)
{
    if (lines->count > 0) {
        qsort(lines->lines, lines->count, sizeof(lines->lines[0]), sv_compare_lines);
    }
}

void
sv_totals_complete_lines(sv_totals_lines_t *lines)
{
    size_t from = 0, count = lines->count;

    for (size_t i = 0; i < lines->item_count; i++) {
        while (from < count && strcmp(lines->lines[from].item->item_code, lines->items[i].item_code) < 0) {
            from++;
        }
        if (from == count || lines->lines[from].item != &lines->items[i]) {
            sv_totals_add_line(lines, &lines->items[i], "");
        }
    }
    sv_totals_sort_lines(lines);
}

void
sv_totals_add(sv_quantity_t *sum, sv_quantity_t quantity)
{
    if (!sv_quantity_add(*sum, quantity, sum)) {
        *sum = quantity > 0 ? INT64_MAX : INT64_MIN;
        sv_log(SV_LOG_WARNING, "a total is past what can be counted");
    }
}

void
sv_totals_put_filter(bson_t *filter, const sv_totals_lines_t *lines)
{
    sv_filter_in(filter, "item_code", lines->codes, lines->item_count);
}
