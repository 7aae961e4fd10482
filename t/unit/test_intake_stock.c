/* Rows of an ERP's stock as they come: of an item, a warehouse and a lot one each. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "core/erp/intake_stock.h"

static int
set_up(void **state)
{
    *state = sv_arena_create();
    return 0;
}

static int
tear_down(void **state)
{
    sv_arena_destroy(*state);
    return 0;
}

static sv_erp_stock_t
row(const char *item_code, const char *warehouse, const char *lot, int64_t quantity)
{
    return (sv_erp_stock_t){ .item_code = item_code,
                             .warehouse = warehouse,
                             .lot = lot,
                             .known = true,
                             .book_qty = quantity * SV_QUANTITY_ONE };
}

static void
an_item_of_thousands_of_lots_has_a_row_for_each(void **state)
{
    enum { LOTS = 20000, BATCHES = 3 };
    static const char *const warehouses[] = { "North", "South" };
    sv_arena_t *arena = *state;
    sv_erp_stocks_t stocks = { 0 };

    sv_erp_stocks_begin_item(&stocks, arena);
    for (int batch = 1; batch <= BATCHES; batch++) {
        for (int lot = 0; lot < LOTS; lot++) {
            sv_erp_stock_t told = row("A", warehouses[lot % 2], sv_arena_printf(arena, "L%d", lot / 2), lot);

            sv_erp_stocks_add(&stocks, &told, arena);
        }
    }
    assert_int_equal(stocks.count, LOTS);
    for (int lot = 0; lot < LOTS; lot++) {
        assert_string_equal(stocks.rows[lot].warehouse, warehouses[lot % 2]);
        assert_string_equal(stocks.rows[lot].lot, sv_arena_printf(arena, "L%d", lot / 2));
        assert_int_equal(stocks.rows[lot].book_qty, BATCHES * lot * SV_QUANTITY_ONE);
    }
}

static void
a_lot_of_which_a_part_is_not_known_is_not_known(void **state)
{
    sv_arena_t *arena = *state;
    sv_erp_stocks_t stocks = { 0 };
    sv_erp_stock_t known = row("A", "North", "", 1), not_known = { .item_code = "A", .warehouse = "North", .lot = "" };

    sv_erp_stocks_begin_item(&stocks, arena);
    sv_erp_stocks_add(&stocks, &known, arena);
    sv_erp_stocks_add(&stocks, &not_known, arena);
    sv_erp_stocks_add(&stocks, &known, arena);
    assert_int_equal(stocks.count, 1);
    assert_false(stocks.rows[0].known);
}

static void
items_have_rows_of_their_own(void **state)
{
    static const char *const codes[] = { "A", "B", "A" };
    sv_arena_t *arena = *state;
    sv_erp_stocks_t stocks = { 0 };

    for (int i = 0; i < 3; i++) {
        sv_erp_stock_t told = row(codes[i], "North", "L1", i);

        sv_erp_stocks_begin_item(&stocks, arena);
        sv_erp_stocks_add(&stocks, &told, arena);
    }
    assert_int_equal(stocks.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(stocks.rows[i].item_code, codes[i]);
        assert_int_equal(stocks.rows[i].book_qty, i * SV_QUANTITY_ONE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_item_of_thousands_of_lots_has_a_row_for_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lot_of_which_a_part_is_not_known_is_not_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(items_have_rows_of_their_own, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
