/* Columns of rows as a damaged block may have them: refused, or values that lie within the bytes and come back the same
 * when they are packed again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/report/rows/row_columns.h"

enum { SV_FUZZ_COLUMNS = 5, SV_FUZZ_ROWS = 300 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const sv_column_t columns[SV_FUZZ_COLUMNS] = {
    { "code", "Code", SV_COLUMN_TEXT, true, false, false },
    { "remark_before", "Remark before", SV_COLUMN_TEXT, false, false, false },
    { "quantity_before", "Quantity before", SV_COLUMN_QUANTITY, false, false, true },
    { "quantity_after", "Quantity after", SV_COLUMN_QUANTITY, false, false, true },
    { "at", "At", SV_COLUMN_TIME, false, false, false },
};

static void
check_texts(const uint8_t *data, size_t size, const sv_row_value_t *values)
{
    for (size_t i = 0; i < SV_FUZZ_COLUMNS; i++) {
        const uint8_t *text = (const uint8_t *) values[i].text;

        if (text != NULL && (text < data || values[i].length > (size_t) (data + size - text))) {
            abort();
        }
    }
}

/* Reads rows and packs them again; how many. */
static size_t
read_rows(sv_column_reader_t *reader, const uint8_t *data, size_t size, sv_column_packer_t *packer)
{
    sv_row_value_t values[SV_FUZZ_COLUMNS];
    size_t rows = 0;

    while (rows < SV_FUZZ_ROWS && sv_column_reader_next(reader, values)) {
        check_texts(data, size, values);
        if (!sv_column_packer_add(packer, values)) {
            abort();
        }
        rows++;
    }
    return rows;
}

static void
check_again(sv_column_reader_t *first, sv_column_reader_t *second, size_t rows)
{
    sv_row_value_t values[SV_FUZZ_COLUMNS], again[SV_FUZZ_COLUMNS];

    for (size_t row = 0; row < rows; row++) {
        if (!sv_column_reader_next(first, values) || !sv_column_reader_next(second, again)) {
            abort();
        }
        for (size_t i = 0; i < SV_FUZZ_COLUMNS; i++) {
            if (!sv_row_value_equal(&values[i], &again[i])) {
                abort();
            }
        }
    }
    if (sv_column_reader_next(second, again)) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_arena_t *arena = sv_arena_create();
    sv_column_reader_t reader, second;
    sv_column_packer_t *packer;
    sv_row_layout_t layout;

    sv_row_layout_init(&layout, columns, SV_FUZZ_COLUMNS, arena);
    sv_column_reader_init(&reader, &layout, arena);
    sv_column_reader_init(&second, &layout, arena);
    packer = sv_column_packer_create(&layout);
    if (sv_column_reader_begin(&reader, data, size)) {
        size_t rows = read_rows(&reader, data, size, packer), packed;
        uint8_t *bytes;

        if (!sv_column_packer_end(packer)) {
            abort();
        }
        packed = sv_column_packer_size(packer);
        bytes = sv_arena_alloc(arena, packed);
        sv_column_packer_take(packer, bytes);
        if (!sv_column_reader_begin(&reader, data, size) || !sv_column_reader_begin(&second, bytes, packed)) {
            abort();
        }
        check_again(&reader, &second, rows);
    }
    sv_column_packer_destroy(packer);
    sv_arena_destroy(arena);
    return 0;
}
