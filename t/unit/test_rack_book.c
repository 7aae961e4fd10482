/* Standing counts compare the racks that are completed in them, with what the books expected there at first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/totals/totals.h"
#include "core/store/document.h"
#include "t/unit/floor_fixture.h"

static sv_floor_servers_t servers;
#define real servers.real

static int next_record;

static void
warehouse_with_racks(bool rack_books)
{
    sv_real_insert(&real, SV_COLLECTION_WAREHOUSES,
                   sv_arena_printf(real.arena, "{'warehouse': 'W1', 'rack_books': %s}", rack_books ? "true" : "false"));
    sv_fixture_rack(&real, "R1", "W1", "1");
    sv_fixture_rack(&real, "R2", "W1", "1");
    sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS,
                   "{'item_code': 'A', 'warehouse': 'W1', 'stock_qty': {'$numberDecimal': '30'}, 'unit_cost': "
                   "{'$numberDecimal': '2'}}");
}

static void
expect_on(const char *rack_id, const char *code, const char *book_qty)
{
    sv_real_insert(
        &real, SV_COLLECTION_RACK_ITEMS,
        sv_arena_printf(real.arena, "{'rack_id': '%s', 'item_code': '%s', 'book_qty': %s}", rack_id, code, book_qty));
}

static sv_claim_result_t
claim(const char *user_id, const char *rack_id, bool recount)
{
    sv_principal_t who = sv_fixture_user(user_id, SV_ROLE_STAFF);
    sv_claim_t input = { .who = &who, .rack_id = rack_id, .recount = recount };
    sv_claim_result_t result;

    sv_error_clear(&real.error);
    assert_int_equal(sv_rack_claim(real.store, &input, real.arena, &result, &real.error), SV_OK);
    return result;
}

static void
complete(const char *user_id, const sv_claim_result_t *claimed)
{
    sv_principal_t who = sv_fixture_user(user_id, SV_ROLE_STAFF);
    sv_rack_change_result_t result;

    assert_int_equal(sv_fixture_change(&real, &who, SV_RACK_COMPLETE, NULL, claimed->session.session_id, &result),
                     SV_OK);
}

/* A figure of the session, as a sync stores it. */
static void
counted(const sv_claim_result_t *claimed, const char *code, const char *quantity)
{
    const sv_floor_session_t *session = &claimed->session;

    sv_real_insert(
        &real, SV_COLLECTION_VERIFICATION_RECORDS,
        sv_arena_printf(real.arena,
                        "{'client_record_id': 'r%d', 'session_id': '%s', 'count_id': '%s', 'rack_id': '%s', "
                        "'item_code': '%s', 'user_id': '%s', 'round': %d, 'standing': 'counts', 'counts': true, "
                        "'verified_qty': {'$numberDecimal': '%s'}, 'status': 'finalized', 'changed_at': "
                        "{'$date': '2026-01-05T08:00:00Z'}}",
                        ++next_record, session->session_id, session->count_id, session->rack_id, code, session->user_id,
                        (int) session->round, quantity));
    sv_real_insert(&real, SV_COLLECTION_TOUCHED_ITEMS,
                   sv_arena_printf(real.arena, "{'count_id': '%s', 'warehouse': 'W1', 'item_codes': ['%s']}",
                                   session->count_id, code));
}

static const bson_t *
line_of(const sv_claim_result_t *claimed, const char *code)
{
    sv_totals_t done;

    assert_int_equal(sv_totals_round(real.store, &done, &real.error), SV_OK);
    return sv_real_find(
        &real, SV_COLLECTION_SESSION_BOOK,
        sv_arena_printf(real.arena, "{'session_id': '%s', 'item_code': '%s'}", claimed->session.count_id, code));
}

static void
assert_compared(const bson_t *line, int64_t book, int64_t compared, int64_t variance)
{
    assert_string_equal(sv_doc_text(line, "book", real.arena), "racks");
    assert_int_equal(sv_doc_quantity(line, "system_qty"), book * SV_QUANTITY_ONE);
    assert_int_equal(sv_doc_quantity(line, "counted.compared_qty"), compared * SV_QUANTITY_ONE);
    assert_true(sv_doc_has(line, "counted.variance"));
    assert_int_equal(sv_doc_quantity(line, "counted.variance"), variance * SV_QUANTITY_ONE);
}

static void
assert_unknown(const bson_t *line)
{
    assert_non_null(line);
    assert_string_equal(sv_doc_text(line, "book", real.arena), "unknown");
    assert_false(sv_doc_has(line, "system_qty"));
    assert_false(sv_doc_has(line, "counted.variance"));
}

static void
only_completed_racks_are_compared(void **state)
{
    sv_claim_result_t first, second;
    const bson_t *line;

    (void) state;
    warehouse_with_racks(true);
    expect_on("R1", "A", "{'$numberDecimal': '12'}");
    expect_on("R2", "A", "{'$numberDecimal': '18'}");
    first = claim("asha", "R1", false);
    second = claim("ben", "R2", false);
    counted(&first, "A", "11");
    counted(&second, "A", "4");
    assert_unknown(line_of(&first, "A")); /* none is completed: there is nothing to compare */

    complete("asha", &first);
    line = line_of(&first, "A");
    assert_compared(line, 12, 11, -1);
    assert_int_equal(sv_doc_quantity(line, "counted.verified_qty"), 15 * SV_QUANTITY_ONE);

    complete("ben", &second);
    assert_compared(line_of(&first, "A"), 30, 15, -15);
}

static void
a_racks_book_is_that_of_its_first_claim(void **state)
{
    sv_claim_result_t claimed;

    (void) state;
    warehouse_with_racks(true);
    expect_on("R1", "A", "{'$numberDecimal': '12'}");
    claimed = claim("asha", "R1", false);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_RACK_BOOKS,
                                   "{'rack_id': 'R1', 'completed': false, 'frozen_at': {'$ne': null}}"),
                     1);
    sv_real_update(&real, SV_COLLECTION_RACK_ITEMS, "{'rack_id': 'R1'}",
                   "{'$set': {'book_qty': {'$numberDecimal': '99'}}}");
    counted(&claimed, "A", "12");
    complete("asha", &claimed);
    assert_compared(line_of(&claimed, "A"), 12, 12, 0);

    /* While it is counted again it is not compared; then with the same book. */
    claimed = claim("asha", "R1", true);
    assert_unknown(line_of(&claimed, "A"));
    complete("asha", &claimed);
    assert_compared(line_of(&claimed, "A"), 12, 12, 0);
}

static void
no_row_is_zero_and_no_quantity_is_unknown(void **state)
{
    sv_claim_result_t claimed;

    (void) state;
    warehouse_with_racks(true);
    expect_on("R1", "vague", "null");
    claimed = claim("asha", "R1", false);
    counted(&claimed, "A", "3");
    counted(&claimed, "vague", "3");
    complete("asha", &claimed);
    assert_compared(line_of(&claimed, "A"), 0, 3, 3);
    assert_unknown(line_of(&claimed, "vague"));
}

static void
what_was_expected_on_a_completed_rack_is_missing_there(void **state)
{
    sv_claim_result_t first, second;

    (void) state;
    warehouse_with_racks(true);
    expect_on("R1", "A", "{'$numberDecimal': '5'}");
    second = claim("ben", "R2", false);
    counted(&second, "A", "2");
    complete("ben", &second);
    assert_compared(line_of(&second, "A"), 0, 2, 2);
    first = claim("asha", "R1", false);
    complete("asha", &first);
    assert_compared(line_of(&second, "A"), 5, 2, -3);
}

static void
without_books_by_rack_nothing_is_compared(void **state)
{
    sv_claim_result_t claimed;
    const bson_t *count;

    (void) state;
    warehouse_with_racks(false);
    expect_on("R1", "A", "{'$numberDecimal': '5'}");
    claimed = claim("asha", "R1", false);
    counted(&claimed, "A", "3");
    complete("asha", &claimed);
    assert_unknown(line_of(&claimed, "A"));
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_RACK_BOOKS, "{}"), 0);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_ERP_ITEMS,
                                   "{'item_code': 'A', 'verified': true, 'variance': null, 'book': 'unknown'}"),
                     1);
    count = sv_real_find(&real, SV_COLLECTION_SESSIONS, "{'kind': 'standing'}");
    assert_int_equal(sv_doc_int(count, "uncompared_items"), 1);
    assert_int_equal(sv_doc_int(count, "total_items"), 1);
}

#define WITH_SERVERS(test) SV_WITH_FLOOR_SERVERS(test, &servers)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVERS(only_completed_racks_are_compared),
        WITH_SERVERS(a_racks_book_is_that_of_its_first_claim),
        WITH_SERVERS(no_row_is_zero_and_no_quantity_is_unknown),
        WITH_SERVERS(what_was_expected_on_a_completed_rack_is_missing_there),
        WITH_SERVERS(without_books_by_rack_nothing_is_compared),
    };

    if (!sv_floor_servers_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
