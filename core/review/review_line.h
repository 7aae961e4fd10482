#ifndef SV_REVIEW_LINE_H
#define SV_REVIEW_LINE_H

#include "core/counts/count.h"

enum { SV_REVIEW_RECORDS = 1000 };

/* Everything behind an item's lines of a count: lines (of each lot), racks with their rounds and recounts, records,
 * serial numbers, conflicts.  Members of an open object.  SV_ERR_NOT_FOUND: the count has no line of the item. */
sv_status_t sv_review_line_write(sv_store_t *store, const sv_count_t *count, const char *item_code, sv_json_writer_t *w,
                                 sv_arena_t *arena, sv_error_t *error);

#endif
