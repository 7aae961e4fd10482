/* The log's sink gets one line a message. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"

static char seen[4096];
static sv_log_level_t seen_level;

static void
keep(sv_log_level_t level, const char *message)
{
    seen_level = level;
    snprintf(seen, sizeof(seen), "%s", message);
}

static void
a_message_reaches_the_sink_with_its_level(void **state)
{
    (void) state;
    sv_log(SV_LOG_WARNING, "redis %s: %d", "127.0.0.1", 7);
    assert_int_equal(seen_level, SV_LOG_WARNING);
    assert_string_equal(seen, "redis 127.0.0.1: 7");
}

static void
a_message_is_one_line_without_control_characters(void **state)
{
    (void) state;
    sv_log(SV_LOG_ERROR, "%s", "user \"x\"\n2026 [alert] forged\x1b[2J\r\x7f");
    assert_string_equal(seen, "user \"x\"?2026 [alert] forged?[2J??");
}

static void
a_message_too_long_is_cut(void **state)
{
    char text[5000];

    (void) state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    sv_log(SV_LOG_ERROR, "%s", text);
    assert_int_equal(strlen(seen), strspn(seen, "a"));
    assert_true(strlen(seen) > 1000 && strlen(seen) < sizeof(text) - 1);
}

static int
setup(void **state)
{
    (void) state;
    sv_log_set_sink(keep);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_reaches_the_sink_with_its_level),
        cmocka_unit_test(a_message_is_one_line_without_control_characters),
        cmocka_unit_test(a_message_too_long_is_cut),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
