#ifndef SV_VARIANCES_H
#define SV_VARIANCES_H

#include "core/base/json_writer.h"
#include "core/store/store.h"
#include "core/verify/variance_query.h"

/*
 * Variances of counts by item (and lot): what was counted against what the count's book says, with the sums of all that
 * was asked for.  An item that was not counted is told as that, never as zero; where the book is unknown there is no
 * variance.  Quantities of different units, values of different currencies, are never added.
 *
 * A floor that is a part of a count has no book of its own: what was counted there is told, and no variance.
 */
/* "item_code", "-item_code", ...; NULL-terminated. */
extern const char *const sv_variance_sorts[];

/* One JSON object: items, next_cursor, pagination (of a page asked for by its number), totals.  SV_ERR_NOT_FOUND: there
 * is no such count; SV_ERR_QUERY_TOO_SLOW: more than SV_VARIANCE_COUNTS counts; SV_ERR_CURSOR_INVALID.  Of any number
 * of lines, in the memory of a page. */
sv_status_t sv_variances_write(sv_store_t *store, const sv_variance_query_t *query, sv_json_writer_t *w,
                               sv_arena_t *arena, sv_error_t *error);

#endif
