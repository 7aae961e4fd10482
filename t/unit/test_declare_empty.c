#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/sync/declare_empty.h"
#include "t/unit/sync_world.h"

static void
expect(sync_world_t *world, const char *item_code)
{
    sv_real_insert(&world->real, SV_COLLECTION_RACK_ITEMS,
                   sv_arena_printf(world->arena, "{'rack_id': 'R1', 'item_code': '%s'}", item_code));
}

static const char *
words(sync_world_t *world, const char *const *codes, size_t count)
{
    const char *text = "";

    for (size_t i = 0; i < count; i++) {
        text = sv_arena_printf(world->arena, "%s%s%s", text, i > 0 ? " " : "", codes[i]);
    }
    return text;
}

static sv_status_t
empty(sync_world_t *world, const char *user_id, const char *session_id, const char **codes, size_t count,
      sv_emptied_t *emptied)
{
    sv_principal_t who = world_user(user_id);
    sv_emptying_t emptying = { "R1", session_id, codes, count, codes == NULL };
    sv_error_t error;

    sv_error_init(&error, world->arena);
    return sv_declare_empty(world->store, &who, &emptying, emptied, &error);
}

static int64_t
zeros(sync_world_t *world)
{
    return sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'declared_empty': true}");
}

static void
zeros_stand_for_what_was_not_counted(void **state)
{
    sync_world_t *world = *state;
    sv_emptied_t emptied;

    expect(world, "ITM-1");
    expect(world, "ITM-2");
    expect(world, "ITM-3");
    assert_string_equal(world_sync(world, "ann", world_record(world, "r1", "s1", "ITM-2", 5, ""), NULL), "ok");
    assert_int_equal(empty(world, "ann", "s1", NULL, 0, &emptied), SV_OK);
    assert_string_equal(words(world, emptied.declared, emptied.declared_count), "ITM-1 ITM-3");
    assert_string_equal(words(world, emptied.counted, emptied.counted_count), "ITM-2");
    assert_int_equal(zeros(world), 2);
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-2"), 5 * SV_QUANTITY_ONE);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'action': 'rack.empty', 'user_id': 'ann', 'details.declared': 2}"),
                     1);
    /* again: the same answer, and nothing written */
    assert_int_equal(empty(world, "ann", "s1", NULL, 0, &emptied), SV_OK);
    assert_string_equal(words(world, emptied.declared, emptied.declared_count), "ITM-1 ITM-3");
    assert_string_equal(words(world, emptied.counted, emptied.counted_count), "ITM-2");
    assert_int_equal(zeros(world), 2);
    assert_false(emptied.session.wrote);
}

static void
only_what_is_named_and_expected(void **state)
{
    sync_world_t *world = *state;
    const char *codes[] = { "ITM-3", "ITM-9" };
    sv_emptied_t emptied;

    expect(world, "ITM-1");
    expect(world, "ITM-3");
    assert_int_equal(empty(world, "ann", "s1", codes, 2, &emptied), SV_OK);
    assert_string_equal(words(world, emptied.declared, emptied.declared_count), "ITM-3");
    assert_string_equal(words(world, emptied.unexpected, emptied.unexpected_count), "ITM-9");
    assert_int_equal(zeros(world), 1);
}

static void
a_zero_yields_to_a_real_figure_and_returns_without_it(void **state)
{
    sync_world_t *world = *state;
    sv_emptied_t emptied;

    expect(world, "ITM-1");
    assert_int_equal(empty(world, "ann", "s1", NULL, 0, &emptied), SV_OK);
    /* of the next holder, who is asked nothing */
    world_claim(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", world_record(world, "b1", "s2", "ITM-1", 7, "'revision':1"), NULL),
                        "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 7 * SV_QUANTITY_ONE);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS,
                                   "{'declared_empty': true, 'standing': 'yielded'}"),
                     1);
    assert_int_equal(empty(world, "bob", "s2", NULL, 0, &emptied), SV_OK);
    assert_string_equal(words(world, emptied.counted, emptied.counted_count), "ITM-1");
    assert_string_equal(
        world_sync(world, "bob", world_record(world, "b1", "s2", "ITM-1", 7, "'revision':2,'status':'void'"), NULL),
        "ok");
    assert_int_equal(
        sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'declared_empty': true, 'counts': true}"), 1);
}

static void
a_recount_declares_anew(void **state)
{
    sync_world_t *world = *state;
    sv_emptied_t emptied;

    expect(world, "ITM-1");
    assert_string_equal(world_sync(world, "ann", world_record(world, "r1", "s1", "ITM-1", 5, ""), NULL), "ok");
    world_recount(world, "s2", "bob", "R1", "C1");
    assert_int_equal(empty(world, "bob", "s2", NULL, 0, &emptied), SV_OK);
    assert_string_equal(words(world, emptied.declared, emptied.declared_count), "ITM-1");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 0);
    assert_string_equal(world_figure(world, "r1"), "5 earlier_round");
}

static void
who_does_not_hold_the_rack_declares_nothing(void **state)
{
    sync_world_t *world = *state;
    sv_emptied_t emptied;

    expect(world, "ITM-1");
    assert_int_equal(empty(world, "bob", "s1", NULL, 0, &emptied), SV_ERR_FORBIDDEN);
    assert_int_equal(empty(world, "sue", "s1", NULL, 0, &emptied), SV_ERR_FORBIDDEN);
    assert_int_equal(empty(world, "ann", "none", NULL, 0, &emptied), SV_ERR_NOT_FOUND);
    world_claim(world, "other", "ann", "R2", "C1");
    assert_int_equal(empty(world, "ann", "other", NULL, 0, &emptied), SV_ERR_VALIDATION_FAILED);
    world_claim(world, "s2", "bob", "R1", "C1");
    assert_int_equal(empty(world, "ann", "s1", NULL, 0, &emptied), SV_ERR_LOCK_LOST);
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's2'}",
                   "{'$set': {'count_state': 'CLOSED'}}");
    assert_int_equal(empty(world, "bob", "s2", NULL, 0, &emptied), SV_ERR_SESSION_CLOSED);
    assert_int_equal(zeros(world), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANN_ON_R1(zeros_stand_for_what_was_not_counted),
        WITH_ANN_ON_R1(only_what_is_named_and_expected),
        WITH_ANN_ON_R1(a_zero_yields_to_a_real_figure_and_returns_without_it),
        WITH_ANN_ON_R1(a_recount_declares_anew),
        WITH_ANN_ON_R1(who_does_not_hold_the_rack_declares_nothing),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
