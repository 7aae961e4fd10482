#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/migrate/migrate.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

/* A step over ten racks, three a chunk; it fails once when it is to. */
enum { RACKS = 10, CHUNK = 3 };
static int fail_at;

static sv_status_t
racks_are_due(sv_store_t *store, bool *due, sv_error_t *error)
{
    (void) store;
    *due = sv_real_count(&real, SV_COLLECTION_RACK_REGISTRY, "{'moved': {'$ne': true}}") > 0;
    return error->status;
}

static sv_status_t
move_racks(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    int64_t from = chunk->cursor != NULL ? sv_doc_int(chunk->cursor, "n") : 0;

    for (int64_t n = from; n < from + CHUNK && n < RACKS; n++) {
        const char *filter = sv_arena_printf(real.arena, "{'n': %d}", (int) n);

        if (n == fail_at) {
            fail_at = -1;
            return sv_fail(error, SV_ERR_UNAVAILABLE, NULL);
        }
        chunk->seen++;
        chunk->changed += sv_real_count(&real, SV_COLLECTION_RACK_REGISTRY,
                                        sv_arena_printf(real.arena, "{'n': %d, 'moved': {'$ne': true}}", (int) n));
        if (!chunk->dry_run) {
            sv_real_update(&real, SV_COLLECTION_RACK_REGISTRY, filter, "{'$set': {'moved': true}}");
        }
    }
    if (from + CHUNK < RACKS) {
        BSON_APPEND_INT64(chunk->next, "n", from + CHUNK);
    }
    return SV_OK;
}

static const sv_migration_step_t steps[] = {
    { "racks", "moves racks", racks_are_due, move_racks },
    { NULL, NULL, NULL, NULL },
};

typedef struct {
    sv_migration_state_t state;
    int64_t seen, changed;
} told_t;

static void
tell(const sv_migration_step_t *step, sv_migration_state_t state, int64_t seen, int64_t changed, void *context)
{
    assert_string_equal(step->name, "racks");
    *(told_t *) context = (told_t){ state, seen, changed };
}

static told_t
run(bool dry_run, bool again, sv_status_t expected)
{
    told_t told = { 0 };
    sv_migration_options_t options = { .dry_run = dry_run, .again = again, .report = tell, .context = &told };
    sv_error_t error;

    sv_error_init(&error, real.arena);
    assert_int_equal(sv_migrations_run(real.store, steps, &options, &error), expected);
    return told;
}

static const char *
due(void)
{
    const sv_migration_step_t *step;
    sv_error_t error;

    sv_error_init(&error, real.arena);
    assert_int_equal(sv_migrations_find_due(real.store, steps, &step, &error), SV_OK);
    return step != NULL ? step->name : "none";
}

static void
add_racks(void)
{
    fail_at = -1;
    for (int n = 0; n < RACKS; n++) {
        sv_real_insert(&real, SV_COLLECTION_RACK_REGISTRY,
                       sv_arena_printf(real.arena, "{'rack_id': 'R%d', 'n': %d}", n, n));
    }
}

static int64_t
moved(void)
{
    return sv_real_count(&real, SV_COLLECTION_RACK_REGISTRY, "{'moved': true}");
}

static void
nothing_is_due_in_a_new_database(void **state)
{
    (void) state;
    assert_string_equal(due(), "none");
    assert_int_equal(run(false, false, SV_OK).state, SV_MIGRATION_NOT_DUE);
}

static void
a_dry_run_changes_nothing(void **state)
{
    told_t told;

    (void) state;
    add_racks();
    told = run(true, false, SV_OK);
    assert_int_equal(told.state, SV_MIGRATION_DONE);
    assert_int_equal(told.seen, RACKS);
    assert_int_equal(told.changed, RACKS);
    assert_int_equal(moved(), 0);
    assert_string_equal(due(), "racks");
}

static void
an_interrupted_step_goes_on(void **state)
{
    told_t told;

    (void) state;
    add_racks();
    fail_at = 7;
    told = run(false, false, SV_ERR_UNAVAILABLE);
    assert_int_equal(told.state, SV_MIGRATION_RUNS);
    assert_int_equal(told.seen, 6);
    assert_int_equal(moved(), 7);
    assert_string_equal(due(), "racks");
    told = run(false, false, SV_OK);
    assert_int_equal(told.state, SV_MIGRATION_DONE);
    assert_int_equal(told.seen, RACKS);
    /* the seventh was moved when the chunk failed, and is found so */
    assert_int_equal(told.changed, RACKS - 1);
    assert_int_equal(moved(), RACKS);
    assert_string_equal(due(), "none");
}

static void
a_step_that_is_done_runs_when_asked_again(void **state)
{
    told_t told;

    (void) state;
    add_racks();
    run(false, false, SV_OK);
    assert_int_equal(run(false, false, SV_OK).state, SV_MIGRATION_NOT_DUE);
    told = run(false, true, SV_OK);
    assert_int_equal(told.state, SV_MIGRATION_DONE);
    assert_int_equal(told.changed, 0);
    assert_string_equal(due(), "none");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_REAL_MONGODB(nothing_is_due_in_a_new_database, &real),
        SV_WITH_REAL_MONGODB(a_dry_run_changes_nothing, &real),
        SV_WITH_REAL_MONGODB(an_interrupted_step_goes_on, &real),
        SV_WITH_REAL_MONGODB(a_step_that_is_done_runs_when_asked_again, &real),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
