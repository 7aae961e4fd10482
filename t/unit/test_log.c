/* The log's sink gets one line a message. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/journal.h"
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

/* JOURNAL_STREAM, as systemd sets it, of what standard error is, and of something else. */
static void
lines_have_a_priority_only_in_the_journal(void **state)
{
    char stream[64];
    struct stat there;

    (void) state;
    assert_int_equal(fstat(STDERR_FILENO, &there), 0);
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(sv_journal_prefix(SV_LOG_ERROR), "");
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long) there.st_dev, (unsigned long long) there.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    assert_string_equal(sv_journal_prefix(SV_LOG_ERROR), "<3>");
    assert_string_equal(sv_journal_prefix(SV_LOG_WARNING), "<4>");
    assert_string_equal(sv_journal_prefix(SV_LOG_INFO), "<6>");
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long) there.st_dev,
             (unsigned long long) there.st_ino + 1);
    setenv("JOURNAL_STREAM", stream, 1);
    assert_string_equal(sv_journal_prefix(SV_LOG_ERROR), "");
    unsetenv("JOURNAL_STREAM");
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
        cmocka_unit_test(lines_have_a_priority_only_in_the_journal),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
