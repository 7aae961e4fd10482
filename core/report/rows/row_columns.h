#ifndef SV_ROW_COLUMNS_H
#define SV_ROW_COLUMNS_H

#include "core/report/rows/row_pack.h"

/*
 * Many rows column by column: what stands below its like is kept once, what stands beside it too, and what is left
 * compresses better.  Of rows of comparisons half of the bytes of packed rows, and a third fewer once compressed.  They
 * are read from the first on.
 *
 * The bytes: of each column how many it has, in four bytes, the least first; then those of the columns, one behind the
 * other.  They are cells, as core/report/rows/row_pack.h has them but for 254, and
 *
 *   252        the cell before stands for so many rows more, told in two bytes
 *   255        the value of the column before in the same row, which is a text where this is one
 *
 * Equal rows have equal bytes.
 */

/* ---- rows in */

typedef struct sv_column_packer_s sv_column_packer_t;

/* The layout must outlive it.  NULL: no memory. */
sv_column_packer_t *sv_column_packer_create(const sv_row_layout_t *layout);
/* One more row.  False: no memory, and what was added is of no use any more. */
bool sv_column_packer_add(sv_column_packer_t *packer, const sv_row_value_t *values);
/* How many bytes all rows added take, or some fewer; exactly after sv_column_packer_end(). */
size_t sv_column_packer_size(const sv_column_packer_t *packer);
/* After the last row: false as before. */
bool sv_column_packer_end(sv_column_packer_t *packer);
/* Then: writes so many bytes, and begins anew. */
void sv_column_packer_take(sv_column_packer_t *packer, uint8_t *bytes);
void sv_column_packer_destroy(sv_column_packer_t *packer); /* NULL is allowed */

/* ---- rows out */

typedef struct {
    const uint8_t *at, *end;
    sv_row_value_t value;
    uint32_t run; /* rows more that have it */
    bool beside;  /* it is that of the column before */
} sv_column_cells_t;

typedef struct {
    const sv_row_layout_t *layout;
    sv_column_cells_t *columns;
} sv_column_reader_t;

/* Layout and arena must outlive it. */
void sv_column_reader_init(sv_column_reader_t *reader, const sv_row_layout_t *layout, sv_arena_t *arena);
/* False: the bytes are no rows of these columns. */
bool sv_column_reader_begin(sv_column_reader_t *reader, const uint8_t *bytes, size_t length);
/* The values of the next row, as long as the bytes are there.  False: there is none. */
bool sv_column_reader_next(sv_column_reader_t *reader, sv_row_value_t *values);

#endif
