#ifndef SV_SCAN_MH10_H
#define SV_SCAN_MH10_H

#include "core/scan/said.h"

/* An ISO/IEC 15434 message of format 06 (ANSI MH10.8.2 data identifiers) or 05 (GS1 application identifiers), from its
 * "[)>" on; false: it is none, and what was set in `scan` means nothing. */
bool sv_mh10_read(const char *text, size_t length, int this_year, sv_arena_t *arena, sv_scan_t *scan);

#endif
