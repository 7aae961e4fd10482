/* Any packed body: what is unpacked keeps to the limit, is the same within a wider one, and ends with NUL. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/gunzip.h"

enum { LIMIT = 4096 };

static void
require(int truth)
{
    if (!truth) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *narrow, *wide;
    size_t narrow_length, wide_length;
    sv_gunzip_t outcome = sv_gunzip((const char *) data, size, LIMIT, &narrow, &narrow_length);
    sv_gunzip_t widely = sv_gunzip((const char *) data, size, 16 * LIMIT, &wide, &wide_length);

    require((outcome == SV_GUNZIP_OK) == (narrow != NULL));
    if (outcome == SV_GUNZIP_OK) {
        require(narrow_length <= LIMIT && narrow[narrow_length] == '\0');
        require(widely == SV_GUNZIP_OK && wide_length == narrow_length && memcmp(wide, narrow, wide_length) == 0);
    }
    require(outcome != SV_GUNZIP_BROKEN || widely == SV_GUNZIP_BROKEN);
    free(narrow);
    free(wide);
    return 0;
}
