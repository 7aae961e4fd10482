/* Mapping files: what they mean, and what is refused with its line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/erp/lookup.h"
#include "core/erp/mapping.h"

#define EIGHT_PARAMETERS ":after, :after, :after, :after, :after, :after, :after, :after, "

static const char good[] = "# ours\n"
                           "[erp]\n"
                           "decimal = comma\n"
                           "warehouse = Main\n"
                           "[columns]\n"
                           "item_code = ArtNo\n"
                           "stock_qty = Qty On Hand\n"
                           "\n"
                           "[lookup]\n"
                           "SELECT a.ArtNo, ':code' AS x, [dbo].[b:c], 1::text -- not :this\n"
                           "FROM a /* nor :that */ WHERE a = :code OR b = :code;\n"
                           "\n"
                           "[changed_since]\n"
                           "SELECT 1 WHERE t >= :since AND i > :after\n";

static void
a_good_file_is_read(void **state)
{
    sv_arena_t *arena = sv_arena_create();
    const sv_erp_statement_t *lookup;
    sv_erp_mapping_t mapping;
    sv_error_t error;

    (void) state;
    sv_error_init(&error, arena);
    assert_int_equal(sv_erp_mapping_parse("f", good, strlen(good), arena, &mapping, &error), SV_OK);
    lookup = &mapping.statements[SV_ERP_LOOKUP];
    assert_string_equal(lookup->sql, "SELECT a.ArtNo, ':code' AS x, [dbo].[b:c], 1::text -- not :this\n"
                                     "FROM a /* nor :that */ WHERE a = ? OR b = ?");
    assert_int_equal(lookup->parameter_count, 2);
    assert_int_equal(lookup->line, 10);
    assert_string_equal(mapping.statements[SV_ERP_CHANGED_SINCE].parameters[1], "after");
    assert_null(mapping.statements[SV_ERP_FULL].sql);
    assert_string_equal(mapping.warehouse, "Main");
    assert_int_equal(mapping.decimal, ',');
    assert_false(mapping.utf8);
    assert_string_equal(sv_erp_mapping_field(&mapping, "ARTNO"), "item_code");
    assert_string_equal(sv_erp_mapping_field(&mapping, "qty on hand"), "stock_qty");
    assert_string_equal(sv_erp_mapping_field(&mapping, "Item_Name"), "item_name");
    assert_null(sv_erp_mapping_field(&mapping, "item_code")); /* it has another column */
    assert_null(sv_erp_mapping_field(&mapping, "whatever"));
    sv_arena_destroy(arena);
}

static void
what_is_wrong_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "", "f: it has no statement" },
        { "encoding = utf-8\n", "f:1: a section is wanted first" },
        { "[erp]\nencoding = latin\n", "f:2: [erp] takes" },
        { "[erp]\ndecimal = comma\ndecimal = point\n", "f:3: the setting is there twice: decimal" },
        { "[columns]\nitem_kode = a\n", "f:2: there is no such field: item_kode" },
        { "[columns]\nlot = a\nlot = b\n", "f:3: the field or its column is there twice: lot" },
        { "[columns]\nlot\n", "f:2: NAME = VALUE is wanted here: lot" },
        { "[look]\n", "f:1: the section is unknown, or there twice: look" },
        { "[full]\nSELECT 1\n[full]\nSELECT 2\n", "f:3: the section is unknown, or there twice: full" },
        { "[full]\n\n[lookup]\nSELECT :code\n", "f:1: the section has no statement" },
        { "[lookup]\nSELECT 1\n", "f:1: the statement lacks the parameter: code" },
        { "[full]\nSELECT :code\n", "f:1: this statement is given no such parameter: code" },
        { "[full]\nSELECT 1\nFROM 'x\n", "f:3: a quotation, comment or bracket has no end" },
        { "[full]\nSELECT ?\n", "f:2: parameters have names here" },
        { "[full]\nSELECT " EIGHT_PARAMETERS EIGHT_PARAMETERS EIGHT_PARAMETERS EIGHT_PARAMETERS ":after\n",
          "f:2: it has too many parameters" },
        { "[full]\nSELECT '\xff'\n", "f: it is not UTF-8" },
    };
    sv_arena_t *arena = sv_arena_create();

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sv_erp_mapping_t mapping;
        sv_error_t error;

        sv_error_init(&error, arena);
        if (sv_erp_mapping_parse("f", cases[i].text, strlen(cases[i].text), arena, &mapping, &error) == SV_OK) {
            fail_msg("taken: %s", cases[i].text);
        }
        if (strncmp(error.message, cases[i].message, strlen(cases[i].message)) != 0) {
            fail_msg("\"%s\" is not \"%s\"", error.message, cases[i].message);
        }
    }
    sv_arena_destroy(arena);
}

static void
the_files_we_ship_are_good(void **state)
{
    static const char *const files[] = { "conf/erp/stack.conf", "conf/erp/postgresql.conf", "conf/erp/sqlserver.conf" };
    sv_arena_t *arena = sv_arena_create();

    (void) state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        sv_erp_mapping_t mapping;
        sv_error_t error;

        sv_error_init(&error, arena);
        if (sv_erp_mapping_read(files[i], arena, &mapping, &error) != SV_OK) {
            fail_msg("%s", error.message);
        }
        assert_non_null(mapping.statements[SV_ERP_LOOKUP].sql);
        assert_true(sv_erp_statement_has(&mapping.statements[SV_ERP_FULL], "after"));
    }
    sv_arena_destroy(arena);
}

static void
answers_are_what_was_told(void **state)
{
    static const struct {
        const char *text;
        sv_erp_answer_t answer;
    } cases[] = { { "waiting", SV_ERP_WAITING },   { "found A 1", SV_ERP_FOUND }, { "none", SV_ERP_UNKNOWN },
                  { "timeout", SV_ERP_TIMED_OUT }, { "off", SV_ERP_OFF },         { "whatever", SV_ERP_OFF } };
    sv_arena_t *arena = sv_arena_create();
    const char *item_code;

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        redisReply reply = { .type = REDIS_REPLY_STRING, .str = (char *) cases[i].text };

        assert_int_equal(sv_erp_ask_read(&reply, arena, &item_code), cases[i].answer);
        if (cases[i].answer == SV_ERP_FOUND) {
            assert_string_equal(item_code, "A 1");
        } else {
            assert_null(item_code);
        }
    }
    assert_int_equal(sv_erp_ask_read(NULL, arena, &item_code), SV_ERP_OFF);
    sv_arena_destroy(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_is_read),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(the_files_we_ship_are_good),
        cmocka_unit_test(answers_are_what_was_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
