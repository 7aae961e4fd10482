/* Lines that were counted before there was a review, conflicts of old edits, records without the time of their counting,
 * and what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/migrate/migrate.h"
#include "core/review/undecided.h"
#include "core/store/document.h"
#include "core/sync/counted_step.h"
#include "core/sync/outdated_step.h"
#include "core/totals/line_step.h"
#include "core/totals/totals.h"
#include "t/unit/sync_world.h"

enum { LINES = 600 };

static int chunks_left;
static const sv_migration_step_t *tried;

static sv_status_t
run_until_killed(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    if (chunks_left-- == 0) {
        return sv_fail(error, SV_ERR_UNAVAILABLE, NULL);
    }
    return tried->run_chunk(chunk, error);
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

/* How many documents it changed, or would; killed after each chunk. */
static int64_t
migrate(sync_world_t *world, const sv_migration_step_t *step, bool dry_run)
{
    const sv_migration_step_t steps[] = {
        { step->name, "", step->is_due, run_until_killed },
        { NULL, NULL, NULL, NULL },
    };
    int64_t changed = 0;
    sv_migration_options_t options = { .dry_run = dry_run, .report = report, .context = &changed };
    sv_status_t status;
    int runs = 0;

    tried = step;
    do {
        sv_error_t error;

        sv_error_init(&error, world->arena);
        chunks_left = dry_run ? -1 : 1;
        status = sv_migrations_run(world->store, steps, &options, &error);
        assert_true(status == SV_OK || status == SV_ERR_UNAVAILABLE);
        assert_true(++runs < 20);
    } while (status != SV_OK);
    return changed;
}

static const sv_migration_step_t lines_step = { "line_states", "", sv_line_step_is_due, sv_line_step_run };
static const sv_migration_step_t conflicts_step = { "outdated_conflicts", "", sv_outdated_step_is_due,
                                                    sv_outdated_step_run };

static const sv_migration_step_t counted_step = { "counted_at", "", sv_counted_step_is_due, sv_counted_step_run };

static bool
is_due(sync_world_t *world, const sv_migration_step_t *step)
{
    sv_error_t error;
    bool due = false;

    sv_error_init(&error, world->arena);
    assert_int_equal(step->is_due(world->store, &due, &error), SV_OK);
    return due;
}

static void
derive(sync_world_t *world)
{
    sv_totals_t done = { .more = true };
    sv_error_t error;

    sv_error_init(&error, world->arena);
    while (done.more) {
        assert_int_equal(sv_totals_round(world->store, &done, &error), SV_OK);
    }
}

/* The first reason for which the count may not be approved, "none" without one. */
static const char *
barred(sync_world_t *world, const char *count_id)
{
    sv_undecided_t bars;
    sv_error_t error;

    sv_error_init(&error, world->arena);
    assert_int_equal(sv_review_undecided(world->store, count_id, 5, &bars, world->arena, &error), SV_OK);
    return bars.count > 0 ? sv_bar_reasons[bars.rows[0].reason] : "none";
}

static int64_t
lines(sync_world_t *world, const char *filter)
{
    return sv_real_count(&world->real, SV_COLLECTION_SESSION_BOOK, filter);
}

/* A line as the version before stored it, of an item that was counted on a completed rack as the books say. */
static void
add_line(sync_world_t *world, const char *count_id, int n)
{
    sv_real_insert(
        &world->real, SV_COLLECTION_SESSION_BOOK,
        sv_arena_printf(world->arena,
                        "{'session_id': '%s', 'warehouse': 'W1', 'item_code': 'OLD-%d', 'book': 'warehouse', "
                        "'system_qty': {'$numberDecimal': '5'}, 'frozen_at': {'$date': '2026-01-01T08:00:00Z'}, "
                        "'counted': {'verified_qty': {'$numberDecimal': '5'}, 'variance': "
                        "{'$numberDecimal': '0'}, 'records': 1}}",
                        count_id, n));
    sv_real_insert(
        &world->real, SV_COLLECTION_VERIFICATION_RECORDS,
        sv_arena_printf(world->arena,
                        "{'client_record_id': '%s-%d', 'session_id': 's-%s', 'count_id': '%s', 'rack_id': 'R1', "
                        "'item_code': 'OLD-%d', 'user_id': 'ann', 'verified_qty': {'$numberDecimal': '5'}, "
                        "'status': 'finalized', 'superseded': false, 'changed_at': {'$date': "
                        "'2026-01-02T08:00:00Z'}}",
                        count_id, n, count_id, count_id, n));
}

static void
add_count(sync_world_t *world, const char *count_id, const char *status)
{
    sv_real_insert(&world->real, SV_COLLECTION_SESSIONS,
                   sv_arena_printf(world->arena,
                                   "{'session_id': '%s', 'kind': 'opened', 'warehouse': 'W1', 'status': '%s', "
                                   "'book_state': 'frozen', 'book_items': 1}",
                                   count_id, status));
    sv_real_insert(
        &world->real, SV_COLLECTION_VERIFICATION_SESSIONS,
        sv_arena_printf(world->arena,
                        "{'session_id': 's-%s', 'count_id': '%s', 'rack_id': 'R1', 'user_id': 'ann', 'fence': 1, "
                        "'round': 1, 'status': 'completed', 'rack_completed': true, 'superseded': false}",
                        count_id, count_id));
}

static void
lines_that_say_nothing_of_themselves_are_derived(void **state)
{
    sync_world_t *world = *state;

    for (int n = 0; n < LINES; n++) {
        sv_real_insert(&world->real, SV_COLLECTION_ERP_ITEMS,
                       sv_arena_printf(world->arena, "{'item_code': 'OLD-%d', 'uom': 'PCS'}", n));
    }
    assert_false(is_due(world, &lines_step));
    add_count(world, "LIVE", "RECONCILE");
    add_count(world, "OVER", "CLOSED");
    for (int n = 0; n < LINES; n++) {
        add_line(world, n % 3 == 0 ? "OVER" : "LIVE", n);
    }
    assert_string_equal(barred(world, "LIVE"), "incomplete");
    assert_true(is_due(world, &lines_step));
    assert_int_equal(migrate(world, &lines_step, true), LINES);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 0);
    assert_int_equal(migrate(world, &lines_step, false), LINES);
    derive(world);
    assert_false(is_due(world, &lines_step));
    assert_int_equal(lines(world, "{'state': 'counted', 'version': 1, 'undecided': false}"), LINES);
    assert_string_equal(barred(world, "LIVE"), "none");
    /* With --again, or noted twice by one that was killed: the same. */
    assert_int_equal(migrate(world, &lines_step, false), 0);
    assert_int_equal(lines(world, "{'version': {'$gt': 1}}"), 0);
}

/* As the version before kept it: nothing says what is newer. */
static void
forget_outdated(sync_world_t *world)
{
    sv_real_update(&world->real, SV_COLLECTION_SYNC_CONFLICTS, "{}", "{'$unset': {'outdated': ''}}");
}

static void
conflicts_of_old_edits_bar_nothing(void **state)
{
    sync_world_t *world = *state;
    const char *equal;

    assert_string_equal(world_sync(world, "ann", world_record(world, "a", "s1", "ITM-1", 5, "'revision':3"),
                                   world_record(world, "b", "s1", "ITM-2", 5, "'revision':3"), NULL),
                        "ok ok");
    world_meet(world, "ann", world_record(world, "a", "s1", "ITM-1", 4, "'revision':2"), "stale_update");
    equal = world_meet(world, "ann", world_record(world, "b", "s1", "ITM-2", 4, "'revision':3"), "stale_update");
    /* What this version keeps needs no migration. */
    assert_false(is_due(world, &conflicts_step));
    forget_outdated(world);
    assert_true(is_due(world, &conflicts_step));
    derive(world);
    assert_int_equal(lines(world, "{'conflicts': 1}"), 2);
    assert_int_equal(migrate(world, &conflicts_step, true), 1);
    assert_true(is_due(world, &conflicts_step));
    assert_int_equal(migrate(world, &conflicts_step, false), 1);
    assert_false(is_due(world, &conflicts_step));
    derive(world);
    /* Of two edits that call themselves the same one a person has to choose. */
    assert_int_equal(lines(world, "{'item_code': 'ITM-1', 'conflicts': 0}"), 1);
    assert_int_equal(lines(world, "{'item_code': 'ITM-2', 'conflicts': 1}"), 1);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_SYNC_CONFLICTS,
                                   sv_arena_printf(world->arena, "{'conflict_id': '%s', 'outdated': false}", equal)),
                     1);
}

static void
records_are_given_when_they_were_counted(void **state)
{
    sync_world_t *world = *state;
    const char *of_then = "{'counted_at': {'$date': '2026-01-02T08:00:00Z'}}";

    assert_false(is_due(world, &counted_step));
    for (int n = 0; n < LINES; n++) {
        add_line(world, "LIVE", n);
    }
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'item_code': 'OLD-7'}",
                   "{'$set': {'counted_at': {'$date': '2026-01-01T09:30:00Z'}}}");
    assert_true(is_due(world, &counted_step));
    assert_int_equal(migrate(world, &counted_step, true), LINES - 1);
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, of_then), 0);
    assert_int_equal(migrate(world, &counted_step, false), LINES - 1);
    assert_false(is_due(world, &counted_step));
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, of_then), LINES - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(lines_that_say_nothing_of_themselves_are_derived),
        WITH_ANN_ON_R1(conflicts_of_old_edits_bar_nothing),
        WITH_WORLD(records_are_given_when_they_were_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
