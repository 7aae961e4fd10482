/* What each state of a count admits; the table is read by name, and what is no state admits nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/counts/count_state.h"

static void
each_state_admits_what_it_says(void **state)
{
    static const struct {
        const char *name;
        bool claims, records, over;
    } rows[] = {
        { "OPEN", true, true, false },      { "RECONCILE", false, true, false }, { "APPROVING", false, false, false },
        { "APPROVED", false, false, true }, { "CLOSED", false, false, true },    { "open", false, false, false },
        { NULL, false, false, false },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(sv_count_state_admits_claims(rows[i].name), rows[i].claims);
        assert_int_equal(sv_count_takes_records(rows[i].name), rows[i].records);
        assert_int_equal(sv_count_is_over(rows[i].name), rows[i].over);
    }
}

static void
counts_that_are_not_over_are_three(void **state)
{
    bson_t filter = BSON_INITIALIZER;
    char *text;

    (void) state;
    sv_count_filter_live(&filter, "status");
    text = bson_as_relaxed_extended_json(&filter, NULL);
    assert_string_equal(text, "{ \"status\" : { \"$in\" : [ \"OPEN\", \"RECONCILE\", \"APPROVING\" ] } }");
    bson_free(text);
    bson_destroy(&filter);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_admits_what_it_says),
        cmocka_unit_test(counts_that_are_not_over_are_three),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
