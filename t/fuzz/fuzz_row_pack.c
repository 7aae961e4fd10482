/* Packed rows as a damaged block may have them: refused, or values that lie within the row and come back the same when
 * they are packed again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/report/rows/row_pack.h"

enum { SV_FUZZ_COLUMNS = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const sv_column_t columns[SV_FUZZ_COLUMNS] = {
    { "code", "Code", SV_COLUMN_TEXT, true, false, false },
    { "quantity", "Quantity", SV_COLUMN_QUANTITY, false, false, true },
    { "remark", "Remark", SV_COLUMN_TEXT, false, false, false },
    { "at", "At", SV_COLUMN_TIME, false, false, false },
    { "partial", "Partial", SV_COLUMN_BOOL, false, false, false },
};

static void
check_texts(const sv_packed_row_t *row, const sv_row_value_t *values)
{
    for (size_t i = 0; i < SV_FUZZ_COLUMNS; i++) {
        const uint8_t *text = (const uint8_t *) values[i].text;

        if (text != NULL && (text < row->bytes || values[i].length > (size_t) (row->bytes + row->length - text))) {
            abort();
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_arena_t *arena = sv_arena_create();
    sv_packed_row_t row = { data, (uint32_t) size };
    sv_row_value_t values[SV_FUZZ_COLUMNS], again[SV_FUZZ_COLUMNS];
    sv_row_layout_t layout;
    sv_row_packer_t packer;
    sv_error_t error;

    sv_error_init(&error, arena);
    sv_row_layout_init(&layout, columns, SV_FUZZ_COLUMNS, arena);
    sv_row_packer_init(&packer, &layout, arena);
    if (sv_row_unpack(&layout, &row, values, &error) == SV_OK) {
        const sv_packed_row_t *packed = sv_row_packer_values(&packer, values, &error);

        check_texts(&row, values);
        if (packed == NULL || sv_row_unpack(&layout, packed, again, &error) != SV_OK) {
            abort();
        }
        for (size_t i = 0; i < SV_FUZZ_COLUMNS; i++) {
            if (!sv_row_value_equal(&values[i], &again[i])) {
                abort();
            }
        }
    }
    sv_arena_destroy(arena);
    return 0;
}
