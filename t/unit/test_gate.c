#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/gate.h"
#include "core/auth/throttle.h"
#include "t/unit/real_redis.h"

static struct {
    sv_arena_t *arena;
    sv_settings_t settings;
    sv_redis_client_t *client;
    sv_error_t error;
} real;

static const sv_account_t asha = {
    .user_id = "u1",
    .username = "asha",
    .full_name = "Asha Rao",
    .warehouse = "W1",
    .role = SV_ROLE_SUPERVISOR,
    .enabled = true,
    .generation = 3,
    .version = 5,
};
static const sv_token_claims_t token = { .user_id = "u1", .generation = 3, .family_id = "f1" };

static int
open_redis(void **state)
{
    (void) state;
    real.arena = sv_arena_create();
    sv_error_init(&real.error, real.arena);
    sv_settings_defaults(&real.settings);
    real.client = sv_real_redis_open(&real.settings, real.arena);
    return real.client != NULL ? 0 : -1;
}

static int
close_redis(void **state)
{
    (void) state;
    sv_redis_client_destroy(real.client);
    sv_arena_destroy(real.arena);
    return 0;
}

static int
empty_redis(void **state)
{
    (void) state;
    sv_real_redis(real.client, "FLUSHDB");
    return 0;
}

static long long
run(sv_redis_command_t *command)
{
    redisReply *reply = NULL;
    long long number;

    sv_error_clear(&real.error);
    assert_int_equal(sv_redis_client_run(real.client, command, &reply, &real.error), SV_OK);
    number = reply->integer;
    freeReplyObject(reply);
    return number;
}

static long long
change(const sv_account_t *account)
{
    sv_redis_command_t command;

    sv_gate_store_command(&command, real.arena, account, 300);
    return run(&command);
}

/* The look without a script passes whom the script passes, as the same, and nobody else. */
static void
look_too(const sv_token_claims_t *claims, const sv_gate_result_t *script)
{
    sv_redis_command_t command;
    sv_gate_result_t result;
    redisReply *reply = NULL;

    sv_gate_look_command(&command, real.arena, claims);
    assert_int_equal(sv_redis_client_run(real.client, &command, &reply, &real.error), SV_OK);
    assert_int_equal(sv_gate_look(reply, claims, real.arena, &result), script->outcome == SV_GATE_PASSED);
    freeReplyObject(reply);
    if (script->outcome != SV_GATE_PASSED) {
        assert_int_equal(result.outcome, SV_GATE_UNKNOWN);
        return;
    }
    assert_int_equal(result.outcome, SV_GATE_PASSED);
    assert_int_equal(result.role, script->role);
    assert_string_equal(result.username, script->username);
    assert_string_equal(result.full_name, script->full_name);
    assert_string_equal(result.warehouse, script->warehouse);
}

static sv_gate_result_t
ask(const sv_token_claims_t *claims, const char *rate_key, int64_t limit)
{
    sv_redis_command_t command;
    sv_gate_result_t result;
    redisReply *reply = NULL;

    sv_gate_command(&command, real.arena, claims, rate_key, limit);
    sv_error_clear(&real.error);
    assert_int_equal(sv_redis_client_run(real.client, &command, &reply, &real.error), SV_OK);
    sv_gate_read(reply, real.arena, &result);
    freeReplyObject(reply);
    if (rate_key == NULL) {
        look_too(claims, &result);
    }
    return result;
}

static long long
keep_since(const sv_gate_facts_t *facts, const char *since)
{
    sv_redis_command_t command;

    sv_gate_keep_command(&command, real.arena, &real.settings, facts, since);
    return run(&command);
}

/* What Redis says of when it began to know nothing of the token's account. */
static const char *
ask_since(void)
{
    sv_gate_result_t result = ask(&token, NULL, 0);

    assert_int_equal(result.outcome, SV_GATE_UNKNOWN);
    assert_non_null(result.since);
    return result.since;
}

/* As a request does that finds nothing in Redis. */
static void
keep(const sv_account_t *account)
{
    const sv_gate_facts_t facts = { .account = *account };

    assert_int_equal(keep_since(&facts, ask_since()), 1);
}

static void
a_known_account_passes_with_its_present_role(void **state)
{
    sv_gate_result_t result;

    (void) state;
    assert_int_equal(ask(&token, NULL, 0).outcome, SV_GATE_UNKNOWN);
    keep(&asha);
    result = ask(&token, NULL, 0);
    assert_int_equal(result.outcome, SV_GATE_PASSED);
    assert_int_equal(result.role, SV_ROLE_SUPERVISOR);
    assert_string_equal(result.username, "asha");
    assert_string_equal(result.full_name, "Asha Rao");
    assert_string_equal(result.warehouse, "W1");
    assert_int_equal(sv_gate_refuse(&result, &real.error), SV_OK);
}

static void
an_older_state_never_replaces_a_newer_one(void **state)
{
    sv_account_t older = asha, newer = asha;

    (void) state;
    older.version = 4;
    newer.version = 6;
    newer.enabled = false;
    keep(&asha);
    assert_int_equal(change(&older), 0);
    assert_int_equal(change(&asha), 1);
    assert_int_equal(change(&newer), 1);
    assert_int_equal(change(&asha), 0);
    assert_int_equal(ask(&token, NULL, 0).outcome, SV_GATE_DISABLED);
}

static void
old_generations_are_revoked_and_newer_ones_asked_again(void **state)
{
    sv_token_claims_t old = token, newer = token;
    sv_gate_result_t result;

    (void) state;
    old.generation = 2;
    newer.generation = 4;
    keep(&asha);
    result = ask(&old, NULL, 0);
    assert_int_equal(result.outcome, SV_GATE_REVOKED);
    sv_error_clear(&real.error);
    assert_int_equal(sv_gate_refuse(&result, &real.error), SV_ERR_TOKEN_REVOKED);
    assert_int_equal(ask(&newer, NULL, 0).outcome, SV_GATE_UNKNOWN);
}

static void
mongodb_decides_the_same(void **state)
{
    const char *ended[] = { "f7", "f1" };
    sv_token_claims_t old = token, other = token, foreign = token;
    const sv_gate_facts_t facts = { .account = asha };
    const sv_gate_facts_t logged_out = { .account = asha, .ended = { ended, 2 } };
    sv_gate_facts_t disabled = facts;
    sv_gate_result_t result = { .since = "12" };

    (void) state;
    sv_gate_admit(&facts, &token, &result);
    assert_string_equal(result.since, "12");
    assert_int_equal(result.outcome, SV_GATE_PASSED);
    assert_int_equal(result.role, SV_ROLE_SUPERVISOR);
    old.generation = 2;
    sv_gate_admit(&facts, &old, &result);
    assert_int_equal(result.outcome, SV_GATE_REVOKED);
    sv_gate_admit(&logged_out, &token, &result);
    assert_int_equal(result.outcome, SV_GATE_REVOKED);
    other.family_id = "f2";
    sv_gate_admit(&logged_out, &other, &result);
    assert_int_equal(result.outcome, SV_GATE_PASSED);
    foreign.family_id = NULL;
    sv_gate_admit(&logged_out, &foreign, &result);
    assert_int_equal(result.outcome, SV_GATE_PASSED);
    disabled.account.enabled = false;
    sv_gate_admit(&disabled, &token, &result);
    assert_int_equal(result.outcome, SV_GATE_DISABLED);
    sv_error_clear(&real.error);
    assert_int_equal(sv_gate_refuse(&result, &real.error), SV_ERR_ACCOUNT_DISABLED);
}

static long long
end_families(const char *const *families, size_t count)
{
    sv_redis_command_t command;

    sv_gate_end_families_command(&command, real.arena, asha.user_id, families, count);
    return run(&command);
}

static void
tokens_of_an_ended_login_are_revoked_and_others_are_not(void **state)
{
    const char *ended[] = { "f1", "f9" };
    sv_token_claims_t other = token, foreign = token;

    (void) state;
    other.family_id = "f2";
    foreign.family_id = NULL;
    keep(&asha);
    assert_int_equal(end_families(ended, 2), 2);
    assert_int_equal(ask(&token, NULL, 0).outcome, SV_GATE_REVOKED);
    assert_int_equal(ask(&other, NULL, 0).outcome, SV_GATE_PASSED);
    assert_int_equal(ask(&foreign, NULL, 0).outcome, SV_GATE_PASSED);
}

static void
an_account_comes_back_to_an_empty_redis_with_its_ended_logins(void **state)
{
    enum { MANY = 300 };
    const char *ended[MANY];
    sv_token_claims_t other = token;
    const sv_gate_facts_t facts = { .account = asha, .ended = { ended, MANY } };

    (void) state;
    for (int i = 0; i < MANY; i++) {
        ended[i] = sv_arena_printf(real.arena, "f%d", MANY - i);
    }
    assert_int_equal(keep_since(&facts, ask_since()), 1);
    assert_int_equal(ask(&token, NULL, 0).outcome, SV_GATE_REVOKED);
    other.family_id = "f300";
    assert_int_equal(ask(&other, NULL, 0).outcome, SV_GATE_REVOKED);
    other.family_id = "f301";
    assert_int_equal(ask(&other, NULL, 0).outcome, SV_GATE_PASSED);
}

/* Somebody asked MongoDB just before the login ended, and comes back just after. */
static void
a_login_that_ends_while_mongodb_is_asked_is_ended(void **state)
{
    const char *ended[] = { "f1" };
    const sv_gate_facts_t read_before = { .account = asha };
    const char *since = ask_since();

    (void) state;
    assert_int_equal(end_families(ended, 1), 1);
    assert_int_equal(keep_since(&read_before, since), 1);
    assert_int_equal(ask(&token, NULL, 0).outcome, SV_GATE_REVOKED);
    /* The same, when what is kept of the account has gone meanwhile. */
    sv_real_redis(real.client, "FLUSHDB");
    since = ask_since();
    sv_real_redis(real.client, "DEL auth:user:u1");
    assert_int_equal(end_families(ended, 1), 0);
    assert_int_equal(sv_real_redis(real.client, "EXISTS auth:user:u1"), 0);
    assert_int_equal(keep_since(&read_before, since), 0);
    assert_int_equal(ask(&token, NULL, 0).outcome, SV_GATE_UNKNOWN);
}

/* Their marks were keys of their own. */
static void
a_state_of_a_version_that_kept_ended_logins_elsewhere_is_read_again(void **state)
{
    const char *ended[] = { "f1" };
    const sv_gate_facts_t facts = { .account = asha, .ended = { ended, 1 } };

    (void) state;
    sv_real_redis(real.client, "HSET auth:user:u1 version 5 enabled 1 generation 3 role staff username a full_name b");
    assert_int_equal(change(&asha), 1);
    assert_int_equal(keep_since(&facts, ask_since()), 1);
    assert_int_equal(ask(&token, NULL, 0).outcome, SV_GATE_REVOKED);
}

static void
what_was_read_before_redis_was_emptied_is_not_kept(void **state)
{
    const sv_gate_facts_t facts = { .account = asha };
    const char *before = ask_since(), *after;

    (void) state;
    /* Here a login ends, its mark is written, and Redis loses it. */
    sv_real_redis(real.client, "FLUSHDB");
    assert_int_equal(keep_since(&facts, before), 0);
    after = ask_since();
    assert_string_not_equal(before, after);
    assert_int_equal(keep_since(&facts, before), 0);
    assert_string_equal(ask_since(), after);
    assert_int_equal(keep_since(&facts, after), 1);
    assert_int_equal(ask(&token, NULL, 0).outcome, SV_GATE_PASSED);
}

static void
a_change_brings_no_account_back_and_keeps_older_ones_out(void **state)
{
    const sv_gate_facts_t facts = { .account = asha };
    sv_gate_facts_t newer = facts;
    const char *since = ask_since();

    (void) state;
    newer.account.version = 6;
    newer.account.role = SV_ROLE_STAFF;
    assert_int_equal(change(&newer.account), 0);
    assert_string_equal(ask_since(), since);
    assert_int_equal(keep_since(&facts, since), 0);
    assert_string_equal(ask_since(), since);
    assert_int_equal(keep_since(&newer, since), 1);
    assert_int_equal(ask(&token, NULL, 0).role, SV_ROLE_STAFF);
    assert_in_range(sv_real_redis(real.client, "TTL auth:user:u1"), 1, real.settings.auth_cache_ttl);
    /* Nor does a change make what is known here live longer. */
    sv_real_redis(real.client, "EXPIRE auth:user:u1 100");
    newer.account.version = 7;
    assert_int_equal(change(&newer.account), 1);
    assert_in_range(sv_real_redis(real.client, "TTL auth:user:u1"), 1, 100);
}

static void
a_rate_lets_its_limit_pass_and_says_how_long_to_wait(void **state)
{
    sv_gate_result_t result;

    (void) state;
    keep(&asha);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(&token, "rate:sync:u1", 3).outcome, SV_GATE_PASSED);
    }
    result = ask(&token, "rate:sync:u1", 3);
    assert_int_equal(result.outcome, SV_GATE_LIMITED);
    assert_in_range(result.wait_s, 1, 60);
    sv_error_clear(&real.error);
    assert_int_equal(sv_gate_refuse(&result, &real.error), SV_ERR_RATE_LIMITED);
    assert_int_equal(real.error.retry_after_s, result.wait_s);
    assert_int_equal(ask(&token, NULL, 0).outcome, SV_GATE_PASSED);
}

static void
anything_but_an_answer_asks_mongodb(void **state)
{
    sv_gate_result_t result = { .outcome = SV_GATE_PASSED };
    redisReply failure = { .type = REDIS_REPLY_ERROR }, empty = { .type = REDIS_REPLY_ARRAY };

    (void) state;
    sv_gate_read(NULL, real.arena, &result);
    assert_int_equal(result.outcome, SV_GATE_UNKNOWN);
    sv_gate_read(&failure, real.arena, &result);
    assert_int_equal(result.outcome, SV_GATE_UNKNOWN);
    sv_gate_read(&empty, real.arena, &result);
    assert_int_equal(result.outcome, SV_GATE_UNKNOWN);
    /* A state with a role nobody knows. */
    keep(&asha);
    sv_real_redis(real.client, "HSET auth:user:u1 role emperor");
    assert_int_equal(ask(&token, NULL, 0).outcome, SV_GATE_UNKNOWN);
}

static int
attempt_login(const sv_login_attempt_t *attempt)
{
    sv_redis_command_t command;
    redisReply *reply = NULL;
    int wait_s = -1;

    sv_throttle_attempt_command(&command, real.arena, &real.settings, attempt);
    sv_error_clear(&real.error);
    assert_int_equal(sv_redis_client_run(real.client, &command, &reply, &real.error), SV_OK);
    assert_true(sv_throttle_attempt_read(reply, &wait_s));
    freeReplyObject(reply);
    return wait_s;
}

/* How many seconds a wait may have gone by while this machine did something else. */
enum { PATIENCE_S = 20 };

static void
waits_grow_after_the_first_tries_and_end_with_a_good_login(void **state)
{
    static const int waits[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
    const sv_login_attempt_t attempt = { .username = "asha", .address = "192.0.2.1" };
    const sv_login_attempt_t other = { .username = "ben", .address = "192.0.2.1" };
    sv_redis_command_t command;

    (void) state;
    for (int64_t i = 0; i < real.settings.login_attempts - 1; i++) {
        assert_int_equal(attempt_login(&attempt), 0);
    }
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        int wait_s;

        sv_real_redis(real.client, "HSET login:fail:asha next 0"); /* as if the wait before were over */
        assert_int_equal(attempt_login(&attempt), 0);
        if (waits[i] <= PATIENCE_S) {
            continue;
        }
        wait_s = attempt_login(&attempt);
        assert_in_range(wait_s, waits[i] - PATIENCE_S, waits[i]);
        assert_in_range(attempt_login(&attempt), 1, wait_s); /* asking does not make it longer */
        assert_int_equal(attempt_login(&other), 0);
        sv_throttle_success_command(&command, real.arena, &other);
        run(&command);
    }
    sv_throttle_success_command(&command, real.arena, &attempt);
    run(&command);
    assert_int_equal(sv_real_redis(real.client, "EXISTS login:fail:asha"), 0);
    assert_int_equal(attempt_login(&attempt), 0);
}

static void
an_address_has_its_tries_a_minute_whatever_the_names(void **state)
{
    sv_login_attempt_t attempt = { .address = sv_throttle_address("2001:db8:1:2:3:4:5:6", real.arena) };
    sv_redis_command_t command;

    (void) state;
    assert_string_equal(attempt.address, "2001:db8:1:2::/64");
    assert_string_equal(sv_throttle_address("192.0.2.1", real.arena), "192.0.2.1");
    assert_string_equal(sv_throttle_address("::ffff:192.0.2.1", real.arena), "192.0.2.1");
    for (int64_t i = 0; i < real.settings.login_address_attempts; i++) {
        attempt.username = sv_arena_printf(real.arena, "user%lld", (long long) i);
        assert_int_equal(attempt_login(&attempt), 0);
    }
    attempt.username = "one more";
    assert_in_range(attempt_login(&attempt), 1, 60);
    /* A good login takes its own try back. */
    sv_throttle_success_command(&command, real.arena, &attempt);
    run(&command);
    assert_int_equal(attempt_login(&attempt), 0);
    assert_in_range(attempt_login(&attempt), 1, 60);
}

#define ON_EMPTY_REDIS(test) cmocka_unit_test_setup(test, empty_redis)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EMPTY_REDIS(a_known_account_passes_with_its_present_role),
        ON_EMPTY_REDIS(an_older_state_never_replaces_a_newer_one),
        ON_EMPTY_REDIS(old_generations_are_revoked_and_newer_ones_asked_again),
        ON_EMPTY_REDIS(mongodb_decides_the_same),
        ON_EMPTY_REDIS(tokens_of_an_ended_login_are_revoked_and_others_are_not),
        ON_EMPTY_REDIS(a_login_that_ends_while_mongodb_is_asked_is_ended),
        ON_EMPTY_REDIS(a_state_of_a_version_that_kept_ended_logins_elsewhere_is_read_again),
        ON_EMPTY_REDIS(an_account_comes_back_to_an_empty_redis_with_its_ended_logins),
        ON_EMPTY_REDIS(what_was_read_before_redis_was_emptied_is_not_kept),
        ON_EMPTY_REDIS(a_change_brings_no_account_back_and_keeps_older_ones_out),
        ON_EMPTY_REDIS(a_rate_lets_its_limit_pass_and_says_how_long_to_wait),
        ON_EMPTY_REDIS(anything_but_an_answer_asks_mongodb),
        ON_EMPTY_REDIS(waits_grow_after_the_first_tries_and_end_with_a_good_login),
        ON_EMPTY_REDIS(an_address_has_its_tries_a_minute_whatever_the_names),
    };

    if (!sv_real_redis_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, open_redis, close_redis);
}
