/* Lines of an adjustment, read on a thread of their own while those before are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/adjust/line_feed.h"
#include "t/unit/real_mongodb.h"

static sv_real_mongodb_t real;

/* Gives so many lines, and then fails or not. */
typedef struct {
    int lines;
    bool fails;
    int given; /* out */
} supply_t;

static sv_status_t
supply(sv_line_feed_t *feed, sv_store_t *store, void *context, sv_error_t *error)
{
    supply_t *wanted = context;

    (void) store;
    for (wanted->given = 0; wanted->given < wanted->lines; wanted->given++) {
        char code[16];
        sv_adjustment_line_t line = { .item_code = code, .lot = "", .delta = wanted->given };

        snprintf(code, sizeof(code), "I%05d", wanted->given);
        if (sv_line_feed_add(feed, &line, error) != SV_OK) {
            return error->status;
        }
    }
    return wanted->fails ? sv_fail_cause(error, SV_ERR_UNAVAILABLE, "the cursor broke") : SV_OK;
}

static sv_line_feed_t *
open_feed(supply_t *wanted)
{
    sv_line_feed_t *feed = sv_line_feed_open(real.pool, "W1", supply, wanted, real.arena, &real.error);

    assert_non_null(feed);
    return feed;
}

/* Takes the next chunk and says how many lines it had, which begin with that number. */
static size_t
take(sv_line_feed_t *feed, int64_t first)
{
    sv_line_chunk_t chunk;
    size_t count;

    assert_int_equal(sv_line_feed_take(feed, &chunk, &real.error), SV_OK);
    for (size_t i = 0; i < chunk.count; i++) {
        char code[16];

        snprintf(code, sizeof(code), "I%05d", (int) (first + (int64_t) i));
        assert_string_equal(chunk.lines[i].item_code, code);
        assert_int_equal(chunk.lines[i].delta, first + (int64_t) i);
    }
    count = chunk.count;
    sv_arena_destroy(chunk.arena);
    return count;
}

static void
test_all_lines_come_in_their_order(void **state)
{
    supply_t wanted = { .lines = 2 * SV_LINE_CHUNK + 7 };
    sv_line_feed_t *feed;
    sv_line_chunk_t chunk;

    (void) state;
    sv_real_insert(&real, SV_COLLECTION_ERP_ITEMS, "{'item_code': 'I01001', 'erp_code': 'i 1001'}");
    sv_real_insert(&real, SV_COLLECTION_ITEM_STOCK,
                   "{'warehouse': 'W1', 'item_code': 'I01002', 'lot': '', 'erp_warehouse': 'w 1'}");
    feed = open_feed(&wanted);
    assert_int_equal(take(feed, 0), SV_LINE_CHUNK);
    assert_int_equal(sv_line_feed_take(feed, &chunk, &real.error), SV_OK);
    assert_int_equal(chunk.count, SV_LINE_CHUNK);
    assert_null(chunk.lines[0].erp_code);
    assert_string_equal(chunk.lines[1].erp_code, "i 1001");
    assert_string_equal(chunk.lines[2].erp_warehouse, "w 1");
    sv_arena_destroy(chunk.arena);
    assert_int_equal(take(feed, 2 * SV_LINE_CHUNK), 7);
    assert_int_equal(take(feed, 0), 0);
    assert_int_equal(take(feed, 0), 0); /* and none any more */
    sv_line_feed_close(feed);
}

static void
test_no_line_is_no_chunk(void **state)
{
    supply_t wanted = { 0 };
    sv_line_feed_t *feed = open_feed(&wanted);

    (void) state;
    assert_int_equal(take(feed, 0), 0);
    sv_line_feed_close(feed);
}

/* What was given before is taken first. */
static void
test_a_failure_is_told_behind_what_came_before(void **state)
{
    supply_t wanted = { .lines = SV_LINE_CHUNK, .fails = true };
    sv_line_feed_t *feed = open_feed(&wanted);
    sv_arena_t *arena = real.error.arena;
    sv_line_chunk_t chunk;

    (void) state;
    assert_int_equal(take(feed, 0), SV_LINE_CHUNK);
    assert_int_equal(sv_line_feed_take(feed, &chunk, &real.error), SV_ERR_UNAVAILABLE);
    assert_int_equal(chunk.count, 0);
    sv_line_feed_close(feed);
    assert_string_equal(real.error.cause, "the cursor broke");
    assert_ptr_equal(real.error.arena, arena);
    sv_error_clear(&real.error);
}

/* A chunk ahead, and no further: who closes the feed need not take the rest. */
static void
test_reading_ends_when_nobody_takes(void **state)
{
    supply_t wanted = { .lines = 100 * SV_LINE_CHUNK };
    sv_line_feed_t *feed = open_feed(&wanted);

    (void) state;
    assert_int_equal(take(feed, 0), SV_LINE_CHUNK);
    sv_line_feed_close(feed);
    assert_in_range(wanted.given, SV_LINE_CHUNK - 1, 3 * SV_LINE_CHUNK);
}

/* Its client is back in the pool whatever came of it. */
static void
test_its_client_is_given_back(void **state)
{
    enum { MORE_THAN_CLIENTS = 20 };

    (void) state;
    for (int i = 0; i < MORE_THAN_CLIENTS; i++) {
        supply_t wanted = { .lines = i % 3 == 0 ? 0 : 2 * SV_LINE_CHUNK, .fails = i % 2 == 0 };

        sv_line_feed_close(open_feed(&wanted));
    }
    sv_line_feed_close(NULL);
}

#define WITH_SERVER(test) SV_WITH_REAL_MONGODB(test, &real)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_all_lines_come_in_their_order),
        WITH_SERVER(test_no_line_is_no_chunk),
        WITH_SERVER(test_a_failure_is_told_behind_what_came_before),
        WITH_SERVER(test_reading_ends_when_nobody_takes),
        WITH_SERVER(test_its_client_is_given_back),
    };

    if (!sv_real_mongodb_named()) {
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
