/* Inventory record accuracy: hits, and the absolute one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/oversight/accuracy.h"

#define PIECES(n) ((n) *SV_QUANTITY_ONE)

static void
test_surplus_and_shortage_never_cancel_out(void **state)
{
    sv_accuracy_t accuracy = { 0 };
    int64_t rate;

    (void) state;
    sv_accuracy_note(&accuracy, PIECES(100), PIECES(-5), PIECES(1));
    sv_accuracy_note(&accuracy, PIECES(100), PIECES(5), PIECES(1));
    assert_true(sv_accuracy_hit_rate(&accuracy, &rate));
    assert_int_equal(rate, 0);
    assert_true(sv_accuracy_absolute(&accuracy, &rate));
    assert_int_equal(rate, 950000);
}

static void
test_the_tolerance_is_of_the_book(void **state)
{
    (void) state;
    assert_true(sv_accuracy_is_hit(PIECES(100), PIECES(1), PIECES(1)));
    assert_false(sv_accuracy_is_hit(PIECES(100), PIECES(1) + 1, PIECES(1)));
    assert_true(sv_accuracy_is_hit(PIECES(100), PIECES(-5), PIECES(5)));
    assert_true(sv_accuracy_is_hit(PIECES(-100), PIECES(1), PIECES(1)));
    assert_false(sv_accuracy_is_hit(PIECES(100), 1, 0));
    assert_true(sv_accuracy_is_hit(PIECES(100), 0, 0));
}

static void
test_a_book_of_nothing_is_hit_by_nothing_alone(void **state)
{
    sv_accuracy_t accuracy = { 0 };
    int64_t rate;

    (void) state;
    assert_false(sv_accuracy_hit_rate(&accuracy, &rate));
    assert_false(sv_accuracy_absolute(&accuracy, &rate));
    sv_accuracy_note(&accuracy, 0, 0, PIECES(1));
    assert_true(sv_accuracy_absolute(&accuracy, &rate));
    assert_int_equal(rate, SV_QUANTITY_ONE);
    sv_accuracy_note(&accuracy, 0, PIECES(7), PIECES(100));
    assert_true(sv_accuracy_hit_rate(&accuracy, &rate));
    assert_int_equal(rate, 500000);
    assert_true(sv_accuracy_absolute(&accuracy, &rate));
    assert_int_equal(rate, 0);
}

static void
test_the_largest_quantities_are_told(void **state)
{
    sv_accuracy_t accuracy = { 0 };
    int64_t rate;

    (void) state;
    for (int i = 0; i < 100000; i++) {
        sv_accuracy_note(&accuracy, SV_QUANTITY_MAX, -SV_QUANTITY_MAX / 4, PIECES(25));
    }
    assert_true(sv_accuracy_hit_rate(&accuracy, &rate));
    assert_int_equal(rate, SV_QUANTITY_ONE);
    assert_true(sv_accuracy_absolute(&accuracy, &rate));
    assert_int_equal(rate, 750000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_surplus_and_shortage_never_cancel_out),
        cmocka_unit_test(test_the_tolerance_is_of_the_book),
        cmocka_unit_test(test_a_book_of_nothing_is_hit_by_nothing_alone),
        cmocka_unit_test(test_the_largest_quantities_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
