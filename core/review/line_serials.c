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

/* An item with too many of them is not looked into: its lines have their totals all the same. */
static sv_status_t
sv_flag_items(sv_store_t *store, sv_totals_lines_t *lines, const char *const *codes, size_t count, sv_error_t *error)
{
    sv_serials_of_count_t serials;
    sv_status_t status = sv_serials_of_items(store, lines->scope->count_id, codes, count, &serials, error);

    if (status == SV_ERR_PARAMETER_INVALID) {
        sv_error_clear(error);
        status = SV_OK;
        for (size_t i = 0; count > 1 && status == SV_OK && i < count; i++) {
            status = sv_flag_items(store, lines, codes + i, 1, error);
        }
        if (count == 1) {
            sv_log(SV_LOG_WARNING, "item %s has too many serial numbers in count %s to compare them", codes[0],
                   lines->scope->count_id);
        }
        return status;
    }
    for (size_t i = 0; status == SV_OK && i < serials.count; i++) {
        sv_flag_lines(lines, serials.sights[i].item_code, sv_flags_of_sight(&serials.sights[i]));
    }
    return status;
}

sv_status_t
sv_line_serials_flag(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error)
{
    const char **codes = sv_arena_alloc(lines->arena, (lines->parts.count + 1) * sizeof(codes[0]));
    size_t count = 0;

    /* The parts stand by line, lines by item. */
    for (size_t i = 0; i < lines->parts.count; i++) {
        const sv_totals_part_t *part = &lines->parts.parts[i];

        if (part->has_serials && (count == 0 || strcmp(codes[count - 1], part->item_code) != 0)) {
            codes[count++] = part->item_code;
        }
    }
    return count == 0 ? SV_OK : sv_flag_items(store, lines, codes, count, error);
}
