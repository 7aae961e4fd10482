/* Blocks compressed on a thread of their own: in order, whole, and left in the midst. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "core/report/blocks/block_packer.h"
#include "t/unit/random.h"

enum { MANY = 500, LARGE = 5 << 20 };

static const sv_column_t columns[] = {
    { "code", "Code", SV_COLUMN_TEXT, true, false, false },
    { "records", "Records", SV_COLUMN_INT, false, false, true },
};

static sv_arena_t *arena;
static sv_error_t error;
static sv_row_layout_t layout;

static int
setup(void **state)
{
    (void) state;
    arena = sv_arena_create();
    sv_error_init(&error, arena);
    sv_row_layout_init(&layout, columns, 2, arena);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

/* Bytes that tell which block they are of. */
static void
fill(sv_packed_block_t *block, int number, size_t size)
{
    if (size > block->raw_capacity) {
        block->raw = realloc(block->raw, size);
        block->raw_capacity = size;
    }
    for (size_t i = 0; i < size; i++) {
        block->raw[i] = (uint8_t) (number + (int) (i / 7));
    }
    block->raw_length = size;
    block->first_row = number;
    block->rows = 1;
}

static void
is_block(const sv_packed_block_t *block, int number)
{
    uint8_t digest[SV_SHA256_SIZE], *raw = malloc(block->raw_length + 1);

    assert_int_equal(block->first_row, number);
    assert_int_equal(ZSTD_decompress(raw, block->raw_length + 1, block->data, block->size), block->raw_length);
    assert_memory_equal(raw, block->raw, block->raw_length);
    sv_sha256(block->data, block->size, digest);
    assert_memory_equal(digest, block->sha256, sizeof(digest));
    free(raw);
}

static const sv_packed_block_t *
take(sv_block_packer_t *packer, bool wait)
{
    const sv_packed_block_t *block;

    assert_int_equal(sv_block_packer_take(packer, wait, &block, &error), SV_OK);
    return block;
}

static void
take_all(sv_block_packer_t *packer, bool wait, int *taken)
{
    const sv_packed_block_t *block;

    while ((block = take(packer, wait)) != NULL) {
        is_block(block, (*taken)++);
        sv_block_packer_drop(packer);
    }
}

static void
all_blocks_come_in_order(void **state)
{
    random_t random = random_seeded(3);
    sv_block_packer_t *packer = sv_block_packer_create(&layout);
    sv_buffer_t all;
    char digest[SV_SHA256_HEX_SIZE], expected[SV_SHA256_HEX_SIZE];
    int taken = 0;

    (void) state;
    sv_buffer_init(&all, arena, 65536);
    sv_buffer_append(&all, "text\0code\0integer\0records\0\0", 27);
    for (int i = 0; i < MANY; i++) {
        sv_packed_block_t *block = sv_block_packer_room(packer);

        if (block == NULL) {
            take_all(packer, true, &taken);
            block = sv_block_packer_room(packer);
        }
        assert_non_null(block);
        assert_int_equal(block->raw_length, 0);
        fill(block, i, (size_t) random_between(&random, 0, 40000));
        sv_buffer_append(&all, block->raw, block->raw_length);
        sv_block_packer_give(packer);
        if (i % 3 == 0) {
            take_all(packer, false, &taken);
        }
    }
    take_all(packer, true, &taken);
    assert_int_equal(taken, MANY);
    assert_true(sv_block_packer_digest(packer, digest));
    sv_sha256_hex(all.data, all.length, expected);
    assert_string_equal(digest, expected);
    sv_block_packer_destroy(packer);
}

static void
there_are_a_few_and_no_more(void **state)
{
    sv_block_packer_t *packer = sv_block_packer_create(&layout);
    sv_packed_block_t *block;
    int given = 0, taken = 0;

    (void) state;
    assert_null(take(packer, true));
    while ((block = sv_block_packer_room(packer)) != NULL) {
        fill(block, given++, 100);
        sv_block_packer_give(packer);
        assert_in_range(given, 1, 8);
    }
    take_all(packer, true, &taken);
    assert_int_equal(taken, given);
    assert_non_null(sv_block_packer_room(packer));
    sv_block_packer_destroy(packer);
}

/* What one long row took is not kept for the rest of them. */
static void
room_of_a_long_row_is_given_back(void **state)
{
    sv_block_packer_t *packer = sv_block_packer_create(&layout);
    int taken = 0;

    (void) state;
    fill(sv_block_packer_room(packer), 0, LARGE);
    sv_block_packer_give(packer);
    take_all(packer, true, &taken);
    for (int i = 1; i < 10; i++) {
        sv_packed_block_t *block = sv_block_packer_room(packer);

        assert_in_range(block->raw_capacity, 0, LARGE - 1);
        fill(block, i, 100);
        sv_block_packer_give(packer);
        take_all(packer, true, &taken);
    }
    sv_block_packer_destroy(packer);
}

static void
it_may_be_left_at_any_time(void **state)
{
    (void) state;
    for (int given = 0; given < 4; given++) {
        sv_block_packer_t *packer = sv_block_packer_create(&layout);

        for (int i = 0; i < given; i++) {
            fill(sv_block_packer_room(packer), i, 200000);
            sv_block_packer_give(packer);
        }
        sv_block_packer_destroy(packer);
    }
    sv_block_packer_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_blocks_come_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(there_are_a_few_and_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(room_of_a_long_row_is_given_back, setup, teardown),
        cmocka_unit_test_setup_teardown(it_may_be_left_at_any_time, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
