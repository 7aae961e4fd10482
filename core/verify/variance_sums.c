#include "core/verify/variance_sums.h"

#include <string.h>

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
    sums->sums[sums->count] = (sv_variance_sum_t){ .name = name != NULL ? sv_arena_strdup(arena, name) : NULL };
    return &sums->sums[sums->count++];
}

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

sv_variance_sum_t *
sv_variance_sums_note(sv_variance_sums_t *sums, const char *name, bool known, sv_quantity_t quantity, sv_arena_t *arena)
{
    sv_variance_sum_t *sum = sv_variance_sum_of(sums, name, arena);

    sv_variance_sum_add(sum, known, quantity);
    return sum;
}

void
sv_variance_sum_write_members(sv_json_writer_t *w, const char *of, const sv_variance_sum_t *sum)
{
    sv_json_text(w, of, sum->name);
    sv_json_int(w, "lines", sum->lines);
    sv_json_int(w, "without", sum->without);
    sv_json_quantity(w, "net", sum->net);
    sv_json_quantity(w, "gross", sum->gross);
}
