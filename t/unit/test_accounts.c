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
#include "core/auth/device.h"
#include "core/auth/login.h"
#include "core/auth/login_refused.h"
#include "core/auth/password.h"
#include "core/auth/pin.h"
#include "core/auth/throttle.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

enum { THREADS = 6 };

static const char bcrypt_hash[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"; /* of U*U */
static const sv_principal_t operator_ = { .user_id = "tests", .role = SV_ROLE_ADMIN };
static const sv_auth_keys_t keys = { .pin_key = { 3 } };
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

static sv_account_t
create(const char *username, const char *password)
{
    sv_account_input_t input = {
        .user_id = username, .username = username, .full_name = "Asha Rao", .warehouse = "W1", .role = SV_ROLE_STAFF
    };
    sv_account_t account;

    sv_error_clear(&real.error);
    input.password_hash =
        password[0] == '$' ? password : sv_password_hash(&real.settings, password, real.arena, &real.error);
    assert_int_equal(sv_account_create(real.store, &operator_, &input, &account, &real.error), SV_OK);
    return account;
}

static sv_account_t
load(const char *user_id)
{
    sv_account_t account;

    sv_error_clear(&real.error);
    assert_int_equal(sv_account_load(real.store, user_id, real.arena, &account, &real.error), SV_OK);
    return account;
}

static sv_status_t
log_in(const sv_login_input_t *input, sv_login_t *login)
{
    sv_principal_t nobody = { .address = "192.0.2.1" };

    *login = (sv_login_t){ .input = *input };
    sv_error_clear(&real.error);
    if (sv_login_fetch(real.store, login, &real.error) == SV_OK &&
        sv_login_verify(&real.settings, &keys, login, &real.error) == SV_OK) {
        sv_login_commit(real.store, &nobody, login, &real.error);
    }
    return real.error.status;
}

static sv_status_t
log_in_by_password(const char *username, const char *password, const char *device_id, sv_login_t *login)
{
    return log_in(&(sv_login_input_t){ .username = username, .password = password, .device_id = device_id }, login);
}

static sv_status_t
log_in_by_pin(const char *username, const char *pin, const char *secret, sv_login_t *login)
{
    return log_in(
        &(sv_login_input_t){ .username = username, .pin = pin, .device_id = "phone", .device_secret = secret }, login);
}

static void
an_account_is_created_once_and_audited(void **state)
{
    sv_account_t account = create("Anna", "correct horse"), loaded;
    sv_account_input_t twin = { .username = "ANNA", .full_name = "X", .role = SV_ROLE_STAFF, .password_hash = "-" };

    (void) state;
    assert_string_equal(account.username, "anna");
    assert_int_equal(account.version, 1);
    assert_int_equal(sv_account_create(real.store, &operator_, &twin, &loaded, &real.error), SV_ERR_ALREADY_EXISTS);
    sv_error_clear(&real.error);
    assert_int_equal(sv_account_load_by_username(real.store, "aNNa", real.arena, &loaded, &real.error), SV_OK);
    assert_string_equal(loaded.user_id, "Anna");
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'action': 'user.create', 'details.subject': 'Anna', 'user_id': 'tests'}"),
                     1);
    assert_int_equal(sv_account_load(real.store, "nobody", real.arena, &loaded, &real.error), SV_ERR_NOT_FOUND);
}

static void
wrong_fields_of_an_account_are_named(void **state)
{
    sv_account_input_t input = {
        .username = "x\ty", .full_name = " \xc2\xa0", .role = SV_ROLE_ANYONE, .password_hash = "-"
    };
    sv_account_t account;

    (void) state;
    sv_error_clear(&real.error);
    assert_int_equal(sv_account_create(real.store, &operator_, &input, &account, &real.error),
                     SV_ERR_VALIDATION_FAILED);
    assert_int_equal(real.error.detail_count, 3);
    assert_string_equal(real.error.details[0].field, "username");
    assert_string_equal(real.error.details[1].field, "full_name");
    assert_string_equal(real.error.details[2].field, "role");
}

static void
every_change_raises_the_version_and_some_the_generation(void **state)
{
    sv_account_t account = create("vera", "correct horse");
    sv_account_change_t change = { .role = SV_ROLE_SUPERVISOR, .warehouse = "" };

    (void) state;
    assert_int_equal(sv_account_change(real.store, &operator_, "vera", &change, &account, &real.error), SV_OK);
    assert_int_equal(account.role, SV_ROLE_SUPERVISOR);
    assert_null(account.warehouse);
    assert_string_equal(account.full_name, "Asha Rao");
    assert_int_equal(account.version, 2);
    assert_int_equal(account.generation, 0);
    assert_int_equal(sv_account_set_enabled(real.store, &operator_, "vera", false, &account, &real.error), SV_OK);
    assert_int_equal(account.generation, 1);
    assert_int_equal(sv_account_set_enabled(real.store, &operator_, "vera", true, &account, &real.error), SV_OK);
    assert_int_equal(account.generation, 1);
    assert_int_equal(sv_account_revoke(real.store, &operator_, "vera", NULL, &account, &real.error), SV_OK);
    assert_int_equal(account.generation, 2);
    assert_int_equal(account.version, 5);
    assert_int_equal(sv_account_revoke(real.store, &operator_, "nobody", NULL, &account, &real.error),
                     SV_ERR_NOT_FOUND);
}

static void
no_audit_entry_carries_a_hash(void **state)
{
    sv_account_t account = create("hilda", "correct horse");

    (void) state;
    assert_int_equal(
        sv_account_reset_password(real.store, &operator_, "hilda", "$argon2id$marker", &account, &real.error), SV_OK);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'action': 'user.reset_password', 'details.subject': 'hilda'}"),
                     1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'details.password_hash': {'$exists': true}}"),
                     0);
}

static void
a_password_logs_in_and_a_wrong_one_does_not(void **state)
{
    sv_login_t login;

    (void) state;
    create("paul", "correct horse");
    assert_int_equal(log_in_by_password("paul", "correct horse", NULL, &login), SV_OK);
    assert_non_null(login.grant.token);
    assert_null(login.issued_secret);
    assert_true(load("paul").last_login_at_ms > 0);
    assert_int_equal(log_in_by_password("paul", "wrong horse", NULL, &login), SV_ERR_CREDENTIALS_INVALID);
    assert_int_equal(log_in_by_password("nobody", "correct horse", NULL, &login), SV_ERR_CREDENTIALS_INVALID);
    assert_int_equal(
        sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'action': 'login.password', 'user_id': 'paul'}"), 1);
}

static void
a_disabled_account_is_told_only_to_who_knows_the_password(void **state)
{
    sv_account_t account = create("dora", "correct horse");
    sv_login_t login;

    (void) state;
    assert_int_equal(sv_account_set_enabled(real.store, &operator_, "dora", false, &account, &real.error), SV_OK);
    assert_int_equal(log_in_by_password("dora", "wrong horse", NULL, &login), SV_ERR_CREDENTIALS_INVALID);
    assert_int_equal(log_in_by_password("dora", "correct horse", NULL, &login), SV_ERR_ACCOUNT_DISABLED);
}

static void
bcrypt_is_replaced_at_the_first_login(void **state)
{
    sv_login_t login;

    (void) state;
    create("bert", bcrypt_hash);
    assert_int_equal(log_in_by_password("bert", "U*V", NULL, &login), SV_ERR_CREDENTIALS_INVALID);
    assert_string_equal(load("bert").password_hash, bcrypt_hash);
    assert_int_equal(log_in_by_password("bert", "U*U", NULL, &login), SV_OK);
    assert_true(strncmp(load("bert").password_hash, "$argon2id$", 10) == 0);
    assert_int_equal(log_in_by_password("bert", "U*U", NULL, &login), SV_OK);
    assert_null(login.new_hash);
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The kinds of hashes a login with this name verifies against, in the order of their texts. */
static const char *
work_of(const char *username)
{
    sv_login_t login = { .input = { .username = username, .password = "x" } };
    const char *kinds[SV_PASSWORD_KINDS_MAX + 2], *text = "";
    size_t count = 0;

    sv_error_clear(&real.error);
    assert_int_equal(sv_login_fetch(real.store, &login, &real.error), SV_OK);
    kinds[count] = sv_password_kind(login.checked_hash, real.arena);
    count += kinds[count] != NULL;
    for (size_t i = 0; i < login.decoys.count; i++) {
        kinds[count++] = sv_password_kind(login.decoys.hashes[i], real.arena);
    }
    qsort(kinds, count, sizeof(kinds[0]), compare_texts);
    for (size_t i = 0; i < count; i++) {
        text = sv_arena_printf(real.arena, "%s %s", text, kinds[i]);
    }
    return text;
}

static void
every_login_does_the_same_work_whatever_the_account(void **state)
{
    const char *ours = sv_password_hash(&real.settings, "correct horse", real.arena, &real.error);
    const char *alone = sv_arena_printf(real.arena, " %s", sv_password_kind(ours, real.arena)), *all;
    sv_login_t login;

    (void) state;
    sv_store_delete_many(real.store, SV_COLLECTION_USERS, sv_doc_new(real.arena), NULL, &real.error);
    assert_string_equal(work_of("nobody"), alone);
    create("nina", "correct horse");
    assert_string_equal(work_of("nina"), alone);
    assert_string_equal(work_of("nobody"), alone);

    create("bert", bcrypt_hash);
    create("arne", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$"
                   "4iT1Ub1PfBbKSj3YQFLGqcBqyTlRRkVIs7FMhV2Rjvg");
    create("garbled", "$2b$nothing");
    all = work_of("nobody");
    assert_non_null(strstr(all, "$2a$05$"));
    assert_non_null(strstr(all, "m=65536,t=3,p=4"));
    assert_non_null(strstr(all, alone));
    assert_string_equal(work_of("nina"), all);
    assert_string_equal(work_of("bert"), all);
    assert_string_equal(work_of("arne"), all);
    assert_string_equal(work_of("garbled"), all);

    assert_int_equal(log_in_by_password("bert", "U*U", NULL, &login), SV_OK);
    assert_null(strstr(work_of("nobody"), "$2a$05$"));
    assert_string_equal(work_of("bert"), work_of("nobody"));
}

/* The password is changed between reading the old hash and beginning the login. */
static void
a_login_does_not_survive_a_reset_in_its_middle(void **state)
{
    sv_account_t account = create("rita", "correct horse");
    sv_login_t login = { .input = { .username = "rita", .password = "correct horse" } };

    (void) state;
    assert_int_equal(sv_login_fetch(real.store, &login, &real.error), SV_OK);
    assert_int_equal(sv_login_verify(&real.settings, &keys, &login, &real.error), SV_OK);
    assert_int_equal(
        sv_account_reset_password(real.store, &operator_, "rita", "$argon2id$other", &account, &real.error), SV_OK);
    assert_int_equal(sv_login_commit(real.store, &operator_, &login, &real.error), SV_ERR_CREDENTIALS_INVALID);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_REFRESH_TOKENS, "{'user_id': 'rita'}"), 0);
}

/* Enrols "phone" and sets the PIN; gives the device's secret. */
static const char *
enrol(const char *username, const char *pin)
{
    sv_principal_t owner = { .user_id = username, .role = SV_ROLE_STAFF };
    const char *hash =
        sv_password_hash(&real.settings, sv_pin_keyed(&keys, username, pin, real.arena), real.arena, &real.error);
    sv_account_t account;
    sv_login_t login;

    assert_int_equal(log_in_by_password(username, "correct horse", "phone", &login), SV_OK);
    assert_int_equal(sv_account_set_pin(real.store, &owner, hash, &account, &real.error), SV_OK);
    return login.issued_secret;
}

static void
a_pin_counts_only_beside_its_device_secret(void **state)
{
    const char *secret;
    sv_login_t login;

    (void) state;
    create("pia", "correct horse");
    secret = enrol("pia", "493817");
    assert_int_equal(log_in_by_pin("pia", "493817", secret, &login), SV_OK);
    assert_int_equal(log_in_by_pin("pia", "493817", "another secret", &login), SV_ERR_CREDENTIALS_INVALID);
    assert_int_equal(log_in_by_pin("nobody", "493817", secret, &login), SV_ERR_CREDENTIALS_INVALID);
    assert_int_equal(log_in_by_pin("pia", "000000", secret, &login), SV_ERR_PIN_WRONG);
    assert_string_equal(real.error.details[0].code, "tries_left");
    assert_string_equal(real.error.details[0].message, "9");
    assert_int_equal(load("pia").pin_tries_left, 9);
    assert_int_equal(log_in_by_pin("pia", "493817", secret, &login), SV_OK);
    assert_int_equal(load("pia").pin_tries_left, SV_PIN_TRIES);
    /* A new password login replaces the secret. */
    assert_int_equal(log_in_by_password("pia", "correct horse", "phone", &login), SV_OK);
    assert_int_equal(log_in_by_pin("pia", "493817", secret, &login), SV_ERR_CREDENTIALS_INVALID);
}

static void
ten_wrong_pins_disable_it_until_a_password_login(void **state)
{
    const char *secret;
    sv_login_t login;

    (void) state;
    create("ted", "correct horse");
    secret = enrol("ted", "493817");
    for (int i = 0; i < SV_PIN_TRIES; i++) {
        assert_int_equal(log_in_by_pin("ted", "000000", secret, &login), SV_ERR_PIN_WRONG);
    }
    assert_int_equal(log_in_by_pin("ted", "493817", secret, &login), SV_ERR_PIN_DISABLED);
    assert_int_equal(log_in_by_pin("ted", "493817", "wrong", &login), SV_ERR_CREDENTIALS_INVALID);
    assert_int_equal(log_in_by_password("ted", "correct horse", NULL, &login), SV_OK);
    assert_int_equal(log_in_by_pin("ted", "493817", secret, &login), SV_OK);
}

typedef struct {
    const char *secret;
    int wrong, disabled;
} guesser_t;

static void *
guess(void *argument)
{
    guesser_t *guesser = argument;
    sv_arena_t *arena = sv_arena_create();
    sv_store_t *store = sv_store_acquire(real.pool);

    for (int i = 0; i < 5; i++) {
        sv_login_t login = {
            .input = { .username = "gus", .pin = "000000", .device_id = "phone", .device_secret = guesser->secret }
        };
        sv_error_t error;

        sv_error_init(&error, arena);
        if (sv_login_fetch(store, &login, &error) == SV_OK) {
            sv_login_verify(&real.settings, &keys, &login, &error);
        }
        guesser->wrong += error.status == SV_ERR_PIN_WRONG;
        guesser->disabled += error.status == SV_ERR_PIN_DISABLED;
    }
    sv_store_release(store);
    sv_arena_destroy(arena);
    return NULL;
}

static void
parallel_guesses_have_ten_tries_in_all(void **state)
{
    guesser_t guessers[THREADS];
    pthread_t threads[THREADS];
    const char *secret;
    int wrong = 0, disabled = 0;

    (void) state;
    create("gus", "correct horse");
    secret = enrol("gus", "493817");
    for (int i = 0; i < THREADS; i++) {
        guessers[i] = (guesser_t){ .secret = secret };
        assert_int_equal(pthread_create(&threads[i], NULL, guess, &guessers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        wrong += guessers[i].wrong;
        disabled += guessers[i].disabled;
    }
    assert_int_equal(wrong, SV_PIN_TRIES);
    assert_int_equal(disabled, THREADS * 5 - SV_PIN_TRIES);
}

static void
a_reset_forgets_pin_and_devices_and_a_change_ends_other_logins(void **state)
{
    sv_account_t account;
    sv_families_t ended;
    sv_login_t kept, other;
    sv_principal_t owner = { .user_id = "chris", .role = SV_ROLE_STAFF };
    const sv_device_t *devices;
    size_t count;

    (void) state;
    create("chris", "correct horse");
    enrol("chris", "493817");
    assert_int_equal(log_in_by_password("chris", "correct horse", NULL, &other), SV_OK);
    assert_int_equal(log_in_by_password("chris", "correct horse", NULL, &kept), SV_OK);
    owner.family_id = kept.grant.family_id;
    assert_int_equal(sv_account_change_password(real.store, &owner, "$argon2id$new", &ended, &account, &real.error),
                     SV_OK);
    assert_int_equal(ended.count, 2); /* the enrolling one and `other` */
    assert_int_equal(account.generation, 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_REFRESH_TOKENS, "{'user_id': 'chris', 'state': 'current'}"), 1);
    assert_int_equal(sv_device_list(real.store, "chris", NULL, real.arena, &devices, &count, &real.error), SV_OK);
    assert_int_equal(count, 1);
    assert_string_equal(devices[0].device_id, "phone");
    assert_int_equal(sv_account_reset_password(real.store, &operator_, "chris", "$argon2id$x", &account, &real.error),
                     SV_OK);
    assert_null(account.pin_hash);
    assert_int_equal(account.generation, 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_REFRESH_TOKENS, "{'user_id': 'chris', 'state': 'current'}"), 0);
    assert_int_equal(sv_device_forget(real.store, "chris", "phone", &real.error), SV_ERR_NOT_FOUND);
}

static void
without_redis_mongodb_counts_the_tries(void **state)
{
    sv_login_attempt_t attempt = { .username = "guessed", .address = "192.0.2.7" };
    int64_t tries;
    int wait_s = 0;

    (void) state;
    sv_error_clear(&real.error);
    /* Twice the tries and one: the minute may end in between. */
    for (tries = 0; wait_s == 0 && tries <= 2 * real.settings.login_attempts; tries++) {
        assert_int_equal(sv_throttle_attempt(real.store, &attempt, &wait_s, &real.error), SV_OK);
    }
    assert_in_range(wait_s, 1, 60);
    assert_true(tries > real.settings.login_attempts);
    attempt.username = "somebody else";
    assert_int_equal(sv_throttle_attempt(real.store, &attempt, &wait_s, &real.error), SV_OK);
    assert_int_equal(wait_s, 0);
    assert_int_equal(sv_throttle_success(real.store, &attempt, &real.error), SV_OK);
}

static void
refused_logins_are_in_the_trail_but_cannot_fill_it(void **state)
{
    const sv_principal_t guesser = { .address = "192.0.2.9", .request_id = "r1" };
    sv_login_t login;
    int64_t entries;

    (void) state;
    sv_error_clear(&real.error);
    create("olga", "correct horse");
    assert_int_equal(log_in_by_password("olga", "wrong horse", NULL, &login), SV_ERR_CREDENTIALS_INVALID);
    sv_login_refused_audit(real.store, &guesser, &login, real.error.status, real.arena);
    assert_int_equal(log_in_by_password("unknown-olga", "wrong horse", NULL, &login), SV_ERR_CREDENTIALS_INVALID);
    sv_login_refused_audit(real.store, &guesser, &login, real.error.status, real.arena);
    sv_error_clear(&real.error);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'action': 'login.refused', 'user_id': 'olga', 'details.address': '192.0.2.9', "
                                   "'details.reason': 'credentials_invalid', 'sealed': false}"),
                     1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS,
                                   "{'action': 'login.refused', 'details.username': 'unknown-olga', 'user_id': null}"),
                     1);
    /* The minute may end in between, once. */
    for (int i = 0; i < 2 * SV_LOGIN_REFUSED_MAX + 10; i++) {
        sv_login_refused_audit(real.store, &guesser, &login, SV_ERR_CREDENTIALS_INVALID, real.arena);
    }
    entries = sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'action': 'login.refused'}");
    assert_in_range(entries, SV_LOGIN_REFUSED_MAX, 2 * SV_LOGIN_REFUSED_MAX);
    assert_true(sv_real_count(&real, SV_COLLECTION_ACTIVITY_LOGS, "{'details.more': true}") >= 1);
}

static void
make_admin(const char *user_id)
{
    const sv_account_change_t change = { .role = SV_ROLE_ADMIN };
    sv_account_t account;

    create(user_id, "correct horse");
    assert_int_equal(sv_account_change(real.store, &operator_, user_id, &change, &account, &real.error), SV_OK);
}

typedef struct {
    const char *user_id;
    sv_status_t status;
} leaver_t;

static void *
leave(void *context)
{
    leaver_t *leaver = context;
    sv_store_t *store = sv_store_acquire(real.pool);
    sv_arena_t *arena = sv_arena_create();
    sv_account_t account;
    sv_error_t error;

    sv_error_init(&error, arena);
    leaver->status = sv_account_set_enabled(store, &operator_, leaver->user_id, false, &account, &error);
    sv_arena_destroy(arena);
    sv_store_release(store);
    return NULL;
}

static void
one_admin_is_left_whoever_disables_whom_at_once(void **state)
{
    leaver_t leavers[] = { { "ruth", SV_OK }, { "rosa", SV_OK }, { "rena", SV_OK } };
    enum { LEAVERS = sizeof(leavers) / sizeof(leavers[0]) };
    pthread_t threads[LEAVERS];
    sv_account_t account;
    int left = 0;

    (void) state;
    for (int i = 0; i < LEAVERS; i++) {
        make_admin(leavers[i].user_id);
    }
    for (int i = 0; i < LEAVERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, leave, &leavers[i]), 0);
    }
    for (int i = 0; i < LEAVERS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(leavers[i].status == SV_OK || leavers[i].status == SV_ERR_LAST_ADMIN);
        left += leavers[i].status == SV_ERR_LAST_ADMIN;
    }
    assert_int_equal(left, 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_USERS, "{'role': 'admin', 'enabled': true}"), 1);
    create("silas", "correct horse");
    sv_error_clear(&real.error);
    assert_int_equal(sv_account_set_enabled(real.store, &operator_, "silas", false, &account, &real.error), SV_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_is_created_once_and_audited),
        cmocka_unit_test(wrong_fields_of_an_account_are_named),
        cmocka_unit_test(every_change_raises_the_version_and_some_the_generation),
        cmocka_unit_test(no_audit_entry_carries_a_hash),
        cmocka_unit_test(a_password_logs_in_and_a_wrong_one_does_not),
        cmocka_unit_test(a_disabled_account_is_told_only_to_who_knows_the_password),
        cmocka_unit_test(bcrypt_is_replaced_at_the_first_login),
        cmocka_unit_test(every_login_does_the_same_work_whatever_the_account),
        cmocka_unit_test(a_login_does_not_survive_a_reset_in_its_middle),
        cmocka_unit_test(a_pin_counts_only_beside_its_device_secret),
        cmocka_unit_test(ten_wrong_pins_disable_it_until_a_password_login),
        cmocka_unit_test(parallel_guesses_have_ten_tries_in_all),
        cmocka_unit_test(a_reset_forgets_pin_and_devices_and_a_change_ends_other_logins),
        cmocka_unit_test(without_redis_mongodb_counts_the_tries),
        cmocka_unit_test(refused_logins_are_in_the_trail_but_cannot_fill_it),
        cmocka_unit_test(one_admin_is_left_whoever_disables_whom_at_once),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, open_database, close_database);
}
