/* Any file: rows keep their bounds, reading ends, and what was read comes back when written with quotes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/csv.h"
#include "core/base/text.h"

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void
write_quoted(sv_buffer_t *out, const sv_csv_row_t *row)
{
    for (size_t i = 0; i < row->count; i++) {
        sv_buffer_puts(out, i > 0 ? ",\"" : "\"");
        for (const char *c = row->fields[i]; *c != '\0'; c++) {
            sv_buffer_putc(out, *c);
            if (*c == '"') {
                sv_buffer_putc(out, '"');
            }
        }
        sv_buffer_putc(out, '"');
    }
    sv_buffer_putc(out, '\n');
}

/* Reads everything; writes the good rows to `out`, quoted, and returns how many there were. */
static size_t
read_rows(const void *data, size_t size, const sv_csv_options_t *options, sv_buffer_t *out)
{
    FILE *in = fmemopen((void *) data, size, "r");
    sv_csv_reader_t *reader = sv_csv_reader_create(in, options);
    const char *reason = NULL;
    sv_csv_result_t result;
    sv_csv_row_t row;
    size_t rows = 0;
    long line = 0;

    while ((result = sv_csv_read(reader, &row, &reason)) != SV_CSV_END) {
        require(result == SV_CSV_ROW || result == SV_CSV_BAD_ROW);
        require(row.line > line);
        line = row.line;
        if (result == SV_CSV_BAD_ROW) {
            require(reason != NULL);
            continue;
        }
        require(row.count >= 1 && row.count <= 256);
        for (size_t i = 0; i < row.count; i++) {
            require(strlen(row.fields[i]) <= 65536 && sv_utf8_valid(row.fields[i], strlen(row.fields[i])));
        }
        write_quoted(out, &row);
        rows++;
    }
    sv_csv_reader_destroy(reader);
    fclose(in);
    return rows;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char separators[] = { ',', SV_CSV_SEPARATOR_FOUND, ';', '\t' };
    sv_csv_options_t options;
    sv_arena_t *arena;
    sv_buffer_t first, second;
    size_t rows;

    if (size < 2) {
        return 0;
    }
    options = (sv_csv_options_t){ separators[data[0] & 3], (sv_encoding_t) (data[0] >> 2 & 3) };
    data++;
    size--;
    arena = sv_arena_create();
    sv_buffer_init(&first, arena, 0);
    sv_buffer_init(&second, arena, 0);
    rows = read_rows(data, size, &options, &first);
    if (rows > 0) {
        require(read_rows(first.data, first.length, NULL, &second) == rows);
        require(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
    }
    sv_arena_destroy(arena);
    return 0;
}
