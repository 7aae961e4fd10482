/* What becomes of a line that was on its way to the ERP, what adjustments come to, and what a book lacks of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/adjust/posting_decide.h"
#include "core/adjust/sums.h"
#include "core/stock/adjusted.h"

enum { LAST_TRY = SV_POSTING_MAX_ATTEMPTS - 1 };

static const struct {
    sv_erp_write_t write;
    sv_erp_found_t found;
    const char *sqlstate;
    int64_t attempts;
    sv_posting_outcome_t outcome;
} decisions[] = {
    { SV_ERP_TOOK_IT, SV_ERP_DOES_NOT_SAY, NULL, 0, SV_POSTING_IS_APPLIED },
    /* What is there with the same content is applied, whatever was answered. */
    { SV_ERP_SAID_NO, SV_ERP_HAS_IT, "23505", 0, SV_POSTING_IS_APPLIED },
    { SV_ERP_IS_SILENT, SV_ERP_HAS_IT, NULL, LAST_TRY, SV_POSTING_IS_APPLIED },
    { SV_ERP_WAS_NOT_ASKED, SV_ERP_HAS_IT, NULL, 0, SV_POSTING_IS_APPLIED },
    /* Another line under the key is for a person. */
    { SV_ERP_SAID_NO, SV_ERP_HAS_ANOTHER, "23505", 0, SV_POSTING_IS_REFUSED },
    { SV_ERP_WAS_NOT_ASKED, SV_ERP_HAS_ANOTHER, NULL, 0, SV_POSTING_IS_REFUSED },
    /* Nobody knows: nothing is sent before the ERP has said what it has. */
    { SV_ERP_SAID_NO, SV_ERP_DOES_NOT_SAY, "23505", LAST_TRY, SV_POSTING_STAYS_SENT },
    { SV_ERP_IS_SILENT, SV_ERP_DOES_NOT_SAY, NULL, LAST_TRY, SV_POSTING_STAYS_SENT },
    { SV_ERP_WAS_NOT_ASKED, SV_ERP_DOES_NOT_SAY, NULL, 0, SV_POSTING_STAYS_SENT },
    /* Not there: again, unless it would end in the same. */
    { SV_ERP_SAID_NO, SV_ERP_HAS_NOTHING, "22003", 0, SV_POSTING_IS_REFUSED },
    { SV_ERP_SAID_NO, SV_ERP_HAS_NOTHING, "23503", 0, SV_POSTING_IS_REFUSED },
    { SV_ERP_SAID_NO, SV_ERP_HAS_NOTHING, "HY000", 0, SV_POSTING_GOES_AGAIN },
    { SV_ERP_SAID_NO, SV_ERP_HAS_NOTHING, "HY000", LAST_TRY, SV_POSTING_IS_REFUSED },
    { SV_ERP_SAID_NO, SV_ERP_HAS_NOTHING, NULL, 0, SV_POSTING_GOES_AGAIN },
    /* Silence is no error of the line, however often. */
    { SV_ERP_IS_SILENT, SV_ERP_HAS_NOTHING, "08S01", LAST_TRY, SV_POSTING_GOES_AGAIN },
    { SV_ERP_WAS_NOT_ASKED, SV_ERP_HAS_NOTHING, NULL, LAST_TRY, SV_POSTING_GOES_AGAIN },
};

static void
test_every_outcome_is_decided_by_what_the_erp_has(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
        assert_int_equal(
            sv_posting_decide(decisions[i].write, decisions[i].found, decisions[i].sqlstate, decisions[i].attempts),
            decisions[i].outcome);
    }
}

static void
test_errors_are_of_the_line_of_the_connection_or_of_the_erp(void **state)
{
    (void) state;
    assert_true(sv_sqlstate_is_of_line("23000") && !sv_sqlstate_is_silence("23000"));
    assert_true(sv_sqlstate_is_silence("08S01") && sv_sqlstate_is_silence("57014") && sv_sqlstate_is_silence("HYT00"));
    assert_false(sv_sqlstate_is_of_line("HY000") || sv_sqlstate_is_silence("HY000") || sv_sqlstate_is_of_line(NULL) ||
                 sv_sqlstate_is_silence(NULL));
}

static void
test_pauses_grow_and_end_growing(void **state)
{
    (void) state;
    assert_int_equal(sv_posting_pause_ms(0), 0);
    assert_int_equal(sv_posting_pause_ms(1), 1000);
    assert_int_equal(sv_posting_pause_ms(2), 2000);
    assert_int_equal(sv_posting_pause_ms(60), sv_posting_pause_ms(6));
}

static void
test_sums_are_of_a_unit_each_and_gross_cancels_nothing_out(void **state)
{
    const sv_adjustment_part_t parts[] = {
        { .uom = "PCS", .delta = 5000000, .has_value = true, .value = 10000000 },
        { .uom = "PCS", .delta = -2000000, .has_value = true, .value = -4000000 },
        { .uom = "KG", .delta = 500000 },
        { .uom = NULL, .delta = 1000000, .has_value = true, .value = 1000000 },
        { .uom = "PCS", .delta = 9000000, .has_value = true, .value = 9000000, .superseded = true },
    };
    sv_arena_t *arena = sv_arena_create();
    sv_adjustment_sums_t sums = { 0 };

    (void) state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        sv_adjustment_sums_add(&sums, &parts[i], arena);
    }
    assert_int_equal(sums.lines, 5);
    assert_int_equal(sums.superseded, 1);
    assert_int_equal(sums.unvalued, 1);
    assert_int_equal(sums.count, 3);
    assert_string_equal(sums.units[0].uom, "PCS");
    assert_int_equal(sums.units[0].lines, 2);
    assert_int_equal(sums.units[0].net, 3000000);
    assert_int_equal(sums.units[0].gross, 7000000);
    assert_int_equal(sums.units[1].net, 500000);
    assert_null(sums.units[2].uom);
    assert_int_equal(sums.value, 7000000);
    assert_int_equal(sums.gross_value, 15000000);
    assert_false(sums.overflow);
    sv_adjustment_sums_add(&sums, &(sv_adjustment_part_t){ .uom = "PCS", .delta = INT64_MAX }, arena);
    assert_true(sums.overflow);
    sv_arena_destroy(arena);
}

static void
test_a_book_lacks_what_the_erp_cannot_have_told(void **state)
{
    (void) state;
    assert_true(sv_adjusted_is_lacking(&(sv_adjusted_t){ .sent_at_ms = 0 }, 5000));
    assert_true(sv_adjusted_is_lacking(&(sv_adjusted_t){ .sent_at_ms = 6000 }, 5000));
    assert_false(sv_adjusted_is_lacking(&(sv_adjusted_t){ .sent_at_ms = 4000 }, 5000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_outcome_is_decided_by_what_the_erp_has),
        cmocka_unit_test(test_errors_are_of_the_line_of_the_connection_or_of_the_erp),
        cmocka_unit_test(test_pauses_grow_and_end_growing),
        cmocka_unit_test(test_sums_are_of_a_unit_each_and_gross_cancels_nothing_out),
        cmocka_unit_test(test_a_book_lacks_what_the_erp_cannot_have_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
