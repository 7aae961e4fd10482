/* A thread beside its owner: places go to and fro in their order, and an end, a failure and a stop are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/side_thread.h"

enum { MANY = 20000, PLACES = 5 };

static sv_error_t error;

/* A ring of numbers: what the thread returns is what it was given, and one more. */
typedef struct {
    size_t places[PLACES];
    size_t end;  /* places after which it ends by itself; 0: never */
    bool fails;  /* and fails then */
    size_t done; /* the thread's, until it is stopped */
} ring_t;

static sv_status_t
add_one(sv_side_thread_t *side, void *context, sv_error_t *failure)
{
    ring_t *ring = context;
    size_t number;

    while (sv_side_thread_next(side, &number)) {
        if (ring->end > 0 && number == ring->end) {
            return ring->fails ? sv_fail_cause(failure, SV_ERR_UNAVAILABLE, "place %zu", number) : SV_OK;
        }
        ring->places[number % PLACES]++;
        ring->done++;
        sv_side_thread_return(side);
    }
    return SV_OK;
}

static int
setup(void **state)
{
    (void) state;
    sv_error_init(&error, sv_arena_create());
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    sv_arena_destroy(error.arena);
    return 0;
}

static sv_side_thread_t *
start(ring_t *ring)
{
    sv_side_thread_t *side = sv_side_thread_start(add_one, ring);

    assert_non_null(side);
    return side;
}

static void
give(sv_side_thread_t *side, ring_t *ring)
{
    size_t number = sv_side_thread_given(side);

    ring->places[number % PLACES] = 10 * number;
    sv_side_thread_give(side);
    assert_int_equal(sv_side_thread_given(side), number + 1);
}

/* Whether the place came back, as it should be. */
static bool
await(sv_side_thread_t *side, const ring_t *ring, size_t number)
{
    bool returned;

    if (sv_side_thread_await(side, number, &returned, &error) == SV_OK && returned) {
        assert_true(sv_side_thread_returned(side, number));
        assert_int_equal(ring->places[number % PLACES], 10 * number + 1);
    }
    return returned;
}

static void
places_come_back_in_their_order(void **state)
{
    ring_t ring = { 0 };
    sv_side_thread_t *side = start(&ring);
    size_t taken = 0;

    (void) state;
    assert_int_equal(sv_side_thread_given(side), 0);
    for (size_t i = 0; i < MANY; i++) {
        while (i - taken == PLACES || (i % 7 == 0 && taken < i)) {
            assert_true(await(side, &ring, taken++));
        }
        give(side, &ring);
    }
    while (taken < MANY) {
        assert_true(await(side, &ring, taken++));
    }
    assert_false(sv_side_thread_returned(side, MANY));
    sv_side_thread_stop(side);
    assert_int_equal(ring.done, MANY);
    sv_side_thread_destroy(side);
}

/* However often that is asked. */
static void
its_end_is_told_behind_what_came_before(void **state)
{
    ring_t ring = { .end = 2 };
    sv_side_thread_t *side = start(&ring);

    (void) state;
    for (int i = 0; i < 4; i++) {
        give(side, &ring);
    }
    assert_true(await(side, &ring, 0));
    assert_true(await(side, &ring, 1));
    for (int i = 0; i < 2; i++) {
        assert_false(await(side, &ring, 2));
        assert_false(await(side, &ring, 3));
        assert_int_equal(error.status, SV_OK);
    }
    assert_true(await(side, &ring, 1));
    sv_side_thread_destroy(side);
}

static void
its_failure_is_told_in_the_place_of_the_rest(void **state)
{
    ring_t ring = { .end = 1, .fails = true };
    sv_side_thread_t *side = start(&ring);

    (void) state;
    give(side, &ring);
    give(side, &ring);
    assert_true(await(side, &ring, 0));
    assert_int_equal(error.status, SV_OK);
    for (int i = 0; i < 2; i++) {
        sv_error_clear(&error);
        assert_false(await(side, &ring, 1));
        assert_int_equal(error.status, SV_ERR_UNAVAILABLE);
    }
    sv_side_thread_destroy(side);
    assert_string_equal(error.cause, "place 1"); /* a copy */
}

/* What failed first is told. */
static void
a_failure_of_the_owner_stays(void **state)
{
    ring_t ring = { .end = 1, .fails = true };
    sv_side_thread_t *side = start(&ring);

    (void) state;
    give(side, &ring);
    give(side, &ring);
    sv_fail(&error, SV_ERR_BUSY, NULL);
    assert_false(await(side, &ring, 1));
    assert_int_equal(error.status, SV_ERR_BUSY);
    sv_side_thread_destroy(side);
}

/* It finishes the one that it is at. */
static void
it_may_be_stopped_at_any_time(void **state)
{
    (void) state;
    for (int given = 0; given < 2 * PLACES; given++) {
        ring_t ring = { 0 };
        sv_side_thread_t *side = start(&ring);

        for (int i = 0; i < given && i < PLACES; i++) {
            give(side, &ring);
        }
        if (given > PLACES) {
            await(side, &ring, (size_t) (given - PLACES));
        }
        sv_side_thread_stop(side);
        assert_in_range(ring.done, 0, sv_side_thread_given(side));
        for (size_t i = 0; i < PLACES && i < sv_side_thread_given(side); i++) {
            assert_int_equal(ring.places[i], 10 * i + (i < ring.done));
            assert_int_equal(sv_side_thread_returned(side, i), i < ring.done);
        }
        sv_side_thread_stop(side);
        sv_side_thread_destroy(side);
    }
    sv_side_thread_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(places_come_back_in_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(its_end_is_told_behind_what_came_before, setup, teardown),
        cmocka_unit_test_setup_teardown(its_failure_is_told_in_the_place_of_the_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failure_of_the_owner_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(it_may_be_stopped_at_any_time, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
