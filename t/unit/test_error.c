/* Errors as values: what the first failure fixes and what gathers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/error_copy.h"

static void
every_status_has_a_word_a_kind_and_a_sentence(void **state)
{
    (void) state;
    for (int a = 1; a < SV_STATUS_COUNT; a++) {
        assert_true(strlen(sv_status_code(a)) > 0);
        assert_int_equal(strspn(sv_status_code(a), "abcdefghijklmnopqrstuvwxyz_"), strlen(sv_status_code(a)));
        assert_true(strlen(sv_status_message(a)) > 0);
        assert_int_not_equal(sv_status_kind(a), SV_KIND_NONE);
        for (int b = 1; b < a; b++) {
            assert_string_not_equal(sv_status_code(a), sv_status_code(b));
        }
    }
    assert_string_equal(sv_status_code(SV_OK), "ok");
    assert_string_equal(sv_status_code(SV_ERR_RACK_LOCKED), "rack_locked");
    assert_int_equal(sv_status_kind(SV_ERR_RACK_LOCKED), SV_KIND_CONFLICT);
}

static void
a_status_out_of_the_table_is_our_own_fault(void **state)
{
    (void) state;
    assert_string_equal(sv_status_code((sv_status_t) 9999), "internal_error");
    assert_string_equal(sv_status_code((sv_status_t) -1), "internal_error");
}

static void
the_first_status_wins(void **state)
{
    sv_error_t *error = *state;

    assert_int_equal(sv_fail(error, SV_ERR_NOT_FOUND, "There is no rack %s", "R1"), SV_ERR_NOT_FOUND);
    assert_int_equal(sv_fail(error, SV_ERR_FORBIDDEN, "Not yours"), SV_ERR_NOT_FOUND);
    assert_int_equal(sv_fail_cause(error, SV_ERR_INTERNAL, "disk"), SV_ERR_NOT_FOUND);
    assert_string_equal(error->message, "There is no rack R1");
    assert_null(error->cause);
}

static void
a_cause_is_kept_from_the_client(void **state)
{
    sv_error_t *error = *state;

    assert_int_equal(sv_fail_cause(error, SV_ERR_UNAVAILABLE, "socket %d", 7), SV_ERR_UNAVAILABLE);
    assert_null(error->message);
    assert_string_equal(error->cause, "socket 7");
}

static void
details_gather_in_order_up_to_the_limit(void **state)
{
    sv_error_t *error = *state;

    for (int i = 0; i < SV_ERROR_MAX_DETAILS + 5; i++) {
        char field[32];

        snprintf(field, sizeof(field), "records[%d].verified_qty", i);
        assert_int_equal(sv_fail_field(error, field, "negative", "record %d", i), SV_ERR_VALIDATION_FAILED);
    }
    assert_int_equal(error->detail_count, SV_ERROR_MAX_DETAILS);
    for (int i = 0; i < SV_ERROR_MAX_DETAILS; i++) {
        char message[32];

        snprintf(message, sizeof(message), "record %d", i);
        assert_string_equal(error->details[i].message, message);
        assert_string_equal(error->details[i].code, "negative");
    }
    assert_string_equal(error->details[99].field, "records[99].verified_qty");
}

static void
a_cleared_error_is_fresh_and_keeps_its_arena(void **state)
{
    sv_error_t *error = *state;
    sv_arena_t *arena = error->arena;

    sv_fail_field(error, "pin", "too_short", "short");
    error->retry_after_s = 3;
    sv_error_clear(error);
    assert_int_equal(error->status, SV_OK);
    assert_int_equal(error->detail_count, 0);
    assert_int_equal(error->retry_after_s, 0);
    assert_ptr_equal(error->arena, arena);
    assert_int_equal(sv_fail(error, SV_ERR_BUSY, NULL), SV_ERR_BUSY);
    assert_null(error->message);
}

/* Of another thread's error nothing is left in its arena. */
static void
a_copy_tells_the_same_and_stands_by_itself(void **state)
{
    sv_error_t *error = *state, from;
    sv_holder_t holder = { .user_id = "u1", .since_ms = 5 };

    sv_error_init(&from, sv_arena_create());
    assert_int_equal(sv_error_copy(&from, error), SV_OK);
    sv_fail_field(&from, "records[0].qty", "negative", "less than %d%%", 0);
    from.status = SV_ERR_RACK_LOCKED;
    from.message = sv_arena_strdup(from.arena, "It is held");
    from.cause = sv_arena_strdup(from.arena, "socket 7");
    from.holder = &holder;
    from.retry_after_s = 3;
    assert_int_equal(sv_error_copy(&from, error), SV_ERR_RACK_LOCKED);
    sv_arena_destroy(from.arena);
    assert_string_equal(error->message, "It is held");
    assert_string_equal(error->cause, "socket 7");
    assert_int_equal(error->detail_count, 1);
    assert_string_equal(error->details[0].field, "records[0].qty");
    assert_string_equal(error->details[0].message, "less than 0%");
    assert_ptr_not_equal(error->holder, &holder);
    assert_string_equal(error->holder->user_id, "u1");
    assert_null(error->holder->full_name);
    assert_int_equal(error->holder->since_ms, 5);
    assert_int_equal(error->retry_after_s, 3);

    from = (sv_error_t){ .status = SV_ERR_BUSY, .cause = "later" };
    assert_int_equal(sv_error_copy(&from, error), SV_ERR_RACK_LOCKED);
    assert_string_equal(error->cause, "socket 7");
}

static int
setup(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    sv_error_t *error = sv_arena_alloc(arena, sizeof(*error));

    sv_error_init(error, arena);
    *state = error;
    return 0;
}

static int
teardown(void **state)
{
    sv_error_t *error = *state;

    sv_arena_destroy(error->arena);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_word_a_kind_and_a_sentence),
        cmocka_unit_test(a_status_out_of_the_table_is_our_own_fault),
        cmocka_unit_test_setup_teardown(the_first_status_wins, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cause_is_kept_from_the_client, setup, teardown),
        cmocka_unit_test_setup_teardown(details_gather_in_order_up_to_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cleared_error_is_fresh_and_keeps_its_arena, setup, teardown),
        cmocka_unit_test_setup_teardown(a_copy_tells_the_same_and_stands_by_itself, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
