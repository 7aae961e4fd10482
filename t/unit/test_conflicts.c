#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json_reader.h"
#include "core/store/document.h"
#include "core/sync/conflict_step.h"
#include "t/unit/sync_world.h"

#define R(id, item, qty, more) world_record(world, id, "s1", item, qty, more)

static int64_t
touched(sync_world_t *world)
{
    return sv_real_count(&world->real, SV_COLLECTION_TOUCHED_ITEMS, "{}");
}

static void
the_same_conflict_is_kept_once(void **state)
{
    sync_world_t *world = *state;
    const char *record = R("r1", "ITM-1", 4, "'revision':1"), *first, *other;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':2"), NULL), "ok");
    first = world_meet(world, "ann", record, "stale_update");
    assert_string_equal(world_meet(world, "ann", record, "stale_update"), first);
    other = world_meet(world, "ann", R("r1", "ITM-1", 7, "'revision':0"), "stale_update");
    assert_string_not_equal(first, other);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_SYNC_CONFLICTS, "{}"), 2);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_SYNC_CONFLICTS,
                                   "{'type': 'stale_update', 'status': 'open', 'user_id': 'ann', 'rack_id': 'R1', "
                                   "'server.client_record_id': 'r1', 'mine.client_record_id': 'r1'}"),
                     2);
}

/* Phones that number their records 1, 2, 3. */
static void
everybodys_conflict_with_one_id_is_kept(void **state)
{
    sync_world_t *world = *state;
    const char *bobs, *sues;

    world_claim(world, "s2", "bob", "R2", "C1");
    world_claim(world, "s3", "sue", "R3", "C1");
    assert_string_equal(world_sync(world, "ann", R("1", "ITM-1", 5, ""), NULL), "ok");
    bobs = world_meet(world, "bob", world_record(world, "1", "s2", "ITM-2", 6, ""), "foreign_record");
    sues = world_meet(world, "sue", world_record(world, "1", "s3", "ITM-3", 7, ""), "foreign_record");
    assert_string_not_equal(bobs, sues);
    assert_string_equal(world_meet(world, "bob", world_record(world, "1", "s2", "ITM-2", 6, ""), "foreign_record"),
                        bobs);
    assert_string_not_equal(world_meet(world, "bob", world_record(world, "1", "s2", "ITM-2", 8, ""), "foreign_record"),
                            bobs);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_SYNC_CONFLICTS, "{}"), 3);
}

static void
a_conflict_kept_by_the_version_before_is_the_same(void **state)
{
    sync_world_t *world = *state;
    const char *record = R("r1", "ITM-1", 4, "'revision':1"), *first;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':2"), NULL), "ok");
    first = world_meet(world, "ann", record, "stale_update");
    sv_real_update(&world->real, SV_COLLECTION_SYNC_CONFLICTS, "{}", "{'$unset': {'content_hash': ''}}");
    assert_string_equal(world_meet(world, "ann", record, "stale_update"), first);
}

static void
a_decision_is_told_to_whoever_sends_again(void **state)
{
    sync_world_t *world = *state;
    const char *record = R("r1", "ITM-1", 4, "'revision':1"), *id;
    sv_sync_result_t result;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':2"), NULL), "ok");
    id = world_meet(world, "ann", record, "stale_update");
    result = world_sync_list(world, world->store, "ann", &record, 1);
    assert_null(result.verdicts[0].resolution);
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_KEEP_SERVER, NULL, NULL), SV_OK);
    result = world_sync_list(world, world->store, "ann", &record, 1);
    assert_string_equal(result.verdicts[0].conflict_id, id);
    assert_string_equal(result.verdicts[0].resolution, "keep_server");
    /* Something else may stand in its way by now. */
    world_claim(world, "s2", "bob", "R1", "C1");
    result = world_sync_list(world, world->store, "ann", &record, 1);
    assert_string_equal(world_words(world, &result), "lock_lost");
    assert_string_equal(result.verdicts[0].conflict_id, id);
}

/* Until the index of the version before is gone, it lets one of them in only. */
static void
the_migration_makes_room_for_everybodys(void **state)
{
    sync_world_t *world = *state;
    sv_migration_chunk_t chunk = { .store = world->store, .arena = world->arena };
    bson_error_t reason;
    sv_error_t error;
    bool due;

    sv_error_init(&error, world->arena);
    assert_true(mongoc_database_write_command_with_opts(
        world->store->database,
        sv_real_json(world->arena, "{'createIndexes': 'sync_conflicts', 'indexes': [{'key': {'client_record_id': 1, "
                                   "'type': 1, 'revision': 1}, 'name': 'record_type_revision', 'unique': true}]}"),
        NULL, NULL, &reason));
    assert_int_equal(sv_conflict_step_is_due(world->store, &due, &error), SV_OK);
    assert_true(due);
    chunk.dry_run = true;
    assert_int_equal(sv_conflict_step_run(&chunk, &error), SV_OK);
    assert_int_equal(chunk.changed, 1);
    chunk.dry_run = false;
    assert_int_equal(sv_conflict_step_run(&chunk, &error), SV_OK);
    assert_int_equal(sv_conflict_step_run(&chunk, &error), SV_OK);
    assert_int_equal(chunk.changed, 0);
    assert_int_equal(sv_conflict_step_is_due(world->store, &due, &error), SV_OK);
    assert_false(due);
    everybodys_conflict_with_one_id_is_kept(state);
}

static void
what_cannot_be_kept_is_asked_for_again(void **state)
{
    sync_world_t *world = *state;
    const char *record = R("r1", "ITM-1", 4, "'revision':1");
    sv_sync_result_t result;
    bson_error_t reason;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':2"), NULL), "ok");
    /* A conflict of somebody else's that the unique key takes for this one. */
    assert_true(mongoc_database_write_command_with_opts(
        world->store->database,
        sv_real_json(world->arena, "{'createIndexes': 'sync_conflicts', 'indexes': [{'key': {'type': 1}, 'name': "
                                   "'one_a_type', 'unique': true}]}"),
        NULL, NULL, &reason));
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 6, "'revision':1"), NULL), "stale_update");
    result = world_sync_list(world, world->store, "ann", &record, 1);
    assert_string_equal(world_words(world, &result), "error:conflict_not_kept");
    assert_true(result.verdicts[0].retry);
    assert_int_equal(result.errors, 1);
    assert_int_equal(result.conflicts, 0);
}

static void
keep_server_leaves_everything_as_it_is(void **state)
{
    sync_world_t *world = *state;
    const char *id, *before;
    sv_resolved_t resolved;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':2"), NULL), "ok");
    id = world_meet(world, "ann", R("r1", "ITM-1", 4, "'revision':1"), "stale_update");
    before = world_state(world);
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_KEEP_SERVER, NULL, &resolved), SV_OK);
    assert_string_equal(sv_doc_text(resolved.conflict, "status", world->arena), "resolved");
    assert_string_equal(sv_doc_text(resolved.conflict, "resolved_by", world->arena), "ann");
    assert_true(sv_doc_time(resolved.conflict, "resolved_at") > 0);
    assert_string_equal(world_state(world), before);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_ACTIVITY_LOGS, "{'action': 'conflict.resolve'}"), 1);
    /* Again the same way is the same answer, another way is too late. */
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_KEEP_SERVER, NULL, NULL), SV_OK);
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_CONFLICT_RESOLVED);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_ACTIVITY_LOGS, "{'action': 'conflict.resolve'}"), 1);
}

static void
keep_mine_stores_the_older_edit(void **state)
{
    sync_world_t *world = *state;
    const char *mine = R("r1", "ITM-1", 4, "'revision':1");
    int64_t before;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':2"), NULL), "ok");
    before = touched(world);
    assert_int_equal(
        world_resolve(world, "ann", world_meet(world, "ann", mine, "stale_update"), SV_RESOLVE_KEEP_MINE, NULL, NULL),
        SV_OK);
    assert_string_equal(world_figure(world, "r1"), "4 ok");
    /* The figure; and the conflict when it began and when it ended, which the item's line under review tells. */
    assert_int_equal(touched(world), before + 3);
    /* What was decided for is a replay from now on; later edits are later than all that was seen. */
    assert_string_equal(world_sync(world, "ann", mine, NULL), "ok");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 6, "'revision':2"), NULL), "stale_update");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 6, "'revision':3"), NULL), "ok");
}

static void
merge_of_an_edit_wants_the_merged_record(void **state)
{
    sync_world_t *world = *state;
    const char *id;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':2"), NULL), "ok");
    id = world_meet(world, "ann", R("r1", "ITM-1", 4, "'revision':1"), "stale_update");
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_MERGE, NULL, NULL), SV_ERR_VALIDATION_FAILED);
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_MERGE, "{'verified_qty': -1}", NULL),
                     SV_ERR_VALIDATION_FAILED);
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_MERGE, "{'verified_qty': 1, 'damage_qty': 2}", NULL),
                     SV_ERR_VALIDATION_FAILED);
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_MERGE, "{'client_record_id': 'r9'}", NULL),
                     SV_ERR_VALIDATION_FAILED);
    assert_string_equal(world_figure(world, "r1"), "5 ok");
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_MERGE, "{'verified_qty': 9}", NULL), SV_OK);
    assert_string_equal(world_figure(world, "r1"), "9 ok");
}

static void
keep_mine_replaces_the_figure_that_stands(void **state)
{
    sync_world_t *world = *state;
    const char *first = R("r1", "SER-1", 2, "'serial_numbers':['A','B']");
    const char *mine = R("r2", "SER-1", 3, "'serial_numbers':['C']");

    assert_string_equal(world_sync(world, "ann", first, NULL), "ok");
    assert_int_equal(world_resolve(world, "ann", world_meet(world, "ann", mine, "duplicate_count"),
                                   SV_RESOLVE_KEEP_MINE, NULL, NULL),
                     SV_OK);
    assert_string_equal(world_figure(world, "r1"), "2 decided_against");
    assert_string_equal(world_figure(world, "r2"), "3 ok");
    assert_string_equal(world_serial(world, "A"), "free");
    assert_string_equal(world_serial(world, "C"), "r2");
    assert_string_equal(world_sync(world, "ann", first, mine, NULL), "ok ok");
    assert_string_equal(world_figure(world, "r1"), "2 decided_against");
    /* A third still meets the one that counts. */
    assert_string_equal(world_sync(world, "ann", R("r3", "SER-1", 1, ""), NULL), "duplicate_count");
}

static void
merge_lets_both_figures_stand(void **state)
{
    sync_world_t *world = *state;
    const char *first = R("r1", "SER-1", 2, "'damage_qty':1,'serial_numbers':['A','B']");
    const char *mine = R("r2", "SER-1", 3.5, "'damage_qty':0.5,'serial_numbers':['C']");

    assert_string_equal(world_sync(world, "ann", first, NULL), "ok");
    assert_int_equal(
        world_resolve(world, "ann", world_meet(world, "ann", mine, "duplicate_count"), SV_RESOLVE_MERGE, NULL, NULL),
        SV_OK);
    assert_int_equal(world_sum(world, "C1", "R1", "SER-1"), 5500000);
    assert_string_equal(world_serial(world, "A"), "r1");
    assert_string_equal(world_serial(world, "C"), "r2");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS,
                                   "{'decision': 'merged', 'decided_by': 'ann', 'whole': false}"),
                     2);
    /* Both are acknowledged now, and each stands once. */
    assert_string_equal(world_sync(world, "ann", first, mine, NULL), "ok ok");
    assert_int_equal(world_sum(world, "C1", "R1", "SER-1"), 5500000);
    /* A third is a whole beside them. */
    assert_string_equal(world_sync(world, "ann", R("r3", "SER-1", 1, ""), NULL), "duplicate_count");
}

/* Whatever becomes of either, the sum moves by its own difference; a queued edit says `partial: false`. */
static void
an_edit_of_a_merged_figure_moves_the_sum_by_its_difference(void **state)
{
    sync_world_t *world = *state;
    const char *mine = R("b", "ITM-1", 3, "'revision':1");

    assert_string_equal(world_sync(world, "ann", R("a", "ITM-1", 5, "'revision':1"), NULL), "ok");
    assert_int_equal(
        world_resolve(world, "ann", world_meet(world, "ann", mine, "duplicate_count"), SV_RESOLVE_MERGE, NULL, NULL),
        SV_OK);
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 8000000);
    assert_string_equal(world_sync(world, "ann", R("b", "ITM-1", 4, "'revision':2,'partial':false"), NULL), "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 9000000);
    assert_string_equal(world_sync(world, "ann", R("a", "ITM-1", 6, "'revision':2"), NULL), "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 10000000);
    assert_string_equal(world_sync(world, "ann", R("b", "ITM-1", 4, "'revision':3,'status':'void'"), NULL), "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 6000000);
    assert_string_equal(world_sync(world, "ann", R("b", "ITM-1", 1, "'revision':4"), NULL), "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 7000000);
}

/* The merged figure is an edit of a stored record: it leaves its own item, and adds to the one it was moved to. */
static void
merge_adds_an_edit_to_the_figure_that_stands(void **state)
{
    sync_world_t *world = *state;
    const char *edit = R("r2", "SER-1", 3, "'revision':2,'serial_numbers':['B','C']");

    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 2, "'serial_numbers':['A']"),
                                   R("r2", "SER-2", 4, "'revision':1,'serial_numbers':['B','D']"), NULL),
                        "ok ok");
    assert_int_equal(
        world_resolve(world, "ann", world_meet(world, "ann", edit, "duplicate_count"), SV_RESOLVE_MERGE, NULL, NULL),
        SV_OK);
    assert_string_equal(world_figure(world, "r1"), "2 ok");
    assert_string_equal(world_figure(world, "r2"), "3 ok");
    assert_string_equal(world_serial(world, "A"), "r1");
    assert_string_equal(world_serial(world, "B"), "r2");
    assert_string_equal(world_serial(world, "C"), "r2");
    assert_string_equal(world_serial(world, "D"), "free");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_TOUCHED_ITEMS,
                                   "{'item_codes': {'$size': 2, '$all': ['SER-1', 'SER-2']}}"),
                     2); /* of the batch and of the resolution */
    assert_string_equal(world_sync(world, "ann", edit, NULL), "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "SER-1"), 5000000);
    /* Its item is free for another figure. */
    assert_string_equal(world_sync(world, "ann", R("r3", "SER-2", 1, ""), NULL), "ok");
}

static void
keep_mine_replaces_every_partial_figure(void **state)
{
    sync_world_t *world = *state;
    const char *whole = R("r3", "ITM-1", 10, "");

    assert_string_equal(
        world_sync(world, "ann", R("r1", "ITM-1", 1, "'partial':true"), R("r2", "ITM-1", 2, "'partial':true"), NULL),
        "ok ok");
    assert_int_equal(world_resolve(world, "ann", world_meet(world, "ann", whole, "duplicate_count"),
                                   SV_RESOLVE_KEEP_MINE, NULL, NULL),
                     SV_OK);
    assert_string_equal(world_figure(world, "r1"), "1 decided_against");
    assert_string_equal(world_figure(world, "r2"), "2 decided_against");
    assert_string_equal(world_figure(world, "r3"), "10 ok");
}

/* Ann has a serial number that bob met again; the conflict waits until the count is under reconciliation. */
static const char *
meet_serial_then_reconcile(sync_world_t *world)
{
    const char *id;

    world_claim(world, "s2", "bob", "R2", "C1");
    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 2, "'serial_numbers':['A','B']"), NULL), "ok");
    id = world_meet(world, "bob", world_record(world, "r2", "s2", "SER-1", 2, "'serial_numbers':['B','C']"),
                    "duplicate_serial");
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C1'}", "{'$set': {'status': 'RECONCILE'}}");
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                   "{'$set': {'count_state': 'RECONCILE'}}");
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's2'}",
                   "{'$set': {'count_state': 'RECONCILE'}}");
    return id;
}

static void
a_serial_number_stays_in_one_place_under_reconciliation(void **state)
{
    sync_world_t *world = *state;
    const char *id = meet_serial_then_reconcile(world);

    assert_int_equal(world_resolve(world, "sue", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_OK);
    assert_string_equal(world_serial(world, "B"), "r2");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'serial_numbers': 'B'}"), 1);
}

static void
merge_under_reconciliation_leaves_the_serial_number(void **state)
{
    sync_world_t *world = *state;
    const char *id = meet_serial_then_reconcile(world);

    assert_int_equal(world_resolve(world, "sue", id, SV_RESOLVE_MERGE, NULL, NULL), SV_OK);
    assert_string_equal(world_serial(world, "B"), "r1");
    assert_string_equal(world_serial(world, "C"), "r2");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'serial_numbers': 'B'}"), 1);
}

static void
keep_mine_replaces_the_figure_that_has_its_serial_number(void **state)
{
    sync_world_t *world = *state;
    const char *mine = R("r2", "SER-1", 2, "'serial_numbers':['A','B']");

    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 1, "'serial_numbers':['A']"), NULL), "ok");
    assert_int_equal(world_resolve(world, "ann", world_meet(world, "ann", mine, "duplicate_serial"),
                                   SV_RESOLVE_KEEP_MINE, NULL, NULL),
                     SV_OK);
    assert_string_equal(world_figure(world, "r1"), "1 decided_against");
    assert_string_equal(world_figure(world, "r2"), "2 ok");
    assert_string_equal(world_serial(world, "A"), "r2");
}

/* Who lost the rack and claimed it again sends the record for the new session; the old conflict is open still. */
static void
a_record_stored_elsewhere_since_stays_there(void **state)
{
    sync_world_t *world = *state;
    const char *id;

    world_claim(world, "s2", "bob", "R1", "C1");
    id = world_meet(world, "ann", R("r1", "ITM-1", 5, ""), "lock_lost");
    world_count(world, "C2", "OPEN");
    world_claim(world, "s3", "ann", "R1", "C2");
    assert_string_equal(world_sync(world, "ann", world_record(world, "r1", "s3", "ITM-1", 6, ""), NULL), "ok");
    assert_int_equal(world_resolve(world, "sue", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_CONFLICT_STATE);
    assert_string_equal(world_figure(world, "r1"), "6 ok");
    assert_int_equal(world_resolve(world, "sue", id, SV_RESOLVE_KEEP_SERVER, NULL, NULL), SV_OK);
}

static void
keep_mine_takes_the_serial_number(void **state)
{
    sync_world_t *world = *state;
    const char *first = R("r1", "SER-1", 2, "'serial_numbers':['A','B']"), *mine, *id;

    world_claim(world, "s2", "bob", "R2", "C1");
    mine = world_record(world, "r2", "s2", "SER-1", 2, "'serial_numbers':['B','C']");
    assert_string_equal(world_sync(world, "ann", first, NULL), "ok");
    id = world_meet(world, "bob", mine, "duplicate_serial");
    assert_int_equal(world_resolve(world, "bob", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_OK);
    assert_string_equal(world_serial(world, "A"), "r1");
    assert_string_equal(world_serial(world, "B"), "r2");
    assert_string_equal(world_serial(world, "C"), "r2");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS,
                                   "{'client_record_id': 'r1', 'serial_numbers': ['A']}"),
                     1);
    assert_string_equal(world_sync(world, "ann", first, NULL), "ok");
    assert_string_equal(world_serial(world, "B"), "r2");
}

static void
merge_leaves_the_serial_number_where_it_is(void **state)
{
    sync_world_t *world = *state;
    const char *mine;

    world_claim(world, "s2", "bob", "R2", "C1");
    mine = world_record(world, "r2", "s2", "SER-1", 2, "'serial_numbers':['B','C']");
    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 1, "'serial_numbers':['B']"), NULL), "ok");
    assert_int_equal(
        world_resolve(world, "bob", world_meet(world, "bob", mine, "duplicate_serial"), SV_RESOLVE_MERGE, NULL, NULL),
        SV_OK);
    assert_string_equal(world_serial(world, "B"), "r1");
    assert_string_equal(world_serial(world, "C"), "r2");
    assert_string_equal(world_figure(world, "r2"), "2 ok");
    assert_string_equal(world_sync(world, "bob", mine, NULL), "ok");
}

static void
a_lost_rack_is_decided_by_a_supervisor(void **state)
{
    sync_world_t *world = *state;
    const char *mine = R("r1", "ITM-1", 5, ""), *id;
    sv_resolved_t resolved;

    world_claim(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", world_record(world, "r2", "s2", "ITM-1", 6, ""), NULL), "ok");
    id = world_meet(world, "ann", mine, "lock_lost");
    assert_int_equal(world_resolve(world, "bob", id, SV_RESOLVE_KEEP_SERVER, NULL, NULL), SV_ERR_NOT_FOUND);
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_LOCK_LOST);
    assert_int_equal(world_resolve(world, "sue", id, SV_RESOLVE_KEEP_MINE, NULL, &resolved), SV_OK);
    assert_true(resolved.session.bypassed);
    /* One figure counts, and the supervisor said which. */
    assert_string_equal(world_figure(world, "r1"), "5 ok");
    assert_string_equal(world_figure(world, "r2"), "6 decided_against");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'action': 'conflict.resolve', 'user_id': 'sue', 'details.past_fence': true, "
                                   "'details.owner': 'ann'}"),
                     1);
    assert_int_equal(
        sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'client_record_id': 'r1', 'user_id': 'ann'}"),
        1);
    assert_string_equal(world_sync(world, "ann", mine, NULL), "ok");
}

static void
what_was_decided_against_does_not_count_again(void **state)
{
    sync_world_t *world = *state;
    const char *second = R("r2", "ITM-1", 2, ""), *third = R("r3", "ITM-1", 3, "");

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 1, "'partial':true"), NULL), "ok");
    assert_int_equal(world_resolve(world, "ann", world_meet(world, "ann", second, "duplicate_count"),
                                   SV_RESOLVE_KEEP_MINE, NULL, NULL),
                     SV_OK);
    assert_int_equal(
        world_resolve(world, "ann", world_meet(world, "ann", third, "duplicate_count"), SV_RESOLVE_MERGE, NULL, NULL),
        SV_OK);
    world_recount(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", world_record(world, "b1", "s2", "ITM-1", 9, "'revision':1"), NULL),
                        "ok");
    assert_string_equal(world_figure(world, "r2"), "2 earlier_round");
    assert_string_equal(
        world_sync(world, "bob", world_record(world, "b1", "s2", "ITM-1", 9, "'revision':2,'status':'void'"), NULL),
        "ok");
    assert_string_equal(world_figure(world, "r1"), "1 decided_against");
    assert_string_equal(world_figure(world, "r2"), "2 ok");
    assert_string_equal(world_figure(world, "r3"), "3 ok");
}

/* A supervisor decided for the earlier round, and withdraws it: the later one counts again. */
static void
a_decision_against_a_later_round_can_be_withdrawn(void **state)
{
    sync_world_t *world = *state;
    const char *first, *second;

    world_claim(world, "s2", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", world_record(world, "b1", "s2", "ITM-1", 6, ""), NULL), "ok");
    first = world_meet(world, "ann", R("r1", "ITM-1", 5, "'revision':1"), "lock_lost");
    assert_int_equal(world_resolve(world, "sue", first, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_OK);
    assert_string_equal(world_figure(world, "b1"), "6 decided_against");
    second = world_meet(world, "ann", R("r1", "ITM-1", 5, "'revision':2,'status':'void'"), "lock_lost");
    assert_int_equal(world_resolve(world, "sue", second, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_OK);
    assert_string_equal(world_figure(world, "r1"), "5 void");
    assert_string_equal(world_figure(world, "b1"), "6 ok");
}

static void
a_closed_count_takes_no_decision(void **state)
{
    sync_world_t *world = *state;
    const char *first, *second;

    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                   "{'$set': {'count_state': 'CLOSED'}}");
    first = world_meet(world, "ann", R("r1", "ITM-1", 5, ""), "session_closed");
    second = world_meet(world, "ann", R("r2", "ITM-2", 5, ""), "session_closed");
    assert_int_equal(world_resolve(world, "ann", first, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_SESSION_CLOSED);
    assert_int_equal(world_resolve(world, "sue", first, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_SESSION_CLOSED);
    assert_int_equal(world_resolve(world, "ann", second, SV_RESOLVE_KEEP_SERVER, NULL, NULL), SV_OK);
    assert_string_equal(world_figure(world, "r2"), "none");
}

static void
another_users_record_is_never_replaced(void **state)
{
    sync_world_t *world = *state;
    const char *id;

    world_claim(world, "s2", "bob", "R2", "C1");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, ""), NULL), "ok");
    id = world_meet(world, "bob", world_record(world, "r1", "s2", "ITM-1", 6, ""), "foreign_record");
    assert_int_equal(world_resolve(world, "sue", id, SV_RESOLVE_KEEP_MINE, NULL, NULL), SV_ERR_VALIDATION_FAILED);
    assert_int_equal(world_resolve(world, "bob", id, SV_RESOLVE_KEEP_SERVER, NULL, NULL), SV_OK);
    assert_string_equal(world_figure(world, "r1"), "5 ok");
}

static void
a_decision_may_meet_another_conflict(void **state)
{
    sync_world_t *world = *state;
    const char *id;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'revision':2"), R("r2", "ITM-2", 1, ""), NULL),
                        "ok ok");
    id = world_meet(world, "ann", R("r1", "ITM-1", 4, "'revision':1"), "stale_update");
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_MERGE, "{'item_code': 'ITM-2'}", NULL),
                     SV_ERR_CONFLICT_STATE);
    assert_string_equal(world_figure(world, "r1"), "5 ok");
}

static const json_t *
list(sync_world_t *world, const char *user_id, sv_conflict_query_t *query)
{
    sv_principal_t who = world_user(user_id);
    sv_json_writer_t writer;
    sv_buffer_t text;
    sv_error_t error;
    const json_t *value;

    query->page.limit = query->page.limit > 0 ? query->page.limit : 50;
    sv_error_init(&error, world->arena);
    sv_buffer_init(&text, world->arena, 1024);
    sv_json_writer_init(&writer, &text);
    sv_json_object(&writer, NULL);
    assert_int_equal(sv_conflicts_list(world->store, &who, query, &writer, &error), SV_OK);
    sv_json_end(&writer);
    value = sv_json_parse_object(text.data, text.length, world->arena, &error);
    assert_non_null(value);
    return value;
}

static void
staff_see_their_own_conflicts_supervisors_all(void **state)
{
    sync_world_t *world = *state;
    sv_conflict_query_t all = { 0 }, open = { .status = "open" }, of_count = { .session_id = "C1" },
                        of_other = { .session_id = "C2" }, first = { .page.limit = 2 }, second = { .page.limit = 2 };
    const json_t *page, *row;
    const char *id;

    world_claim(world, "s2", "bob", "R1", "C1");
    id = world_meet(world, "ann", R("r1", "ITM-1", 1, ""), "lock_lost");
    world_meet(world, "ann", R("r2", "ITM-2", 2, ""), "lock_lost");
    world_meet(world, "ann", R("r3", "ITM-3", 3, ""), "lock_lost");
    assert_int_equal(world_resolve(world, "ann", id, SV_RESOLVE_KEEP_SERVER, NULL, NULL), SV_OK);
    assert_int_equal(json_array_size(json_object_get(list(world, "ann", &all), "items")), 3);
    assert_int_equal(json_array_size(json_object_get(list(world, "sue", &all), "items")), 3);
    assert_int_equal(json_array_size(json_object_get(list(world, "bob", &all), "items")), 0);
    assert_int_equal(json_array_size(json_object_get(list(world, "ann", &open), "items")), 2);
    assert_int_equal(json_array_size(json_object_get(list(world, "ann", &of_count), "items")), 3);
    assert_int_equal(json_array_size(json_object_get(list(world, "ann", &of_other), "items")), 0);
    page = list(world, "ann", &first);
    row = json_array_get(json_object_get(page, "items"), 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(row, "mine"), "session_id")), "s1");
    assert_string_equal(json_string_value(json_object_get(json_object_get(row, "holder"), "user_id")), "bob");
    assert_true(json_is_null(json_object_get(row, "server")));
    second.page.cursor = json_string_value(json_object_get(page, "next_cursor"));
    assert_non_null(second.page.cursor);
    assert_int_equal(json_array_size(json_object_get(list(world, "ann", &second), "items")), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANN_ON_R1(the_same_conflict_is_kept_once),
        WITH_ANN_ON_R1(everybodys_conflict_with_one_id_is_kept),
        WITH_ANN_ON_R1(a_conflict_kept_by_the_version_before_is_the_same),
        WITH_ANN_ON_R1(a_decision_is_told_to_whoever_sends_again),
        WITH_ANN_ON_R1(the_migration_makes_room_for_everybodys),
        WITH_ANN_ON_R1(what_cannot_be_kept_is_asked_for_again),
        WITH_ANN_ON_R1(keep_server_leaves_everything_as_it_is),
        WITH_ANN_ON_R1(keep_mine_stores_the_older_edit),
        WITH_ANN_ON_R1(merge_of_an_edit_wants_the_merged_record),
        WITH_ANN_ON_R1(keep_mine_replaces_the_figure_that_stands),
        WITH_ANN_ON_R1(merge_lets_both_figures_stand),
        WITH_ANN_ON_R1(an_edit_of_a_merged_figure_moves_the_sum_by_its_difference),
        WITH_ANN_ON_R1(merge_adds_an_edit_to_the_figure_that_stands),
        WITH_ANN_ON_R1(keep_mine_replaces_every_partial_figure),
        WITH_ANN_ON_R1(a_serial_number_stays_in_one_place_under_reconciliation),
        WITH_ANN_ON_R1(merge_under_reconciliation_leaves_the_serial_number),
        WITH_ANN_ON_R1(keep_mine_replaces_the_figure_that_has_its_serial_number),
        WITH_ANN_ON_R1(a_record_stored_elsewhere_since_stays_there),
        WITH_ANN_ON_R1(keep_mine_takes_the_serial_number),
        WITH_ANN_ON_R1(merge_leaves_the_serial_number_where_it_is),
        WITH_ANN_ON_R1(a_lost_rack_is_decided_by_a_supervisor),
        WITH_ANN_ON_R1(what_was_decided_against_does_not_count_again),
        WITH_ANN_ON_R1(a_decision_against_a_later_round_can_be_withdrawn),
        WITH_ANN_ON_R1(a_closed_count_takes_no_decision),
        WITH_ANN_ON_R1(another_users_record_is_never_replaced),
        WITH_ANN_ON_R1(a_decision_may_meet_another_conflict),
        WITH_ANN_ON_R1(staff_see_their_own_conflicts_supervisors_all),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
