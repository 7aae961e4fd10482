#ifndef SV_SCAN_GTIN_H
#define SV_SCAN_GTIN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Global Trade Item Numbers (GS1 General Specifications, section 7.9).  A GTIN-8, UPC-A (GTIN-12), EAN-13 and GTIN-14
 * of one article differ in leading zeros only, and spreadsheets drop even those: all of them meet in 14 digits.
 */
enum { SV_GTIN_SIZE = 15 }; /* 14 digits and NUL */

/* The check digit (modulo 10, weights 3 and 1 from the right) that belongs behind `count` digits. */
char sv_gtin_check_digit(const char *digits, size_t count);
/* Whether the last of `count` digits, two or more, is the check digit of those before it. */
bool sv_gtin_check(const char *digits, size_t count);

/* The 14 digits of a code of 8 to 14 digits whose check digit is right; false: it is no GTIN.  A leading zero that
 * got lost (11 digits of a UPC-A) is given back. */
bool sv_gtin_normalize(const char *code, char gtin[SV_GTIN_SIZE]);

/* The GTIN of a zero-suppressed UPC-E of 8 digits (number system 0 or 1, check digit), which some scanners pass on
 * as it is printed; false: it is none. */
bool sv_gtin_from_upc_e(const char *code, char gtin[SV_GTIN_SIZE]);

#endif
