#include "core/report/rows/row_value.h"

#include <string.h>

#include "core/base/quantity.h"

/* What each type of column is stored as, and how many of it make one. */
static const struct {
    bson_type_t stored;
    int64_t unit; /* 0: no number */
} sv_column_kinds[] = {
    [SV_COLUMN_TEXT] = { BSON_TYPE_UTF8, 0 },
    [SV_COLUMN_QUANTITY] = { BSON_TYPE_INT64, SV_QUANTITY_ONE },
    [SV_COLUMN_MONEY] = { BSON_TYPE_INT64, SV_QUANTITY_ONE },
    [SV_COLUMN_RATIO] = { BSON_TYPE_INT64, SV_QUANTITY_ONE },
    [SV_COLUMN_INT] = { BSON_TYPE_INT64, 1 },
    [SV_COLUMN_TIME] = { BSON_TYPE_DATE_TIME, 0 },
    [SV_COLUMN_DATE] = { BSON_TYPE_DATE_TIME, 0 },
    [SV_COLUMN_BOOL] = { BSON_TYPE_BOOL, 0 },
};

bool
sv_column_is_number(const sv_column_t *column)
{
    return sv_column_kinds[column->type].unit != 0;
}

bson_type_t
sv_column_stored(const sv_column_t *column)
{
    return sv_column_kinds[column->type].stored;
}

int64_t
sv_column_unit(const sv_column_t *column)
{
    return sv_column_kinds[column->type].unit;
}

/* ---- reading
 *
 * Rows are read by the million, so their bytes are walked here (https://bsonspec.org): a type, a name, a value. */

static uint32_t
sv_little_endian32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return BSON_UINT32_FROM_LE(value);
}

static int64_t
sv_little_endian64(const uint8_t *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof(value));
    return (int64_t) BSON_UINT64_FROM_LE(value);
}

/* Reads the value of this type at `at`; the length of it, 0 when it is none or does not end before `end`. */
static size_t
sv_row_value_read(bson_type_t stored, const uint8_t *at, const uint8_t *end, sv_row_value_t *value)
{
    size_t left = (size_t) (end - at);

    switch (stored) {
    case BSON_TYPE_UTF8:
        if (left < 5 || (value->length = sv_little_endian32(at) - 1) > left - 5) {
            return 0;
        }
        value->text = (const char *) at + 4;
        return (size_t) value->length + 5;
    case BSON_TYPE_BOOL:
        value->number = left > 0 && *at != 0;
        return left > 0;
    default:
        value->number = left >= 8 ? sv_little_endian64(at) : 0;
        return left >= 8 ? 8 : 0;
    }
}

sv_status_t
sv_row_read(const bson_t *row, const sv_column_t *columns, size_t count, sv_row_value_t *values, sv_error_t *error)
{
    const uint8_t *at = bson_get_data(row) + 4, *end = bson_get_data(row) + row->len - 1;

    for (size_t i = 0; i < count; i++) {
        bson_type_t stored = (bson_type_t) *at;
        bool known = stored != BSON_TYPE_NULL;
        size_t length = 0;

        values[i] = (sv_row_value_t){ .known = known };
        if (at < end) { /* else it is the NUL behind the last element */
            while (*at != 0) {
                at++;
            }
            at++;
        }
        if (known && at < end && stored == sv_column_kinds[columns[i].type].stored) {
            length = sv_row_value_read(stored, at, end, &values[i]);
        }
        if (at > end || (known && length == 0)) {
            return sv_fail_cause(error, SV_ERR_INTERNAL, "a row is not of its columns: column %zu (%s)", i,
                                 columns[i].name);
        }
        at += length;
    }
    return SV_OK;
}

void
sv_row_put(bson_t *row, const sv_column_t *column, const sv_row_value_t *value)
{
    if (!value->known) {
        BSON_APPEND_NULL(row, column->name);
        return;
    }
    switch (sv_column_kinds[column->type].stored) {
    case BSON_TYPE_UTF8:
        bson_append_utf8(row, column->name, -1, value->text, (int) value->length);
        break;
    case BSON_TYPE_INT64:
        BSON_APPEND_INT64(row, column->name, value->number);
        break;
    case BSON_TYPE_BOOL:
        BSON_APPEND_BOOL(row, column->name, value->number != 0);
        break;
    default:
        BSON_APPEND_DATE_TIME(row, column->name, value->number);
        break;
    }
}

static bool
sv_same_text(const sv_row_value_t *a, const sv_row_value_t *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

bool
sv_row_value_equal(const sv_row_value_t *a, const sv_row_value_t *b)
{
    if (!a->known || !b->known) {
        return a->known == b->known;
    }
    return a->text != NULL ? sv_same_text(a, b) : a->number == b->number;
}

/* A NUL in a text becomes two bytes, so that two NULs end it and a shorter text comes first. */
static void
sv_key_append_text(sv_buffer_t *bytes, const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        const char *nul = memchr(text, '\0', (size_t) (end - text));
        const char *stop = nul != NULL ? nul : end;

        sv_buffer_append(bytes, text, (size_t) (stop - text));
        if (nul != NULL) {
            sv_buffer_append(bytes, "\0\xff", 2);
            stop++;
        }
        text = stop;
    }
    sv_buffer_append(bytes, "\0\0", 2);
}

static void
sv_key_append_number(sv_buffer_t *bytes, int64_t number)
{
    uint64_t ordered = (uint64_t) number ^ (UINT64_C(1) << 63);
    char text[8];

    for (int i = 0; i < 8; i++) {
        text[i] = (char) (ordered >> (56 - 8 * i));
    }
    sv_buffer_append(bytes, text, sizeof(text));
}

void
sv_row_key_append(const sv_row_key_t *key, const sv_column_t *columns, const sv_row_value_t *values, sv_buffer_t *bytes)
{
    for (size_t i = 0; i < key->count; i++) {
        const sv_row_value_t *value = &values[key->columns[i]];

        sv_buffer_putc(bytes, value->known ? 1 : 0);
        if (!value->known) {
            continue;
        }
        if (columns[key->columns[i]].type == SV_COLUMN_TEXT) {
            sv_key_append_text(bytes, value->text, value->length);
        } else {
            sv_key_append_number(bytes, value->number);
        }
    }
}

int
sv_row_key_compare(const void *a, size_t a_length, const void *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}
