/* Rows without their columns' names: what is packed comes back, and what was never packed is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/rows/row_pack.h"
#include "t/unit/random.h"

static const sv_column_t columns[] = {
    { "code", "Code", SV_COLUMN_TEXT, true, false, false },
    { "quantity", "Quantity", SV_COLUMN_QUANTITY, false, false, true },
    { "remark", "Remark", SV_COLUMN_TEXT, false, false, false },
    { "at", "At", SV_COLUMN_TIME, false, false, false },
    { "partial", "Partial", SV_COLUMN_BOOL, false, false, false },
    { "records", "Records", SV_COLUMN_INT, false, false, true },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static sv_arena_t *arena;
static sv_error_t error;
static sv_row_layout_t layout;
static sv_row_packer_t packer;

static int
setup(void **state)
{
    (void) state;
    arena = sv_arena_create();
    sv_error_init(&error, arena);
    sv_row_layout_init(&layout, columns, COLUMNS, arena);
    sv_row_packer_init(&packer, &layout, arena);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

static sv_row_value_t
text(const char *bytes, size_t length)
{
    return (sv_row_value_t){ .known = true, .text = bytes, .length = (uint32_t) length };
}

static sv_row_value_t
number(int64_t value)
{
    return (sv_row_value_t){ .known = true, .number = value };
}

static void
comes_back(const sv_row_value_t *values)
{
    const sv_packed_row_t *row = sv_row_packer_values(&packer, values, &error);
    sv_row_value_t got[COLUMNS];
    uint8_t *exact;

    assert_non_null(row);
    exact = malloc(row->length); /* so that a read past its end is seen */
    memcpy(exact, row->bytes, row->length);
    assert_int_equal(sv_row_unpack(&layout, &(sv_packed_row_t){ exact, row->length }, got, &error), SV_OK);
    for (size_t i = 0; i < COLUMNS; i++) {
        assert_true(sv_row_value_equal(&got[i], &values[i]));
    }
    free(exact);
}

static void
numbers_of_every_size_come_back(void **state)
{
    (void) state;
    for (int bit = 0; bit < 64; bit++) {
        for (int64_t off = -2; off <= 2; off++) {
            int64_t value = (int64_t) ((UINT64_C(1) << bit) + (uint64_t) off);
            sv_row_value_t values[COLUMNS] = {
                text("a", 1),  number(value),   text("", 0),
                number(value), number(bit & 1), number((int64_t) (0 - (uint64_t) value))
            };

            comes_back(values);
        }
    }
}

static void
texts_of_every_length_come_back(void **state)
{
    static char bytes[70000];

    (void) state;
    memset(bytes, 'x', sizeof(bytes));
    bytes[3] = '\0';
    for (size_t length = 0; length < sizeof(bytes); length += length < 600 ? 1 : 9973) {
        sv_row_value_t values[COLUMNS] = { text(bytes, length), number(0), text(bytes, length / 2),
                                           { .known = false },  number(1), { .known = false } };

        comes_back(values);
    }
}

static void
nothing_is_known_of_a_row_of_nulls(void **state)
{
    sv_row_value_t values[COLUMNS] = { { .known = false } };

    (void) state;
    comes_back(values);
    assert_int_equal(packer.row.length, COLUMNS);
}

/* As comparisons of the version before have it. */
static void
values_that_are_repeated_are_read(void **state)
{
    static const uint8_t bytes[] = { 1 + 4, 's', 'a', 'm', 'e', 2, 14, 254, 0, 254, 1, 0, 254, 4 };
    const sv_packed_row_t row = { bytes, sizeof(bytes) };
    sv_row_value_t same = text("same", 4), got[COLUMNS];

    (void) state;
    assert_int_equal(sv_row_unpack(&layout, &row, got, &error), SV_OK);
    assert_true(sv_row_value_equal(&got[0], &same));
    assert_true(sv_row_value_equal(&got[2], &same));
    assert_int_equal(got[3].number, 7);
    assert_false(got[5].known);
}

static void
a_row_that_is_not_whole_is_not_made(void **state)
{
    (void) state;
    sv_row_packer_begin(&packer);
    sv_row_packer_put(&packer, &(sv_row_value_t){ .known = false });
    assert_null(sv_row_packer_end(&packer, &error));
    assert_int_equal(error.status, SV_ERR_INTERNAL);
}

static sv_status_t
unpack(const void *bytes, size_t length)
{
    sv_row_value_t got[COLUMNS];
    uint8_t *exact = malloc(length + 1);
    sv_status_t status;

    memcpy(exact + 1, bytes, length);
    sv_error_clear(&error);
    status = sv_row_unpack(&layout, &(sv_packed_row_t){ exact + 1, (uint32_t) length }, got, &error);
    free(exact);
    return status;
}

static void
what_is_no_row_is_refused(void **state)
{
    (void) state;
    assert_int_equal(unpack("\0\0\0\0\0\0", 6), SV_OK);
    assert_int_equal(unpack("\0\0\0\0\0", 5), SV_ERR_INTERNAL);     /* too few */
    assert_int_equal(unpack("\0\0\0\0\0\0\0", 7), SV_ERR_INTERNAL); /* too many */
    assert_int_equal(unpack("\xfc\0\0\0\0\0", 6), SV_ERR_INTERNAL); /* begins no text */
    assert_int_equal(unpack("\xff\0\0\0\0\0", 6), SV_ERR_INTERNAL);
    assert_int_equal(unpack("\0\x0a\0\0\0\0", 6), SV_ERR_INTERNAL); /* begins no number */
    assert_int_equal(unpack("\x20\0\0\0\0\0", 6), SV_ERR_INTERNAL); /* a text that goes on behind the row */
    assert_int_equal(unpack("\xfd\xff\xff\xff\xff\0\0\0\0\0", 10), SV_ERR_INTERNAL);
    assert_int_equal(unpack("\xfd\xff", 2), SV_ERR_INTERNAL);
    assert_int_equal(unpack("\0\0\0\0\0\x09", 6), SV_ERR_INTERNAL);     /* a number that does */
    assert_int_equal(unpack("\xfe\0\0\0\0\0\0", 7), SV_ERR_INTERNAL);   /* repeats itself */
    assert_int_equal(unpack("\0\0\xfe\x05\0\0\0", 7), SV_ERR_INTERNAL); /* repeats what comes later */
    assert_int_equal(unpack("\0\0\xfe\x01\0\0\0", 7), SV_ERR_INTERNAL); /* a text that repeats a number */
    assert_int_equal(unpack("\0\0\xfe\x00\0\0\0", 7), SV_OK);
    assert_int_equal(unpack("\0\0\0\0\0\xfe", 6), SV_ERR_INTERNAL);
    assert_int_equal(unpack("", 0), SV_ERR_INTERNAL);
}

/* Bytes changed and cut anywhere: refused, or values within the row. */
static void
damaged_rows_are_refused_or_read_within_their_bytes(void **state)
{
    random_t random = random_seeded(11);
    sv_row_value_t values[COLUMNS] = { text("ITEM-000123", 11), number(-5000000),  text("box opened", 10),
                                       number(1767600000000),   { .known = true }, number(3) };
    const sv_packed_row_t *row = sv_row_packer_values(&packer, values, &error);

    (void) state;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[64];
        size_t length = (size_t) random_between(&random, 0, row->length);

        memcpy(bytes, row->bytes, row->length);
        bytes[random_between(&random, 0, row->length - 1)] = (uint8_t) random_between(&random, 0, 255);
        unpack(bytes, round % 2 == 0 ? row->length : length);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_of_every_size_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(texts_of_every_length_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_known_of_a_row_of_nulls, setup, teardown),
        cmocka_unit_test_setup_teardown(values_that_are_repeated_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_row_that_is_not_whole_is_not_made, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_row_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_rows_are_refused_or_read_within_their_bytes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
