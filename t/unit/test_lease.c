#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/floor/heartbeat.h"
#include "core/floor/lease.h"
#include "t/unit/redis_fixture.h"

static sv_redis_fixture_t real;

static int
open_redis(void **state)
{
    (void) state;
    return sv_redis_fixture_open(&real) ? 0 : -1;
}

static int
close_redis(void **state)
{
    (void) state;
    sv_redis_fixture_close(&real);
    return 0;
}

static sv_principal_t
person(const char *name)
{
    return (
        sv_principal_t){ .user_id = sv_redis_fixture_id(&real, name), .full_name = "Asha Rao", .role = SV_ROLE_STAFF };
}

static sv_lease_outcome_t
claim(const char *rack, const sv_principal_t *who, const char *nonce, sv_holder_t *holder)
{
    sv_redis_command_t command;

    sv_lease_claim_command(&command, real.arena, &real.settings, rack, who, nonce);
    return sv_lease_claim_read(sv_redis_fixture_run(&real, &command), real.arena, holder);
}

static int64_t
drop(const char *rack, const char *nonce)
{
    sv_redis_command_t command;

    sv_lease_drop_command(&command, real.arena, rack, nonce);
    return sv_redis_fixture_run(&real, &command)->integer;
}

static sv_floor_session_t
session_of(const sv_principal_t *who, const char *rack, const char *session_id, int64_t fence)
{
    return (sv_floor_session_t){
        .session_id = session_id,
        .user_id = who->user_id,
        .full_name = who->full_name,
        .rack_id = rack,
        .warehouse = "W1",
        .floor = "F1",
        .count_id = "count",
        .fence = fence,
        .status = SV_SESSION_ACTIVE,
        .started_at_ms = INT64_C(1795342800000),
    };
}

static int64_t
settle(const sv_floor_session_t *session)
{
    sv_redis_command_t command;

    sv_lease_settle_command(&command, real.arena, &real.settings, session, false);
    return sv_redis_fixture_run(&real, &command)->integer;
}

static int64_t
set_state(const sv_floor_session_t *session, int64_t lock_ttl_s)
{
    sv_redis_command_t command;

    sv_session_state_command(&command, real.arena, &real.settings, session, lock_ttl_s, "rack.changed");
    return sv_redis_fixture_run(&real, &command)->integer;
}

static bool
restore(const sv_floor_session_t *session)
{
    sv_redis_command_t command;

    sv_lease_restore_command(&command, real.arena, &real.settings, session);
    return sv_lease_restore_read(sv_redis_fixture_run(&real, &command));
}

static int64_t
lease_ttl(const char *rack)
{
    sv_redis_command_t command;

    sv_lease_ttl_command(&command, real.arena, rack);
    return sv_lease_ttl_read_s(sv_redis_fixture_run(&real, &command));
}

static const char *
lease_session(const char *rack)
{
    return sv_redis_fixture_call(&real, "HGET", sv_arena_printf(real.arena, "rack:lock:%s", rack), "session", NULL)
        ->str;
}

static void
let_lease_lapse(const char *rack)
{
    sv_redis_fixture_call(&real, "DEL", sv_arena_printf(real.arena, "rack:lock:%s", rack), NULL);
}

/* The account's state as the gate keeps it. */
static void
know_account(const sv_principal_t *who, const char *enabled, const char *generation)
{
    sv_redis_fixture_call(&real, "HSET", sv_arena_printf(real.arena, "auth:user:%s", who->user_id), "enabled", enabled,
                          "generation", generation, NULL);
}

static sv_heartbeat_outcome_t
beat_on(const sv_principal_t *who, const char *session_id, const char *rack)
{
    sv_heartbeat_t heartbeat = {
        .user_id = who->user_id, .generation = 3, .family_id = who->user_id, .session_id = session_id, .rack_id = rack
    };
    const sv_heartbeat_t *one = &heartbeat;
    sv_redis_command_t command;

    sv_heartbeat_command(&command, real.arena, &real.settings, &one, 1);
    return sv_heartbeat_read(sv_redis_fixture_run(&real, &command), 0);
}

static sv_heartbeat_outcome_t
beat(const sv_principal_t *who, const char *session_id)
{
    return beat_on(who, session_id, NULL);
}

static void
a_free_lease_is_taken_and_a_held_one_tells_its_holder(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L1");
    sv_principal_t asha = person("asha"), ben = person("ben");
    sv_holder_t holder;

    (void) state;
    assert_int_equal(claim(rack, &asha, "n1", &holder), SV_LEASE_TAKEN);
    assert_in_range(lease_ttl(rack), 1, real.settings.rack_lock_ttl);
    assert_int_equal(claim(rack, &ben, "n2", &holder), SV_LEASE_FOREIGN);
    assert_string_equal(holder.user_id, asha.user_id);
    assert_string_equal(holder.full_name, "Asha Rao");
    assert_null(holder.session_id); /* its claim is under way */
    assert_true(holder.since_ms > INT64_C(1700000000000));
    assert_in_range(holder.lock_ttl_s, 1, real.settings.rack_lock_ttl);
}

static void
a_failed_claim_gives_back_only_its_own_lease(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L2");
    sv_principal_t asha = person("asha"), ben = person("ben");
    sv_floor_session_t session = session_of(&asha, rack, sv_redis_fixture_id(&real, "s2"), 4);
    sv_holder_t holder;

    (void) state;
    assert_int_equal(claim(rack, &asha, "n1", &holder), SV_LEASE_TAKEN);
    assert_int_equal(drop(rack, "n2"), 0);
    /* The same user again, as an impatient app does: the later claim's nonce counts. */
    assert_int_equal(claim(rack, &asha, "n3", &holder), SV_LEASE_TAKEN);
    assert_int_equal(drop(rack, "n1"), 0);
    assert_int_equal(drop(rack, "n3"), 1);
    assert_int_equal(claim(rack, &ben, "n4", &holder), SV_LEASE_TAKEN);
    assert_int_equal(drop(rack, "n4"), 1);
    /* A settled lease is nobody's to drop by nonce. */
    assert_int_equal(claim(rack, &asha, "n5", &holder), SV_LEASE_TAKEN);
    assert_int_equal(settle(&session), 1);
    assert_int_equal(drop(rack, "n5"), 0);
    assert_int_equal(drop(rack, ""), 0);
    assert_int_equal(claim(rack, &asha, "n6", &holder), SV_LEASE_OWN);
    assert_string_equal(holder.session_id, session.session_id);
}

static void
the_fence_decides_whose_lease_stands(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L3");
    sv_principal_t asha = person("asha"), ben = person("ben");
    sv_floor_session_t old = session_of(&asha, rack, sv_redis_fixture_id(&real, "s3a"), 5);
    sv_floor_session_t young = session_of(&ben, rack, sv_redis_fixture_id(&real, "s3b"), 6);
    sv_holder_t holder;

    (void) state;
    assert_int_equal(settle(&young), 1);
    assert_int_equal(settle(&old), 0);
    assert_false(restore(&old));
    assert_string_equal(lease_session(rack), young.session_id);
    let_lease_lapse(rack);
    assert_int_equal(settle(&old), 1);
    assert_true(restore(&young));
    assert_string_equal(lease_session(rack), young.session_id);
    /* A claim of somebody else under way is not taken from under its feet. */
    let_lease_lapse(rack);
    assert_int_equal(claim(rack, &asha, "n1", &holder), SV_LEASE_TAKEN);
    assert_false(restore(&young));
    assert_int_equal(settle(&young), 1);
}

static void
states_stand_in_the_order_of_their_versions(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L4");
    sv_principal_t asha = person("asha");
    sv_floor_session_t session = session_of(&asha, rack, sv_redis_fixture_id(&real, "s4"), 1);

    (void) state;
    know_account(&asha, "1", "3");
    assert_int_equal(settle(&session), 1);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_RENEWED);
    session.status = SV_SESSION_PAUSED;
    session.writes = 2;
    assert_int_equal(set_state(&session, real.settings.rack_pause_ttl), 1);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_PAUSED);
    assert_in_range(lease_ttl(rack), real.settings.rack_lock_ttl + 1, real.settings.rack_pause_ttl);
    /* The resume before it arrives late. */
    session.status = SV_SESSION_ACTIVE;
    session.writes = 1;
    assert_int_equal(set_state(&session, real.settings.rack_lock_ttl), 0);
    assert_false(restore(&session));
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_PAUSED);
    session.writes = 3;
    assert_int_equal(set_state(&session, real.settings.rack_lock_ttl), 1);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_RENEWED);
    assert_in_range(lease_ttl(rack), 1, real.settings.rack_lock_ttl);
    session.status = SV_SESSION_COMPLETED;
    session.writes = 4;
    assert_int_equal(set_state(&session, 0), 1);
    assert_int_equal(lease_ttl(rack), 0);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_COMPLETED);
    /* So does the claim's own settlement, when a supervisor was quicker with a release. */
    session.status = SV_SESSION_ACTIVE;
    session.writes = 0;
    assert_int_equal(settle(&session), 0);
    assert_int_equal(lease_ttl(rack), 0);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_COMPLETED);
}

static void
a_release_leaves_the_next_holders_lease_alone(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L5");
    sv_principal_t asha = person("asha"), ben = person("ben");
    sv_floor_session_t first = session_of(&asha, rack, sv_redis_fixture_id(&real, "s5a"), 1);
    sv_floor_session_t second = session_of(&ben, rack, sv_redis_fixture_id(&real, "s5b"), 2);

    (void) state;
    assert_int_equal(settle(&second), 1);
    first.status = SV_SESSION_COMPLETED;
    first.writes = 1;
    assert_int_equal(set_state(&first, 0), 1);
    assert_string_equal(lease_session(rack), second.session_id);
    first.status = SV_SESSION_PAUSED;
    first.writes = 2;
    assert_int_equal(set_state(&first, 1800), 1);
    assert_string_equal(lease_session(rack), second.session_id);
}

static void
a_heartbeat_renews_lease_presence_and_session(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L6");
    sv_principal_t asha = person("asha");
    sv_floor_session_t session = session_of(&asha, rack, sv_redis_fixture_id(&real, "s6"), 1);
    const char *lock = sv_arena_printf(real.arena, "session:lock:%s", session.session_id);
    sv_redis_command_t command;
    int64_t noted, seen, ttl;

    (void) state;
    know_account(&asha, "1", "3");
    assert_int_equal(settle(&session), 1);
    sv_redis_fixture_call(&real, "PEXPIRE", sv_arena_printf(real.arena, "rack:lock:%s", rack), "5000", NULL);
    sv_redis_fixture_call(&real, "EXPIRE", lock, "5", NULL);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_RENEWED);
    assert_int_equal(lease_ttl(rack), real.settings.rack_lock_ttl);
    ttl = sv_redis_fixture_call(&real, "TTL", lock, NULL)->integer;
    assert_in_range(ttl, real.settings.session_lock_ttl - 1, real.settings.session_lock_ttl);
    ttl = sv_redis_fixture_call(&real, "TTL", sv_arena_printf(real.arena, "user:heartbeat:%s", asha.user_id), NULL)
              ->integer;
    assert_in_range(ttl, real.settings.heartbeat_ttl - 1, real.settings.heartbeat_ttl);
    seen = strtoll(
        sv_redis_fixture_call(&real, "GET", sv_arena_printf(real.arena, "user_status:%s:last_seen", asha.user_id), NULL)
            ->str,
        NULL, 10);
    sv_last_heartbeat_command(&command, real.arena, session.session_id);
    noted = sv_last_heartbeat_read_ms(sv_redis_fixture_run(&real, &command));
    assert_int_equal(noted / 1000, seen);
    sv_redis_fixture_call(&real, "ZREM", "floor:heartbeats", session.session_id, NULL);
}

static void
a_heartbeat_says_what_is_wrong(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L7");
    sv_principal_t asha = person("asha7"), ben = person("ben7");
    sv_floor_session_t session = session_of(&asha, rack, sv_redis_fixture_id(&real, "s7a"), 1);
    sv_floor_session_t next = session_of(&ben, rack, sv_redis_fixture_id(&real, "s7b"), 2);
    const char *account = sv_arena_printf(real.arena, "auth:user:%s", asha.user_id);
    const char *ended = sv_arena_printf(real.arena, "ended:%s", asha.user_id);

    (void) state;
    assert_int_equal(settle(&session), 1);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_ACCOUNT_UNKNOWN);
    know_account(&asha, "0", "3");
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_ACCOUNT_DISABLED);
    know_account(&asha, "1", "4");
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_TOKEN_REVOKED);
    know_account(&asha, "1", "2");
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_ACCOUNT_UNKNOWN); /* stale: newer token */
    know_account(&asha, "1", "3");
    sv_redis_fixture_call(&real, "HSET", account, ended, "1", NULL);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_TOKEN_REVOKED);
    sv_redis_fixture_call(&real, "HDEL", account, ended, NULL);
    know_account(&ben, "1", "3");
    assert_int_equal(beat(&ben, session.session_id), SV_HEARTBEAT_NOT_YOURS);
    assert_int_equal(beat(&asha, "nothing"), SV_HEARTBEAT_SESSION_UNKNOWN);
    assert_int_equal(beat_on(&asha, session.session_id, "elsewhere"), SV_HEARTBEAT_OTHER_RACK);
    assert_int_equal(beat_on(&asha, session.session_id, rack), SV_HEARTBEAT_RENEWED);
    let_lease_lapse(rack);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_LEASE_MISSING);
    assert_int_equal(lease_ttl(rack), 0); /* a heartbeat alone takes no lease */
    assert_true(restore(&session));
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_RENEWED);
    assert_int_equal(settle(&next), 1);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_LEASE_FOREIGN);
    assert_int_equal(beat(&ben, next.session_id), SV_HEARTBEAT_RENEWED);
    sv_redis_fixture_call(&real, "ZREM", "floor:heartbeats", session.session_id, next.session_id, NULL);
}

static void
heartbeats_of_one_run_are_answered_each(void **state)
{
    enum { COUNT = 12 };
    sv_principal_t asha = person("asha9"), ben = person("ben9");
    const sv_principal_t *who[] = { &asha, &asha, &ben }; /* renewed, unknown session, another's */
    const sv_heartbeat_outcome_t expected[] = { SV_HEARTBEAT_RENEWED, SV_HEARTBEAT_SESSION_UNKNOWN,
                                                SV_HEARTBEAT_NOT_YOURS };
    const sv_heartbeat_t *heartbeats[COUNT];
    sv_heartbeat_t made[COUNT];
    sv_heartbeat_outcome_t outcomes[COUNT + 1];
    sv_redis_command_t command;
    const redisReply *reply;

    (void) state;
    know_account(&asha, "1", "3");
    know_account(&ben, "1", "3");
    for (size_t i = 0; i < COUNT; i++) {
        const char *rack = sv_redis_fixture_id(&real, sv_arena_printf(real.arena, "L9-%zu", i));
        sv_floor_session_t session =
            session_of(&asha, rack, sv_redis_fixture_id(&real, sv_arena_printf(real.arena, "s9-%zu", i)), 1);

        assert_int_equal(settle(&session), 1);
        sv_redis_fixture_call(&real, "PEXPIRE", sv_arena_printf(real.arena, "rack:lock:%s", rack), "5000", NULL);
        made[i] = (sv_heartbeat_t){ .user_id = who[i % 3]->user_id,
                                    .generation = 3,
                                    .session_id = i % 3 == 1 ? "nothing" : session.session_id };
        heartbeats[i] = &made[i];
    }
    sv_heartbeat_command(&command, real.arena, &real.settings, heartbeats, COUNT);
    reply = sv_redis_fixture_run(&real, &command);
    for (size_t i = 0; i <= COUNT; i++) {
        outcomes[i] = sv_heartbeat_read(reply, i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        const char *rack = sv_redis_fixture_id(&real, sv_arena_printf(real.arena, "L9-%zu", i));

        assert_int_equal(outcomes[i], expected[i % 3]);
        if (i % 3 == 0) {
            assert_int_equal(lease_ttl(rack), real.settings.rack_lock_ttl);
        } else {
            assert_in_range(lease_ttl(rack), 1, 5);
        }
    }
    assert_int_equal(outcomes[COUNT], SV_HEARTBEAT_NO_REPLY);
    assert_int_equal(sv_heartbeat_read(NULL, 0), SV_HEARTBEAT_NO_REPLY);
    sv_redis_fixture_call(&real, "DEL", "floor:heartbeats", NULL);
}

static void
an_interrupted_session_is_forgotten_here(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L8");
    sv_principal_t asha = person("asha8");
    sv_floor_session_t session = session_of(&asha, rack, sv_redis_fixture_id(&real, "s8"), 1);

    (void) state;
    know_account(&asha, "1", "3");
    assert_int_equal(settle(&session), 1);
    session.status = SV_SESSION_INTERRUPTED;
    assert_int_equal(set_state(&session, 0), 1);
    assert_int_equal(lease_ttl(rack), 0);
    assert_int_equal(beat(&asha, session.session_id), SV_HEARTBEAT_SESSION_UNKNOWN);
}

static void
a_redis_that_is_not_there_is_unavailable(void **state)
{
    sv_settings_t elsewhere = real.settings;
    sv_redis_client_t *client;
    sv_redis_command_t command;
    redisReply *reply;

    (void) state;
    elsewhere.redis_port = 1;
    client = sv_redis_client_create(&elsewhere);
    sv_redis_command(&command, real.arena, "PING");
    sv_error_clear(&real.error);
    assert_int_equal(sv_redis_client_run(client, &command, &reply, &real.error), SV_ERR_UNAVAILABLE);
    assert_null(reply);
    sv_redis_client_destroy(client);
}

static void
a_refused_command_tells_the_cause(void **state)
{
    sv_redis_command_t command;
    redisReply *reply;

    (void) state;
    sv_redis_command(&command, real.arena, "HGET");
    sv_error_clear(&real.error);
    assert_int_equal(sv_redis_client_run(real.client, &command, &reply, &real.error), SV_ERR_INTERNAL);
    assert_non_null(strstr(real.error.cause, "wrong number of arguments"));
    assert_null(reply);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_lease_is_taken_and_a_held_one_tells_its_holder),
        cmocka_unit_test(a_failed_claim_gives_back_only_its_own_lease),
        cmocka_unit_test(the_fence_decides_whose_lease_stands),
        cmocka_unit_test(states_stand_in_the_order_of_their_versions),
        cmocka_unit_test(a_release_leaves_the_next_holders_lease_alone),
        cmocka_unit_test(a_heartbeat_renews_lease_presence_and_session),
        cmocka_unit_test(a_heartbeat_says_what_is_wrong),
        cmocka_unit_test(heartbeats_of_one_run_are_answered_each),
        cmocka_unit_test(an_interrupted_session_is_forgotten_here),
        cmocka_unit_test(a_redis_that_is_not_there_is_unavailable),
        cmocka_unit_test(a_refused_command_tells_the_cause),
    };

    if (getenv("SV_TEST_REDIS") == NULL) {
        puts("test_lease: skipped, SV_TEST_REDIS names no server");
        return 0;
    }
    return cmocka_run_group_tests(tests, open_redis, close_redis);
}
