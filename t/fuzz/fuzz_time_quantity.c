/* Any text as a time, a date and a quantity; any bytes as a double and a Decimal128: what is taken comes back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/quantity.h"

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void
read_texts(const char *text)
{
    char shown[SV_TIME_TEXT_SIZE], digits[SV_QUANTITY_TEXT_SIZE];
    sv_quantity_t quantity, same_quantity;
    int64_t ms, same_ms;

    if (sv_time_parse(text, &ms)) {
        require(sv_time_format(ms, shown) < SV_TIME_TEXT_SIZE);
        require(sv_time_parse(shown, &same_ms) && same_ms == ms);
    }
    if (sv_date_parse(text, &ms)) {
        require(ms % 86400000 == 0);
        sv_time_format(ms, shown);
        require(strncmp(shown, text, 10) == 0);
    }
    if (sv_quantity_from_text(text, &quantity)) {
        require(quantity <= SV_QUANTITY_MAX && quantity >= -SV_QUANTITY_MAX);
        sv_quantity_to_text(quantity, digits);
        require(sv_quantity_from_text(digits, &same_quantity) && same_quantity == quantity);
        require(sv_quantity_from_double(strtod(text, NULL), &same_quantity) && same_quantity == quantity);
    }
}

static void
read_double(double value)
{
    char digits[SV_QUANTITY_TEXT_SIZE];
    sv_quantity_t quantity;

    if (sv_quantity_from_double(value, &quantity)) {
        sv_quantity_to_text(quantity, digits);
        require(strtod(digits, NULL) == value);
    }
}

static void
read_decimal(const bson_decimal128_t *decimal)
{
    bson_decimal128_t again;
    sv_quantity_t quantity, same;

    if (sv_quantity_from_decimal128(decimal, &quantity)) {
        sv_quantity_to_decimal128(quantity, &again);
        require(sv_quantity_from_decimal128(&again, &same) && same == quantity);
    }
}

static void
compute(int64_t a, int64_t b)
{
    sv_quantity_t sum, back, product;

    if (sv_quantity_add(a, b, &sum)) {
        require(sv_quantity_sub(sum, b, &back) && back == a);
    }
    if (sv_quantity_mul(a, SV_QUANTITY_ONE, &product)) {
        require(product == a);
    }
    sv_quantity_mul(a, b, &product);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    bson_decimal128_t decimal;
    int64_t a, b;
    double value;

    memcpy(text, data, size);
    text[size] = '\0';
    read_texts(text);
    free(text);
    if (size >= 16) {
        memcpy(&value, data, sizeof(value));
        read_double(value);
        memcpy(&a, data, sizeof(a));
        memcpy(&b, data + 8, sizeof(b));
        compute(a, b);
        decimal = (bson_decimal128_t){ .low = (uint64_t) a, .high = (uint64_t) b };
        read_decimal(&decimal);
    }
    return 0;
}
