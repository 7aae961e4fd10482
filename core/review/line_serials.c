#include "core/review/line_serials.h"

#include <string.h>

#include "core/base/log.h"
#include "core/serials/serial_list.h"

/* A serial number is of an item; of the item's lots all are flagged. */
static void
sv_flag_lines(sv_totals_lines_t *lines, const char *item_code, unsigned flags)
{
    for (size_t i = 0; flags != 0 && i < lines->count; i++) {
        if (strcmp(lines->lines[i].item->item_code, item_code) == 0 && lines->lines[i].records > 0) {
            lines->lines[i].review.flags |= flags;
        }
    }
}

static unsigned
sv_flags_of_sight(const sv_serial_sight_t *sight)
{
    return (sight->swapped ? SV_LINE_FLAG_BIT(SV_LINE_FLAG_SERIAL_SWAPPED) : 0) |
           (sight->state == SV_SERIAL_DUPLICATE ? SV_LINE_FLAG_BIT(SV_LINE_FLAG_SERIAL_DUPLICATE) : 0) |
           (sight->state == SV_SERIAL_MISPLACED ? SV_LINE_FLAG_BIT(SV_LINE_FLAG_SERIAL_MISPLACED) : 0);
}

/* How many of the figures are of the first one's item. */
static size_t
sv_figures_of_first_item(const sv_serial_figure_t *figures, size_t count)
{
    size_t same = 1;

    while (same < count && strcmp(figures[same].item_code, figures[0].item_code) == 0) {
        same++;
    }
    return same;
}

static sv_status_t sv_flag_figures(sv_store_t *store, sv_totals_lines_t *lines, const sv_serial_figure_t *figures,
                                   size_t count, sv_error_t *error);

/* An item with too many of them is not looked into: its lines have their totals all the same. */
static sv_status_t
sv_flag_each_item(sv_store_t *store, sv_totals_lines_t *lines, const sv_serial_figure_t *figures, size_t count,
                  sv_error_t *error)
{
    size_t same = sv_figures_of_first_item(figures, count);

    if (same == count) {
        sv_log(SV_LOG_WARNING, "item %s has too many serial numbers in count %s to compare them", figures[0].item_code,
               lines->scope->count_id);
        return SV_OK;
    }
    for (size_t i = 0; i < count; i += same) {
        same = sv_figures_of_first_item(figures + i, count - i);
        if (sv_flag_figures(store, lines, figures + i, same, error) != SV_OK) {
            return error->status;
        }
    }
    return SV_OK;
}

static sv_status_t
sv_flag_figures(sv_store_t *store, sv_totals_lines_t *lines, const sv_serial_figure_t *figures, size_t count,
                sv_error_t *error)
{
    sv_serials_of_count_t serials;
    sv_status_t status = sv_serials_of_figures(store, lines->scope->count_id, figures, count, &serials, error);

    if (status == SV_ERR_PARAMETER_INVALID) {
        sv_error_clear(error);
        return sv_flag_each_item(store, lines, figures, count, error);
    }
    for (size_t i = 0; status == SV_OK && i < serials.count; i++) {
        sv_flag_lines(lines, serials.sights[i].item_code, sv_flags_of_sight(&serials.sights[i]));
    }
    return status;
}

sv_status_t
sv_line_serials_flag(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error)
{
    sv_serial_figure_t *figures = sv_arena_alloc(lines->arena, (lines->parts.count + 1) * sizeof(figures[0]));
    size_t count = 0;

    /* The parts stand by line, lines by item. */
    for (size_t i = 0; i < lines->parts.count; i++) {
        const sv_totals_part_t *part = &lines->parts.parts[i];

        if (part->serial_numbers != NULL && part->rack_id != NULL) {
            figures[count++] = (sv_serial_figure_t){ part->item_code, part->rack_id, part->serial_numbers };
        }
    }
    return count == 0 ? SV_OK : sv_flag_figures(store, lines, figures, count, error);
}
