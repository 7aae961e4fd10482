#ifndef SV_SCAN_SCAN_H
#define SV_SCAN_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/quantity.h"
#include "core/scan/gtin.h"

/*
 * What one scan says: a plain code, a GS1 element string (raw as a scanner sends it, with or without its symbology
 * identifier, or bracketed as people write it), or an ISO/IEC 15434 message with MH10.8.2 data identifiers.
 *
 * What does not parse whole stays a code, and a code as it was scanned is looked up first in any case: a lot or an item
 * whose name happens to begin like an element string is still found.  t/vectors/scan.json has examples for every rule,
 * made for readers in other languages too.
 */
typedef enum { SV_SCAN_CODE, SV_SCAN_GS1, SV_SCAN_MH10 } sv_scan_kind_t;

typedef struct {
    sv_scan_kind_t kind;
    const char *text; /* what was scanned, without symbology identifier, behind the text gate; "" when it does not
                         pass (then kind is SV_SCAN_CODE or what it says stands in the members below) */
    bool has_gtin;
    char gtin[SV_GTIN_SIZE]; /* the article's, or of SV_SCAN_CODE the code itself where it is one */
    const char *item;        /* MH10: an item number that is no GTIN; NULL: none */
    const char *lot;         /* NULL: none, and so the rest */
    const char *serial;
    const char *mfg_date; /* YYYY-MM-DD, and so the rest */
    const char *best_before;
    const char *expiry_date;
    bool has_quantity;
    sv_quantity_t quantity;
    const char *uom; /* of the quantity, where the scan says: "kg", "lb"; NULL: pieces */
} sv_scan_t;

enum { SV_SCAN_MAX = 1024 }; /* bytes; a longer one is a code */

/* Reads a scan.  `this_year` decides the century of dates with two digits (GS1 General Specifications, 7.12).  Any
 * bytes may be scanned; what is returned lives in the arena or points into `bytes`' copy there. */
void sv_scan_read(const char *bytes, size_t length, int this_year, sv_arena_t *arena, sv_scan_t *scan);

/* A member of GS1 or MH10 as it is found, for their readers (gs1.c, mh10.c): false when the scan says two different
 * things of it. */
bool sv_scan_text(const char **member, const char *value, size_t length, sv_arena_t *arena);
/* `digits` is YYMMDD or YYYYMMDD; day 00 is the month's last. */
bool sv_scan_date(const char **member, const char *digits, size_t count, int this_year, sv_arena_t *arena);
bool sv_scan_quantity(sv_scan_t *scan, sv_quantity_t quantity, const char *uom);
bool sv_scan_gtin(sv_scan_t *scan, const char *digits, size_t count);

#endif
