/* Blocks inserted on a thread of its own: all of them, and what fails is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/report/blocks/block_inserter.h"
#include "core/store/transaction.h"
#include "t/unit/real_mongodb.h"

enum { MANY = 300, LARGE = 300000, SHORT_MS = 200 };

static sv_real_mongodb_t real;

static bson_t *
block(const char *owner, int n, size_t size)
{
    uint8_t *data = calloc(1, size + 1);
    bson_t *document = BCON_NEW("snapshot_id", BCON_UTF8(owner), "n", BCON_INT64(n), "data",
                                BCON_BIN(BSON_SUBTYPE_BINARY, data, (uint32_t) size));

    free(data);
    return document;
}

static sv_block_inserter_t *
inserter(const sv_block_announce_t *announce)
{
    sv_block_inserter_t *made =
        sv_block_inserter_create(real.pool, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, announce, &real.error);

    assert_non_null(made);
    return made;
}

static int64_t
blocks_of(const char *owner)
{
    return sv_real_count(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS,
                         sv_arena_printf(real.arena, "{'snapshot_id': '%s'}", owner));
}

/* All that were added are there. */
static sv_status_t
finish(sv_block_inserter_t *writer)
{
    return sv_block_inserter_settle(writer, &real.error) == SV_OK
               ? sv_block_inserter_insert_last(writer, real.store, &real.error)
               : real.error.status;
}

static void
all_of_them_are_there_in_the_end(void **state)
{
    sv_block_inserter_t *writer = inserter(NULL);

    (void) state;
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(sv_block_inserter_add(writer, block("all", i, i % 10 == 0 ? LARGE : 10), &real.error), SV_OK);
    }
    assert_int_equal(finish(writer), SV_OK);
    assert_int_equal(blocks_of("all"), MANY);
    sv_block_inserter_destroy(writer);
    writer = inserter(NULL);
    assert_int_equal(finish(writer), SV_OK);
    sv_block_inserter_destroy(writer);
}

/* At the latest when all should be there, and again whatever follows. */
static void
a_failure_is_told(void **state)
{
    sv_block_inserter_t *writer = inserter(NULL);

    (void) state;
    for (int i = 0; i < MANY; i++) {
        sv_error_clear(&real.error);
        sv_block_inserter_add(writer, block("twice", i / 2, 10), &real.error);
    }
    for (int i = 0; i < 2; i++) {
        sv_error_clear(&real.error);
        assert_int_equal(finish(writer), SV_ERR_INTERNAL);
        assert_non_null(real.error.cause);
    }
    assert_int_equal(blocks_of("twice"), 1);
    sv_block_inserter_destroy(writer);
}

/* Few, and the last of many, are part of a transaction that may be tried again, or may not be. */
static sv_status_t
insert_last_and(sv_store_t *store, void *context, sv_error_t *error)
{
    sv_block_inserter_t *writer = context;

    return sv_block_inserter_insert_last(writer, store, error) == SV_OK ? sv_fail(error, SV_ERR_BUSY, NULL)
                                                                        : error->status;
}

static void
the_last_ones_go_with_a_transaction(void **state)
{
    sv_block_inserter_t *writer = inserter(NULL);

    (void) state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sv_block_inserter_add(writer, block("few", i, 10), &real.error), SV_OK);
    }
    assert_int_equal(sv_block_inserter_settle(writer, &real.error), SV_OK);
    assert_int_equal(blocks_of("few"), 0);
    assert_int_equal(sv_transaction_run(real.store, insert_last_and, writer, &real.error), SV_ERR_BUSY);
    sv_error_clear(&real.error);
    assert_int_equal(blocks_of("few"), 0);
    assert_int_equal(finish(writer), SV_OK);
    assert_int_equal(blocks_of("few"), 3);
    sv_block_inserter_destroy(writer);
}

static int announced;

static sv_status_t
announcement(void *context, sv_store_t *store, sv_error_t *error)
{
    announced++;
    assert_ptr_not_equal(store, real.store);
    assert_int_equal(blocks_of("announced"), 0);
    return context != NULL ? sv_fail(error, SV_ERR_BUSY, NULL) : SV_OK;
}

static void
the_first_insert_is_announced(void **state)
{
    sv_block_inserter_t *writer = inserter(&(sv_block_announce_t){ announcement, NULL });

    (void) state;
    announced = 0;
    sv_block_inserter_add(writer, block("announced", 0, 10), &real.error);
    assert_int_equal(sv_block_inserter_settle(writer, &real.error), SV_OK);
    assert_int_equal(announced, 0);
    for (int i = 1; i < MANY; i++) {
        assert_int_equal(sv_block_inserter_add(writer, block("announced", i, 10), &real.error), SV_OK);
    }
    assert_int_equal(finish(writer), SV_OK);
    assert_int_equal(announced, 1);
    assert_int_equal(blocks_of("announced"), MANY);
    sv_block_inserter_destroy(writer);
}

/* What may not be announced is not inserted. */
static void
without_its_announcement_there_is_none(void **state)
{
    sv_block_inserter_t *writer = inserter(&(sv_block_announce_t){ announcement, &real });

    (void) state;
    for (int i = 0; i < MANY; i++) {
        sv_error_clear(&real.error);
        sv_block_inserter_add(writer, block("announced", i, 10), &real.error);
    }
    sv_error_clear(&real.error);
    assert_int_equal(finish(writer), SV_ERR_BUSY);
    assert_int_equal(blocks_of("announced"), 0);
    sv_block_inserter_destroy(writer);
}

static void
it_may_be_left_at_any_time(void **state)
{
    (void) state;
    for (int given = 0; given < 200; given += 33) {
        sv_block_inserter_t *writer = inserter(NULL);

        for (int i = 0; i < given; i++) {
            sv_block_inserter_add(writer, block("left", 1000 * given + i, 1000), &real.error);
        }
        sv_block_inserter_destroy(writer);
    }
    sv_block_inserter_destroy(NULL);
}

/* Clients go back to the pool; while none is there, none is made. */
static void
it_takes_a_client_as_long_as_it_lives(void **state)
{
    sv_settings_t settings = real.settings;
    sv_store_pool_t *pool;
    sv_block_inserter_t *one;

    (void) state;
    settings.mongodb_timeout = SHORT_MS;
    pool = sv_store_pool_create(&settings, 1, &real.error);
    one = sv_block_inserter_create(pool, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, NULL, &real.error);
    assert_non_null(one);
    assert_null(sv_block_inserter_create(pool, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, NULL, &real.error));
    assert_int_equal(real.error.status, SV_ERR_UNAVAILABLE);
    sv_error_clear(&real.error);
    sv_block_inserter_destroy(one);
    one = sv_block_inserter_create(pool, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, NULL, &real.error);
    assert_non_null(one);
    sv_block_inserter_destroy(one);
    sv_store_pool_destroy(pool);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_REAL_MONGODB(all_of_them_are_there_in_the_end, &real),
        SV_WITH_REAL_MONGODB(a_failure_is_told, &real),
        SV_WITH_REAL_MONGODB(the_last_ones_go_with_a_transaction, &real),
        SV_WITH_REAL_MONGODB(the_first_insert_is_announced, &real),
        SV_WITH_REAL_MONGODB(without_its_announcement_there_is_none, &real),
        SV_WITH_REAL_MONGODB(it_may_be_left_at_any_time, &real),
        SV_WITH_REAL_MONGODB(it_takes_a_client_as_long_as_it_lives, &real),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
