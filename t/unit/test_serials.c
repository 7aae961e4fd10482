/* A serial number is one piece whatever the case of its letters, over all items or over one; and stored ones of before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/migrate/migrate.h"
#include "core/store/document.h"
#include "core/sync/serial_step.h"
#include "t/unit/sync_world.h"

/* Of ann on R1, and of bob on R2. */
#define A(id, item, more) world_record(world, id, "s1", item, 2, more)
#define B(id, item, more) world_record(world, id, "s2", item, 1, more)

static void
bob_comes(sync_world_t *world)
{
    world_claim(world, "s2", "bob", "R2", "C1");
}

static int64_t
places(sync_world_t *world, const char *filter)
{
    return sv_real_count(&world->real, SV_COLLECTION_ITEM_SERIALS, filter);
}

static void
small_and_capital_letters_are_one_piece(void **state)
{
    sync_world_t *world = *state;

    bob_comes(world);
    assert_string_equal(world_sync(world, "ann", A("r1", "SER-1", "'revision':1,'serial_numbers':['sn-7a']"), NULL),
                        "ok");
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-1", "'serial_numbers':['SN-7A']"), NULL),
                        "duplicate_serial");
    assert_string_equal(world_sync(world, "bob", B("r3", "SER-2", "'serial_numbers':['X1']"),
                                   B("r4", "SER-3", "'serial_numbers':['x1']"), NULL),
                        "ok duplicate_serial");
    /* Spelt otherwise in an edit it stays where it is, as it was typed first. */
    assert_string_equal(
        world_sync(world, "ann", A("r1", "SER-1", "'revision':2,'serial_numbers':['Sn-7A','new']"), NULL), "ok");
    assert_string_equal(world_serial(world, "sn-7a"), "r1");
    assert_int_equal(places(world, "{}"), 3);
    assert_string_equal(world_serial_history(world, "sn-7a"), "");
    /* Given back it is free for the other. */
    assert_string_equal(world_sync(world, "ann", A("r1", "SER-1", "'revision':3,'serial_numbers':['NEW']"), NULL),
                        "ok");
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-1", "'serial_numbers':['SN-7A']"), NULL), "ok");
    assert_string_equal(world_serial(world, "sn-7a"), "r2");
    assert_string_equal(world_serial_history(world, "sn-7a"), "r1");
}

/* However the loser spelt it. */
static void
a_supervisor_takes_a_piece_from_who_spelt_it_otherwise(void **state)
{
    sync_world_t *world = *state;
    const bson_t *conflict;

    bob_comes(world);
    assert_string_equal(world_sync(world, "ann", A("r1", "SER-1", "'serial_numbers':['sn-7a']"), NULL), "ok");
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-1", "'serial_numbers':['SN-7A']"), NULL),
                        "duplicate_serial");
    conflict = sv_real_find(&world->real, SV_COLLECTION_SYNC_CONFLICTS, "{'client_record_id': 'r2'}");
    assert_int_equal(world_resolve(world, "sue", sv_doc_text(conflict, "conflict_id", world->arena),
                                   SV_RESOLVE_KEEP_MINE, NULL, NULL),
                     SV_OK);
    assert_string_equal(world_serial(world, "sn-7a"), "r2");
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS,
                                   "{'client_record_id': 'r1', 'serial_numbers': 'sn-7a'}"),
                     0);
}

static void
by_default_a_serial_number_is_one_over_all_items(void **state)
{
    sync_world_t *world = *state;

    bob_comes(world);
    assert_string_equal(world_sync(world, "ann", A("r1", "SER-1", "'revision':1,'serial_numbers':['S1']"), NULL), "ok");
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-2", "'serial_numbers':['s1']"), NULL),
                        "duplicate_serial");
}

static void
scoped_by_item_it_is_one_of_each(void **state)
{
    sync_world_t *world = *state;

    world->real.settings.serial_scope = "item";
    bob_comes(world);
    assert_string_equal(world_sync(world, "ann", A("r1", "SER-1", "'revision':1,'serial_numbers':['S1']"), NULL), "ok");
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-2", "'serial_numbers':['s1']"), NULL), "ok");
    assert_string_equal(world_sync(world, "bob", B("r3", "SER-1", "'serial_numbers':['s1']"), NULL),
                        "duplicate_serial");
    /* An edit to another item takes that item's. */
    assert_string_equal(world_sync(world, "ann", A("r1", "SER-3", "'revision':2,'serial_numbers':['S1']"), NULL), "ok");
    assert_string_equal(world_sync(world, "bob", B("r4", "SER-1", "'serial_numbers':['s1']"), NULL), "ok");
    assert_int_equal(places(world, "{'serial_key': 's1'}"), 3);
    assert_int_equal(places(world, "{'item_scope': 'SER-3', 'current.client_record_id': 'r1'}"), 1);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_SERIAL_HISTORY, "{}"), 1);
}

static void
what_was_counted_over_all_items_is_found_by_item(void **state)
{
    sync_world_t *world = *state;

    bob_comes(world);
    assert_string_equal(world_sync(world, "ann", A("r1", "SER-1", "'revision':1,'serial_numbers':['S1']"), NULL), "ok");
    world->real.settings.serial_scope = "item";
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-1", "'serial_numbers':['s1']"), NULL),
                        "duplicate_serial");
    assert_string_equal(world_sync(world, "bob", B("r3", "SER-2", "'serial_numbers':['s1']"), NULL), "ok");
    assert_string_equal(world_sync(world, "ann", A("r1", "SER-1", "'revision':2,'status':'void'"), NULL), "ok");
    assert_int_equal(places(world, "{'serial_key': 's1', 'current': null}"), 1);
}

/* ---- stored by the version before */

static void
index_of_before(sync_world_t *world, const char *collection, const char *name, const char *key)
{
    const char *command =
        sv_arena_printf(world->arena, "{'createIndexes': '%s', 'indexes': [{'name': '%s', 'key': %s, 'unique': true}]}",
                        collection, name, key);

    assert_true(mongoc_database_write_command_with_opts(world->store->database, sv_real_json(world->arena, command),
                                                        NULL, NULL, NULL));
}

static void
place_of_before(sync_world_t *world, const char *number, const char *record)
{
    const char *current = record != NULL ? sv_arena_printf(world->arena,
                                                           "{'count_id': 'C1', 'client_record_id': '%s', 'session_id': "
                                                           "'s1', 'rack_id': 'R1', 'user_id': 'ann'}",
                                                           record)
                                         : "null";

    sv_real_insert(&world->real, SV_COLLECTION_ITEM_SERIALS,
                   sv_arena_printf(world->arena,
                                   "{'serial_number': '%s', 'item_code': 'SER-1', 'current': %s, 'moves': "
                                   "{'$numberLong': '0'}}",
                                   number, current));
}

enum { MANY = 1200 };

static void
store_as_before(sync_world_t *world)
{
    index_of_before(world, "item_serials", "serial", "{'serial_number': 1}");
    index_of_before(world, "serial_history", "serial_n", "{'serial_number': 1, 'n': 1}");
    place_of_before(world, "free-1", NULL);
    for (int i = 0; i < MANY; i++) {
        place_of_before(world, sv_arena_printf(world->arena, "Bulk-%d", i), "old");
    }
    place_of_before(world, "FREE-1", "old-1"); /* in a later chunk: the one that is somewhere has the key */
    place_of_before(world, "bulk-7", "old-2");
}

static int chunks_left;

static sv_status_t
run_until_killed(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    if (chunks_left-- == 0) {
        return sv_fail(error, SV_ERR_UNAVAILABLE, NULL);
    }
    return sv_serial_step_run(chunk, error);
}

static void
no_report(const sv_migration_step_t *step, sv_migration_state_t state, int64_t seen, int64_t changed, void *context)
{
    (void) step;
    (void) state;
    (void) seen;
    (void) changed;
    (void) context;
}

static sv_status_t
migrate(sync_world_t *world, int chunks, bool dry_run)
{
    static const sv_migration_step_t steps[] = {
        { "serial_keys", "", sv_serial_step_is_due, run_until_killed },
        { NULL, NULL, NULL, NULL },
    };
    sv_migration_options_t options = { .report = no_report, .dry_run = dry_run };
    sv_error_t error;

    chunks_left = chunks;
    sv_error_init(&error, world->arena);
    return sv_migrations_run(world->store, steps, &options, &error);
}

static bool
is_due(sync_world_t *world)
{
    sv_error_t error;
    bool due;

    sv_error_init(&error, world->arena);
    assert_int_equal(sv_serial_step_is_due(world->store, &due, &error), SV_OK);
    return due;
}

static void
serials_of_before_get_their_keys_however_often_it_is_killed(void **state)
{
    sync_world_t *world = *state;

    world->real.settings.serial_scope = "item"; /* holds once all have their keys */
    store_as_before(world);
    bob_comes(world);
    assert_true(is_due(world));
    assert_int_equal(migrate(world, -1, true), SV_OK);
    assert_int_equal(places(world, "{'serial_key': {'$exists': true}}"), 0);

    assert_int_equal(migrate(world, 1, false), SV_ERR_UNAVAILABLE);
    assert_int_equal(places(world, "{'serial_key': {'$exists': true}}"), 500);
    assert_true(is_due(world));
    /* Half of them have keys: both halves are found. */
    assert_string_equal(world_sync(world, "bob", B("r1", "SER-1", "'serial_numbers':['BULK-3']"), NULL),
                        "duplicate_serial");
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-1", "'serial_numbers':['Bulk-1100']"), NULL),
                        "duplicate_serial");
    assert_string_equal(world_sync(world, "bob", B("r3", "SER-3", "'serial_numbers':['Bulk-1101']"), NULL),
                        "duplicate_serial");
    assert_string_equal(world_sync(world, "bob", B("r4", "SER-2", "'serial_numbers':['meanwhile']"), NULL), "ok");

    assert_int_equal(migrate(world, -1, false), SV_OK);
    assert_false(is_due(world));
    assert_int_equal(places(world, "{'serial_key': {'$exists': false}}"), 2);
    assert_int_equal(places(world, "{'serial_number': 'free-1', 'folds_with': 'FREE-1'}"), 1);
    assert_int_equal(places(world, "{'serial_number': 'bulk-7', 'folds_with': 'Bulk-7'}"), 1);
    assert_int_equal(places(world, "{'serial_number': 'FREE-1', 'serial_key': 'free-1', 'item_scope': 'SER-1'}"), 1);
    assert_string_equal(world_sync(world, "bob", B("r2", "SER-1", "'serial_numbers':['bulk-1100']"), NULL),
                        "duplicate_serial");
    assert_string_equal(world_sync(world, "bob", B("r3", "SER-3", "'serial_numbers':['Bulk-1101']"), NULL), "ok");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANN_ON_R1(small_and_capital_letters_are_one_piece),
        WITH_ANN_ON_R1(a_supervisor_takes_a_piece_from_who_spelt_it_otherwise),
        WITH_ANN_ON_R1(by_default_a_serial_number_is_one_over_all_items),
        WITH_ANN_ON_R1(scoped_by_item_it_is_one_of_each),
        WITH_ANN_ON_R1(what_was_counted_over_all_items_is_found_by_item),
        WITH_ANN_ON_R1(serials_of_before_get_their_keys_however_often_it_is_killed),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
