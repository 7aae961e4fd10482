/* Any bytes from either end of the pipes between a worker and the child that speaks ODBC: no more rows are taken than
 * were given, and rows that are looked through are alike and none longer than was told. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/erp/frame.h"

enum { GIVEN = 200 };

static void
require(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void
require_rows(const bson_t *document, const sv_erp_frame_rows_t *rows)
{
    bson_iter_t array, row, cell;
    size_t count = 0;

    require(bson_iter_init_find(&array, document, "rows") && bson_iter_recurse(&array, &row));
    for (; bson_iter_next(&row); count++) {
        size_t i = 0;

        require(bson_iter_recurse(&row, &cell));
        for (; bson_iter_next(&cell); i++) {
            require(i < rows->parameters);
            require(!BSON_ITER_HOLDS_UTF8(&cell) || strlen(bson_iter_utf8(&cell, NULL)) <= rows->longest[i]);
        }
        require(i == rows->parameters);
    }
    require(count == rows->count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sv_erp_frame_rows_t rows;
    bson_t document;
    size_t wrote;

    if (size < SV_ERP_FRAME_HEAD || sv_erp_frame_length(data) != size || !bson_init_static(&document, data, size)) {
        return 0;
    }
    if (sv_erp_frame_wrote(&document, GIVEN, &wrote)) {
        require(wrote > 0 && wrote <= GIVEN);
    }
    if (sv_erp_frame_rows(&document, &rows)) {
        require_rows(&document, &rows);
    }
    return 0;
}
