#include "core/report/rows/row_columns.h"

#include <stdlib.h>

#include "core/report/rows/row_cell.h"

enum {
    SV_COLUMN_ROOM = 4096,
    SV_RUN_BYTES = 1 + sizeof(uint16_t),
};

/* ---- rows in */

typedef enum { SV_KEPT_NONE, SV_KEPT_NULL, SV_KEPT_VALUE, SV_KEPT_BESIDE } sv_kept_t;

/* A column's cells so far, and what the last of them is. */
typedef struct {
    uint8_t *bytes;
    size_t length, capacity;
    uint32_t run; /* rows more that it stands for */
    sv_kept_t kept;
    int64_t number;
    size_t text_at; /* in `bytes` */
    uint32_t text_length;
} sv_column_out_t;

struct sv_column_packer_s {
    const sv_row_layout_t *layout;
    size_t size;
    sv_column_out_t columns[]; /* layout->count of them */
};

static void
sv_column_packer_begin(sv_column_packer_t *packer)
{
    for (size_t i = 0; i < packer->layout->count; i++) {
        sv_column_out_t *column = &packer->columns[i];

        column->length = 0;
        column->run = 0;
        column->kept = SV_KEPT_NONE;
    }
    packer->size = packer->layout->count * sizeof(uint32_t);
}

sv_column_packer_t *
sv_column_packer_create(const sv_row_layout_t *layout)
{
    sv_column_packer_t *packer = calloc(1, sizeof(*packer) + layout->count * sizeof(packer->columns[0]));

    if (packer != NULL) {
        packer->layout = layout;
        sv_column_packer_begin(packer);
    }
    return packer;
}

void
sv_column_packer_destroy(sv_column_packer_t *packer)
{
    if (packer == NULL) {
        return;
    }
    for (size_t i = 0; i < packer->layout->count; i++) {
        free(packer->columns[i].bytes);
    }
    free(packer);
}

static bool
sv_column_grow(sv_column_out_t *column, size_t needed)
{
    size_t capacity = column->capacity == 0 ? SV_COLUMN_ROOM : column->capacity;
    uint8_t *moved;

    while (capacity < needed) {
        capacity *= 2;
    }
    moved = realloc(column->bytes, capacity);
    if (moved == NULL) {
        return false;
    }
    column->bytes = moved;
    column->capacity = capacity;
    return true;
}

/* Room for so many bytes more: mostly there. */
static inline bool
sv_column_room(sv_column_out_t *column, size_t length)
{
    return length <= column->capacity - column->length || sv_column_grow(column, column->length + length);
}

/* There is room for it. */
static void
sv_column_put_run(sv_column_out_t *column)
{
    uint16_t ordered = BSON_UINT16_TO_LE((uint16_t) column->run);

    if (column->run > 0) {
        column->bytes[column->length] = SV_CELL_RUN;
        memcpy(column->bytes + column->length + 1, &ordered, sizeof(ordered));
        column->length += SV_RUN_BYTES;
        column->run = 0;
    }
}

/* Texts that are the same are mostly the same bytes, too. */
static inline bool
sv_same_value(const sv_row_value_t *a, const sv_row_value_t *b, bool text)
{
    return text ? a->length == b->length && (a->text == b->text || memcmp(a->text, b->text, a->length) == 0)
                : a->number == b->number;
}

static inline sv_kept_t
sv_column_kept(const sv_row_layout_t *layout, size_t i, const sv_row_value_t *values)
{
    if (!values[i].known) {
        return SV_KEPT_NULL;
    }
    return i > 0 && layout->text[i] == layout->text[i - 1] && values[i - 1].known &&
                   sv_same_value(&values[i], &values[i - 1], layout->text[i])
               ? SV_KEPT_BESIDE
               : SV_KEPT_VALUE;
}

static inline bool
sv_column_goes_on(const sv_column_out_t *column, sv_kept_t kept, const sv_row_value_t *value, bool text)
{
    if (column->kept != kept || column->run == UINT16_MAX) {
        return false;
    }
    if (kept != SV_KEPT_VALUE) {
        return true;
    }
    return text ? column->text_length == value->length &&
                      memcmp(column->bytes + column->text_at, value->text, value->length) == 0
                : column->number == value->number;
}

static void
sv_column_put(sv_column_out_t *column, sv_kept_t kept, const sv_row_value_t *value, bool text)
{
    uint8_t *at = column->bytes + column->length;
    size_t length = 1;

    if (kept == SV_KEPT_VALUE) {
        length = text ? sv_pack_text(at, value->text, value->length) : sv_pack_number(at, value->number);
    } else {
        *at = kept == SV_KEPT_NULL ? SV_CELL_NULL : SV_CELL_BESIDE;
    }
    column->length += length;
    column->kept = kept;
    column->number = value->number;
    column->text_at = column->length - value->length;
    column->text_length = value->length;
}

bool
sv_column_packer_add(sv_column_packer_t *packer, const sv_row_value_t *values)
{
    for (size_t i = 0; i < packer->layout->count; i++) {
        sv_column_out_t *column = &packer->columns[i];
        bool text = packer->layout->text[i];
        sv_kept_t kept = sv_column_kept(packer->layout, i, values);
        size_t before = column->length;

        if (sv_column_goes_on(column, kept, &values[i], text)) {
            column->run++;
            continue;
        }
        if (!sv_column_room(column, SV_RUN_BYTES + SV_CELL_MOST + (size_t) values[i].length)) {
            return false;
        }
        sv_column_put_run(column);
        sv_column_put(column, kept, &values[i], text);
        packer->size += column->length - before;
    }
    return true;
}

size_t
sv_column_packer_size(const sv_column_packer_t *packer)
{
    return packer->size;
}

bool
sv_column_packer_end(sv_column_packer_t *packer)
{
    for (size_t i = 0; i < packer->layout->count; i++) {
        sv_column_out_t *column = &packer->columns[i];
        size_t before = column->length;

        if (!sv_column_room(column, SV_RUN_BYTES)) {
            return false;
        }
        sv_column_put_run(column);
        packer->size += column->length - before;
    }
    return true;
}

void
sv_column_packer_take(sv_column_packer_t *packer, uint8_t *bytes)
{
    uint8_t *at = bytes + packer->layout->count * sizeof(uint32_t);

    for (size_t i = 0; i < packer->layout->count; i++) {
        const sv_column_out_t *column = &packer->columns[i];
        uint32_t ordered = BSON_UINT32_TO_LE((uint32_t) column->length);

        memcpy(bytes + i * sizeof(ordered), &ordered, sizeof(ordered));
        if (column->length > 0) {
            memcpy(at, column->bytes, column->length);
        }
        at += column->length;
    }
    sv_column_packer_begin(packer);
}

/* ---- rows out */

void
sv_column_reader_init(sv_column_reader_t *reader, const sv_row_layout_t *layout, sv_arena_t *arena)
{
    reader->layout = layout;
    reader->columns = sv_arena_zalloc(arena, (layout->count + 1) * sizeof(reader->columns[0]));
}

bool
sv_column_reader_begin(sv_column_reader_t *reader, const uint8_t *bytes, size_t length)
{
    size_t count = reader->layout->count, left;
    const uint8_t *at;

    if (length / sizeof(uint32_t) < count) {
        return false;
    }
    at = bytes + count * sizeof(uint32_t);
    left = length - count * sizeof(uint32_t);
    for (size_t i = 0; i < count; i++) {
        uint32_t size;

        memcpy(&size, bytes + i * sizeof(size), sizeof(size));
        size = BSON_UINT32_FROM_LE(size);
        if (size > left) {
            return false;
        }
        reader->columns[i] = (sv_column_cells_t){ .at = at, .end = at + size };
        at += size;
        left -= size;
    }
    return left == 0;
}

/* The next cell of column `i`, and for how many rows more it stands. */
static bool
sv_column_read(const sv_row_layout_t *layout, size_t i, sv_column_cells_t *column)
{
    uint8_t first = column->at < column->end ? *column->at++ : SV_CELL_RUN; /* which is no cell */
    size_t length = 0;
    uint16_t run;

    column->value = (sv_row_value_t){ .known = first != SV_CELL_NULL };
    column->beside = first == SV_CELL_BESIDE;
    if (column->beside) {
        length = i > 0 && layout->text[i] == layout->text[i - 1] ? 0 : SIZE_MAX;
    } else if (first != SV_CELL_NULL) {
        length = layout->text[i] ? sv_unpack_text(first, column->at, column->end, &column->value)
                                 : sv_unpack_number(first, column->at, column->end, &column->value);
    }
    if (length == SIZE_MAX) {
        return false;
    }
    column->at += length;
    if ((size_t) (column->end - column->at) >= SV_RUN_BYTES && *column->at == SV_CELL_RUN) {
        memcpy(&run, column->at + 1, sizeof(run));
        column->run = BSON_UINT16_FROM_LE(run);
        column->at += SV_RUN_BYTES;
    }
    return true;
}

bool
sv_column_reader_next(sv_column_reader_t *reader, sv_row_value_t *values)
{
    for (size_t i = 0; i < reader->layout->count; i++) {
        sv_column_cells_t *column = &reader->columns[i];

        if (column->run > 0) {
            column->run--;
        } else if (!sv_column_read(reader->layout, i, column)) {
            return false;
        }
        values[i] = column->beside ? values[i - 1] : column->value;
    }
    return true;
}
