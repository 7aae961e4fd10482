#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <argon2.h>
#include <cmocka.h>

#include "core/auth/password.h"
#include "core/auth/password_import.h"
#include "core/auth/pin.h"

static sv_arena_t *arena;
static sv_error_t error;
static sv_settings_t settings;

static int
open_arena(void **state)
{
    (void) state;
    arena = sv_arena_create();
    sv_error_init(&error, arena);
    sv_settings_defaults(&settings);
    return 0;
}

static int
close_arena(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

/* One keyboard sends an umlaut as one character, another as two. */
static void
a_password_is_the_same_however_its_letters_are_composed(void **state)
{
    static const char composed[] = "gr\xc3\xbc\xc3\x9f"
                                   "e aus k\xc3\xb6ln",
                      apart[] = "gru\xcc\x88\xc3\x9f"
                                "e aus ko\xcc\x88ln";
    const char *one = sv_password_hash(&settings, composed, arena, &error);
    const char *other = sv_password_hash(&settings, apart, arena, &error);
    char raw[128];

    (void) state;
    assert_true(sv_password_verify(one, apart));
    assert_true(sv_password_verify(other, composed));
    assert_true(sv_password_verify(other, apart));
    assert_false(sv_password_verify(one, "grusse aus koln"));
    /* A hash made of the letters as they were typed, before passwords were composed. */
    assert_int_equal(argon2id_hash_encoded(1, 8, 1, apart, strlen(apart), "0123456789abcdef", 16, 32, raw, sizeof(raw)),
                     ARGON2_OK);
    assert_true(sv_password_verify(raw, apart));
    assert_false(sv_password_verify(raw, composed));
}

static void
a_hash_verifies_its_own_password_only(void **state)
{
    const char *hash = sv_password_hash(&settings, "correct horse battery", arena, &error);
    const char *again = sv_password_hash(&settings, "correct horse battery", arena, &error);

    (void) state;
    assert_true(sv_password_verify(hash, "correct horse battery"));
    assert_false(sv_password_verify(hash, "correct horse battery "));
    assert_false(sv_password_verify(hash, ""));
    assert_string_not_equal(hash, again); /* the salt is fresh */
    assert_true(strncmp(hash, "$argon2id$v=19$m=47104,t=1,p=1$", 31) == 0);
    assert_false(sv_password_outdated(&settings, hash));
}

/* Vectors of the crypt_blowfish test suite (https://www.openwall.com/crypt/), one for each prefix in use. */
static void
bcrypt_of_the_replaced_system_verifies(void **state)
{
    static const struct {
        const char *hash, *password;
    } vectors[] = {
        { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
        { "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
        { "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
        { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        assert_true(sv_password_verify(vectors[i].hash, vectors[i].password));
        assert_false(sv_password_verify(vectors[i].hash, "U*V"));
        assert_true(sv_password_outdated(&settings, vectors[i].hash));
    }
}

static void
a_text_of_no_known_kind_is_nobodys_hash(void **state)
{
    static const char *const texts[] = {
        "",
        "secret",
        "$argon2id$",
        "$argon2id$v=19$m=47104,t=1,p=1$$",
        "$argon2i$v=19$m=47104,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$05$short",
        "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0",
        "*0",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(sv_password_verify(texts[i], "secret"));
        assert_false(sv_password_verify(texts[i], ""));
    }
    assert_false(sv_password_verify(NULL, ""));
}

static void
changed_parameters_make_a_hash_outdated(void **state)
{
    const char *hash = sv_password_hash(&settings, "correct horse battery", arena, &error);

    (void) state;
    settings.argon2_iterations = 2;
    assert_true(sv_password_outdated(&settings, hash));
    assert_true(sv_password_verify(hash, "correct horse battery"));
}

/* A decoy must cost what a hash costs, so it must be a hash that Argon2 computes to the end, of today's parameters. */
static void
a_decoy_has_the_parameters_of_a_hash_and_no_password(void **state)
{
    const char *hash = sv_password_hash(&settings, "x", arena, &error);
    const char *decoy = sv_password_decoy(&settings, arena);

    (void) state;
    assert_int_equal(strlen(decoy), strlen(hash));
    assert_false(sv_password_outdated(&settings, decoy));
    assert_false(sv_password_verify(decoy, ""));
    assert_false(sv_password_verify(decoy, "x"));
}

static void
a_decoy_of_another_kind_is_a_whole_hash_of_it(void **state)
{
    static const char *const stored[] = {
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$4iT1Ub1PfBbKSj3YQFLGqcBqyTlRRkVIs7FMhV2Rjvg",
    };
    static const char *const kinds[] = { "$2b$05$", "$2a$04$", "$argon2id$v=19$m=19456,t=2,p=1$" };

    (void) state;
    for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
        const char *decoy = sv_password_decoy_of(kinds[i], arena);

        assert_string_equal(sv_password_kind(stored[i], arena), kinds[i]);
        assert_string_equal(sv_password_kind(decoy, arena), kinds[i]);
        assert_true(sv_password_hash_importable(decoy, &(const char *){ NULL }));
        assert_false(sv_password_verify(decoy, "x"));
    }
    assert_null(sv_password_kind("-", arena));
    assert_null(sv_password_kind("$argon2id$v=19$m=1,t=1", arena));
}

static bool
acceptable(const char *password)
{
    sv_error_clear(&error);
    return sv_password_acceptable(password, "password", &error);
}

static void
length_is_the_only_rule_and_counts_characters(void **state)
{
    char text[4 * 129 + 1] = "";

    (void) state;
    assert_false(acceptable("1234567"));
    assert_string_equal(error.details[0].code, "too_short");
    assert_true(acceptable("12345678"));
    assert_true(acceptable("पासवर्डहै"));
    assert_false(acceptable("पास"));
    for (int i = 0; i < 128; i++) {
        strcat(text, "é");
    }
    assert_true(acceptable(text));
    strcat(text, "é");
    assert_false(acceptable(text));
    assert_string_equal(error.details[0].code, "too_long");
    assert_false(acceptable("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"));
}

static void
a_pin_is_digits_and_keyed_by_user_and_key(void **state)
{
    sv_auth_keys_t keys = { .pin_key = { 1 } }, other = { .pin_key = { 2 } };
    const char *keyed = sv_pin_keyed(&keys, "u1", "493817", arena);

    (void) state;
    assert_true(sv_pin_acceptable("493817", "pin", &error));
    assert_true(sv_pin_acceptable("493817493817", "pin", &error));
    assert_false(sv_pin_acceptable("49381", "pin", &error));
    assert_false(sv_pin_acceptable("4938174938174", "pin", &error));
    assert_false(sv_pin_acceptable("49381a", "pin", &error));
    assert_string_equal(keyed, sv_pin_keyed(&keys, "u1", "493817", arena));
    assert_string_not_equal(keyed, sv_pin_keyed(&keys, "u2", "493817", arena));
    assert_string_not_equal(keyed, sv_pin_keyed(&other, "u1", "493817", arena));
    assert_null(strstr(keyed, "493817"));
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_password_is_the_same_however_its_letters_are_composed),
        WITH_ARENA(a_hash_verifies_its_own_password_only),
        WITH_ARENA(bcrypt_of_the_replaced_system_verifies),
        WITH_ARENA(a_text_of_no_known_kind_is_nobodys_hash),
        WITH_ARENA(changed_parameters_make_a_hash_outdated),
        WITH_ARENA(a_decoy_has_the_parameters_of_a_hash_and_no_password),
        WITH_ARENA(a_decoy_of_another_kind_is_a_whole_hash_of_it),
        WITH_ARENA(length_is_the_only_rule_and_counts_characters),
        WITH_ARENA(a_pin_is_digits_and_keyed_by_user_and_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
