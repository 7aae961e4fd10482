#ifndef SV_IMPORT_TABLE_H
#define SV_IMPORT_TABLE_H

#include <stdio.h>

#include "core/base/csv.h"
#include "core/base/quantity.h"
#include "core/base/text_gate.h"

/*
 * A CSV file with a header, read by column name (blanks around a name and the case of its letters do not count).  What
 * is wrong with a row is told to `report` by line and column and the row is refused; reading goes on.  Rows of empty
 * fields are none, and a column without a name must be empty.
 */
typedef struct {
    const char *name;
    bool required; /* the file must have the column */
} sv_import_column_t;

/* `column` is NULL when the whole row is meant. */
typedef void (*sv_import_report_t)(void *context, long line, const char *column, const char *message);

/* What a dry run tells of a row that would be written: its key, and for a change the fields that would differ. */
typedef void (*sv_import_plan_t)(void *context, long line, const char *key, const char *changed_fields);

typedef struct {
    const char *default_warehouse; /* for rows without one; NULL: none */
    sv_csv_options_t csv;
    char decimal; /* '.' (0 too) or ',' in numbers */
    sv_import_report_t report;
    sv_import_plan_t plan; /* NULL, or: nothing is written, and what would be is told; changed_fields NULL: a new one */
    void *context;
} sv_import_options_t;

enum { SV_IMPORT_MAX_COLUMNS = 32 };

typedef struct {
    const sv_import_options_t *options;
    const sv_import_column_t *columns;
    size_t column_count;
    int places[SV_IMPORT_MAX_COLUMNS]; /* of the columns in the file; -1: absent */
    sv_csv_reader_t *reader;
    bool named[SV_CSV_MAX_COLUMNS]; /* the file's columns that have a name */
    size_t field_count;             /* to the last of them */
    sv_csv_row_t row;
    sv_arena_t *arena;                 /* of this row */
    char *trimmed[SV_CSV_MAX_COLUMNS]; /* its fields without blanks at their ends */
    bool good;                         /* nothing was wrong with this row so far */
    int64_t rows, errors;              /* rows read; rows that had something wrong */
} sv_import_table_t;

/* Reads the header.  SV_ERR_VALIDATION_FAILED when a required column is missing, or one is unknown or there
 * twice: a misspelt name must not lose a column in silence. */
sv_status_t sv_import_table_open(sv_import_table_t *table, FILE *stream, const sv_import_column_t *columns,
                                 size_t column_count, const sv_import_options_t *options, sv_error_t *error);
void sv_import_table_close(sv_import_table_t *table);

/* A table whose rows come from elsewhere: `names` are its columns (NULL: one that is not read), to be closed as any
 * other.  Each row has a field for each of them. */
sv_status_t sv_import_table_begin(sv_import_table_t *table, const char *const *names, size_t name_count,
                                  const sv_import_column_t *columns, size_t column_count,
                                  const sv_import_options_t *options, sv_error_t *error);
void sv_import_table_give(sv_import_table_t *table, long line, char **fields);

/* The next row with all its fields; false at the end.  A stream that fails sets the error. */
bool sv_import_table_next(sv_import_table_t *table, sv_error_t *error);

/* Says what is wrong with the row; the row counts as bad once. */
void sv_import_reject(sv_import_table_t *table, const char *column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of a row read earlier, which was good until now. */
void sv_import_reject_line(sv_import_table_t *table, long line, const char *column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

bool sv_import_has(const sv_import_table_t *table, const char *column);

/* The field of a column as it stands; "" when the file does not have the column. */
const char *sv_import_field(const sv_import_table_t *table, const char *column);

/*
 * Each returns false when the field is empty or wrong (then it was reported).  Blanks at its ends do not count.  Texts
 * live as long as the row.
 */

/* A text that identifies, of the kind SV_TEXT_CODE or SV_TEXT_NAME; a number a spreadsheet has rounded is none. */
bool sv_import_code(sv_import_table_t *table, const char *column, sv_text_kind_t kind, size_t max_characters,
                    const char **value);
/* As sv_import_code, and an empty field is reported too. */
bool sv_import_required_code(sv_import_table_t *table, const char *column, sv_text_kind_t kind, size_t max_characters,
                             const char **value);
/* The same of a text that is only a part of its field. */
bool sv_import_code_read(sv_import_table_t *table, const char *column, const char *text, sv_text_kind_t kind,
                         size_t max_characters, const char **value);
/* A text that describes, on one line or (paragraphs) with its line breaks: core/import/field_text.h. */
bool sv_import_text(sv_import_table_t *table, const char *column, size_t max_characters, bool paragraphs,
                    const char **value);
bool sv_import_required_text(sv_import_table_t *table, const char *column, size_t max_characters, const char **value);
bool sv_import_quantity(sv_import_table_t *table, const char *column, bool allow_negative, sv_quantity_t *value);
bool sv_import_int(sv_import_table_t *table, const char *column, int64_t max, int64_t *value);
/* true, yes, y, 1 and false, no, n, 0. */
bool sv_import_flag(sv_import_table_t *table, const char *column, bool *value);

#endif
