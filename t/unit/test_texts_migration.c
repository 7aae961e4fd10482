/* Texts and ids that the version before stored as they came, and what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/migrate/migrate.h"
#include "core/migrate/step_texts.h"
#include "core/store/document.h"
#include "t/unit/sync_world.h"

#define ID(n)      "aaaaaaaa-bbbb-4ccc-8ddd-00000000000" n
#define CAPITAL(n) "AAAAAAAA-BBBB-4CCC-8DDD-00000000000" n

#define R(id, item, qty, more) world_record(world, id, "s1", item, qty, more)

/* What tells a database of before. */
static void
make_old(sync_world_t *world)
{
    const char *command = "{'createIndexes': 'item_serials', 'indexes': [{'name': 'serial', 'key': {'serial_number': "
                          "1}, 'unique': true}]}";

    assert_true(mongoc_database_write_command_with_opts(world->store->database, sv_real_json(world->arena, command),
                                                        NULL, NULL, NULL));
}

/* Stores what was stored by this version as the version before had it. */
static void
spell(sync_world_t *world, sv_collection_t collection, const char *field, const char *from, const char *to)
{
    sv_real_update(&world->real, collection, sv_arena_printf(world->arena, "{'%s': '%s'}", field, from),
                   sv_arena_printf(world->arena, "{'$set': {'%s': '%s'}}", field, to));
}

static int64_t
count(sync_world_t *world, sv_collection_t collection, const char *filter)
{
    return sv_real_count(&world->real, collection, filter);
}

static void
report(const sv_migration_step_t *step, sv_migration_state_t state, int64_t seen, int64_t changed, void *context)
{
    (void) step;
    (void) seen;
    if (state == SV_MIGRATION_DONE) {
        *(int64_t *) context = changed;
    }
}

static int chunks_left;

static sv_status_t
run_until_killed(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    if (chunks_left-- == 0) {
        return sv_fail(error, SV_ERR_UNAVAILABLE, NULL);
    }
    return sv_step_texts_run(chunk, error);
}

/* How many documents it changed; killed after `chunks` of them, again and again. */
static int64_t
migrate(sync_world_t *world, bool dry_run, int chunks)
{
    const sv_migration_step_t steps[] = {
        { "texts", "", sv_step_texts_is_due, run_until_killed },
        { NULL, NULL, NULL, NULL },
    };
    int64_t changed = -1;
    sv_migration_options_t options = { .dry_run = dry_run, .report = report, .context = &changed };
    sv_status_t status;
    int runs = 0;

    do {
        sv_error_t error;

        sv_error_init(&error, world->arena);
        chunks_left = chunks;
        status = sv_migrations_run(world->store, steps, &options, &error);
        assert_true(status == SV_OK || status == SV_ERR_UNAVAILABLE);
        assert_true(++runs < 100);
    } while (status != SV_OK);
    return changed;
}

static void
a_resend_counts_nothing_anew_before_the_migration(void **state)
{
    sync_world_t *world = *state;
    const char *part = R(CAPITAL("1"), "ITM-1", 5, "'partial':true,'revision':1");

    make_old(world);
    assert_string_equal(world_sync(world, "ann", part, R(ID("2"), "SER-1", 1, "'serial_numbers':['A'],'revision':1"),
                                   R(ID("3"), "ITM-3", 3, "'revision':1"), NULL),
                        "ok ok ok");
    assert_string_equal(
        world_sync(world, "ann", R(ID("4"), "ITM-3", 4, "'revision':1,'replaces':['" ID("3") "']"), NULL), "ok");
    for (char n = '1'; n <= '4'; n++) {
        spell(world, SV_COLLECTION_VERIFICATION_RECORDS, "client_record_id",
              sv_arena_printf(world->arena, "aaaaaaaa-bbbb-4ccc-8ddd-00000000000%c", n),
              sv_arena_printf(world->arena, "AAAAAAAA-BBBB-4CCC-8DDD-00000000000%c", n));
    }
    spell(world, SV_COLLECTION_VERIFICATION_RECORDS, "replaced_by", ID("4"), CAPITAL("4"));
    spell(world, SV_COLLECTION_ITEM_SERIALS, "current.client_record_id", ID("2"), CAPITAL("2"));
    /* In either spelling, the same and edited. */
    assert_string_equal(world_sync(world, "ann", part, NULL), "ok");
    assert_string_equal(world_sync(world, "ann", R(ID("1"), "ITM-1", 6, "'partial':true,'revision':2"), NULL), "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 6000000);
    assert_string_equal(
        world_sync(world, "ann", R(CAPITAL("2"), "SER-1", 2, "'serial_numbers':['A','B'],'revision':2"), NULL), "ok");
    assert_string_equal(world_serial(world, "B"), ID("2"));
    assert_int_equal(count(world, SV_COLLECTION_ITEM_SERIALS, "{}"), 2); /* "A" is where it was */
    /* One that is read for its item only: what replaced the other still does. */
    assert_string_equal(world_sync(world, "ann", R("p", "ITM-3", 1, ""), NULL), "duplicate_count");
    assert_string_equal(world_sync(world, "ann", R(CAPITAL("4"), "ITM-3", 9, "'revision':2"), NULL), "ok");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-3"), 9000000);
    assert_int_equal(count(world, SV_COLLECTION_VERIFICATION_RECORDS, "{}"), 4);
}

static void
store_as_before(sync_world_t *world)
{
    make_old(world);
    assert_string_equal(world_sync(world, "ann", R(ID("1"), "ITM-1", 5, "'partial':true"),
                                   R(ID("2"), "SER-1", 1, "'serial_numbers':['A']"), R(ID("3"), "ITM-3", 3, ""), NULL),
                        "ok ok ok");
    assert_string_equal(world_sync(world, "ann", R(ID("4"), "ITM-3", 4, "'replaces':['" ID("3") "']"), NULL), "ok");
    assert_string_equal(world_sync(world, "ann", R(ID("5"), "ITM-3", 8, ""), NULL), "duplicate_count");
    spell(world, SV_COLLECTION_VERIFICATION_RECORDS, "client_record_id", ID("1"), CAPITAL("1"));
    spell(world, SV_COLLECTION_VERIFICATION_RECORDS, "client_record_id", ID("2"), CAPITAL("2"));
    spell(world, SV_COLLECTION_VERIFICATION_RECORDS, "client_record_id", ID("4"), CAPITAL("4"));
    spell(world, SV_COLLECTION_VERIFICATION_RECORDS, "replaced_by", ID("4"), CAPITAL("4"));
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'replaces': '" ID("3") "'}",
                   "{'$set': {'replaces': ['" CAPITAL("3") "']}}");
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'item_code': 'SER-1'}",
                   "{'$set': {'serial_numbers': ['\xe2\x80\x8b"
                   "A']}}");
    spell(world, SV_COLLECTION_ITEM_SERIALS, "current.client_record_id", ID("2"), CAPITAL("2"));
    spell(world, SV_COLLECTION_ITEM_SERIALS, "serial_number", "A",
          "\xe2\x80\x8b"
          "A");
    spell(world, SV_COLLECTION_SYNC_CONFLICTS, "client_record_id", ID("5"), CAPITAL("5"));
    spell(world, SV_COLLECTION_SYNC_CONFLICTS, "mine.client_record_id", ID("5"), CAPITAL("5"));
    /* A name that was typed in parts, and a rack from a label with a mark nobody sees. */
    sv_real_insert(&world->real, SV_COLLECTION_ERP_ITEMS,
                   "{'item_code': 'Cafe\xcc\x81', 'barcodes': ['4006381333931', '\xef\xbb\xbf"
                   "4006381333948'], 'packs': [{'uom': 'box', 'barcodes': ['5 \xc2\xa0']}], 'item_name': "
                   "'Cafe\xcc\x81'}");
    sv_real_insert(&world->real, SV_COLLECTION_RACK_REGISTRY,
                   "{'rack_id': '\xe2\x80\x8e"
                   "R7', 'warehouse': 'W1\xc2\xa0', 'status': 'available', 'fence': {'$numberLong': '0'}}");
    sv_real_insert(&world->real, SV_COLLECTION_RACK_ITEMS,
                   "{'rack_id': '\xe2\x80\x8e"
                   "R7', 'item_code': 'Cafe\xcc\x81', 'deleted': false}");
}

static void
is_as_now(sync_world_t *world)
{
    assert_int_equal(count(world, SV_COLLECTION_VERIFICATION_RECORDS,
                           "{'client_record_id': {'$in': ['" ID("1") "', '" ID("2") "', '" ID("4") "']}}"),
                     3);
    assert_int_equal(count(world, SV_COLLECTION_VERIFICATION_RECORDS,
                           "{'client_record_id': '" ID("3") "', 'replaced_by': '" ID("4") "'}"),
                     1);
    assert_int_equal(count(world, SV_COLLECTION_VERIFICATION_RECORDS, "{'replaces': ['" ID("3") "']}"), 1);
    assert_int_equal(count(world, SV_COLLECTION_VERIFICATION_RECORDS, "{'serial_numbers': ['A']}"), 1);
    assert_int_equal(
        count(world, SV_COLLECTION_ITEM_SERIALS, "{'serial_number': 'A', 'current.client_record_id': '" ID("2") "'}"),
        1);
    assert_int_equal(count(world, SV_COLLECTION_SYNC_CONFLICTS,
                           "{'client_record_id': '" ID("5") "', 'mine.client_record_id': '" ID("5") "'}"),
                     1);
    assert_int_equal(count(world, SV_COLLECTION_ERP_ITEMS,
                           "{'item_code': 'Caf\xc3\xa9', 'barcodes': ['4006381333931', '4006381333948'], "
                           "'packs.barcodes': '5', 'item_name': 'Cafe\xcc\x81'}"),
                     1);
    assert_int_equal(count(world, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R7', 'warehouse': 'W1'}"), 1);
    assert_int_equal(count(world, SV_COLLECTION_RACK_ITEMS, "{'rack_id': 'R7', 'item_code': 'Caf\xc3\xa9'}"), 1);
}

static void
stored_texts_become_what_comes_in(void **state)
{
    sync_world_t *world = *state;
    int64_t would;

    store_as_before(world);
    would = migrate(world, true, 1000);
    assert_int_equal(would, 9); /* four records, a serial number, a conflict, an item, a rack, and what is on it */
    assert_int_equal(count(world, SV_COLLECTION_VERIFICATION_RECORDS, "{'client_record_id': '" CAPITAL("1") "'}"), 1);
    assert_int_equal(migrate(world, false, 1000), would);
    is_as_now(world);
    /* What is sent again is known, in either spelling. */
    assert_string_equal(world_sync(world, "ann", R(CAPITAL("1"), "ITM-1", 5, "'partial':true"),
                                   R(ID("2"), "SER-1", 1, "'serial_numbers':['A']"), R(CAPITAL("3"), "ITM-3", 3, ""),
                                   R(CAPITAL("4"), "ITM-3", 4, "'replaces':['" CAPITAL("3") "']"), NULL),
                        "ok ok ok ok");
    assert_int_equal(count(world, SV_COLLECTION_VERIFICATION_RECORDS, "{}"), 4);
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 5000000);
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-3"), 4000000);
}

static void
it_goes_on_where_it_was_killed(void **state)
{
    sync_world_t *world = *state;

    store_as_before(world);
    assert_int_equal(migrate(world, false, 1), 9);
    is_as_now(world);
}

static void
of_two_that_become_one_the_second_stays(void **state)
{
    sync_world_t *world = *state;

    make_old(world);
    assert_string_equal(world_sync(world, "ann", R(ID("1"), "ITM-1", 5, "'partial':true"),
                                   R(ID("2"), "ITM-1", 5, "'partial':true"), NULL),
                        "ok ok");
    spell(world, SV_COLLECTION_VERIFICATION_RECORDS, "client_record_id", ID("2"), CAPITAL("1"));
    /* Counted twice by the version before; which of the two is right is nobody's to guess. */
    assert_int_equal(migrate(world, false, 1000), 0);
    assert_int_equal(count(world, SV_COLLECTION_VERIFICATION_RECORDS, "{}"), 2);
    assert_string_equal(world_sync(world, "ann", R(CAPITAL("1"), "ITM-1", 5, "'partial':true"), NULL), "ok");
    assert_int_equal(count(world, SV_COLLECTION_VERIFICATION_RECORDS, "{}"), 2);
}

static void
a_new_database_has_nothing_to_migrate(void **state)
{
    sync_world_t *world = *state;
    sv_error_t error;
    bool due = true;

    sv_error_init(&error, world->arena);
    assert_int_equal(sv_step_texts_is_due(world->store, &due, &error), SV_OK);
    assert_false(due);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANN_ON_R1(a_resend_counts_nothing_anew_before_the_migration),
        WITH_ANN_ON_R1(stored_texts_become_what_comes_in),
        WITH_ANN_ON_R1(it_goes_on_where_it_was_killed),
        WITH_ANN_ON_R1(of_two_that_become_one_the_second_stays),
        WITH_ANN_ON_R1(a_new_database_has_nothing_to_migrate),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
