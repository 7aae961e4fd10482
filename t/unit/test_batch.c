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
new_records_are_stored_with_what_belongs_to_them(void **state)
{
    sync_world_t *world = *state;
    const bson_t *record;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 12.5, "'damage_qty':1,'rack_id':'R1'"),
                                   R("r2", "SER-1", 2, "'serial_numbers':['A','B']"), NULL),
                        "ok ok");
    record = sv_real_find(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'client_record_id': 'r1'}");
    assert_string_equal(sv_doc_text(record, "rack_id", world->arena), "R1");
    assert_string_equal(sv_doc_text(record, "count_id", world->arena), "C1");
    assert_string_equal(sv_doc_text(record, "user_id", world->arena), "ann");
    assert_string_equal(sv_doc_text(record, "floor", world->arena), "F1");
    assert_int_equal(sv_doc_int(record, "fence"), 1);
    assert_true(sv_doc_bool(record, "whole"));
    assert_true(sv_doc_time(record, "received_at") > 0);
    assert_int_equal(sv_doc_quantity(record, "verified_qty"), 12500000);
    assert_string_equal(world_serial(world, "B"), "r2");
    assert_int_equal(count_all(world, SV_COLLECTION_TOUCHED_ITEMS, "{'count_id': 'C1', 'item_codes': 'SER-1'}"), 1);
    assert_int_equal(count_all(world, SV_COLLECTION_ACTIVITY_LOGS, "{'action': 'sync.batch', 'session_id': 's1'}"), 1);
    assert_int_equal(
        count_all(world, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1', 'writes': {'$gt': 0}}"), 1);
}

static void
one_bad_record_spoils_no_other(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 1, ""), R("r2", "ITM-2", -1, ""),
                                   R("r3", "NOT-THERE", 1, ""), R("r4", "ITM-4", 1, "'damage_qty':2"),
                                   R("r5", "SER-1", 1, "'serial_numbers':['A','B']"),
                                   world_record(world, "r6", "s-none", "ITM-5", 1, ""),
                                   R("r7", "ITM-6", 1, "'rack_id':'R9'"), R("r8", "ITM-7", 0, ""), NULL),
                        "ok error:negative ok error:damage_exceeds_count error:serials_exceed_count "
                        "error:session_unknown error:rack_mismatch ok");
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_RECORDS, "{}"), 3);
}

/* What the master lacks is what a count is for: it is stored under its code, and told. */
static void
a_code_that_is_no_items_counts_under_itself(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(
        world_sync(world, "ann", R("r1", "NOT-THERE", 3, "'revision':1"), R("r2", "ITM-1", 3, ""), NULL), "ok ok");
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_RECORDS,
                               "{'client_record_id': 'r1', 'item_code': 'NOT-THERE', 'unknown': true, 'counts': true}"),
                     1);
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_RECORDS, "{'unknown': true}"), 1);
    assert_int_equal(count_all(world, SV_COLLECTION_TOUCHED_ITEMS, "{'item_codes': 'NOT-THERE'}"), 1);
    assert_string_equal(world_sync(world, "ann", R("r3", "NOT-THERE", 4, ""), NULL), "duplicate_count");
    /* It is an item's by now: the next edit says so. */
    sv_real_insert(&world->real, SV_COLLECTION_ERP_ITEMS, "{'item_code': 'NOT-THERE'}");
    assert_string_equal(world_sync(world, "ann", R("r1", "NOT-THERE", 4, "'revision':2"), NULL), "ok");
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_RECORDS, "{'unknown': true}"), 0);
}

/* What the master has no more may still stand there. */
static void
an_item_that_was_taken_out_is_counted(void **state)
{
    sync_world_t *world = *state;

    sv_real_update(&world->real, SV_COLLECTION_ERP_ITEMS, "{'item_code': 'ITM-9'}", "{'$set': {'deleted': true}}");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-9", 3, ""), NULL), "ok");
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_RECORDS, "{'unknown': true}"), 0);
}

static void
a_session_of_another_user_is_unknown(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "bob", R("r1", "ITM-1", 1, ""), NULL), "error:session_unknown");
}

static void
a_replay_is_ok_and_changes_nothing(void **state)
{
    sync_world_t *world = *state;
    const char *before, *first = R("r1", "ITM-1", 5, ""), *second = R("r2", "SER-1", 1, "'serial_numbers':['A']");

    assert_string_equal(world_sync(world, "ann", first, second, NULL), "ok ok");
    before = world_state(world);
    assert_string_equal(world_sync(world, "ann", second, first, NULL), "ok ok");
    assert_string_equal(world_sync(world, "ann", first, first, second, NULL), "ok ok ok");
    assert_string_equal(world_state(world), before);
}

static void
a_replay_is_ok_whatever_became_of_it_all(void **state)
{
    sync_world_t *world = *state;
    const char *record = R("r1", "ITM-9", 5, "'damage_qty':2");

    assert_string_equal(world_sync(world, "ann", record, NULL), "ok");
    world_claim(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "ann", record, R("r2", "ITM-2", 1, ""), NULL), "ok lock_lost");
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                   "{'$set': {'count_state': 'CLOSED'}}");
    assert_string_equal(world_sync(world, "ann", record, NULL), "ok");
    /* A rule that was made later does not undo what was acknowledged. */
    sv_real_update(&world->real, SV_COLLECTION_ERP_ITEMS, "{'item_code': 'ITM-9'}", "{'$set': {'deleted': true}}");
    assert_string_equal(world_sync(world, "ann", record, NULL), "ok");
    assert_string_equal(world_figure(world, "r1"), "5 ok");
}

static void
edits_are_ordered_by_revision_or_time(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':1"), NULL), "ok");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 6, "'revision':2"), NULL), "ok");
    assert_string_equal(world_figure(world, "r1"), "6 ok");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 7, "'revision':2"), NULL), "stale_update");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':1"), NULL), "stale_update");
    assert_string_equal(world_figure(world, "r1"), "6 ok");
    assert_string_equal(world_sync(world, "ann", R("r2", "ITM-2", 5, "'updated_at':'2026-01-05T09:00:00Z'"), NULL),
                        "ok");
    assert_string_equal(world_sync(world, "ann", R("r2", "ITM-2", 6, "'updated_at':'2026-01-05T09:00:01Z'"), NULL),
                        "ok");
    assert_string_equal(world_sync(world, "ann", R("r2", "ITM-2", 7, "'updated_at':'2026-01-05T08:59:59Z'"), NULL),
                        "stale_update");
    assert_string_equal(world_figure(world, "r2"), "6 ok");
}

static void
the_same_id_twice_in_a_batch_is_a_record_and_its_edit(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':1"),
                                   R("r1", "ITM-1", 6, "'revision':2"), R("r1", "ITM-1", 6, "'revision':2"),
                                   R("r1", "ITM-1", 4, "'revision':1"), NULL),
                        "ok ok ok stale_update");
    assert_string_equal(world_figure(world, "r1"), "6 ok");
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_RECORDS, "{}"), 1);
}

static void
an_edit_moves_item_and_serials(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 2, "'revision':1,'serial_numbers':['A','B']"), NULL),
                        "ok");
    assert_string_equal(world_sync(world, "ann", R("r1", "SER-2", 2, "'revision':2,'serial_numbers':['B','C']"), NULL),
                        "ok");
    assert_string_equal(world_serial(world, "A"), "free");
    assert_string_equal(world_serial(world, "B"), "r1");
    assert_string_equal(world_serial(world, "C"), "r1");
    assert_string_equal(world_serial_history(world, "A"), "r1");
    /* A serial number that stays with its record is of the record's item. */
    assert_int_equal(count_all(world, SV_COLLECTION_ITEM_SERIALS, "{'serial_number': 'B', 'item_code': 'SER-2'}"), 1);
    assert_string_equal(world_serial_history(world, "B"), "");
    assert_int_equal(count_all(world, SV_COLLECTION_TOUCHED_ITEMS, "{'item_codes': {'$all': ['SER-1', 'SER-2']}}"), 1);
    /* What was given back is free for another. */
    assert_string_equal(world_sync(world, "ann", R("r2", "SER-1", 1, "'serial_numbers':['A']"), NULL), "ok");
    assert_string_equal(world_serial(world, "A"), "r2");
}

static void
edits_may_exchange_items(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 1, "'revision':1"),
                                   R("r2", "ITM-2", 2, "'revision':1"), R("r3", "ITM-3", 3, "'revision':1"), NULL),
                        "ok ok ok");
    assert_string_equal(world_sync(world, "ann", R("r3", "ITM-4", 3, "'revision':2"),
                                   R("r1", "ITM-3", 1, "'revision':2"), R("r2", "ITM-1", 2, "'revision':2"),
                                   R("r4", "ITM-2", 4, ""), NULL),
                        "ok ok ok ok");
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_RECORDS,
                               "{'client_record_id': 'r1', 'item_code': 'ITM-3', 'whole': true}"),
                     1);
}

static void
a_void_withdraws_and_frees(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 1, "'revision':1,'serial_numbers':['A']"), NULL),
                        "ok");
    assert_string_equal(world_sync(world, "ann",
                                   R("r1", "SER-1", 1, "'revision':2,'status':'void','serial_numbers':['A']"),
                                   R("r2", "SER-1", 1, "'serial_numbers':['A']"), NULL),
                        "ok ok");
    assert_string_equal(world_figure(world, "r1"), "1 void");
    assert_string_equal(world_figure(world, "r2"), "1 ok");
    assert_string_equal(world_serial(world, "A"), "r2");
    /* Back from the void it meets the figure that took its place. */
    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 1, "'revision':3"), NULL), "duplicate_count");
}

static void
one_figure_counts_for_an_item(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 1, ""), R("r2", "ITM-1", 2, ""), NULL),
                        "ok duplicate_count");
    assert_string_equal(world_sync(world, "ann", R("r3", "ITM-1", 3, ""), NULL), "duplicate_count");
    assert_string_equal(world_sync(world, "ann", R("r4", "ITM-1", 3, "'partial':true"), NULL), "duplicate_count");
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_RECORDS, "{}"), 1);
}

static void
partial_figures_add_up(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(
        world_sync(world, "ann", R("r1", "ITM-1", 1, "'partial':true"), R("r2", "ITM-1", 2, "'partial':true"), NULL),
        "ok ok");
    assert_string_equal(world_sync(world, "ann", R("r3", "ITM-1", 3, "'partial':true"), NULL), "ok");
    assert_string_equal(world_sync(world, "ann", R("r4", "ITM-1", 4, ""), NULL), "duplicate_count");
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_SESSIONS, "{'plain': false}"), 1);
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_RECORDS, "{'whole': false}"), 3);
}

static void
an_unknown_item_has_one_figure_too(void **state)
{
    sync_world_t *world = *state;
    const char *first = strstr(R("u1", "ITM-1", 1, ""), "\"verified_qty\"");
    const char *record = sv_arena_printf(
        world->arena, "{\"client_record_id\":\"u1\",\"session_id\":\"s1\",\"unknown_item_id\":\"x\",%s", first);
    const char *other = sv_arena_printf(
        world->arena, "{\"client_record_id\":\"u2\",\"session_id\":\"s1\",\"unknown_item_id\":\"x\",%s", first);

    assert_string_equal(world_sync(world, "ann", record, NULL), "ok");
    assert_string_equal(world_sync(world, "ann", record, other, NULL), "ok duplicate_count");
    assert_int_equal(count_all(world, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 0);
}

static void
a_serial_number_is_in_one_place(void **state)
{
    sync_world_t *world = *state;
    const char *records[1];
    sv_sync_result_t result;
    sv_holder_t holder;

    world_claim(world, "s2", "bob", "R2", "C1");
    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 1, "'serial_numbers':['A']"), NULL), "ok");
    records[0] = world_record(world, "r2", "s2", "SER-1", 1, "'serial_numbers':['A']");
    result = world_sync_list(world, world->store, "bob", records, 1);
    assert_string_equal(world_words(world, &result), "duplicate_serial");
    holder = *result.verdicts[0].holder;
    assert_string_equal(holder.user_id, "ann");
    assert_string_equal(holder.full_name, "Full ann");
    assert_string_equal(holder.session_id, "s1");
    assert_string_equal(sv_doc_text(result.verdicts[0].server_record, "rack_id", world->arena), "R1");
    /* Within a batch the first has it. */
    assert_string_equal(world_sync(world, "bob", world_record(world, "r3", "s2", "SER-2", 1, "'serial_numbers':['B']"),
                                   world_record(world, "r4", "s2", "SER-3", 1, "'serial_numbers':['B']"), NULL),
                        "ok duplicate_serial");
}

static void
a_later_count_moves_a_serial_number(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 1, "'serial_numbers':['A']"), NULL), "ok");
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C1'}", "{'$set': {'status': 'CLOSED'}}");
    world_count(world, "C2", "OPEN");
    world_claim(world, "s2", "bob", "R2", "C2");
    assert_string_equal(
        world_sync(world, "bob", world_record(world, "r2", "s2", "SER-1", 1, "'serial_numbers':['A']"), NULL), "ok");
    assert_string_equal(world_serial(world, "A"), "r2");
    assert_string_equal(world_serial_history(world, "A"), "r1");
    assert_int_equal(
        count_all(world, SV_COLLECTION_SERIAL_HISTORY,
                  "{'serial_number': 'A', 'n': 1, 'item_code': 'SER-1', 'count_id': 'C1', 'rack_id': 'R1'}"),
        1);
}

/* However often it moves, its own document does not grow. */
static void
a_serial_number_keeps_its_whole_history(void **state)
{
    sync_world_t *world = *state;
    const bson_t *serial;
    uint32_t size = 0;

    for (int i = 1; i <= 12; i++) {
        const char *more = sv_arena_printf(world->arena, "'revision':%d,'serial_numbers':[%s]", i, i % 2 ? "'A'" : "");

        assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 1, more), NULL), "ok");
        if (i % 2 != 0) {
            serial = sv_real_find(&world->real, SV_COLLECTION_ITEM_SERIALS, "{'serial_number': 'A'}");
            assert_true(size == 0 || serial->len == size);
            size = serial->len;
        }
    }
    assert_string_equal(world_serial_history(world, "A"), "r1 r1 r1 r1 r1 r1");
}

static void
who_lost_the_rack_is_told_who_has_it(void **state)
{
    sync_world_t *world = *state;
    const char *records[1];
    sv_sync_result_t result;

    world_claim(world, "s2", "bob", "R1", "C1");
    records[0] = R("r1", "ITM-1", 1, "");
    result = world_sync_list(world, world->store, "ann", records, 1);
    assert_string_equal(world_words(world, &result), "lock_lost");
    assert_string_equal(result.verdicts[0].holder->user_id, "bob");
    assert_string_equal(result.verdicts[0].holder->full_name, "Full bob");
    assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_RECORDS, "{}"), 0);
}

static void
several_sessions_fence_each_for_itself(void **state)
{
    sync_world_t *world = *state;

    world_claim(world, "s2", "ann", "R2", "C1");
    world_claim(world, "s3", "bob", "R2", "C1");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 1, ""),
                                   world_record(world, "r2", "s2", "ITM-1", 1, ""), R("r3", "ITM-3", 1, ""), NULL),
                        "ok lock_lost ok");
}

static void
a_closed_count_takes_nothing(void **state)
{
    sync_world_t *world = *state;

    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                   "{'$set': {'count_state': 'CLOSED'}}");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 1, ""), NULL), "session_closed");
}

/* Late records land, and bring nobody back who was given up. */
static void
a_count_under_reconciliation_takes_late_records(void **state)
{
    sync_world_t *world = *state;

    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                   "{'$set': {'count_state': 'RECONCILE', 'status': 'interrupted'}}");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 1, ""), NULL), "ok");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS,
                                   "{'session_id': 's1', 'status': 'interrupted'}"),
                     1);
}

static void
another_users_record_is_not_shown(void **state)
{
    sync_world_t *world = *state;
    const char *records[1];
    sv_sync_result_t result;

    world_claim(world, "s2", "bob", "R2", "C1");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 41, ""), NULL), "ok");
    records[0] = world_record(world, "r1", "s2", "ITM-1", 41, "");
    result = world_sync_list(world, world->store, "bob", records, 1);
    assert_string_equal(world_words(world, &result), "foreign_record");
    assert_null(result.verdicts[0].server_record);
}

static void
late_work_lands_and_arms_the_hold_again(void **state)
{
    sync_world_t *world = *state;
    const char *records[1];
    sv_sync_result_t result;
    static const struct {
        const char *status;
        bool rearmed;
    } cases[] = { { "interrupted", true }, { "paused", false }, { "completed", false } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                       sv_arena_printf(world->arena, "{'$set': {'status': '%s'}}", cases[i].status));
        sv_real_update(&world->real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R1'}",
                       "{'$set': {'status': 'available', 'hold_ms': {'$numberLong': '0'}}}");
        records[0] =
            R(sv_arena_printf(world->arena, "r%zu", i), sv_arena_printf(world->arena, "ITM-%zu", i + 1), 1, "");
        result = world_sync_list(world, world->store, "ann", records, 1);
        assert_string_equal(world_words(world, &result), "ok");
        assert_int_equal(result.sessions[0].rearmed, cases[i].rearmed);
        assert_int_equal(count_all(world, SV_COLLECTION_RACK_REGISTRY, "{'status': 'claimed', 'hold_ms': {'$gt': 0}}"),
                         cases[i].rearmed);
        assert_int_equal(count_all(world, SV_COLLECTION_VERIFICATION_SESSIONS, "{'status': 'active'}"),
                         cases[i].rearmed);
    }
}

static void
a_lapsed_lease_is_taken_again(void **state)
{
    sync_world_t *world = *state;
    const char *records[1] = { R("r1", "ITM-1", 1, "") };
    sv_sync_result_t result;

    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                   "{'$set': {'started_at': {'$date': {'$numberLong': '1'}}, "
                   "'last_heartbeat': {'$date': {'$numberLong': '1'}}}}");
    result = world_sync_list(world, world->store, "ann", records, 1);
    assert_true(result.sessions[0].rearmed);
    records[0] = R("r2", "ITM-2", 1, "");
    result = world_sync_list(world, world->store, "ann", records, 1);
    assert_false(result.sessions[0].rearmed);
}

static void
a_strict_count_wants_variances_confirmed(void **state)
{
    sync_world_t *world = *state;

    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                   "{'$set': {'strict': true}}");
    sv_real_insert(&world->real, SV_COLLECTION_RACK_ITEMS,
                   "{'rack_id': 'R1', 'item_code': 'ITM-1', 'book_qty': {'$numberDecimal': '5'}, 'deleted': false}");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 4, ""), R("r2", "ITM-2", 4, ""), NULL),
                        "error:variance_unconfirmed ok");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 4, "'variance_confirmed':true"), NULL), "ok");
}

/* What the round has already belongs to the sum; a part that leaves it short is none yet. */
static void
a_strict_count_compares_the_sum_of_the_round(void **state)
{
    sync_world_t *world = *state;

    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                   "{'$set': {'strict': true}}");
    sv_real_insert(&world->real, SV_COLLECTION_RACK_ITEMS,
                   "{'rack_id': 'R1', 'item_code': 'ITM-1', 'book_qty': {'$numberDecimal': '10'}, 'deleted': false}");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 4, "'partial':true"),
                                   R("r2", "ITM-1", 6, "'partial':true"), R("r3", "ITM-1", 1, "'partial':true"), NULL),
                        "ok ok error:variance_unconfirmed");
    assert_string_equal(world_sync(world, "ann", R("r3", "ITM-1", 1, "'partial':true"), NULL),
                        "error:variance_unconfirmed");
    assert_string_equal(world_sync(world, "ann", R("r3", "ITM-1", 1, "'partial':true,'replaces':['r1']"), NULL), "ok");
    assert_string_equal(world_sync(world, "ann", R("r4", "ITM-1", 4, "'partial':true,'variance_confirmed':true"), NULL),
                        "ok");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANN_ON_R1(new_records_are_stored_with_what_belongs_to_them),
        WITH_ANN_ON_R1(one_bad_record_spoils_no_other),
        WITH_ANN_ON_R1(a_code_that_is_no_items_counts_under_itself),
        WITH_ANN_ON_R1(an_item_that_was_taken_out_is_counted),
        WITH_ANN_ON_R1(a_session_of_another_user_is_unknown),
        WITH_ANN_ON_R1(a_replay_is_ok_and_changes_nothing),
        WITH_ANN_ON_R1(a_replay_is_ok_whatever_became_of_it_all),
        WITH_ANN_ON_R1(edits_are_ordered_by_revision_or_time),
        WITH_ANN_ON_R1(the_same_id_twice_in_a_batch_is_a_record_and_its_edit),
        WITH_ANN_ON_R1(an_edit_moves_item_and_serials),
        WITH_ANN_ON_R1(edits_may_exchange_items),
        WITH_ANN_ON_R1(a_void_withdraws_and_frees),
        WITH_ANN_ON_R1(one_figure_counts_for_an_item),
        WITH_ANN_ON_R1(partial_figures_add_up),
        WITH_ANN_ON_R1(an_unknown_item_has_one_figure_too),
        WITH_ANN_ON_R1(a_serial_number_is_in_one_place),
        WITH_ANN_ON_R1(a_later_count_moves_a_serial_number),
        WITH_ANN_ON_R1(a_serial_number_keeps_its_whole_history),
        WITH_ANN_ON_R1(who_lost_the_rack_is_told_who_has_it),
        WITH_ANN_ON_R1(several_sessions_fence_each_for_itself),
        WITH_ANN_ON_R1(a_closed_count_takes_nothing),
        WITH_ANN_ON_R1(a_count_under_reconciliation_takes_late_records),
        WITH_ANN_ON_R1(another_users_record_is_not_shown),
        WITH_ANN_ON_R1(late_work_lands_and_arms_the_hold_again),
        WITH_ANN_ON_R1(a_lapsed_lease_is_taken_again),
        WITH_ANN_ON_R1(a_strict_count_wants_variances_confirmed),
        WITH_ANN_ON_R1(a_strict_count_compares_the_sum_of_the_round),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
