#include "core/scan/scan.h"

#include <string.h>

#include "core/base/text_gate.h"
#include "core/scan/digits.h"
#include "core/scan/gs1.h"
#include "core/scan/mh10.h"

enum { SV_GS = 0x1d };

/* ISO/IEC 15424: "]", a letter for the symbology, and a sign for what it did. */
static bool
sv_has_symbology(const char *text, size_t length)
{
    return length > 3 && text[0] == ']' && ((text[1] >= 'A' && text[1] <= 'Z') || (text[1] >= 'a' && text[1] <= 'z')) &&
           (sv_is_digit(text[2]) || (text[2] >= 'A' && text[2] <= 'Z'));
}

/* The carriers of element strings: GS1-128, DataBar, DataMatrix, QR, DotCode, Aztec. */
static bool
sv_is_gs1_symbology(const char *text)
{
    static const char *const carriers[] = { "]C1", "]e0", "]e1", "]e2", "]d2", "]Q3", "]J1", "]z1" };

    for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
        if (strncmp(text, carriers[i], 3) == 0) {
            return true;
        }
    }
    return false;
}

/* A string without any sign of being one is an element string only if it begins with an article's number whose check
 * digit is right. */
static bool
sv_looks_like_gs1(const char *text, size_t length)
{
    return length >= 16 && text[0] == '0' && (text[1] == '1' || text[1] == '2') && sv_all_digits(text, 16) &&
           sv_gtin_check(text + 2, 14);
}

/* What a wedge scanner adds at the end. */
static size_t
sv_trimmed(const char *text, size_t length)
{
    while (length > 0 && strchr("\r\n\t ", text[length - 1]) != NULL && text[length - 1] != '\0') {
        length--;
    }
    return length;
}

static bool
sv_scan_read_elements(const char *text, size_t length, bool gs1, int this_year, sv_arena_t *arena, sv_scan_t *scan)
{
    if (length > 0 && text[0] == SV_GS) {
        text++;
        length--;
        gs1 = true;
    }
    if (length > 0 && text[0] == '(') {
        return sv_gs1_read_bracketed(text, length, this_year, arena, scan);
    }
    return (gs1 || sv_looks_like_gs1(text, length)) && sv_gs1_read(text, length, this_year, arena, scan);
}

void
sv_scan_read(const char *bytes, size_t length, int this_year, sv_arena_t *arena, sv_scan_t *scan)
{
    const char *text = sv_arena_strndup(arena, bytes, length);
    sv_scan_t read;
    bool gs1 = false;

    length = sv_trimmed(text, length);
    if (sv_has_symbology(text, length)) {
        gs1 = sv_is_gs1_symbology(text);
        text += 3;
        length -= 3;
    }
    *scan = (sv_scan_t){ .kind = SV_SCAN_CODE, .text = "" };
    if (sv_text_gate(SV_TEXT_CODE, sv_arena_strndup(arena, text, length), length, SV_SCAN_MAX, arena, &scan->text) !=
        SV_TEXT_OK) {
        scan->text = "";
    }
    if (length <= SV_SCAN_MAX) {
        read = *scan;
        if (sv_scan_read_elements(text, length, gs1, this_year, arena, &read)) {
            read.kind = SV_SCAN_GS1;
            *scan = read;
            return;
        }
        read = *scan;
        if (sv_mh10_read(text, length, this_year, arena, &read)) {
            read.kind = SV_SCAN_MH10;
            *scan = read;
            return;
        }
    }
    scan->has_gtin = sv_gtin_normalize(scan->text, scan->gtin) || sv_gtin_from_upc_e(scan->text, scan->gtin);
}
