#ifndef SV_ROW_CELL_H
#define SV_ROW_CELL_H

#include <string.h>

#include "core/report/rows/row_value.h"

/*
 * A cell: a known value as bytes, as core/report/rows/row_pack.h lays down; for that and core/report/rows/row_columns.h
 * alone.  What is inline is so because rows are packed by the million.
 */
enum {
    SV_CELL_NULL = 0,
    SV_CELL_FIRST = 1, /* of a length of 0 */
    SV_CELL_SHORT_TEXT = 250,
    SV_CELL_RUN = 252, /* of columns: the cell before, for so many rows more */
    SV_CELL_LONG_TEXT = 253,
    SV_CELL_REPEATED = 254, /* of rows: the value of an earlier column */
    SV_CELL_BESIDE = 255,   /* of columns: the value of the column before */
    SV_NUMBER_BYTES = 8,
    SV_CELL_MOST = 1 + SV_NUMBER_BYTES, /* besides a text's bytes; so much is written, whatever the cell's length is */
};

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

/* ---- the length of a cell behind its first byte, SIZE_MAX when it is none or does not end before `end` */

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

/* Most cells, short texts and numbers that have eight bytes behind them, in a few steps: what is behind the cell; NULL
 * when it is another, or none. */
static inline const uint8_t *
sv_unpack_common(bool text, const uint8_t *at, const uint8_t *end, sv_row_value_t *value)
{
    static const uint64_t masks[SV_NUMBER_BYTES + 1] = {
        0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff, UINT64_MAX,
    };
    size_t left = (size_t) (end - at), length;
    uint64_t folded;

    if (left <= SV_NUMBER_BYTES) {
        return NULL;
    }
    length = (size_t) *at++ - SV_CELL_FIRST; /* of null more than any */
    if (text) {
        if (length > SV_CELL_SHORT_TEXT || length >= left) {
            return NULL;
        }
        *value = (sv_row_value_t){ .known = true, .text = (const char *) at, .length = (uint32_t) length };
    } else {
        if (length > SV_NUMBER_BYTES) {
            return NULL;
        }
        memcpy(&folded, at, sizeof(folded));
        folded = BSON_UINT64_FROM_LE(folded) & masks[length];
        *value = (sv_row_value_t){ .known = true, .number = (int64_t) ((folded >> 1) ^ (0 - (folded & 1))) };
    }
    return at + length;
}

#endif
