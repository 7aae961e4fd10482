#ifndef SV_BASE_QUANTITY_H
#define SV_BASE_QUANTITY_H

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * An exact decimal with six places, as a checked count of millionths.
 * |quantity| <= 999,999,999.999999: 15 significant digits, which a JSON double
 * carries exactly.  No rule and no sum uses binary floating point.
 */
typedef int64_t sv_quantity_t;

#define SV_QUANTITY_ONE INT64_C(1000000)
#define SV_QUANTITY_MAX INT64_C(999999999999999)

enum { SV_QUANTITY_TEXT_SIZE = 24 };

/* From a JSON number already read as a double.  False when out of range, not
 * finite, or with more than six places: the rounded millionths must read back
 * as the same double. */
bool sv_quantity_from_double(double value, sv_quantity_t *quantity);
bool sv_quantity_from_int(int64_t value, sv_quantity_t *quantity);

/* From text such as "12", "-0.5", "3.250000" (CSV, query strings): digits, one
 * point, at most six places, nothing else. */
bool sv_quantity_from_text(const char *text, sv_quantity_t *quantity);

/* Shortest decimal text ("12", "0.5", "-3.25"), NUL-terminated; returns its length. */
int sv_quantity_to_text(sv_quantity_t quantity, char text[SV_QUANTITY_TEXT_SIZE]);

/* Decimal128 with exactly the value's significant digits (BSON spec; IEEE 754-2008). */
void sv_quantity_to_decimal128(sv_quantity_t quantity, bson_decimal128_t *decimal);
/* False for NaN, infinity, more than six places, or past int64 (a stored sum may exceed SV_QUANTITY_MAX). */
bool sv_quantity_from_decimal128(const bson_decimal128_t *decimal, sv_quantity_t *quantity);
/* Reads a number of any BSON type (decimal128, int32, int64, double). */
bool sv_quantity_from_bson(const bson_iter_t *iter, sv_quantity_t *quantity);

/* The same of a sum that may be past int64. */
bool sv_quantity_wide_from_bson(const bson_iter_t *iter, __int128 *millionths);

/* a + b and a - b, false on overflow of int64 (sums may exceed SV_QUANTITY_MAX). */
bool sv_quantity_add(sv_quantity_t a, sv_quantity_t b, sv_quantity_t *sum);
bool sv_quantity_sub(sv_quantity_t a, sv_quantity_t b, sv_quantity_t *difference);
/* quantity x price, rounded half away from zero to six places; false on overflow. */
bool sv_quantity_mul(sv_quantity_t a, sv_quantity_t b, sv_quantity_t *product);

#endif
