#include "core/import/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/text.h"
#include "core/import/field_text.h"
#include "core/import/number.h"

enum { SV_REASON_SIZE = 512 };

static int
sv_import_column_find(const sv_import_table_t *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcasecmp(table->columns[i].name, name) == 0) {
            return (int) i;
        }
    }
    return -1;
}

/* A column without a name is none, as spreadsheets write those they once used. */
static sv_status_t
sv_import_place(sv_import_table_t *table, char *field, size_t place, sv_error_t *error)
{
    const char *name = sv_field_trim(field);
    int column = sv_import_column_find(table, name);

    if (name[0] == '\0') {
        return SV_OK;
    }
    if (column < 0) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "line %ld: %s: there is no such column%s", table->row.line,
                       name, strpbrk(name, ",;\t|") == NULL ? "" : " (name the separator with --separator)");
    }
    if (table->places[column] >= 0) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "line %ld: %s: the column is there twice", table->row.line,
                       name);
    }
    table->places[column] = (int) place;
    table->named[place] = true;
    table->field_count = place + 1;
    return SV_OK;
}

/* A required column that is not there; NULL: all are. */
static const char *
sv_import_missing(const sv_import_table_t *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].required && table->places[i] < 0) {
            return table->columns[i].name;
        }
    }
    return NULL;
}

static sv_status_t
sv_import_header(sv_import_table_t *table, sv_error_t *error)
{
    const char *reason = "the file is empty", *missing;

    if (sv_csv_read(table->reader, &table->row, &reason) != SV_CSV_ROW) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "line %ld: there is no header: %s", table->row.line, reason);
    }
    for (size_t i = 0; i < table->row.count; i++) {
        if (sv_import_place(table, table->row.fields[i], i, error) != SV_OK) {
            return error->status;
        }
    }
    missing = sv_import_missing(table);
    return missing == NULL ? SV_OK
                           : sv_fail(error, SV_ERR_VALIDATION_FAILED, "line %ld: %s: the column is missing",
                                     table->row.line, missing);
}

static void
sv_import_table_init(sv_import_table_t *table, const sv_import_column_t *columns, size_t column_count,
                     const sv_import_options_t *options)
{
    *table = (sv_import_table_t){ .options = options, .columns = columns, .column_count = column_count };
    for (size_t i = 0; i < SV_IMPORT_MAX_COLUMNS; i++) {
        table->places[i] = -1;
    }
}

sv_status_t
sv_import_table_open(sv_import_table_t *table, FILE *stream, const sv_import_column_t *columns, size_t column_count,
                     const sv_import_options_t *options, sv_error_t *error)
{
    sv_import_table_init(table, columns, column_count, options);
    table->reader = sv_csv_reader_create(stream, &options->csv);
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
    sv_arena_destroy(table->arena);
    table->arena = NULL;
}

static void
sv_import_tell(const sv_import_table_t *table, long line, const char *column, const char *format, va_list args)
{
    char message[SV_REASON_SIZE];

    vsnprintf(message, sizeof(message), format, args);
    table->options->report(table->options->context, line, column, message);
}

void
sv_import_reject(sv_import_table_t *table, const char *column, const char *format, ...)
{
    va_list args;

    if (table->good) {
        table->good = false;
        table->errors++;
    }
    va_start(args, format);
    sv_import_tell(table, table->row.line, column, format, args);
    va_end(args);
}

void
sv_import_reject_line(sv_import_table_t *table, long line, const char *column, const char *format, ...)
{
    va_list args;

    table->errors++;
    va_start(args, format);
    sv_import_tell(table, line, column, format, args);
    va_end(args);
}

/* Trims the row's fields; whether any of them has something in it. */
static bool
sv_import_row_trim(sv_import_table_t *table)
{
    bool any = false;

    for (size_t i = 0; i < table->row.count; i++) {
        table->trimmed[i] = sv_arena_strdup(table->arena, table->row.fields[i]);
        table->trimmed[i] = sv_field_trim(table->trimmed[i]);
        any = any || table->trimmed[i][0] != '\0';
    }
    return any;
}

static bool
sv_import_row_fits(sv_import_table_t *table)
{
    if (table->row.count < table->field_count) {
        sv_import_reject(table, NULL, "it has %zu fields, the header has %zu", table->row.count, table->field_count);
        return false;
    }
    for (size_t i = 0; i < table->row.count; i++) {
        if (!table->named[i] && table->trimmed[i][0] != '\0') {
            sv_import_reject(table, NULL, "field %zu (\"%.40s\") has no column in the header", i + 1,
                             table->trimmed[i]);
            return false;
        }
    }
    return true;
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
        sv_arena_destroy(table->arena);
        table->arena = sv_arena_create();
        table->good = true;
        if (result == SV_CSV_BAD_ROW) {
            table->rows++;
            sv_import_reject(table, NULL, "%s", reason);
        } else if (sv_import_row_trim(table)) {
            table->rows++;
            if (sv_import_row_fits(table)) {
                return true;
            }
        }
    }
}

sv_status_t
sv_import_table_begin(sv_import_table_t *table, const char *const *names, size_t name_count,
                      const sv_import_column_t *columns, size_t column_count, const sv_import_options_t *options,
                      sv_error_t *error)
{
    const char *missing;

    sv_import_table_init(table, columns, column_count, options);
    table->arena = sv_arena_create();
    if (name_count > SV_CSV_MAX_COLUMNS) {
        return sv_fail(error, SV_ERR_VALIDATION_FAILED, "There are more than %d columns", SV_CSV_MAX_COLUMNS);
    }
    table->row.count = name_count;
    for (size_t i = 0; i < name_count && error->status == SV_OK; i++) {
        if (names[i] != NULL) {
            sv_import_place(table, sv_arena_strdup(table->arena, names[i]), i, error);
        }
    }
    missing = sv_import_missing(table);
    if (error->status == SV_OK && missing != NULL) {
        sv_fail(error, SV_ERR_VALIDATION_FAILED, "There is no column for %s", missing);
    }
    return error->status;
}

void
sv_import_table_give(sv_import_table_t *table, long line, char **fields)
{
    sv_arena_destroy(table->arena);
    table->arena = sv_arena_create();
    table->row.line = line;
    table->row.fields = fields;
    table->good = true;
    table->rows++;
    sv_import_row_trim(table);
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

    return i < 0 || table->places[i] < 0 ? "" : table->trimmed[table->places[i]];
}

/* Takes a text through its gate; false when it was reported. */
static bool
sv_import_gate(sv_import_table_t *table, const char *column, const char *text, sv_text_kind_t kind,
               size_t max_characters, const char **value)
{
    sv_text_fault_t fault = sv_text_gate(kind, text, strlen(text), max_characters, table->arena, value);

    if (fault != SV_TEXT_OK) {
        sv_import_reject(table, column, "it %s", sv_text_fault_sentence(fault, kind, max_characters, table->arena));
        return false;
    }
    if ((*value)[0] == '\0') {
        sv_import_reject(table, column, "it has nothing but marks that nobody sees");
        return false;
    }
    return true;
}

bool
sv_import_code_read(sv_import_table_t *table, const char *column, const char *text, sv_text_kind_t kind,
                    size_t max_characters, const char **value)
{
    if (sv_import_number_is_rounded_code(text)) {
        sv_import_reject(table, column,
                         "\"%.40s\" is a code that a spreadsheet made a number of and rounded: give its column the "
                         "format Text there, and save the file again from its source",
                         text);
        return false;
    }
    return sv_import_gate(table, column, text, kind, max_characters, value);
}

bool
sv_import_code(sv_import_table_t *table, const char *column, sv_text_kind_t kind, size_t max_characters,
               const char **value)
{
    const char *field = sv_import_trimmed(table, column), *code;

    if (field[0] == '\0' || !sv_import_code_read(table, column, field, kind, max_characters, &code)) {
        return false;
    }
    *value = code;
    return true;
}

bool
sv_import_required_code(sv_import_table_t *table, const char *column, sv_text_kind_t kind, size_t max_characters,
                        const char **value)
{
    if (sv_import_trimmed(table, column)[0] == '\0') {
        sv_import_reject(table, column, "it is required");
        return false;
    }
    return sv_import_code(table, column, kind, max_characters, value);
}

bool
sv_import_text(sv_import_table_t *table, const char *column, size_t max_characters, bool paragraphs, const char **value)
{
    const char *field = sv_import_trimmed(table, column), *text;

    if (field[0] == '\0') {
        return false;
    }
    text = paragraphs ? sv_field_text_paragraphs(field, table->arena) : sv_field_text_line(field, table->arena);
    if (!sv_import_gate(table, column, text, paragraphs ? SV_TEXT_NOTE : SV_TEXT_LINE, max_characters, &text)) {
        return false;
    }
    *value = text;
    return true;
}

bool
sv_import_required_text(sv_import_table_t *table, const char *column, size_t max_characters, const char **value)
{
    if (sv_import_trimmed(table, column)[0] == '\0') {
        sv_import_reject(table, column, "it is required");
        return false;
    }
    return sv_import_text(table, column, max_characters, false, value);
}

/* Reads a number; false when it was reported. */
static bool
sv_import_number(sv_import_table_t *table, const char *column, const char *field, sv_quantity_t *number)
{
    char decimal = table->options->decimal == ',' ? ',' : '.';

    switch (sv_import_number_read(field, decimal, number)) {
    case SV_NUMBER_READ:
        return true;
    case SV_NUMBER_OUT_OF_RANGE:
        sv_import_reject(table, column, "\"%.40s\" is not a number of at most six places and 999999999.999999", field);
        return false;
    case SV_NUMBER_OTHER_DECIMAL:
        sv_import_reject(table, column,
                         decimal == '.' ? "\"%.40s\" has a comma: say --decimal comma where commas stand before the "
                                          "places, and write no others"
                                        : "\"%.40s\" has a point, and --decimal comma says that commas stand before "
                                          "the places",
                         field);
        return false;
    case SV_NUMBER_MALFORMED:
        break;
    }
    sv_import_reject(table, column, "\"%.40s\" is not a number", field);
    return false;
}

bool
sv_import_quantity(sv_import_table_t *table, const char *column, bool allow_negative, sv_quantity_t *value)
{
    const char *field = sv_import_trimmed(table, column);
    sv_quantity_t quantity;

    if (field[0] == '\0' || !sv_import_number(table, column, field, &quantity)) {
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
    sv_quantity_t number;

    if (field[0] == '\0' || !sv_import_number(table, column, field, &number)) {
        return false;
    }
    if (number < 0 || number % SV_QUANTITY_ONE != 0 || number / SV_QUANTITY_ONE > max) {
        sv_import_reject(table, column, "\"%.40s\" is not a whole number from 0 to %lld", field, (long long) max);
        return false;
    }
    *value = number / SV_QUANTITY_ONE;
    return true;
}

bool
sv_import_flag(sv_import_table_t *table, const char *column, bool *value)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        { "true", true },   { "yes", true }, { "y", true },  { "1", true },
        { "false", false }, { "no", false }, { "n", false }, { "0", false },
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
