#include "core/import/number.h"

#include <string.h>

enum {
    SV_PLACES = 6,
    SV_QUANTITY_DIGITS = 15, /* of SV_QUANTITY_MAX in millionths */
    SV_NUMBER_MAX_LENGTH = 64,
    SV_EXPONENT_MAX = 999
};

/* The parts of a number: its digits without the decimal sign, and ten's power that the last of them stands for. */
typedef struct {
    bool negative;
    char digits[SV_NUMBER_MAX_LENGTH + 1];
    int count;
    int power;
} sv_number_t;

static bool
sv_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *
sv_number_take_digits(const char *text, sv_number_t *number)
{
    while (sv_is_digit(*text)) {
        number->digits[number->count++] = *text++;
    }
    return text;
}

/* `E+2`; NULL when it is none. */
static const char *
sv_number_take_exponent(const char *text, sv_number_t *number)
{
    bool negative = text[1] == '-';
    int exponent = 0;

    text += text[1] == '-' || text[1] == '+' ? 2 : 1;
    if (!sv_is_digit(*text)) {
        return NULL;
    }
    for (; sv_is_digit(*text); text++) {
        exponent = exponent > SV_EXPONENT_MAX ? exponent : exponent * 10 + (*text - '0');
    }
    number->power += negative ? -exponent : exponent;
    return text;
}

static bool
sv_number_parse(const char *text, char decimal, sv_number_t *number)
{
    bool signed_before = *text == '-' || *text == '+';
    int whole;

    number->negative = *text == '-';
    text = sv_number_take_digits(text + signed_before, number);
    whole = number->count;
    if (*text == decimal) {
        text = sv_number_take_digits(text + 1, number);
        number->power = whole - number->count;
    }
    if (number->count == 0) {
        return false;
    }
    if (*text == 'e' || *text == 'E') {
        text = sv_number_take_exponent(text, number);
    }
    if (text != NULL && *text == '-' && !signed_before) {
        number->negative = true;
        text++;
    }
    return text != NULL && *text == '\0';
}

/* digits x 10^power in millionths; false when it is too large or too fine. */
static bool
sv_number_quantity(sv_number_t *number, sv_quantity_t *quantity)
{
    const char *digits = number->digits;
    int64_t value = 0;

    while (number->count > 0 && number->digits[number->count - 1] == '0') {
        number->count--;
        number->power++;
    }
    for (; number->count > 0 && *digits == '0'; number->count--) {
        digits++;
    }
    if (number->count > 0 &&
        (number->power < -SV_PLACES || number->count + number->power + SV_PLACES > SV_QUANTITY_DIGITS)) {
        return false;
    }
    for (int i = 0; i < number->count; i++) {
        value = value * 10 + (digits[i] - '0');
    }
    for (int power = number->count > 0 ? number->power + SV_PLACES : 0; power > 0; power--) {
        value *= 10;
    }
    *quantity = number->negative ? -value : value;
    return true;
}

sv_number_outcome_t
sv_import_number_read(const char *text, char decimal, sv_quantity_t *quantity)
{
    const char other = decimal == '.' ? ',' : '.';
    sv_number_t number = { .count = 0 };

    if (strlen(text) > SV_NUMBER_MAX_LENGTH) {
        return SV_NUMBER_MALFORMED;
    }
    if (sv_number_parse(text, decimal, &number)) {
        return sv_number_quantity(&number, quantity) ? SV_NUMBER_READ : SV_NUMBER_OUT_OF_RANGE;
    }
    number = (sv_number_t){ .count = 0 };
    return strchr(text, other) != NULL && sv_number_parse(text, other, &number) ? SV_NUMBER_OTHER_DECIMAL
                                                                                : SV_NUMBER_MALFORMED;
}

bool
sv_import_number_is_rounded_code(const char *text)
{
    if (!sv_is_digit(*text)) {
        return false;
    }
    text += strspn(text, "0123456789");
    if (*text == '.' || *text == ',') {
        text++;
        text += strspn(text, "0123456789");
    }
    return (text[0] == 'E' || text[0] == 'e') && text[1] == '+' && sv_is_digit(text[2]) &&
           text[2 + strspn(text + 2, "0123456789")] == '\0';
}
