/* How a line of a count stands: the table of states, what bars an approval, and the tolerance. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/review/line_state.h"

#define RACK(standing_, recount_, figure, recounted)                                                                   \
    {                                                                                                                  \
        .standing = SV_LINE_RACK_##standing_, .recount = SV_LINE_RECOUNT_##recount_, .has_figure = figure,             \
        .has_recounted = recounted                                                                                     \
    }

static const struct {
    const char *what;
    bool counted;
    sv_line_rack_t racks[3];
    size_t count;
    sv_line_state_t state;
} table[] = {
    { "nobody expects it, nobody counted it", false, { RACK(OPEN, NONE, false, false) }, 0, SV_LINE_NOT_COUNTED },
    { "its rack is completed without it", false, { RACK(COMPLETED, NONE, false, false) }, 1, SV_LINE_NOT_COUNTED },
    { "a recount of it waits, without any figure",
      false,
      { RACK(COMPLETED, PENDING, false, false) },
      1,
      SV_LINE_RECOUNT_ASKED },
    { "a figure without a rack", true, { RACK(OPEN, NONE, false, false) }, 0, SV_LINE_COUNTED },
    { "its only rack is open", true, { RACK(OPEN, NONE, true, false) }, 1, SV_LINE_INCOMPLETE },
    { "one of two racks is open",
      true,
      { RACK(COMPLETED, NONE, true, false), RACK(OPEN, NONE, false, false) },
      2,
      SV_LINE_INCOMPLETE },
    { "the other was excluded",
      true,
      { RACK(COMPLETED, NONE, true, false), RACK(EXCLUDED, NONE, false, false) },
      2,
      SV_LINE_COUNTED },
    { "the other was declared empty",
      true,
      { RACK(COMPLETED, NONE, true, false), RACK(EMPTY, NONE, true, false) },
      2,
      SV_LINE_COUNTED },
    { "the other is completed without it",
      true,
      { RACK(COMPLETED, NONE, true, false), RACK(COMPLETED, NONE, false, false) },
      2,
      SV_LINE_COUNTED },
    { "a recount waits", true, { RACK(COMPLETED, PENDING, true, false) }, 1, SV_LINE_RECOUNT_ASKED },
    { "a recount waits, another rack is open",
      true,
      { RACK(COMPLETED, PENDING, true, false), RACK(OPEN, NONE, false, false) },
      2,
      SV_LINE_INCOMPLETE },
    { "a recount of an excluded rack waits for nobody",
      true,
      { RACK(EXCLUDED, PENDING, true, false) },
      1,
      SV_LINE_COUNTED },
    { "the recount has a figure of it", true, { RACK(COMPLETED, DONE, true, true) }, 1, SV_LINE_RECOUNTED },
    { "the recount left it out", true, { RACK(COMPLETED, DONE, true, false) }, 1, SV_LINE_NOT_RECOUNTED },
    { "the recount found it on one rack and left it out on the other",
      true,
      { RACK(COMPLETED, DONE, true, true), RACK(COMPLETED, DONE, true, false) },
      2,
      SV_LINE_NOT_RECOUNTED },
    { "the recount of a rack that never had it",
      true,
      { RACK(COMPLETED, NONE, true, false), RACK(COMPLETED, DONE, false, false) },
      2,
      SV_LINE_COUNTED },
    { "one recount is done, another waits",
      true,
      { RACK(COMPLETED, DONE, true, true), RACK(COMPLETED, PENDING, true, false) },
      2,
      SV_LINE_RECOUNT_ASKED },
};

static void
racks_decide_the_state(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        sv_line_state_t decided = sv_line_state_decide(table[i].counted, table[i].racks, table[i].count);

        if (decided != table[i].state) {
            fail_msg("%s: %s", table[i].what, sv_line_states[decided]);
        }
    }
}

static void
states_have_names(void **state)
{
    (void) state;
    for (int i = 0; i < SV_LINE_STATES; i++) {
        assert_int_equal(sv_line_state_named(sv_line_states[i]), i);
    }
    assert_int_equal(sv_line_state_named("nothing"), SV_LINE_STATES);
    assert_int_equal(sv_line_state_named(NULL), SV_LINE_STATES);
}

#define LINE(state_, flags_, known, variance_, conflict)                                                               \
    {                                                                                                                  \
        .state = SV_LINE_##state_, .flags = flags_, .has_variance = known, .variance = variance_,                      \
        .has_conflict = conflict                                                                                       \
    }
#define FLAG(name) SV_LINE_FLAG_BIT(SV_LINE_FLAG_##name)

static void
what_bars_an_approval(void **state)
{
    static const struct {
        sv_line_facts_t facts;
        bool undecided, acceptable;
    } lines[] = {
        { LINE(NOT_COUNTED, 0, false, 0, false), false, false },
        { LINE(NOT_COUNTED, 0, false, 0, true), true, false },
        { LINE(INCOMPLETE, 0, false, 0, false), true, false },
        { LINE(COUNTED, 0, true, 0, false), false, true },
        { LINE(COUNTED, 0, true, 1, false), true, true },
        { LINE(COUNTED, 0, true, -1, false), true, true },
        { LINE(COUNTED, 0, false, 0, false), false, true }, /* its book is unknown: nothing is posted */
        { LINE(COUNTED, FLAG(DELISTED), true, 0, false), false, true },
        { LINE(COUNTED, FLAG(MOVED), true, 0, false), true, true },
        { LINE(COUNTED, FLAG(LOT), true, 0, false), true, true },
        { LINE(COUNTED, FLAG(MIXED), false, 0, false), true, true },
        { LINE(COUNTED, FLAG(SERIAL_SWAPPED), true, 0, false), true, true },
        { LINE(COUNTED, FLAG(SERIAL_DUPLICATE), true, 0, false), true, true },
        { LINE(COUNTED, FLAG(SERIAL_MISPLACED), true, 0, false), true, true },
        { LINE(COUNTED, FLAG(EXCLUDED), true, 0, false), true, true },
        { LINE(COUNTED, FLAG(SUPERSEDED), true, 5, false), false, true }, /* another count corrected it since */
        { LINE(COUNTED, 0, true, 0, true), true, false },
        { LINE(RECOUNT_ASKED, 0, true, 0, false), true, false },
        { LINE(NOT_RECOUNTED, 0, true, 0, false), true, true }, /* a person keeps it */
        { LINE(RECOUNTED, 0, true, 0, false), false, true },
        { LINE(RECOUNTED, 0, true, 5, false), true, true },
        { LINE(ACCEPTED, FLAG(MOVED), true, 5, false), false, true },
        { LINE(ACCEPTED, 0, true, 5, true), true, false },
        { LINE(ACCEPTED, FLAG(UNKNOWN), true, 5, false), true, false },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (sv_line_is_undecided(&lines[i].facts) != lines[i].undecided ||
            sv_line_may_be_accepted(&lines[i].facts) != lines[i].acceptable) {
            fail_msg("line %zu", i);
        }
    }
}

/* A code that is no item's, and that somebody rejected, is told and posts nothing. */
static void
a_rejected_code_bars_nothing(void **state)
{
    sv_line_facts_t facts = LINE(COUNTED, FLAG(UNKNOWN), true, 5, false);

    (void) state;
    assert_true(sv_line_is_undecided(&facts));
    facts.rejected = true;
    assert_false(sv_line_is_undecided(&facts));
    assert_false(sv_line_may_be_accepted(&facts));
    facts.state = SV_LINE_INCOMPLETE;
    assert_true(sv_line_is_undecided(&facts));
}

#define QTY(whole) ((sv_quantity_t) (whole) *SV_QUANTITY_ONE)

static void
each_limit_of_a_tolerance_holds(void **state)
{
    const sv_tolerance_t percent = { .has_percent = true, .percent = QTY(5) };
    const sv_tolerance_t quantity = { .has_quantity = true, .quantity = QTY(2) };
    const sv_tolerance_t value = { .has_value = true, .value = QTY(100) };
    const sv_tolerance_t nothing_may_differ = { .has_percent = true, .percent = 0 };

    (void) state;
    assert_false(sv_tolerance_is_exceeded(&percent, &(sv_tolerance_line_t){ QTY(5), QTY(100), QTY(1) }));
    assert_false(sv_tolerance_is_exceeded(&percent, &(sv_tolerance_line_t){ QTY(-5), QTY(100), QTY(1) }));
    assert_true(sv_tolerance_is_exceeded(&percent, &(sv_tolerance_line_t){ QTY(-5) - 1, QTY(100), QTY(1) }));
    assert_true(sv_tolerance_is_exceeded(&percent, &(sv_tolerance_line_t){ 1, 0, QTY(1) }));
    assert_false(sv_tolerance_is_exceeded(&quantity, &(sv_tolerance_line_t){ QTY(2), 0, QTY(1000) }));
    assert_true(sv_tolerance_is_exceeded(&quantity, &(sv_tolerance_line_t){ QTY(3), QTY(10000), 0 }));
    assert_false(sv_tolerance_is_exceeded(&value, &(sv_tolerance_line_t){ QTY(10), QTY(10), QTY(10) }));
    assert_true(sv_tolerance_is_exceeded(&value, &(sv_tolerance_line_t){ QTY(-11), QTY(10), QTY(10) }));
    assert_false(sv_tolerance_is_exceeded(&nothing_may_differ, &(sv_tolerance_line_t){ 0, QTY(10), QTY(10) }));
    assert_true(sv_tolerance_is_exceeded(&nothing_may_differ, &(sv_tolerance_line_t){ 1, QTY(10), QTY(10) }));
    /* past what a product can hold */
    assert_true(sv_tolerance_is_exceeded(&value, &(sv_tolerance_line_t){ SV_QUANTITY_MAX, 0, SV_QUANTITY_MAX }));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(racks_decide_the_state),          cmocka_unit_test(states_have_names),
        cmocka_unit_test(what_bars_an_approval),           cmocka_unit_test(a_rejected_code_bars_nothing),
        cmocka_unit_test(each_limit_of_a_tolerance_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
