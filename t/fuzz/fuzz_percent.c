/* Any path segment or query part: never longer than it was, valid UTF-8, the same when encoded again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/codec.h"
#include "core/base/text.h"

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void
decode(const char *text, size_t size, bool plus_is_blank)
{
    char *out = malloc(size + 1), *encoded = malloc(size * 3 + 1), *again = malloc(size + 1), *end = encoded;
    long length = sv_percent_decode(text, size, plus_is_blank, out);

    if (length >= 0) {
        require((size_t) length <= size && out[length] == '\0' && strlen(out) == (size_t) length);
        require(sv_utf8_valid(out, (size_t) length));
        for (long i = 0; i < length; i++) {
            end += sprintf(end, "%%%02X", (unsigned char) out[i]);
        }
        require(sv_percent_decode(encoded, (size_t) (end - encoded), plus_is_blank, again) == length);
        require(strcmp(out, again) == 0);
        require(!sv_identifier_valid(out, 20) || (length > 0 && sv_utf8_length(out) <= 20));
    }
    free(out);
    free(encoded);
    free(again);
}

/* A cursor or a token's part: what decodes has exactly one text. */
static void
decode_base64url(const char *text, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    char *encoded = malloc(size + 8);
    int length = sv_base64url_decode(text, size, bytes, size);

    if (length >= 0) {
        require(sv_base64url_encode(bytes, (size_t) length, encoded) == size);
        require(memcmp(encoded, text, size) == 0);
    }
    free(bytes);
    free(encoded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode((const char *) data, size, false);
    decode((const char *) data, size, true);
    decode_base64url((const char *) data, size);
    return 0;
}
