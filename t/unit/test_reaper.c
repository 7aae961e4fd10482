/* Racks whose holders fell silent. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/floor/reaper.h"
#include "core/store/document.h"
#include "t/unit/floor_fixture.h"

enum { LONG_MS = 3600000 };

static sv_floor_servers_t servers;

/* A rack held since `held_ms_ago` for hold_ms, with its floor session. */
static void
make_floor(const char *session, const char *rack_status, int64_t held_ms_ago, int64_t hold_ms)
{
    servers.real.settings.rack_lock_ttl = 1; /* the test's Redis may be young */
    sv_fixture_held_rack(&servers.real, session, rack_status, held_ms_ago, hold_ms);
}

static sv_reaped_t
run_round(int64_t running_ms)
{
    sv_reaped_t done;

    if (sv_reaper_round(servers.real.store, servers.redis, running_ms, &done, &servers.real.error) != SV_OK) {
        fail_msg("%s", servers.real.error.cause);
    }
    return done;
}

static const char *
status_of(sv_collection_t collection, const char *session)
{
    return sv_doc_text(
        sv_real_find(&servers.real, collection, sv_arena_printf(servers.real.arena, "{'session_id': '%s'}", session)),
        "status", servers.real.arena);
}

static void
test_a_silent_session_is_interrupted_once(void **state)
{
    const bson_t *rack, *session;

    (void) state;
    make_floor("s1", "claimed", 400000, 70000);
    make_floor("s2", "paused", 3000000, 1800000);
    sv_real_redis(servers.redis, "HSET session:lock:s1 user u rack R-s1 state active version 4");
    assert_int_equal(run_round(LONG_MS).interrupted, 2);

    rack = sv_real_find(&servers.real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R-s1'}");
    assert_string_equal(sv_doc_text(rack, "status", servers.real.arena), "available");
    assert_string_equal(sv_doc_text(rack, "session_id", servers.real.arena), "s1"); /* late work still finds its rack */
    assert_int_equal(sv_doc_int(rack, "hold_ms"), 0);
    assert_int_equal(sv_doc_int(rack, "fence"), 3);
    session = sv_real_find(&servers.real, SV_COLLECTION_VERIFICATION_SESSIONS, "{'session_id': 's1'}");
    assert_string_equal(sv_doc_text(session, "status", servers.real.arena), "interrupted");
    assert_true(sv_doc_has(session, "interrupted_at"));
    assert_false(sv_doc_bool(session, "superseded"));
    assert_string_equal(status_of(SV_COLLECTION_VERIFICATION_SESSIONS, "s2"), "interrupted");
    assert_int_equal(sv_real_redis(servers.redis, "EXISTS session:lock:s1"), 0); /* the next heartbeat asks MongoDB */
    assert_int_equal(sv_real_count(&servers.real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'action': 'session.interrupt', 'session_id': 's1', 'rack_id': 'R-s1'}"),
                     1);
    assert_int_equal(run_round(LONG_MS).silent, 0);
    assert_int_equal(sv_real_count(&servers.real, SV_COLLECTION_ACTIVITY_LOGS, "{}"), 2);
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
    sv_real_redis(servers.redis, "HSET rack:lock:R-s1 user u session s1 fence 3");
    sv_real_redis(servers.redis, "SET lease:u:s1 R-s1|3");
    assert_int_equal(run_round(LONG_MS).interrupted, 0);
    assert_string_equal(status_of(SV_COLLECTION_RACK_REGISTRY, "s1"), "claimed");
    sv_real_redis(servers.redis, "DEL lease:u:s1"); /* the rack's pointer alone protects nobody */
    assert_int_equal(run_round(LONG_MS).interrupted, 1);
}

static void
test_nobody_is_reaped_within_a_ttl_of_a_start(void **state)
{
    (void) state;
    make_floor("s1", "claimed", 400000, 70000);
    assert_true(run_round(500).too_early);
    servers.real.settings.rack_lock_ttl = LONG_MS; /* longer than the test's Redis has been up */
    assert_true(run_round((int64_t) LONG_MS * 1000).too_early);
    servers.real.settings.rack_lock_ttl = 1;
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_FLOOR_SERVERS(test_a_silent_session_is_interrupted_once, &servers),
        SV_WITH_FLOOR_SERVERS(test_grace_and_pause_are_given_in_full, &servers),
        SV_WITH_FLOOR_SERVERS(test_a_lease_protects_its_holder, &servers),
        SV_WITH_FLOOR_SERVERS(test_nobody_is_reaped_within_a_ttl_of_a_start, &servers),
        SV_WITH_FLOOR_SERVERS(test_ended_sessions_stay_as_they_are, &servers),
    };

    if (!sv_floor_servers_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
