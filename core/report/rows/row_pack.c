#include "core/report/rows/row_pack.h"

#include <string.h>

enum {
    SV_CELL_NULL = 0,
    SV_CELL_FIRST = 1, /* of a length of 0 */
    SV_CELL_SHORT_TEXT = 250,
    SV_CELL_LONG_TEXT = 253,
    SV_CELL_REPEATED = 254,
    SV_NUMBER_BYTES = 8,
    SV_PACKER_ROOM = 1024,
};

void
sv_row_layout_init(sv_row_layout_t *layout, const sv_column_t *columns, size_t count, sv_arena_t *arena)
{
    bool *text = sv_arena_zalloc(arena, count + 1);

    for (size_t i = 0; i < count; i++) {
        text[i] = columns[i].type == SV_COLUMN_TEXT;
    }
    *layout = (sv_row_layout_t){ .columns = columns, .count = count, .text = text };
}

/* ---- packing */

void
sv_row_packer_init(sv_row_packer_t *packer, const sv_row_layout_t *layout, sv_arena_t *arena)
{
    *packer = (sv_row_packer_t){ .layout = layout };
    packer->values = sv_arena_zalloc(arena, (layout->count + 1) * sizeof(packer->values[0]));
    sv_buffer_init(&packer->bytes, arena, SV_PACKER_ROOM);
}

void
sv_row_packer_begin(sv_row_packer_t *packer)
{
    packer->bytes.length = 0;
    packer->at = 0;
}

/* Room for so many more bytes: mostly there. */
static inline uint8_t *
sv_packer_room(sv_row_packer_t *packer, size_t length)
{
    sv_buffer_t *bytes = &packer->bytes;

    return (uint8_t *) (length < bytes->capacity - bytes->length ? bytes->data + bytes->length
                                                                 : sv_buffer_reserve(bytes, length));
}

static inline size_t
sv_pack_text(uint8_t *at, const char *text, uint32_t length)
{
    uint32_t ordered = BSON_UINT32_TO_LE(length);

    if (length <= SV_CELL_SHORT_TEXT) {
        at[0] = (uint8_t) (SV_CELL_FIRST + length);
        memcpy(at + 1, text, length);
        return 1 + (size_t) length;
    }
    at[0] = SV_CELL_LONG_TEXT;
    memcpy(at + 1, &ordered, sizeof(ordered));
    memcpy(at + 1 + sizeof(ordered), text, length);
    return 1 + sizeof(ordered) + (size_t) length;
}

static inline size_t
sv_pack_number(uint8_t *at, int64_t number)
{
    uint64_t folded = ((uint64_t) number << 1) ^ (number < 0 ? UINT64_MAX : 0);
    uint64_t ordered = BSON_UINT64_TO_LE(folded);
    size_t size = folded == 0 ? 0 : (size_t) (71 - __builtin_clzll(folded)) / 8;

    at[0] = (uint8_t) (SV_CELL_FIRST + size);
    memcpy(at + 1, &ordered, sizeof(ordered));
    return 1 + size;
}

void
sv_row_packer_put(sv_row_packer_t *packer, const sv_row_value_t *value)
{
    enum { SV_CELL_MOST = 1 + SV_NUMBER_BYTES }; /* besides a text's bytes */
    size_t i = packer->at++;
    uint8_t *at;

    if (i >= packer->layout->count) {
        return;
    }
    at = sv_packer_room(packer, value->length + SV_CELL_MOST);
    if (!value->known) {
        at[0] = SV_CELL_NULL;
        packer->bytes.length++;
    } else if (packer->layout->text[i]) {
        packer->bytes.length += sv_pack_text(at, value->text, value->length);
    } else {
        packer->bytes.length += sv_pack_number(at, value->number);
    }
}

void
sv_row_packer_repeat(sv_row_packer_t *packer, size_t column)
{
    uint8_t *at;

    packer->at++;
    at = sv_packer_room(packer, 2);
    at[0] = SV_CELL_REPEATED;
    at[1] = (uint8_t) column;
    packer->bytes.length += 2;
}

const sv_packed_row_t *
sv_row_packer_end(sv_row_packer_t *packer, sv_error_t *error)
{
    if (packer->at != packer->layout->count) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "a row has %zu values for %zu columns", packer->at,
                      packer->layout->count);
        return NULL;
    }
    packer->row = (sv_packed_row_t){ (const uint8_t *) packer->bytes.data, (uint32_t) packer->bytes.length };
    return &packer->row;
}

const sv_packed_row_t *
sv_row_packer_values(sv_row_packer_t *packer, const sv_row_value_t *values, sv_error_t *error)
{
    sv_row_packer_begin(packer);
    for (size_t i = 0; i < packer->layout->count; i++) {
        sv_row_packer_put(packer, &values[i]);
    }
    return sv_row_packer_end(packer, error);
}

const sv_packed_row_t *
sv_row_packer_document(sv_row_packer_t *packer, const bson_t *document, sv_error_t *error)
{
    if (sv_row_read(document, packer->layout->columns, packer->layout->count, packer->values, error) != SV_OK) {
        return NULL;
    }
    return sv_row_packer_values(packer, packer->values, error);
}

/* ---- unpacking: the length of a cell behind its first byte, SIZE_MAX when it is none or does not end before `end` */

static inline size_t
sv_unpack_text(uint8_t first, const uint8_t *at, const uint8_t *end, sv_row_value_t *value)
{
    size_t left = (size_t) (end - at), before = 0;
    uint32_t length = (uint32_t) first - SV_CELL_FIRST;

    if (first == SV_CELL_LONG_TEXT) {
        before = sizeof(length);
        if (left < before) {
            return SIZE_MAX;
        }
        memcpy(&length, at, sizeof(length));
        length = BSON_UINT32_FROM_LE(length);
    } else if (length > SV_CELL_SHORT_TEXT) {
        return SIZE_MAX;
    }
    if (length > left - before) {
        return SIZE_MAX;
    }
    value->text = (const char *) at + before;
    value->length = length;
    return before + length;
}

static inline size_t
sv_unpack_number(uint8_t first, const uint8_t *at, const uint8_t *end, sv_row_value_t *value)
{
    size_t left = (size_t) (end - at), size = (size_t) first - SV_CELL_FIRST;
    uint64_t folded = 0;

    if (size > SV_NUMBER_BYTES || size > left) {
        return SIZE_MAX;
    }
    if (left >= SV_NUMBER_BYTES && size > 0) { /* one load for all sizes */
        memcpy(&folded, at, sizeof(folded));
        folded = BSON_UINT64_FROM_LE(folded) & (UINT64_MAX >> (64 - 8 * size));
    } else {
        memcpy(&folded, at, size);
        folded = BSON_UINT64_FROM_LE(folded);
    }
    value->number = (int64_t) ((folded >> 1) ^ (0 - (folded & 1)));
    return size;
}

/* The value of an earlier column. */
static size_t
sv_unpack_repeated(const sv_row_layout_t *layout, size_t i, const uint8_t *at, const uint8_t *end,
                   sv_row_value_t *values)
{
    if (at == end || *at >= i || layout->text[*at] != layout->text[i]) {
        return SIZE_MAX;
    }
    values[i] = values[*at];
    return 1;
}

sv_status_t
sv_row_unpack(const sv_row_layout_t *layout, const sv_packed_row_t *row, sv_row_value_t *values, sv_error_t *error)
{
    const uint8_t *at = row->bytes, *end = row->bytes + row->length;

    for (size_t i = 0; i < layout->count; i++) {
        uint8_t first = at < end ? *at++ : UINT8_MAX; /* which begins no cell */
        size_t length = 0;

        values[i] = (sv_row_value_t){ .known = first != SV_CELL_NULL };
        if (first == SV_CELL_REPEATED) {
            length = sv_unpack_repeated(layout, i, at, end, values);
        } else if (first != SV_CELL_NULL) {
            length = layout->text[i] ? sv_unpack_text(first, at, end, &values[i])
                                     : sv_unpack_number(first, at, end, &values[i]);
        }
        if (length == SIZE_MAX) {
            return sv_fail_cause(error, SV_ERR_INTERNAL, "a packed row is not of its columns: column %zu (%s)", i,
                                 layout->columns[i].name);
        }
        at += length;
    }
    return at == end
               ? SV_OK
               : sv_fail_cause(error, SV_ERR_INTERNAL, "a packed row has more than its %zu columns", layout->count);
}
