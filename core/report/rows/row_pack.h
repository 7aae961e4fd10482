#ifndef SV_ROW_PACK_H
#define SV_ROW_PACK_H

#include "core/report/rows/row_value.h"

/*
 * Rows without their columns' names: cell after cell, in the order of the columns, which whoever packs and unpacks them
 * knows.  A third of the bytes of a document, so that keeping, comparing and moving rows costs a third.  A row needs no
 * other to be read, and equal rows of the same columns have equal bytes.
 *
 * A cell begins with a byte:
 *
 *   0          null
 *   of a text  1 to 251: its length and one; 253: its length follows in four bytes; then its bytes
 *   of others  1 to 9: so many bytes less one follow, the least first, of the number, whose sign is its lowest bit
 *   254        the value of an earlier column of the row, whose place follows in one byte (in rows of comparisons that
 *              the version before made: read, and not written any more)
 */
typedef struct {
    const uint8_t *bytes;
    uint32_t length;
} sv_packed_row_t;

/* What is needed of columns to pack and unpack their rows. */
typedef struct {
    const sv_column_t *columns;
    size_t count;
    const bool *text; /* by column */
} sv_row_layout_t;

/* Columns and arena must outlive it. */
void sv_row_layout_init(sv_row_layout_t *layout, const sv_column_t *columns, size_t count, sv_arena_t *arena);

/* Packs rows of the same columns, one after another, each in the place of the last. */
typedef struct {
    const sv_row_layout_t *layout;
    sv_buffer_t bytes;
    size_t at; /* the column whose value comes next */
    sv_packed_row_t row;
    sv_row_value_t *values; /* of documents */
} sv_row_packer_t;

void sv_row_packer_init(sv_row_packer_t *packer, const sv_row_layout_t *layout, sv_arena_t *arena);
void sv_row_packer_begin(sv_row_packer_t *packer);
void sv_row_packer_put(sv_row_packer_t *packer, const sv_row_value_t *value);
/* The row, valid until the next begins; NULL with SV_ERR_INTERNAL when values are missing. */
const sv_packed_row_t *sv_row_packer_end(sv_row_packer_t *packer, sv_error_t *error);
/* All values at once. */
const sv_packed_row_t *sv_row_packer_values(sv_row_packer_t *packer, const sv_row_value_t *values, sv_error_t *error);
/* A row that is a document (core/report/rows/column.h); its values are in packer->values then. */
const sv_packed_row_t *sv_row_packer_document(sv_row_packer_t *packer, const bson_t *document, sv_error_t *error);

/* The values, one for each column, as long as the row's bytes are there.  SV_ERR_INTERNAL when the bytes are no row of
 * these columns. */
sv_status_t
sv_row_unpack(const sv_row_layout_t *layout, const sv_packed_row_t *row, sv_row_value_t *values, sv_error_t *error);

/* Packed rows one after another, from wherever they come: *row is the next one, valid until the next call; NULL at the
 * end. */
typedef struct {
    sv_status_t (*next)(void *context, const sv_packed_row_t **row, sv_error_t *error);
    void *context;
} sv_packed_source_t;

/* Takes rows one after another, a value for each column, which need live no longer than the call; a status that is not
 * SV_OK stops whoever gives them and is what that returns. */
typedef struct {
    sv_status_t (*row)(void *context, const sv_row_value_t *values, sv_error_t *error);
    void *context;
} sv_value_sink_t;

#endif
