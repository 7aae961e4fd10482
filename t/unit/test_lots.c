/* Lots, packs, movements and what else a count's line tells: from a record to a variance. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/clock.h"
#include "core/store/document.h"
#include "core/sync/record_form.h"
#include "core/totals/totals.h"
#include "t/unit/sync_world.h"

#define R(id, item, qty, more) world_record(world, id, "s1", item, qty, more)
#define QTY(text)              "{'$numberDecimal': '" text "'}"

static void
master(sync_world_t *world, const char *code, const char *fields)
{
    sv_real_update(&world->real, SV_COLLECTION_ERP_ITEMS, sv_arena_printf(world->arena, "{'item_code': '%s'}", code),
                   sv_arena_printf(world->arena, "{'$set': {%s}}", fields));
}

static void
stock(sync_world_t *world, const char *code, const char *lot, const char *quantity)
{
    sv_real_insert(&world->real, SV_COLLECTION_ITEM_STOCK,
                   sv_arena_printf(world->arena, "{'warehouse': 'W1', 'item_code': '%s', 'lot': '%s', 'book_qty': %s}",
                                   code, lot, quantity));
}

static void
derive(sync_world_t *world)
{
    sv_totals_t done = { .more = true };
    sv_error_t error;

    sv_error_init(&error, world->arena);
    while (done.more) {
        assert_int_equal(sv_totals_round(world->store, &done, &error), SV_OK);
    }
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 0);
}

static const bson_t *
line(sync_world_t *world, const char *code, const char *lot)
{
    return sv_real_find(
        &world->real, SV_COLLECTION_SESSION_BOOK,
        sv_arena_printf(world->arena, "{'session_id': 'C1', 'item_code': '%s', 'lot': '%s'}", code, lot));
}

static sv_quantity_t
counted(sync_world_t *world, const char *code, const char *lot, const char *what)
{
    const bson_t *found = line(world, code, lot);

    return found == NULL ? INT64_MIN : sv_doc_quantity(found, sv_arena_printf(world->arena, "counted.%s", what));
}

static bool
flagged(sync_world_t *world, const char *code, const char *flag)
{
    return sv_real_count(&world->real, SV_COLLECTION_SESSION_BOOK,
                         sv_arena_printf(world->arena, "{'session_id': 'C1', 'item_code': '%s', 'counted.flags': '%s'}",
                                         code, flag)) == 1;
}

static void
a_second_lot_is_no_duplicate(void **state)
{
    sync_world_t *world = *state;

    master(world, "ITM-1", "'lot_tracked': true");
    stock(world, "ITM-1", "L1", QTY("10"));
    stock(world, "ITM-1", "L2", QTY("5"));
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 9, "'lot':'L1'"), R("r2", "ITM-1", 6, "'lot':'L2'"),
                                   R("r3", "ITM-1", 1, ""), R("r4", "ITM-1", 2, "'lot':'L9'"), NULL),
                        "ok ok ok ok");
    assert_string_equal(world_sync(world, "ann", R("r5", "ITM-1", 7, "'lot':'L1'"), R("r6", "ITM-1", 3, ""), NULL),
                        "duplicate_count duplicate_count");
    /* of any other item a lot is a remark */
    assert_string_equal(
        world_sync(world, "ann", R("r7", "ITM-2", 1, "'lot':'L1'"), R("r8", "ITM-2", 1, "'lot':'L2'"), NULL),
        "ok duplicate_count");
    derive(world);
    assert_int_equal(counted(world, "ITM-1", "L1", "variance"), -1000000);
    assert_int_equal(counted(world, "ITM-1", "L2", "variance"), 1000000);
    assert_int_equal(counted(world, "ITM-1", "", "variance"), 1000000); /* none told is a lot too */
    assert_int_equal(counted(world, "ITM-1", "L9", "variance"), 2000000);
    assert_int_equal(counted(world, "ITM-2", "", "verified_qty"), 1000000);
    /* the item shows them together */
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_ERP_ITEMS,
                                   "{'item_code': 'ITM-1', 'verified_qty': " QTY("18") ", 'variance': " QTY("3") "}"),
                     1);
    /* an edit moves a figure to another lot */
    assert_string_equal(world_sync(world, "ann", R("r4", "ITM-1", 2, "'lot':'L8','revision':9000000000000"), NULL),
                        "ok");
    derive(world);
    assert_int_equal(counted(world, "ITM-1", "L8", "variance"), 2000000);
    assert_false(sv_doc_has(line(world, "ITM-1", "L9"), "counted"));
}

static void
a_counts_lots_are_as_the_master_said_when_it_began(void **state)
{
    sync_world_t *world = *state;
    long long now = sv_clock_now_ms();

    master(world, "ITM-1",
           sv_arena_printf(world->arena, "'lot_tracked': false, 'lot_changes': [{'$date': {'$numberLong': '%lld'}}]",
                           now + 60000)); /* turned off since the count began */
    assert_string_equal(
        world_sync(world, "ann", R("r1", "ITM-1", 9, "'lot':'L1'"), R("r2", "ITM-1", 6, "'lot':'L2'"), NULL), "ok ok");
    master(world, "ITM-2",
           sv_arena_printf(world->arena, "'lot_tracked': true, 'lot_changes': [{'$date': {'$numberLong': '%lld'}}]",
                           now + 60000)); /* turned on since */
    assert_string_equal(
        world_sync(world, "ann", R("r3", "ITM-2", 9, "'lot':'L1'"), R("r4", "ITM-2", 6, "'lot':'L2'"), NULL),
        "ok duplicate_count");
}

static void
packs_are_counted_in_the_items_own_unit(void **state)
{
    sync_world_t *world = *state;
    const bson_t *record;
    sv_json_writer_t writer;
    sv_buffer_t text;

    master(world, "ITM-1",
           "'uom': 'PCS', 'packs': [{'uom': 'BOX', 'factor': " QTY("12") ", 'barcodes': []}, {'uom': 'THIRD', "
                                                                         "'factor': " QTY("0.333333") "}]");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 2, "'uom':'box','damage_qty':0.5,'partial':true"),
                                   R("r2", "ITM-1", 3, "'uom':'PCS','partial':true"),
                                   R("r3", "ITM-1", 1, "'partial':true"), NULL),
                        "ok ok ok");
    assert_string_equal(
        world_sync(world, "ann", R("r4", "ITM-1", 1, "'uom':'PAL'"), R("r5", "ITM-1", 0.5, "'uom':'THIRD'"), NULL),
        "error:uom_unknown error:out_of_range");
    assert_int_equal(world_sum(world, "C1", "R1", "ITM-1"), 28000000);
    record = sv_real_find(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'client_record_id': 'r1'}");
    assert_int_equal(sv_doc_quantity(record, "verified_qty"), 24000000);
    assert_int_equal(sv_doc_quantity(record, "damage_qty"), 6000000);
    assert_string_equal(sv_doc_text(record, "uom", world->arena), "PCS");
    assert_int_equal(sv_doc_quantity(record, "said.verified_qty"), 2000000);
    /* a phone that is restored gets what it said */
    sv_buffer_init(&text, world->arena, 512);
    sv_json_writer_init(&writer, &text);
    sv_record_write_json(&writer, record);
    assert_non_null(strstr(text.data, "\"verified_qty\":2,"));
    assert_non_null(strstr(text.data, "\"uom\":\"box\""));
    assert_non_null(strstr(text.data, "\"base\":{\"factor\":12,\"uom\":\"PCS\",\"verified_qty\":24,"));
    /* and may send it again */
    assert_string_equal(
        world_sync(world, "ann", R("r1", "ITM-1", 2, "'uom':'box','damage_qty':0.5,'partial':true"), NULL), "ok");
    derive(world);
    assert_int_equal(counted(world, "ITM-1", "", "verified_qty"), 28000000);
    assert_string_equal(sv_doc_text(line(world, "ITM-1", ""), "uom", world->arena), "PCS");
}

static void
different_units_are_never_added(void **state)
{
    sync_world_t *world = *state;
    const bson_t *count;

    master(world, "ITM-1", "'uom': 'PCS'");
    master(world, "ITM-2", "'uom': 'KG'");
    master(world, "ITM-3", "'uom': 'KG'");
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, ""), R("r2", "ITM-2", 1.5, ""),
                                   R("r3", "ITM-3", 2, ""), R("r4", "NO-ITEM", 2, "'uom':'BOX','partial':true"),
                                   R("r5", "NO-ITEM", 7, "'uom':'PCS','partial':true"), NULL),
                        "ok ok ok ok ok");
    derive(world);
    count = sv_real_find(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C1'}");
    assert_false(sv_doc_has(count, "total_variance"));
    assert_int_equal(sv_real_count(&world->real, SV_COLLECTION_SESSIONS,
                                   "{'variances': {'$elemMatch': {'uom': 'KG', 'variance': " QTY("3.5") "}}}"),
                     1);
    assert_true(flagged(world, "NO-ITEM", "mixed"));
    assert_true(flagged(world, "NO-ITEM", "unknown"));
    assert_false(sv_doc_has(line(world, "NO-ITEM", ""), "counted.verified_qty"));
    assert_false(sv_doc_has(line(world, "NO-ITEM", ""), "counted.variance"));
    /* one unit is left */
    assert_string_equal(world_sync(world, "ann", R("r1", "ITM-1", 5, "'status':'void','revision':9000000000000"), NULL),
                        "ok");
    derive(world);
    count = sv_real_find(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C1'}");
    assert_int_equal(sv_doc_quantity(count, "total_variance"), 3500000);
}

/* variance = (verified + damage) - book; what cannot go back is no stock. */
static void
damage_has_its_sign(void **state)
{
    static const struct {
        const char *code;
        double verified;
        const char *damage;
        sv_quantity_t variance;
    } table[] = {
        { "ITM-1", 10, "", 0 },
        { "ITM-2", 8, "'damage_qty':2", 0 },
        { "ITM-3", 8, "'non_returnable_damaged_qty':2", -2000000 },
        { "ITM-4", 8, "'damage_qty':1,'non_returnable_damaged_qty':1", -1000000 },
        { "ITM-5", 10, "'damage_qty':2", 2000000 },
        { "ITM-6", 0, "'non_returnable_damaged_qty':10", -10000000 },
        { "ITM-7", 12, "'non_returnable_damaged_qty':3", 2000000 },
    };
    sync_world_t *world = *state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        stock(world, table[i].code, "", QTY("10"));
        assert_string_equal(
            world_sync(world, "ann",
                       R(sv_arena_printf(world->arena, "d%zu", i), table[i].code, table[i].verified, table[i].damage),
                       NULL),
            "ok");
    }
    derive(world);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_int_equal(counted(world, table[i].code, "", "variance"), table[i].variance);
    }
}

static void
movement(sync_world_t *world, const char *id, const char *code, const char *quantity, int64_t at_ms, const char *more)
{
    sv_real_insert(&world->real, SV_COLLECTION_ITEM_MOVEMENTS,
                   sv_arena_printf(world->arena,
                                   "{'movement_id': '%s', 'warehouse': 'W1', 'item_code': '%s', 'qty': %s, "
                                   "'moved_at': {'$date': {'$numberLong': '%lld'}}%s}",
                                   id, code, quantity, (long long) at_ms, more));
}

/* A line frozen an hour ago, with a figure counted half an hour ago. */
static void
frozen_and_counted(sync_world_t *world, const char *id, const char *code, int64_t now_ms)
{
    sv_real_insert(&world->real, SV_COLLECTION_SESSION_BOOK,
                   sv_arena_printf(world->arena,
                                   "{'session_id': 'C1', 'item_code': '%s', 'lot': '', 'warehouse': 'W1', 'book': "
                                   "'warehouse', 'system_qty': " QTY("100") ", 'unit_cost': " QTY(
                                       "1") ", "
                                            "'frozen_at': {'$date': {'$numberLong': '%lld'}}}",
                                   code, (long long) now_ms - 3600000));
    assert_string_equal(world_sync(world, "ann", R(id, code, 90, ""), NULL), "ok");
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_RECORDS,
                   sv_arena_printf(world->arena, "{'client_record_id': '%s'}", id),
                   sv_arena_printf(world->arena, "{'$set': {'counted_at': {'$date': {'$numberLong': '%lld'}}}}",
                                   (long long) now_ms - 1800000));
}

static void
what_moved_meanwhile_is_in_the_book(void **state)
{
    sync_world_t *world = *state;
    int64_t now_ms = sv_clock_now_ms();

    frozen_and_counted(world, "m1", "ITM-1", now_ms);
    movement(world, "1", "ITM-1", QTY("20"), now_ms - 600000, "");  /* after the count: not in it */
    movement(world, "2", "ITM-1", QTY("50"), now_ms - 7200000, ""); /* before the freezing: in the book */
    frozen_and_counted(world, "m2", "ITM-2", now_ms);
    movement(world, "3", "ITM-2", QTY("-15"), now_ms - 2400000, "");
    movement(world, "4", "ITM-2", QTY("3"), now_ms - 2400000, ", 'adjustment_id': 'A1'"); /* our own posting */
    frozen_and_counted(world, "m3", "ITM-3", now_ms);
    derive(world);
    assert_int_equal(counted(world, "ITM-1", "", "variance"), -10000000);
    assert_int_equal(counted(world, "ITM-2", "", "moved_qty"), -15000000);
    assert_int_equal(counted(world, "ITM-2", "", "variance"), 5000000);
    assert_int_equal(counted(world, "ITM-3", "", "variance"), -10000000);
    assert_false(flagged(world, "ITM-2", "moved"));
    /* between the first figure and the last: nobody knows which it is in */
    assert_string_equal(world_sync(world, "ann", R("m4", "ITM-3", 7, "'replaces':['m3']"), NULL), "ok");
    sv_real_update(&world->real, SV_COLLECTION_VERIFICATION_RECORDS, "{'client_record_id': 'm3'}",
                   "{'$set': {'counts': true}}");
    movement(world, "5", "ITM-3", QTY("1"), now_ms - 900000, "");
    derive(world);
    assert_true(flagged(world, "ITM-3", "moved"));
}

/* A count of rack R1 alone, whose book tells what lies there: what moved of an item that lies nowhere else was there.
 */
static void
what_moved_on_the_racks_of_a_part_is_in_its_book(void **state)
{
    sync_world_t *world = *state;
    int64_t now_ms = sv_clock_now_ms();
    static const struct {
        const char *code, *rack_id;
    } expected[] = { { "ITM-1", "R1" }, { "ITM-2", "R1" }, { "ITM-2", "R2" }, { "ITM-4", "R1" }, { "ITM-4", "R9" } };

    sv_real_update(&world->real, SV_COLLECTION_SESSIONS, "{'session_id': 'C1'}",
                   "{'$set': {'kind': 'opened', 'racks': ['R1'], 'rack_books': true}}");
    sv_real_insert(&world->real, SV_COLLECTION_WAREHOUSES, "{'warehouse': 'W1', 'rack_books': true}");
    sv_real_insert(&world->real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R2', 'warehouse': 'W1'}");
    sv_real_insert(&world->real, SV_COLLECTION_RACK_REGISTRY, "{'rack_id': 'R9', 'warehouse': 'W2'}");
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        sv_real_insert(&world->real, SV_COLLECTION_RACK_ITEMS,
                       sv_arena_printf(world->arena, "{'rack_id': '%s', 'item_code': '%s', 'book_qty': " QTY("100") "}",
                                       expected[i].rack_id, expected[i].code));
    }
    for (int i = 1; i <= 4; i++) {
        const char *code = sv_arena_printf(world->arena, "ITM-%d", i);

        frozen_and_counted(world, sv_arena_printf(world->arena, "p%d", i), code, now_ms);
        movement(world, sv_arena_printf(world->arena, "%d", i), code, QTY("-15"), now_ms - 2400000, "");
    }
    derive(world);
    assert_int_equal(counted(world, "ITM-1", "", "variance"), 5000000);
    assert_false(flagged(world, "ITM-1", "moved"));
    /* On another rack of the warehouse, too, or on none by the books: nobody knows where it was. */
    assert_int_equal(counted(world, "ITM-2", "", "variance"), -10000000);
    assert_true(flagged(world, "ITM-2", "moved"));
    assert_true(flagged(world, "ITM-3", "moved"));
    /* On one of another warehouse. */
    assert_int_equal(counted(world, "ITM-4", "", "variance"), 5000000);
}

static void
expired_and_delisted_stock_is_told(void **state)
{
    sync_world_t *world = *state;

    master(world, "ITM-1", "'lot_tracked': true");
    master(world, "ITM-3", "'deleted': true");
    master(world, "ITM-4", "'deleted': true");
    stock(world, "ITM-3", "", QTY("4"));
    assert_string_equal(world_sync(world, "ann",
                                   R("r1", "ITM-1", 3, "'lot':'L1','expiry_date':'2020-01-31','partial':true"),
                                   R("r2", "ITM-1", 2, "'lot':'L1','expiry_date':'2999-01-31','partial':true"),
                                   R("r3", "ITM-2", 5, "'condition':'expired'"), R("r4", "ITM-3", 3, ""),
                                   R("r5", "ITM-4", 3, ""), NULL),
                        "ok ok ok ok ok");
    derive(world);
    assert_int_equal(counted(world, "ITM-1", "L1", "verified_qty"), 5000000); /* it is stock */
    assert_int_equal(counted(world, "ITM-1", "L1", "expired_qty"), 3000000);
    assert_true(flagged(world, "ITM-1", "lot"));
    assert_int_equal(counted(world, "ITM-2", "", "expired_qty"), 5000000);
    assert_int_equal(counted(world, "ITM-2", "", "variance"), 5000000);
    assert_int_equal(counted(world, "ITM-3", "", "variance"), -1000000); /* what the books still say */
    assert_int_equal(counted(world, "ITM-4", "", "variance"), 3000000);
    assert_true(flagged(world, "ITM-3", "delisted") && flagged(world, "ITM-4", "delisted"));
    assert_false(flagged(world, "ITM-2", "delisted"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ANN_ON_R1(a_second_lot_is_no_duplicate),
        WITH_ANN_ON_R1(a_counts_lots_are_as_the_master_said_when_it_began),
        WITH_ANN_ON_R1(packs_are_counted_in_the_items_own_unit),
        WITH_ANN_ON_R1(different_units_are_never_added),
        WITH_ANN_ON_R1(damage_has_its_sign),
        WITH_ANN_ON_R1(what_moved_meanwhile_is_in_the_book),
        WITH_ANN_ON_R1(what_moved_on_the_racks_of_a_part_is_in_its_book),
        WITH_ANN_ON_R1(expired_and_delisted_stock_is_told),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
