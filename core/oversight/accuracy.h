#ifndef SV_ACCURACY_H
#define SV_ACCURACY_H

#include <stdbool.h>

#include "core/base/quantity.h"

/*
 * How well the books knew what was there (inventory record accuracy), of lines that were counted and have a book:
 * - as hit rate: the share of lines whose variance is within a tolerance of the book.  Surplus and shortage never
 * cancel out: 95 and 105 against 100 each are two misses at 1 %;
 * - as absolute: one less the variances without their sign, by the books; of one unit, or of values of one currency.
 */
typedef struct {
    int64_t lines, hits;
    __int128 book, gross; /* of one unit */
} sv_accuracy_t;

/* `tolerance` in per cent of the book, in millionths.  A book of nothing is hit by nothing alone. */
bool sv_accuracy_is_hit(sv_quantity_t book, sv_quantity_t variance, sv_quantity_t tolerance);

void sv_accuracy_note(sv_accuracy_t *accuracy, sv_quantity_t book, sv_quantity_t variance, sv_quantity_t tolerance);

/* In millionths, 0 to 1; false where no line was counted. */
bool sv_accuracy_hit_rate(const sv_accuracy_t *accuracy, int64_t *rate);
bool sv_accuracy_absolute(const sv_accuracy_t *accuracy, int64_t *rate);

#endif
