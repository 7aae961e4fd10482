/* What no master has is counted under its code, and becomes an item's when it is known what it is: nothing is lost on
 * the way, and what comes late follows. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/store/document.h"
#include "core/sync/declare_empty.h"
#include "core/sync/links.h"
#include "core/unknown/unknown_item.h"
#include "core/unknown/unknown_resolve.h"
#include "t/unit/sync_world.h"

/* Of ann on R1, and of bob on R2. */
#define A(id, item, n, more) world_record(world, id, "s1", item, n, more)
#define B(id, item, n, more) world_record(world, id, "s2", item, n, more)

static const char *
note_of(sync_world_t *world, const char *code)
{
    char id[SV_LINK_NOTE_ID_SIZE];

    sv_link_note_id(code, id);
    return sv_arena_strdup(world->arena, id);
}

static sv_status_t
resolve(sync_world_t *world, const char *id, sv_unknown_action_t action, const char *item_code,
        sv_unknown_resolved_t *resolved)
{
    sv_unknown_resolve_t resolve = { .unknown_item_id = id, .action = action, .item_code = item_code };
    sv_principal_t sue = world_user("sue");
    sv_error_t error;

    sv_error_init(&error, world->arena);
    return sv_unknown_resolve(world->store, &sue, &resolve, resolved, &error);
}

static int64_t
link_code(sync_world_t *world, const char *code, const char *item_code)
{
    sv_unknown_resolved_t resolved;

    assert_int_equal(resolve(world, note_of(world, code), SV_UNKNOWN_LINK, item_code, &resolved), SV_OK);
    assert_false(resolved.pending);
    return resolved.records;
}

static int64_t
round_of_worker(sync_world_t *world)
{
    sv_error_t error;
    int64_t done = 0;

    sv_error_init(&error, world->arena);
    assert_int_equal(sv_unknown_round(world->store, &done, &error), SV_OK);
    return done;
}

static int64_t
records(sync_world_t *world, const char *filter)
{
    return sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, filter);
}

static int64_t
writes_of(sync_world_t *world, const char *session_id)
{
    return sv_doc_int(sv_real_find(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS,
                                   sv_arena_printf(world->arena, "{'session_id': '%s'}", session_id)),
                      "writes");
}

static void
what_was_counted_under_a_code_becomes_the_item_s(void **state)
{
    sync_world_t *world = *state;
    const bson_t *record;
    int64_t before;

    world_claim(world, "s2", "bob", "R2", "C1");
    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 5, "'revision':1"), A("r2", "ITM-2", 1, ""), NULL),
                        "ok ok");
    assert_string_equal(world_sync(world, "bob", B("r3", "NEW", 7, "'damage_qty':1"), NULL), "ok");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_UNKNOWN_ITEMS, "{'code': 'NEW', 'status': 'open'}"), 1);
    before = writes_of(world, "s1");
    assert_int_equal(link_code(world, "NEW", "ITM-1"), 2);
    assert_true(world_sum(world, "C1", "R1", "ITM-1") == 5 * SV_QUANTITY_ONE);
    assert_true(world_sum(world, "C1", "R2", "ITM-1") == 7 * SV_QUANTITY_ONE);
    assert_int_equal(records(world, "{'unknown': true}"), 0);
    assert_int_equal(records(world, "{'item_code': 'NEW'}"), 0);
    record = sv_real_find(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'client_record_id': 'r1'}");
    assert_string_equal(sv_doc_text(record, "counted_as", world->arena), "NEW");
    assert_true(sv_doc_int(record, "seq") > before);
    assert_int_equal(sv_doc_int(record, "seq"), writes_of(world, "s1"));
    assert_int_equal(
        sv_real_count(&world->real, SV_COLLECTION_TOUCHED_ITEMS, "{'item_codes': {'$all': ['NEW', 'ITM-1']}}"), 2);
    /* again there is nothing left to do */
    assert_int_equal(link_code(world, "NEW", "ITM-1"), 0);
    /* sent again it is a replay, and an edit under the old code stays the item's */
    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 5, "'revision':1"), NULL), "ok");
    assert_string_equal(world_figure(world, "r1"), "5 ok");
    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 6, "'revision':2"), NULL), "ok");
    assert_true(world_sum(world, "C1", "R1", "ITM-1") == 6 * SV_QUANTITY_ONE);
    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 6, "'revision':2"), NULL), "ok");
    assert_string_equal(world_sync(world, "ann", A("r1", "ITM-1", 8, "'revision':3"), NULL), "ok");
    assert_true(world_sum(world, "C1", "R1", "ITM-1") == 8 * SV_QUANTITY_ONE);
}

static void
late_records_under_the_code_follow(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 5, ""), NULL), "ok");
    link_code(world, "NEW", "ITM-1");
    world_claim(world, "s2", "bob", "R2", "C1");
    assert_string_equal(world_sync(world, "bob", B("r2", "NEW", 2, ""), NULL), "ok");
    assert_true(world_sum(world, "C1", "R2", "ITM-1") == 2 * SV_QUANTITY_ONE);
    assert_string_equal(world_sync(world, "bob", B("r2", "NEW", 2, ""), NULL), "ok");
    /* by the rules that the item has: whether it is the same pieces is asked of who counted them */
    assert_string_equal(world_sync(world, "bob", B("r3", "NEW", 3, ""), NULL), "duplicate_count");
    assert_int_equal(records(world, "{'unknown': true}"), 0);
}

/* Linked to an item whose lots are counted apart, a record is its lot's figure. */
static void
they_keep_their_lots(void **state)
{
    sync_world_t *world = *state;

    sv_real_update(&world->real, SV_COLLECTION_ERP_ITEMS, "{'item_code': 'ITM-1'}", "{'$set': {'lot_tracked': true}}");
    assert_string_equal(world_sync(world, "ann", A("r1", "ITM-1", 5, "'lot':'L1'"), A("r2", "NEW", 3, "'lot':'L2'"),
                                   A("r3", "ALSO", 4, "'lot':'L1'"), NULL),
                        "ok ok ok");
    link_code(world, "NEW", "ITM-1");
    link_code(world, "ALSO", "ITM-1");
    assert_int_equal(records(world, "{'item_code': 'ITM-1', 'lot_key': 'L2', 'counts': true}"), 1);
    assert_int_equal(records(world, "{'item_code': 'ITM-1', 'lot_key': 'L1', 'counts': true}"), 2);
    assert_int_equal(records(world, "{'decision': 'merged', 'lot_key': 'L1'}"), 2);
    assert_true(world_sum(world, "C1", "R1", "ITM-1") == 12 * SV_QUANTITY_ONE);
}

static void
beside_figures_of_the_item_they_add_up(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", A("r1", "ITM-1", 5, "'revision':1"), A("r2", "NEW", 3, ""),
                                   A("r3", "ALSO", 4, ""), NULL),
                        "ok ok ok");
    link_code(world, "NEW", "ITM-1");
    assert_true(world_sum(world, "C1", "R1", "ITM-1") == 8 * SV_QUANTITY_ONE);
    link_code(world, "ALSO", "ITM-1");
    assert_true(world_sum(world, "C1", "R1", "ITM-1") == 12 * SV_QUANTITY_ONE);
    assert_int_equal(records(world, "{'decision': 'merged', 'counts': true}"), 3);
    assert_int_equal(records(world, "{'review.reason': 'linked'}"), 2);
    /* an edit moves the sum by its own difference, another whole figure is asked about */
    assert_string_equal(world_sync(world, "ann", A("r1", "ITM-1", 6, "'revision':2"), NULL), "ok");
    assert_true(world_sum(world, "C1", "R1", "ITM-1") == 13 * SV_QUANTITY_ONE);
    assert_string_equal(world_sync(world, "ann", A("r4", "ITM-1", 1, ""), NULL), "duplicate_count");
}

static void
a_later_round_of_the_item_stands(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 3, ""), NULL), "ok");
    world_recount(world, "s9", "bob", "R1", "C1");
    assert_string_equal(world_sync(world, "bob", world_record(world, "r3", "s9", "ITM-1", 5, ""), NULL), "ok");
    link_code(world, "NEW", "ITM-1");
    assert_true(world_sum(world, "C1", "R1", "ITM-1") == 5 * SV_QUANTITY_ONE);
    assert_string_equal(world_figure(world, "r1"), "3 earlier_round");
}

static void
a_declared_zero_yields(void **state)
{
    sync_world_t *world = *state;
    sv_emptying_t emptying = { .rack_id = "R1", .session_id = "s1", .all = true };
    sv_principal_t ann = world_user("ann");
    sv_emptied_t emptied;
    sv_error_t error;

    sv_error_init(&error, world->arena);
    sv_real_insert(&world->real, SV_COLLECTION_RACK_ITEMS, "{'rack_id': 'R1', 'item_code': 'ITM-3'}");
    assert_string_equal(world_sync(world, "ann", A("r2", "GONE", 4, ""), NULL), "ok");
    assert_int_equal(sv_declare_empty(world->store, &ann, &emptying, &emptied, &error), SV_OK);
    assert_int_equal(emptied.declared_count, 1);
    link_code(world, "GONE", "ITM-3");
    assert_true(world_sum(world, "C1", "R1", "ITM-3") == 4 * SV_QUANTITY_ONE);
    assert_int_equal(records(world, "{'item_code': 'ITM-3', 'standing': 'yielded'}"), 1);
    assert_int_equal(records(world, "{'decision': 'merged'}"), 0);
}

static void
partial_and_void_figures_stay_what_they_are(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 3, "'partial':true"),
                                   A("r2", "NEW", 4, "'partial':true"), A("r3", "GONE", 9, "'revision':1"), NULL),
                        "ok ok ok");
    assert_string_equal(world_sync(world, "ann", A("r3", "GONE", 9, "'revision':2,'status':'void'"), NULL), "ok");
    link_code(world, "NEW", "ITM-1");
    link_code(world, "GONE", "ITM-1");
    assert_true(world_sum(world, "C1", "R1", "ITM-1") == 7 * SV_QUANTITY_ONE);
    assert_int_equal(records(world, "{'item_code': 'ITM-1', 'status': 'void', 'counts': false}"), 1);
}

static void
a_find_s_records_become_the_item_s(void **state)
{
    sync_world_t *world = *state;
    sv_find_t find = { .unknown_item_id = "x1", .name = "A blue thing", .session_id = "s1" };
    sv_principal_t ann = world_user("ann"), bob = world_user("bob");
    sv_unknown_resolved_t resolved;
    const bson_t *stored;
    sv_error_t error;
    bool created;
    const char *text = sv_arena_printf(
        world->arena,
        "{\"client_record_id\":\"r1\",\"session_id\":\"s1\",\"unknown_item_id\":\"x1\",\"verified_qty\":6,"
        "\"status\":\"finalized\",\"created_at\":\"2026-01-05T08:00:00Z\",\"updated_at\":"
        "\"2026-01-05T08:00:00Z\"}");

    sv_error_init(&error, world->arena);
    assert_string_equal(world_sync(world, "ann", text, NULL), "ok");
    assert_int_equal(sv_find_report(world->store, &ann, &find, &stored, &created, &error), SV_OK);
    assert_true(created);
    assert_string_equal(sv_doc_text(stored, "rack_id", world->arena), "R1");
    assert_int_equal(sv_find_report(world->store, &ann, &find, &stored, &created, &error), SV_OK);
    assert_false(created);
    assert_int_equal(sv_find_report(world->store, &bob, &find, &stored, &created, &error), SV_ERR_ALREADY_EXISTS);
    assert_int_equal(resolve(world, "x1", SV_UNKNOWN_CREATE, "BLUE", &resolved), SV_OK);
    assert_int_equal(resolved.records, 1);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_ERP_ITEMS,
                                   "{'item_code': 'BLUE', 'item_name': 'A blue thing', 'lookup_keys': 'BLUE'}"),
                     1);
    assert_true(world_sum(world, "C1", "R1", "BLUE") == 6 * SV_QUANTITY_ONE);
    assert_string_equal(world_sync(world, "ann", text, NULL), "ok");
    assert_int_equal(records(world, "{'item_code': 'BLUE', 'unknown_item_id': 'x1'}"), 1);
    assert_int_equal(resolve(world, "x1", SV_UNKNOWN_CREATE, "BLUE", &resolved), SV_OK);
    assert_int_equal(resolve(world, "x1", SV_UNKNOWN_LINK, "ITM-1", &resolved), SV_ERR_CONFLICT_RESOLVED);
}

static void
rejected_it_stays_and_may_still_be_linked(void **state)
{
    sync_world_t *world = *state;
    sv_unknown_resolved_t resolved;

    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 5, ""), NULL), "ok");
    assert_int_equal(resolve(world, note_of(world, "NEW"), SV_UNKNOWN_LINK, "NOT-THERE", &resolved),
                     SV_ERR_VALIDATION_FAILED);
    assert_int_equal(resolve(world, "nothing", SV_UNKNOWN_REJECT, NULL, &resolved), SV_ERR_NOT_FOUND);
    assert_int_equal(resolve(world, note_of(world, "NEW"), SV_UNKNOWN_REJECT, NULL, &resolved), SV_OK);
    assert_int_equal(resolve(world, note_of(world, "NEW"), SV_UNKNOWN_REJECT, NULL, &resolved), SV_OK);
    assert_int_equal(records(world, "{'item_code': 'NEW', 'unknown': true, 'counts': true}"), 1);
    assert_int_equal(link_code(world, "NEW", "ITM-1"), 1);
    assert_int_equal(resolve(world, note_of(world, "NEW"), SV_UNKNOWN_REJECT, NULL, &resolved),
                     SV_ERR_CONFLICT_RESOLVED);
}

static void
an_import_that_brings_the_item_links_it(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 5, ""), A("r2", "4006381333931", 2, ""), NULL),
                        "ok ok");
    assert_int_equal(round_of_worker(world), 0);
    sv_real_insert(&world->real, SV_COLLECTION_ERP_ITEMS,
                   "{'item_code': 'NEW', 'item_name': 'New', 'lookup_keys': ['NEW']}");
    sv_real_insert(&world->real, SV_COLLECTION_ERP_ITEMS,
                   "{'item_code': 'PEN', 'item_name': 'Pen', 'lookup_keys': ['PEN', '4006381333931']}");
    assert_int_equal(round_of_worker(world), 4); /* two finds, two records */
    assert_int_equal(records(world, "{'item_code': 'NEW', 'unknown': {'$exists': false}, 'counts': true}"), 1);
    assert_true(world_sum(world, "C1", "R1", "NEW") == 5 * SV_QUANTITY_ONE);
    assert_true(world_sum(world, "C1", "R1", "PEN") == 2 * SV_QUANTITY_ONE);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_TOUCHED_ITEMS, "{'item_codes': 'NEW'}"), 2);
    assert_int_equal(round_of_worker(world), 0);
}

static void
a_closed_count_keeps_what_it_was(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 5, ""), NULL), "ok");
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                   "{'$set': {'count_state': 'CLOSED'}}");
    assert_int_equal(link_code(world, "NEW", "ITM-1"), 0);
    assert_int_equal(records(world, "{'item_code': 'NEW', 'unknown': true}"), 1);
}

static void
serial_numbers_go_with_their_record(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 1, "'serial_numbers':['S1']"), NULL), "ok");
    link_code(world, "NEW", "SER-1");
    assert_string_equal(world_serial(world, "S1"), "r1");
    assert_int_equal(
        sv_real_count(&world->real, SV_COLLECTION_ITEM_SERIALS, "{'serial_number': 'S1', 'item_code': 'SER-1'}"), 1);
    world_claim(world, "s2", "bob", "R2", "C1");
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-1", 1, "'serial_numbers':['S1']"), NULL),
                        "duplicate_serial");
}

static void
scoped_by_item_a_serial_number_may_meet_itself(void **state)
{
    sync_world_t *world = *state;

    world->real.settings.serial_scope = "item";
    world_claim(world, "s2", "bob", "R2", "C1");
    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 2, "'serial_numbers':['S1','S2']"), NULL), "ok");
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-1", 1, "'serial_numbers':['S1']"), NULL), "ok");
    link_code(world, "NEW", "SER-1");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_ITEM_SERIALS,
                                   "{'item_scope': 'SER-1', 'serial_number': 'S1', 'current.client_record_id': 'r2'}"),
                     1);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_ITEM_SERIALS,
                                   "{'item_scope': 'SER-1', 'serial_number': 'S2', 'current.client_record_id': 'r1'}"),
                     1);
    assert_int_equal(records(world, "{'client_record_id': 'r1', 'review.reason': 'serial_taken'}"), 1);
}

/* ---- linking while phones sync the same code */

enum { RACERS = 4, RACES = 12 };

typedef struct {
    sync_world_t *world;
    sv_store_t *store;
    sv_arena_t *arena;
    int number;
    int ok;
} racer_t;

static void *
race(void *argument)
{
    racer_t *racer = argument;
    const char *user = sv_arena_printf(racer->arena, "u%d", racer->number);

    for (int i = 0; i < RACES; i++) {
        const char *text = sv_arena_printf(
            racer->arena,
            "{\"client_record_id\":\"q%d-%d\",\"session_id\":\"t%d\",\"item_code\":\"NEW\",\"verified_qty\":1,"
            "\"partial\":true,\"status\":\"finalized\",\"created_at\":\"2026-01-05T08:00:00Z\",\"updated_at\":"
            "\"2026-01-05T08:00:00Z\"}",
            racer->number, i, racer->number);
        sync_world_t own = *racer->world;
        sv_sync_result_t result;

        own.arena = racer->arena;
        result = world_sync_list(&own, racer->store, user, &text, 1);
        racer->ok += (int) result.ok;
    }
    return NULL;
}

static void
linking_races_with_late_syncs_and_loses_nothing(void **state)
{
    sync_world_t *world = *state;
    racer_t racers[RACERS];
    pthread_t threads[RACERS];
    sv_quantity_t sum = 0;
    int ok = 0;

    assert_string_equal(world_sync(world, "ann", A("r1", "NEW", 5, ""), NULL), "ok");
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (racer_t){ world, sv_store_acquire(world->real.pool), sv_arena_create(), i, 0 };
        world_claim(world, sv_arena_printf(world->arena, "t%d", i), sv_arena_printf(world->arena, "u%d", i),
                    sv_arena_printf(world->arena, "Q%d", i), "C1");
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_create(&threads[i], NULL, race, &racers[i]);
    }
    {
        sv_unknown_resolved_t resolved;

        assert_int_equal(resolve(world, note_of(world, "NEW"), SV_UNKNOWN_LINK, "ITM-1", &resolved), SV_OK);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        ok += racers[i].ok;
        sv_store_release(racers[i].store);
        sv_arena_destroy(racers[i].arena);
    }
    assert_int_equal(ok, RACERS * RACES);
    round_of_worker(world);
    assert_int_equal(records(world, "{'unknown': true}"), 0);
    for (int i = 0; i < RACERS; i++) {
        sum += world_sum(world, "C1", sv_arena_printf(world->arena, "Q%d", i), "ITM-1");
    }
    assert_true(sum == (sv_quantity_t) RACERS * RACES * SV_QUANTITY_ONE);
    assert_true(world_sum(world, "C1", "R1", "ITM-1") == 5 * SV_QUANTITY_ONE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANN_ON_R1(what_was_counted_under_a_code_becomes_the_item_s),
        WITH_ANN_ON_R1(late_records_under_the_code_follow),
        WITH_ANN_ON_R1(they_keep_their_lots),
        WITH_ANN_ON_R1(beside_figures_of_the_item_they_add_up),
        WITH_ANN_ON_R1(a_later_round_of_the_item_stands),
        WITH_ANN_ON_R1(a_declared_zero_yields),
        WITH_ANN_ON_R1(partial_and_void_figures_stay_what_they_are),
        WITH_ANN_ON_R1(a_find_s_records_become_the_item_s),
        WITH_ANN_ON_R1(rejected_it_stays_and_may_still_be_linked),
        WITH_ANN_ON_R1(an_import_that_brings_the_item_links_it),
        WITH_ANN_ON_R1(a_closed_count_keeps_what_it_was),
        WITH_ANN_ON_R1(serial_numbers_go_with_their_record),
        WITH_ANN_ON_R1(scoped_by_item_a_serial_number_may_meet_itself),
        WITH_ANN_ON_R1(linking_races_with_late_syncs_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
