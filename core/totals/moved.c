#include <string.h>

#include "core/stock/movements.h"
#include "core/totals/lines.h"

/* What came after the freezing and before the counting stands in what was counted, and not in the book; what came after
 * the counting is in a book that was frozen later than that, and not in what was counted.  The books of racks, and of
 * what is no whole warehouse, do not tell where something went: there it is only said that something moved. */
static void
sv_line_add_movement(const sv_totals_lines_t *lines, sv_totals_line_t *line, const sv_movement_t *movement)
{
    int64_t at_ms = movement->moved_at_ms;

    if (line->records == 0 || (line->book.lot_tracked && strcmp(line->lot, movement->lot) != 0)) {
        return;
    }
    line->moved |= at_ms > line->first_counted_ms && at_ms <= line->last_counted_ms;
    if (!lines->scope->whole || lines->scope->standing) {
        return;
    }
    if (at_ms > line->frozen_at_ms && at_ms <= line->last_counted_ms) {
        sv_totals_add(&line->moved_qty, movement->quantity);
    } else if (at_ms > line->last_counted_ms && at_ms <= line->frozen_at_ms) {
        sv_totals_add(&line->moved_qty, -movement->quantity);
    }
}

static void
sv_moved_add(const sv_movement_t *movement, void *context)
{
    sv_totals_lines_t *lines = context;

    for (size_t i = 0; i < lines->count; i++) {
        sv_totals_line_t *line = &lines->lines[i];

        if (strcmp(line->item->item_code, movement->item_code) == 0) {
            sv_line_add_movement(lines, line, movement);
        }
    }
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
    int64_t from_ms = 0, to_ms = 0;

    if (!sv_moved_span(lines, &from_ms, &to_ms)) {
        return SV_OK;
    }
    return sv_movements_read(store, lines->scope->warehouse, lines->codes, lines->item_count, from_ms, to_ms,
                             sv_moved_add, lines, lines->arena, error);
}
