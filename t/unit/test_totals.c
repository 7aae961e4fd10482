/* Totals of items, derived from records. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/counts/book.h"
#include "core/totals/totals.h"
#include "core/store/document.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;
static int next_record;

static void
item(const char *code, const char *stock)
{
    sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS,
                   sv_arena_printf(real.arena,
                                   "{'item_code': '%s', 'warehouse': 'W1', 'stock_qty': {'$numberDecimal': '%s'}, "
                                   "'unit_cost': {'$numberDecimal': '2'}}",
                                   code, stock));
}

static void
count(const char *count_id)
{
    sv_real_insert(&real, SV_COLLECTION_SESSIONS,
                   sv_arena_printf(real.arena,
                                   "{'session_id': '%s', 'kind': 'opened', 'warehouse': 'W1', 'status': 'CLOSED', "
                                   "'book_state': 'frozen', 'total_items': 0}",
                                   count_id));
}

static void
touch(const char *count_id, const char *code)
{
    sv_real_insert(&real, SV_COLLECTION_TOUCHED_ITEMS,
                   sv_arena_printf(real.arena, "{'count_id': '%s', 'warehouse': 'W1', 'item_codes': ['%s', '%s']}",
                                   count_id, code, code));
}

/* A record that counts `quantity` of the item, changed on the given day of 2026-01. */
static const char *
record(const char *count_id, const char *rack, const char *code, const char *user, const char *quantity, int day)
{
    const char *id = sv_arena_printf(real.arena, "rec%d", ++next_record);

    sv_real_insert(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   sv_arena_printf(real.arena,
                                   "{'client_record_id': '%s', 'session_id': '%s', 'count_id': '%s', 'rack_id': '%s', "
                                   "'item_code': '%s', 'user_id': '%s', 'verified_qty': {'$numberDecimal': '%s'}, "
                                   "'damage_qty': {'$numberDecimal': '0.5'}, 'non_returnable_damaged_qty': "
                                   "{'$numberDecimal': '1'}, 'status': 'finalized', 'superseded': false, 'changed_at': "
                                   "{'$date': '2026-01-%02dT08:00:00Z'}}",
                                   id, id, count_id, rack, code, user, quantity, day));
    touch(count_id, code);
    return id;
}

static sv_totals_t
derive(void)
{
    sv_totals_t done;

    if (sv_totals_round(real.store, &done, &real.error) != SV_OK) {
        fail_msg("%s", real.error.cause);
    }
    return done;
}

static const bson_t *
line_of(const char *count_id, const char *code)
{
    return sv_real_find(&real, SV_COLLECTION_SESSION_BOOK,
                        sv_arena_printf(real.arena, "{'session_id': '%s', 'item_code': '%s'}", count_id, code));
}

static const bson_t *
item_of(const char *code)
{
    return sv_real_find(&real, SV_COLLECTION_ERP_ITEMS, sv_arena_printf(real.arena, "{'item_code': '%s'}", code));
}

static const bson_t *
count_of(const char *count_id)
{
    return sv_real_find(&real, SV_COLLECTION_SESSIONS, sv_arena_printf(real.arena, "{'session_id': '%s'}", count_id));
}

/* A document that no derivation can write stops the totals of its own line only. */
static void
test_one_item_that_cannot_be_derived_stops_no_other(void **state)
{
    (void) state;
    item("A", "10");
    item("P", "10");
    item("B", "10");
    count("c1");
    sv_real_insert(&real, SV_COLLECTION_SESSION_BOOK,
                   "{'session_id': 'c1', 'item_code': 'P', 'derivations': 'no number'}");
    record("c1", "R1", "A", "anna", "1", 5);
    record("c1", "R1", "P", "anna", "1", 5);
    record("c1", "R1", "B", "anna", "1", 5);
    for (int rounds = 0; derive().more && rounds < 10; rounds++) {
    }
    assert_non_null(line_of("c1", "A"));
    assert_non_null(line_of("c1", "B"));
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 1);
    assert_int_equal(
        sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{'item_codes': 'P', 'failed_at': {'$ne': null}}"), 1);
    record("c1", "R2", "A", "bert", "2", 6);
    assert_int_equal(derive().touched, 1);
}

/* Wherever a derivation ends, nothing of it is to be seen but all: its line stays, and what it names is derived when
 * that can be. */
static void
test_what_ends_half_way_leaves_nothing(void **state)
{
    static const struct {
        sv_collection_t collection;
        const char *filter;
    } steps[] = { { SV_COLLECTION_SESSION_BOOK, "{'item_code': 'A'}" },
                  { SV_COLLECTION_ERP_ITEMS, "{'item_code': 'A'}" },
                  { SV_COLLECTION_SESSIONS, "{'session_id': 'c1'}" } };

    (void) state;
    item("A", "10");
    count("c1");
    record("c1", "R1", "A", "anna", "1", 5);
    derive();
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        int64_t before = (int64_t) i + 1;

        record("c1", "R1", "A", "anna", "1", 5);
        sv_real_update(&real, steps[i].collection, steps[i].filter, "{'$set': {'derivations': 'no number'}}");
        derive();
        assert_int_equal(sv_doc_quantity(line_of("c1", "A"), "counted.verified_qty"), before * SV_QUANTITY_ONE);
        assert_int_equal(sv_doc_quantity(item_of("A"), "verified_qty"), before * SV_QUANTITY_ONE);
        assert_int_equal(sv_doc_quantity(count_of("c1"), "total_variance"),
                         before * 3 * SV_QUANTITY_ONE / 2 - 10000000);
        assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{'item_codes': 'A'}"), 1);

        sv_real_update(&real, steps[i].collection, steps[i].filter, "{'$unset': {'derivations': ''}}");
        sv_real_update(&real, SV_COLLECTION_TOUCHED_ITEMS, "{}", "{'$unset': {'failed': '', 'failed_at': ''}}");
        assert_int_equal(derive().items, 1);
        assert_int_equal(sv_doc_quantity(line_of("c1", "A"), "counted.verified_qty"), (before + 1) * SV_QUANTITY_ONE);
        assert_int_equal(sv_doc_quantity(item_of("A"), "verified_qty"), (before + 1) * SV_QUANTITY_ONE);
        assert_int_equal(sv_doc_quantity(count_of("c1"), "total_variance"),
                         (before + 1) * 3 * SV_QUANTITY_ONE / 2 - 10000000);
    }
}

/* It is found among however many, and within the round that meets it. */
static void
test_the_item_that_cannot_be_derived_is_found_among_many(void **state)
{
    char code[8];

    (void) state;
    count("c1");
    sv_real_insert(&real, SV_COLLECTION_SESSION_BOOK,
                   "{'session_id': 'c1', 'item_code': 'I37', 'derivations': 'no number'}");
    for (int i = 0; i < 60; i++) {
        snprintf(code, sizeof(code), "I%d", i);
        record("c1", "R1", code, "anna", "1", 5);
    }
    derive();
    assert_int_equal(
        sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{'item_codes': 'I37', 'failed_at': {'$ne': null}}"), 1);
    derive();
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 1);
    assert_int_equal(sv_doc_int(count_of("c1"), "total_items"), 59);
}

/* A busy floor touches the same items again and again: a round derives each once, for all who did. */
static void
test_an_item_is_derived_once_for_many_lines(void **state)
{
    enum { LINES = 620 };
    char rack[8];
    sv_totals_t done;

    (void) state;
    item("A", "10");
    item("B", "10");
    count("c1");
    count("c2");
    for (int i = 0; i < LINES; i++) {
        touch(i % 31 == 0 ? "c2" : "c1", i % 2 == 0 ? "A" : "B");
    }
    for (int i = 0; i < 20; i++) {
        snprintf(rack, sizeof(rack), "R%d", i);
        record("c1", rack, "A", "anna", "1", 5);
    }
    done = derive();
    assert_int_equal(done.touched, LINES + 20);
    assert_int_equal(done.items, 4);
    assert_false(done.more);
    assert_int_equal(sv_doc_quantity(line_of("c1", "A"), "counted.verified_qty"), 20000000);
    assert_int_equal(sv_doc_int(count_of("c1"), "total_items"), 1);
    assert_int_equal(derive().touched, 0);
}

/* What was counted, recounted and left out many times over: only what counts is added. */
static void
test_figures_that_count_no_more_are_no_part(void **state)
{
    static const char *const marks[] = { "{'$set': {'counts': false, 'standing': 'replaced'}}",
                                         "{'$set': {'superseded': true}}", "{'$set': {'status': 'void'}}",
                                         "{'$set': {'counts': true, 'standing': 'counts'}}",
                                         "{'$unset': {'superseded': ''}}" };

    (void) state;
    item("A", "10");
    count("c1");
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *id = record("c1", "R1", "A", "anna", "1", 5);

        sv_real_update(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                       sv_arena_printf(real.arena, "{'client_record_id': '%s'}", id), marks[i]);
    }
    /* the same whether few of its figures can have ceased to count, or many */
    for (int round = 0; round < 2; round++) {
        derive();
        assert_int_equal(sv_doc_quantity(line_of("c1", "A"), "counted.verified_qty"), 2000000);
        assert_int_equal(sv_doc_int(line_of("c1", "A"), "counted.records"), 2);
        sv_real_update(&real, SV_COLLECTION_SESSION_BOOK, "{'session_id': 'c1', 'item_code': 'A'}",
                       "{'$set': {'derivations': 1000, 'counted.records': 0}}");
        touch("c1", "A");
    }
}

static void
test_a_worker_rests_between_rounds(void **state)
{
    (void) state;
    assert_int_equal(sv_totals_rest_ms(0, 1000), 0);
    assert_int_equal(sv_totals_rest_ms(20, 1000), 80);
    assert_int_equal(sv_totals_rest_ms(400, 1000), 600); /* and no longer than the totals may be late */
    assert_int_equal(sv_totals_rest_ms(600, 1000), 600); /* a busy database is left half of the time */
    assert_int_equal(sv_totals_rest_ms(1000, 1000), 1000);
    assert_int_equal(sv_totals_rest_ms(5000, 1000), 1000);
}

static void
test_records_become_totals(void **state)
{
    const bson_t *line, *erp_item, *total;

    (void) state;
    item("A", "10");
    item("B", "1");
    count("c1");
    assert_int_equal(derive().touched, 0);
    record("c1", "R1", "A", "anna", "4.25", 5);
    record("c1", "R2", "A", "bert", "3", 6);
    record("c1", "R2", "A", "anna", "0.000001", 5); /* a partial one of the same rack */
    record("c1", "R1", "B", "anna", "1", 7);
    assert_int_equal(derive().items, 2);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 0);

    line = line_of("c1", "A");
    assert_int_equal(sv_doc_quantity(line, "system_qty"), 10000000); /* frozen when first touched */
    assert_int_equal(sv_doc_quantity(line, "unit_cost"), 2000000);
    assert_int_equal(sv_doc_quantity(line, "counted.verified_qty"), 7250001);
    assert_int_equal(sv_doc_quantity(line, "counted.damage_qty"), 1500000);
    assert_int_equal(sv_doc_quantity(line, "counted.non_returnable_damaged_qty"), 3000000);
    assert_int_equal(sv_doc_quantity(line, "counted.variance"), 7250001 + 1500000 - 10000000);
    assert_int_equal(sv_doc_int(line, "counted.racks"), 2);
    assert_int_equal(sv_doc_int(line, "counted.records"), 3);
    assert_string_equal(sv_doc_text(line, "counted.last_user_id", real.arena), "bert");

    erp_item = item_of("A");
    assert_true(sv_doc_bool(erp_item, "verified"));
    assert_string_equal(sv_doc_text(erp_item, "verified_by", real.arena), "bert");
    assert_int_equal(sv_doc_quantity(erp_item, "verified_qty"), 7250001);
    assert_int_equal(sv_doc_quantity(erp_item, "damaged_qty"), 1500000);
    assert_int_equal(sv_doc_quantity(erp_item, "variance"), -1249999);
    assert_string_equal(sv_doc_text(erp_item, "overlay_count_id", real.arena), "c1");
    assert_int_equal(sv_doc_quantity(erp_item, "stock_qty"), 10000000);

    total = count_of("c1");
    assert_int_equal(sv_doc_int(total, "book_items"), 2);
    assert_int_equal(sv_doc_int(total, "total_items"), 2);
    assert_int_equal(sv_doc_int(total, "damaged_items"), 2);
    assert_int_equal(sv_doc_quantity(total, "total_variance"), -1249999 + 500000);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSIONS,
                                   "{'staff_user': {'$all': ['anna', 'bert']}, 'staff_user.2': {'$exists': false}}"),
                     1);
}

static void
test_edits_voids_and_recounts_move_the_totals(void **state)
{
    const char *first, *second;
    const bson_t *total;

    (void) state;
    item("A", "10");
    count("c1");
    first = record("c1", "R1", "A", "anna", "4", 5);
    derive();
    sv_real_update(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   sv_arena_printf(real.arena, "{'client_record_id': '%s'}", first),
                   "{'$set': {'verified_qty': {'$numberDecimal': '9'}}}");
    touch("c1", "A");
    derive();
    assert_int_equal(sv_doc_quantity(line_of("c1", "A"), "counted.verified_qty"), 9000000);
    assert_int_equal(sv_doc_quantity(count_of("c1"), "total_variance"), -500000);

    assert_int_equal(sv_doc_int(count_of("c1"), "damaged_items"), 1);

    second = record("c1", "R1", "A", "bert", "6", 6);
    sv_real_update(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   sv_arena_printf(real.arena, "{'client_record_id': '%s'}", first), "{'$set': {'superseded': true}}");
    derive();
    assert_int_equal(sv_doc_quantity(line_of("c1", "A"), "counted.verified_qty"), 6000000);
    assert_int_equal(sv_doc_int(line_of("c1", "A"), "counted.records"), 1);

    sv_real_update(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   sv_arena_printf(real.arena, "{'client_record_id': '%s'}", second), "{'$set': {'status': 'void'}}");
    touch("c1", "A");
    derive();
    assert_false(sv_doc_has(line_of("c1", "A"), "counted")); /* no record is no count */
    total = count_of("c1");
    assert_int_equal(sv_doc_int(total, "book_items"), 1); /* its line stays */
    assert_int_equal(sv_doc_int(total, "total_items"), 0);
    assert_int_equal(sv_doc_int(total, "damaged_items"), 0);
    assert_int_equal(sv_doc_quantity(total, "total_variance"), 0);
    assert_false(sv_doc_bool(item_of("A"), "verified"));
    assert_false(sv_doc_has(item_of("A"), "verified_qty"));
}

static void
test_a_count_of_zero_is_a_count(void **state)
{
    (void) state;
    item("A", "10");
    count("c1");
    record("c1", "R1", "A", "anna", "0", 5);
    derive();
    assert_true(sv_doc_has(line_of("c1", "A"), "counted"));
    assert_int_equal(sv_doc_int(count_of("c1"), "total_items"), 1);
    assert_true(sv_doc_bool(item_of("A"), "verified"));
}

static void
test_the_overlay_shows_the_youngest_count(void **state)
{
    const char *young;

    (void) state;
    item("A", "10");
    count("c1");
    count("c2");
    record("c1", "R1", "A", "anna", "1", 5);
    young = record("c2", "R1", "A", "bert", "2", 9);
    derive();
    assert_string_equal(sv_doc_text(item_of("A"), "overlay_count_id", real.arena), "c2");
    record("c1", "R2", "A", "anna", "5", 7); /* late work of the older count */
    derive();
    assert_string_equal(sv_doc_text(item_of("A"), "overlay_count_id", real.arena), "c2");
    assert_int_equal(sv_doc_quantity(item_of("A"), "verified_qty"), 2000000);

    sv_real_update(&real, SV_COLLECTION_VERIFICATION_RECORDS,
                   sv_arena_printf(real.arena, "{'client_record_id': '%s'}", young), "{'$set': {'status': 'void'}}");
    touch("c2", "A");
    derive();
    assert_string_equal(sv_doc_text(item_of("A"), "overlay_count_id", real.arena), "c1");
    assert_int_equal(sv_doc_quantity(item_of("A"), "verified_qty"), 6000000);
    assert_string_equal(sv_doc_text(item_of("A"), "verified_by", real.arena), "anna");
}

static void
test_an_item_nobody_knows_is_counted_against_nothing(void **state)
{
    (void) state;
    count("c1");
    record("c1", "R1", "ghost", "anna", "3", 5);
    sv_real_insert(&real, SV_COLLECTION_TOUCHED_ITEMS, "{'count_id': 'gone', 'item_codes': ['A']}");
    sv_real_insert(&real, SV_COLLECTION_TOUCHED_ITEMS, "{'unreadable': true}");
    derive();
    assert_int_equal(sv_doc_quantity(line_of("c1", "ghost"), "system_qty"), 0);
    assert_int_equal(sv_doc_quantity(line_of("c1", "ghost"), "counted.variance"), 3500000);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 0);
}

enum { DERIVERS = 3, RECORDS = 240, ITEMS = 12 };

static void
test_a_count_without_a_warehouse_holds_up_no_other(void **state)
{
    (void) state;
    item("A", "10");
    count("good");
    sv_real_insert(&real, SV_COLLECTION_SESSIONS, "{'session_id': 'bad', 'status': 'OPEN', 'total_items': 0}");
    record("bad", "R1", "A", "u1", "1", 1);
    record("good", "R1", "A", "u1", "7", 2);
    assert_int_equal(derive().touched, 2);
    assert_int_equal(sv_doc_quantity(line_of("good", "A"), "counted.verified_qty"), 7000000);
    assert_null(line_of("bad", "A"));
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 0);
}

static void *
derive_until_told(void *context)
{
    sv_store_t *store = sv_store_acquire(real.pool);
    volatile bool *stop = context;
    sv_totals_t done = { .touched = 1 };

    while (!*stop || done.touched > 0) {
        sv_arena_t *arena = sv_arena_create();
        sv_error_t error;

        sv_error_init(&error, arena);
        if (sv_totals_round(store, &done, &error) != SV_OK) {
            done.touched = 1;
        }
        sv_arena_destroy(arena);
    }
    sv_store_release(store);
    return NULL;
}

/* Whatever derivers see of records that keep coming, the last word is the whole. */
static void
test_derivers_at_once_end_at_the_sum(void **state)
{
    volatile bool stop = false;
    pthread_t threads[DERIVERS];
    char code[8];

    (void) state;
    count("c1");
    for (int i = 0; i < ITEMS; i++) {
        snprintf(code, sizeof(code), "I%d", i);
        item(code, "0");
    }
    for (int i = 0; i < DERIVERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, derive_until_told, (void *) &stop), 0);
    }
    for (int i = 0; i < RECORDS; i++) {
        char rack[8];

        snprintf(code, sizeof(code), "I%d", i % ITEMS);
        snprintf(rack, sizeof(rack), "R%d", i / ITEMS);
        record("c1", rack, code, "anna", "2", 5);
    }
    stop = true;
    for (int i = 0; i < DERIVERS; i++) {
        pthread_join(threads[i], NULL);
    }
    derive();
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 0);
    for (int i = 0; i < ITEMS; i++) {
        snprintf(code, sizeof(code), "I%d", i);
        assert_int_equal(sv_doc_quantity(line_of("c1", code), "counted.verified_qty"),
                         2 * RECORDS / ITEMS * SV_QUANTITY_ONE);
        assert_int_equal(sv_doc_int(line_of("c1", code), "counted.racks"), RECORDS / ITEMS);
        assert_int_equal(sv_doc_quantity(item_of(code), "verified_qty"), 2 * RECORDS / ITEMS * SV_QUANTITY_ONE);
    }
    assert_int_equal(sv_doc_int(count_of("c1"), "total_items"), ITEMS);
    assert_int_equal(sv_doc_quantity(count_of("c1"), "total_variance"), RECORDS * 5 * SV_QUANTITY_ONE / 2);
}

static void
test_a_count_may_be_derived_alone(void **state)
{
    sv_totals_t done;

    (void) state;
    item("A", "10");
    item("B", "10");
    count("c1");
    count("c2");
    record("c1", "R1", "A", "anna", "1", 5);
    record("c2", "R1", "B", "anna", "1", 5);
    assert_int_equal(sv_totals_count_round(real.store, "c2", &done, &real.error), SV_OK);
    assert_int_equal(done.items, 1);
    assert_false(done.more);
    assert_non_null(line_of("c2", "B"));
    assert_null(line_of("c1", "A"));
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{'count_id': 'c1'}"), 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_TOUCHED_ITEMS, "{}"), 1);
}

/* The worker's round and that of somebody who waits for the count: both read the same lines, and one derives them. */
static void *
derive_what_is_there(void *items)
{
    sv_store_t *store = sv_store_acquire(real.pool);
    sv_arena_t *arena = sv_arena_create();
    sv_totals_t done;
    sv_error_t error;

    sv_error_init(&error, arena);
    if (sv_totals_count_round(store, "c1", &done, &error) == SV_OK) {
        *(int64_t *) items = done.items;
    }
    sv_store_release(store);
    sv_arena_destroy(arena);
    return NULL;
}

static void
test_two_rounds_at_once_derive_an_item_once(void **state)
{
    enum { ROUNDS = 5 };
    int64_t mine, other;

    (void) state;
    count("c1");
    for (int round = 1; round <= ROUNDS; round++) {
        pthread_t thread;
        char code[8];

        for (int i = 0; i < ITEMS; i++) {
            snprintf(code, sizeof(code), "I%d", i);
            record("c1", "R1", code, "anna", "1", 5);
        }
        other = -1;
        assert_int_equal(pthread_create(&thread, NULL, derive_what_is_there, &other), 0);
        mine = derive().items;
        pthread_join(thread, NULL);
        assert_int_equal(mine + other, ITEMS);
        for (int i = 0; i < ITEMS; i++) {
            snprintf(code, sizeof(code), "I%d", i);
            assert_int_equal(sv_doc_int(line_of("c1", code), "derivations"), round);
        }
    }
}

/* A book line is made by whoever comes first, the freezing or the deriving, and is one in the count's number. */
static void
test_freezing_beside_deriving_counts_every_line_once(void **state)
{
    enum { BOOK = 600, COUNTED = 60 };
    volatile bool stop = false;
    sv_book_frozen_t frozen = { 0 };
    pthread_t deriver;
    char code[16];

    (void) state;
    count("c1");
    for (int i = 0; i < BOOK; i++) {
        snprintf(code, sizeof(code), "I%03d", i);
        item(code, "1");
    }
    sv_real_update(&real, SV_COLLECTION_SESSIONS, "{'session_id': 'c1'}",
                   "{'$set': {'status': 'OPEN', 'book_state': 'pending'}}");
    for (int i = 0; i < COUNTED; i++) {
        /* every other one is not in the book */
        snprintf(code, sizeof(code), i % 2 == 0 ? "I%03d" : "X%03d", BOOK - 1 - i);
        record("c1", "R1", code, "anna", "1", 5);
    }
    assert_int_equal(pthread_create(&deriver, NULL, derive_until_told, (void *) &stop), 0);
    assert_int_equal(sv_book_freeze_round(real.store, &frozen, &real.error), SV_OK);
    stop = true;
    pthread_join(deriver, NULL);
    assert_int_equal(frozen.counts, 1);
    assert_int_equal(sv_real_count(&real, SV_COLLECTION_SESSION_BOOK, "{'session_id': 'c1'}"), BOOK + COUNTED / 2);
    assert_int_equal(sv_doc_int(count_of("c1"), "book_items"), BOOK + COUNTED / 2);
    assert_int_equal(sv_doc_int(count_of("c1"), "total_items"), COUNTED);
    assert_int_equal(sv_doc_int(count_of("c1"), "damaged_items"), COUNTED);
}

#define WITH_SERVER(test) SV_WITH_REAL_MONGODB(test, &real)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_records_become_totals),
        WITH_SERVER(test_one_item_that_cannot_be_derived_stops_no_other),
        WITH_SERVER(test_the_item_that_cannot_be_derived_is_found_among_many),
        WITH_SERVER(test_what_ends_half_way_leaves_nothing),
        WITH_SERVER(test_an_item_is_derived_once_for_many_lines),
        WITH_SERVER(test_figures_that_count_no_more_are_no_part),
        cmocka_unit_test(test_a_worker_rests_between_rounds),
        WITH_SERVER(test_edits_voids_and_recounts_move_the_totals),
        WITH_SERVER(test_a_count_of_zero_is_a_count),
        WITH_SERVER(test_the_overlay_shows_the_youngest_count),
        WITH_SERVER(test_an_item_nobody_knows_is_counted_against_nothing),
        WITH_SERVER(test_a_count_without_a_warehouse_holds_up_no_other),
        WITH_SERVER(test_derivers_at_once_end_at_the_sum),
        WITH_SERVER(test_a_count_may_be_derived_alone),
        WITH_SERVER(test_two_rounds_at_once_derive_an_item_once),
        WITH_SERVER(test_freezing_beside_deriving_counts_every_line_once),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
