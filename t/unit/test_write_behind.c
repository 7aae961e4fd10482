/* Heartbeats on their way from Redis to MongoDB. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/floor/floor.h"
#include "core/floor/write_behind.h"
#include "core/store/document.h"
#include "t/unit/floor_fixture.h"

static sv_floor_servers_t servers;

/* A rack last held `held_ms_ago`, with its floor session. */
static void
make_floor(const char *session, const char *rack_status, int64_t held_ms_ago)
{
    sv_fixture_held_rack(&servers.real, session, rack_status, held_ms_ago, 70000);
}

static void
beat(const char *session, int64_t ms_ago)
{
    sv_real_redis(servers.redis, "ZADD floor:heartbeats %lld u:%s", (long long) (sv_clock_now_ms() - ms_ago), session);
}

static sv_write_behind_t
run_round(void)
{
    sv_write_behind_t done;

    if (sv_write_behind_round(servers.real.store, servers.redis, &done, &servers.real.error) != SV_OK) {
        fail_msg("%s", servers.real.error.cause);
    }
    return done;
}

static const bson_t *
rack_of(const char *session)
{
    return sv_real_find(&servers.real, SV_COLLECTION_RACK_REGISTRY,
                        sv_arena_printf(servers.real.arena, "{'session_id': '%s'}", session));
}

static int64_t
held_until(const char *session)
{
    return sv_doc_time(rack_of(session), "held_at") + sv_doc_int(rack_of(session), "hold_ms");
}

static void
test_a_heartbeat_renews_the_hold_which_tells_its_time(void **state)
{
    int64_t before, now, heartbeat;
    sv_rack_t rack;

    (void) state;
    make_floor("s1", "claimed", 40000);
    before = held_until("s1");
    beat("s1", 5000);
    now = sv_clock_now_ms();
    assert_int_equal(run_round().taken, 1);
    assert_int_equal(sv_real_redis(servers.redis, "ZCARD floor:heartbeats"), 0);
    /* The hold ends TTL and margin after the heartbeat, not after its writing: 35 s later than before, within the time
     * the round took. */
    assert_true(held_until("s1") - before >= 35000 - 1000);
    assert_true(held_until("s1") <= sv_clock_now_ms() - 5000 + sv_active_hold_ms(&servers.real.settings) + 50);
    sv_rack_read(rack_of("s1"), servers.real.arena, &rack);
    heartbeat = sv_rack_contact_ms(&rack);
    assert_true(heartbeat >= now - 6000 && heartbeat <= sv_clock_now_ms() - 4900);
}

static void
test_a_hold_is_never_shortened(void **state)
{
    int64_t before;

    (void) state;
    make_floor("s1", "claimed", 1000); /* claimed or resumed after the heartbeat */
    before = held_until("s1");
    beat("s1", 30000);
    assert_int_equal(run_round().held, 0);
    assert_int_equal(held_until("s1"), before);
    assert_int_equal(sv_real_redis(servers.redis, "ZCARD floor:heartbeats"), 0);
}

static void
test_a_heartbeat_older_than_its_hold_holds_nothing(void **state)
{
    int64_t before;

    (void) state;
    make_floor("s1", "claimed", 500000);
    before = held_until("s1");
    beat("s1", 400000);
    assert_int_equal(run_round().held, 0);
    assert_int_equal(held_until("s1"), before);
    assert_int_equal(sv_real_redis(servers.redis, "ZCARD floor:heartbeats"), 0);
}

static void
test_paused_and_ended_racks_are_left_alone(void **state)
{
    static const char *const statuses[] = { "paused", "completed", "available" };

    (void) state;
    for (size_t i = 0; i < 3; i++) {
        int64_t before;

        make_floor(statuses[i], statuses[i], 20000);
        before = held_until(statuses[i]);
        beat(statuses[i], 0);
        assert_int_equal(run_round().held, 0);
        assert_int_equal(held_until(statuses[i]), before);
    }
}

static void
test_a_displaced_session_does_not_hold_its_successors_rack(void **state)
{
    (void) state;
    make_floor("s1", "claimed", 20000);
    sv_real_update(&servers.real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R-s1'}", "{'$set': {'session_id': 's2'}}");
    beat("s1", 0);
    assert_int_equal(run_round().held, 0);
}

static void
test_many_heartbeats_are_all_written(void **state)
{
    enum { MANY = 800 };
    char session[16];

    (void) state;
    for (int i = 0; i < MANY; i++) {
        snprintf(session, sizeof(session), "m%d", i);
        make_floor(session, "claimed", 30000);
        beat(session, i % 20000);
    }
    sv_write_behind_t done = run_round();
    assert_int_equal(done.taken, MANY);
    assert_int_equal(done.held, MANY);
    assert_int_equal(sv_real_redis(servers.redis, "ZCARD floor:heartbeats"), 0);
    assert_int_equal(run_round().taken, 0);
}

static void
believe(const char *session, const char *state)
{
    sv_real_redis(servers.redis, "HSET session:lock:%s user u rack R-%s fence 1 version 3 state %s", session, session,
                  state);
    sv_real_redis(servers.redis, "HSET rack:lock:R-%s user u session %s fence 1 paused %d", session, session,
                  strcmp(state, "paused") == 0);
    sv_real_redis(servers.redis, "SET lease:u:%s R-%s|1", session, session);
    beat(session, 0);
}

/* The end, the pause or the displacement was committed, and Redis was never told. */
static void
test_what_redis_wrongly_believes_active_is_dropped(void **state)
{
    static const char *const statuses[] = { "paused", "completed", "available" };

    (void) state;
    for (size_t i = 0; i < 3; i++) {
        make_floor(statuses[i], statuses[i], 20000);
        believe(statuses[i], "active");
    }
    make_floor("good", "claimed", 20000);
    believe("good", "active");
    make_floor("fresh", "claimed", -1000); /* taken again since its heartbeat */
    believe("fresh", "active");
    assert_int_equal(run_round().dropped, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sv_real_redis(servers.redis, "EXISTS session:lock:%s rack:lock:R-%s lease:u:%s", statuses[i],
                                       statuses[i], statuses[i]),
                         0);
    }
    assert_int_equal(sv_real_redis(servers.redis, "EXISTS session:lock:good rack:lock:R-good lease:u:good"), 3);
    assert_int_equal(sv_real_redis(servers.redis, "EXISTS session:lock:fresh rack:lock:R-fresh lease:u:fresh"), 3);
}

static void
test_a_successors_lease_is_left_alone(void **state)
{
    (void) state;
    make_floor("s1", "claimed", 20000);
    sv_real_update(&servers.real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R-s1'}", "{'$set': {'session_id': 's2'}}");
    believe("s1", "active");
    sv_real_redis(servers.redis, "HSET rack:lock:R-s1 user v session s2 fence 2");
    assert_int_equal(run_round().dropped, 1);
    assert_int_equal(sv_real_redis(servers.redis, "EXISTS session:lock:s1 lease:u:s1"), 0);
    assert_int_equal(sv_real_redis(servers.redis, "EXISTS rack:lock:R-s1"), 1);
}

/* Redis was told by now: the lease of a pause stays. */
static void
test_a_pause_that_redis_knows_is_left_alone(void **state)
{
    (void) state;
    make_floor("s1", "paused", 20000);
    believe("s1", "paused");
    sv_real_redis(servers.redis, "DEL lease:u:s1");
    assert_int_equal(run_round().dropped, 0);
    assert_int_equal(sv_real_redis(servers.redis, "EXISTS session:lock:s1 rack:lock:R-s1"), 2);
}

/* A failover brings back a lease that was deleted, and what stood beside it or not. */
static void
test_a_lease_that_came_back_is_dropped(void **state)
{
    (void) state;
    make_floor("s1", "available", 20000);
    sv_real_redis(servers.redis, "SET lease:u:s1 R-s1|1");
    beat("s1", 0);
    make_floor("s2", "paused", 20000);
    believe("s2", "paused");
    assert_int_equal(run_round().dropped, 2);
    assert_int_equal(sv_real_redis(servers.redis, "EXISTS lease:u:s1 lease:u:s2"), 0);
    assert_int_equal(sv_real_redis(servers.redis, "EXISTS session:lock:s2 rack:lock:R-s2"), 2); /* the pause stands */
}

static void
test_presence_is_as_old_as_its_heartbeat(void **state)
{
    const sv_settings_t *settings = &servers.real.settings;
    int64_t seen;

    (void) state;
    make_floor("s1", "claimed", 40000);
    sv_real_redis(servers.redis, "ZADD floor:heartbeats %lld a%%3Ab%%25:s1", (long long) (sv_clock_now_ms() - 20000));
    sv_real_redis(servers.redis, "HSET session:lock:s1 user a:b%% rack R-s1 state active version 3");
    make_floor("s2", "claimed", 600000);
    beat("s2", 500000);
    run_round();
    assert_in_range(sv_real_redis(servers.redis, "TTL user:heartbeat:a:b%%"), settings->heartbeat_ttl - 30,
                    settings->heartbeat_ttl - 19);
    seen = sv_real_redis(servers.redis, "INCRBY user_status:a:b%%:last_seen 0");
    assert_in_range(sv_clock_now_ms() / 1000 - seen, 19, 30);
    assert_in_range(sv_real_redis(servers.redis, "TTL user_status:a:b%%:last_seen"), settings->last_seen_ttl - 30,
                    settings->last_seen_ttl - 19);
    assert_in_range(sv_real_redis(servers.redis, "TTL session:lock:s1"), settings->session_lock_ttl - 30,
                    settings->session_lock_ttl - 19);
    assert_int_equal(sv_real_redis(servers.redis, "EXISTS user:heartbeat:u user_status:u:last_seen"), 0); /* long ago */
}

/* Noted by a version that did not name the user. */
static void
test_a_heartbeat_without_its_user_is_written_too(void **state)
{
    (void) state;
    make_floor("s1", "claimed", 40000);
    sv_real_redis(servers.redis, "ZADD floor:heartbeats %lld s1", (long long) sv_clock_now_ms());
    assert_int_equal(run_round().held, 1);
    assert_int_equal(sv_real_redis(servers.redis, "ZCARD floor:heartbeats"), 0);
}

/* A sync that hangs keeps its session's document; the holds of all others must not wait for it. */
static void
test_a_stuck_sync_does_not_keep_holds_from_being_written(void **state)
{
    mongoc_client_session_t *session;
    bson_t options = BSON_INITIALIZER;
    sv_store_t *other = sv_store_acquire(servers.real.pool);
    bson_t *filter = sv_real_json(servers.real.arena, "{'session_id': 's1'}");
    bson_t *update = sv_real_json(servers.real.arena, "{'$inc': {'writes': 1}}");

    (void) state;
    make_floor("s1", "claimed", 40000);
    make_floor("s2", "claimed", 40000);
    session = mongoc_client_start_session(other->client, NULL, NULL);
    assert_non_null(session);
    assert_true(mongoc_client_session_start_transaction(session, NULL, NULL));
    assert_true(mongoc_client_session_append(session, &options, NULL));
    assert_true(mongoc_collection_update_one(other->collections[SV_COLLECTION_VERIFICATION_SESSIONS], filter, update,
                                             &options, NULL, NULL));
    beat("s1", 0);
    beat("s2", 0);
    servers.real.settings.transaction_time = 300;
    assert_int_equal(run_round().held, 2);
    assert_true(mongoc_client_session_commit_transaction(session, NULL, NULL));
    servers.real.settings.transaction_time = 5000;
    mongoc_client_session_destroy(session);
    bson_destroy(&options);
    sv_store_release(other);
}

/* Somebody else has the rack's document for a while: the transaction is made again and again until it gets it. */
static void *
hold_rack_document(void *argument)
{
    mongoc_client_session_t *session = argument;

    usleep(700 * 1000);
    mongoc_client_session_commit_transaction(session, NULL, NULL);
    return NULL;
}

static void
test_a_hold_is_dated_by_its_heartbeat_however_long_its_writing_takes(void **state)
{
    sv_store_t *other = sv_store_acquire(servers.real.pool);
    mongoc_client_session_t *session = mongoc_client_start_session(other->client, NULL, NULL);
    bson_t *filter = sv_real_json(servers.real.arena, "{'rack_id': 'R-s1'}");
    bson_t *update = sv_real_json(servers.real.arena, "{'$inc': {'estimated_items': 1}}");
    bson_t options = BSON_INITIALIZER;
    pthread_t holder;
    int64_t before, wrote;

    (void) state;
    make_floor("s1", "claimed", 40000);
    assert_true(mongoc_client_session_start_transaction(session, NULL, NULL));
    assert_true(mongoc_client_session_append(session, &options, NULL));
    assert_true(mongoc_collection_update_one(other->collections[SV_COLLECTION_RACK_REGISTRY], filter, update, &options,
                                             NULL, NULL));
    beat("s1", 0);
    before = sv_clock_now_ms();
    assert_int_equal(pthread_create(&holder, NULL, hold_rack_document, session), 0);
    assert_int_equal(run_round().held, 1);
    wrote = sv_clock_now_ms();
    pthread_join(holder, NULL);
    assert_true(wrote - before >= 600); /* it did wait, else this tests nothing */
    assert_true(held_until("s1") <= before + sv_active_hold_ms(&servers.real.settings) + 50);
    mongoc_client_session_destroy(session);
    bson_destroy(&options);
    sv_store_release(other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_FLOOR_SERVERS(test_a_heartbeat_renews_the_hold_which_tells_its_time, &servers),
        SV_WITH_FLOOR_SERVERS(test_a_hold_is_never_shortened, &servers),
        SV_WITH_FLOOR_SERVERS(test_a_heartbeat_older_than_its_hold_holds_nothing, &servers),
        SV_WITH_FLOOR_SERVERS(test_paused_and_ended_racks_are_left_alone, &servers),
        SV_WITH_FLOOR_SERVERS(test_a_displaced_session_does_not_hold_its_successors_rack, &servers),
        SV_WITH_FLOOR_SERVERS(test_many_heartbeats_are_all_written, &servers),
        SV_WITH_FLOOR_SERVERS(test_what_redis_wrongly_believes_active_is_dropped, &servers),
        SV_WITH_FLOOR_SERVERS(test_a_successors_lease_is_left_alone, &servers),
        SV_WITH_FLOOR_SERVERS(test_a_pause_that_redis_knows_is_left_alone, &servers),
        SV_WITH_FLOOR_SERVERS(test_a_lease_that_came_back_is_dropped, &servers),
        SV_WITH_FLOOR_SERVERS(test_presence_is_as_old_as_its_heartbeat, &servers),
        SV_WITH_FLOOR_SERVERS(test_a_heartbeat_without_its_user_is_written_too, &servers),
        SV_WITH_FLOOR_SERVERS(test_a_hold_is_dated_by_its_heartbeat_however_long_its_writing_takes, &servers),
        SV_WITH_FLOOR_SERVERS(test_a_stuck_sync_does_not_keep_holds_from_being_written, &servers),
    };

    if (!sv_floor_servers_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
