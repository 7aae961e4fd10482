/* Racks whose holders fell silent. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/floor/reaper.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"
#include "t/unit/real_redis.h"

enum { LONG_MS = 3600000 };

static sv_real_mongodb_t real;
static sv_redis_client_t *redis;

/* A rack held since `held_ms_ago` for hold_ms, with its floor session. */
static void
make_floor(const char *session, const char *rack_status, int64_t held_ms_ago, int64_t hold_ms)
{
    const char *held = sv_arena_printf(real.arena, "{'$date': {'$numberLong': '%lld'}}",
                                       (long long) (sv_clock_now_ms() - held_ms_ago));

    sv_real_insert(&real, SV_COLLECTION_RACK_REGISTRY,
                   sv_arena_printf(real.arena,
                                   "{'rack_id': 'R-%s', 'session_id': '%s', 'status': '%s', 'fence': 3, 'hold_ms': "
                                   "{'$numberLong': '%lld'}, 'held_at': %s}",
                                   session, session, rack_status, (long long) hold_ms, held));
    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_SESSIONS,
                   sv_arena_printf(real.arena,
                                   "{'session_id': '%s', 'user_id': 'u', 'rack_id': 'R-%s', 'warehouse': 'W', "
                                   "'count_id': 'c', 'status': '%s', 'superseded': false, 'writes': 4}",
                                   session, session, strcmp(rack_status, "paused") == 0 ? "paused" : "active"));
}

static sv_reaped_t
run_round(int64_t running_ms)
{
    sv_reaped_t done;

    if (sv_reaper_round(real.store, redis, running_ms, &done, &real.error) != SV_OK) {
        fail_msg("%s", real.error.cause);
    }
    return done;
}

static const char *
status_of(sv_collection_t collection, const char *session)
{
    return sv_doc_text(sv_real_find(&real, collection, sv_arena_printf(real.arena, "{'session_id': '%s'}", session)),
                       "status", real.arena);
}

static void
test_a_silent_session_is_interrupted_once(void **state)
{
    const bson_t *rack, *session;

    (void) state;
    make_floor("s1", "claimed", 400000, 70000);
    make_floor("s2", "paused", 3000000, 1800000);
    sv_real_redis(redis, "HSET session:lock:s1 user u rack R-s1 state active version 4");
    assert_int_equal(run_round(LONG_MS).interrupted, 2);

    rack = sv_real_find(&real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R-s1'}");
    assert_string_equal(sv_doc_text(rack, "status", real.arena), "available");
    assert_string_equal(sv_doc_text(rack, "session_id", real.arena), "s1"); /* late work still finds its rack */
    assert_int_equal(sv_doc_int(rack, "hold_ms"), 0);
    assert_int_equal(sv_doc_int(rack, "fence"), 3);
    session = sv_real_find(&real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}");
    assert_string_equal(sv_doc_text(session, "status", real.arena), "interrupted");
    assert_true(sv_doc_has(session, "interrupted_at"));
    assert_false(sv_doc_bool(session, "superseded"));
    assert_string_equal(status_of(SV_COLLECTION_VERIFICATION_SESSIONS, "s2"), "interrupted");
    assert_int_equal(sv_real_redis(redis, "EXISTS session:lock:s1"), 0); /* the next heartbeat asks MongoDB */
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'action': 'session.interrupt', 'session_id': 's1', 'rack_id': 'R-s1'}"),
                     1);
    assert_int_equal(run_round(LONG_MS).silent, 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS, "{}"), 2);
}

static void
test_grace_and_pause_are_given_in_full(void **state)
{
    (void) state;
    make_floor("s1", "claimed", 360000, 70000);   /* hold past by 290 s of 300 */
    make_floor("s2", "paused", 2000000, 1800000); /* past by 200 s */
    make_floor("s3", "claimed", 10000, 70000);
    assert_int_equal(run_round(LONG_MS).silent, 0);
    assert_string_equal(status_of(SV_COLLECTION_VERIFICATION_SESSIONS, "s1"), "active");
}

static void
test_a_lease_protects_its_holder(void **state)
{
    (void) state;
    make_floor("s1", "claimed", 400000, 70000);
    sv_real_redis(redis, "HSET rack:lock:R-s1 user u session s1 fence 3");
    assert_int_equal(run_round(LONG_MS).interrupted, 0);
    assert_string_equal(status_of(SV_COLLECTION_RACK_REGISTRY, "s1"), "claimed");
    sv_real_redis(redis, "DEL rack:lock:R-s1");
    assert_int_equal(run_round(LONG_MS).interrupted, 1);
}

static void
test_nobody_is_reaped_within_a_ttl_of_a_start(void **state)
{
    (void) state;
    make_floor("s1", "claimed", 400000, 70000);
    assert_true(run_round(500).too_early);
    real.settings.rack_lock_ttl = LONG_MS; /* longer than the test's Redis has been up */
    assert_true(run_round((int64_t) LONG_MS * 1000).too_early);
    real.settings.rack_lock_ttl = 1;
    assert_string_equal(status_of(SV_COLLECTION_RACK_REGISTRY, "s1"), "claimed");
    assert_int_equal(run_round(60000).interrupted, 1);
}

static void
test_ended_sessions_stay_as_they_are(void **state)
{
    (void) state;
    make_floor("s1", "completed", 4000000, 0);
    make_floor("s2", "available", 4000000, 0);
    assert_int_equal(run_round(LONG_MS).silent, 0);
    assert_string_equal(status_of(SV_COLLECTION_RACK_REGISTRY, "s1"), "completed");
}

static int
open_servers(void **state)
{
    (void) state;
    if (!sv_real_mongodb_open(&real)) {
        return -1;
    }
    redis = sv_real_redis_open(&real.settings, real.arena);
    real.settings.rack_lock_ttl = 1; /* the test's Redis may be young */
    return 0;
}

static int
close_servers(void **state)
{
    (void) state;
    sv_redis_client_destroy(redis);
    sv_real_mongodb_close(&real);
    return 0;
}

#define WITH_SERVERS(test) cmocka_unit_test_setup_teardown(test, open_servers, close_servers)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVERS(test_a_silent_session_is_interrupted_once),
        WITH_SERVERS(test_grace_and_pause_are_given_in_full),
        WITH_SERVERS(test_a_lease_protects_its_holder),
        WITH_SERVERS(test_nobody_is_reaped_within_a_ttl_of_a_start),
        WITH_SERVERS(test_ended_sessions_stay_as_they_are),
    };

    if (!sv_real_mongodb_named() || !sv_real_redis_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
