#ifndef SV_UNIT_REPORT_ROWS_H
#define SV_UNIT_REPORT_ROWS_H

#include "core/report/rows/row_pack.h"
#include "core/report/rows/row_source.h"

/* Rows in memory, for tests of what works on rows. */
typedef struct {
    bson_t **rows;
    size_t count, capacity, next;
} sv_rows_t;

void sv_rows_add(sv_rows_t *rows, const bson_t *row); /* copied */
void sv_rows_free(sv_rows_t *rows);

/* Gives them in their order, from the first. */
sv_row_source_t sv_rows_source(sv_rows_t *rows);
/* Adds what it is given. */
sv_row_sink_t sv_rows_sink(sv_rows_t *rows);

/* The same of packed rows, and of values; the source and the sink are in the arena. */
sv_packed_source_t sv_rows_packed_source(sv_rows_t *rows, const sv_column_t *columns, size_t count, sv_arena_t *arena);
sv_value_sink_t sv_rows_value_sink(sv_rows_t *rows, const sv_column_t *columns, size_t count, sv_arena_t *arena);

/* Values of a row by name.  Ends the test when there is no such column. */
bool sv_rows_known(const bson_t *row, const char *name);
int64_t sv_rows_number(const bson_t *row, const char *name);
const char *sv_rows_text(const bson_t *row, const char *name); /* NULL for null */

#endif
