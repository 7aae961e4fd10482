#ifndef SV_ROW_BUILD_H
#define SV_ROW_BUILD_H

#include "core/report/rows/row_value.h"

/* Makes rows of the same columns, one after another, each in the place of the last: a value for each column, in their
 * order. */
typedef struct {
    const sv_column_t *columns;
    size_t count;
    const char **names; /* of each column: a byte for the type, the name, a NUL */
    size_t *name_lengths;
    sv_buffer_t bytes;
    size_t at; /* the column whose value comes next */
    bson_t row;
} sv_row_builder_t;

/* Columns and arena must outlive it. */
void sv_row_builder_init(sv_row_builder_t *builder, const sv_column_t *columns, size_t count, sv_arena_t *arena);
void sv_row_builder_begin(sv_row_builder_t *builder);
void sv_row_builder_put(sv_row_builder_t *builder, const sv_row_value_t *value);
/* The row, valid until the next begins; NULL with SV_ERR_INTERNAL when values are missing. */
const bson_t *sv_row_builder_end(sv_row_builder_t *builder, sv_error_t *error);

#endif
