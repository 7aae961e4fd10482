#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/floor/heartbeat.h"
#include "core/store/document.h"
#include "core/store/transaction.h"
#include "t/unit/floor_fixture.h"

static sv_real_mongodb_t real;

static int
open_database(void **state)
{
    (void) state;
    return sv_real_mongodb_open(&real) ? 0 : -1;
}

static int
close_database(void **state)
{
    (void) state;
    sv_real_mongodb_close(&real);
    return 0;
}

static void
a_claim_opens_a_session_in_the_standing_count(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF);
    sv_claim_result_t claim;
    sv_rack_t rack;

    (void) state;
    sv_fixture_rack(&real, "A1", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "A1", &claim), SV_OK);
    assert_false(claim.resumed);
    assert_int_equal(claim.session.fence, 1);
    assert_int_equal(claim.session.round, 1);
    assert_true(claim.session.started_at_ms > 0);
    rack = sv_fixture_read_rack(&real, "A1");
    assert_string_equal(rack.status, "claimed");
    assert_string_equal(rack.session_id, claim.session.session_id);
    assert_string_equal(rack.user_id, "asha");
    assert_int_equal(rack.hold_ms, (real.settings.rack_lock_ttl + real.settings.rack_hold_margin) * 1000);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSIONS, "{'warehouse':'W1','kind':'standing'}"), 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'rack_id':'A1','action':'rack.claim','user_id':'asha','sealed':false}"),
                     1);
    assert_non_null(strstr(claim.session.session_id, "session_asha_A1_"));
}

static void
a_second_claim_of_the_holder_gives_the_same_session(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF);
    sv_claim_result_t first, second;

    (void) state;
    sv_fixture_rack(&real, "A2", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "A2", &first), SV_OK);
    assert_int_equal(sv_fixture_claim(&real, &asha, "A2", &second), SV_OK);
    assert_true(second.resumed);
    assert_string_equal(second.session.session_id, first.session.session_id);
    assert_int_equal(second.session.fence, first.session.fence);
}

static void
a_held_rack_is_refused_with_its_holder(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF), ben = sv_fixture_user("ben", SV_ROLE_STAFF);
    sv_claim_result_t claim, refused;

    (void) state;
    sv_fixture_rack(&real, "A3", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "A3", &claim), SV_OK);
    assert_int_equal(sv_fixture_claim(&real, &ben, "A3", &refused), SV_ERR_RACK_LOCKED);
    assert_non_null(real.error.holder);
    assert_string_equal(real.error.holder->user_id, "asha");
    assert_string_equal(real.error.holder->full_name, "Somebody {");
    assert_string_equal(real.error.holder->session_id, claim.session.session_id);
    assert_in_range(real.error.holder->lock_ttl_s, 1, real.settings.rack_lock_ttl + real.settings.rack_hold_margin);
    assert_int_equal(sv_fixture_read_rack(&real, "A3").fence, 1);
}

static void
a_paused_rack_is_kept_without_any_lease(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF), ben = sv_fixture_user("ben", SV_ROLE_STAFF);
    sv_claim_result_t claim;
    sv_rack_change_result_t change;

    (void) state;
    sv_fixture_rack(&real, "A4", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "A4", &claim), SV_OK);
    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_PAUSE, "A4", NULL, &change), SV_OK);
    assert_int_equal(change.lock_ttl_s, real.settings.rack_pause_ttl);
    assert_int_equal(sv_fixture_claim(&real, &ben, "A4", &claim), SV_ERR_RACK_LOCKED);
    assert_string_equal(sv_fixture_read_rack(&real, "A4").status, "paused");
    /* Past its end the pause gives the rack to the next. */
    sv_fixture_lapse(&real, "A4");
    assert_int_equal(sv_fixture_claim(&real, &ben, "A4", &claim), SV_OK);
    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_RESUME, "A4", change.session.session_id, &change),
                     SV_ERR_LOCK_LOST);
    assert_string_equal(real.error.holder->user_id, "ben");
}

static void
a_silent_holder_is_displaced(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF), ben = sv_fixture_user("ben", SV_ROLE_STAFF);
    sv_claim_result_t first, second;
    sv_floor_session_t displaced;

    (void) state;
    sv_fixture_rack(&real, "A5", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "A5", &first), SV_OK);
    sv_fixture_lapse(&real, "A5");
    assert_int_equal(sv_fixture_claim(&real, &ben, "A5", &second), SV_OK);
    assert_int_equal(second.session.fence, first.session.fence + 1);
    assert_int_equal(second.session.round, 1); /* it goes on with the counting of the rack */
    displaced = sv_fixture_read_session(&real, first.session.session_id);
    assert_true(displaced.superseded);
    assert_int_equal(displaced.status, SV_SESSION_INTERRUPTED);
}

static void
a_silent_holder_nobody_displaced_goes_on(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF);
    sv_claim_result_t first, second;

    (void) state;
    sv_fixture_rack(&real, "A6", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "A6", &first), SV_OK);
    sv_fixture_lapse(&real, "A6");
    sv_real_update(&real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'rack_id':'A6'}", "{'$set':{'status':'interrupted'}}");
    sv_real_update(&real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id':'A6'}",
                   "{'$set':{'status':'available','hold_ms':{'$numberLong':'0'}}}");
    assert_int_equal(sv_fixture_claim(&real, &asha, "A6", &second), SV_OK);
    assert_true(second.resumed);
    assert_string_equal(second.session.session_id, first.session.session_id);
    assert_int_equal(second.session.status, SV_SESSION_ACTIVE);
    assert_string_equal(sv_fixture_read_rack(&real, "A6").status, "claimed");
}

static void
release_frees_the_rack_and_repeats_its_answer(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF), ben = sv_fixture_user("ben", SV_ROLE_STAFF);
    sv_claim_result_t first, second, third;
    sv_rack_change_result_t change;

    (void) state;
    sv_fixture_rack(&real, "A7", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "A7", &first), SV_OK);
    assert_int_equal(sv_fixture_change(&real, &ben, SV_RACK_RELEASE, "A7", NULL, &change), SV_ERR_LOCK_LOST);
    assert_int_equal(sv_fixture_change(&real, &ben, SV_RACK_RELEASE, "A7", first.session.session_id, &change),
                     SV_ERR_FORBIDDEN);
    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_RELEASE, "A7", NULL, &change), SV_OK);
    assert_int_equal(change.session.status, SV_SESSION_COMPLETED);
    assert_int_equal(change.lock_ttl_s, 0);
    assert_string_equal(sv_fixture_read_rack(&real, "A7").status, "available");
    /* The same second: the plain id is taken, the fence makes another. */
    assert_int_equal(sv_fixture_claim(&real, &asha, "A7", &second), SV_OK);
    assert_string_not_equal(second.session.session_id, first.session.session_id);
    assert_false(second.resumed);
    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_RELEASE, "A7", second.session.session_id, &change), SV_OK);
    assert_int_equal(sv_fixture_claim(&real, &ben, "A7", &third), SV_OK);
    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_RELEASE, "A7", first.session.session_id, &change), SV_OK);
    assert_string_equal(change.session.session_id, first.session.session_id);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'rack_id':'A7','action':'rack.release'}"), 2);
    assert_string_equal(sv_fixture_read_rack(&real, "A7").session_id, third.session.session_id);
}

static void
a_supervisor_releases_any_rack_and_is_audited(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF), boss = sv_fixture_user("boss", SV_ROLE_SUPERVISOR);
    sv_claim_result_t claim;
    sv_rack_change_result_t change;

    (void) state;
    sv_fixture_rack(&real, "A8", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "A8", &claim), SV_OK);
    assert_int_equal(sv_fixture_change(&real, &boss, SV_RACK_RELEASE, "A8", NULL, &change), SV_OK);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'rack_id':'A8','action':'rack.release','user_id':'boss',"
                                   "'details.session_of':'asha'}"),
                     1);
}

static void
a_completed_rack_needs_recount(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF), ben = sv_fixture_user("ben", SV_ROLE_STAFF);
    sv_claim_result_t first, second;
    sv_rack_change_result_t change, again;
    sv_claim_t recount = { .who = &ben, .rack_id = "A9", .recount = true };

    (void) state;
    sv_fixture_rack(&real, "A9", "W1", "F1");
    sv_real_insert(&real, SV_COLLECTION_RACK_ITEMS, "{'rack_id':'A9','item_code':'I1','deleted':false}");
    sv_real_insert(&real, SV_COLLECTION_RACK_ITEMS, "{'rack_id':'A9','item_code':'I2','deleted':false}");
    sv_real_insert(&real, SV_COLLECTION_RACK_ITEMS, "{'rack_id':'A9','item_code':'I3','deleted':true}");
    assert_int_equal(sv_fixture_claim(&real, &asha, "A9", &first), SV_OK);
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   sv_arena_printf(real.arena,
                                   "{'client_record_id':'r1','session_id':'%s','item_code':'I1','status':'finalized',"
                                   "'whole':true,'damage_qty':{'$numberDecimal':'1'}}",
                                   first.session.session_id));
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   sv_arena_printf(real.arena,
                                   "{'client_record_id':'r2','session_id':'%s','item_code':'I9','status':'finalized',"
                                   "'whole':true}",
                                   first.session.session_id));
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   sv_arena_printf(real.arena,
                                   "{'client_record_id':'r3','session_id':'%s','item_code':'I2','status':'void'}",
                                   first.session.session_id));
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   sv_arena_printf(real.arena,
                                   "{'client_record_id':'r4','session_id':'%s','item_code':'I2','status':'finalized',"
                                   "'standing':'replaced','counts':false,'damage_qty':{'$numberDecimal':'1'}}",
                                   first.session.session_id));
    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_COMPLETE, NULL, first.session.session_id, &change), SV_OK);
    assert_int_equal(change.stats.total_items, 3); /* I1 and I2 expected, I9 found */
    assert_int_equal(change.stats.verified_items, 2);
    assert_int_equal(change.stats.damage_items, 1);
    assert_int_equal(change.stats.pending_items, 1);
    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_COMPLETE, NULL, first.session.session_id, &again), SV_OK);
    assert_memory_equal(&again.stats, &change.stats, sizeof(change.stats));
    assert_string_equal(sv_fixture_read_rack(&real, "A9").status, "completed");
    assert_true(sv_fixture_read_rack(&real, "A9").last_verified_at_ms > 0);
    assert_int_equal(sv_fixture_claim(&real, &ben, "A9", &second), SV_ERR_RACK_COMPLETED);
    sv_error_clear(&real.error);
    assert_int_equal(sv_rack_claim(real.store, &recount, real.arena, &second, &real.error), SV_OK);
    assert_int_equal(second.session.round, 2);
    assert_true(sv_fixture_read_session(&real, first.session.session_id).superseded);
}

static void
unknown_racks_and_wrong_floors_are_named(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF);
    sv_claim_t claim = { .who = &asha, .rack_id = "A10", .floor = "F9" };
    sv_claim_result_t result;
    sv_rack_change_result_t change;

    (void) state;
    sv_fixture_rack(&real, "A10", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "nowhere", &result), SV_ERR_NOT_FOUND);
    sv_error_clear(&real.error);
    assert_int_equal(sv_rack_claim(real.store, &claim, real.arena, &result, &real.error), SV_ERR_VALIDATION_FAILED);
    assert_string_equal(real.error.details[0].field, "floor");
    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_PAUSE, "A10", NULL, &change), SV_ERR_LOCK_LOST);
    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_PAUSE, "A10", "nothing", &change), SV_ERR_NOT_FOUND);
}

/* ---- races */

enum { RACERS = 6, RACE_ROUNDS = 200 };

static pthread_barrier_t start_line, finish_line;

typedef struct {
    char user_id[16];
    sv_store_t *store;
    int64_t fence; /* of the round won; 0: lost */
    int failures;  /* other than losing */
} racer_t;

static void *
race(void *argument)
{
    racer_t *racer = argument;
    sv_principal_t who = sv_fixture_user(racer->user_id, SV_ROLE_STAFF);

    for (int round = 0; round < RACE_ROUNDS; round++) {
        sv_arena_t *arena = sv_arena_create();
        sv_claim_t claim = { .who = &who, .rack_id = "RACE" };
        sv_claim_result_t result;
        sv_error_t error;
        sv_status_t status;

        sv_error_init(&error, arena);
        pthread_barrier_wait(&start_line);
        status = sv_rack_claim(racer->store, &claim, arena, &result, &error);
        racer->fence = status == SV_OK ? result.session.fence : 0;
        racer->failures += status != SV_OK && status != SV_ERR_RACK_LOCKED;
        pthread_barrier_wait(&finish_line);
        sv_arena_destroy(arena);
    }
    return NULL;
}

static void
racers_have_one_winner_and_fences_rise(void **state)
{
    racer_t racers[RACERS];
    pthread_t threads[RACERS];
    int64_t last_fence = 0;

    (void) state;
    sv_fixture_rack(&real, "RACE", "W1", "F1");
    pthread_barrier_init(&start_line, NULL, RACERS + 1);
    pthread_barrier_init(&finish_line, NULL, RACERS + 1);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (racer_t){ .store = sv_store_acquire(real.pool) };
        snprintf(racers[i].user_id, sizeof(racers[i].user_id), "racer%d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int round = 0; round < RACE_ROUNDS; round++) {
        int winners = 0;

        pthread_barrier_wait(&start_line);
        pthread_barrier_wait(&finish_line);
        for (int i = 0; i < RACERS; i++) {
            if (racers[i].fence > 0) {
                winners++;
                assert_true(racers[i].fence > last_fence);
                last_fence = racers[i].fence;
            }
        }
        assert_int_equal(winners, 1);
        sv_fixture_lapse(&real, "RACE");
        sv_real_update(&real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id':'RACE'}", "{'$set':{'user_id':'gone'}}");
        sv_real_update(
            &real, SV_COLLECTION_VERIFICATION_SESSIONS,
            sv_arena_printf(real.arena, "{'rack_id':'RACE','fence':{'$numberLong':'%lld'}}", (long long) last_fence),
            "{'$set':{'user_id':'gone'}}");
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(racers[i].failures, 0);
        sv_store_release(racers[i].store);
    }
    assert_int_equal(last_fence, RACE_ROUNDS);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'rack_id':'RACE','superseded':false}"),
                     1);
}

typedef struct {
    const char *session_id;
    sv_store_t *other;
    bool successor_came;
} stale_writer_t;

/* A writer that has read its session as good, while its successor's claim commits before its fence write. */
static sv_status_t
write_stale(sv_store_t *store, void *context, sv_error_t *error)
{
    stale_writer_t *writer = context;
    sv_floor_session_t session;
    const bson_t *document;
    bson_t *filter, *update;
    sv_status_t status = sv_floor_session_find(store, writer->session_id, error->arena, &session, error);

    if (status == SV_OK && !writer->successor_came) {
        sv_principal_t ben = sv_fixture_user("ben", SV_ROLE_STAFF);
        sv_claim_t claim = { .who = &ben, .rack_id = "STALE" };
        sv_claim_result_t result;
        sv_error_t claim_error;

        assert_false(session.superseded);
        sv_error_init(&claim_error, error->arena);
        assert_int_equal(sv_rack_claim(writer->other, &claim, error->arena, &result, &claim_error), SV_OK);
        writer->successor_came = true;
    }
    filter = sv_doc_take(BCON_NEW("session_id", BCON_UTF8(writer->session_id), "user_id", BCON_UTF8("asha"),
                                  "superseded", BCON_BOOL(false)),
                         error->arena);
    update = sv_doc_take(BCON_NEW("$inc", "{", "writes", BCON_INT64(1), "}"), error->arena);
    if (status == SV_OK) {
        status = sv_store_find_and_update(store, SV_COLLECTION_VERIFICATION_SESSIONS, filter, update, true, false,
                                          error->arena, &document, error);
    }
    if (status == SV_OK && document == NULL) {
        status = sv_fail(error, SV_ERR_LOCK_LOST, NULL);
    }
    return status;
}

static void
a_stale_writer_never_writes_over_its_successor(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF);
    sv_claim_result_t claim;
    stale_writer_t writer = { .other = sv_store_acquire(real.pool) };

    (void) state;
    sv_fixture_rack(&real, "STALE", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "STALE", &claim), SV_OK);
    sv_fixture_lapse(&real, "STALE");
    writer.session_id = claim.session.session_id;
    assert_int_equal(sv_transaction_run(real.store, write_stale, &writer, &real.error), SV_ERR_LOCK_LOST);
    assert_true(writer.successor_came);
    sv_store_release(writer.other);
}

/* ---- a heartbeat that asks MongoDB */

static sv_status_t
ask(const char *user_id, const char *session_id, sv_floor_session_t *session)
{
    sv_heartbeat_t heartbeat = { .user_id = user_id, .session_id = session_id };
    int64_t pause_left = 0;

    sv_error_clear(&real.error);
    return sv_heartbeat_ask(real.store, &heartbeat, real.arena, session, &pause_left, &real.error);
}

static void
asking_tells_whose_rack_it_is(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF), ben = sv_fixture_user("ben", SV_ROLE_STAFF);
    sv_claim_result_t claim, next;
    sv_rack_change_result_t change;
    sv_floor_session_t session;
    const char *id;

    (void) state;
    sv_fixture_rack(&real, "ASK", "W1", "F1");
    assert_int_equal(sv_fixture_claim(&real, &asha, "ASK", &claim), SV_OK);
    id = claim.session.session_id;
    assert_int_equal(ask("asha", id, &session), SV_OK);
    assert_int_equal(session.fence, claim.session.fence);
    assert_int_equal(ask("ben", id, &session), SV_ERR_FORBIDDEN);
    assert_int_equal(ask("asha", "session_of_nobody", &session), SV_ERR_NOT_FOUND);
    assert_int_equal(ask("asha", claim.session.count_id, &session), SV_ERR_WRONG_KIND);

    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_PAUSE, "ASK", NULL, &change), SV_OK);
    assert_int_equal(ask("asha", id, &session), SV_ERR_SESSION_PAUSED);
    assert_int_equal(sv_fixture_change(&real, &asha, SV_RACK_RESUME, "ASK", NULL, &change), SV_OK);

    /* Interrupted by the reaper, claimed by nobody: it lives again. */
    sv_real_update(&real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'rack_id':'ASK'}",
                   "{'$set':{'status':'interrupted'}}");
    sv_real_update(&real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id':'ASK'}",
                   "{'$set':{'status':'available','hold_ms':{'$numberLong':'0'}}}");
    assert_int_equal(ask("asha", id, &session), SV_OK);
    assert_int_equal(sv_fixture_read_session(&real, id).status, SV_SESSION_ACTIVE);
    assert_string_equal(sv_fixture_read_rack(&real, "ASK").status, "claimed");
    assert_int_equal(sv_fixture_claim(&real, &ben, "ASK", &next), SV_ERR_RACK_LOCKED);

    sv_fixture_lapse(&real, "ASK");
    assert_int_equal(sv_fixture_claim(&real, &ben, "ASK", &next), SV_OK);
    assert_int_equal(ask("asha", id, &session), SV_ERR_LOCK_LOST);
    assert_string_equal(real.error.holder->user_id, "ben");

    assert_int_equal(sv_fixture_change(&real, &ben, SV_RACK_RELEASE, "ASK", NULL, &change), SV_OK);
    assert_int_equal(ask("ben", next.session.session_id, &session), SV_ERR_SESSION_COMPLETED);
    assert_int_equal(sv_fixture_read_session(&real, next.session.session_id).status, SV_SESSION_COMPLETED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_opens_a_session_in_the_standing_count),
        cmocka_unit_test(a_second_claim_of_the_holder_gives_the_same_session),
        cmocka_unit_test(a_held_rack_is_refused_with_its_holder),
        cmocka_unit_test(a_paused_rack_is_kept_without_any_lease),
        cmocka_unit_test(a_silent_holder_is_displaced),
        cmocka_unit_test(a_silent_holder_nobody_displaced_goes_on),
        cmocka_unit_test(release_frees_the_rack_and_repeats_its_answer),
        cmocka_unit_test(a_supervisor_releases_any_rack_and_is_audited),
        cmocka_unit_test(a_completed_rack_needs_recount),
        cmocka_unit_test(unknown_racks_and_wrong_floors_are_named),
        cmocka_unit_test(asking_tells_whose_rack_it_is),
        cmocka_unit_test(a_stale_writer_never_writes_over_its_successor),
        cmocka_unit_test(racers_have_one_winner_and_fences_rise),
    };

    if (getenv("SV_TEST_MONGODB") == NULL) {
        puts("test_claim: skipped, SV_TEST_MONGODB names no server");
        return 0;
    }
    return cmocka_run_group_tests(tests, open_database, close_database);
}
