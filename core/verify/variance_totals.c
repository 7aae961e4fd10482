#include "core/verify/variance_rows.h"

#include <string.h>

/* The sums of one unit, or of one currency. */
typedef struct {
    const char *name;       /* NULL: not known */
    int64_t lines, without; /* of these, without a variance, or a cost */
    sv_quantity_t net, gross;
} sv_variance_sum_t;

typedef struct {
    sv_variance_sum_t *sums;
    size_t count, capacity;
} sv_variance_sums_t;

static sv_variance_sum_t *
sv_variance_sum_of(sv_variance_sums_t *sums, const char *name, sv_arena_t *arena)
{
    for (size_t i = 0; i < sums->count; i++) {
        const char *other = sums->sums[i].name;

        if (other == name || (other != NULL && name != NULL && strcmp(other, name) == 0)) {
            return &sums->sums[i];
        }
    }
    sums->sums = sv_arena_grow(arena, sums->sums, sums->count, &sums->capacity, sizeof(sums->sums[0]));
    sums->sums[sums->count] = (sv_variance_sum_t){ .name = name };
    return &sums->sums[sums->count++];
}

/* A sum past what can be counted stays at the limit. */
static void
sv_variance_sum_add(sv_variance_sum_t *sum, bool known, sv_quantity_t quantity)
{
    sum->lines++;
    if (!known) {
        sum->without++;
        return;
    }
    if (!sv_quantity_add(sum->net, quantity, &sum->net)) {
        sum->net = quantity > 0 ? INT64_MAX : INT64_MIN;
    }
    if (!sv_quantity_add(sum->gross, quantity < 0 ? -quantity : quantity, &sum->gross)) {
        sum->gross = INT64_MAX;
    }
}

static void
sv_variance_sums_write(sv_json_writer_t *w, const char *name, const char *of, const sv_variance_sums_t *sums)
{
    sv_json_array(w, name);
    for (size_t i = 0; i < sums->count; i++) {
        const sv_variance_sum_t *sum = &sums->sums[i];

        sv_json_object(w, NULL);
        sv_json_text(w, of, sum->name);
        sv_json_int(w, "lines", sum->lines);
        sv_json_int(w, "without", sum->without);
        sv_json_quantity(w, "net", sum->net);
        sv_json_quantity(w, "gross", sum->gross);
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
        sv_variance_sum_add(sv_variance_sum_of(&units, row->uom, arena), row->has_variance, row->variance);
        sv_variance_sum_add(sv_variance_sum_of(&currencies, row->currency, arena), row->has_value, row->value);
    }
    sv_json_object(w, "totals");
    sv_json_int(w, "lines", (int64_t) rows->count);
    sv_json_int(w, "not_counted", not_counted);
    sv_json_int(w, "unknown_book", unknown_book);
    sv_variance_sums_write(w, "quantity", "uom", &units);
    sv_variance_sums_write(w, "value", "currency", &currencies);
    sv_json_end(w);
}
