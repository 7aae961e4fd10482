/* Exact quantities: every way in and out, and the arithmetic. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/quantity.h"
#include "t/unit/random.h"

enum { ROUNDS = 200000 };

static void
doubles_of_six_places_are_exact(void **state)
{
    static const struct {
        double value;
        sv_quantity_t quantity;
    } good[] = {
        { 0.0, 0 },
        { -0.0, 0 },
        { 0.1, 100000 },
        { 12.5, 12500000 },
        { -3.25, -3250000 },
        { 1e-6, 1 },
        { 1.000001, 1000001 },
        { 999999999.999999, SV_QUANTITY_MAX },
        { -999999999.999999, -SV_QUANTITY_MAX },
        { 5e8, INT64_C(500000000000000) },
    };
    sv_quantity_t quantity;

    (void) state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        quantity = -7;
        assert_true(sv_quantity_from_double(good[i].value, &quantity));
        assert_int_equal(quantity, good[i].quantity);
    }
}

static void
doubles_that_are_no_quantity_are_refused(void **state)
{
    const double bad[] = {
        NAN,       INFINITY,          -INFINITY,         1e9, -1e9, 1e300, 1e-7, 0.1234567, 1.0000001, 5e-324,
        0.1 + 0.2, 123456789.1234567, 1000000000.0000001
    };
    sv_quantity_t quantity = 7;

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(sv_quantity_from_double(bad[i], &quantity));
    }
    assert_int_equal(quantity, 7);
}

static void
texts_are_plain_decimals(void **state)
{
    static const struct {
        const char *text;
        sv_quantity_t quantity;
    } good[] = {
        { "0", 0 },
        { "-0", 0 },
        { "12", 12000000 },
        { "007", 7000000 },
        { "-0.5", -500000 },
        { "3.250000", 3250000 },
        { "999999999.999999", SV_QUANTITY_MAX },
        { "0.000001", 1 },
    };
    static const char *const bad[] = {
        "",          "-",   ".",         "1.",    ".5",         "+1",  " 1",  "1 ",
        "1,5",       "1e3", "0.0000001", "1.2.3", "1000000000", "--1", "0x1", "99999999999999999999999",
        "1.0000000", "nan", "inf",       "1-",
    };
    sv_quantity_t quantity;

    (void) state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(sv_quantity_from_text(good[i].text, &quantity));
        assert_int_equal(quantity, good[i].quantity);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(sv_quantity_from_text(bad[i], &quantity));
    }
}

static void
whole_numbers_have_the_same_bound(void **state)
{
    sv_quantity_t quantity;

    (void) state;
    assert_true(sv_quantity_from_int(999999999, &quantity));
    assert_int_equal(quantity, INT64_C(999999999000000));
    assert_true(sv_quantity_from_int(-999999999, &quantity));
    assert_false(sv_quantity_from_int(1000000000, &quantity));
    assert_false(sv_quantity_from_int(INT64_MIN, &quantity));
    assert_false(sv_quantity_from_int(INT64_MAX, &quantity));
}

static void
written_texts_are_shortest(void **state)
{
    static const struct {
        sv_quantity_t quantity;
        const char *text;
    } texts[] = {
        { 0, "0" },
        { 12000000, "12" },
        { 500000, "0.5" },
        { -3250000, "-3.25" },
        { -1, "-0.000001" },
        { SV_QUANTITY_MAX, "999999999.999999" },
        { INT64_MAX, "9223372036854.775807" },
        { INT64_MIN, "-9223372036854.775808" },
    };
    char text[SV_QUANTITY_TEXT_SIZE];

    (void) state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(sv_quantity_to_text(texts[i].quantity, text), strlen(texts[i].text));
        assert_string_equal(text, texts[i].text);
    }
}

/* Text, double and Decimal128 of one value, each way; libbson's own text conversion judges the last. */
static void
random_quantities_come_back_from_every_form(void **state)
{
    random_t random = random_seeded(5);

    (void) state;
    for (int i = 0; i < ROUNDS; i++) {
        sv_quantity_t quantity = random_magnitude(&random, SV_QUANTITY_MAX), back = -7;
        char text[SV_QUANTITY_TEXT_SIZE];
        bson_decimal128_t decimal, judged;

        sv_quantity_to_text(quantity, text);
        assert_true(sv_quantity_from_text(text, &back));
        assert_int_equal(back, quantity);

        back = -7;
        assert_true(sv_quantity_from_double(strtod(text, NULL), &back));
        assert_int_equal(back, quantity);

        back = -7;
        sv_quantity_to_decimal128(quantity, &decimal);
        assert_true(bson_decimal128_from_string(text, &judged));
        assert_int_equal(decimal.high, judged.high);
        assert_int_equal(decimal.low, judged.low);
        assert_true(sv_quantity_from_decimal128(&decimal, &back));
        assert_int_equal(back, quantity);
    }
}

static void
a_seventh_place_is_never_taken_below_the_largest_values(void **state)
{
    random_t random = random_seeded(6);

    (void) state;
    for (int i = 0; i < ROUNDS; i++) {
        /* Up to 10^8 the doubles stand closer than half of 10^-7. */
        int64_t tenths = random_between(&random, 0, INT64_C(999999999999999));
        sv_quantity_t quantity;
        char text[40];

        snprintf(text, sizeof(text), "%lld.%07lld", (long long) (tenths / 10000000), (long long) (tenths % 10000000));
        assert_int_equal(sv_quantity_from_double(strtod(text, NULL), &quantity), tenths % 10 == 0);
    }
}

static void
decimal128_is_read_whatever_its_exponent(void **state)
{
    static const struct {
        const char *text;
        sv_quantity_t quantity;
    } good[] = {
        { "0", 0 },
        { "-0", 0 },
        { "0E+6000", 0 },
        { "0E-6000", 0 },
        { "1E+3", 1000000000 },
        { "12.500000000000", 12500000 },
        { "-1.5", -1500000 },
        { "1000000E-6", 1000000 },
        { "1.000000000000000000000000000000000", 1000000 },
        { "9223372036854.775807", INT64_MAX },
        { "1E-6", 1 },
        { "100E-8", 1 },
    };
    static const char *const bad[] = { "NaN",       "Infinity",
                                       "-Infinity", "1E-7",
                                       "0.1234567", "1E+13",
                                       "1E+6000",   "9999999999999999999999999999999999",
                                       "1E-6176",   "9223372036854.775808" };
    bson_decimal128_t decimal;
    sv_quantity_t quantity;

    (void) state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        quantity = -7;
        assert_true(bson_decimal128_from_string(good[i].text, &decimal));
        assert_true(sv_quantity_from_decimal128(&decimal, &quantity));
        assert_int_equal(quantity, good[i].quantity);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(bson_decimal128_from_string(bad[i], &decimal));
        assert_false(sv_quantity_from_decimal128(&decimal, &quantity));
    }
}

static void
random_decimal128_bits_agree_with_libbsons_text(void **state)
{
    random_t random = random_seeded(7);
    int read = 0;

    (void) state;
    for (int i = 0; i < ROUNDS; i++) {
        /* Coefficients and exponents about where quantities lie, and some of everything. */
        int64_t coefficient = random_magnitude(&random, INT64_MAX - 1);
        uint64_t exponent = 6176 + (uint64_t) random_between(&random, -24, 12);
        bson_decimal128_t decimal = { .low = (uint64_t) llabs(coefficient),
                                      .high = exponent << 49 | (coefficient < 0 ? UINT64_C(1) << 63 : 0) };
        char text[BSON_DECIMAL128_STRING], shown[SV_QUANTITY_TEXT_SIZE];
        sv_quantity_t quantity;

        if (sv_quantity_from_decimal128(&decimal, &quantity)) {
            long double value;

            read++;
            bson_decimal128_to_string(&decimal, text);
            sv_quantity_to_text(quantity, shown);
            value = strtold(text, NULL);
            assert_true(fabsl(value - strtold(shown, NULL)) <= fabsl(value) * 1e-17L);
        }
    }
    assert_true(read > ROUNDS / 20);
}

static void
numbers_of_every_bson_type_are_read(void **state)
{
    bson_t *document = BCON_NEW("i", BCON_INT32(5), "l", BCON_INT64(-6), "d", BCON_DOUBLE(2.5), "s", "7", "big",
                                BCON_INT64(INT64_MAX), "odd", BCON_DOUBLE(0.1234567));
    static const struct {
        const char *name;
        bool good;
        sv_quantity_t quantity;
    } members[] = {
        { "i", true, 5000000 }, { "l", true, -6000000 }, { "d", true, 2500000 },
        { "s", false, 0 },      { "big", false, 0 },     { "odd", false, 0 },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        sv_quantity_t quantity = 0;
        bson_iter_t iter;

        assert_true(bson_iter_init_find(&iter, document, members[i].name));
        assert_int_equal(sv_quantity_from_bson(&iter, &quantity), members[i].good);
        if (members[i].good) {
            assert_int_equal(quantity, members[i].quantity);
        }
    }
    bson_destroy(document);
}

static void
sums_say_when_they_overflow(void **state)
{
    sv_quantity_t result;

    (void) state;
    assert_true(sv_quantity_add(SV_QUANTITY_MAX, SV_QUANTITY_MAX, &result));
    assert_int_equal(result, 2 * SV_QUANTITY_MAX);
    assert_true(sv_quantity_sub(3, 5, &result));
    assert_int_equal(result, -2);
    assert_false(sv_quantity_add(INT64_MAX, 1, &result));
    assert_false(sv_quantity_sub(INT64_MIN, 1, &result));
}

static void
products_round_half_away_from_zero(void **state)
{
    static const struct {
        sv_quantity_t a, b, product;
    } products[] = {
        { 2000000, 3500000, 7000000 },
        { -2000000, 3500000, -7000000 },
        { 1, 500000, 1 },
        { -1, 500000, -1 },
        { 1, 499999, 0 },
        { -1, 499999, 0 },
        { 3, 500000, 2 },
        { -3, 500000, -2 },
        { 1, 1, 0 },
        { 0, SV_QUANTITY_MAX, 0 },
    };
    sv_quantity_t product;

    (void) state;
    for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
        assert_true(sv_quantity_mul(products[i].a, products[i].b, &product));
        assert_int_equal(product, products[i].product);
    }
    assert_false(sv_quantity_mul(SV_QUANTITY_MAX, SV_QUANTITY_MAX, &product));
    assert_true(sv_quantity_mul(INT64_MIN, SV_QUANTITY_ONE, &product));
    assert_int_equal(product, INT64_MIN);
    assert_false(sv_quantity_mul(INT64_MIN, -SV_QUANTITY_ONE, &product));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_of_six_places_are_exact),
        cmocka_unit_test(doubles_that_are_no_quantity_are_refused),
        cmocka_unit_test(texts_are_plain_decimals),
        cmocka_unit_test(whole_numbers_have_the_same_bound),
        cmocka_unit_test(written_texts_are_shortest),
        cmocka_unit_test(random_quantities_come_back_from_every_form),
        cmocka_unit_test(a_seventh_place_is_never_taken_below_the_largest_values),
        cmocka_unit_test(decimal128_is_read_whatever_its_exponent),
        cmocka_unit_test(random_decimal128_bits_agree_with_libbsons_text),
        cmocka_unit_test(numbers_of_every_bson_type_are_read),
        cmocka_unit_test(sums_say_when_they_overflow),
        cmocka_unit_test(products_round_half_away_from_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
