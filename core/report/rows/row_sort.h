#ifndef SV_ROW_SORT_H
#define SV_ROW_SORT_H

#include "core/report/rows/row_pack.h"

/*
 * Sorts rows by a key in bounded memory: what does not fit is written, in order, to files of `directory` that have no
 * name, so that they go with the process whatever becomes of it, and read back merged.  Rows of equal keys keep their
 * order.  One thread at a time.
 */
enum { SV_ROW_SORT_MEMORY = 8 * 1024 * 1024 }; /* of rows, before they are written */

typedef struct sv_row_sorter_s sv_row_sorter_t;

/* Layout and key must outlive it.  `memory` in bytes.  NULL when there is no memory. */
sv_row_sorter_t *
sv_row_sorter_create(const char *directory, const sv_row_layout_t *layout, const sv_row_key_t *key, size_t memory);
/* A row and its values.  SV_ERR_INTERNAL when neither memory nor the disk takes them. */
sv_status_t
sv_row_sorter_add(sv_row_sorter_t *sorter, const sv_packed_row_t *row, const sv_row_value_t *values, sv_error_t *error);
/* After the last row: the source of all of them in order, valid while the sorter is. */
sv_status_t sv_row_sorter_finish(sv_row_sorter_t *sorter, sv_packed_source_t *source, sv_error_t *error);
void sv_row_sorter_destroy(sv_row_sorter_t *sorter); /* NULL is allowed */

#endif
