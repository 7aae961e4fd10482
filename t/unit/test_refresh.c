#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/account_admin.h"
#include "core/auth/family.h"
#include "core/auth/refresh.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

enum { THREADS = 6 };

static sv_real_mongodb_t real;
static sv_auth_keys_t keys = { .refresh_key = { 7 } };
static const sv_principal_t operator_ = { .user_id = "tests", .role = SV_ROLE_ADMIN };

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

/* A new account with a fresh login. */
static sv_refresh_grant_t
log_in(const char *user_id)
{
    sv_account_input_t input = {
        .user_id = user_id, .username = user_id, .full_name = user_id, .role = SV_ROLE_STAFF, .password_hash = "-"
    };
    sv_account_t account;
    sv_refresh_grant_t grant;
    int64_t now_ms;

    sv_error_clear(&real.error);
    sv_account_create(real.store, &operator_, &input, &account, &real.error);
    sv_error_clear(&real.error);
    assert_int_equal(sv_store_now(real.store, &now_ms, &real.error), SV_OK);
    assert_int_equal(sv_refresh_begin(real.store, user_id, now_ms, real.arena, &grant, &real.error), SV_OK);
    return grant;
}

static sv_status_t
rotate_knowing(const char *token, sv_refresh_use_t use, sv_refresh_grant_t *grant)
{
    sv_account_t account;

    sv_error_clear(&real.error);
    return sv_refresh_rotate(real.store, &keys, token, use, real.arena, grant, &account, &real.error);
}

/* The worst case for a predecessor: its successor is in use. */
static sv_status_t
rotate(const char *token, sv_refresh_grant_t *grant)
{
    return rotate_knowing(token, SV_REFRESH_IN_USE, grant);
}

/* As if the token had been spent that long ago. */
static void
age_tokens(const char *family_id, const char *field, int64_t by_ms)
{
    bson_t *filter = sv_doc_new(real.arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;

    BSON_APPEND_UTF8(filter, "family_id", family_id);
    assert_int_equal(sv_store_find(real.store, SV_COLLECTION_REFRESH_TOKENS, filter, NULL, &cursor, &real.error),
                     SV_OK);
    while (mongoc_cursor_next(cursor, &row)) {
        bson_t *one = sv_doc_new(real.arena), *update = sv_doc_new(real.arena);
        int64_t time = sv_doc_time(row, field);

        if (time != 0) {
            BSON_APPEND_UTF8(one, "token_hash", sv_doc_text(row, "token_hash", real.arena));
            BCON_APPEND(update, "$set", "{", field, BCON_DATE_TIME(time - by_ms), "}");
            assert_int_equal(
                sv_store_update_one(real.store, SV_COLLECTION_REFRESH_TOKENS, one, update, NULL, &real.error), SV_OK);
        }
    }
    mongoc_cursor_destroy(cursor);
}

static int64_t
tokens_in_state(const char *family_id, const char *state)
{
    return sv_real_count(&real, SV_COLLECTION_REFRESH_TOKENS,
                         sv_arena_printf(real.arena, "{'family_id': '%s', 'state': '%s'}", family_id, state));
}

static void
each_token_is_spent_for_the_next(void **state)
{
    sv_refresh_grant_t first = log_in("chain"), second, third;

    (void) state;
    assert_int_equal(strlen(first.token), SV_REFRESH_TOKEN_LENGTH);
    assert_int_equal(rotate(first.token, &second), SV_OK);
    assert_int_equal(rotate(second.token, &third), SV_OK);
    assert_string_equal(first.family_id, third.family_id);
    assert_string_not_equal(first.token, second.token);
    assert_string_not_equal(second.token, third.token);
    assert_int_equal(tokens_in_state(first.family_id, SV_REFRESH_CURRENT), 1);
    assert_int_equal(tokens_in_state(first.family_id, SV_REFRESH_USED), 2);
}

static void
a_token_nobody_issued_is_invalid(void **state)
{
    sv_refresh_grant_t grant;

    (void) state;
    assert_int_equal(rotate("0Jq1c0l2k8v1vWn7mVh7s9Yc9mQ2b7dKxq3rT5uZ8yE", &grant), SV_ERR_TOKEN_INVALID);
    assert_int_equal(rotate("", &grant), SV_ERR_TOKEN_INVALID);
    assert_int_equal(rotate("{\"$ne\":1}", &grant), SV_ERR_TOKEN_INVALID);
}

static void
a_lost_answer_is_given_again_within_the_grace(void **state)
{
    sv_refresh_grant_t first = log_in("lost"), second, again;

    (void) state;
    assert_int_equal(rotate(first.token, &second), SV_OK);
    assert_int_equal(rotate(first.token, &again), SV_OK);
    assert_string_equal(second.token, again.token);
    assert_int_equal(rotate(again.token, &again), SV_OK);
}

static void
reuse_after_the_grace_ends_the_family(void **state)
{
    sv_refresh_grant_t first = log_in("late"), second, grant;

    (void) state;
    assert_int_equal(rotate(first.token, &second), SV_OK);
    age_tokens(first.family_id, "used_at", real.settings.refresh_reuse_grace * 1000 + 1000);
    assert_int_equal(rotate(first.token, &grant), SV_ERR_TOKEN_REUSED);
    assert_string_equal(grant.family_id, first.family_id);
    assert_int_equal(rotate(second.token, &grant), SV_ERR_TOKEN_REVOKED);
    assert_int_equal(rotate(first.token, &grant), SV_ERR_TOKEN_REVOKED);
}

static void
an_answer_that_never_came_is_given_again_however_late(void **state)
{
    sv_refresh_grant_t first = log_in("no radio"), second, grant;

    (void) state;
    assert_null(first.use_id);
    assert_int_equal(rotate(first.token, &second), SV_OK);
    assert_int_equal(strlen(second.use_id), SV_REFRESH_USE_ID_SIZE - 1);
    age_tokens(first.family_id, "used_at", 3600 * 1000);
    assert_int_equal(rotate_knowing(first.token, SV_REFRESH_USE_UNKNOWN, &grant), SV_ERR_UNAVAILABLE);
    assert_int_equal(rotate_knowing(first.token, SV_REFRESH_UNUSED, &grant), SV_OK);
    assert_string_equal(grant.token, second.token);
    assert_string_equal(grant.use_id, second.use_id);
    assert_int_equal(rotate_knowing(second.token, SV_REFRESH_UNUSED, &grant), SV_OK);
    assert_int_equal(rotate_knowing(first.token, SV_REFRESH_UNUSED, &grant), SV_ERR_TOKEN_REUSED);
    assert_int_equal(rotate_knowing(second.token, SV_REFRESH_UNUSED, &grant), SV_ERR_TOKEN_REVOKED);
}

static void
a_successor_that_died_of_age_is_no_theft(void **state)
{
    sv_refresh_grant_t first = log_in("away for a week"), second, grant;

    (void) state;
    assert_int_equal(rotate(first.token, &second), SV_OK);
    age_tokens(first.family_id, "expires_at", real.settings.refresh_token_idle_ttl * 1000 + 1000);
    assert_int_equal(rotate_knowing(first.token, SV_REFRESH_UNUSED, &grant), SV_ERR_TOKEN_REVOKED);
}

static void
only_the_immediate_predecessor_has_a_grace(void **state)
{
    sv_refresh_grant_t first = log_in("older"), second, third, grant;

    (void) state;
    assert_int_equal(rotate(first.token, &second), SV_OK);
    assert_int_equal(rotate(second.token, &third), SV_OK);
    assert_int_equal(rotate(first.token, &grant), SV_ERR_TOKEN_REUSED);
    assert_int_equal(rotate(third.token, &grant), SV_ERR_TOKEN_REVOKED);
}

static void
an_idle_login_and_an_old_login_are_dead(void **state)
{
    sv_refresh_grant_t idle = log_in("idle"), old = log_in("old"), grant;
    bson_t *filter = sv_doc_new(real.arena);
    const bson_t *document;

    (void) state;
    age_tokens(idle.family_id, "expires_at", real.settings.refresh_token_idle_ttl * 1000 + 1000);
    assert_int_equal(rotate(idle.token, &grant), SV_ERR_TOKEN_REVOKED);
    /* Near the family's end a new token lives no longer than the family. */
    age_tokens(old.family_id, "family_expires_at", (real.settings.refresh_token_ttl - 60) * 1000);
    assert_int_equal(rotate(old.token, &grant), SV_OK);
    BCON_APPEND(filter, "family_id", BCON_UTF8(old.family_id), "state", BCON_UTF8(SV_REFRESH_CURRENT));
    assert_int_equal(
        sv_store_find_one(real.store, SV_COLLECTION_REFRESH_TOKENS, filter, NULL, real.arena, &document, &real.error),
        SV_OK);
    assert_int_equal(sv_doc_time(document, "expires_at"), sv_doc_time(document, "family_expires_at"));
}

static void
nothing_that_was_issued_is_stored_as_it_is(void **state)
{
    sv_refresh_grant_t first = log_in("stored"), second;
    bson_t *filter = sv_doc_new(real.arena);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    int rows = 0;

    (void) state;
    assert_int_equal(rotate(first.token, &second), SV_OK);
    BSON_APPEND_UTF8(filter, "family_id", first.family_id);
    assert_int_equal(sv_store_find(real.store, SV_COLLECTION_REFRESH_TOKENS, filter, NULL, &cursor, &real.error),
                     SV_OK);
    while (mongoc_cursor_next(cursor, &row)) {
        char *json = bson_as_relaxed_extended_json(row, NULL);

        assert_null(strstr(json, first.token));
        assert_null(strstr(json, second.token));
        bson_free(json);
        rows++;
    }
    mongoc_cursor_destroy(cursor);
    assert_int_equal(rows, 2);
}

static void
a_disabled_account_and_a_logged_out_family_refresh_nothing(void **state)
{
    sv_refresh_grant_t disabled = log_in("disabled"), ended = log_in("ended"), grant;
    sv_principal_t owner = { .user_id = "ended", .role = SV_ROLE_STAFF, .family_id = ended.family_id };
    sv_account_t account;
    bool was_live = false;

    (void) state;
    assert_int_equal(sv_account_set_enabled(real.store, &operator_, "disabled", false, &account, &real.error), SV_OK);
    assert_int_equal(rotate(disabled.token, &grant), SV_ERR_ACCOUNT_DISABLED);
    sv_error_clear(&real.error);
    assert_int_equal(sv_account_set_enabled(real.store, &operator_, "disabled", true, &account, &real.error), SV_OK);
    assert_int_equal(rotate(disabled.token, &grant), SV_ERR_TOKEN_REVOKED);
    sv_error_clear(&real.error);
    assert_int_equal(sv_family_log_out(real.store, &owner, &was_live, &real.error), SV_OK);
    assert_true(was_live);
    assert_int_equal(rotate(ended.token, &grant), SV_ERR_TOKEN_REVOKED);
    sv_error_clear(&real.error);
    assert_int_equal(sv_family_log_out(real.store, &owner, &was_live, &real.error), SV_OK);
    assert_false(was_live);
}

static bool
is_ended(const char *user_id, const char *family_id)
{
    sv_families_t ended;
    bool found = false;

    sv_error_clear(&real.error);
    assert_int_equal(sv_families_ended(real.store, user_id, real.arena, &ended, &real.error), SV_OK);
    for (size_t i = 0; i < ended.count; i++) {
        found = found || strcmp(ended.ids[i], family_id) == 0;
    }
    return found;
}

static void
logins_are_known_as_ended_while_an_access_token_may_live(void **state)
{
    sv_refresh_grant_t first = log_in("leaver"), second = log_in("leaver"), reused = log_in("leaver"), next;
    sv_principal_t owner = { .user_id = "leaver", .role = SV_ROLE_STAFF, .family_id = first.family_id };
    bool was_live = false;

    (void) state;
    assert_false(is_ended("leaver", first.family_id));
    assert_int_equal(rotate(first.token, &next), SV_OK);
    assert_int_equal(sv_family_log_out(real.store, &owner, &was_live, &real.error), SV_OK);
    assert_true(is_ended("leaver", first.family_id));
    assert_false(is_ended("leaver", second.family_id));
    assert_false(is_ended("ended", first.family_id));
    assert_int_equal(rotate(reused.token, &next), SV_OK);
    age_tokens(reused.family_id, "used_at", real.settings.refresh_reuse_grace * 1000 + 1000);
    assert_int_equal(rotate(reused.token, &next), SV_ERR_TOKEN_REUSED);
    assert_true(is_ended("leaver", reused.family_id));
    age_tokens(first.family_id, "revoked_at", real.settings.access_token_ttl * 1000);
    assert_true(is_ended("leaver", first.family_id));
    age_tokens(first.family_id, "revoked_at", 31 * 1000);
    assert_false(is_ended("leaver", first.family_id));
}

static void
all_of_many_logins_are_named_as_ended(void **state)
{
    enum { LOGINS = 40 };
    sv_refresh_grant_t grants[LOGINS];
    sv_families_t ended = { 0 };
    sv_principal_t owner = { .user_id = "many", .role = SV_ROLE_STAFF };
    sv_account_t account;

    (void) state;
    for (int i = 0; i < LOGINS; i++) {
        grants[i] = log_in("many");
    }
    owner.family_id = grants[7].family_id;
    assert_int_equal(sv_account_change_password(real.store, &owner, "-", &ended, &account, &real.error), SV_OK);
    assert_int_equal(ended.count, LOGINS - 1);
    for (int i = 0; i < LOGINS; i++) {
        assert_int_equal(is_ended("many", grants[i].family_id), i != 7);
    }
}

typedef struct {
    const char *token;
    char successor[SV_REFRESH_TOKEN_LENGTH + 1];
    sv_status_t status;
} racer_t;

static void *
race(void *argument)
{
    racer_t *racer = argument;
    sv_arena_t *arena = sv_arena_create();
    sv_store_t *store = sv_store_acquire(real.pool);
    sv_refresh_grant_t grant = { 0 };
    sv_account_t account;
    sv_error_t error;

    sv_error_init(&error, arena);
    racer->status = sv_refresh_rotate(store, &keys, racer->token, SV_REFRESH_IN_USE, arena, &grant, &account, &error);
    if (racer->status == SV_OK) {
        memcpy(racer->successor, grant.token, sizeof(racer->successor));
    }
    sv_store_release(store);
    sv_arena_destroy(arena);
    return NULL;
}

static void
parallel_refreshes_get_one_successor(void **state)
{
    sv_refresh_grant_t grant = log_in("parallel");
    const char *token = grant.token;

    (void) state;
    for (int round = 0; round < 8; round++) {
        racer_t racers[THREADS];
        pthread_t threads[THREADS];

        for (int i = 0; i < THREADS; i++) {
            racers[i] = (racer_t){ .token = token };
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(racers[i].status, SV_OK);
            assert_string_equal(racers[i].successor, racers[0].successor);
        }
        assert_int_equal(tokens_in_state(grant.family_id, SV_REFRESH_CURRENT), 1);
        token = sv_arena_strdup(real.arena, racers[0].successor);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_token_is_spent_for_the_next),
        cmocka_unit_test(a_token_nobody_issued_is_invalid),
        cmocka_unit_test(a_lost_answer_is_given_again_within_the_grace),
        cmocka_unit_test(reuse_after_the_grace_ends_the_family),
        cmocka_unit_test(an_answer_that_never_came_is_given_again_however_late),
        cmocka_unit_test(a_successor_that_died_of_age_is_no_theft),
        cmocka_unit_test(only_the_immediate_predecessor_has_a_grace),
        cmocka_unit_test(an_idle_login_and_an_old_login_are_dead),
        cmocka_unit_test(nothing_that_was_issued_is_stored_as_it_is),
        cmocka_unit_test(a_disabled_account_and_a_logged_out_family_refresh_nothing),
        cmocka_unit_test(logins_are_known_as_ended_while_an_access_token_may_live),
        cmocka_unit_test(all_of_many_logins_are_named_as_ended),
        cmocka_unit_test(parallel_refreshes_get_one_successor),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, open_database, close_database);
}
