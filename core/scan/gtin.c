#include "core/scan/gtin.h"

#include <stdio.h>
#include <string.h>

#include "core/scan/digits.h"

char
sv_gtin_check_digit(const char *digits, size_t count)
{
    unsigned sum = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned weight = (count - i) % 2 == 1 ? 3 : 1;

        sum += weight * (unsigned) (digits[i] - '0');
    }
    return (char) ('0' + (10 - sum % 10) % 10);
}

bool
sv_gtin_check(const char *digits, size_t count)
{
    return count >= 2 && sv_gtin_check_digit(digits, count - 1) == digits[count - 1];
}

bool
sv_gtin_normalize(const char *code, char gtin[SV_GTIN_SIZE])
{
    size_t length = strlen(code);

    if (length < 8 || length > SV_GTIN_SIZE - 1 || !sv_all_digits(code, length) || !sv_gtin_check(code, length)) {
        return false;
    }
    memset(gtin, '0', SV_GTIN_SIZE - 1);
    memcpy(gtin + (SV_GTIN_SIZE - 1 - length), code, length + 1);
    return true;
}

/* GS1 General Specifications, section 5.2.2.4.1: the last digit of the six says which zeros were left out. */
bool
sv_gtin_from_upc_e(const char *code, char gtin[SV_GTIN_SIZE])
{
    char upc_a[13];
    const char *d = code + 1;

    if (strlen(code) != 8 || !sv_all_digits(code, 8) || code[0] > '1') {
        return false;
    }
    switch (d[5]) {
    case '0':
    case '1':
    case '2':
        snprintf(upc_a, sizeof(upc_a), "%c%.2s%c0000%.3s%c", code[0], d, d[5], d + 2, code[7]);
        break;
    case '3':
        snprintf(upc_a, sizeof(upc_a), "%c%.3s00000%.2s%c", code[0], d, d + 3, code[7]);
        break;
    case '4':
        snprintf(upc_a, sizeof(upc_a), "%c%.4s00000%c%c", code[0], d, d[4], code[7]);
        break;
    default:
        snprintf(upc_a, sizeof(upc_a), "%c%.5s0000%c%c", code[0], d, d[5], code[7]);
        break;
    }
    return sv_gtin_normalize(upc_a, gtin);
}
