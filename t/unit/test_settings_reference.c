/* docs/configuration.md holds every setting as the table has it (run from the project's root). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/settings/settings_markdown.h"

static char *
whole_file(const char *path)
{
    FILE *stream = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;

    assert_non_null(stream);
    assert_true(getdelim(&text, &size, '\0', stream) > 0);
    fclose(stream);
    return text;
}

static void
the_reference_has_every_settings_row(void **state)
{
    char *document = whole_file("docs/configuration.md"), row[SV_SETTING_MARKDOWN_SIZE];

    (void) state;
    for (size_t i = 0; i < sv_setting_row_count; i++) {
        sv_setting_markdown_row(&sv_setting_rows[i], row);
        if (strstr(document, row) == NULL) {
            fail_msg("docs/configuration.md lacks (or has otherwise):\n%s", row);
        }
    }
    free(document);
}

static void
the_reference_has_no_row_beyond_the_table(void **state)
{
    char *document = whole_file("docs/configuration.md");
    size_t count = 0;

    (void) state;
    for (const char *at = document; (at = strstr(at, "\n| `stockverify_")) != NULL; at++) {
        count++;
    }
    assert_int_equal(count, sv_setting_row_count);
    free(document);
}

static void
the_table_is_printed_row_by_row(void **state)
{
    char *text = NULL;
    size_t size = 0, lines = 0;
    FILE *out = open_memstream(&text, &size);

    (void) state;
    sv_settings_markdown(out);
    fclose(out);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, sv_setting_row_count + 2);
    assert_non_null(strstr(text, "| `stockverify_rack_lock_ttl` | `RACK_LOCK_TTL` | `60` s | 2 to 3600 |"));
    assert_non_null(strstr(text, "| `stockverify_damage_bound` | `DAMAGE_BOUND` | `on` | on, off |"));
    assert_non_null(strstr(text, "| `stockverify_jwt_key_id` | `JWT_KEY_ID` | not set | text |"));
    free(text);
}

static void
no_row_is_longer_than_its_buffer(void **state)
{
    char row[SV_SETTING_MARKDOWN_SIZE];

    (void) state;
    for (size_t i = 0; i < sv_setting_row_count; i++) {
        sv_setting_markdown_row(&sv_setting_rows[i], row);
        assert_string_equal(row + strlen(row) - 2, " |");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_has_every_settings_row),
        cmocka_unit_test(the_reference_has_no_row_beyond_the_table),
        cmocka_unit_test(the_table_is_printed_row_by_row),
        cmocka_unit_test(no_row_is_longer_than_its_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
