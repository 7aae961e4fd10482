#include "core/verify/variance_rows.h"

static void
sv_variance_sums_write(sv_json_writer_t *w, const char *name, const char *of, const sv_variance_sums_t *sums)
{
    sv_json_array(w, name);
    for (size_t i = 0; i < sums->count; i++) {
        sv_json_object(w, NULL);
        sv_variance_sum_write_members(w, of, &sums->sums[i]);
        sv_json_end(w);
    }
    sv_json_end(w);
}

void
sv_variance_totals_note(sv_variance_totals_t *totals, const sv_variance_row_t *row, sv_arena_t *arena)
{
    totals->lines++;
    totals->not_counted += !row->counted;
    totals->incomplete += row->incomplete;
    totals->unknown_book += row->counted && !row->incomplete && !row->has_variance;
    sv_variance_sums_note(&totals->units, row->uom, row->has_variance, row->variance, arena);
    sv_variance_sums_note(&totals->currencies, row->currency, row->has_value, row->value, arena);
}

void
sv_variance_totals_write(sv_json_writer_t *w, const sv_variance_totals_t *totals)
{
    sv_json_object(w, "totals");
    sv_json_int(w, "lines", totals->lines);
    sv_json_int(w, "not_counted", totals->not_counted);
    sv_json_int(w, "incomplete", totals->incomplete);
    sv_json_int(w, "unknown_book", totals->unknown_book);
    sv_variance_sums_write(w, "quantity", "uom", &totals->units);
    sv_variance_sums_write(w, "value", "currency", &totals->currencies);
    sv_json_end(w);
}
