#include <string.h>

#include "core/stock/adjusted.h"
#include "core/totals/lines.h"

/* Whether everything the correction is about is among what this count compares. */
static bool
sv_adjusted_is_within(const sv_adjusted_t *adjusted, const sv_book_scope_t *scope)
{
    if (scope->whole && !scope->standing) {
        return true;
    }
    for (size_t i = 0; i < adjusted->rack_count; i++) {
        if (!scope->whole && !sv_book_scope_has_rack(scope, adjusted->racks[i])) {
            return false;
        }
    }
    return adjusted->racks != NULL;
}

/* Whether it is about racks that this count does not count: two people then looked at different goods. */
static bool
sv_adjusted_is_elsewhere(const sv_adjusted_t *adjusted, const sv_book_scope_t *scope)
{
    if (scope->whole || adjusted->racks == NULL) {
        return false;
    }
    for (size_t i = 0; i < adjusted->rack_count; i++) {
        if (sv_book_scope_has_rack(scope, adjusted->racks[i])) {
            return false;
        }
    }
    return true;
}

static void
sv_line_add_adjusted(const sv_totals_lines_t *lines, sv_totals_line_t *line, const sv_adjusted_t *adjusted)
{
    bool before = line->first_counted_ms <= adjusted->approved_at_ms;
    bool in_book = adjusted->seq <= line->adjusted_seq;

    if (line->records == 0 || !line->book.known || (line->book.lot_tracked && strcmp(line->lot, adjusted->lot) != 0)) {
        return;
    }
    if (adjusted->reverses_seq != 0) {
        /* On paper alone: nothing was found that anybody else would have counted. */
        if (!in_book && adjusted->reverses_seq <= line->adjusted_seq) {
            sv_totals_add(&line->adjusted_qty, adjusted->delta);
        }
    } else if (before || (!in_book && !sv_adjusted_is_within(adjusted, lines->scope))) {
        line->superseded = true;
    } else if (!in_book) {
        sv_totals_add(&line->adjusted_qty, adjusted->delta);
    }
}

static void
sv_adjusted_add(const sv_adjusted_t *adjusted, void *context)
{
    sv_totals_lines_t *lines = context;
    const sv_book_scope_t *scope = lines->scope;

    if ((adjusted->count_id != NULL && strcmp(adjusted->count_id, scope->count_id) == 0) || adjusted->reversed ||
        sv_adjusted_is_elsewhere(adjusted, scope)) {
        return;
    }
    for (size_t i = 0; i < lines->count; i++) {
        if (strcmp(lines->lines[i].item->item_code, adjusted->item_code) == 0) {
            sv_line_add_adjusted(lines, &lines->lines[i], adjusted);
        }
    }
}

/* What another count corrected before this one counted is in what was counted, and has to be in the book.  What was
 * counted before that correction says nothing the books do not know already, or contradicts what was found later. */
sv_status_t
sv_totals_read_adjusted(sv_store_t *store, sv_totals_lines_t *lines, sv_error_t *error)
{
    int64_t seq = 0;

    if (sv_adjusted_seq(store, lines->scope->warehouse, lines->arena, &seq, error) != SV_OK || seq == 0) {
        return error->status;
    }
    return sv_adjusted_read(store, lines->scope->warehouse, lines->codes, lines->item_count, sv_adjusted_add, lines,
                            lines->arena, error);
}
