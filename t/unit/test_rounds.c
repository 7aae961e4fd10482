#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/store/document.h"
#include "t/unit/sync_world.h"

#define R(id, item, qty, more) world_record(world, id, "s1", item, qty, more)

static int64_t
count_all(sync_world_t *world, sv_collection_t collection, const char *filter)
{
    return sv_real_count(&world->real, collection, filter);
}

static void
a_later_round_counts_in_place_of_the_earlier(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(
        world_sync(world, "ann", R("r1", "SER-1", 2, "'serial_numbers':['A','B']"), R("r2", "ITM-2", 7, ""), NULL),
        "ok ok");
    world_recount(world, "s2", "bob", "R1", "C1");
    assert_string_equal(
        world_sync(world, "bob", world_record(world, "r3", "s2", "SER-1", 1, "'serial_numbers':['A']"), NULL), "ok");
    assert_string_equal(world_figure(world, "r1"), "2 earlier_round");
    assert_string_equal(world_figure(world, "r2"), "7 ok");
    assert_string_equal(world_figure(world, "r3"), "1 ok");
    assert_string_equal(world_serial(world, "A"), "r3");
    assert_string_equal(world_serial(world, "B"), "free");
}

/* Bob has the rack after ann: a record of his, as world_sync takes it. */
#define B(id, item, qty, more) world_record(world, id, "s2", item, qty, more)

static void
an_earlier_round_counts_again_when_the_later_is_withdrawn(void **state)
{
    sync_world_t *world = *state;
    int64_t before;

    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 2, "'serial_numbers':['A','B']"), NULL), "ok");
    world_recount(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-1", 1, "'revision':1,'serial_numbers':['A']"), NULL),
                        "ok");
    before = count_all(world, SV_COLLECTION_TOUCHED_ITEMS, "{'item_codes': 'SER-1'}");
    assert_string_equal(
        world_sync(world, "bob", B("r2", "SER-1", 1, "'revision':2,'status':'void','serial_numbers':['A']"), NULL),
        "ok");
    assert_string_equal(world_figure(world, "r2"), "1 void");
    assert_string_equal(world_figure(world, "r1"), "2 ok");
    assert_string_equal(world_serial(world, "A"), "r1");
    assert_string_equal(world_serial(world, "B"), "r1");
    assert_int_equal(count_all(world, SV_COLLECTION_ITEM_SERIALS,
                               "{'current.full_name': 'Full ann', 'current.session_id': 's1', 'item_code': 'SER-1'}"),
                     2);
    assert_int_equal(count_all(world, SV_COLLECTION_TOUCHED_ITEMS, "{'item_codes': 'SER-1'}"), before + 1);
    /* And gives way again. */
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-1", 3, "'revision':3"), NULL), "ok");
    assert_string_equal(world_figure(world, "r1"), "2 earlier_round");
    assert_string_equal(world_serial(world, "A"), "free");
}

static void
an_earlier_round_counts_again_when_the_later_moves_on(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, ""), R("p1", "ITM-2", 1, "'partial':true"),
                                   R("p2", "ITM-2", 2, "'partial':true"), NULL),
                        "ok ok ok");
    world_recount(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", B("r2", "ITM-1", 1, "'revision':1"), NULL), "ok");
    assert_string_equal(world_sync(world, "bob", B("r2", "ITM-2", 1, "'revision':2"), NULL), "ok");
    assert_string_equal(world_figure(world, "r1"), "5 ok");
    assert_string_equal(world_figure(world, "p1"), "1 earlier_round");
    assert_string_equal(world_sync(world, "bob", B("r2", "ITM-3", 1, "'revision':3"), NULL), "ok");
    assert_string_equal(world_figure(world, "p1"), "1 ok");
    assert_string_equal(world_figure(world, "p2"), "2 ok");
    /* Withdrawn in the batch that brought it: as if it had never been. */
    assert_string_equal(world_sync(world, "bob", B("r3", "ITM-1", 9, "'revision':1"),
                                   B("r3", "ITM-1", 9, "'revision':2,'status':'void'"), NULL),
                        "ok ok");
    assert_string_equal(world_figure(world, "r1"), "5 ok");
}

static void
only_the_last_round_counts_again(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 1, ""), R("r2", "ITM-2", 1, ""), NULL), "ok ok");
    world_recount(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", B("r3", "ITM-1", 2, ""), NULL), "ok");
    world_recount(world, "s3", "ann", "R1", "C1");
    assert_string_equal(world_sync(world, "ann", world_record(world, "r4", "s3", "ITM-1", 3, "'revision':1"),
                                   world_record(world, "p1", "s3", "ITM-2", 3, "'partial':true,'revision':1"),
                                   world_record(world, "p2", "s3", "ITM-2", 4, "'partial':true"), NULL),
                        "ok ok ok");
    assert_string_equal(
        world_sync(world, "ann", world_record(world, "r4", "s3", "ITM-1", 3, "'revision':2,'status':'void'"),
                   world_record(world, "p1", "s3", "ITM-2", 3, "'partial':true,'revision':2,'status':'void'"), NULL),
        "ok ok");
    assert_string_equal(world_figure(world, "r1"), "1 earlier_round");
    assert_string_equal(world_figure(world, "r3"), "2 ok");
    /* The other part counts still. */
    assert_string_equal(world_figure(world, "r2"), "1 earlier_round");
}

/* A round is one whole counting of the rack: whoever counts, their parts add up. */
static void
parts_add_up_over_a_hand_over(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 40, "'partial':true"), NULL), "ok");
    world_claim(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", B("b1", "ITM-1", 10, "'partial':true"), NULL), "ok");
    assert_string_equal(world_figure(world, "r1"), "40 ok");
    assert_string_equal(world_figure(world, "b1"), "10 ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 50000000);
}

static void
a_whole_figure_over_anothers_says_what_it_replaces(void **state)
{
    sync_world_t *world = *state;
    const char *records[1];
    sv_sync_result_t result;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, ""), R("r2", "ITM-2", 6, ""), NULL), "ok ok");
    world_claim(world, "s2", "bob", "R1", "C1");
    records[0] = B("b1", "ITM-1", 7, "'revision':1");
    result = world_sync_list(world, world->store, "bob", records, 1);
    assert_string_equal(world_words(world, &result), "duplicate_count");
    assert_string_equal(sv_doc_text(result.verdicts[0].server_record, "client_record_id", world->arena), "r1");
    assert_string_equal(world_sync(world, "bob", B("b2", "ITM-2", 1, "'partial':true"), NULL), "duplicate_count");
    assert_string_equal(world_sync(world, "bob", B("b1", "ITM-1", 7, "'revision':1,'replaces':['r1']"), NULL), "ok");
    assert_string_equal(world_figure(world, "r1"), "5 replaced");
    assert_string_equal(world_figure(world, "b1"), "7 ok");
    /* the conflict about the same record is settled by that */
    assert_int_equal(count_all(world, SV_COLLECTION_SYNC_CONFLICTS,
                               "{'client_record_id': 'b1', 'status': 'resolved', 'resolution': 'newer_revision'}"),
                     1);
    /* an edit need not say it again; withdrawn, it gives way to the one it replaced */
    assert_string_equal(world_sync(world, "bob", B("b1", "ITM-1", 8, "'revision':2"), NULL), "ok");
    assert_string_equal(world_figure(world, "r1"), "5 replaced");
    assert_string_equal(world_sync(world, "bob", B("b1", "ITM-1", 8, "'revision':3,'status':'void'"), NULL), "ok");
    assert_string_equal(world_figure(world, "r1"), "5 ok");
}

/* Unsent records of before lunch: the rack was nobody else's since. */
static void
an_own_later_claim_takes_no_record(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 1, "'partial':true"), NULL), "ok");
    world_claim(world, "s2", "ann", "R1", "C1");
    assert_string_equal(world_sync(world, "ann", B("r2", "ITM-1", 2, "'partial':true"), NULL), "ok");
    assert_string_equal(world_sync(world, "ann", R("r3", "ITM-1", 4, "'partial':true"), R("r4", "ITM-2", 1, ""), NULL),
                        "ok ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 7000000);
    assert_int_equal(
        count_all(world, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1', 'writes': {'$gte': 3}}"), 1);
    /* Somebody had the rack in between: then it is lost, whoever has it now. */
    world_claim(world, "s3", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "ann", R("r5", "ITM-3", 1, ""), B("r6", "ITM-4", 1, ""), NULL),
                        "lock_lost lock_lost");
    world_claim(world, "s4", "ann", "R1", "C1");
    assert_string_equal(world_sync(world, "ann", R("r5", "ITM-3", 1, ""), B("r6", "ITM-4", 1, ""), NULL),
                        "lock_lost lock_lost");
}

static void
late_records_of_an_earlier_round_are_kept_and_do_not_count(void **state)
{
    sync_world_t *world = *state;

    world_recount(world, "s2", "ann", "R1", "C1");
    assert_string_equal(world_sync(world, "ann", B("r2", "ITM-1", 2, ""), NULL), "ok");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 1, ""), R("r3", "ITM-2", 3, ""), NULL), "ok ok");
    assert_string_equal(world_figure(world, "r1"), "1 earlier_round");
    assert_string_equal(world_figure(world, "r2"), "2 ok");
    /* not recounted */
    assert_string_equal(world_figure(world, "r3"), "3 ok");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANN_ON_R1(a_later_round_counts_in_place_of_the_earlier),
        WITH_ANN_ON_R1(an_earlier_round_counts_again_when_the_later_is_withdrawn),
        WITH_ANN_ON_R1(an_earlier_round_counts_again_when_the_later_moves_on),
        WITH_ANN_ON_R1(only_the_last_round_counts_again),
        WITH_ANN_ON_R1(parts_add_up_over_a_hand_over),
        WITH_ANN_ON_R1(a_whole_figure_over_anothers_says_what_it_replaces),
        WITH_ANN_ON_R1(an_own_later_claim_takes_no_record),
        WITH_ANN_ON_R1(late_records_of_an_earlier_round_are_kept_and_do_not_count),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
