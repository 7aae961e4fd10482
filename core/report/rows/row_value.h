#ifndef SV_ROW_VALUE_H
#define SV_ROW_VALUE_H

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/report/rows/column.h"

/* A value of a row as its column's type has it (core/report/rows/column.h). */
typedef struct {
    bool known;       /* false: null */
    int64_t number;   /* of numbers, times, dates; 0 or 1 of BOOL */
    const char *text; /* of TEXT; as long as the row lives */
    uint32_t length;  /* of `text` in bytes */
} sv_row_value_t;

bool sv_column_is_number(const sv_column_t *column);     /* QUANTITY, MONEY, RATIO, INT */
bson_type_t sv_column_stored(const sv_column_t *column); /* BSON_TYPE_UTF8, ... */
int64_t sv_column_unit(const sv_column_t *column);       /* what one is written as: 1000000 of all these but INT */

/* Reads `count` values of a row, by their columns' order.  SV_ERR_INTERNAL when the row is not of these columns. */
sv_status_t
sv_row_read(const bson_t *row, const sv_column_t *columns, size_t count, sv_row_value_t *values, sv_error_t *error);
void sv_row_put(bson_t *row, const sv_column_t *column, const sv_row_value_t *value);
/* The same value: null is like null only. */
bool sv_row_value_equal(const sv_row_value_t *a, const sv_row_value_t *b);

/* The columns that tell rows apart, in the order that decides, as places among the columns. */
typedef struct {
    const size_t *columns;
    size_t count;
} sv_row_key_t;

/* Appends bytes whose order, compared byte by byte, is that of the keys: null first, then the value. Texts are in the
 * order of their bytes, which is MongoDB's. */
void sv_row_key_append(const sv_row_key_t *key, const sv_column_t *columns, const sv_row_value_t *values,
                       sv_buffer_t *bytes);
int sv_row_key_compare(const void *a, size_t a_length, const void *b, size_t b_length);

#endif
