#include "core/report/rows/ratio.h"

#include "core/base/quantity.h"

bool
sv_ratio(__int128 part, __int128 whole, int64_t *ratio)
{
    __int128 size = whole < 0 ? -whole : whole, scaled, half;

    if (size == 0 || __builtin_mul_overflow(part, (__int128) SV_QUANTITY_ONE, &scaled)) {
        return false;
    }
    half = scaled < 0 ? -(size / 2) : size / 2;
    scaled = (scaled + half) / size;
    if (scaled > INT64_MAX || scaled < INT64_MIN) {
        return false;
    }
    *ratio = (int64_t) scaled;
    return true;
}
