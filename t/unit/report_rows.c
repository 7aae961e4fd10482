#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "t/unit/report_rows.h"

void
sv_rows_add(sv_rows_t *rows, const bson_t *row)
{
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity * 2 + 64;
        rows->rows = realloc(rows->rows, rows->capacity * sizeof(rows->rows[0]));
        assert_non_null(rows->rows);
    }
    rows->rows[rows->count++] = bson_copy(row);
}

void
sv_rows_free(sv_rows_t *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        bson_destroy(rows->rows[i]);
    }
    free(rows->rows);
    *rows = (sv_rows_t){ 0 };
}

static sv_status_t
next_row(void *context, const bson_t **row, sv_error_t *error)
{
    sv_rows_t *rows = context;

    (void) error;
    *row = rows->next < rows->count ? rows->rows[rows->next++] : NULL;
    return SV_OK;
}

sv_row_source_t
sv_rows_source(sv_rows_t *rows)
{
    rows->next = 0;
    return (sv_row_source_t){ next_row, rows };
}

static sv_status_t
take_row(void *context, const bson_t *row, sv_error_t *error)
{
    (void) error;
    sv_rows_add(context, row);
    return SV_OK;
}

sv_row_sink_t
sv_rows_sink(sv_rows_t *rows)
{
    return (sv_row_sink_t){ take_row, rows };
}

/* ---- packed */

typedef struct {
    sv_rows_t *rows;
    sv_row_layout_t layout;
    sv_row_packer_t packer;
} packing_t;

static packing_t *
packing(sv_rows_t *rows, const sv_column_t *columns, size_t count, sv_arena_t *arena)
{
    packing_t *made = sv_arena_zalloc(arena, sizeof(*made));

    made->rows = rows;
    sv_row_layout_init(&made->layout, columns, count, arena);
    sv_row_packer_init(&made->packer, &made->layout, arena);
    return made;
}

static sv_status_t
next_packed(void *context, const sv_packed_row_t **row, sv_error_t *error)
{
    packing_t *from = context;
    const bson_t *next = NULL;

    next_row(from->rows, &next, error);
    *row = next != NULL ? sv_row_packer_document(&from->packer, next, error) : NULL;
    return error->status;
}

sv_packed_source_t
sv_rows_packed_source(sv_rows_t *rows, const sv_column_t *columns, size_t count, sv_arena_t *arena)
{
    rows->next = 0;
    return (sv_packed_source_t){ next_packed, packing(rows, columns, count, arena) };
}

static sv_status_t
take_values(void *context, const sv_row_value_t *values, sv_error_t *error)
{
    packing_t *to = context;
    bson_t document = BSON_INITIALIZER;

    (void) error;
    for (size_t i = 0; i < to->layout.count; i++) {
        sv_row_put(&document, &to->layout.columns[i], &values[i]);
    }
    sv_rows_add(to->rows, &document);
    bson_destroy(&document);
    return SV_OK;
}

sv_value_sink_t
sv_rows_value_sink(sv_rows_t *rows, const sv_column_t *columns, size_t count, sv_arena_t *arena)
{
    return (sv_value_sink_t){ take_values, packing(rows, columns, count, arena) };
}

/* ---- values */

static bson_iter_t
find(const bson_t *row, const char *name)
{
    bson_iter_t iter;

    if (!bson_iter_init_find(&iter, row, name)) {
        fail_msg("no column %s", name);
    }
    return iter;
}

bool
sv_rows_known(const bson_t *row, const char *name)
{
    bson_iter_t iter = find(row, name);

    return bson_iter_type(&iter) != BSON_TYPE_NULL;
}

int64_t
sv_rows_number(const bson_t *row, const char *name)
{
    bson_iter_t iter = find(row, name);

    return BSON_ITER_HOLDS_DATE_TIME(&iter) ? bson_iter_date_time(&iter) : bson_iter_as_int64(&iter);
}

const char *
sv_rows_text(const bson_t *row, const char *name)
{
    bson_iter_t iter = find(row, name);

    return BSON_ITER_HOLDS_UTF8(&iter) ? bson_iter_utf8(&iter, NULL) : NULL;
}
