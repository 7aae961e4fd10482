#include "worker/export/cell_text.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/quantity.h"

enum { SV_DAY_LENGTH = 10, SV_SECONDS_LENGTH = 19 };

static size_t
sv_cell_decimal(int64_t number, char *text)
{
    return (size_t) sv_quantity_to_text(number, text);
}

static size_t
sv_cell_integer(int64_t number, char *text)
{
    char digits[SV_CELL_TEXT_SIZE];
    char *start = digits + sizeof(digits);
    uint64_t rest = number < 0 ? -(uint64_t) number : (uint64_t) number;
    size_t length;

    do {
        *--start = (char) ('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) {
        *--start = '-';
    }
    length = (size_t) (digits + sizeof(digits) - start);
    memcpy(text, start, length);
    text[length] = '\0';
    return length;
}

static size_t
sv_cell_time(int64_t number, char *text)
{
    return (size_t) sv_time_format(number, text);
}

static size_t
sv_cell_date(int64_t number, char *text)
{
    sv_time_format(number, text);
    text[SV_DAY_LENGTH] = '\0';
    return SV_DAY_LENGTH;
}

static size_t
sv_cell_bool(int64_t number, char *text)
{
    const char *word = number != 0 ? "true" : "false";

    strcpy(text, word);
    return strlen(word);
}

static size_t
sv_cell_time_print(int64_t number, char *text)
{
    sv_time_format(number, text);
    text[SV_DAY_LENGTH] = ' ';
    text[SV_SECONDS_LENGTH] = '\0';
    return SV_SECONDS_LENGTH;
}

static size_t
sv_cell_percent_print(int64_t number, char *text)
{
    int64_t hundredfold;
    size_t length;

    if (__builtin_mul_overflow(number, INT64_C(100), &hundredfold)) {
        return sv_cell_decimal(number, text);
    }
    length = sv_cell_decimal(hundredfold, text);
    strcpy(text + length, " %");
    return length + 2;
}

static size_t
sv_cell_bool_print(int64_t number, char *text)
{
    strcpy(text, number != 0 ? "yes" : "no");
    return strlen(text);
}

typedef size_t (*sv_cell_format_t)(int64_t number, char *text);

static const struct {
    sv_cell_format_t text, print;
} sv_cell_types[] = {
    [SV_COLUMN_TEXT] = { NULL, NULL },
    [SV_COLUMN_QUANTITY] = { sv_cell_decimal, sv_cell_decimal },
    [SV_COLUMN_MONEY] = { sv_cell_decimal, sv_cell_decimal },
    [SV_COLUMN_RATIO] = { sv_cell_decimal, sv_cell_percent_print },
    [SV_COLUMN_INT] = { sv_cell_integer, sv_cell_integer },
    [SV_COLUMN_TIME] = { sv_cell_time, sv_cell_time_print },
    [SV_COLUMN_DATE] = { sv_cell_date, sv_cell_date },
    [SV_COLUMN_BOOL] = { sv_cell_bool, sv_cell_bool_print },
};

size_t
sv_cell_text(sv_column_type_t type, const sv_row_value_t *value, char text[SV_CELL_TEXT_SIZE])
{
    return sv_cell_types[type].text(value->number, text);
}

size_t
sv_cell_print(sv_column_type_t type, const sv_row_value_t *value, char text[SV_CELL_TEXT_SIZE])
{
    return sv_cell_types[type].print(value->number, text);
}
