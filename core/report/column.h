#ifndef SV_REPORT_COLUMN_H
#define SV_REPORT_COLUMN_H

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>

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

#endif
