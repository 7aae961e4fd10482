#ifndef SV_SCAN_SCAN_H
#define SV_SCAN_SCAN_H

#include "core/scan/said.h"

/*
 * What one scan says: a plain code, a GS1 element string (raw as a scanner sends it, with or without its symbology
 * identifier, or bracketed as people write it), or an ISO/IEC 15434 message with MH10.8.2 data identifiers.
 *
 * What does not parse whole stays a code, and a code as it was scanned is looked up first in any case: a lot or an item
 * whose name happens to begin like an element string is still found.  t/vectors/scan.json has examples for every rule,
 * made for readers in other languages too.
 */
enum { SV_SCAN_MAX = 1024 }; /* bytes; a longer one is a code */

/* Reads a scan.  `this_year` decides the century of dates with two digits (GS1 General Specifications, 7.12).  Any
 * bytes may be scanned; what is returned lives in the arena or points into `bytes`' copy there. */
void sv_scan_read(const char *bytes, size_t length, int this_year, sv_arena_t *arena, sv_scan_t *scan);

#endif
