#include "core/base/codec.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/fatal.h"

static const char sv_hex_letters[] = "0123456789abcdef";
static const char sv_base64url_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Their values, all raised by one so that 0 stands for every other byte. */
static const uint8_t sv_base64url_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

void
sv_hex_encode(const uint8_t *bytes, size_t length, char *text)
{
    for (size_t i = 0; i < length; i++) {
        *text++ = sv_hex_letters[bytes[i] >> 4];
        *text++ = sv_hex_letters[bytes[i] & 15];
    }
    *text = '\0';
}

bool
sv_hex_decode(const char *text, size_t text_length, uint8_t *bytes)
{
    if (text_length % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < text_length; i++) {
        char c = text[i];
        int value;

        if (c >= '0' && c <= '9') {
            value = c - '0';
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            value = (c | 0x20) - 'a' + 10;
        } else {
            return false;
        }
        bytes[i / 2] = (uint8_t) (i % 2 == 0 ? value << 4 : bytes[i / 2] | value);
    }
    return true;
}

size_t
sv_base64url_encode(const uint8_t *bytes, size_t length, char *text)
{
    char *end = text;

    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t) bytes[i] << 16;

        group |= left > 1 ? (uint32_t) bytes[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t) bytes[i + 2] : 0;
        *end++ = sv_base64url_letters[group >> 18];
        *end++ = sv_base64url_letters[group >> 12 & 63];
        if (left > 1) {
            *end++ = sv_base64url_letters[group >> 6 & 63];
        }
        if (left > 2) {
            *end++ = sv_base64url_letters[group & 63];
        }
    }
    *end = '\0';
    return (size_t) (end - text);
}

static bool
sv_base64_is_blank(char letter)
{
    return letter == ' ' || letter == '\n' || letter == '\r' || letter == '\t';
}

static int
sv_base64_value(char letter)
{
    letter = letter == '+' ? '-' : letter == '/' ? '_' : letter;
    return sv_base64url_values[(unsigned char) letter] - 1;
}

int
sv_base64_decode(const char *text, size_t length, uint8_t *bytes, size_t capacity)
{
    uint32_t bits = 0;
    unsigned count = 0, letters = 0;
    size_t written = 0;

    while (length > 0 && (sv_base64_is_blank(text[length - 1]) || text[length - 1] == '=')) {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        int value = sv_base64_value(text[i]);

        if (value < 0) {
            if (!sv_base64_is_blank(text[i])) {
                return -1;
            }
            continue;
        }
        letters++;
        bits = (bits << 6 | (uint32_t) value) & 0xffff;
        count += 6;
        if (count >= 8) {
            if (written == capacity || written == INT32_MAX) {
                return -1;
            }
            count -= 8;
            bytes[written++] = (uint8_t) (bits >> count);
        }
    }
    return letters % 4 == 1 ? -1 : (int) written;
}

int
sv_base64url_decode(const char *text, size_t length, uint8_t *bytes, size_t capacity)
{
    size_t size = length / 4 * 3 + (length % 4 == 0 ? 0 : length % 4 - 1);
    uint32_t bits = 0;
    unsigned count = 0;
    size_t written = 0;

    if (length % 4 == 1 || size > capacity || size > INT32_MAX) {
        return -1;
    }
    for (size_t i = 0; i < length; i++) {
        uint8_t value = sv_base64url_values[(unsigned char) text[i]];

        if (value == 0) {
            return -1;
        }
        bits = (bits << 6 | (uint32_t) (value - 1)) & 0xffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes[written++] = (uint8_t) (bits >> count);
        }
    }
    /* One value has one text: what is left over of the last letter must be zero. */
    return (bits & ((1u << count) - 1)) == 0 ? (int) written : -1;
}

void
sv_sha256(const void *data, size_t length, uint8_t digest[SV_SHA256_SIZE])
{
    if (SHA256(data, length, digest) == NULL) {
        sv_fatal("OpenSSL could not compute a SHA-256");
    }
}

void
sv_sha256_hex(const void *data, size_t length, char text[SV_SHA256_HEX_SIZE])
{
    uint8_t digest[SV_SHA256_SIZE];

    sv_sha256(data, length, digest);
    sv_hex_encode(digest, sizeof(digest), text);
}

void
sv_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length, uint8_t digest[SV_SHA256_SIZE])
{
    enum { SV_SHA256_BLOCK = 64 };
    unsigned digest_length = SV_SHA256_SIZE;
    uint8_t hashed[SV_SHA256_SIZE];

    if (key_length > SV_SHA256_BLOCK) { /* what RFC 2104 does with a long key, before its length is made an int */
        sv_sha256(key, key_length, hashed);
        key = hashed;
        key_length = sizeof(hashed);
    }
    if (HMAC(EVP_sha256(), key_length == 0 ? "" : key, (int) key_length, data, length, digest, &digest_length) ==
        NULL) {
        sv_fatal("OpenSSL could not compute an HMAC"); /* going on would sign or accept with an undefined digest */
    }
}

bool
sv_equal_constant_time(const void *a, const void *b, size_t length)
{
    return CRYPTO_memcmp(a, b, length) == 0;
}

void
sv_random_bytes(void *bytes, size_t length)
{
    uint8_t *to = bytes;

    while (length > 0) {
        ssize_t got = getrandom(to, length, 0);

        if (got < 0 && errno != EINTR) {
            sv_fatal("the kernel has no random bytes: %s", strerror(errno));
        }
        if (got > 0) {
            to += got;
            length -= (size_t) got;
        }
    }
}

void
sv_uuid_v4(char text[SV_UUID_SIZE])
{
    uint8_t bytes[16];
    char hex[33];

    sv_random_bytes(bytes, sizeof(bytes));
    bytes[6] = (bytes[6] & 0x0f) | 0x40; /* version 4 */
    bytes[8] = (bytes[8] & 0x3f) | 0x80; /* variant of RFC 4122 */
    sv_hex_encode(bytes, sizeof(bytes), hex);
    snprintf(text, SV_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

bool
sv_uuid_has_form(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        if (form[i] == 'x' ? !isxdigit((unsigned char) text[i]) : text[i] != form[i]) {
            return false;
        }
    }
    return text[sizeof(form) - 1] == '\0';
}
