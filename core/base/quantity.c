#include "core/base/quantity.h"

#include <string.h>

/* IEEE 754-2008 decimal128, binary integer coefficient, as BSON stores it. */
#define SV_DECIMAL_SIGN          (UINT64_C(1) << 63)
#define SV_DECIMAL_EXPONENT_BIAS 6176
#define SV_DECIMAL_HIGH_BITS     49 /* of the coefficient, in `high` */

enum { SV_PLACES = 6, SV_WHOLE_MAX = 999999999 };

typedef unsigned __int128 sv_uint128_t;
typedef __int128 sv_int128_t;

static uint64_t
sv_magnitude(int64_t value)
{
    return value < 0 ? -(uint64_t) value : (uint64_t) value;
}

bool
sv_quantity_from_double(double value, sv_quantity_t *quantity)
{
    const double max = (double) SV_QUANTITY_MAX / (double) SV_QUANTITY_ONE;
    double scaled;
    int64_t millionths;

    if (!(value >= -max && value <= max)) {
        return false;
    }
    /* Below 2^53 both steps are exact enough: the product is off by less than a
     * half, and the quotient is the double nearest to the decimal. */
    scaled = value * (double) SV_QUANTITY_ONE;
    millionths = (int64_t) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    if ((double) millionths / (double) SV_QUANTITY_ONE != value) {
        return false;
    }
    *quantity = millionths;
    return true;
}

bool
sv_quantity_from_int(int64_t value, sv_quantity_t *quantity)
{
    if (value < -SV_WHOLE_MAX || value > SV_WHOLE_MAX) {
        return false;
    }
    *quantity = value * SV_QUANTITY_ONE;
    return true;
}

bool
sv_quantity_from_text(const char *text, sv_quantity_t *quantity)
{
    bool negative = *text == '-';
    int64_t whole = 0, fraction = 0, scale = SV_QUANTITY_ONE;

    text += negative;
    if (*text < '0' || *text > '9') {
        return false;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        whole = whole * 10 + (*text - '0');
        if (whole > SV_WHOLE_MAX) {
            return false;
        }
    }
    if (*text == '.') {
        text++;
        if (*text < '0' || *text > '9') {
            return false;
        }
        for (; *text >= '0' && *text <= '9'; text++) {
            scale /= 10; /* 0 behind the sixth place */
            if (scale == 0) {
                return false;
            }
            fraction += (*text - '0') * scale;
        }
    }
    if (*text != '\0') {
        return false;
    }
    *quantity = whole * SV_QUANTITY_ONE + fraction;
    if (negative) {
        *quantity = -*quantity;
    }
    return true;
}

int
sv_quantity_to_text(sv_quantity_t quantity, char text[SV_QUANTITY_TEXT_SIZE])
{
    char digits[SV_QUANTITY_TEXT_SIZE];
    char *start = digits + sizeof(digits);
    uint64_t rest = sv_magnitude(quantity);
    uint64_t whole = rest / (uint64_t) SV_QUANTITY_ONE;
    uint32_t fraction = (uint32_t) (rest % (uint64_t) SV_QUANTITY_ONE);
    int places = SV_PLACES;
    size_t length;

    if (fraction > 0) {
        while (fraction % 10 == 0) {
            fraction /= 10;
            places--;
        }
        for (; places > 0; places--) {
            *--start = (char) ('0' + fraction % 10);
            fraction /= 10;
        }
        *--start = '.';
    }
    do {
        *--start = (char) ('0' + whole % 10);
        whole /= 10;
    } while (whole > 0);
    if (quantity < 0) {
        *--start = '-';
    }
    length = (size_t) (digits + sizeof(digits) - start);
    memcpy(text, start, length);
    text[length] = '\0';
    return (int) length;
}

void
sv_quantity_to_decimal128(sv_quantity_t quantity, bson_decimal128_t *decimal)
{
    uint64_t coefficient = sv_magnitude(quantity);
    int exponent = -SV_PLACES;

    if (coefficient == 0) {
        exponent = 0;
    }
    while (exponent < 0 && coefficient % 10 == 0) {
        coefficient /= 10;
        exponent++;
    }
    decimal->low = coefficient;
    decimal->high = (uint64_t) (SV_DECIMAL_EXPONENT_BIAS + exponent) << SV_DECIMAL_HIGH_BITS;
    if (quantity < 0) {
        decimal->high |= SV_DECIMAL_SIGN;
    }
}

/* False for NaN, infinity, more than six places, and a size beyond `limit`, which is at most 2^120. */
static bool
sv_decimal_millionths(const bson_decimal128_t *decimal, sv_uint128_t limit, sv_int128_t *millionths)
{
    sv_uint128_t coefficient;
    int shift;

    *millionths = 0;
    if ((decimal->high >> 61 & 3) == 3) {
        /* Infinity and NaN; the other form's coefficients are all too large: by the standard they read as zero. */
        return (decimal->high >> 59 & 15) != 15;
    }
    shift = (int) (decimal->high >> SV_DECIMAL_HIGH_BITS & 0x3fff) - SV_DECIMAL_EXPONENT_BIAS + SV_PLACES;
    coefficient = (sv_uint128_t) (decimal->high & ((UINT64_C(1) << SV_DECIMAL_HIGH_BITS) - 1)) << 64 | decimal->low;
    if (coefficient == 0) {
        return true;
    }
    for (; shift > 0; shift--) {
        coefficient *= 10;
        if (coefficient > limit) {
            return false;
        }
    }
    for (; shift < 0; shift++) {
        if (coefficient % 10 != 0) {
            return false;
        }
        coefficient /= 10;
    }
    if (coefficient > limit) {
        return false;
    }
    *millionths = (decimal->high & SV_DECIMAL_SIGN) != 0 ? -(sv_int128_t) coefficient : (sv_int128_t) coefficient;
    return true;
}

bool
sv_quantity_from_decimal128(const bson_decimal128_t *decimal, sv_quantity_t *quantity)
{
    sv_int128_t millionths;

    if (!sv_decimal_millionths(decimal, (sv_uint128_t) INT64_MAX, &millionths)) {
        return false;
    }
    *quantity = (sv_quantity_t) millionths;
    return true;
}

bool
sv_quantity_wide_from_bson(const bson_iter_t *iter, __int128 *millionths)
{
    bson_decimal128_t decimal;
    sv_quantity_t quantity;

    if (BSON_ITER_HOLDS_DECIMAL128(iter)) {
        return bson_iter_decimal128(iter, &decimal) &&
               sv_decimal_millionths(&decimal, (sv_uint128_t) 1 << 120, millionths);
    }
    if (BSON_ITER_HOLDS_INT(iter)) {
        *millionths = (__int128) bson_iter_as_int64(iter) * SV_QUANTITY_ONE;
        return true;
    }
    if (!sv_quantity_from_bson(iter, &quantity)) {
        return false;
    }
    *millionths = quantity;
    return true;
}

bool
sv_quantity_from_bson(const bson_iter_t *iter, sv_quantity_t *quantity)
{
    bson_decimal128_t decimal;

    switch (bson_iter_type(iter)) {
    case BSON_TYPE_DECIMAL128:
        return bson_iter_decimal128(iter, &decimal) && sv_quantity_from_decimal128(&decimal, quantity);
    case BSON_TYPE_INT32:
        return !__builtin_mul_overflow((int64_t) bson_iter_int32(iter), SV_QUANTITY_ONE, quantity);
    case BSON_TYPE_INT64:
        return !__builtin_mul_overflow(bson_iter_int64(iter), SV_QUANTITY_ONE, quantity);
    case BSON_TYPE_DOUBLE:
        return sv_quantity_from_double(bson_iter_double(iter), quantity);
    default:
        return false;
    }
}

bool
sv_quantity_add(sv_quantity_t a, sv_quantity_t b, sv_quantity_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

bool
sv_quantity_sub(sv_quantity_t a, sv_quantity_t b, sv_quantity_t *difference)
{
    return !__builtin_sub_overflow(a, b, difference);
}

bool
sv_quantity_mul(sv_quantity_t a, sv_quantity_t b, sv_quantity_t *product)
{
    const sv_int128_t half = SV_QUANTITY_ONE / 2;
    sv_int128_t exact = (sv_int128_t) a * b;
    sv_int128_t rounded = (exact < 0 ? exact - half : exact + half) / SV_QUANTITY_ONE;

    if (rounded < INT64_MIN || rounded > INT64_MAX) {
        return false;
    }
    *product = (sv_quantity_t) rounded;
    return true;
}
