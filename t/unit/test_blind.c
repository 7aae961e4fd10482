#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/store/document.h"
#include "core/sync/conflict_view.h"
#include "t/unit/sync_world.h"

#define R(id, item, qty, more) world_record(world, id, "s1", item, qty, more)
#define B(id, item, qty, more) world_record(world, id, "s2", item, qty, more)

/* The count is a blind one from here on, for those who are on its racks and for those who come. */
static void
blindfold(sync_world_t *world, bool blind)
{
    const char *update = blind ? "{'$set': {'blind': true}}" : "{'$set': {'blind': false}}";

    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C1'}", update);
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}", update);
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's2'}", update);
}

/* What the answer to a batch says. */
static const char *
answer_to(sync_world_t *world, const char *user_id, const char *record, sv_sync_result_t *result)
{
    sv_json_writer_t writer;
    sv_buffer_t text;

    *result = world_sync_list(world, world->store, user_id, &record, 1);
    sv_buffer_init(&text, world->arena, 1024);
    sv_json_writer_init(&writer, &text);
    sv_sync_result_write_json(&writer, result);
    return text.data;
}

/* What the list of conflicts says, and what each conflict says by itself. */
static const char *
conflicts_of(sync_world_t *world, const char *user_id)
{
    sv_conflict_query_t query = { .page.limit = 50 };
    sv_principal_t who = world_user(user_id);
    sv_json_writer_t writer;
    sv_conflict_view_t view;
    const bson_t *conflict;
    sv_buffer_t text;
    sv_error_t error;

    sv_error_init(&error, world->arena);
    sv_buffer_init(&text, world->arena, 1024);
    sv_json_writer_init(&writer, &text);
    sv_json_object(&writer, NULL);
    assert_int_equal(sv_conflicts_list(world->store, &who, &query, &writer, &error), SV_OK);
    conflict = sv_real_find(&world->real, SV_COLLECTION_SYNC_CONFLICTS, "{}");
    assert_int_equal(sv_conflict_view(world->store, &who, &conflict, 1, &view, &error), SV_OK);
    sv_conflict_write_json(&writer, "one", conflict, &view);
    sv_json_end(&writer);
    return text.data;
}

static void
tells(const char *text, const char *word, bool does)
{
    if ((strstr(text, word) != NULL) != does) {
        fail_msg("%s in: %s", does ? "not" : "told", text);
    }
}

static void
anothers_figure_is_there_and_no_more(void **state)
{
    sync_world_t *world = *state;
    sv_sync_result_t result;
    const char *answer;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 7777.25, "'remark':'top shelf'"), NULL), "ok");
    world_claim(world, "s2", "bob", "R1", "C1");
    blindfold(world, true);
    answer = answer_to(world, "bob", B("b1", "ITM-1", 7, ""), &result);
    assert_string_equal(world_words(world, &result), "duplicate_count");
    tells(answer, "\"r1\"", true);
    tells(answer, "7777.25", false);
    tells(answer, "top shelf", false);
    tells(conflicts_of(world, "bob"), "\"r1\"", true);
    tells(conflicts_of(world, "bob"), "7777.25", false);
    tells(conflicts_of(world, "bob"), "top shelf", false);
    tells(conflicts_of(world, "sue"), "7777.25", true);
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C1'}", "{'$set': {'status': 'RECONCILE'}}");
    tells(conflicts_of(world, "bob"), "7777.25", false);
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C1'}", "{'$set': {'status': 'CLOSED'}}");
    tells(conflicts_of(world, "bob"), "7777.25", true);
}

static void
ones_own_figure_is_seen(void **state)
{
    sync_world_t *world = *state;
    sv_sync_result_t result;

    world_claim(world, "s2", "bob", "R2", "C1");
    blindfold(world, true);
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 7777.25, "'revision':2"), NULL), "ok");
    tells(answer_to(world, "ann", R("r1", "ITM-1", 4, "'revision':1"), &result), "7777.25", true);
    assert_string_equal(world_words(world, &result), "stale_update");
    tells(conflicts_of(world, "ann"), "7777.25", true);
}

static void
a_serial_number_has_no_place_in_a_blind_count(void **state)
{
    sync_world_t *world = *state;
    sv_sync_result_t result;
    const char *answer;

    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 1, "'serial_numbers':['A']"), NULL), "ok");
    world_claim(world, "s2", "bob", "R2", "C1");
    blindfold(world, true);
    answer = answer_to(world, "bob", B("b1", "SER-1", 1, "'serial_numbers':['a']"), &result);
    assert_string_equal(world_words(world, &result), "duplicate_serial");
    tells(answer, "counted elsewhere", true);
    tells(answer, "R1", false);
    tells(answer, "ann", false);
    tells(conflicts_of(world, "bob"), "R1", false);
    tells(conflicts_of(world, "bob"), "ann", false);
    tells(conflicts_of(world, "sue"), "counted on rack R1 by", true);
    /* The same with open eyes, of one that was counted blindly. */
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's2'}",
                   "{'$set': {'blind': false}}");
    tells(answer_to(world, "bob", B("b2", "SER-1", 1, "'serial_numbers':['A']"), &result), "R1", false);
    blindfold(world, false);
    tells(answer_to(world, "bob", B("b3", "SER-1", 1, "'serial_numbers':['A']"), &result), "R1", true);
}

static void
a_serial_number_of_ones_own_has_a_place(void **state)
{
    sync_world_t *world = *state;
    sv_sync_result_t result;

    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 1, "'serial_numbers':['A']"), NULL), "ok");
    world_claim(world, "s2", "ann", "R2", "C1");
    blindfold(world, true);
    tells(answer_to(world, "ann", B("r2", "SER-1", 1, "'serial_numbers':['A']"), &result), "rack R1", true);
    assert_string_equal(world_words(world, &result), "duplicate_serial");
}

/* The warehouse has a blind count; what is counted here is of another one, whose figures would tell nearly as much. */
static void
a_blind_count_beside(void **state)
{
    sync_world_t *world = *state;
    sv_sync_result_t result;
    const char *answer;

    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 7777.25, ""), NULL), "ok");
    assert_string_equal(world_sync(world, "ann", R("r2", "SER-1", 1, "'serial_numbers':['A']"), NULL), "ok");
    world_claim(world, "s2", "bob", "R1", "C1");
    world_count(world, "C2", "OPEN");
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C2'}", "{'$set': {'blind': true}}");
    answer = answer_to(world, "bob", B("b1", "ITM-1", 7, ""), &result);
    assert_string_equal(world_words(world, &result), "duplicate_count");
    tells(answer, "\"r1\"", true);
    tells(answer, "7777.25", false);
    tells(conflicts_of(world, "bob"), "7777.25", false);
    tells(conflicts_of(world, "sue"), "7777.25", true);
    answer = answer_to(world, "bob", B("b2", "SER-1", 1, "'serial_numbers':['A']"), &result);
    assert_string_equal(world_words(world, &result), "duplicate_serial");
    tells(answer, "counted elsewhere", true);
    tells(answer, "R1", false);
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C2'}", "{'$set': {'status': 'APPROVED'}}");
    tells(conflicts_of(world, "bob"), "7777.25", true);
    tells(answer_to(world, "bob", B("b3", "ITM-1", 7, ""), &result), "7777.25", true);
}

/* Where the serial number was counted another count is blind, not where the sender counts. */
static void
a_blind_count_beside_that_of_the_serial_number(void **state)
{
    sync_world_t *world = *state;
    sv_sync_result_t result;
    const char *answer;

    assert_string_equal(world_sync(world, "ann", R("r1", "SER-1", 1, "'serial_numbers':['A']"), NULL), "ok");
    world_count(world, "C2", "OPEN");
    world_claim(world, "s2", "bob", "R2", "C2");
    world_count(world, "C3", "OPEN");
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C1'}", "{'$set': {'warehouse': 'W2'}}");
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C3'}",
                   "{'$set': {'warehouse': 'W2', 'blind': true}}");
    answer = answer_to(world, "bob", B("b1", "SER-1", 1, "'serial_numbers':['A']"), &result);
    assert_string_equal(world_words(world, &result), "duplicate_serial");
    tells(answer, "counted elsewhere", true);
    tells(answer, "R1", false);
    tells(conflicts_of(world, "bob"), "R1", false);
    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C3'}", "{'$set': {'status': 'APPROVED'}}");
    tells(answer_to(world, "bob", B("b2", "SER-1", 1, "'serial_numbers':['A']"), &result), "R1", true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANN_ON_R1(anothers_figure_is_there_and_no_more),
        WITH_ANN_ON_R1(ones_own_figure_is_seen),
        WITH_ANN_ON_R1(a_serial_number_has_no_place_in_a_blind_count),
        WITH_ANN_ON_R1(a_serial_number_of_ones_own_has_a_place),
        WITH_ANN_ON_R1(a_blind_count_beside),
        WITH_ANN_ON_R1(a_blind_count_beside_that_of_the_serial_number),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
