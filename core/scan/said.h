#ifndef SV_SCAN_SAID_H
#define SV_SCAN_SAID_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/quantity.h"
#include "core/scan/gtin.h"

/* What a scan said, and how its readers (gs1.c, mh10.c) note it. */
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

/* A member as it is found: false when the scan says two different things of it. */
bool sv_scan_text(const char **member, const char *value, size_t length, sv_arena_t *arena);
/* `digits` is YYMMDD or YYYYMMDD; day 00 is the month's last. */
bool sv_scan_date(const char **member, const char *digits, size_t count, int this_year, sv_arena_t *arena);
bool sv_scan_quantity(sv_scan_t *scan, sv_quantity_t quantity, const char *uom);
bool sv_scan_gtin(sv_scan_t *scan, const char *digits, size_t count);

#endif
