#ifndef SV_EXPORT_FORMULA_H
#define SV_EXPORT_FORMULA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Where a program that opens a CSV would see a formula begin.  A quote (') before it makes it a text again. (OWASP, CSV
 * injection)
 *
 * Which character separates cells is for whoever opens the file to say: Excel takes that of the country, also where the
 * file was written with another, and then quotes in the middle of a cell protect nothing.  So a text is looked at from
 * its beginning, and from behind every character in it that some country takes for a separator or that ends a line.
 */

/* The first place from `from` on, where a quote belongs; `length` when there is none. */
size_t sv_formula_next(const char *text, size_t length, size_t from);

#endif
