#include "core/scan/gs1.h"

#include <string.h>

#include "core/scan/digits.h"

enum { SV_GS = 0x1d };

typedef enum { SV_GS1_N, SV_GS1_N_CHECK, SV_GS1_X } sv_gs1_kind_t;

typedef enum {
    SV_GS1_NOTHING,
    SV_GS1_GTIN,
    SV_GS1_LOT,
    SV_GS1_SERIAL,
    SV_GS1_MFG_DATE,
    SV_GS1_BEST_BEFORE,
    SV_GS1_EXPIRY_DATE,
    SV_GS1_EXPIRY_TIME,
    SV_GS1_COUNT,
    SV_GS1_KILOGRAMS,
    SV_GS1_POUNDS
} sv_gs1_meaning_t;

typedef struct {
    const char *prefix;
    size_t digits;
    size_t min, max;
    sv_gs1_kind_t kind;
    sv_gs1_meaning_t meaning;
} sv_gs1_ai_t;

static const sv_gs1_ai_t sv_gs1_ais[] = {
#define SV_GS1_AI(prefix, digits, min, max, kind, meaning)                                                             \
    { prefix, digits, min, max, SV_GS1_##kind, SV_GS1_##meaning },
#include "core/scan/gs1.def"
#undef SV_GS1_AI
};

typedef struct {
    const sv_gs1_ai_t *ai;
    const char *data;
    size_t length;
    char last_digit; /* of the identifier: the places of a measure */
} sv_gs1_element_t;

/* The identifier `text` begins with; NULL: none. */
static const sv_gs1_ai_t *
sv_gs1_find(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof(sv_gs1_ais) / sizeof(sv_gs1_ais[0]); i++) {
        const sv_gs1_ai_t *ai = &sv_gs1_ais[i];

        if (length >= ai->digits && strncmp(text, ai->prefix, strlen(ai->prefix)) == 0 &&
            sv_all_digits(text, ai->digits)) {
            return ai;
        }
    }
    return NULL;
}

/* GS1 General Specifications, section 7.11. */
static bool
sv_gs1_is_sign(char c)
{
    return sv_is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!\"%&'()*+,-./:;<=>?_", c) != NULL);
}

static bool
sv_gs1_data_fits(const sv_gs1_element_t *element)
{
    const sv_gs1_ai_t *ai = element->ai;

    if (element->length < ai->min || element->length > ai->max) {
        return false;
    }
    if (ai->kind != SV_GS1_X) {
        return sv_all_digits(element->data, element->length) &&
               (ai->kind != SV_GS1_N_CHECK || sv_gtin_check(element->data, element->length));
    }
    for (size_t i = 0; i < element->length; i++) {
        if (!sv_gs1_is_sign(element->data[i])) {
            return false;
        }
    }
    return true;
}

/* Six digits, of which as many as the identifier's last one says stand behind the point. */
static bool
sv_gs1_measure(sv_scan_t *scan, const sv_gs1_element_t *element, const char *uom)
{
    sv_quantity_t quantity = (sv_quantity_t) sv_digits_value(element->data, element->length);

    for (int places = element->last_digit - '0'; places < 6; places++) {
        quantity *= 10;
    }
    return element->last_digit <= '6' && sv_scan_quantity(scan, quantity, uom);
}

static bool
sv_gs1_take(sv_scan_t *scan, const sv_gs1_element_t *element, int this_year, sv_arena_t *arena)
{
    const char *data = element->data;
    size_t length = element->length;

    switch (element->ai->meaning) {
    case SV_GS1_GTIN:
        return sv_scan_gtin(scan, data, length);
    case SV_GS1_LOT:
        return sv_scan_text(&scan->lot, data, length, arena);
    case SV_GS1_SERIAL:
        return sv_scan_text(&scan->serial, data, length, arena);
    case SV_GS1_MFG_DATE:
        return sv_scan_date(&scan->mfg_date, data, length, this_year, arena);
    case SV_GS1_BEST_BEFORE:
        return sv_scan_date(&scan->best_before, data, length, this_year, arena);
    case SV_GS1_EXPIRY_DATE:
    case SV_GS1_EXPIRY_TIME:
        return sv_scan_date(&scan->expiry_date, data, 6, this_year, arena);
    case SV_GS1_COUNT:
        return sv_scan_quantity(scan, (sv_quantity_t) sv_digits_value(data, length) * SV_QUANTITY_ONE, NULL);
    case SV_GS1_KILOGRAMS:
        return sv_gs1_measure(scan, element, "kg");
    case SV_GS1_POUNDS:
        return sv_gs1_measure(scan, element, "lb");
    case SV_GS1_NOTHING:
        break;
    }
    return true;
}

/* How far the data at `text` goes: to GS or the end, and no further than its identifier has room for where its length
 * is fixed (scanners leave the separator out behind those). */
static size_t
sv_gs1_data_length(const sv_gs1_ai_t *ai, const char *text, size_t length)
{
    const char *separator = memchr(text, SV_GS, length);
    size_t until = separator == NULL ? length : (size_t) (separator - text);

    return ai->min == ai->max && until > ai->max ? ai->max : until;
}

bool
sv_gs1_read(const char *text, size_t length, int this_year, sv_arena_t *arena, sv_scan_t *scan)
{
    size_t at = 0;

    while (at < length) {
        sv_gs1_element_t element = { .ai = sv_gs1_find(text + at, length - at) };

        if (element.ai == NULL) {
            return false;
        }
        at += element.ai->digits;
        element.last_digit = text[at - 1];
        element.data = text + at;
        element.length = sv_gs1_data_length(element.ai, text + at, length - at);
        if (!sv_gs1_data_fits(&element) || !sv_gs1_take(scan, &element, this_year, arena)) {
            return false;
        }
        at += element.length;
        if (at < length && text[at] == SV_GS) {
            at++;
        }
    }
    return length > 0;
}

/* The identifier in brackets at `text`, with the bytes it takes; NULL: there is none. */
static const sv_gs1_ai_t *
sv_gs1_find_bracketed(const char *text, size_t length)
{
    const sv_gs1_ai_t *ai = length > 0 && text[0] == '(' ? sv_gs1_find(text + 1, length - 1) : NULL;

    return ai != NULL && length > ai->digits + 1 && text[ai->digits + 1] == ')' ? ai : NULL;
}

bool
sv_gs1_read_bracketed(const char *text, size_t length, int this_year, sv_arena_t *arena, sv_scan_t *scan)
{
    size_t at = 0;

    while (at < length) {
        sv_gs1_element_t element = { .ai = sv_gs1_find_bracketed(text + at, length - at) };
        size_t end;

        if (element.ai == NULL) {
            return false;
        }
        at += element.ai->digits + 2;
        element.last_digit = text[at - 2];
        element.data = text + at;
        for (end = at; end < length && sv_gs1_find_bracketed(text + end, length - end) == NULL; end++) {
        }
        element.length = end - at;
        while (element.length > 0 && element.data[element.length - 1] == ' ') {
            element.length--; /* people write a blank between elements */
        }
        if (!sv_gs1_data_fits(&element) || !sv_gs1_take(scan, &element, this_year, arena)) {
            return false;
        }
        at = end;
    }
    return length > 0;
}
