#include "core/report/rows/row_pack.h"

#include "core/report/rows/row_cell.h"

enum { SV_PACKER_ROOM = 1024 };

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

void
sv_row_packer_put(sv_row_packer_t *packer, const sv_row_value_t *value)
{
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

/* ---- unpacking */

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
        const uint8_t *behind = sv_unpack_common(layout->text[i], at, end, &values[i]);
        size_t length = 0;
        uint8_t first;

        if (behind != NULL) {
            at = behind;
            continue;
        }
        first = at < end ? *at++ : UINT8_MAX; /* which begins no cell */

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
