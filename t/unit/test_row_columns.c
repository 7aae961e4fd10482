/* Rows column by column: what is packed comes back, the same is kept once, and what was never packed is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/rows/row_columns.h"
#include "t/unit/random.h"

static const sv_column_t columns[] = {
    { "code", "Code", SV_COLUMN_TEXT, true, false, false },
    { "name_before", "Name before", SV_COLUMN_TEXT, false, false, false },
    { "name_after", "Name after", SV_COLUMN_TEXT, false, false, false },
    { "quantity_before", "Quantity before", SV_COLUMN_QUANTITY, false, false, true },
    { "quantity_after", "Quantity after", SV_COLUMN_QUANTITY, false, false, true },
    { "at", "At", SV_COLUMN_TIME, false, false, false },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]), MANY = 70000, LONG = 70000 };

static sv_arena_t *arena;
static sv_row_layout_t layout;
static sv_column_packer_t *packer;
static sv_column_reader_t reader;

static int
setup(void **state)
{
    (void) state;
    arena = sv_arena_create();
    sv_row_layout_init(&layout, columns, COLUMNS, arena);
    packer = sv_column_packer_create(&layout);
    sv_column_reader_init(&reader, &layout, arena);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    sv_column_packer_destroy(packer);
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

/* The bytes of all rows added; exactly so many, so that a read past their end is seen. */
static uint8_t *
taken(size_t *length)
{
    uint8_t *bytes;

    assert_true(sv_column_packer_end(packer));
    *length = sv_column_packer_size(packer);
    bytes = malloc(*length);
    sv_column_packer_take(packer, bytes);
    return bytes;
}

static void
is_next(const sv_row_value_t *expected)
{
    sv_row_value_t got[COLUMNS];

    assert_true(sv_column_reader_next(&reader, got));
    for (size_t i = 0; i < COLUMNS; i++) {
        assert_true(sv_row_value_equal(&got[i], &expected[i]));
    }
}

static void
random_row(random_t *random, sv_row_value_t *values)
{
    static char long_text[LONG];
    static const char *const names[] = { "", "rice", "rice, long grained", "salt" };

    memset(long_text, 'x', sizeof(long_text));
    for (size_t i = 0; i < COLUMNS; i++) {
        int64_t kind = random_between(random, 0, 9);
        const char *name = names[random_between(random, 0, 3)];

        if (kind == 0) {
            values[i] = (sv_row_value_t){ .known = false };
        } else if (layout.text[i]) {
            values[i] =
                kind == 1 ? text(long_text,
                                 (size_t) random_between(random, 200, random_between(random, 0, 50) == 0 ? LONG : 300))
                          : text(name, strlen(name));
        } else {
            values[i] = number(kind == 1   ? random_between(random, INT64_MIN / 2, INT64_MAX / 2)
                               : kind == 2 ? INT64_MIN + random_between(random, 0, 1)
                                           : random_between(random, -2, 2));
        }
    }
}

/* In several blocks of one packer; a row that was made again from its seed is compared. */
static void
rows_come_back(void **state)
{
    static const int counts[] = { 1, 2, 1000, 0, 37 };

    (void) state;
    for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
        random_t given = random_seeded(n + 1), again = random_seeded(n + 1);
        sv_row_value_t values[COLUMNS];
        uint8_t *bytes;
        size_t length;

        for (int i = 0; i < counts[n]; i++) {
            random_row(&given, values);
            assert_true(sv_column_packer_add(packer, values));
        }
        bytes = taken(&length);
        assert_true(sv_column_reader_begin(&reader, bytes, length));
        for (int i = 0; i < counts[n]; i++) {
            random_row(&again, values);
            is_next(values);
        }
        assert_false(sv_column_reader_next(&reader, values));
        free(bytes);
    }
}

static void
the_same_is_kept_once(void **state)
{
    sv_row_value_t values[COLUMNS] = {
        text("I1", 2), text("rice", 4), { 0 }, number(5), number(5), { .known = false }
    };
    char same[] = "rice";
    uint8_t *bytes;
    size_t length;

    (void) state;
    values[2] = text(same, 4); /* the same text of other bytes */
    for (int i = 0; i < MANY; i++) {
        assert_true(sv_column_packer_add(packer, values));
    }
    bytes = taken(&length);
    /* Lengths; cells; two runs each, as one run has 65,535 at most. */
    assert_int_equal(length, COLUMNS * 4 + 2 * (3 + 5 + 1 + 2 + 1 + 1) + COLUMNS * 2 * 3);
    assert_true(sv_column_reader_begin(&reader, bytes, length));
    for (int i = 0; i < MANY; i++) {
        is_next(values);
    }
    assert_false(sv_column_reader_next(&reader, values));
    free(bytes);
}

static void
a_number_is_not_beside_a_text_nor_beside_nothing(void **state)
{
    sv_row_value_t values[COLUMNS] = { text("", 0), text("", 0), { 0 }, number(0), number(0), number(0) };
    uint8_t *bytes;
    size_t length;

    (void) state;
    for (int i = 0; i < 4; i++) {
        values[2].known = false;
        values[3].known = i % 2 == 1;
        assert_true(sv_column_packer_add(packer, values));
    }
    bytes = taken(&length);
    assert_true(sv_column_reader_begin(&reader, bytes, length));
    for (int i = 0; i < 4; i++) {
        values[3].known = i % 2 == 1;
        is_next(values);
    }
    free(bytes);
}

/* Whether so many rows can be read of bytes that are given as columns. */
static bool
reads(const char *const *cells, const size_t *sizes, int rows)
{
    sv_row_value_t got[COLUMNS];
    size_t length = COLUMNS * 4;
    uint8_t *bytes;
    bool read;

    for (size_t i = 0; i < COLUMNS; i++) {
        length += sizes[i];
    }
    bytes = calloc(1, length);
    length = COLUMNS * 4;
    for (size_t i = 0; i < COLUMNS; i++) {
        bytes[i * 4] = (uint8_t) sizes[i];
        memcpy(bytes + length, cells[i], sizes[i]);
        length += sizes[i];
    }
    read = sv_column_reader_begin(&reader, bytes, length);
    for (int i = 0; read && i < rows; i++) {
        read = sv_column_reader_next(&reader, got);
    }
    free(bytes);
    return read;
}

static void
what_is_no_cell_is_refused(void **state)
{
    /* In the last column, a number, or the third, a text. */
    static const struct {
        size_t column;
        const char *cell;
        size_t size;
        int rows;
        bool fine;
    } cases[] = {
        { 5, "\x00", 1, 1, true },
        { 5, "\x00", 1, 2, false },             /* no second */
        { 5, "\x00\xfc\x02\x00", 4, 3, true },  /* a run of three */
        { 5, "\x00\xfc\x02\x00", 4, 4, false }, /* and no more */
        { 5, "\x00\xfc\x02", 3, 2, false },     /* a run that is cut off */
        { 5, "\xfc\x02\x00", 3, 1, false },     /* of nothing */
        { 5, "", 0, 1, false },
        { 5, "\x09", 1, 1, false }, /* ends in the midst */
        { 5, "\x0a", 1, 1, false }, /* no number */
        { 5, "\xfe\x00", 2, 1, false },
        { 5, "\xff", 1, 1, true },  /* beside a number */
        { 2, "\xff", 1, 1, true },  /* beside a text */
        { 3, "\xff", 1, 1, false }, /* a number beside a text */
        { 0, "\xff", 1, 1, false }, /* beside nothing */
        { 2, "\x06rice", 5, 1, false },
        { 2, "\xfe\x00", 2, 1, false },
        { 2, "\xfc", 1, 1, false },
        { 2, "\xfd\xff\xff\xff\xff", 5, 1, false },
    };

    (void) state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        const char *cells[COLUMNS];
        size_t sizes[COLUMNS];

        for (size_t i = 0; i < COLUMNS; i++) { /* others have a null for four rows */
            cells[i] = i == cases[n].column ? cases[n].cell : "\x00\xfc\x03\x00";
            sizes[i] = i == cases[n].column ? cases[n].size : 4;
        }
        assert_int_equal(reads(cells, sizes, cases[n].rows), cases[n].fine);
    }
}

static void
lengths_that_are_not_those_of_the_columns_are_refused(void **state)
{
    uint8_t bytes[COLUMNS * 4 + 8] = { 0 };

    (void) state;
    assert_true(sv_column_reader_begin(&reader, bytes, COLUMNS * 4));
    assert_false(sv_column_reader_begin(&reader, bytes, COLUMNS * 4 - 1));
    assert_false(sv_column_reader_begin(&reader, bytes, COLUMNS * 4 + 1)); /* more than they have */
    assert_false(sv_column_reader_begin(&reader, bytes, 0));
    bytes[4] = 8;
    assert_true(sv_column_reader_begin(&reader, bytes, sizeof(bytes)));
    bytes[8] = 1;
    assert_false(sv_column_reader_begin(&reader, bytes, sizeof(bytes))); /* fewer */
    memset(bytes, 0xff, COLUMNS * 4);
    assert_false(sv_column_reader_begin(&reader, bytes, sizeof(bytes)));
}

/* Bytes changed and cut anywhere: refused, or values within them. */
static void
damaged_columns_are_refused_or_read_within_their_bytes(void **state)
{
    random_t random = random_seeded(21);
    uint8_t *bytes;
    size_t length;

    (void) state;
    for (int i = 0; i < 20; i++) {
        sv_row_value_t values[COLUMNS] = {
            text("I1", (size_t) (i % 3)), text("rice", 4), text("rice", 4), number(i), number(i % 2 + 3),
            number(1767600000000 + i)
        };

        assert_true(sv_column_packer_add(packer, values));
    }
    bytes = taken(&length);
    for (int round = 0; round < 20000; round++) {
        size_t cut = round % 2 == 0 ? length : (size_t) random_between(&random, 0, (int64_t) length);
        uint8_t *damaged = malloc(cut + 1);
        sv_row_value_t got[COLUMNS];

        memcpy(damaged + 1, bytes, cut);
        if (cut > 0) {
            damaged[random_between(&random, 1, (int64_t) cut)] = (uint8_t) random_between(&random, 0, 255);
        }
        if (sv_column_reader_begin(&reader, damaged + 1, cut)) {
            for (int i = 0; i < 30 && sv_column_reader_next(&reader, got); i++) {
                for (size_t k = 0; k < COLUMNS; k++) {
                    assert_true(got[k].length <= cut);
                }
            }
        }
        free(damaged);
    }
    free(bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_is_kept_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_number_is_not_beside_a_text_nor_beside_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_cell_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(lengths_that_are_not_those_of_the_columns_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_columns_are_refused_or_read_within_their_bytes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
