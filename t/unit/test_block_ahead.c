/* Blocks opened on a thread of its own: in order, whole, refused where they are damaged, and left in the midst. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/codec.h"
#include "core/report/blocks/block_ahead.h"
#include "core/report/blocks/blocks.h"
#include "t/unit/random.h"

enum { MANY = 500, LARGE = 3 << 20 };

static sv_error_t error; /* nothing here fails */

/* A block as it is stored, of bytes that tell which it is. */
typedef struct {
    sv_block_t block;
    uint8_t sha256[SV_SHA256_SIZE];
    uint8_t *data;
} stored_t;

static uint8_t
byte_of(int number, size_t at)
{
    return (uint8_t) (number + (int) (at / 7));
}

static stored_t
stored(int number, size_t size)
{
    uint8_t *raw = malloc(size + 1);
    stored_t made = { .data = malloc(ZSTD_compressBound(size)) };

    for (size_t i = 0; i < size; i++) {
        raw[i] = byte_of(number, i);
    }
    made.block = (sv_block_t){ .n = number,
                               .first_row = number,
                               .rows = 1,
                               .bytes = (int64_t) size,
                               .format = SV_BLOCK_PACKED,
                               .data = made.data,
                               .sha256_size = sizeof(made.sha256) };
    made.block.size = (uint32_t) ZSTD_compress(made.data, ZSTD_compressBound(size), raw, size, 1);
    sv_sha256(made.data, made.block.size, made.sha256);
    free(raw);
    return made;
}

/* What was given is copied: the stored bytes go at once. */
static bool
give(sv_block_ahead_t *ahead, stored_t made)
{
    bool given;

    made.block.sha256 = made.sha256;
    given = sv_block_ahead_give(ahead, &made.block);
    free(made.data);
    return given;
}

static const sv_opened_block_t *
take(sv_block_ahead_t *ahead)
{
    const sv_opened_block_t *opened;

    assert_int_equal(sv_block_ahead_take(ahead, &opened, &error), SV_OK);
    return opened;
}

static void
is_block(const sv_opened_block_t *opened, int number)
{
    assert_non_null(opened);
    assert_null(opened->wrong);
    assert_int_equal(opened->block.n, number);
    assert_int_equal(opened->raw.length, opened->block.bytes);
    for (size_t i = 0; i < opened->raw.length; i++) {
        assert_int_equal(opened->raw.bytes[i], byte_of(number, i));
    }
}

static void
all_blocks_come_in_order(void **state)
{
    random_t random = random_seeded(5);
    sv_block_ahead_t *ahead = sv_block_ahead_create();
    int taken = 0;

    (void) state;
    for (int i = 0; i < MANY; i++) {
        while (!sv_block_ahead_room(ahead) || (i % 5 == 0 && sv_block_ahead_waiting(ahead) > 3)) {
            is_block(take(ahead), taken++);
        }
        assert_true(give(ahead, stored(i, (size_t) random_between(&random, 0, i % 50 == 0 ? LARGE : 30000))));
    }
    while (sv_block_ahead_waiting(ahead) > 0) {
        is_block(take(ahead), taken++);
    }
    assert_int_equal(taken, MANY);
    assert_null(take(ahead));
    sv_block_ahead_destroy(ahead);
}

/* The one taken last stays as it is while all the others are given. */
static void
there_are_some_and_fewer_large_ones(void **state)
{
    static const size_t sizes[] = { 100, LARGE };
    int counts[2] = { 0 };

    (void) state;
    for (int i = 0; i < 2; i++) {
        sv_block_ahead_t *ahead = sv_block_ahead_create();
        const sv_opened_block_t *held;

        give(ahead, stored(0, sizes[i]));
        held = take(ahead);
        while (sv_block_ahead_room(ahead)) {
            give(ahead, stored(++counts[i], sizes[i]));
            assert_in_range(counts[i], 1, 32);
        }
        is_block(held, 0);
        for (int number = 1; number <= counts[i]; number++) {
            is_block(take(ahead), number);
        }
        sv_block_ahead_destroy(ahead);
    }
    assert_in_range(counts[0], 8, 32);
    assert_in_range(counts[1], 1, 3);
}

static void
what_is_damaged_is_told(void **state)
{
    sv_block_ahead_t *ahead = sv_block_ahead_create();
    stored_t made[6];

    (void) state;
    for (int i = 0; i < 6; i++) {
        made[i] = stored(i, 1000);
    }
    made[0].block.format = SV_BLOCK_PACKED + 100;
    made[1].block.sha256_size = 3;
    made[2].data[5] ^= 1;
    made[3].block.bytes = 999;
    made[4].block.bytes = INT64_MAX;
    for (int i = 0; i < 6; i++) {
        give(ahead, made[i]);
    }
    for (int i = 0; i < 5; i++) {
        const sv_opened_block_t *opened = take(ahead);

        assert_int_equal(opened->block.n, i);
        assert_non_null(opened->wrong);
    }
    is_block(take(ahead), 5);
    assert_true(sv_block_ahead_give(ahead, &(sv_block_t){ .n = 6, .format = SV_BLOCK_PACKED, .bytes = -1 }));
    assert_non_null(take(ahead)->wrong);
    sv_block_ahead_destroy(ahead);
}

static void
it_may_be_left_at_any_time(void **state)
{
    (void) state;
    for (int given = 0; given < 4; given++) {
        sv_block_ahead_t *ahead = sv_block_ahead_create();

        for (int i = 0; i < given; i++) {
            give(ahead, stored(i, 200000));
        }
        sv_block_ahead_destroy(ahead);
    }
    sv_block_ahead_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_blocks_come_in_order),
        cmocka_unit_test(there_are_some_and_fewer_large_ones),
        cmocka_unit_test(what_is_damaged_is_told),
        cmocka_unit_test(it_may_be_left_at_any_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
