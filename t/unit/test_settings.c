/* Settings from a file and the environment, their bounds, and what holds between them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/settings/secret_file.h"
#include "core/settings/settings.h"

typedef struct {
    sv_arena_t *arena;
    sv_error_t error;
    sv_settings_t settings;
} fixture_t;

/* A temporary file with the content; its path is the arena's, the file goes with the arena. */
static void
remove_file(void *path)
{
    unlink(path);
}

static const char *
file_with(fixture_t *f, const char *content, size_t length)
{
    char *path = sv_arena_strdup(f->arena, "/tmp/stockverify-test-XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, length), length);
    close(fd);
    sv_arena_on_destroy(f->arena, remove_file, path);
    return path;
}

static sv_status_t
load(fixture_t *f, const char *text)
{
    const char *path = text != NULL ? file_with(f, text, strlen(text)) : NULL;

    sv_error_clear(&f->error);
    return sv_settings_load(&f->settings, path, f->arena, &f->error);
}

static void
assert_refused(fixture_t *f, const char *text, const char *says)
{
    assert_int_equal(load(f, text), SV_ERR_VALIDATION_FAILED);
    if (strstr(f->error.message, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", f->error.message, says);
    }
}

static void
defaults_are_the_tables_and_pass_the_check(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(load(f, NULL), SV_OK);
    assert_string_equal(f->settings.redis_host, "127.0.0.1");
    assert_int_equal(f->settings.redis_port, 6379);
    assert_int_equal(f->settings.rack_lock_ttl, 60);
    assert_true(f->settings.damage_bound);
    assert_string_equal(f->settings.jwt_key_file, "");
    assert_null(f->settings.redis_password);
}

static void
every_row_takes_its_default_and_its_bounds_and_nothing_beyond(void **state)
{
    fixture_t *f = *state;
    char text[64];

    sv_settings_defaults(&f->settings);
    for (size_t i = 0; i < sv_setting_row_count; i++) {
        const sv_setting_row_t *row = &sv_setting_rows[i];
        const int64_t *number = (const int64_t *) (const void *) ((const char *) &f->settings + row->offset);

        assert_ptr_equal(sv_setting_find(row->directive), row);
        assert_ptr_equal(sv_setting_find(row->environment), row);
        assert_true(strlen(row->text) >= 10);
        if (row->type != SV_SETTING_IS_NUMBER) {
            continue;
        }
        assert_in_range(row->number_default, row->min, row->max);
        for (int high = 0; high < 2; high++) {
            int64_t bound = high ? row->max : row->min;

            sv_error_clear(&f->error);
            snprintf(text, sizeof(text), "%lld", (long long) bound);
            assert_int_equal(sv_setting_assign(&f->settings, row, text, f->arena, &f->error), SV_OK);
            assert_int_equal(*number, bound);
            snprintf(text, sizeof(text), "%lld", (long long) (high ? bound + 1 : bound - 1));
            assert_int_equal(sv_setting_assign(&f->settings, row, text, f->arena, &f->error), SV_ERR_VALIDATION_FAILED);
            assert_non_null(strstr(f->error.message, row->environment));
            assert_non_null(strstr(f->error.message, text));
            assert_int_equal(*number, bound);
        }
    }
    assert_null(sv_setting_find("RACK_LOCK"));
    assert_null(sv_setting_find(""));
}

static void
numbers_are_whole_with_their_own_unit_at_most(void **state)
{
    static const char *const bad[] = { "",     " 60",  "60 ", "+60",   "6e1", "60.0",
                                       "0x3c", "60ms", "60m", "sixty", "-",   "99999999999999999999" };
    fixture_t *f = *state;
    const sv_setting_row_t *row = sv_setting_find("RACK_LOCK_TTL");

    sv_settings_defaults(&f->settings);
    assert_int_equal(sv_setting_assign(&f->settings, row, "61", f->arena, &f->error), SV_OK);
    assert_int_equal(sv_setting_assign(&f->settings, row, "62s", f->arena, &f->error), SV_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sv_error_clear(&f->error);
        assert_int_equal(sv_setting_assign(&f->settings, row, bad[i], f->arena, &f->error), SV_ERR_VALIDATION_FAILED);
    }
    assert_int_equal(f->settings.rack_lock_ttl, 62);
}

static void
flags_are_on_or_off(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(load(f, "DAMAGE_BOUND=off\n"), SV_OK);
    assert_false(f->settings.damage_bound);
    assert_int_equal(load(f, "DAMAGE_BOUND=true\n"), SV_OK);
    assert_true(f->settings.damage_bound);
    assert_refused(f, "DAMAGE_BOUND=maybe\n", "on or off");
}

static void
a_file_has_comments_blank_lines_and_blanks_around(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(load(f, "# leases\n\n  RACK_LOCK_TTL = 90 \r\n\tREDIS_HOST=10.0.0.1\n"
                             "MONGODB_URI=mongodb://h/?a=b#c\nSESSION_GRACE=7"),
                     SV_OK);
    assert_int_equal(f->settings.rack_lock_ttl, 90);
    assert_string_equal(f->settings.redis_host, "10.0.0.1");
    assert_string_equal(f->settings.mongodb_uri, "mongodb://h/?a=b#c");
    assert_int_equal(f->settings.session_grace, 7);
}

static void
a_bad_line_is_told_by_file_and_line(void **state)
{
    static char longest[5000];
    fixture_t *f = *state;

    assert_refused(f, "\n# x\nRACK_LOCK_TTL=1\n", ":3: RACK_LOCK_TTL");
    assert_refused(f, "RACK_LOCK_TTL 60\n", ":1: a line must be NAME=VALUE");
    assert_refused(f, "REDIS_HOST=a\nRACK_LOCK=60\n", ":2: there is no setting RACK_LOCK");
    assert_refused(f, "REDIS_HOST=a\x01\n", ":1: REDIS_HOST");
    assert_refused(f, "REDIS_HOST=\xff\n", ":1: REDIS_HOST");
    memset(longest, 'x', sizeof(longest) - 1);
    assert_refused(f, longest, ":1: the line is longer");
    sv_error_clear(&f->error);
    assert_int_equal(sv_settings_load(&f->settings, "/nonexistent/worker.conf", f->arena, &f->error),
                     SV_ERR_VALIDATION_FAILED);
    assert_non_null(strstr(f->error.message, "/nonexistent/worker.conf"));
    sv_error_clear(&f->error);
    assert_int_equal(sv_settings_load(&f->settings, "/", f->arena, &f->error), SV_ERR_VALIDATION_FAILED);
}

static void
the_environment_goes_before_the_file(void **state)
{
    fixture_t *f = *state;

    setenv("RACK_LOCK_TTL", "120", 1);
    setenv("SESSION_GRACE", "", 1);
    assert_int_equal(load(f, "RACK_LOCK_TTL=90\nSESSION_GRACE=7\n"), SV_OK);
    assert_int_equal(f->settings.rack_lock_ttl, 120);
    assert_int_equal(f->settings.session_grace, 7);
    setenv("RACK_LOCK_TTL", "none", 1);
    assert_refused(f, NULL, "environment: RACK_LOCK_TTL");
    unsetenv("RACK_LOCK_TTL");
    unsetenv("SESSION_GRACE");
}

static void
a_refused_value_is_told_but_never_a_secret(void **state)
{
    static const char *const no_addresses[] = {
        "MONGODB_URI=http://u:hush@h\n",
        "MONGODB_URI=mongodb://u:hush@\n",
        "MONGODB_URI=mongodb://u:hush@h:port\n",
        "MONGODB_URI=mongodb://u:hu%zzhush@h\n",
    };
    fixture_t *f = *state;

    assert_refused(f, "MONGODB_URI=mongodb://h/?readPreference=secondaryPreferred\n", "must not name a readPreference");
    assert_refused(f, "MONGODB_URI=mongodb://h/?readPreference=nearest\n", "must not name a readPreference");
    assert_int_equal(load(f, "MONGODB_URI=mongodb://h/?readPreference=primary\n"), SV_OK);
    assert_int_equal(load(f, "MONGODB_URI=mongodb://u:hush\x01@h\n"), SV_ERR_VALIDATION_FAILED);
    assert_null(strstr(f->error.message, "hush"));
    assert_non_null(strstr(f->error.message, "MONGODB_URI"));
    for (size_t i = 0; i < sizeof(no_addresses) / sizeof(no_addresses[0]); i++) {
        assert_refused(f, no_addresses[i], "MONGODB_URI is no address of MongoDB");
        assert_null(strstr(f->error.message, "hush"));
    }
}

static void
settings_that_contradict_each_other_are_refused(void **state)
{
    fixture_t *f = *state;

    assert_refused(f, "RACK_LOCK_TTL=25\n", "HEARTBEAT_INTERVAL (25 s) must be less than RACK_LOCK_TTL (25 s)");
    assert_refused(f, "REFRESH_TOKEN_TTL=100\n", "REFRESH_TOKEN_IDLE_TTL");
    assert_refused(f, "ARGON2_MEMORY=47103\n", "ARGON2_ITERATIONS");
    assert_int_equal(load(f, "ARGON2_MEMORY=19456\nARGON2_ITERATIONS=2\n"), SV_OK);
    assert_refused(f, "JWT_ALGORITHM=none\n", "JWT_ALGORITHM is \"none\"");
    assert_refused(f, "JWT_ALGORITHM=hs256\n", "must be HS256, RS256 or ES256");
    assert_refused(f, "MIN_CLIENT=1.4\n", "MIN_CLIENT is \"1.4\"");
    assert_refused(f, "MIN_CLIENT=1.4.0-beta\n", "a version as 1.4.0");
    assert_refused(f, "REDIS_HOST=\n", "REDIS_HOST must not be empty");
    assert_refused(f, "SMTP_TLS=maybe\n", "SMTP_TLS is \"maybe\"");
    assert_refused(f, "SMTP_HOST=mail.example.com\n", "MAIL_FROM is \"\"");
    assert_refused(f, "SMTP_HOST=mail.example.com\nMAIL_FROM=somebody\n", "MAIL_FROM is \"somebody\"");
    assert_refused(f, "SMTP_USER=stock\n", "SMTP_USER needs SMTP_PASSWORD_FILE");
    assert_refused(f, "PUBLIC_URL=stock.example.com\n", "PUBLIC_URL is \"stock.example.com\"");
    assert_refused(f, "PUBLIC_URL=https://stock.example.com/\n", "without a slash at its end");
    assert_int_equal(
        load(f, "SMTP_HOST=mail.example.com\nMAIL_FROM=stock@example.com\nPUBLIC_URL=https://stock.example.com\n"),
        SV_OK);
}

static void
keys_must_be_readable_and_long_enough(void **state)
{
    static const char *const names[] = { "JWT_KEY_FILE", "JWT_PREVIOUS_KEY_FILE", "SECRET_KEY_FILE" };
    fixture_t *f = *state;
    const char *good = file_with(f, "0123456789abcdef0123456789abcdef\n", 33);
    const char *line_breaks = file_with(f, "0123456789abcdef0123456789abcde\n\r\n", 34); /* 31 without them */
    const char *empty = file_with(f, "\n", 1);

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(load(f, sv_arena_printf(f->arena, "%s=%s", names[i], good)), SV_OK);
        assert_refused(f, sv_arena_printf(f->arena, "%s=%s", names[i], line_breaks), "has 31 bytes");
        assert_non_null(strstr(f->error.message, names[i]));
        assert_refused(f, sv_arena_printf(f->arena, "%s=%s", names[i], empty), "is empty");
        assert_refused(f, sv_arena_printf(f->arena, "%s=/nonexistent/key", names[i]), "/nonexistent/key");
    }
}

/* A key made by openssl(1), as an operator makes one. */
static const char *
made_key(fixture_t *f, const char *command)
{
    const char *path = file_with(f, "", 0);

    assert_int_equal(system(sv_arena_printf(f->arena, "%s > %s 2>/dev/null", command, path)), 0);
    return path;
}

static void
a_pem_key_must_fit_the_algorithm(void **state)
{
    fixture_t *f = *state;
    const char *rsa = made_key(f, "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    const char *weak = made_key(f, "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024");
    const char *ec = made_key(f, "openssl ecparam -genkey -noout -name prime256v1");
    const char *other = made_key(f, "openssl ecparam -genkey -noout -name secp384r1");
    const char *locked = made_key(f, sv_arena_printf(f->arena, "openssl rsa -aes128 -passout pass:x -in %s", rsa));
    const char *public_rsa = made_key(f, sv_arena_printf(f->arena, "openssl rsa -pubout -in %s", rsa));
    const struct {
        const char *algorithm, *name, *path;
        bool good;
    } cases[] = {
        { "RS256", "JWT_KEY_FILE", rsa, true },          { "RS256", "JWT_KEY_FILE", weak, false },
        { "RS256", "JWT_KEY_FILE", ec, false },          { "RS256", "JWT_KEY_FILE", public_rsa, false },
        { "RS256", "JWT_KEY_FILE", locked, false },      { "RS256", "JWT_PREVIOUS_KEY_FILE", public_rsa, true },
        { "RS256", "JWT_PREVIOUS_KEY_FILE", ec, false }, { "ES256", "JWT_KEY_FILE", ec, true },
        { "ES256", "JWT_KEY_FILE", other, false },       { "ES256", "JWT_KEY_FILE", rsa, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text =
            sv_arena_printf(f->arena, "JWT_ALGORITHM=%s\n%s=%s\n", cases[i].algorithm, cases[i].name, cases[i].path);

        if (cases[i].good) {
            assert_int_equal(load(f, text), SV_OK);
        } else {
            assert_refused(f, text, "does not hold");
        }
    }
}

static void
the_redis_password_comes_from_environment_then_file_then_its_own_file(void **state)
{
    fixture_t *f = *state;
    const char *password = file_with(f, "from its own file\n", 18);
    const char *both = sv_arena_printf(f->arena, "REDIS_PASSWORD_FILE=%s\nREDIS_PASSWORD=from the file\n", password);

    assert_int_equal(load(f, sv_arena_printf(f->arena, "REDIS_PASSWORD_FILE=%s\n", password)), SV_OK);
    assert_string_equal(f->settings.redis_password, "from its own file");
    assert_int_equal(load(f, both), SV_OK);
    assert_string_equal(f->settings.redis_password, "from the file");
    setenv("REDIS_PASSWORD", "from the environment", 1);
    assert_int_equal(load(f, both), SV_OK);
    assert_string_equal(f->settings.redis_password, "from the environment");
    unsetenv("REDIS_PASSWORD");
    assert_refused(f, "REDIS_PASSWORD_FILE=/nonexistent/password\n", "REDIS_PASSWORD_FILE");
    assert_refused(f, "REDIS_USER=stockverify\n", "REDIS_USER needs a password");
    assert_int_equal(load(f, "REDIS_USER=stockverify\nREDIS_PASSWORD=one\n"), SV_OK);
}

static void
a_secret_file_is_bounded_and_may_hold_any_bytes(void **state)
{
    static char large[64 * 1024 + 1];
    fixture_t *f = *state;
    const char *bytes = NULL;
    size_t length = 0;

    assert_int_equal(sv_secret_file_read(file_with(f, "a\0\n\xff\r\n", 6), f->arena, &bytes, &length, &f->error),
                     SV_OK);
    assert_int_equal(length, 4);
    assert_memory_equal(bytes, "a\0\n\xff", 5); /* and a NUL */
    memset(large, 'k', sizeof(large));
    assert_int_equal(sv_secret_file_read(file_with(f, large, sizeof(large) - 1), f->arena, &bytes, &length, &f->error),
                     SV_OK);
    assert_int_equal(length, sizeof(large) - 1);
    assert_int_equal(sv_secret_file_read(file_with(f, large, sizeof(large)), f->arena, &bytes, &length, &f->error),
                     SV_ERR_VALIDATION_FAILED);
    assert_non_null(strstr(f->error.message, "longer than"));
}

static int
setup(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    fixture_t *f = sv_arena_zalloc(arena, sizeof(*f));

    f->arena = arena;
    sv_error_init(&f->error, arena);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_t *f = *state;

    sv_arena_destroy(f->arena);
    return 0;
}

/* The environment of whoever runs the tests must not decide them. */
static int
clear_environment(void **state)
{
    (void) state;
    for (size_t i = 0; i < sv_setting_row_count; i++) {
        unsetenv(sv_setting_rows[i].environment);
    }
    unsetenv("REDIS_PASSWORD");
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_are_the_tables_and_pass_the_check, setup, teardown),
        cmocka_unit_test_setup_teardown(every_row_takes_its_default_and_its_bounds_and_nothing_beyond, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_are_whole_with_their_own_unit_at_most, setup, teardown),
        cmocka_unit_test_setup_teardown(flags_are_on_or_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_has_comments_blank_lines_and_blanks_around, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bad_line_is_told_by_file_and_line, setup, teardown),
        cmocka_unit_test_setup_teardown(the_environment_goes_before_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_value_is_told_but_never_a_secret, setup, teardown),
        cmocka_unit_test_setup_teardown(settings_that_contradict_each_other_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_must_be_readable_and_long_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pem_key_must_fit_the_algorithm, setup, teardown),
        cmocka_unit_test_setup_teardown(the_redis_password_comes_from_environment_then_file_then_its_own_file, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_secret_file_is_bounded_and_may_hold_any_bytes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, clear_environment, NULL);
}
