/* Blocks inserted on a thread of its own: all of them, and what fails is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/report/blocks/block_inserter.h"
#include "core/store/document.h"
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
inserter(void)
{
    sv_block_inserter_t *made = sv_block_inserter_create(real.pool, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, &real.error);

    assert_non_null(made);
    return made;
}

static int64_t
blocks_of(const char *owner)
{
    return sv_real_count(&real, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS,
                         sv_arena_printf(real.arena, "{'snapshot_id': '%s'}", owner));
}

static void
all_of_them_are_there_in_the_end(void **state)
{
    sv_block_inserter_t *writer = inserter();

    (void) state;
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(sv_block_inserter_add(writer, block("all", i, i % 10 == 0 ? LARGE : 10), &real.error), SV_OK);
    }
    assert_int_equal(sv_block_inserter_finish(writer, &real.error), SV_OK);
    assert_int_equal(blocks_of("all"), MANY);
    assert_int_equal(sv_block_inserter_add(writer, block("all", MANY, 10), &real.error), SV_OK);
    assert_int_equal(sv_block_inserter_finish(writer, &real.error), SV_OK);
    assert_int_equal(sv_block_inserter_finish(writer, &real.error), SV_OK);
    assert_int_equal(blocks_of("all"), MANY + 1);
    sv_block_inserter_destroy(writer);
}

/* Once at the latest when all should be there, and again whatever follows. */
static void
a_failure_is_told(void **state)
{
    sv_block_inserter_t *writer = inserter();

    (void) state;
    assert_int_equal(sv_block_inserter_add(writer, block("twice", 0, 10), &real.error), SV_OK);
    assert_int_equal(sv_block_inserter_add(writer, block("twice", 0, 10), &real.error), SV_OK);
    assert_int_equal(sv_block_inserter_finish(writer, &real.error), SV_ERR_INTERNAL);
    assert_non_null(real.error.cause);
    for (int i = 1; i < MANY; i++) {
        sv_error_clear(&real.error);
        sv_block_inserter_add(writer, block("twice", i, 10), &real.error);
    }
    sv_error_clear(&real.error);
    assert_int_equal(sv_block_inserter_finish(writer, &real.error), SV_ERR_INTERNAL);
    assert_int_equal(blocks_of("twice"), 1);
    sv_block_inserter_destroy(writer);
}

static void
it_may_be_left_at_any_time(void **state)
{
    (void) state;
    for (int given = 0; given < 200; given += 33) {
        sv_block_inserter_t *writer = inserter();

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
    one = sv_block_inserter_create(pool, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, &real.error);
    assert_non_null(one);
    assert_null(sv_block_inserter_create(pool, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, &real.error));
    assert_int_equal(real.error.status, SV_ERR_UNAVAILABLE);
    sv_error_clear(&real.error);
    sv_block_inserter_destroy(one);
    one = sv_block_inserter_create(pool, SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, &real.error);
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
        SV_WITH_REAL_MONGODB(it_may_be_left_at_any_time, &real),
        SV_WITH_REAL_MONGODB(it_takes_a_client_as_long_as_it_lives, &real),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
