#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/sync/rules.h"

static sv_settings_t settings;

static int
setup(void **state)
{
    sv_settings_defaults(&settings);
    *state = sv_arena_create();
    return 0;
}

static int
teardown(void **state)
{
    sv_arena_destroy(*state);
    return 0;
}

static sv_record_t
counted(sv_quantity_t verified, sv_quantity_t damaged)
{
    return (sv_record_t){ .item_code = "ITM-1",
                          .status = SV_RECORD_FINALIZED,
                          .verified_qty = verified * SV_QUANTITY_ONE,
                          .damage_qty = damaged * SV_QUANTITY_ONE };
}

static void
damage_is_bounded_by_the_count(void **state)
{
    sv_record_t good = counted(5, 5), bad = counted(5, 6);

    sv_rules_check_quantities(&good, &settings, *state);
    assert_null(good.fault.code);
    sv_rules_check_quantities(&bad, &settings, *state);
    assert_string_equal(bad.fault.code, "damage_exceeds_count");
    assert_string_equal(bad.fault.field, "damage_qty");
    assert_false(bad.malformed);
}

static void
the_damage_bound_can_be_off(void **state)
{
    sv_record_t pallet = counted(0, 40);

    settings.damage_bound = false;
    sv_rules_check_quantities(&pallet, &settings, *state);
    assert_null(pallet.fault.code);
}

static void
a_void_keeps_no_rule(void **state)
{
    sv_record_t record = counted(0, 40);
    const sv_item_facts_t unknown = { .known = false };

    record.status = SV_RECORD_VOID;
    sv_rules_check_quantities(&record, &settings, *state);
    sv_rules_check_item(&record, &unknown, *state);
    sv_rules_check_variance(&record, false, 0, 7, *state);
    assert_null(record.fault.code);
}

static void
tracked_items_have_no_more_serials_than_pieces(void **state)
{
    const char *serials[] = { "A", "B", "C" };
    const sv_item_facts_t tracked = { .known = true, .serial_tracked = true }, loose = { .known = true };
    sv_record_t record = counted(1, 1);

    record.serial_numbers = (sv_text_list_t){ serials, 2 };
    sv_rules_check_item(&record, &tracked, *state);
    assert_null(record.fault.code);
    record.serial_numbers.count = 3;
    sv_rules_check_item(&record, &loose, *state);
    assert_null(record.fault.code);
    sv_rules_check_item(&record, &tracked, *state);
    assert_string_equal(record.fault.code, "serials_exceed_count");
}

static void
a_strict_variance_is_confirmed(void **state)
{
    sv_record_t equal = counted(5, 2), other = counted(5, 1), confirmed = counted(5, 1);

    confirmed.variance_confirmed = true;
    sv_rules_check_variance(&equal, false, 0, 7 * SV_QUANTITY_ONE, *state);
    sv_rules_check_variance(&other, false, 0, 7 * SV_QUANTITY_ONE, *state);
    sv_rules_check_variance(&confirmed, false, 0, 7 * SV_QUANTITY_ONE, *state);
    assert_null(equal.fault.code);
    assert_string_equal(other.fault.code, "variance_unconfirmed");
    assert_null(confirmed.fault.code);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(damage_is_bounded_by_the_count, setup, teardown),
        cmocka_unit_test_setup_teardown(the_damage_bound_can_be_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_void_keeps_no_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(tracked_items_have_no_more_serials_than_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(a_strict_variance_is_confirmed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
