/* Signed links to results: what is made holds until its end, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/jobs/link.h"

enum { NOW_S = 1800000000 };

static const char secret[] = "0123456789abcdef0123456789abcdef";

static sv_arena_t *arena;
static sv_error_t error;
static uint8_t key[SV_SHA256_SIZE];

static int
open_arena(void **state)
{
    (void) state;
    arena = sv_arena_create();
    sv_error_init(&error, arena);
    sv_link_key_derive(secret, sizeof(secret) - 1, key);
    return 0;
}

static int
close_arena(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

/* The value of a parameter of the link. */
static const char *
part(const char *link, const char *name)
{
    const char *at = strstr(link, name);

    assert_non_null(at);
    at += strlen(name);
    return sv_arena_strndup(arena, at, strcspn(at, "&"));
}

static sv_status_t
check(const char *job_id, const char *expires, const char *signature, int64_t now_s)
{
    sv_error_clear(&error);
    return sv_link_check(key, job_id, expires, signature, now_s, &error);
}

static void
a_link_holds_until_its_end(void **state)
{
    const char *link = sv_link_make(key, "job-1", NOW_S + 60, arena);
    const char *expires = part(link, "expires="), *signature = part(link, "signature=");

    (void) state;
    assert_int_equal(strncmp(link, "/api/jobs/job-1/result?", 23), 0);
    assert_int_equal(strspn(signature, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    assert_int_equal(check("job-1", expires, signature, NOW_S), SV_OK);
    assert_int_equal(check("job-1", expires, signature, NOW_S + 59), SV_OK);
    assert_int_equal(check("job-1", expires, signature, NOW_S + 60), SV_ERR_TOKEN_EXPIRED);
}

static void
nothing_else_is_a_link(void **state)
{
    const char *link = sv_link_make(key, "job-1", NOW_S + 60, arena);
    const char *expires = part(link, "expires="), *signature = part(link, "signature=");

    (void) state;
    assert_int_equal(check("job-2", expires, signature, NOW_S), SV_ERR_TOKEN_INVALID);
    assert_int_equal(check("job-1", sv_arena_printf(arena, "%d", NOW_S + 61), signature, NOW_S), SV_ERR_TOKEN_INVALID);
    assert_int_equal(check("job-1", sv_arena_printf(arena, "+%s", expires), signature, NOW_S), SV_ERR_TOKEN_INVALID);
    assert_int_equal(check("job-1", sv_arena_printf(arena, "0%s", expires), signature, NOW_S), SV_ERR_TOKEN_INVALID);
    assert_int_equal(check("job-1", "999999999999999999999", signature, NOW_S), SV_ERR_TOKEN_INVALID);
    assert_int_equal(check("job-1", "", signature, NOW_S), SV_ERR_TOKEN_INVALID);
    assert_int_equal(check("job-1", expires, "", NOW_S), SV_ERR_TOKEN_INVALID);
    assert_int_equal(check("job-1", NULL, signature, NOW_S), SV_ERR_TOKEN_INVALID);
    assert_int_equal(check("job-1", expires, NULL, NOW_S), SV_ERR_TOKEN_INVALID);
    for (size_t i = 0; i < strlen(signature); i++) {
        char *other = sv_arena_strdup(arena, signature);

        other[i] = other[i] == 'A' ? 'B' : 'A';
        assert_int_equal(check("job-1", expires, other, NOW_S), SV_ERR_TOKEN_INVALID);
    }
}

static void
another_key_makes_other_links(void **state)
{
    const char *link = sv_link_make(key, "job-1", NOW_S + 60, arena);
    uint8_t plain[SV_SHA256_SIZE];

    (void) state;
    memcpy(plain, secret, sizeof(plain)); /* the secret itself is no link's key */
    assert_int_equal(sv_link_check(plain, "job-1", part(link, "expires="), part(link, "signature="), NOW_S, &error),
                     SV_ERR_TOKEN_INVALID);
}

static void
the_key_is_that_of_the_secret_file(void **state)
{
    char path[] = "/tmp/stockverify-link-XXXXXX";
    sv_settings_t settings = { .secret_key_file = path };
    uint8_t read[SV_SHA256_SIZE];
    int file = mkstemp(path);

    (void) state;
    assert_int_equal(write(file, secret, sizeof(secret) - 1), sizeof(secret) - 1);
    close(file);
    sv_error_clear(&error);
    assert_int_equal(sv_link_key_read(&settings, read, &error), SV_OK);
    assert_memory_equal(read, key, sizeof(key));
    unlink(path);
    assert_int_equal(sv_link_key_read(&settings, read, &error), SV_ERR_VALIDATION_FAILED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_holds_until_its_end),
        cmocka_unit_test(nothing_else_is_a_link),
        cmocka_unit_test(another_key_makes_other_links),
        cmocka_unit_test(the_key_is_that_of_the_secret_file),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
