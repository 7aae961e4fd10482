#ifndef SV_SCAN_DIGITS_H
#define SV_SCAN_DIGITS_H

#include <stdbool.h>
#include <stddef.h>

static inline bool
sv_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool
sv_all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!sv_is_digit(text[i])) {
            return false;
        }
    }
    return true;
}

/* The number that `count` digits write, at most 18 of them. */
static inline long long
sv_digits_value(const char *digits, size_t count)
{
    long long value = 0;

    for (size_t i = 0; i < count; i++) {
        value = value * 10 + (digits[i] - '0');
    }
    return value;
}

#endif
