/* Freezing the book of a count. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/counts/book.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

static void
item(const char *code, const char *place, const char *stock, const char *cost)
{
    sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS,
                   sv_arena_printf(real.arena,
                                   "{'item_code': '%s', %s, 'stock_qty': {'$numberDecimal': '%s'}, 'unit_cost': "
                                   "{'$numberDecimal': '%s'}}",
                                   code, place, stock, cost));
}

static void
rack(const char *rack_id, const char *warehouse, const char *floor)
{
    sv_real_insert(
        &real, SV_COLLECTION_RACK_REGISTRY,
        sv_arena_printf(real.arena, "{'rack_id': '%s', 'warehouse': '%s', 'floor': '%s'}", rack_id, warehouse, floor));
}

static void
expect_on_rack(const char *rack_id, const char *code, const char *book_qty)
{
    sv_real_insert(
        &real, SV_COLLECTION_RACK_ITEMS,
        sv_arena_printf(real.arena, "{'rack_id': '%s', 'item_code': '%s', 'book_qty': %s}", rack_id, code, book_qty));
}

static void
open_count(const char *count_id, const char *scope)
{
    sv_real_insert(&real, SV_COLLECTION_SESSIONS,
                   sv_arena_printf(real.arena,
                                   "{'session_id': '%s', 'kind': 'opened', 'warehouse': 'W1', 'status': 'OPEN', "
                                   "'book_state': 'pending', %s}",
                                   count_id, scope));
}

static sv_book_frozen_t
freeze(void)
{
    sv_book_frozen_t done;

    if (sv_book_freeze_round(real.store, &done, &real.error) != SV_OK) {
        fail_msg("%s", real.error.cause);
    }
    return done;
}

/* The line's quantity in millionths, -1 when there is no line. */
static sv_quantity_t
system_qty(const char *count_id, const char *code)
{
    const bson_t *line =
        sv_real_find(&real, SV_COLLECTION_SESSION_BOOK,
                     sv_arena_printf(real.arena, "{'session_id': '%s', 'item_code': '%s'}", count_id, code));

    return line == NULL ? -1 : sv_doc_quantity(line, "system_qty");
}

static const char *
book_of(const char *count_id, const char *code)
{
    return sv_doc_text(
        sv_real_find(&real, SV_COLLECTION_SESSION_BOOK,
                     sv_arena_printf(real.arena, "{'session_id': '%s', 'item_code': '%s'}", count_id, code)),
        "book", real.arena);
}

static void
keep_rack_books(void)
{
    sv_real_insert(&real, SV_COLLECTION_WAREHOUSES, "{'warehouse': 'W1', 'rack_books': true}");
}

/* What the count's document says of its book. */
static int64_t
book_items(const char *count_id)
{
    return sv_doc_int(
        sv_real_find(&real, SV_COLLECTION_SESSIONS, sv_arena_printf(real.arena, "{'session_id': '%s'}", count_id)),
        "book_items");
}

static void
test_a_whole_warehouse_is_frozen_once(void **state)
{
    sv_book_frozen_t done;
    const bson_t *line;

    (void) state;
    item("A", "'warehouse': 'W1'", "10.5", "2.25");
    item("B", "'warehouse': 'W1', 'deleted': true", "4", "1");
    item("C", "'warehouse': 'W2'", "7", "1");
    open_count("c1", "'floor': null, 'racks': null");
    done = freeze();
    assert_int_equal(done.counts, 1);
    assert_int_equal(done.lines, 1);
    assert_int_equal(book_items("c1"), 1);
    line = sv_real_find(&real, SV_COLLECTION_SESSION_BOOK, "{'session_id': 'c1', 'item_code': 'A'}");
    assert_int_equal(sv_doc_quantity(line, "system_qty"), 10500000);
    assert_int_equal(sv_doc_quantity(line, "unit_cost"), 2250000);
    assert_string_equal(sv_doc_text(line, "warehouse", real.arena), "W1");
    assert_true(sv_doc_time(line, "frozen_at") > 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSIONS, "{'book_state': 'frozen'}"), 1);

    sv_real_update(&real, SV_COLLECTION_ERP_ITEMS, "{'item_code': 'A'}",
                   "{'$set': {'stock_qty': {'$numberDecimal': '99'}}}");
    assert_int_equal(freeze().counts, 0);
    assert_int_equal(system_qty("c1", "A"), 10500000); /* the ERP moved on, the count's book did not */
}

/* What a line's cost is by its book: "none" when nobody told it. */
static const char *
cost_of(const char *code)
{
    char text[SV_QUANTITY_TEXT_SIZE];
    sv_quantity_t cost;

    if (!sv_book_cost(
            sv_real_find(&real, SV_COLLECTION_SESSION_BOOK, sv_arena_printf(real.arena, "{'item_code': '%s'}", code)),
            &cost)) {
        return "none";
    }
    sv_quantity_to_text(cost, text);
    return sv_arena_strdup(real.arena, text);
}

static void
test_a_cost_of_nothing_is_known(void **state)
{
    (void) state;
    item("A", "'warehouse': 'W1'", "10", "0");
    item("B", "'warehouse': 'W1'", "10", "1.5");
    item("C", "'warehouse': 'W1'", "10", "2");
    sv_real_insert(&real, SV_COLLECTION_ITEM_STOCK,
                   "{'warehouse': 'W1', 'item_code': 'C', 'lot': '', 'book_qty': {'$numberDecimal': '10'}, "
                   "'unit_cost': {'$numberDecimal': '0'}}");
    sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS,
                   "{'item_code': 'D', 'warehouse': 'W1', 'stock_qty': {'$numberDecimal': '10'}}");
    sv_real_insert(&real, SV_COLLECTION_SESSION_BOOK,
                   "{'session_id': 'before', 'item_code': 'E', 'unit_cost': {'$numberDecimal': '0'}}");
    open_count("c1", "'floor': null, 'racks': null");
    freeze();
    assert_string_equal(cost_of("A"), "0");
    assert_string_equal(cost_of("B"), "1.5");
    assert_string_equal(cost_of("C"), "0"); /* of the warehouse, whatever the item's is */
    assert_string_equal(cost_of("D"), "none");
    assert_string_equal(cost_of("E"), "none"); /* as versions before wrote it */
}

static void
test_a_freezing_that_died_is_taken_up(void **state)
{
    (void) state;
    item("A", "'warehouse': 'W1'", "10", "1");
    item("B", "'warehouse': 'W1'", "20", "1");
    open_count("c1", "'floor': null, 'racks': null");
    sv_real_insert(&real, SV_COLLECTION_SESSION_BOOK,
                   "{'session_id': 'c1', 'item_code': 'A', 'system_qty': {'$numberDecimal': '9'}, 'counted': "
                   "{'racks': 1}}");
    sv_real_update(&real, SV_COLLECTION_SESSIONS, "{'session_id': 'c1'}",
                   "{'$set': {'book_items': {'$numberLong': '1'}}}");
    assert_int_equal(freeze().lines, 1);
    assert_int_equal(book_items("c1"), 2);
    assert_int_equal(system_qty("c1", "A"), 9000000); /* a line is never rewritten */
    assert_int_equal(system_qty("c1", "B"), 20000000);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSION_BOOK, "{'session_id': 'c1', 'counted.racks': 1}"), 1);
}

static void
test_more_items_than_a_chunk(void **state)
{
    enum { MANY = 1201 };
    char code[16];

    (void) state;
    for (int i = 0; i < MANY; i++) {
        snprintf(code, sizeof(code), "I%04d", i);
        item(code, "'warehouse': 'W1'", "1", "1");
    }
    open_count("c1", "'floor': null, 'racks': null");
    assert_int_equal(freeze().lines, MANY);
    assert_int_equal(book_items("c1"), MANY);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSION_BOOK, "{'session_id': 'c1'}"), MANY);
}

static void
test_a_floors_book_is_that_of_its_racks(void **state)
{
    (void) state;
    rack("R1", "W1", "1");
    rack("R2", "W1", "1");
    rack("R9", "W1", "2");
    item("split", "'warehouse': 'W1', 'floor': '2'", "100", "1"); /* on two racks here and one elsewhere */
    expect_on_rack("R1", "split", "{'$numberDecimal': '3'}");
    expect_on_rack("R2", "split", "{'$numberDecimal': '4.5'}");
    expect_on_rack("R9", "split", "{'$numberDecimal': '92.5'}");
    item("vague", "'warehouse': 'W1', 'floor': '2'", "50", "1"); /* here, the ERP does not know how many */
    expect_on_rack("R1", "vague", "null");
    item("placed", "'warehouse': 'W1', 'floor': '1'", "8", "1"); /* in its master data, and on no rack */
    item("elsewhere", "'warehouse': 'W1', 'floor': '2'", "6", "1");
    keep_rack_books();
    open_count("c1", "'floor': '1', 'racks': null");
    assert_int_equal(freeze().lines, 3);
    assert_int_equal(system_qty("c1", "split"), 7500000);
    assert_string_equal(book_of("c1", "split"), "racks");
    assert_int_equal(system_qty("c1", "vague"), 0);
    assert_string_equal(book_of("c1", "vague"), "unknown");
    assert_int_equal(system_qty("c1", "placed"), 0);
    assert_string_equal(book_of("c1", "placed"), "racks");
    assert_int_equal(system_qty("c1", "elsewhere"), -1);
}

static void
test_named_racks_only(void **state)
{
    (void) state;
    rack("R1", "W1", "1");
    rack("R2", "W1", "1");
    item("split", "'warehouse': 'W1', 'floor': '1', 'rack': 'R2'", "10", "1");
    expect_on_rack("R1", "split", "{'$numberDecimal': '3'}");
    expect_on_rack("R2", "split", "{'$numberDecimal': '7'}");
    item("placed", "'warehouse': 'W1', 'floor': '1', 'rack': 'R1'", "8", "1");
    item("other", "'warehouse': 'W1', 'floor': '1', 'rack': 'R2'", "8", "1");
    keep_rack_books();
    open_count("c1", "'floor': null, 'racks': ['R1']");
    assert_int_equal(freeze().lines, 2);
    assert_int_equal(system_qty("c1", "split"), 3000000);
    assert_string_equal(book_of("c1", "split"), "racks");
    assert_int_equal(system_qty("c1", "other"), -1);
}

static void
test_without_books_by_rack_the_book_of_a_part_is_unknown(void **state)
{
    (void) state;
    rack("R1", "W1", "1");
    item("split", "'warehouse': 'W1', 'floor': '1', 'rack': 'R1'", "10", "2.5");
    expect_on_rack("R1", "split", "{'$numberDecimal': '3'}");
    open_count("c1", "'floor': null, 'racks': ['R1']");
    open_count("c2", "'floor': '1', 'racks': null");
    open_count("c3", "'floor': null, 'racks': null");
    assert_int_equal(freeze().counts, 3);
    for (const char *const *count = (const char *const[]){ "c1", "c2", NULL }; *count != NULL; count++) {
        assert_string_equal(book_of(*count, "split"), "unknown");
        assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSION_BOOK,
                                       sv_arena_printf(real.arena, "{'session_id': '%s', 'system_qty': null}", *count)),
                         1);
    }
    assert_string_equal(book_of("c3", "split"), "warehouse");
    assert_int_equal(system_qty("c3", "split"), 10000000);
}

static void
test_a_count_without_a_warehouse_is_set_aside(void **state)
{
    (void) state;
    item("A", "'warehouse': 'W1'", "4", "1");
    sv_real_insert(&real, SV_COLLECTION_SESSIONS,
                   "{'session_id': 'bad', 'kind': 'opened', 'status': 'OPEN', 'book_state': 'pending'}");
    open_count("c1", "'floor': null, 'racks': null");
    assert_int_equal(freeze().counts, 1);
    assert_int_equal(system_qty("c1", "A"), 4000000);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSIONS, "{'session_id': 'bad', 'book_state': 'failed'}"), 1);
}

#define WITH_SERVER(test) SV_WITH_REAL_MONGODB(test, &real)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_a_whole_warehouse_is_frozen_once),
        WITH_SERVER(test_a_cost_of_nothing_is_known),
        WITH_SERVER(test_a_freezing_that_died_is_taken_up),
        WITH_SERVER(test_more_items_than_a_chunk),
        WITH_SERVER(test_a_floors_book_is_that_of_its_racks),
        WITH_SERVER(test_named_racks_only),
        WITH_SERVER(test_without_books_by_rack_the_book_of_a_part_is_unknown),
        WITH_SERVER(test_a_count_without_a_warehouse_is_set_aside),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
