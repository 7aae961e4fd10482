/* Blocks read and opened on a thread of its own: in order, whole, refused where they are damaged, left in the midst. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/codec.h"
#include "core/report/blocks/block_ahead.h"
#include "t/unit/random.h"
#include "t/unit/real_mongodb.h"

enum { MANY = 300, LARGE = 3 << 20, FEW = 12, MORE_THAN_CLIENTS = 20 };

static sv_real_mongodb_t real;
static const sv_block_place_t place = { SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "snapshot_id", "s.1" };

/* A block as it is stored, of bytes that tell which it is. */
typedef struct {
    int64_t n, bytes, format;
    bool last;
    uint8_t sha256[SV_SHA256_SIZE];
    size_t sha256_size, size;
    uint8_t *data;
} stored_t;

static uint8_t
byte_of(int64_t number, size_t at)
{
    return (uint8_t) ((size_t) number + at / 7);
}

static stored_t
stored(int number, size_t size)
{
    uint8_t *raw = malloc(size + 1);
    stored_t made = { .n = number, .bytes = (int64_t) size, .format = SV_BLOCK_PACKED, .sha256_size = SV_SHA256_SIZE };

    for (size_t i = 0; i < size; i++) {
        raw[i] = byte_of(number, i);
    }
    made.data = malloc(ZSTD_compressBound(size));
    made.size = ZSTD_compress(made.data, ZSTD_compressBound(size), raw, size, 1);
    sv_sha256(made.data, made.size, made.sha256);
    free(raw);
    return made;
}

static void
store(stored_t made)
{
    bson_t *block = bson_new();
    bson_error_t reason;

    BSON_APPEND_UTF8(block, place.owner_field, place.owner);
    BSON_APPEND_INT64(block, "n", made.n);
    BSON_APPEND_INT64(block, "first_row", made.n);
    BSON_APPEND_INT64(block, "rows", 1);
    BSON_APPEND_INT64(block, "bytes", made.bytes);
    BSON_APPEND_BOOL(block, "last", made.last);
    BSON_APPEND_INT64(block, "format", made.format);
    BSON_APPEND_BINARY(block, "sha256", BSON_SUBTYPE_BINARY, made.sha256, (uint32_t) made.sha256_size);
    BSON_APPEND_BINARY(block, "data", BSON_SUBTYPE_BINARY, made.data, (uint32_t) made.size);
    if (!mongoc_collection_insert_one(real.store->collections[place.collection], block, NULL, NULL, &reason)) {
        fail_msg("%s", reason.message);
    }
    bson_destroy(block);
    free(made.data);
}

static sv_block_ahead_t *
ahead_from(int64_t n)
{
    sv_block_ahead_t *ahead = sv_block_ahead_create(real.pool, &place, n, &real.error);

    assert_non_null(ahead);
    return ahead;
}

static const sv_opened_block_t *
take(sv_block_ahead_t *ahead)
{
    const sv_opened_block_t *opened;

    assert_int_equal(sv_block_ahead_take(ahead, &opened, &real.error), SV_OK);
    return opened;
}

static void
is_block(const sv_opened_block_t *opened, int64_t number)
{
    assert_non_null(opened);
    assert_null(opened->wrong);
    assert_int_equal(opened->block.n, number);
    assert_int_equal(opened->raw.length, opened->block.bytes);
    for (size_t i = 0; i < opened->raw.length; i++) {
        if (opened->raw.bytes[i] != byte_of(number, i)) {
            fail_msg("byte %zu of block %lld", i, (long long) number);
        }
    }
}

/* What is behind the last one is none of it. */
static void
all_blocks_come_in_order(void **state)
{
    random_t random = random_seeded(5);
    sv_block_ahead_t *ahead;

    (void) state;
    for (int i = 0; i < MANY; i++) {
        stored_t made = stored(i, (size_t) random_between(&random, 0, i % 50 == 0 ? LARGE : 30000));

        made.last = i == MANY - 2;
        store(made);
    }
    for (int from = 0; from < MANY; from += 100) {
        ahead = ahead_from(from);
        for (int i = from; i < MANY - 1; i++) {
            is_block(take(ahead), i);
        }
        assert_null(take(ahead));
        assert_null(take(ahead));
        sv_block_ahead_destroy(ahead);
    }
}

/* Takes `count` blocks, each after `wanted` of them wait, or all that are left; never are there more. */
static void
wait_in_numbers(int count, size_t wanted)
{
    sv_block_ahead_t *ahead = ahead_from(0);

    for (int i = 0; i < count; i++) {
        size_t least = (size_t) (count - i) < wanted ? (size_t) (count - i) : wanted, waiting;

        while ((waiting = sv_block_ahead_waiting(ahead)) < least) {
            sched_yield();
        }
        assert_in_range(waiting, least, wanted + 1);
        is_block(take(ahead), i);
    }
    assert_null(take(ahead)); /* without a last one there is no more at the end */
    sv_block_ahead_destroy(ahead);
}

static void
there_are_some_and_fewer_large_ones(void **state)
{
    (void) state;
    for (int i = 0; i < FEW; i++) {
        store(stored(i, LARGE));
    }
    wait_in_numbers(FEW, 1); /* beside the one that is read */
}

static void
there_are_many_small_ones(void **state)
{
    (void) state;
    for (int i = 0; i < MANY; i++) {
        store(stored(i, 1000));
    }
    wait_in_numbers(MANY, 16);
}

static void
what_is_damaged_is_told(void **state)
{
    sv_block_ahead_t *ahead;
    stored_t made[6];

    (void) state;
    for (int i = 0; i < 6; i++) {
        made[i] = stored(i, 1000);
    }
    made[0].format = SV_BLOCK_PACKED + 100;
    made[1].sha256_size = 3;
    made[2].data[5] ^= 1;
    made[3].bytes = 999;
    made[4].bytes = INT64_MAX;
    for (int i = 0; i < 6; i++) {
        store(made[i]);
    }
    ahead = ahead_from(0);
    for (int i = 0; i < 5; i++) {
        const sv_opened_block_t *opened = take(ahead);

        assert_int_equal(opened->block.n, i);
        assert_non_null(opened->wrong);
    }
    is_block(take(ahead), 5);
    sv_block_ahead_destroy(ahead);
}

/* Its client is back in the pool then. */
static void
it_may_be_left_at_any_time(void **state)
{
    (void) state;
    for (int i = 0; i < FEW; i++) {
        store(stored(i, 200000));
    }
    for (int i = 0; i < MORE_THAN_CLIENTS; i++) {
        sv_block_ahead_t *ahead = ahead_from(0);

        for (int taken = 0; taken < i % FEW; taken++) {
            is_block(take(ahead), taken);
        }
        sv_block_ahead_destroy(ahead);
    }
    sv_block_ahead_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SV_WITH_REAL_MONGODB(all_blocks_come_in_order, &real),
        SV_WITH_REAL_MONGODB(there_are_some_and_fewer_large_ones, &real),
        SV_WITH_REAL_MONGODB(there_are_many_small_ones, &real),
        SV_WITH_REAL_MONGODB(what_is_damaged_is_told, &real),
        SV_WITH_REAL_MONGODB(it_may_be_left_at_any_time, &real),
    };

    return sv_real_mongodb_named() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
