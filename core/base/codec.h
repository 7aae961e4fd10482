#ifndef SV_BASE_CODEC_H
#define SV_BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes and their texts; hashes by OpenSSL; random bytes by the kernel. */

enum { SV_SHA256_SIZE = 32, SV_SHA256_HEX_SIZE = 65, SV_UUID_SIZE = 37 };

void sv_hex_encode(const uint8_t *bytes, size_t length, char *text);       /* 2n + NUL */
bool sv_hex_decode(const char *text, size_t text_length, uint8_t *bytes);  /* text_length / 2 bytes */

/* RFC 4648 section 5, no padding.  Encode writes NUL; sizes: (n * 4 + 2) / 3 + 1. */
size_t sv_base64url_encode(const uint8_t *bytes, size_t length, char *text);
/* Strict: no padding, no other characters, no stray bits.  Returns the length, or -1. */
int    sv_base64url_decode(const char *text, size_t length, uint8_t *bytes, size_t capacity);
/* What others made: letters of RFC 4648 section 4 or 5, with or without padding, blanks and line ends between them. */
int    sv_base64_decode(const char *text, size_t length, uint8_t *bytes, size_t capacity);

void sv_sha256(const void *data, size_t length, uint8_t digest[SV_SHA256_SIZE]);
void sv_sha256_hex(const void *data, size_t length, char text[SV_SHA256_HEX_SIZE]);
void sv_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length,
                    uint8_t digest[SV_SHA256_SIZE]);

bool sv_equal_constant_time(const void *a, const void *b, size_t length);

/* getrandom(2); ends the process when the kernel has no randomness to give. */
void sv_random_bytes(void *bytes, size_t length);
void sv_uuid_v4(char text[SV_UUID_SIZE]);                                   /* RFC 4122 */
bool sv_uuid_has_form(const char *text);                                    /* 8-4-4-4-12 digits of either case */

#endif
