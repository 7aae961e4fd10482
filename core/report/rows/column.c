#include "core/report/rows/column.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/store/document.h"

enum { SV_DAY_LENGTH = 10 }; /* of "2026-01-05" */

static const char *const sv_column_types[] = {
    [SV_COLUMN_TEXT] = "text",   [SV_COLUMN_QUANTITY] = "quantity", [SV_COLUMN_MONEY] = "money",
    [SV_COLUMN_RATIO] = "ratio", [SV_COLUMN_INT] = "integer",       [SV_COLUMN_TIME] = "time",
    [SV_COLUMN_DATE] = "date",   [SV_COLUMN_BOOL] = "boolean",
};

enum { SV_COLUMN_TYPE_COUNT = sizeof(sv_column_types) / sizeof(sv_column_types[0]) };

const char *
sv_column_type_name(sv_column_type_t type)
{
    return sv_column_types[type];
}

static sv_column_type_t
sv_column_type_parse(const char *name)
{
    for (int i = 0; name != NULL && i < SV_COLUMN_TYPE_COUNT; i++) {
        if (strcmp(sv_column_types[i], name) == 0) {
            return (sv_column_type_t) i;
        }
    }
    return SV_COLUMN_TEXT;
}

void
sv_columns_append(bson_t *head, const char *name, const sv_column_t *columns, size_t count)
{
    bson_t list, column;
    const char *index;
    char digits[16];

    BSON_APPEND_ARRAY_BEGIN(head, name, &list);
    for (size_t i = 0; i < count; i++) {
        bson_uint32_to_string((uint32_t) i, &index, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(&list, index, &column);
        BSON_APPEND_UTF8(&column, "name", columns[i].name);
        BSON_APPEND_UTF8(&column, "title", columns[i].title);
        BSON_APPEND_UTF8(&column, "type", sv_column_types[columns[i].type]);
        BSON_APPEND_BOOL(&column, "key", columns[i].key);
        BSON_APPEND_BOOL(&column, "grouped", columns[i].grouped);
        BSON_APPEND_BOOL(&column, "total", columns[i].total);
        bson_append_document_end(&list, &column);
    }
    bson_append_array_end(head, &list);
}

static void
sv_column_read(const bson_iter_t *member, sv_column_t *column, sv_arena_t *arena)
{
    const uint8_t *data;
    uint32_t length;
    bson_t document;

    bson_iter_document(member, &length, &data);
    if (!bson_init_static(&document, data, length)) {
        return;
    }
    column->name = sv_doc_text(&document, "name", arena);
    column->title = sv_doc_text(&document, "title", arena);
    column->type = sv_column_type_parse(sv_doc_text(&document, "type", arena));
    column->key = sv_doc_bool(&document, "key");
    column->grouped = sv_doc_bool(&document, "grouped");
    column->total = sv_doc_bool(&document, "total");
}

sv_column_t *
sv_columns_read(const bson_t *head, const char *name, size_t *count, sv_arena_t *arena)
{
    const bson_t *list = sv_doc_child(head, name, arena);
    sv_column_t *columns;
    bson_iter_t iter;

    *count = 0;
    if (list == NULL) {
        return NULL;
    }
    columns = sv_arena_zalloc(arena, bson_count_keys(list) * sizeof(*columns) + 1);
    for (bson_iter_init(&iter, list); bson_iter_next(&iter);) {
        if (BSON_ITER_HOLDS_DOCUMENT(&iter)) {
            sv_column_read(&iter, &columns[*count], arena);
            *count += columns[*count].name != NULL && columns[*count].title != NULL;
        }
    }
    return columns;
}

void
sv_columns_write_json(sv_json_writer_t *w, const char *name, const sv_column_t *columns, size_t count)
{
    sv_json_array(w, name);
    for (size_t i = 0; i < count; i++) {
        sv_json_object(w, NULL);
        sv_json_text(w, "name", columns[i].name);
        sv_json_text(w, "title", columns[i].title);
        sv_json_text(w, "type", sv_column_types[columns[i].type]);
        sv_json_bool(w, "key", columns[i].key);
        sv_json_bool(w, "grouped", columns[i].grouped);
        sv_json_bool(w, "total", columns[i].total);
        sv_json_end(w);
    }
    sv_json_end(w);
}

/* The writer takes 0 for no time; here it is the first of January 1970. */
static void
sv_column_write_time(sv_json_writer_t *w, const sv_column_t *column, int64_t ms)
{
    char text[SV_TIME_TEXT_SIZE];
    int length = sv_time_format(ms, text);

    if (column->type == SV_COLUMN_DATE && length > SV_DAY_LENGTH) {
        length = SV_DAY_LENGTH;
    }
    sv_json_text_n(w, column->name, text, (size_t) length);
}

void
sv_column_write_value(sv_json_writer_t *w, const sv_column_t *column, const bson_iter_t *value)
{
    bool scaled =
        column->type == SV_COLUMN_QUANTITY || column->type == SV_COLUMN_MONEY || column->type == SV_COLUMN_RATIO;

    if (scaled && BSON_ITER_HOLDS_INT64(value)) {
        sv_json_quantity(w, column->name, bson_iter_int64(value));
    } else if (BSON_ITER_HOLDS_DATE_TIME(value)) {
        sv_column_write_time(w, column, bson_iter_date_time(value));
    } else {
        sv_doc_write_value(w, column->name, value);
    }
}

void
sv_row_write_json(sv_json_writer_t *w, const char *name, const sv_column_t *columns, size_t count, const bson_t *row)
{
    bson_iter_t iter;
    bool more = bson_iter_init(&iter, row);

    sv_json_object(w, name);
    for (size_t i = 0; i < count; i++) {
        more = more && bson_iter_next(&iter);
        if (more) {
            sv_column_write_value(w, &columns[i], &iter);
        } else {
            sv_json_null(w, columns[i].name);
        }
    }
    sv_json_end(w);
}
