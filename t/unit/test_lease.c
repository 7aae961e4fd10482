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
settle_over(const sv_floor_session_t *session, const sv_floor_session_t *displaced)
{
    sv_redis_command_t command;

    sv_lease_settle_command(&command, real.arena, &real.settings, session, displaced, false);
    return sv_redis_fixture_run(&real, &command)->integer;
}

static int64_t
settle(const sv_floor_session_t *session)
{
    return settle_over(session, NULL);
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

/* Seconds that are left of a session's own lease, which decides. */
static int64_t
session_lease_ttl(const sv_floor_session_t *session)
{
    return sv_redis_fixture_call(&real, "TTL", sv_lease_key(real.arena, session->user_id, session->session_id), NULL)
        ->integer;
}

static void
let_lease_lapse(const sv_floor_session_t *session)
{
    sv_redis_fixture_call(&real, "DEL", sv_lease_key(real.arena, session->user_id, session->session_id), NULL);
}

static void
forget_rack(const char *rack)
{
    sv_redis_fixture_call(&real, "DEL", sv_arena_printf(real.arena, "rack:lock:%s", rack), NULL);
}

static bool
is_held(const char *rack)
{
    sv_redis_command_t command;

    sv_rack_held_command(&command, real.arena, &real.settings, rack);
    return sv_rack_held_read(sv_redis_fixture_run(&real, &command));
}

/* The account's state as the gate keeps it. */
static void
know_account(const sv_principal_t *who, const char *enabled, const char *generation)
{
    sv_redis_fixture_call(&real, "HSET", sv_arena_printf(real.arena, "auth:user:%s", who->user_id), "enabled", enabled,
                          "generation", generation, NULL);
}

/* What a client is told in the end, short of asking MongoDB. */
typedef enum { RENEWED, ACCOUNT_NOT_GOOD, NOT_YOURS, OTHER_RACK, PAUSED, COMPLETED, ASK_MONGODB } told_t;

static told_t
told_of_session(const sv_heartbeat_t *heartbeat)
{
    sv_redis_command_t command;
    sv_status_t status;

    sv_heartbeat_session_command(&command, real.arena, heartbeat);
    sv_error_clear(&real.error);
    status = sv_heartbeat_session_read(sv_redis_fixture_run(&real, &command), heartbeat, &real.error);
    sv_error_clear(&real.error);
    switch (status) {
    case SV_ERR_FORBIDDEN:
        return NOT_YOURS;
    case SV_ERR_VALIDATION_FAILED:
        return OTHER_RACK;
    case SV_ERR_SESSION_PAUSED:
        return PAUSED;
    case SV_ERR_SESSION_COMPLETED:
        return COMPLETED;
    default:
        assert_int_equal(status, SV_OK);
        return ASK_MONGODB;
    }
}

/* In two halves, between which others come. */
static sv_heartbeat_outcome_t
renew(const sv_heartbeat_t *heartbeat, sv_heartbeat_replies_t *replies)
{
    sv_heartbeat_commands_t commands;

    *replies = (sv_heartbeat_replies_t){ 0 };
    sv_heartbeat_commands(&commands, real.arena, &real.settings, heartbeat);
    sv_heartbeat_read_account(sv_redis_fixture_run(&real, &commands.account), heartbeat, replies);
    sv_heartbeat_read_lease(sv_redis_fixture_run(&real, &commands.lease), real.arena, replies);
    return sv_heartbeat_outcome(heartbeat, replies);
}

static void
note(const sv_heartbeat_t *heartbeat, const sv_heartbeat_replies_t *replies)
{
    sv_redis_command_t command;

    sv_heartbeat_prolong_command(&command, real.arena, &real.settings, replies->rack_id);
    sv_redis_fixture_run(&real, &command);
    sv_heartbeats_note_command(&command, real.arena);
    sv_heartbeats_note(&command, heartbeat, sv_redis_time_read_ms(sv_redis_fixture_call(&real, "TIME", NULL)));
    sv_redis_fixture_run(&real, &command);
}

static sv_heartbeat_t
heartbeat_of(const sv_principal_t *who, const char *session_id, const char *rack)
{
    return (sv_heartbeat_t){
        .user_id = who->user_id, .generation = 3, .family_id = who->user_id, .session_id = session_id, .rack_id = rack
    };
}

static told_t
beat_on(const sv_principal_t *who, const char *session_id, const char *rack)
{
    const sv_heartbeat_t heartbeat = heartbeat_of(who, session_id, rack);
    sv_heartbeat_replies_t replies;

    switch (renew(&heartbeat, &replies)) {
    case SV_HEARTBEAT_RENEWED:
        note(&heartbeat, &replies);
        return RENEWED;
    case SV_HEARTBEAT_OTHER_RACK:
        return OTHER_RACK;
    case SV_HEARTBEAT_NO_ACCOUNT:
        return ACCOUNT_NOT_GOOD;
    case SV_HEARTBEAT_NO_LEASE:
        return told_of_session(&heartbeat);
    default:
        fail_msg("no reply");
        return ASK_MONGODB;
    }
}

static told_t
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
    assert_int_equal(session_lease_ttl(&old), -2);
    forget_rack(rack);
    assert_int_equal(settle(&old), 1);
    assert_true(restore(&young));
    assert_string_equal(lease_session(rack), young.session_id);
    assert_int_equal(session_lease_ttl(&old), -2); /* displaced */
    /* A claim of somebody else under way is not taken from under its feet. */
    let_lease_lapse(&young);
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
    assert_int_equal(beat(&asha, session.session_id), RENEWED);
    session.status = SV_SESSION_PAUSED;
    session.writes = 2;
    assert_int_equal(set_state(&session, real.settings.rack_pause_ttl), 1);
    assert_int_equal(beat(&asha, session.session_id), PAUSED);
    assert_in_range(lease_ttl(rack), real.settings.rack_lock_ttl + 1, real.settings.rack_pause_ttl);
    /* The resume before it arrives late. */
    session.status = SV_SESSION_ACTIVE;
    session.writes = 1;
    assert_int_equal(set_state(&session, real.settings.rack_lock_ttl), 0);
    assert_false(restore(&session));
    assert_int_equal(beat(&asha, session.session_id), PAUSED);
    session.writes = 3;
    assert_int_equal(set_state(&session, real.settings.rack_lock_ttl), 1);
    assert_int_equal(beat(&asha, session.session_id), RENEWED);
    assert_in_range(lease_ttl(rack), 1, real.settings.rack_lock_ttl);
    session.status = SV_SESSION_COMPLETED;
    session.writes = 4;
    assert_int_equal(set_state(&session, 0), 1);
    assert_int_equal(lease_ttl(rack), 0);
    assert_int_equal(beat(&asha, session.session_id), COMPLETED);
    /* So does the claim's own settlement, when a supervisor was quicker with a release. */
    session.status = SV_SESSION_ACTIVE;
    session.writes = 0;
    assert_int_equal(settle(&session), 0);
    assert_int_equal(lease_ttl(rack), 0);
    assert_int_equal(beat(&asha, session.session_id), COMPLETED);
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
a_heartbeat_renews_its_lease_and_is_noted(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L6");
    sv_principal_t asha = person("asha:6%"); /* a lease's name has both in another way */
    sv_floor_session_t session = session_of(&asha, rack, sv_redis_fixture_id(&real, "s6"), 1);
    sv_redis_command_t command;
    int64_t noted, now;

    (void) state;
    know_account(&asha, "1", "3");
    assert_int_equal(settle(&session), 1);
    sv_redis_fixture_call(&real, "EXPIRE", sv_lease_key(real.arena, asha.user_id, session.session_id), "5", NULL);
    sv_redis_fixture_call(&real, "PEXPIRE", sv_arena_printf(real.arena, "rack:lock:%s", rack), "5000", NULL);
    assert_int_equal(beat(&asha, session.session_id), RENEWED);
    assert_int_equal(lease_ttl(rack), real.settings.rack_lock_ttl);
    assert_in_range(session_lease_ttl(&session), real.settings.rack_lock_ttl - 1, real.settings.rack_lock_ttl);
    now = sv_redis_time_read_ms(sv_redis_fixture_call(&real, "TIME", NULL));
    sv_last_heartbeat_command(&command, real.arena, asha.user_id, session.session_id);
    noted = sv_last_heartbeat_read_ms(sv_redis_fixture_run(&real, &command));
    assert_in_range(noted, now - 60000, now);
    /* One that was noted by another process, and comes late, takes nothing back. */
    sv_heartbeats_note_command(&command, real.arena);
    sv_heartbeats_note(&command, &(sv_heartbeat_t){ .user_id = asha.user_id, .session_id = session.session_id },
                       noted - 1000);
    sv_redis_fixture_run(&real, &command);
    sv_last_heartbeat_command(&command, real.arena, asha.user_id, session.session_id);
    assert_int_equal(sv_last_heartbeat_read_ms(sv_redis_fixture_run(&real, &command)), noted);
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
    assert_int_equal(beat(&asha, session.session_id), ACCOUNT_NOT_GOOD);
    know_account(&asha, "0", "3");
    assert_int_equal(beat(&asha, session.session_id), ACCOUNT_NOT_GOOD);
    know_account(&asha, "1", "4");
    assert_int_equal(beat(&asha, session.session_id), ACCOUNT_NOT_GOOD);
    know_account(&asha, "1", "2");
    assert_int_equal(beat(&asha, session.session_id), ACCOUNT_NOT_GOOD); /* stale: newer token */
    know_account(&asha, "1", "3");
    sv_redis_fixture_call(&real, "HSET", account, ended, "1", NULL);
    assert_int_equal(beat(&asha, session.session_id), ACCOUNT_NOT_GOOD);
    sv_redis_fixture_call(&real, "HDEL", account, ended, NULL);
    know_account(&ben, "1", "3");
    assert_int_equal(beat(&ben, session.session_id), NOT_YOURS);
    assert_int_equal(beat(&asha, "nothing"), ASK_MONGODB);
    assert_int_equal(beat_on(&asha, session.session_id, "elsewhere"), OTHER_RACK);
    assert_int_equal(beat_on(&asha, session.session_id, rack), RENEWED);
    let_lease_lapse(&session);
    assert_int_equal(beat(&asha, session.session_id), ASK_MONGODB);
    assert_int_equal(session_lease_ttl(&session), -2); /* a heartbeat alone takes no lease */
    assert_int_equal(beat_on(&asha, session.session_id, "elsewhere"), OTHER_RACK);
    assert_true(restore(&session));
    assert_int_equal(beat(&asha, session.session_id), RENEWED);
    assert_int_equal(settle(&next), 1);
    assert_int_equal(beat(&asha, session.session_id), ASK_MONGODB);
    assert_int_equal(beat(&ben, next.session_id), RENEWED);
}

/* Nobody prolongs another's lease, whatever they are called. */
static void
a_lease_is_named_by_its_user_and_nobody_else(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L9");
    sv_principal_t whole = person("a:b"), part = { .user_id = "a", .full_name = "A", .role = SV_ROLE_STAFF };
    sv_floor_session_t session = session_of(&whole, rack, sv_redis_fixture_id(&real, "s9"), 1);
    const char *guess = sv_arena_printf(real.arena, "%s:%s", whole.user_id + 2, session.session_id);

    (void) state;
    know_account(&whole, "1", "3");
    know_account(&part, "1", "3");
    assert_int_equal(settle(&session), 1);
    assert_int_equal(beat(&part, guess), ASK_MONGODB);
    assert_int_equal(beat(&part, session.session_id), NOT_YOURS);
    assert_int_equal(beat(&whole, session.session_id), RENEWED);
    sv_redis_fixture_call(&real, "DEL", "auth:user:a", NULL);
}

static void
a_pause_between_the_halves_of_a_heartbeat_stands(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L10");
    sv_principal_t asha = person("asha10"), ben = person("ben10");
    sv_floor_session_t session = session_of(&asha, rack, sv_redis_fixture_id(&real, "s10"), 1);
    const sv_heartbeat_t heartbeat = heartbeat_of(&asha, session.session_id, NULL);
    sv_heartbeat_replies_t replies;
    sv_holder_t holder;

    (void) state;
    know_account(&asha, "1", "3");
    assert_int_equal(settle(&session), 1);
    assert_int_equal(renew(&heartbeat, &replies), SV_HEARTBEAT_RENEWED);
    session.status = SV_SESSION_PAUSED;
    session.writes = 1;
    assert_int_equal(set_state(&session, real.settings.rack_pause_ttl), 1);
    note(&heartbeat, &replies);
    assert_in_range(lease_ttl(rack), real.settings.rack_lock_ttl + 1, real.settings.rack_pause_ttl);
    assert_int_equal(beat(&asha, session.session_id), PAUSED);
    assert_int_equal(session_lease_ttl(&session), -2);
    assert_true(is_held(rack));
    assert_int_equal(claim(rack, &ben, "n1", &holder), SV_LEASE_FOREIGN);
    session.status = SV_SESSION_ACTIVE;
    session.writes = 2;
    assert_int_equal(set_state(&session, real.settings.rack_lock_ttl), 1);
    assert_int_equal(beat(&asha, session.session_id), RENEWED);
    assert_true(is_held(rack));
}

static void
a_claim_between_the_halves_of_a_heartbeat_stands(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L11");
    sv_principal_t asha = person("asha11"), ben = person("ben11");
    sv_floor_session_t old = session_of(&asha, rack, sv_redis_fixture_id(&real, "s11a"), 1);
    sv_floor_session_t young = session_of(&ben, rack, sv_redis_fixture_id(&real, "s11b"), 2);
    const sv_heartbeat_t heartbeat = heartbeat_of(&asha, old.session_id, NULL);
    sv_heartbeat_replies_t replies;
    sv_holder_t holder;

    (void) state;
    know_account(&asha, "1", "3");
    know_account(&ben, "1", "3");
    assert_int_equal(settle(&old), 1);
    assert_int_equal(renew(&heartbeat, &replies), SV_HEARTBEAT_RENEWED);
    assert_int_equal(claim(rack, &ben, "n1", &holder), SV_LEASE_FOREIGN);
    let_lease_lapse(&old);
    assert_false(is_held(rack)); /* the pointer's own time says nothing */
    assert_int_equal(claim(rack, &ben, "n2", &holder), SV_LEASE_TAKEN);
    assert_int_equal(beat(&asha, old.session_id), ASK_MONGODB);
    assert_false(restore(&old)); /* a claim is under way */
    note(&heartbeat, &replies);
    assert_true(is_held(rack));
    assert_int_equal(settle(&young), 1);
    note(&heartbeat, &replies);
    assert_int_equal(beat(&asha, old.session_id), ASK_MONGODB);
    assert_false(restore(&old)); /* a higher fence stands */
    assert_int_equal(beat(&ben, young.session_id), RENEWED);
}

/* Late heartbeats of somebody else prolong the pointer of a claim whose process has died. */
static void
a_claim_that_was_never_settled_is_over_after_a_ttl(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L12");
    const char *lock = sv_arena_printf(real.arena, "rack:lock:%s", rack);
    sv_principal_t asha = person("asha12"), ben = person("ben12");
    sv_floor_session_t session = session_of(&asha, rack, sv_redis_fixture_id(&real, "s12"), 1);
    sv_holder_t holder;
    int64_t since;

    (void) state;
    assert_int_equal(claim(rack, &ben, "n1", &holder), SV_LEASE_TAKEN);
    assert_true(is_held(rack));
    assert_false(restore(&session));
    since = sv_redis_time_read_ms(sv_redis_fixture_call(&real, "TIME", NULL)) - real.settings.rack_lock_ttl * 1000;
    sv_redis_fixture_call(&real, "HSET", lock, "since", sv_arena_printf(real.arena, "%lld", (long long) since), NULL);
    assert_false(is_held(rack));
    assert_int_equal(claim(rack, &asha, "n2", &holder), SV_LEASE_TAKEN);
    assert_int_equal(drop(rack, "n2"), 1);
    assert_true(restore(&session));
}

/* By MongoDB, whatever became of the rack's pointer. */
static void
a_settled_claim_ends_the_lease_of_whom_it_displaced(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L13");
    sv_principal_t asha = person("asha13"), ben = person("ben13");
    sv_floor_session_t old = session_of(&asha, rack, sv_redis_fixture_id(&real, "s13a"), 1);
    sv_floor_session_t young = session_of(&ben, rack, sv_redis_fixture_id(&real, "s13b"), 2);

    (void) state;
    assert_int_equal(settle(&old), 1);
    forget_rack(rack);
    assert_int_equal(settle_over(&young, &old), 1);
    assert_int_equal(session_lease_ttl(&old), -2);
    assert_true(is_held(rack));
}

/* The release, the completion: the lease goes with the rack. */
static void
an_end_takes_the_lease_along(void **state)
{
    const char *rack = sv_redis_fixture_id(&real, "L14");
    sv_principal_t asha = person("asha14");
    sv_floor_session_t session = session_of(&asha, rack, sv_redis_fixture_id(&real, "s14"), 1);
    sv_redis_command_t command;

    (void) state;
    assert_int_equal(settle(&session), 1);
    sv_lease_end_command(&command, real.arena, asha.user_id, session.session_id);
    assert_int_equal(sv_redis_fixture_run(&real, &command)->integer, 1); /* an account that may not go on */
    assert_false(is_held(rack));
    assert_true(restore(&session));
    session.status = SV_SESSION_COMPLETED;
    session.writes = 1;
    assert_int_equal(set_state(&session, 0), 1);
    assert_int_equal(session_lease_ttl(&session), -2);
    assert_false(is_held(rack));
}

static void
replies_that_say_nothing_renew_nothing(void **state)
{
    const sv_heartbeat_t heartbeat = { .user_id = "u", .generation = 3, .session_id = "s" };
    redisReply nil = { .type = REDIS_REPLY_NIL }, status = { .type = REDIS_REPLY_STATUS, .str = "OK", .len = 2 };
    sv_heartbeat_replies_t replies = { 0 };

    (void) state;
    assert_int_equal(sv_heartbeat_outcome(&heartbeat, &replies), SV_HEARTBEAT_NO_REPLY);
    sv_heartbeat_read_lease(&nil, real.arena, &replies);
    assert_int_equal(sv_heartbeat_outcome(&heartbeat, &replies), SV_HEARTBEAT_NO_REPLY);
    sv_heartbeat_read_account(&nil, &heartbeat, &replies);
    assert_int_equal(sv_heartbeat_outcome(&heartbeat, &replies), SV_HEARTBEAT_NO_REPLY);
    replies = (sv_heartbeat_replies_t){ .account_answered = true, .account_good = true };
    sv_heartbeat_read_lease(&status, real.arena, &replies);
    assert_int_equal(sv_heartbeat_outcome(&heartbeat, &replies), SV_HEARTBEAT_NO_REPLY);
    sv_heartbeat_read_lease(NULL, real.arena, &replies);
    assert_int_equal(sv_heartbeat_outcome(&heartbeat, &replies), SV_HEARTBEAT_NO_REPLY);
    assert_int_equal(sv_heartbeat_settle(SV_HEARTBEAT_NO_REPLY, &real.error), SV_ERR_UNAVAILABLE);
    sv_error_clear(&real.error);
    assert_int_equal(sv_redis_time_read_ms(NULL), 0);
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
    assert_int_equal(beat(&asha, session.session_id), ASK_MONGODB);
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
        cmocka_unit_test(a_heartbeat_renews_its_lease_and_is_noted),
        cmocka_unit_test(a_heartbeat_says_what_is_wrong),
        cmocka_unit_test(a_lease_is_named_by_its_user_and_nobody_else),
        cmocka_unit_test(a_pause_between_the_halves_of_a_heartbeat_stands),
        cmocka_unit_test(a_claim_between_the_halves_of_a_heartbeat_stands),
        cmocka_unit_test(a_claim_that_was_never_settled_is_over_after_a_ttl),
        cmocka_unit_test(a_settled_claim_ends_the_lease_of_whom_it_displaced),
        cmocka_unit_test(an_end_takes_the_lease_along),
        cmocka_unit_test(replies_that_say_nothing_renew_nothing),
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
