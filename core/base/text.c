#include "core/base/text.h"

#include <stdint.h>
#include <string.h>

size_t
sv_utf8_sequence(const char *text, size_t length)
{
    const unsigned char *c = (const unsigned char *) text;
    unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
    size_t size;

    if (length == 0) {
        return 0;
    }
    if (c[0] < 0x80) {
        return 1;
    }
    if (c[0] < 0xc2) {
        return 0; /* a continuation byte, or overlong */
    } else if (c[0] < 0xe0) {
        size = 2;
    } else if (c[0] < 0xf0) {
        size = 3;
        if (c[0] == 0xe0) {
            low = 0xa0; /* overlong below */
        } else if (c[0] == 0xed) {
            high = 0x9f; /* surrogates above */
        }
    } else if (c[0] < 0xf5) {
        size = 4;
        if (c[0] == 0xf0) {
            low = 0x90;
        } else if (c[0] == 0xf4) {
            high = 0x8f; /* U+10FFFF is the last */
        }
    } else {
        return 0;
    }
    if (length < size || c[1] < low || c[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if ((c[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return size;
}

#define SV_BYTES_OF_ONE   0x0101010101010101u
#define SV_BYTES_TOP_BITS 0x8080808080808080u

bool
sv_utf8_valid(const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        uint64_t bytes;
        size_t size;

        if (end - text >= 8) { /* most texts are ASCII throughout: eight at a time */
            memcpy(&bytes, text, 8);
            if (((bytes | (bytes - SV_BYTES_OF_ONE)) & SV_BYTES_TOP_BITS) == 0) {
                text += 8;
                continue;
            }
        }
        if ((signed char) *text > 0) {
            text++;
            continue;
        }
        size = sv_utf8_sequence(text, (size_t) (end - text));
        if (size == 0 || *text == '\0') {
            return false;
        }
        text += size;
    }
    return true;
}

size_t
sv_utf8_length(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += ((unsigned char) *text & 0xc0) != 0x80;
    }
    return count;
}

bool
sv_utf8_has_control(const char *text, const char *allowed)
{
    const unsigned char *c = (const unsigned char *) text;

    for (; *c != '\0'; c++) {
        if (*c >= 0x20 && *c < 0x7f) {
            continue;
        }
        if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) { /* C1: U+0080 to U+009F */
            return true;
        }
        if (*c <= 0x7f && strchr(allowed, *c) == NULL) {
            return true;
        }
    }
    return false;
}

char *
sv_text_strip(char *text, const char *blanks)
{
    size_t length;

    text += strspn(text, blanks);
    length = strlen(text);
    while (length > 0 && strchr(blanks, text[length - 1]) != NULL) {
        text[--length] = '\0';
    }
    return text;
}

bool
sv_identifier_valid(const char *text, size_t max_characters)
{
    size_t length = strlen(text);

    if (length == 0 || text[0] == ' ' || text[length - 1] == ' ') {
        return false;
    }
    return sv_utf8_valid(text, length) && (length <= max_characters || sv_utf8_length(text) <= max_characters) &&
           !sv_utf8_has_control(text, "");
}

static int
sv_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long
sv_percent_decode(const char *text, size_t length, bool plus_is_blank, char *out)
{
    char *end = out;

    if (!plus_is_blank && memchr(text, '%', length) == NULL) { /* nearly always */
        memmove(out, text, length);
        out[length] = '\0';
        return sv_utf8_valid(out, length) ? (long) length : -1;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%') {
            int high = length - i > 2 ? sv_hex_digit(text[i + 1]) : -1;
            int low = high >= 0 ? sv_hex_digit(text[i + 2]) : -1;

            if (low < 0) {
                return -1;
            }
            *end++ = (char) (high * 16 + low);
            i += 2;
        } else {
            *end++ = text[i] == '+' && plus_is_blank ? ' ' : text[i];
        }
    }
    *end = '\0';
    return sv_utf8_valid(out, (size_t) (end - out)) ? end - out : -1;
}

const char *
sv_percent_encode(const char *text, sv_arena_t *arena)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = sv_arena_alloc(arena, 3 * strlen(text) + 1), *end = encoded;

    for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++) {
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') ||
                     strchr("-._~", *c) != NULL;

        if (plain) {
            *end++ = (char) *c;
        } else {
            *end++ = '%';
            *end++ = digits[*c >> 4];
            *end++ = digits[*c & 0x0f];
        }
    }
    *end = '\0';
    return encoded;
}
