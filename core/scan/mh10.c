#include "core/scan/mh10.h"

#include <string.h>

#include "core/scan/digits.h"
#include "core/scan/gs1.h"

enum { SV_EOT = 0x04, SV_GS = 0x1d, SV_RS = 0x1e };

/* A field: an identifier of up to three digits and a capital letter, then its data. */
typedef struct {
    char identifier[5];
    const char *data;
    size_t length;
} sv_mh10_field_t;

static bool
sv_mh10_split(const char *text, size_t length, sv_mh10_field_t *field)
{
    size_t digits = 0;

    while (digits < length && digits < 3 && sv_is_digit(text[digits])) {
        digits++;
    }
    if (digits >= length || text[digits] < 'A' || text[digits] > 'Z') {
        return false;
    }
    memcpy(field->identifier, text, digits + 1);
    field->identifier[digits + 1] = '\0';
    field->data = text + digits + 1;
    field->length = length - digits - 1;
    return field->length > 0;
}

static bool
sv_mh10_number(sv_scan_t *scan, const char *data, size_t length, const char *uom, sv_arena_t *arena)
{
    sv_quantity_t quantity;

    return length <= 16 && sv_quantity_from_text(sv_arena_strndup(arena, data, length), &quantity) && quantity >= 0 &&
           sv_scan_quantity(scan, quantity, uom);
}

/* MH10.8.2: P and 1P item numbers of customer and supplier, 8P a GTIN, T and 1T lots, S a serial number, Q a count, 7Q
 * a quantity with two letters of unit, 14D and 16D dates of expiry and production.  Others are let pass. */
static bool
sv_mh10_take(sv_scan_t *scan, const sv_mh10_field_t *field, int this_year, sv_arena_t *arena)
{
    const char *di = field->identifier;

    if (strcmp(di, "P") == 0 || (strcmp(di, "1P") == 0 && scan->item == NULL)) {
        scan->item = NULL; /* the customer's number, ours, goes before the supplier's */
        return sv_scan_text(&scan->item, field->data, field->length, arena);
    }
    if (strcmp(di, "8P") == 0) {
        return field->length <= 14 && sv_all_digits(field->data, field->length) &&
               sv_scan_gtin(scan, field->data, field->length);
    }
    if (strcmp(di, "1T") == 0 || strcmp(di, "T") == 0) {
        return sv_scan_text(&scan->lot, field->data, field->length, arena);
    }
    if (strcmp(di, "S") == 0) {
        return sv_scan_text(&scan->serial, field->data, field->length, arena);
    }
    if (strcmp(di, "Q") == 0) {
        return sv_mh10_number(scan, field->data, field->length, NULL, arena);
    }
    if (strcmp(di, "7Q") == 0 && field->length > 2) {
        const char *unit = sv_arena_strndup(arena, field->data + field->length - 2, 2);

        return sv_mh10_number(scan, field->data, field->length - 2, strcmp(unit, "PC") == 0 ? NULL : unit, arena);
    }
    if (strcmp(di, "14D") == 0 || strcmp(di, "16D") == 0) {
        return field->length == 8 && sv_all_digits(field->data, 8) &&
               sv_scan_date(di[1] == '4' ? &scan->expiry_date : &scan->mfg_date, field->data, 8, this_year, arena);
    }
    return true;
}

static bool
sv_mh10_fields(const char *text, size_t length, int this_year, sv_arena_t *arena, sv_scan_t *scan)
{
    bool any = false;

    while (length > 0) {
        const char *separator = memchr(text, SV_GS, length);
        size_t until = separator == NULL ? length : (size_t) (separator - text);
        sv_mh10_field_t field;

        if (until > 0) {
            if (!sv_mh10_split(text, until, &field) || !sv_mh10_take(scan, &field, this_year, arena)) {
                return false;
            }
            any = true;
        }
        text += until + (separator != NULL);
        length -= until + (separator != NULL);
    }
    return any;
}

bool
sv_mh10_read(const char *text, size_t length, int this_year, sv_arena_t *arena, sv_scan_t *scan)
{
    const char *end = text + length;
    bool gs1;

    if (length < 6 || memcmp(text, "[)>", 3) != 0) {
        return false;
    }
    text += 3;
    if (*text == SV_RS) {
        text++;
    }
    while (end > text && (end[-1] == SV_EOT || end[-1] == SV_RS || end[-1] == '\r' || end[-1] == '\n')) {
        end--;
    }
    if (end - text < 4 || text[0] != '0' || (text[1] != '5' && text[1] != '6') || text[2] != SV_GS) {
        return false;
    }
    gs1 = text[1] == '5';
    text += 3;
    return gs1 ? sv_gs1_read(text, (size_t) (end - text), this_year, arena, scan)
               : sv_mh10_fields(text, (size_t) (end - text), this_year, arena, scan);
}
