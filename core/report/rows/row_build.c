/* Rows are made by the million, so their bytes are put together here (https://bsonspec.org). */
#include "core/report/rows/row_build.h"

#include <string.h>

enum { SV_ROW_ROOM = 1024 };

void
sv_row_builder_init(sv_row_builder_t *builder, const sv_column_t *columns, size_t count, sv_arena_t *arena)
{
    *builder = (sv_row_builder_t){ .columns = columns, .count = count };
    builder->names = sv_arena_alloc(arena, (count + 1) * sizeof(builder->names[0]));
    builder->name_lengths = sv_arena_alloc(arena, (count + 1) * sizeof(builder->name_lengths[0]));
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(columns[i].name);
        char *name = sv_arena_alloc(arena, length + 2);

        name[0] = (char) sv_column_stored(&columns[i]);
        memcpy(name + 1, columns[i].name, length + 1);
        builder->names[i] = name;
        builder->name_lengths[i] = length + 2;
    }
    sv_buffer_init(&builder->bytes, arena, SV_ROW_ROOM);
}

void
sv_row_builder_begin(sv_row_builder_t *builder)
{
    builder->bytes.length = 0;
    builder->at = 0;
    sv_buffer_append(&builder->bytes, "\0\0\0\0", 4); /* its length, when that is known */
}

static void
sv_put_little_endian(char *at, uint64_t value, size_t bytes)
{
    uint64_t ordered = BSON_UINT64_TO_LE(value);

    memcpy(at, &ordered, bytes);
}

void
sv_row_builder_put(sv_row_builder_t *builder, const sv_row_value_t *value)
{
    size_t i = builder->at++, name_length;
    char *at;

    if (i >= builder->count) {
        return;
    }
    name_length = builder->name_lengths[i];
    at = sv_buffer_reserve(&builder->bytes, name_length + value->length + 8);
    memcpy(at, builder->names[i], name_length);
    if (!value->known) {
        at[0] = BSON_TYPE_NULL;
        builder->bytes.length += name_length;
        return;
    }
    at += name_length;
    builder->bytes.length += name_length;
    switch (sv_column_stored(&builder->columns[i])) {
    case BSON_TYPE_UTF8:
        sv_put_little_endian(at, (uint64_t) value->length + 1, 4);
        memcpy(at + 4, value->text, value->length);
        at[4 + value->length] = '\0';
        builder->bytes.length += (size_t) value->length + 5;
        break;
    case BSON_TYPE_BOOL:
        *at = value->number != 0;
        builder->bytes.length += 1;
        break;
    default:
        sv_put_little_endian(at, (uint64_t) value->number, 8);
        builder->bytes.length += 8;
        break;
    }
}

const bson_t *
sv_row_builder_end(sv_row_builder_t *builder, sv_error_t *error)
{
    sv_buffer_append(&builder->bytes, "\0", 1);
    sv_put_little_endian(builder->bytes.data, builder->bytes.length, 4);
    if (builder->at != builder->count ||
        !bson_init_static(&builder->row, (const uint8_t *) builder->bytes.data, builder->bytes.length)) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "a row has %zu values for %zu columns", builder->at, builder->count);
        return NULL;
    }
    return &builder->row;
}
