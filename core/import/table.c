#include "core/import/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/text.h"

enum { SV_REASON_SIZE = 512 };

static int
sv_import_column_find(const sv_import_table_t *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return (int) i;
        }
    }
    return -1;
}

static sv_status_t
sv_import_place(sv_import_table_t *table, const char *name, int place, sv_error_t *error)
{
    int column = sv_import_column_find(table, name);

    if (column < 0) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "line %ld: %s: there is no such column", table->row.line, name);
    }
    if (table->places[column] >= 0) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "line %ld: %s: the column is there twice", table->row.line,
                       name);
    }
    table->places[column] = place;
    return SV_OK;
}

static sv_status_t
sv_import_header(sv_import_table_t *table, sv_error_t *error)
{
    const char *reason = "the file is empty";

    if (sv_csv_read(table->reader, &table->row, &reason) != SV_CSV_ROW) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "line 1: there is no header: %s", reason);
    }
    for (size_t i = 0; i < table->row.count; i++) {
        if (sv_import_place(table, table->row.fields[i], (int) i, error) != SV_OK) {
            return error->status;
        }
    }
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].required && table->places[i] < 0) {
            return sv_fail(error, SV_ERR_VALIDATION_FAILED, "line %ld: %s: the column is missing", table->row.line,
                           table->columns[i].name);
        }
    }
    table->field_count = table->row.count;
    return SV_OK;
}

sv_status_t
sv_import_table_open(sv_import_table_t *table, FILE *stream, const sv_import_column_t *columns, size_t column_count,
                     const sv_import_options_t *options, sv_error_t *error)
{
    *table = (sv_import_table_t){ .options = options, .columns = columns, .column_count = column_count };
    for (size_t i = 0; i < SV_IMPORT_MAX_COLUMNS; i++) {
        table->places[i] = -1;
    }
    table->reader = sv_csv_reader_create(stream);
    if (sv_import_header(table, error) != SV_OK) {
        sv_import_table_close(table);
    }
    return error->status;
}

void
sv_import_table_close(sv_import_table_t *table)
{
    sv_csv_reader_destroy(table->reader);
    table->reader = NULL;
}

void
sv_import_reject(sv_import_table_t *table, const char *column, const char *format, ...)
{
    char message[SV_REASON_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (table->good) {
        table->good = false;
        table->errors++;
    }
    table->options->report(table->options->context, table->row.line, column, message);
}

bool
sv_import_table_next(sv_import_table_t *table, sv_error_t *error)
{
    const char *reason;

    for (;;) {
        sv_csv_result_t result = sv_csv_read(table->reader, &table->row, &reason);

        if (result == SV_CSV_END) {
            return false;
        }
        if (result == SV_CSV_IO_ERROR) {
            sv_fail(error, SV_ERR_VALIDATION_FAILED, "The file cannot be read: %s", strerror(errno));
            return false;
        }
        table->rows++;
        table->good = true;
        if (result == SV_CSV_BAD_ROW) {
            sv_import_reject(table, NULL, "%s", reason);
        } else if (table->row.count != table->field_count) {
            sv_import_reject(table, NULL, "it has %zu fields, the header has %zu", table->row.count,
                             table->field_count);
        } else {
            return true;
        }
    }
}

bool
sv_import_has(const sv_import_table_t *table, const char *column)
{
    int i = sv_import_column_find(table, column);

    return i >= 0 && table->places[i] >= 0;
}

const char *
sv_import_field(const sv_import_table_t *table, const char *column)
{
    int i = sv_import_column_find(table, column);

    return i < 0 || table->places[i] < 0 ? "" : table->row.fields[table->places[i]];
}

/* Exports pad their fields; the blanks mean nothing. */
static const char *
sv_import_trimmed(const sv_import_table_t *table, const char *column)
{
    int i = sv_import_column_find(table, column);
    char *field, *end;

    if (i < 0 || table->places[i] < 0) {
        return "";
    }
    field = table->row.fields[table->places[i]];
    field += strspn(field, " ");
    end = field + strlen(field);
    while (end > field && end[-1] == ' ') {
        *--end = '\0';
    }
    return field;
}

bool
sv_import_text(sv_import_table_t *table, const char *column, size_t max_characters, const char **value)
{
    const char *field = sv_import_trimmed(table, column);

    if (field[0] == '\0') {
        return false;
    }
    if (!sv_identifier_valid(field, max_characters)) {
        sv_import_reject(table, column,
                         "it must have at most %zu characters, no control characters and no blanks at its ends",
                         max_characters);
        return false;
    }
    *value = field;
    return true;
}

bool
sv_import_required_text(sv_import_table_t *table, const char *column, size_t max_characters, const char **value)
{
    if (sv_import_trimmed(table, column)[0] == '\0') {
        sv_import_reject(table, column, "it is required");
        return false;
    }
    return sv_import_text(table, column, max_characters, value);
}

bool
sv_import_quantity(sv_import_table_t *table, const char *column, bool allow_negative, sv_quantity_t *value)
{
    const char *field = sv_import_trimmed(table, column);
    sv_quantity_t quantity;

    if (field[0] == '\0') {
        return false;
    }
    if (!sv_quantity_from_text(field, &quantity)) {
        sv_import_reject(table, column, "\"%.40s\" is not a number of at most six places and 999999999.999999", field);
        return false;
    }
    if (quantity < 0 && !allow_negative) {
        sv_import_reject(table, column, "%.40s is negative", field);
        return false;
    }
    *value = quantity;
    return true;
}

bool
sv_import_int(sv_import_table_t *table, const char *column, int64_t max, int64_t *value)
{
    const char *field = sv_import_trimmed(table, column);
    char *end;
    long long number;

    if (field[0] == '\0') {
        return false;
    }
    errno = 0;
    number = strtoll(field, &end, 10);
    if (*end != '\0' || errno != 0 || field[0] < '0' || field[0] > '9' || number > max) {
        sv_import_reject(table, column, "\"%.40s\" is not a whole number from 0 to %lld", field, (long long) max);
        return false;
    }
    *value = number;
    return true;
}

bool
sv_import_flag(sv_import_table_t *table, const char *column, bool *value)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        { "true", true }, { "yes", true }, { "1", true }, { "false", false }, { "no", false }, { "0", false }
    };
    const char *field = sv_import_trimmed(table, column);

    if (field[0] == '\0') {
        return false;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(words[i].word, field) == 0) {
            *value = words[i].value;
            return true;
        }
    }
    sv_import_reject(table, column, "\"%.40s\" is neither true nor false", field);
    return false;
}
