/* Any scan: what it says is well-formed, and saying it again in brackets says the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/scan/digits.h"
#include "core/scan/scan.h"

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void
require_date(const char *date)
{
    require(date == NULL || (strlen(date) == 10 && sv_all_digits(date, 4) && date[4] == '-' && date[7] == '-'));
}

static void
require_text(const char *text)
{
    require(text == NULL || (text[0] != '\0' && sv_utf8_valid(text, strlen(text))));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_arena_t *arena = sv_arena_create();
    sv_scan_t scan;

    sv_scan_read((const char *) data, size, 2026, arena, &scan);
    require(scan.text != NULL && sv_utf8_valid(scan.text, strlen(scan.text)));
    require(!scan.has_gtin ||
            (strlen(scan.gtin) == 14 && sv_all_digits(scan.gtin, 14) && sv_gtin_check(scan.gtin, 14)));
    require(!scan.has_quantity || (scan.quantity >= 0 && scan.quantity <= SV_QUANTITY_MAX));
    require_date(scan.mfg_date);
    require_date(scan.best_before);
    require_date(scan.expiry_date);
    require_text(scan.lot);
    require_text(scan.serial);
    require_text(scan.item);
    if (scan.kind == SV_SCAN_CODE) {
        require(scan.lot == NULL && scan.serial == NULL && !scan.has_quantity);
    }
    /* A lot with a bracket in it may read as an identifier. */
    if (scan.kind == SV_SCAN_GS1 && scan.has_gtin && scan.lot != NULL && strchr(scan.lot, '(') == NULL) {
        char *again = sv_arena_printf(arena, "(01)%s(10)%s", scan.gtin, scan.lot);
        sv_scan_t twice;

        sv_scan_read(again, strlen(again), 2026, arena, &twice);
        require(twice.kind == SV_SCAN_GS1 && strcmp(twice.gtin, scan.gtin) == 0);
    }
    sv_arena_destroy(arena);
    return 0;
}
