#ifndef SV_VARIANCE_SUMS_H
#define SV_VARIANCE_SUMS_H

#include "core/base/arena.h"
#include "core/base/json_writer.h"
#include "core/base/quantity.h"

/* Variances added up, each unit's and each currency's by themselves.  A sum past what can be counted stays at the
 * limit. */
typedef struct {
    const char *name;       /* of the unit, or the currency; NULL: not known */
    int64_t lines, without; /* of these, without a variance, or a cost */
    sv_quantity_t net, gross;
} sv_variance_sum_t;

typedef struct {
    sv_variance_sum_t *sums;
    size_t count, capacity;
} sv_variance_sums_t;

/* The sum of `name`, made when it is new; its place in `sums` stays.  The name is copied. */
sv_variance_sum_t *sv_variance_sums_note(sv_variance_sums_t *sums, const char *name, bool known, sv_quantity_t quantity,
                                         sv_arena_t *arena);

/* Into an object that is open; `of` is what the name is called: uom, currency. */
void sv_variance_sum_write_members(sv_json_writer_t *w, const char *of, const sv_variance_sum_t *sum);

#endif
