#include "worker/erp/frame.h"

#include <string.h>

enum { SV_DOCUMENT_MIN = 5 };

uint32_t
sv_erp_frame_length(const uint8_t head[SV_ERP_FRAME_HEAD])
{
    uint32_t length = head[0] | (uint32_t) head[1] << 8 | (uint32_t) head[2] << 16 | (uint32_t) head[3] << 24;

    return length < SV_DOCUMENT_MIN || length > SV_ERP_FRAME_MAX ? 0 : length;
}

/* A row's texts, of which each may be the longest of its parameter. */
static bool
sv_frame_row(bson_iter_t *row, sv_erp_frame_rows_t *rows)
{
    bson_iter_t cell;
    size_t i = 0;

    if (!BSON_ITER_HOLDS_ARRAY(row) || !bson_iter_recurse(row, &cell)) {
        return false;
    }
    for (; bson_iter_next(&cell); i++) {
        const char *text;
        uint32_t length;

        if (i == SV_ERP_MAX_PARAMETERS || !(BSON_ITER_HOLDS_UTF8(&cell) || BSON_ITER_HOLDS_NULL(&cell))) {
            return false;
        }
        if (BSON_ITER_HOLDS_NULL(&cell)) {
            continue;
        }
        text = bson_iter_utf8(&cell, &length);
        if (!bson_utf8_validate(text, length, false)) {
            return false;
        }
        rows->longest[i] = length > rows->longest[i] ? length : rows->longest[i];
    }
    rows->parameters = rows->count == 0 ? i : rows->parameters;
    rows->count++;
    return i == rows->parameters && cell.err_off == 0;
}

bool
sv_erp_frame_rows(const bson_t *request, sv_erp_frame_rows_t *rows)
{
    bson_iter_t array, row;

    memset(rows, 0, sizeof(*rows));
    if (!bson_iter_init_find(&array, request, "rows") || !BSON_ITER_HOLDS_ARRAY(&array) ||
        !bson_iter_recurse(&array, &row)) {
        return false;
    }
    while (bson_iter_next(&row)) {
        if (!sv_frame_row(&row, rows)) {
            return false;
        }
    }
    return rows->count > 0 && row.err_off == 0;
}

bool
sv_erp_frame_wrote(const bson_t *answer, size_t left, size_t *wrote)
{
    bson_iter_t iter;
    int64_t told;

    if (!bson_iter_init_find(&iter, answer, "wrote") || !BSON_ITER_HOLDS_INT64(&iter)) {
        return false;
    }
    told = bson_iter_int64(&iter);
    *wrote = told > 0 ? (size_t) told : 0;
    return told > 0 && (uint64_t) told <= left;
}
