/* What the version before stored of rounds, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/migrate/migrate.h"
#include "core/store/document.h"
#include "t/unit/sync_world.h"

static void
session(sync_world_t *world, const char *id, const char *user, int round, bool completed, bool carried)
{
    const char *json = sv_arena_printf(
        world->arena,
        "{'session_id': '%s', 'user_id': '%s', 'full_name': '%s', 'rack_id': 'R1', 'warehouse': 'W1', 'count_id': "
        "'C1', "
        "'count_state': 'OPEN', 'fence': {'$numberLong': '%d'}, 'round': %d, 'status': 'completed', 'superseded': %s, "
        "'rack_completed': %s, 'has_partials': true, 'writes': {'$numberLong': '3'}}",
        id, user, user, round, round, carried ? "false" : "true", completed ? "true" : "false");

    sv_real_insert(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, json);
    if (carried) {
        sv_real_insert(&world->real, SV_COLLECTION_RACK_REGISTRY,
                       sv_arena_printf(world->arena,
                                       "{'rack_id': 'R1', 'warehouse': 'W1', 'session_id': '%s', 'user_id': '%s', "
                                       "'count_id': 'C1', 'fence': {'$numberLong': '%d'}, 'hold_ms': 0, 'status': "
                                       "'available'}",
                                       id, user, round));
    }
}

/* `flags`: "", "superseded", "replaced" */
static void
record(sync_world_t *world, const char *id, const char *session_id, int round, const char *item, int quantity,
       bool partial, const char *flags)
{
    bool replaced = strcmp(flags, "replaced") == 0, superseded = *flags != '\0';

    sv_real_insert(
        &world->real, SV_COLLECTION_VERIFICATION_RECORDS,
        sv_arena_printf(world->arena,
                        "{'client_record_id': '%s', 'session_id': '%s', 'count_id': 'C1', 'rack_id': 'R1', "
                        "'warehouse': 'W1', 'user_id': 'ann', 'fence': {'$numberLong': '%d'}, 'round': %d, "
                        "'item_code': '%s', 'verified_qty': {'$numberDecimal': '%d'}, 'status': 'finalized', "
                        "'partial': %s, 'whole': %s, 'superseded': %s, %s 'order': {'$numberLong': '1'}, "
                        "'content_hash': 'h%s', 'serial_numbers': []}",
                        id, session_id, round, round, item, quantity, partial ? "true" : "false",
                        partial || replaced ? "false" : "true", superseded ? "true" : "false",
                        replaced ? "'replaced': true," : "", id));
}

/* Three floor sessions of one counting, then a recount. */
static void
store_as_before(sync_world_t *world)
{
    session(world, "o1", "ann", 1, false, false);
    session(world, "o2", "bob", 2, true, false);
    session(world, "o3", "ann", 3, false, true);
    /* parts of a hand-over, the first of which were lost */
    record(world, "p1", "o1", 1, "ITM-1", 40, true, "superseded");
    record(world, "p2", "o2", 2, "ITM-1", 10, true, "");
    /* a whole over a whole, and over parts */
    record(world, "w1", "o1", 1, "ITM-2", 5, false, "superseded");
    record(world, "w2", "o2", 2, "ITM-2", 6, false, "");
    record(world, "q1", "o1", 1, "ITM-3", 1, true, "superseded");
    record(world, "q2", "o1", 1, "ITM-3", 2, true, "superseded");
    record(world, "q3", "o2", 2, "ITM-3", 9, false, "");
    /* recounted, and left out of the recount */
    record(world, "r1", "o2", 2, "ITM-4", 3, false, "superseded");
    record(world, "r2", "o3", 3, "ITM-4", 4, false, "");
    record(world, "n1", "o1", 1, "ITM-5", 7, false, "");
    /* a person decided: in the session, and a supervisor for the earlier one */
    record(world, "d1", "o1", 1, "ITM-6", 1, false, "replaced");
    record(world, "d2", "o1", 1, "ITM-6", 2, false, "");
    record(world, "e1", "o2", 2, "ITM-7", 1, false, "");
    record(world, "e2", "o3", 3, "ITM-7", 2, false, "superseded");
}

static void
no_report(const sv_migration_step_t *step, sv_migration_state_t state, int64_t seen, int64_t changed, void *context)
{
    (void) step;
    (void) state;
    (void) seen;
    *(int64_t *) context += changed;
}

static int64_t
migrate(sync_world_t *world, bool dry_run, bool again)
{
    int64_t changed = 0;
    sv_migration_options_t options = { .dry_run = dry_run, .again = again, .report = no_report, .context = &changed };
    sv_error_t error;

    sv_error_init(&error, world->arena);
    if (sv_migrations_run(world->store, sv_migration_steps, &options, &error) != SV_OK) {
        fail_msg("%s: %s", sv_status_code(error.status), error.cause != NULL ? error.cause : "");
    }
    return changed;
}

static int64_t
round_of(sync_world_t *world, const char *session_id)
{
    return sv_doc_int(sv_real_find(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS,
                                   sv_arena_printf(world->arena, "{'session_id': '%s'}", session_id)),
                      "round");
}

static void
rounds_and_standings_are_what_they_were_meant_to_be(void **state)
{
    sync_world_t *world = *state;

    store_as_before(world);
    assert_true(migrate(world, true, false) > 0);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'standing': {'$exists': true}}"),
                     0);
    migrate(world, false, false);
    assert_int_equal(round_of(world, "o1"), 1);
    assert_int_equal(round_of(world, "o2"), 1);
    assert_int_equal(round_of(world, "o3"), 2);
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 50000000); /* what the hand-over had lost */
    assert_string_equal(world_figure(world, "w1"), "5 replaced");
    assert_string_equal(world_figure(world, "w2"), "6 ok");
    assert_string_equal(world_figure(world, "q1"), "1 replaced");
    assert_string_equal(world_figure(world, "q3"), "9 ok");
    assert_string_equal(world_figure(world, "r1"), "3 earlier_round");
    assert_string_equal(world_figure(world, "r2"), "4 ok");
    assert_string_equal(world_figure(world, "n1"), "7 ok");
    assert_string_equal(world_figure(world, "d1"), "1 decided_against");
    assert_string_equal(world_figure(world, "d2"), "2 ok");
    assert_string_equal(world_figure(world, "e1"), "1 ok");
    assert_string_equal(world_figure(world, "e2"), "2 decided_against");
    assert_int_equal(
        sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'superseded': {'$exists': true}}"), 0);
    /* the totals are derived again */
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_TOUCHED_ITEMS, "{'item_codes': 'ITM-1'}"), 1);
}

static void
a_second_run_changes_nothing(void **state)
{
    sync_world_t *world = *state;

    store_as_before(world);
    migrate(world, false, false);
    assert_int_equal(migrate(world, false, true), 0);
    assert_string_equal(world_figure(world, "w1"), "5 replaced");
}

/* Before it is migrated what was stored counts as it did, also for records that come meanwhile. */
static void
both_forms_are_read_meanwhile(void **state)
{
    sync_world_t *world = *state;

    store_as_before(world);
    assert_string_equal(world_sync(world, "ann", world_record(world, "new", "o3", "ITM-3", 1, ""), NULL), "ok");
    assert_string_equal(world_figure(world, "q3"), "9 earlier_round");
    assert_string_equal(world_sync(world, "ann", world_record(world, "more", "o3", "ITM-7", 5, ""), NULL), "ok");
    migrate(world, false, false);
    assert_string_equal(world_figure(world, "new"), "1 ok");
    assert_string_equal(world_figure(world, "q3"), "9 earlier_round");
    assert_string_equal(world_figure(world, "e2"), "2 decided_against");
    assert_string_equal(world_figure(world, "w1"), "5 replaced");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(rounds_and_standings_are_what_they_were_meant_to_be),
        WITH_WORLD(a_second_run_changes_nothing),
        WITH_WORLD(both_forms_are_read_meanwhile),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
