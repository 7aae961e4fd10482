/* Mail addresses that are taken, and names of files in headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/disposition.h"
#include "core/base/mail_address.h"

static void
addresses_of_people(void **state)
{
    static const char *const good[] = {
        "a@b", "asha.rao+stock@example.co.in", "x_y-z@sub.example.com", "o'neil@example.com", "1@2.example",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(sv_mail_address_valid(good[i]));
    }
}

static void
what_is_none(void **state)
{
    static const char *const bad[] = {
        "",       "a",      "@",     "@b",     "a@",      "a@b.",       ".a@b",       "a.@b",  "a..b@c", "-a@b",
        "a@-b",   "a@b-",   "a@.b",  "a@b..c", "a b@c",   "a@b c",      "a,b@c",      "a;b@c", "<a@b>",  "a@b\r\nRCPT",
        "a\"b@c", "a(b)@c", "a@b_c", "a@[1]",  "a\x01@b", "\xc3\xa4@b", "a@\xc3\xa4", "a@b\n",
    };
    char text[400];

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (sv_mail_address_valid(bad[i])) {
            fail_msg("\"%s\" is taken for an address", bad[i]);
        }
    }
    snprintf(text, sizeof(text), "%065d@example.com", 0); /* 64 characters before the @ */
    assert_false(sv_mail_address_valid(text));
    assert_true(sv_mail_address_valid(text + 1));
    snprintf(text, sizeof(text), "a@%064d.com", 0); /* 63 between two dots */
    assert_false(sv_mail_address_valid(text));
    memset(text, 'a', sizeof(text) - 1);
    text[1] = '@';
    text[sizeof(text) - 1] = '\0';
    for (size_t i = 10; i < sizeof(text) - 1; i += 10) {
        text[i] = '.';
    }
    text[255] = '\0'; /* 254 in all */
    assert_false(sv_mail_address_valid(text));
    text[254] = '\0';
    assert_true(sv_mail_address_valid(text));
}

/* Every byte there is, one after the other: none may end the value or its parameters. */
static void
names_stay_names(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    char name[256];
    const char *value, *plain, *end;

    (void) state;
    for (int i = 1; i < 256; i++) {
        name[i - 1] = (char) i;
    }
    name[255] = '\0';
    value = sv_disposition_attachment(name, arena);
    for (const char *at = value; *at != '\0'; at++) {
        assert_in_range((unsigned char) *at, 0x20, 0x7e);
    }
    plain = strchr(value, '"') + 1;
    end = strchr(plain, '"');
    assert_non_null(end);
    assert_int_equal(strncmp(end, "\"; filename*=UTF-8''", 20), 0);
    assert_null(strchr(end + 1, '"'));
    assert_null(memchr(plain, '/', (size_t) (end - plain)));
    assert_null(memchr(plain, '\\', (size_t) (end - plain)));
    assert_null(strpbrk(end + 20, " ;,'\"/\\"));
    assert_string_equal(sv_disposition_attachment("a b.csv", arena),
                        "attachment; filename=\"a b.csv\"; filename*=UTF-8''a%20b.csv");
    sv_arena_destroy(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_people),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(names_stay_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
