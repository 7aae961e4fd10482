#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/store/document.h"
#include "t/unit/sync_world.h"

#define R(id, item, qty, more) world_record(world, id, "s1", item, qty, more)
#define B(id, item, qty, more) world_record(world, id, "s2", item, qty, more)

static void
keep_mine(sync_world_t *world, const char *user_id, const char *conflict_id)
{
    assert_int_equal(world_resolve(world, user_id, conflict_id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_OK);
}

static int64_t
records(sync_world_t *world, const char *filter)
{
    return sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, filter);
}

/* Ann's record comes too late, and a supervisor chooses it. */
static void
choose_anns(sync_world_t *world, const char *anns, const char *bobs)
{
    world_claim(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", bobs, NULL), "ok");
    keep_mine(world, "sue", world_meet(world, "ann", anns, "lock_lost"));
}

static void
a_supervisors_decision_outlasts_the_next_edit(void **state)
{
    sync_world_t *world = *state;
    const char *id;

    choose_anns(world, R("a1", "ITM-1", 5, "'revision':1"), B("b1", "ITM-1", 6, "'revision':1"));
    assert_string_equal(world_figure(world, "a1"), "5 ok");
    assert_int_equal(records(world, "{'client_record_id': 'b1', 'decision': 'against', 'decided_above': true, "
                                    "'decided_by': 'sue', 'decided_for': 'a1'}"),
                     1);
    id = world_meet(world, "bob", B("b1", "ITM-1", 7, "'revision':2"), "duplicate_count");
    assert_int_equal(world_resolve(world, "bob", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_CONFLICT_STATE);
    assert_int_equal(world_resolve(world, "bob", id, SV_RESOLVE_MERGE, NULL, NULL), SV_ERR_CONFLICT_STATE);
    /* Nor does another figure of the same session, whatever it says to replace. */
    id = world_meet(world, "bob", B("b2", "ITM-1", 8, "'replaces':['a1']"), "duplicate_count");
    assert_int_equal(world_resolve(world, "bob", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_CONFLICT_STATE);
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 5000000);
    /* It takes a supervisor to decide anew. */
    keep_mine(world, "sue", id);
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 8000000);
}

static void
a_withdrawal_or_a_later_round_ends_a_supervisors_decision(void **state)
{
    sync_world_t *world = *state;

    choose_anns(world, R("a1", "ITM-1", 5, "'revision':1"), B("b1", "ITM-1", 6, "'revision':1"));
    assert_string_equal(world_sync(world, "bob", B("b1", "ITM-1", 6, "'revision':2,'status':'void'"), NULL), "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 5000000);
    world_recount(world, "s3", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", world_record(world, "b3", "s3", "ITM-1", 9, ""), NULL), "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 9000000);
    assert_string_equal(world_figure(world, "a1"), "5 earlier_round");
}

/* Parts add up, within and between the floor sessions of a round: a late one, too, once it is kept. */
static void
a_late_part_that_is_kept_adds_up(void **state)
{
    sync_world_t *world = *state;
    const char *late = R("a2", "ITM-1", 2, "'partial':true");

    assert_string_equal(world_sync(world, "ann", R("a1", "ITM-1", 10, "'partial':true"), NULL), "ok");
    world_claim(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", B("b1", "ITM-1", 3, "'partial':true"), NULL), "ok");
    keep_mine(world, "sue", world_meet(world, "ann", late, "lock_lost"));
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 15000000);
    assert_string_equal(world_sync(world, "ann", late, NULL), "ok");
    /* The holder goes on counting, and may correct what is his. */
    assert_string_equal(world_sync(world, "bob", B("b2", "ITM-1", 1, "'partial':true"), NULL), "ok");
    assert_string_equal(world_sync(world, "bob", B("b1", "ITM-1", 4, "'partial':true,'revision':9999999999999"), NULL),
                        "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 17000000);
}

static void
a_late_part_goes_over_a_whole_and_leaves_the_parts(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("a1", "ITM-1", 10, "'partial':true"), NULL), "ok");
    world_claim(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", B("b1", "ITM-1", 3, "'replaces':['a1']"), NULL), "ok");
    keep_mine(world, "sue", world_meet(world, "ann", R("a2", "ITM-1", 2, "'partial':true"), "lock_lost"));
    assert_string_equal(world_figure(world, "b1"), "3 decided_against");
    assert_string_equal(world_figure(world, "a2"), "2 ok");
    assert_string_equal(world_figure(world, "a1"), "10 ok"); /* what replaced it counts no more */
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 12000000);
}

/* The rack was counted anew since: a part of before does not mix with that. */
static void
a_part_of_an_earlier_round_is_kept_instead_of_the_later(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("a1", "ITM-1", 10, "'partial':true"), NULL), "ok");
    world_recount(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", B("b1", "ITM-1", 3, "'partial':true"), NULL), "ok");
    keep_mine(world, "sue", world_meet(world, "ann", R("a2", "ITM-1", 2, "'partial':true"), "lock_lost"));
    assert_string_equal(world_figure(world, "b1"), "3 decided_against");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 2000000);
}

/* The figure that lost serial numbers has their pieces still: a supervisor is to look at it. */
static void
a_figure_that_lost_serial_numbers_is_marked_for_review(void **state)
{
    sync_world_t *world = *state;
    const char *first = R("a1", "SER-1", 3, "'serial_numbers':['A','b','C'],'revision':1"), *id;

    assert_string_equal(world_sync(world, "ann", first, NULL), "ok");
    world_claim(world, "s2", "bob", "R2", "C1");
    id = world_meet(world, "bob", B("b1", "SER-1", 2, "'serial_numbers':['B','C']"), "duplicate_serial");
    keep_mine(world, "bob", id);
    assert_int_equal(records(world, sv_arena_printf(world->arena,
                                                    "{'client_record_id': 'a1', 'serial_numbers': ['A'], "
                                                    "'review.reason': 'serial_taken', 'review.serial_numbers': "
                                                    "['b', 'C'], 'review.taken_by': 'b1', 'review.by': 'bob', "
                                                    "'review.conflict_id': '%s'}",
                                                    id)),
                     1);
    assert_string_equal(world_figure(world, "a1"), "3 ok");
    /* Sent again it is a replay; an edit of the same pieces answers nothing, one of the pieces does. */
    assert_string_equal(world_sync(world, "ann", first, NULL), "ok");
    assert_string_equal(
        world_sync(world, "ann", R("a1", "SER-1", 3, "'serial_numbers':['A'],'remark':'see','revision':2"), NULL),
        "ok");
    assert_int_equal(records(world, "{'client_record_id': 'a1', 'review.taken_by': 'b1'}"), 1);
    assert_string_equal(world_sync(world, "ann", R("a1", "SER-1", 1, "'serial_numbers':['A'],'revision':3"), NULL),
                        "ok");
    assert_int_equal(records(world, "{'client_record_id': 'a1', 'review': {'$exists': true}}"), 0);
}

/* An open conflict of revision 1 does not bring it back once revision 2 was accepted. */
static void
an_older_revision_does_not_come_back(void **state)
{
    sync_world_t *world = *state;
    const char *id;

    assert_string_equal(world_sync(world, "ann", R("a1", "ITM-1", 5, ""), NULL), "ok");
    id = world_meet(world, "ann", R("a2", "ITM-1", 7, "'revision':1"), "duplicate_count");
    assert_string_equal(world_sync(world, "ann", R("a2", "ITM-1", 8, "'revision':2,'replaces':['a1']"), NULL), "ok");
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_CONFLICT_RESOLVED);
    assert_int_equal(world_resolve(world, "sue", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_CONFLICT_RESOLVED);
    assert_int_equal(world_resolve(world, "sue", id, SV_RESOLVE_MERGE, NULL, NULL), SV_ERR_CONFLICT_RESOLVED);
    assert_string_equal(world_figure(world, "a2"), "8 ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 8000000);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_SYNC_CONFLICTS,
                                   "{'status': 'resolved', 'resolution': 'newer_revision', 'resolved_by': 'ann'}"),
                     1);
}

/* What a batch settles is what it sends anew: other open conflicts of its user, and another's about a record that he
 * calls the same, wait on. */
static void
a_newer_revision_settles_its_own_conflicts_alone(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("a1", "ITM-1", 5, ""), R("b1", "ITM-2", 5, ""), NULL), "ok ok");
    world_meet(world, "ann", R("a2", "ITM-1", 7, "'revision':1"), "duplicate_count");
    world_meet(world, "ann", R("b2", "ITM-2", 7, "'revision':1"), "duplicate_count");
    sv_real_insert(&world->real, SV_COLLECTION_SYNC_CONFLICTS,
                   "{'conflict_id': 'bobs', 'client_record_id': 'a2', 'user_id': 'bob', 'session_id': 's9', 'status': "
                   "'open', 'revision': {'$numberLong': '1'}}");
    assert_string_equal(world_sync(world, "ann", R("a3", "ITM-3", 1, "'revision':2"),
                                   R("a2", "ITM-1", 8, "'revision':2,'replaces':['a1']"), NULL),
                        "ok ok");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_SYNC_CONFLICTS,
                                   "{'client_record_id': 'a2', 'user_id': 'ann', 'resolution': 'newer_revision'}"),
                     1);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_SYNC_CONFLICTS, "{'status': 'open'}"), 2);
}

/* The same where the conflict is of a version that settled none. */
static void
an_open_conflict_of_before_does_not_bring_it_back(void **state)
{
    sync_world_t *world = *state;
    const char *id;

    assert_string_equal(world_sync(world, "ann", R("a1", "ITM-1", 5, ""), NULL), "ok");
    id = world_meet(world, "ann", R("a2", "ITM-1", 7, "'revision':1"), "duplicate_count");
    assert_string_equal(world_sync(world, "ann", R("a2", "ITM-1", 8, "'revision':2,'replaces':['a1']"), NULL), "ok");
    sv_real_update(&world->real, SV_COLLECTION_SYNC_CONFLICTS, "{'client_record_id': 'a2'}",
                   "{'$set': {'status': 'open', 'resolution': null}}");
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_CONFLICT_STATE);
    assert_int_equal(world_resolve(world, "sue", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_CONFLICT_STATE);
    assert_string_equal(world_figure(world, "a2"), "8 ok");
}

static void
a_decision_stays_on_its_rack(void **state)
{
    sync_world_t *world = *state;
    const char *id;

    assert_string_equal(world_sync(world, "ann", R("a1", "ITM-1", 5, ""), NULL), "ok");
    id = world_meet(world, "ann", R("a2", "ITM-1", 7, ""), "duplicate_count");
    for (int action = SV_RESOLVE_KEEP_MINE; action <= SV_RESOLVE_MERGE; action++) {
        assert_int_equal(world_resolve(world, "ann", id, (sv_resolve_action_t) action, "{'rack_id': 'R2'}", NULL),
                         SV_ERR_VALIDATION_FAILED);
    }
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_KEEP_MINE, "{'rack_id': 'R1'}", NULL), SV_OK);
    assert_string_equal(world_figure(world, "a2"), "7 ok");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANN_ON_R1(a_supervisors_decision_outlasts_the_next_edit),
        WITH_ANN_ON_R1(a_withdrawal_or_a_later_round_ends_a_supervisors_decision),
        WITH_ANN_ON_R1(a_late_part_that_is_kept_adds_up),
        WITH_ANN_ON_R1(a_late_part_goes_over_a_whole_and_leaves_the_parts),
        WITH_ANN_ON_R1(a_part_of_an_earlier_round_is_kept_instead_of_the_later),
        WITH_ANN_ON_R1(a_figure_that_lost_serial_numbers_is_marked_for_review),
        WITH_ANN_ON_R1(an_older_revision_does_not_come_back),
        WITH_ANN_ON_R1(a_newer_revision_settles_its_own_conflicts_alone),
        WITH_ANN_ON_R1(an_open_conflict_of_before_does_not_bring_it_back),
        WITH_ANN_ON_R1(a_decision_stays_on_its_rack),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
