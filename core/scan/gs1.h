#ifndef SV_SCAN_GS1_H
#define SV_SCAN_GS1_H

#include "core/scan/said.h"

/* GS1 element strings (GS1 General Specifications, section 3).  Both read the whole text or say false; then what they
 * set in `scan` means nothing. */

/* Raw: identifiers and data in a row, variable ones ended by GS (FNC1) or the end. */
bool sv_gs1_read(const char *text, size_t length, int this_year, sv_arena_t *arena, sv_scan_t *scan);
/* As printed for people: (01)09501101530003(17)261231. */
bool sv_gs1_read_bracketed(const char *text, size_t length, int this_year, sv_arena_t *arena, sv_scan_t *scan);

#endif
