#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/codec.h"
#include "core/counts/count_close.h"
#include "core/counts/standing.h"
#include "core/counts/count_list.h"
#include "core/counts/count_open.h"
#include "core/counts/stray_sessions.h"
#include "core/store/document.h"
#include "t/unit/floor_fixture.h"
#include "t/unit/real_redis.h"

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

static sv_status_t
open_count(const sv_count_opening_t *opening, sv_count_t *count)
{
    sv_principal_t boss = sv_fixture_user("boss", SV_ROLE_SUPERVISOR);

    sv_error_clear(&real.error);
    return sv_count_open(real.store, &boss, opening, real.arena, count, &real.error);
}

static sv_count_verdict_t
advance(const char *count_id, sv_count_step_t step, bool force)
{
    sv_principal_t boss = sv_fixture_user("boss", SV_ROLE_SUPERVISOR);
    sv_count_verdict_t verdict;

    sv_error_clear(&real.error);
    assert_int_equal(sv_count_advance(real.store, &boss, count_id, step, &(sv_count_end_t){ .force = force },
                                      real.arena, &verdict, &real.error),
                     SV_OK);
    return verdict;
}

static sv_status_t
claim_in(const char *user_id, const char *rack_id, const char *count_id, sv_claim_result_t *result)
{
    sv_principal_t who = sv_fixture_user(user_id, SV_ROLE_STAFF);
    sv_claim_t claim = { .who = &who, .rack_id = rack_id, .count_id = count_id };

    sv_error_clear(&real.error);
    return sv_rack_claim(real.store, &claim, real.arena, result, &real.error);
}

enum { MAKERS = 6 };

static void *
make_standing(void *warehouse)
{
    sv_store_t *store = sv_store_acquire(real.pool);
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;
    sv_status_t status;

    sv_error_init(&error, arena);
    status = sv_standing_ensure(store, warehouse, &error);
    sv_arena_destroy(arena);
    sv_store_release(store);
    return (void *) (intptr_t) status;
}

static void
many_at_once_make_one_standing_count(void **state)
{
    pthread_t threads[MAKERS];
    char warehouse[16];

    (void) state;
    for (int round = 0; round < 10; round++) {
        snprintf(warehouse, sizeof(warehouse), "WS%d", round);
        for (int i = 0; i < MAKERS; i++) {
            assert_int_equal(pthread_create(&threads[i], NULL, make_standing, warehouse), 0);
        }
        for (int i = 0; i < MAKERS; i++) {
            void *status;

            pthread_join(threads[i], &status);
            assert_int_equal((intptr_t) status, SV_OK);
        }
        assert_int_equal(
            sv_real_count(&real, SV_COLLECTION_SESSIONS, sv_arena_printf(real.arena, "{'warehouse':'%s'}", warehouse)),
            1);
    }
}

static void
a_closed_standing_count_makes_room_for_the_next(void **state)
{
    const sv_principal_t boss = sv_fixture_user("boss", SV_ROLE_SUPERVISOR);

    (void) state;
    for (int round = 1; round <= 3; round++) {
        sv_count_verdict_t verdict;
        const bson_t *open;

        sv_error_clear(&real.error);
        assert_int_equal(sv_standing_ensure(real.store, "WN", &real.error), SV_OK);
        assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSIONS, "{'warehouse':'WN'}"), round);
        open = sv_real_find(&real, SV_COLLECTION_SESSIONS, "{'warehouse':'WN','status':'OPEN'}");
        assert_non_null(open);
        assert_int_equal(sv_count_advance(real.store, &boss, sv_doc_text(open, "session_id", real.arena),
                                          SV_COUNT_CLOSE, &(sv_count_end_t){ .force = false }, real.arena, &verdict,
                                          &real.error),
                         SV_OK);
        assert_int_equal(verdict.result, SV_OK);
    }
    assert_int_equal(
        sv_real_count(&real, SV_COLLECTION_SESSIONS, "{'warehouse':'WN','status':'CLOSED','closed_at':{'$ne':null}}"),
        3);
}

static void
a_rack_belongs_to_the_only_count_that_covers_it(void **state)
{
    const char *racks[] = { "C2" };
    sv_count_opening_t floor = { .warehouse = "W2", .floor = "F1" };
    sv_count_opening_t one = { .warehouse = "W2", .racks = racks, .rack_count = 1 };
    sv_count_t of_floor, of_one;
    sv_claim_result_t claim;

    (void) state;
    sv_fixture_rack(&real, "C1", "W2", "F1");
    sv_fixture_rack(&real, "C2", "W2", "F1");
    sv_fixture_rack(&real, "C3", "W2", "F2");
    assert_int_equal(open_count(&floor, &of_floor), SV_OK);
    assert_int_equal(open_count(&one, &of_one), SV_OK);
    assert_int_equal(claim_in("asha", "C1", NULL, &claim), SV_OK);
    assert_string_equal(claim.session.count_id, of_floor.session_id);
    assert_int_equal(claim_in("asha", "C2", NULL, &claim), SV_ERR_COUNT_AMBIGUOUS);
    assert_int_equal(claim_in("asha", "C2", of_one.session_id, &claim), SV_OK);
    assert_int_equal(claim_in("asha", "C3", NULL, &claim), SV_OK);
    assert_int_equal(
        sv_real_count(&real, SV_COLLECTION_SESSIONS,
                      sv_arena_printf(real.arena, "{'session_id':'%s','kind':'standing'}", claim.session.count_id)),
        1);
    assert_int_equal(claim_in("ben", "C3", of_floor.session_id, &claim), SV_ERR_VALIDATION_FAILED);
    assert_string_equal(real.error.details[0].field, "count_id");
    assert_int_equal(claim_in("asha", "C1", of_one.session_id, &claim), SV_ERR_CONFLICT_STATE);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSIONS,
                                   "{'warehouse':'W2','kind':'opened','book_state':'pending','status':'OPEN'}"),
                     2);
}

static void
openings_against_the_rules_name_the_field(void **state)
{
    const char *racks[] = { "D1", "C1", "none" };
    sv_count_opening_t both = { .warehouse = "W3", .blind = true, .strict = true };
    sv_count_opening_t nowhere = { .warehouse = "nowhere" };
    sv_count_opening_t attic = { .warehouse = "W3", .floor = "attic" };
    sv_count_opening_t foreign = { .warehouse = "W3", .racks = racks, .rack_count = 3 };
    sv_count_t count;

    (void) state;
    sv_fixture_rack(&real, "D1", "W3", "F1");
    assert_int_equal(open_count(&both, &count), SV_ERR_VALIDATION_FAILED);
    assert_string_equal(real.error.details[0].field, "strict");
    assert_int_equal(open_count(&nowhere, &count), SV_ERR_VALIDATION_FAILED);
    assert_string_equal(real.error.details[0].field, "warehouse");
    assert_int_equal(open_count(&attic, &count), SV_ERR_VALIDATION_FAILED);
    assert_string_equal(real.error.details[0].field, "floor");
    assert_int_equal(open_count(&foreign, &count), SV_ERR_VALIDATION_FAILED);
    assert_int_equal(real.error.detail_count, 2);
    assert_string_equal(real.error.details[0].field, "racks[1]");
    assert_string_equal(real.error.details[1].field, "racks[2]");
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSIONS, "{'warehouse':'W3'}"), 0);
}

static void
closing_waits_for_people_unless_forced(void **state)
{
    sv_count_opening_t opening = { .warehouse = "W4" };
    sv_count_t count;
    sv_claim_result_t first, second;
    sv_rack_change_result_t change;
    sv_principal_t ben = sv_fixture_user("ben", SV_ROLE_STAFF);
    sv_count_verdict_t verdict;

    (void) state;
    sv_fixture_rack(&real, "E1", "W4", "F1");
    sv_fixture_rack(&real, "E2", "W4", "F1");
    assert_int_equal(open_count(&opening, &count), SV_OK);
    assert_int_equal(claim_in("asha", "E1", NULL, &first), SV_OK);
    assert_int_equal(claim_in("ben", "E2", NULL, &second), SV_OK);
    assert_int_equal(sv_fixture_change(&real, &ben, SV_RACK_COMPLETE, "E2", NULL, &change), SV_OK);
    verdict = advance(count.session_id, SV_COUNT_CLOSE, false);
    assert_int_equal(verdict.result, SV_ERR_STILL_COUNTING);
    assert_string_equal(verdict.status, "OPEN");
    assert_string_equal(sv_fixture_read_session(&real, first.session.session_id).count_state, "OPEN");
    verdict = advance(count.session_id, SV_COUNT_RECONCILE, false);
    assert_string_equal(verdict.status, "RECONCILE");
    assert_string_equal(sv_fixture_read_session(&real, first.session.session_id).count_state, "RECONCILE");
    assert_int_equal(sv_fixture_read_session(&real, first.session.session_id).status, SV_SESSION_ACTIVE);
    assert_int_equal(claim_in("cara", "E1", count.session_id, &second), SV_ERR_SESSION_CLOSED);
    verdict = advance(count.session_id, SV_COUNT_CLOSE, true);
    assert_int_equal(verdict.result, SV_OK);
    assert_int_equal(verdict.interrupted_count, 1);
    assert_string_equal(verdict.interrupted[0].session_id, first.session.session_id);
    assert_int_equal(sv_fixture_read_session(&real, first.session.session_id).status, SV_SESSION_INTERRUPTED);
    assert_string_equal(sv_fixture_read_rack(&real, "E1").status, "available");
    assert_string_equal(sv_fixture_read_rack(&real, "E2").status, "available"); /* for the next count */
    assert_int_equal(advance(count.session_id, SV_COUNT_CLOSE, false).result, SV_OK);
    assert_int_equal(advance(count.session_id, SV_COUNT_RECONCILE, false).result, SV_ERR_SESSION_CLOSED);
    assert_int_equal(advance("nothing", SV_COUNT_CLOSE, false).result, SV_ERR_NOT_FOUND);
    assert_int_equal(advance(first.session.session_id, SV_COUNT_CLOSE, false).result, SV_ERR_WRONG_KIND);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'warehouse':'W4','action':'count.close'}"), 1);
}

/* As left by a claim of the count that committed after it was closed, when its process died before it looked again. */
static void
make_stray(const char *name, const char *status, const char *count_id)
{
    const char *rack_status = strcmp(status, "active") == 0 ? "claimed" : "available";

    sv_real_insert(&real, SV_COLLECTION_RACK_REGISTRY,
                   sv_arena_printf(real.arena,
                                   "{'rack_id': 'R-%s', 'warehouse': 'W6', 'floor': 'F1', 'session_id': '%s', "
                                   "'status': '%s', 'fence': 3, 'hold_ms': {'$numberLong': '70000'}}",
                                   name, name, rack_status));
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_SESSIONS,
                   sv_arena_printf(real.arena,
                                   "{'session_id': '%s', 'user_id': 'u', 'rack_id': 'R-%s', 'warehouse': 'W6', "
                                   "'count_id': '%s', 'count_state': 'OPEN', 'status': '%s', 'superseded': false, "
                                   "'writes': 4, 'interrupted_at': null}",
                                   name, name, count_id, status));
}

static int64_t
interruptions_told(const char *session_id)
{
    return sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS,
                         sv_arena_printf(real.arena, "{'action':'session.interrupt','session_id':'%s'}", session_id));
}

static sv_status_t
change(const char *session_id, sv_rack_action_t action)
{
    sv_principal_t who = sv_fixture_user("holder", SV_ROLE_STAFF);
    sv_rack_change_result_t result;

    return sv_fixture_change(&real, &who, action, NULL, session_id, &result);
}

/* What somebody asks for who has not heard yet that the count was closed must not take the rack again. */
static void
an_ended_count_holds_no_rack(void **state)
{
    sv_count_opening_t opening = { .warehouse = "WE" };
    sv_claim_result_t claim;
    sv_count_t count;
    const char *id;

    (void) state;
    sv_fixture_rack(&real, "N1", "WE", "F1");
    assert_int_equal(open_count(&opening, &count), SV_OK);
    assert_int_equal(claim_in("holder", "N1", count.session_id, &claim), SV_OK);
    id = claim.session.session_id;
    assert_int_equal(advance(count.session_id, SV_COUNT_RECONCILE, false).result, SV_OK);
    assert_int_equal(change(id, SV_RACK_PAUSE), SV_OK);
    assert_int_equal(change(id, SV_RACK_RESUME), SV_OK); /* who is at it goes on to the end */
    assert_int_equal(advance(count.session_id, SV_COUNT_CLOSE, true).result, SV_OK);

    assert_int_equal(change(id, SV_RACK_PAUSE), SV_ERR_SESSION_CLOSED);
    assert_int_equal(change(id, SV_RACK_COMPLETE), SV_ERR_SESSION_CLOSED);
    assert_int_equal(sv_fixture_read_session(&real, id).status, SV_SESSION_INTERRUPTED);
    assert_string_equal(sv_fixture_read_rack(&real, "N1").status, "available");
    assert_int_equal(sv_fixture_read_rack(&real, "N1").hold_ms, 0);
    /* To give it back is always good. */
    assert_int_equal(change(id, SV_RACK_RELEASE), SV_OK);
    assert_string_equal(sv_fixture_read_rack(&real, "N1").status, "available");
}

static void
only_live_sessions_of_a_closed_count_are_interrupted(void **state)
{
    sv_count_opening_t opening = { .warehouse = "W6" };
    sv_floor_session_t session;
    sv_count_t count;
    bool interrupted;

    (void) state;
    sv_fixture_rack(&real, "L1", "W6", "F1");
    assert_int_equal(open_count(&opening, &count), SV_OK);
    make_stray("too-early", "active", count.session_id);
    assert_int_equal(
        sv_count_interrupt_session(real.store, NULL, "too-early", real.arena, &session, &interrupted, &real.error),
        SV_ERR_INTERNAL);
    assert_int_equal(sv_fixture_read_session(&real, "too-early").status, SV_SESSION_ACTIVE);
    assert_int_equal(advance(count.session_id, SV_COUNT_CLOSE, true).result, SV_OK);

    make_stray("live", "active", count.session_id);
    make_stray("done", "completed", count.session_id);
    assert_int_equal(
        sv_count_interrupt_session(real.store, NULL, "live", real.arena, &session, &interrupted, &real.error), SV_OK);
    assert_true(interrupted);
    assert_int_equal(session.status, SV_SESSION_INTERRUPTED);
    assert_int_equal(session.writes, 5);
    session = sv_fixture_read_session(&real, "live");
    assert_string_equal(session.count_state, "CLOSED");
    assert_int_equal(session.status, SV_SESSION_INTERRUPTED);
    assert_true(session.interrupted_at_ms > 0);
    assert_string_equal(sv_fixture_read_rack(&real, "R-live").status, "available");
    assert_int_equal(sv_fixture_read_rack(&real, "R-live").hold_ms, 0);
    assert_int_equal(interruptions_told("live"), 1);

    assert_int_equal(
        sv_count_interrupt_session(real.store, NULL, "done", real.arena, &session, &interrupted, &real.error), SV_OK);
    assert_false(interrupted);
    session = sv_fixture_read_session(&real, "done");
    assert_string_equal(session.count_state, "CLOSED");
    assert_int_equal(session.status, SV_SESSION_COMPLETED);
    assert_int_equal(session.interrupted_at_ms, 0);
    assert_int_equal(interruptions_told("done"), 0);
}

static void
stats_are_those_the_worker_keeps(void **state)
{
    sv_count_t count;
    sv_buffer_t out;
    sv_json_writer_t w;

    (void) state;
    sv_real_insert(&real, SV_COLLECTION_SESSIONS,
                   "{'session_id': 'kept', 'kind': 'opened', 'status': 'CLOSED', 'warehouse': 'W8', 'started_at': "
                   "{'$date': '2026-01-05T08:00:00Z'}, 'closed_at': {'$date': '2026-01-05T08:10:00Z'}, 'book_items': "
                   "{'$numberLong': '100000'}, 'total_items': {'$numberLong': '20'}, 'damaged_items': "
                   "{'$numberLong': '3'}}");
    sv_error_clear(&real.error);
    assert_int_equal(sv_count_find(real.store, "kept", real.arena, &count, &real.error), SV_OK);
    sv_buffer_init(&out, real.arena, 64);
    sv_json_writer_init(&w, &out);
    assert_int_equal(sv_count_write_stats(real.store, &count, &w, &real.error), SV_OK);
    assert_string_equal(out.data, "{\"session_id\":\"kept\",\"kind\":\"opened\",\"status\":\"CLOSED\","
                                  "\"total_items\":100000,\"verified_items\":20,\"damage_items\":3,"
                                  "\"pending_items\":99980,\"duration_seconds\":600,\"items_per_minute\":2}");
}

static sv_stray_sessions_t
settle_strays(sv_redis_client_t *redis)
{
    sv_stray_sessions_t done;

    sv_error_clear(&real.error);
    assert_int_equal(sv_stray_sessions_round(real.store, redis, &done, &real.error), SV_OK);
    return done;
}

static void
sessions_left_open_in_ended_counts_are_found(void **state)
{
    sv_count_opening_t opening = { .warehouse = "W7" };
    sv_count_t closed, reconciled, open;
    sv_stray_sessions_t done;
    sv_redis_client_t *redis;

    (void) state;
    if (!sv_real_redis_named()) {
        skip();
    }
    redis = sv_real_redis_open(&real.settings, real.arena);
    settle_strays(redis);
    sv_fixture_rack(&real, "M1", "W7", "F1");
    assert_int_equal(open_count(&opening, &closed), SV_OK);
    assert_int_equal(open_count(&opening, &reconciled), SV_OK);
    assert_int_equal(open_count(&opening, &open), SV_OK);
    assert_int_equal(advance(closed.session_id, SV_COUNT_CLOSE, false).result, SV_OK);
    assert_int_equal(advance(reconciled.session_id, SV_COUNT_RECONCILE, false).result, SV_OK);
    make_stray("closed-live", "active", closed.session_id);
    make_stray("closed-done", "completed", closed.session_id);
    make_stray("reconciled-live", "active", reconciled.session_id);
    make_stray("open-live", "active", open.session_id);
    make_stray("countless", "active", "no-such-count");
    sv_real_redis(redis, "HSET rack:lock:R-closed-live user u session closed-live fence 3");
    sv_real_redis(redis, "HSET session:lock:closed-live user u rack R-closed-live state active version 4");

    done = settle_strays(redis);
    assert_int_equal(done.settled, 3);
    assert_int_equal(done.interrupted, 2);
    assert_string_equal(sv_fixture_read_session(&real, "closed-live").count_state, "CLOSED");
    assert_int_equal(sv_fixture_read_session(&real, "closed-live").status, SV_SESSION_INTERRUPTED);
    assert_string_equal(sv_fixture_read_rack(&real, "R-closed-live").status, "available");
    assert_int_equal(sv_real_redis(redis, "EXISTS rack:lock:R-closed-live session:lock:closed-live"), 0);
    assert_string_equal(sv_fixture_read_session(&real, "closed-done").count_state, "CLOSED");
    assert_int_equal(sv_fixture_read_session(&real, "closed-done").status, SV_SESSION_COMPLETED);
    assert_string_equal(sv_fixture_read_session(&real, "reconciled-live").count_state, "RECONCILE");
    assert_int_equal(sv_fixture_read_session(&real, "reconciled-live").status, SV_SESSION_INTERRUPTED);
    assert_int_equal(interruptions_told("closed-live"), 1);
    assert_string_equal(sv_fixture_read_session(&real, "open-live").count_state, "OPEN");
    assert_int_equal(sv_fixture_read_session(&real, "open-live").status, SV_SESSION_ACTIVE);
    assert_string_equal(sv_fixture_read_session(&real, "countless").count_state, "OPEN");
    assert_int_equal(settle_strays(redis).settled, 0);
    sv_redis_client_destroy(redis);
}

enum { CLAIMERS = 5, CLOSE_ROUNDS = 20 };

static pthread_barrier_t start_line;
static char racing_count[SV_UUID_SIZE + 1];

typedef struct {
    int number;
    sv_store_t *store;
} claimer_t;

static void *
claim_while_closing(void *argument)
{
    claimer_t *claimer = argument;
    char user[16], rack[16];
    sv_principal_t who;
    sv_claim_t claim = { .who = &who, .rack_id = rack, .count_id = racing_count };

    snprintf(user, sizeof(user), "closer%d", claimer->number);
    snprintf(rack, sizeof(rack), "K%d", claimer->number);
    who = sv_fixture_user(user, SV_ROLE_STAFF);
    for (int round = 0; round < CLOSE_ROUNDS; round++) {
        sv_arena_t *arena = sv_arena_create();
        sv_claim_result_t result;
        sv_error_t error;

        sv_error_init(&error, arena);
        pthread_barrier_wait(&start_line);
        sv_rack_claim(claimer->store, &claim, arena, &result, &error);
        pthread_barrier_wait(&start_line);
        sv_arena_destroy(arena);
        pthread_barrier_wait(&start_line);
    }
    return NULL;
}

static void
a_claim_beside_a_closing_leaves_no_live_session_behind(void **state)
{
    sv_count_opening_t opening = { .warehouse = "W5" };
    claimer_t claimers[CLAIMERS];
    pthread_t threads[CLAIMERS];

    (void) state;
    pthread_barrier_init(&start_line, NULL, CLAIMERS + 1);
    for (int i = 0; i < CLAIMERS; i++) {
        sv_fixture_rack(&real, sv_arena_printf(real.arena, "K%d", i), "W5", "F1");
        claimers[i] = (claimer_t){ .number = i, .store = sv_store_acquire(real.pool) };
        assert_int_equal(pthread_create(&threads[i], NULL, claim_while_closing, &claimers[i]), 0);
    }
    for (int round = 0; round < CLOSE_ROUNDS; round++) {
        sv_count_t count;

        assert_int_equal(open_count(&opening, &count), SV_OK);
        snprintf(racing_count, sizeof(racing_count), "%s", count.session_id);
        pthread_barrier_wait(&start_line);
        assert_int_equal(advance(racing_count, SV_COUNT_CLOSE, true).result, SV_OK);
        pthread_barrier_wait(&start_line);
        assert_int_equal(sv_real_count(&real, SV_COLLECTION_VERIFICATION_SESSIONS,
                                       sv_arena_printf(real.arena,
                                                       "{'count_id':'%s','$or':[{'count_state':{'$ne':'CLOSED'}},"
                                                       "{'status':{'$in':['active','paused']}}]}",
                                                       racing_count)),
                         0);
        assert_int_equal(sv_real_count(&real, SV_COLLECTION_RACK_REGISTRY,
                                       "{'warehouse':'W5','hold_ms':{'$gt':{'$numberLong':'0'}}}"),
                         0);
        pthread_barrier_wait(&start_line);
    }
    for (int i = 0; i < CLAIMERS; i++) {
        pthread_join(threads[i], NULL);
        sv_store_release(claimers[i].store);
    }
}

static void
staff_list_open_counts_of_their_warehouse(void **state)
{
    sv_principal_t asha = sv_fixture_user("asha", SV_ROLE_STAFF);
    sv_count_opening_t opening = { .warehouse = "W1" };
    sv_count_query_t query = { .warehouse = "W2" };
    sv_page_t page = { .limit = 10 };
    sv_count_t count;
    sv_buffer_t out;
    sv_json_writer_t w;
    bool blind = true;

    (void) state;
    sv_fixture_rack(&real, "G1", "W1", "F1");
    assert_int_equal(open_count(&opening, &count), SV_OK);
    sv_buffer_init(&out, real.arena, 64);
    sv_json_writer_init(&w, &out);
    sv_json_object(&w, NULL);
    assert_int_equal(sv_count_list(real.store, &asha, &query, &page, &w, real.arena, &real.error), SV_OK);
    sv_json_end(&w);
    assert_string_equal(out.data, "{\"items\":[],\"next_cursor\":null}");
    query.warehouse = NULL;
    sv_buffer_init(&out, real.arena, 64);
    sv_json_writer_init(&w, &out);
    sv_json_object(&w, NULL);
    assert_int_equal(sv_count_list(real.store, &asha, &query, &page, &w, real.arena, &real.error), SV_OK);
    sv_json_end(&w);
    assert_non_null(strstr(out.data, count.session_id));
    assert_null(strstr(out.data, "total_variance"));
    assert_int_equal(sv_count_blind_in(real.store, "W1", &blind, &real.error), SV_OK);
    assert_false(blind);
    opening.blind = true;
    assert_int_equal(open_count(&opening, &count), SV_OK);
    assert_int_equal(sv_count_blind_in(real.store, "W1", &blind, &real.error), SV_OK);
    assert_true(blind);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_at_once_make_one_standing_count),
        cmocka_unit_test(a_closed_standing_count_makes_room_for_the_next),
        cmocka_unit_test(a_rack_belongs_to_the_only_count_that_covers_it),
        cmocka_unit_test(openings_against_the_rules_name_the_field),
        cmocka_unit_test(closing_waits_for_people_unless_forced),
        cmocka_unit_test(an_ended_count_holds_no_rack),
        cmocka_unit_test(only_live_sessions_of_a_closed_count_are_interrupted),
        cmocka_unit_test(stats_are_those_the_worker_keeps),
        cmocka_unit_test(sessions_left_open_in_ended_counts_are_found),
        cmocka_unit_test(a_claim_beside_a_closing_leaves_no_live_session_behind),
        cmocka_unit_test(staff_list_open_counts_of_their_warehouse),
    };

    if (getenv("SV_TEST_MONGODB") == NULL) {
        puts("test_counts: skipped, SV_TEST_MONGODB names no server");
        return 0;
    }
    return cmocka_run_group_tests(tests, open_database, close_database);
}
