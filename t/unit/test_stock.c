/* What the books say per warehouse and lot, and bringing what was stored before to it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/counts/book.h"
#include "core/erp/movement_intake.h"
#include "core/import/import.h"
#include "core/items/item_view.h"
#include "core/migrate/migrate.h"
#include "core/stock/item_stocks_step.h"
#include "core/stock/stock.h"
#include "core/stock/stock_step.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

static void
old_item(const char *code, const char *warehouse, const char *stock)
{
    sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS,
                   sv_arena_printf(real.arena,
                                   "{'item_code': '%s', 'warehouse': %s, 'stock_qty': %s, 'unit_cost': "
                                   "{'$numberDecimal': '2'}}",
                                   code, warehouse, stock));
}

static void
stock(const char *warehouse, const char *code, const char *lot, const char *quantity)
{
    sv_real_insert(&real, SV_COLLECTION_ITEM_STOCK,
                   sv_arena_printf(real.arena, "{'warehouse': '%s', 'item_code': '%s', 'lot': '%s', 'book_qty': %s}",
                                   warehouse, code, lot, quantity));
}

#define QTY(text) "{'$numberDecimal': '" text "'}"

static void
import(const char *csv, const char *warehouse, sv_import_result_t *result)
{
    FILE *stream = fmemopen((void *) csv, strlen(csv), "r");
    const sv_import_options_t options = { .default_warehouse = warehouse };

    if (sv_import_items(real.store, stream, &options, result, &real.error) != SV_OK) {
        fail_msg("%s", real.error.cause != NULL ? real.error.cause : "refused");
    }
    fclose(stream);
}

static void
pass_over(void *context, long line, const char *column, const char *message)
{
    (void) context, (void) line, (void) column, (void) message;
}

static const bson_t *
item(const char *code)
{
    return sv_real_find(&real, SV_COLLECTION_ERP_ITEMS, sv_arena_printf(real.arena, "{'item_code': '%s'}", code));
}

static const bson_t *
row(const char *warehouse, const char *code)
{
    return sv_real_find(
        &real, SV_COLLECTION_ITEM_STOCK,
        sv_arena_printf(real.arena, "{'warehouse': '%s', 'item_code': '%s', 'lot': ''}", warehouse, code));
}

static sv_quantity_t
told_stock(const char *code, const char *warehouse)
{
    const bson_t *items[] = { item(code) };
    sv_item_stocks_t stocks;

    assert_int_equal(sv_item_stocks_load(real.store, items, 1, &stocks, real.arena, &real.error), SV_OK);
    for (size_t i = 0; i < stocks.count; i++) {
        if (strcmp(stocks.stocks[i].warehouse, warehouse) == 0) {
            return stocks.stocks[i].known ? stocks.stocks[i].quantity : -2;
        }
    }
    return -1;
}

static void
a_file_tells_the_stock_of_its_warehouse(void **state)
{
    sv_import_result_t result;

    (void) state;
    import("item_code,item_name,stock_qty,unit_cost\nA,Rice,10,2.5\nB,Oil,4,1\n", "W1", &result);
    assert_int_equal(result.created, 2);
    import("item_code,stock_qty,warehouse\nA,7,W2\nB,4,W1\n", NULL, &result);
    assert_int_equal(result.changed, 1);
    assert_int_equal(result.unchanged, 1);
    assert_int_equal(told_stock("A", "W1"), 10000000);
    assert_int_equal(told_stock("A", "W2"), 7000000);
    assert_int_equal(told_stock("B", "W2"), -1);
    assert_string_equal(sv_doc_text(item("A"), "warehouse", real.arena), "W1"); /* it says whose stock, not where */
    assert_int_equal(sv_doc_quantity(item("A"), "stock_qty"), 10000000);
    assert_int_equal(sv_doc_quantity(row("W1", "A"), "unit_cost"), 2500000);
    assert_true(sv_doc_time(row("W1", "A"), "synced_at") > 0);
    import("item_code,stock_qty\nA,11\n", NULL, &result); /* of its own warehouse */
    assert_int_equal(told_stock("A", "W1"), 11000000);
    assert_int_equal(told_stock("A", "W2"), 7000000);
    assert_int_equal(sv_doc_quantity(item("A"), "stock_qty"), 11000000);
}

static void
lots_add_up_and_one_unknown_makes_the_whole_so(void **state)
{
    sv_import_result_t result;

    (void) state;
    import("item_code,item_name,stock_qty,lot\nA,Milk,10,L1\nA,Milk,5,L2\nA,Milk,1,\n", "W1", &result);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ITEM_STOCK, "{}"), 3);
    assert_int_equal(told_stock("A", "W1"), 16000000);
    assert_int_equal(sv_doc_quantity(item("A"), "stock_qty"), 16000000);
    import("item_code,stock_qty,lot\nA,,L2\n", "W1", &result);
    assert_int_equal(told_stock("A", "W1"), -2);
    assert_false(sv_doc_has(item("A"), "stock_qty"));
}

static void
stock_of_nobody_is_nobodys_until_there_is_one_warehouse(void **state)
{
    sv_import_result_t result;
    bool due;

    (void) state;
    import("item_code,item_name,stock_qty\nA,Rice,10\n", NULL, &result);
    assert_int_equal(told_stock("A", "W1"), -1);
    assert_int_equal(sv_doc_quantity(item("A"), "stock_qty"), 10000000);
    import("item_code,stock_qty\nA,12\n", NULL, &result);
    assert_int_equal(result.changed, 1);
    assert_int_equal(sv_stock_step_is_due(real.store, &due, &real.error), SV_OK);
    assert_false(due);
    sv_real_insert(&real, SV_COLLECTION_WAREHOUSES, "{'warehouse': 'W1'}");
    assert_int_equal(sv_stock_bring_over(real.store, &real.error), SV_OK);
    assert_int_equal(told_stock("A", "W1"), 12000000);
}

static void
one_warehouses_book_never_stands_for_anothers(void **state)
{
    const char *const codes[] = { "A", "B", "C", "D" };
    sv_book_lines_t lines;
    const sv_book_scope_t w2 = { .count_id = "c", .warehouse = "W2", .whole = true };

    (void) state;
    old_item("A", "'W1'", QTY("10"));
    old_item("B", "'W1'", QTY("20"));
    stock("W2", "B", "", QTY("3"));
    old_item("C", "'W2'", QTY("4")); /* as stored before */
    old_item("D", "null", QTY("5"));
    assert_int_equal(sv_book_read_items(real.store, &w2, codes, 4, &lines, real.arena, &real.error), SV_OK);
    assert_int_equal(lines.count, 4);
    assert_int_equal(lines.lines[0].system_qty, 0);
    assert_int_equal(lines.lines[1].system_qty, 3000000);
    assert_int_equal(lines.lines[2].system_qty, 4000000);
    assert_int_equal(lines.lines[3].system_qty, 0);
    assert_true(lines.lines[0].known && lines.lines[3].known);
    assert_int_equal(told_stock("A", "W2"), -1);
    assert_int_equal(told_stock("B", "W1"), 20000000);
    assert_int_equal(told_stock("B", "W2"), 3000000);
}

static void
movements_are_read_and_counts_take_them_into_account(void **state)
{
    static const char csv[] = "movement_id,item_code,qty,moved_at,lot,adjustment_id\n"
                              "1,A,-2.5,2026-01-05T08:00:00Z,,\n2,A,4,yesterday,,\n3,B,,2026-01-05T08:00:00Z,,\n"
                              "4,A,1,2026-01-05T08:00:00Z,L1,ADJ-1\n";
    FILE *stream = fmemopen((void *) csv, sizeof(csv) - 1, "r");
    const sv_import_options_t options = { .default_warehouse = "W1", .report = pass_over };
    sv_import_result_t result;

    (void) state;
    sv_real_insert(&real, SV_COLLECTION_SESSIONS, "{'session_id': 'c1', 'warehouse': 'W1', 'status': 'OPEN'}");
    sv_real_insert(&real, SV_COLLECTION_SESSIONS, "{'session_id': 'c2', 'warehouse': 'W1', 'status': 'CLOSED'}");
    sv_real_insert(&real, SV_COLLECTION_SESSION_BOOK, "{'session_id': 'c1', 'item_code': 'A', 'counted': {}}");
    sv_real_insert(&real, SV_COLLECTION_SESSION_BOOK, "{'session_id': 'c2', 'item_code': 'A', 'counted': {}}");
    assert_int_equal(sv_import_movements(real.store, stream, &options, &result, &real.error), SV_OK);
    fclose(stream);
    assert_int_equal(result.created, 2);
    assert_int_equal(result.errors, 2);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ITEM_MOVEMENTS,
                                   "{'warehouse': 'W1', 'movement_id': '1', 'item_code': 'A', 'lot': '', "
                                   "'adjustment_id': null, 'qty': {'$numberDecimal': '-2.5'}}"),
                     1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{'count_id': 'c1', 'item_codes': 'A'}"), 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 1);
}

static void
refuse_all(void *context, int64_t row, const char *item_code, const char *field, const char *message)
{
    (void) context, (void) row, (void) item_code, (void) field, (void) message;
}

/* As an ERP tells them whose columns were given other names. */
static void
movements_without_what_they_need_are_refused(void **state)
{
    static const char *const columns[] = { "movement_id", "item_code", "qty", "moved_on" };
    const sv_erp_mapping_t mapping = { .warehouse = "W1", .decimal = '.' };
    const sv_erp_intake_options_t options = { .report = refuse_all };
    const bson_t *rows = sv_real_json(real.arena, "{'0': ['1', 'A', '2', '2026-01-05T08:00:00Z']}");
    sv_erp_movement_intake_t *intake;

    (void) state;
    if (sv_erp_movement_intake_open(real.store, &mapping, columns, 4, &options, &intake, &real.error) == SV_OK) {
        sv_erp_movement_intake_rows(intake, rows, &real.error);
    }
    assert_int_equal(real.error.status, SV_ERR_VALIDATION_FAILED);
    assert_string_equal(real.error.message, "There is no column for moved_at");
    sv_erp_movement_intake_close(intake);
}

/* ---- migration */

enum { OLD = 1203, CHUNKS_BEFORE_THE_KILL = 1 };
static int chunks_left;

static sv_status_t
chunk_until_killed(sv_migration_chunk_t *chunk, sv_error_t *error)
{
    if (chunks_left-- == 0) {
        return sv_fail(error, SV_ERR_UNAVAILABLE, NULL);
    }
    return sv_stock_step_run(chunk, error);
}

static const sv_migration_step_t steps[] = {
    { "item_stock", "", sv_stock_step_is_due, chunk_until_killed },
    { NULL, NULL, NULL, NULL },
};

static int64_t changed;

static void
tell(const sv_migration_step_t *step, sv_migration_state_t state, int64_t seen, int64_t so_far, void *context)
{
    (void) step, (void) state, (void) seen, (void) context;
    changed = so_far;
}

static sv_status_t
migrate(int chunks, bool dry_run)
{
    const sv_migration_options_t options = { .dry_run = dry_run, .report = tell };
    sv_error_t error;

    chunks_left = chunks;
    sv_error_init(&error, real.arena);
    return sv_migrations_run(real.store, steps, &options, &error);
}

static void
add_row(const sv_stock_t *told, void *context)
{
    sv_quantity_t *sums = context;

    sums[strcmp(told->warehouse, "W1") != 0] += told->quantity;
}

/* What the books say in W1 and in W2, over all rows. */
static void
sum_rows(sv_quantity_t sums[2])
{
    const char **codes = sv_arena_alloc(real.arena, OLD * sizeof(*codes));

    for (int i = 0; i < OLD; i++) {
        codes[i] = sv_arena_printf(real.arena, "I%04d", i);
    }
    sums[0] = sums[1] = 0;
    assert_int_equal(sv_stock_read(real.store, NULL, codes, OLD, add_row, sums, real.arena, &real.error), SV_OK);
}

static void
a_migration_that_was_killed_goes_on_and_loses_nothing(void **state)
{
    sv_quantity_t expected[2] = { 0, 0 }, sums[2];

    (void) state;
    for (int i = 0; i < OLD; i++) {
        old_item(sv_arena_printf(real.arena, "I%04d", i), i % 3 == 0 ? "'W2'" : "'W1'",
                 sv_arena_printf(real.arena, QTY("%d.25"), i));
        expected[i % 3 == 0] += i * SV_QUANTITY_ONE + SV_QUANTITY_ONE / 4;
    }
    sv_real_insert(&real, SV_COLLECTION_WAREHOUSES, "{'warehouse': 'W1'}");
    sv_real_insert(&real, SV_COLLECTION_WAREHOUSES, "{'warehouse': 'W2'}");
    assert_int_equal(migrate(100, true), SV_OK);
    assert_int_equal(changed, OLD);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ITEM_STOCK, "{}"), 0); /* a dry run tells only */

    assert_int_equal(migrate(CHUNKS_BEFORE_THE_KILL, false), SV_ERR_UNAVAILABLE);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ITEM_STOCK, "{}"), 500);
    assert_int_equal(told_stock("I0100", "W1"), 100250000); /* both are read meanwhile */
    assert_int_equal(told_stock("I1100", "W1"), 1100250000);
    assert_int_equal(migrate(100, false), SV_OK);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ITEM_STOCK, "{}"), OLD);
    sum_rows(sums);
    assert_int_equal(sums[0], expected[0]);
    assert_int_equal(sums[1], expected[1]);
    assert_int_equal(migrate(100, false), SV_OK); /* once more: nothing to do */
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ITEM_STOCK, "{}"), OLD);
    assert_int_equal(told_stock("I1100", "W1"), 1100250000);
}

static void
strip_copies(const char *update)
{
    int64_t matched;

    assert_int_equal(sv_store_update_many(real.store, SV_COLLECTION_ERP_ITEMS, sv_doc_new(real.arena),
                                          sv_real_json(real.arena, update), &matched, &real.error),
                     SV_OK);
}

static void
items_keep_a_copy_of_their_stock(void **state)
{
    const char *file = "item_code,item_name,warehouse,stock_qty\nA,Rice,W2,7\nB,Oil,W2,4\n";
    sv_import_result_t result;

    (void) state;
    import(file, NULL, &result);
    import("item_code,stock_qty,warehouse\nA,10,W1\n", NULL, &result);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ERP_ITEMS,
                                   "{'item_code': 'A', 'stocks': [{'warehouse': 'W1', 'qty': " QTY(
                                       "10") "}, "
                                             "{'warehouse': 'W2', 'qty': " QTY("7") "}]}"),
                     1);
    /* an import that died between the rows and their copies is mended by the same file once more */
    strip_copies("{'$set': {'stocks': [{'warehouse': 'W2', 'qty': " QTY("1") "}]}}");
    assert_int_equal(told_stock("A", "W2"), 1000000);
    import(file, NULL, &result);
    assert_int_equal(result.unchanged, 2);
    assert_int_equal(told_stock("A", "W1"), 10000000);
    assert_int_equal(told_stock("A", "W2"), 7000000);
    assert_int_equal(told_stock("B", "W2"), 4000000);
}

static void
items_of_before_get_their_copies(void **state)
{
    const bson_t *before;
    sv_import_result_t result;
    bool due;

    (void) state;
    import("item_code,item_name,warehouse,stock_qty\nA,Rice,W1,7\nB,Oil,W2,4\n", NULL, &result);
    assert_int_equal(sv_item_stocks_step_is_due(real.store, &due, &real.error), SV_OK);
    assert_false(due);
    strip_copies("{'$unset': {'stocks': 1}}");
    before = item("A");
    assert_int_equal(told_stock("A", "W1"), 7000000); /* the rows are read */
    assert_int_equal(sv_item_stocks_step_is_due(real.store, &due, &real.error), SV_OK);
    assert_true(due);
    for (int i = 0; i < 2; i++) {
        sv_migration_chunk_t chunk = { .store = real.store, .arena = real.arena, .next = sv_doc_new(real.arena) };

        assert_int_equal(sv_item_stocks_step_run(&chunk, &real.error), SV_OK);
        assert_int_equal(chunk.changed, i == 0 ? 2 : 0);
    }
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ERP_ITEMS, "{'stocks.0.qty': {'$gt': 0}}"), 2);
    assert_int_equal(told_stock("B", "W2"), 4000000);
    assert_int_equal(sv_doc_time(item("A"), "updated_at"), sv_doc_time(before, "updated_at")); /* phones keep theirs */
}

#define WITH_SERVER(test) SV_WITH_REAL_MONGODB(test, &real)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_file_tells_the_stock_of_its_warehouse),
        WITH_SERVER(lots_add_up_and_one_unknown_makes_the_whole_so),
        WITH_SERVER(stock_of_nobody_is_nobodys_until_there_is_one_warehouse),
        WITH_SERVER(one_warehouses_book_never_stands_for_anothers),
        WITH_SERVER(movements_are_read_and_counts_take_them_into_account),
        WITH_SERVER(movements_without_what_they_need_are_refused),
        WITH_SERVER(items_keep_a_copy_of_their_stock),
        WITH_SERVER(items_of_before_get_their_copies),
        WITH_SERVER(a_migration_that_was_killed_goes_on_and_loses_nothing),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
