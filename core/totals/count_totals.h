#ifndef SV_COUNT_TOTALS_H
#define SV_COUNT_TOTALS_H

#include "core/totals/lines.h"

/*
 * What a count's document keeps of its lines: book_items, total_items, damaged_items, uncompared_items, staff_user,
 * `variances[]` {uom, variance, lines}, a unit each, since different units are never added, and total_variance: that of
 * the only unit, else null.  All of it moves by what its lines moved: they are derived in one transaction, and every
 * round of the count changes its document, so that the differences add up to the whole.
 */
sv_status_t sv_count_totals_write(sv_store_t *store, const bson_t *count, const sv_totals_lines_t *lines,
                                  const sv_totals_staff_t *staff, sv_error_t *error);

#endif
