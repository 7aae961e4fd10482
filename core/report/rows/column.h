#ifndef SV_REPORT_COLUMN_H
#define SV_REPORT_COLUMN_H

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/json_writer.h"

/*
 * What rows of reports are made of.  A row is a BSON document with one value per column, in the columns' order and
 * under their names; a value that is missing is null.  In BSON:
 *
 *   TEXT      UTF-8
 *   QUANTITY  int64, millionths (core/base/quantity.h)
 *   MONEY     int64, millionths of the currency's unit
 *   RATIO     int64, millionths: 1000000 is 100 %
 *   INT       int64
 *   TIME      date, to the millisecond, UTC
 *   DATE      date, a day in UTC
 *   BOOL      bool
 *
 * Whatever makes rows (queries, comparisons, the fixed reports) makes these, so that blocks, pages, exports and
 * comparisons need to know nothing else.
 */
typedef enum {
    SV_COLUMN_TEXT,
    SV_COLUMN_QUANTITY,
    SV_COLUMN_MONEY,
    SV_COLUMN_RATIO,
    SV_COLUMN_INT,
    SV_COLUMN_TIME,
    SV_COLUMN_DATE,
    SV_COLUMN_BOOL
} sv_column_type_t;

typedef struct {
    const char *name;  /* "verified_qty", "sum_verified_qty" */
    const char *title; /* for people: "Verified quantity" */
    sv_column_type_t type;
    bool key;     /* part of what identifies a row: group keys, or the collection's own key */
    bool grouped; /* a group key: charts put the first of them on the axis */
    bool total;   /* its sum over all rows means something */
} sv_column_t;

const char *sv_column_type_name(sv_column_type_t type); /* "quantity" */

/* The columns as a head keeps them ([{name, title, type, key, grouped, total}]), and back (texts in the arena). */
void sv_columns_append(bson_t *head, const char *name, const sv_column_t *columns, size_t count);
sv_column_t *sv_columns_read(const bson_t *head, const char *name, size_t *count, sv_arena_t *arena);
/* The same for the API. */
void sv_columns_write_json(sv_json_writer_t *w, const char *name, const sv_column_t *columns, size_t count);

/* One row as an object of its columns: quantities, money and ratios as numbers, days as "2026-01-05". */
void
sv_row_write_json(sv_json_writer_t *w, const char *name, const sv_column_t *columns, size_t count, const bson_t *row);
/* One value of a row. */
void sv_column_write_value(sv_json_writer_t *w, const sv_column_t *column, const bson_iter_t *value);

#endif
