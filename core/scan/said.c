#include "core/scan/said.h"

#include <string.h>

#include "core/base/text_gate.h"
#include "core/scan/digits.h"

enum { SV_CENTURY = 100 };

bool
sv_scan_text(const char **member, const char *value, size_t length, sv_arena_t *arena)
{
    const char *text = sv_text_pass(SV_TEXT_CODE, sv_arena_strndup(arena, value, length), length, arena);

    if (text == NULL || (*member != NULL && strcmp(*member, text) != 0)) {
        return false;
    }
    *member = text;
    return true;
}

static int
sv_days_of_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* GS1 General Specifications, 7.12: between 49 years back and 50 years ahead. */
static int
sv_full_year(int two_digits, int this_year)
{
    int year = this_year - this_year % SV_CENTURY + two_digits;

    if (year - this_year > 50) {
        return year - SV_CENTURY;
    }
    return year - this_year < -49 ? year + SV_CENTURY : year;
}

bool
sv_scan_date(const char **member, const char *digits, size_t count, int this_year, sv_arena_t *arena)
{
    size_t year_digits = count - 4;
    int year = (int) sv_digits_value(digits, year_digits);
    int month = (int) sv_digits_value(digits + year_digits, 2);
    int day = (int) sv_digits_value(digits + year_digits + 2, 2);
    const char *date;

    if (year_digits == 2) {
        year = sv_full_year(year, this_year);
    }
    if (month < 1 || month > 12 || day > sv_days_of_month(year, month)) {
        return false;
    }
    date = sv_arena_printf(arena, "%04d-%02d-%02d", year, month, day == 0 ? sv_days_of_month(year, month) : day);
    if (*member != NULL && strcmp(*member, date) != 0) {
        return false;
    }
    *member = date;
    return true;
}

bool
sv_scan_quantity(sv_scan_t *scan, sv_quantity_t quantity, const char *uom)
{
    if (quantity > SV_QUANTITY_MAX) {
        return false;
    }
    /* A weight beside a count says what the pieces weigh: the pieces are counted. */
    if (scan->has_quantity && scan->uom == NULL) {
        return uom != NULL || scan->quantity == quantity;
    }
    scan->has_quantity = true;
    scan->quantity = quantity;
    scan->uom = uom;
    return true;
}

bool
sv_scan_gtin(sv_scan_t *scan, const char *digits, size_t count)
{
    char code[SV_GTIN_SIZE], gtin[SV_GTIN_SIZE];

    if (count >= sizeof(code)) {
        return false;
    }
    memcpy(code, digits, count);
    code[count] = '\0';
    if (!sv_gtin_normalize(code, gtin) || (scan->has_gtin && strcmp(gtin, scan->gtin) != 0)) {
        return false;
    }
    memcpy(scan->gtin, gtin, sizeof(gtin));
    scan->has_gtin = true;
    return true;
}
