#include "core/verify/variance_rows.h"
#include "core/verify/variance_sums.h"

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
sv_variance_totals_write(sv_json_writer_t *w, const sv_variance_rows_t *rows, sv_arena_t *arena)
{
    sv_variance_sums_t units = { 0 }, currencies = { 0 };
    int64_t not_counted = 0, unknown_book = 0;

    for (size_t i = 0; i < rows->count; i++) {
        const sv_variance_row_t *row = &rows->rows[i];

        not_counted += !row->counted;
        unknown_book += row->counted && !row->has_variance;
        sv_variance_sums_note(&units, row->uom, row->has_variance, row->variance, arena);
        sv_variance_sums_note(&currencies, row->currency, row->has_value, row->value, arena);
    }
    sv_json_object(w, "totals");
    sv_json_int(w, "lines", (int64_t) rows->count);
    sv_json_int(w, "not_counted", not_counted);
    sv_json_int(w, "unknown_book", unknown_book);
    sv_variance_sums_write(w, "quantity", "uom", &units);
    sv_variance_sums_write(w, "value", "currency", &currencies);
    sv_json_end(w);
}
