/* What a count says of serial numbers: found, misplaced, missing, duplicate, swapped at zero net; and where they were.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/serials/serial_life.h"
#include "core/serials/serial_list.h"
#include "core/store/document.h"
#include "t/unit/sync_world.h"

/* item, number, rack in the count, rack before, contested -> state, swapped */
static const struct {
    const char *title;
    size_t count;
    sv_serial_sight_t sights[4];
} cases[] = {
    { "where it was", 1, { { "S1", "s1", "A", "R1", "R1", false, SV_SERIAL_FOUND, false } } },
    { "for the first time", 1, { { "S1", "s1", "A", "R1", NULL, false, SV_SERIAL_FOUND, false } } },
    { "elsewhere", 1, { { "S1", "s1", "A", "R2", "R1", false, SV_SERIAL_MISPLACED, false } } },
    { "nowhere", 1, { { "S1", "s1", "A", NULL, "R1", false, SV_SERIAL_MISSING, false } } },
    { "contested", 1, { { "S1", "s1", "A", "R1", "R1", true, SV_SERIAL_DUPLICATE, false } } },
    { "under two items",
      2,
      { { "S1", "s1", "A", "R1", NULL, false, SV_SERIAL_DUPLICATE, false },
        { "s1", "s1", "B", "R1", NULL, false, SV_SERIAL_DUPLICATE, false } } },
    { "under one, gone from the other",
      2,
      { { "S1", "s1", "A", "R1", "R1", false, SV_SERIAL_FOUND, false },
        { "S1", "s1", "B", NULL, "R1", false, SV_SERIAL_MISSING, false } } },
    { "one for another",
      3,
      { { "S1", "s1", "A", NULL, "R1", false, SV_SERIAL_MISSING, true },
        { "S2", "s2", "A", "R1", NULL, false, SV_SERIAL_FOUND, true },
        { "S3", "s3", "A", "R1", "R1", false, SV_SERIAL_FOUND, false } } },
    { "two for one is a variance",
      3,
      { { "S1", "s1", "A", NULL, "R1", false, SV_SERIAL_MISSING, false },
        { "S2", "s2", "A", "R1", NULL, false, SV_SERIAL_FOUND, false },
        { "S3", "s3", "A", "R1", NULL, false, SV_SERIAL_FOUND, false } } },
    { "of another item is no swap",
      2,
      { { "S1", "s1", "A", NULL, "R1", false, SV_SERIAL_MISSING, false },
        { "S2", "s2", "B", "R1", NULL, false, SV_SERIAL_FOUND, false } } },
};

static void
states(void **state)
{
    sv_arena_t *arena = sv_arena_create();

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sv_serial_sight_t sights[4];

        memcpy(sights, cases[i].sights, sizeof(sights));
        for (size_t j = 0; j < cases[i].count; j++) {
            sights[j].state = SV_SERIAL_STATES;
            sights[j].swapped = !sights[j].swapped;
        }
        sv_serial_states_decide(sights, cases[i].count, arena);
        for (size_t j = 0; j < cases[i].count; j++) {
            if (sights[j].state != cases[i].sights[j].state || sights[j].swapped != cases[i].sights[j].swapped) {
                fail_msg("%s: %s is %s%s", cases[i].title, sights[j].serial_number, sv_serial_states[sights[j].state],
                         sights[j].swapped ? " swapped" : "");
            }
        }
    }
    sv_arena_destroy(arena);
}

/* "S1 missing swapped, S2 found". */
static const char *
spelt(sync_world_t *world, const sv_serials_of_count_t *serials)
{
    const char *text = "";

    for (size_t i = 0; i < serials->count; i++) {
        const sv_serial_sight_t *sight = &serials->sights[i];

        text = sv_arena_printf(world->arena, "%s%s%s %s%s", text, i > 0 ? ", " : "", sight->serial_number,
                               sv_serial_states[sight->state], sight->swapped ? " swapped" : "");
    }
    return text;
}

/* What a count says. */
static const char *
told(sync_world_t *world, const char *count_id, const char *item_code)
{
    sv_serials_of_count_t serials;
    sv_error_t error;

    sv_error_init(&error, world->arena);
    assert_int_equal(sv_serials_of_count(world->store, count_id, item_code, &serials, &error), SV_OK);
    return spelt(world, &serials);
}

typedef struct {
    sync_world_t *world;
    sv_serial_figure_t figures[8];
    size_t count;
} figures_t;

static void
add_figure(const bson_t *record, void *context)
{
    figures_t *figures = context;
    sv_arena_t *arena = figures->world->arena;

    figures->figures[figures->count++] =
        (sv_serial_figure_t){ sv_doc_text(record, "item_code", arena), sv_doc_text(record, "rack_id", arena),
                              sv_doc_copy(sv_doc_child(record, "serial_numbers", arena), arena) };
}

/* The same to whom its figures of an item are known. */
static const char *
told_by_figures(sync_world_t *world, const char *count_id, const char *item_code)
{
    figures_t figures = { .world = world };
    sv_serials_of_count_t serials;
    sv_error_t error;
    bson_t *filter =
        sv_doc_take(BCON_NEW("count_id", BCON_UTF8(count_id), "item_code", BCON_UTF8(item_code)), world->arena);

    sv_error_init(&error, world->arena);
    assert_int_equal(
        sv_store_each(world->store, SV_COLLECTION_VERIFICATION_RECORDS, filter, NULL, add_figure, &figures, &error),
        SV_OK);
    assert_int_equal(sv_serials_of_figures(world->store, count_id, figures.figures, figures.count, &serials, &error),
                     SV_OK);
    return spelt(world, &serials);
}

static void
start(sync_world_t *world, const char *count_id, const char *at)
{
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS,
                   sv_arena_printf(world->arena, "{'session_id': '%s'}", count_id),
                   sv_arena_printf(world->arena, "{'$set': {'started_at': {'$date': '%s'}}}", at));
}

/* Another count, long after what was counted until now. */
static void
next_count(sync_world_t *world)
{
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C1'}", "{'$set': {'status': 'CLOSED'}}");
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}",
                   "{'$set': {'count_state': 'CLOSED'}}");
    world_count(world, "C2", "OPEN");
    start(world, "C1", "2020-01-01T00:00:00Z");
    start(world, "C2", "2999-01-01T00:00:00Z");
    world_claim(world, "t1", "ann", "R1", "C2");
    world_claim(world, "t2", "bob", "R2", "C2");
}

#define N(id, session, item, n, serials) world_record(world, id, session, item, n, "'serial_numbers':[" serials "]")

static void
what_a_later_count_says_of_them(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(world_sync(world, "ann", N("r1", "s1", "SER-1", 3, "'S1','S2','S3'"),
                                   N("r2", "s1", "SER-2", 2, "'T1','T2'"), NULL),
                        "ok ok");
    start(world, "C1", "2020-01-01T00:00:00Z");
    assert_string_equal(told(world, "C1", NULL), "S1 found, S2 found, S3 found, T1 found, T2 found");
    next_count(world);
    assert_string_equal(world_sync(world, "ann", N("q1", "t1", "SER-1", 2, "'s1','NEW'"), NULL), "ok");
    assert_string_equal(
        world_sync(world, "bob", N("q2", "t2", "SER-1", 1, "'S3'"), N("q3", "t2", "SER-2", 1, "'T1'"), NULL), "ok ok");
    assert_string_equal(told(world, "C2", "SER-1"), "NEW found swapped, S1 found, S2 missing swapped, S3 misplaced");
    assert_string_equal(told(world, "C2", NULL),
                        "NEW found swapped, S1 found, S2 missing swapped, S3 misplaced, T1 misplaced, T2 missing");
    assert_string_equal(told_by_figures(world, "C2", "SER-1"),
                        "NEW found swapped, s1 found, S2 missing swapped, S3 misplaced");
    assert_string_equal(told_by_figures(world, "C2", "SER-2"), "T1 misplaced, T2 missing");
    /* and the count before says what it said */
    assert_string_equal(told_by_figures(world, "C1", "SER-1"), "S1 found, S2 found, S3 found");
    assert_string_equal(told(world, "C1", "SER-1"), "S1 found, S2 found, S3 found");
}

static void
met_twice_it_is_a_duplicate_in_either_scope(void **state)
{
    sync_world_t *world = *state;

    world_claim(world, "s2", "bob", "R2", "C1");
    assert_string_equal(world_sync(world, "ann", N("r1", "s1", "SER-1", 1, "'S1'"), NULL), "ok");
    assert_string_equal(world_sync(world, "bob", N("r2", "s2", "SER-2", 1, "'s1'"), NULL), "duplicate_serial");
    assert_string_equal(told(world, "C1", NULL), "S1 duplicate");
    assert_string_equal(told_by_figures(world, "C1", "SER-1"), "S1 duplicate");
    world->real.settings.serial_scope = "item";
    assert_string_equal(world_sync(world, "ann", N("r3", "s1", "SER-3", 1, "'X1'"), NULL), "ok");
    assert_string_equal(world_sync(world, "bob", N("r4", "s2", "SER-4", 1, "'x1'"), NULL), "ok");
    assert_string_equal(told(world, "C1", "SER-3"), "X1 found");
    assert_string_equal(told(world, "C1", NULL), "S1 duplicate, X1 duplicate, x1 duplicate");
}

static const char *
life(sync_world_t *world, const char *user_id, const char *serial_number)
{
    sv_principal_t who = world_user(user_id);
    sv_json_writer_t writer;
    sv_buffer_t text;
    sv_error_t error;

    sv_error_init(&error, world->arena);
    sv_buffer_init(&text, world->arena, 1024);
    sv_json_writer_init(&writer, &text);
    return sv_serial_life_write(world->store, &who, serial_number, &writer, &error) == SV_OK
               ? sv_arena_printf(world->arena, "%.*s", (int) text.length, text.data)
               : "none";
}

static void
its_life_tells_every_place_but_others_of_a_blind_count(void **state)
{
    sync_world_t *world = *state;

    assert_string_equal(life(world, "sue", "S1"), "none");
    assert_string_equal(world_sync(world, "ann", N("r1", "s1", "SER-1", 1, "'S1'"), NULL), "ok");
    next_count(world);
    assert_string_equal(world_sync(world, "bob", N("q2", "t2", "SER-1", 1, "'s1'"), NULL), "ok");
    assert_string_equal(world_sync(world, "ann", N("q3", "t1", "SER-1", 1, "'S1'"), NULL), "duplicate_serial");
    assert_non_null(strstr(life(world, "sue", "s1"), "\"current\":{\"n\":2,\"hidden\":false,\"count_id\":\"C2\""));
    assert_non_null(strstr(life(world, "sue", "s1"), "\"places\":[{\"n\":1,\"hidden\":false,\"count_id\":\"C1\""));
    assert_non_null(strstr(life(world, "sue", "s1"), "\"client_record_id\":\"q3\""));
    assert_non_null(strstr(life(world, "ann", "S1"), "\"rack_id\":\"R2\""));
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C2'}", "{'$set': {'blind': true}}");
    assert_non_null(strstr(life(world, "ann", "S1"), "\"current\":{\"n\":2,\"hidden\":true}"));
    assert_null(strstr(life(world, "ann", "S1"), "R2"));
    assert_null(strstr(life(world, "bob", "S1"), "q3"));
    assert_non_null(strstr(life(world, "bob", "S1"), "\"rack_id\":\"R2\""));
    assert_non_null(strstr(life(world, "sue", "S1"), "\"rack_id\":\"R2\""));
    /* Nor of a count that is not, while there is a blind one beside it. */
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C2'}", "{'$set': {'blind': false}}");
    world_count(world, "C9", "OPEN");
    assert_non_null(strstr(life(world, "ann", "S1"), "\"rack_id\":\"R2\""));
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C9'}", "{'$set': {'blind': true}}");
    assert_null(strstr(life(world, "ann", "S1"), "R2"));
    assert_non_null(strstr(life(world, "bob", "S1"), "\"rack_id\":\"R2\""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states),
        WITH_ANN_ON_R1(what_a_later_count_says_of_them),
        WITH_ANN_ON_R1(met_twice_it_is_a_duplicate_in_either_scope),
        WITH_ANN_ON_R1(its_life_tells_every_place_but_others_of_a_blind_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
