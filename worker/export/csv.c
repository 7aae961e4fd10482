/* CSV (RFC 4180): CRLF, quotes where they are needed, a header of the columns' names. */
#include <stdlib.h>
#include <string.h>

#include "worker/export/cell_text.h"
#include "worker/export/formula.h"
#include "worker/export/out.h"
#include "worker/export/writer.h"

typedef struct {
    sv_out_t out;
    const sv_export_head_t *head;
    bool needs_quotes[256];
} sv_csv_t;

static bool
sv_csv_needs_quotes(const sv_csv_t *csv, const char *text, size_t length)
{
    if (length == 0 || text[0] == ' ' || text[length - 1] == ' ') {
        return true;
    }
    for (size_t i = 0; i < length; i++) {
        if (csv->needs_quotes[(unsigned char) text[i]]) {
            return true;
        }
    }
    return false;
}

/* A piece of a quoted text, its quotes doubled. */
static void
sv_csv_write_quoted(sv_out_t *out, const char *text, size_t length)
{
    while (length > 0) {
        const char *quote = memchr(text, '"', length);
        size_t plain = quote != NULL ? (size_t) (quote - text) + 1 : length;

        sv_out_write(out, text, plain);
        if (quote != NULL) {
            sv_out_puts(out, "\"");
        }
        text += plain;
        length -= plain;
    }
}

/* With a quote (') wherever a formula would begin, unless texts are to stay as they are. */
static void
sv_csv_write_text(sv_csv_t *csv, const char *text, size_t length)
{
    bool quoted = sv_csv_needs_quotes(csv, text, length), raw = csv->head->options.raw;
    size_t at = 0, next = raw ? length : sv_formula_next(text, length, 0);

    sv_out_puts(&csv->out, quoted ? "\"" : "");
    for (;;) {
        if (quoted) {
            sv_csv_write_quoted(&csv->out, text + at, next - at);
        } else {
            sv_out_write(&csv->out, text + at, next - at);
        }
        if (next == length) {
            break;
        }
        sv_out_puts(&csv->out, "'");
        at = next;
        next = sv_formula_next(text, length, at + 1);
    }
    sv_out_puts(&csv->out, quoted ? "\"" : "");
}

/* Numbers are written by this program: they begin with '-' only where they are negative. */
static void
sv_csv_write_other(sv_csv_t *csv, const sv_column_t *column, const sv_row_value_t *value)
{
    char *text = sv_out_reserve(&csv->out, SV_CELL_TEXT_SIZE);
    size_t length = sv_cell_text(column->type, value, text);
    char *point = csv->head->options.decimal != '.' && sv_column_unit(column) > 1 ? memchr(text, '.', length) : NULL;

    if (point != NULL) {
        *point = csv->head->options.decimal;
    }
    csv->out.used += length;
}

static void
sv_csv_write_value(sv_csv_t *csv, const sv_column_t *column, const sv_row_value_t *value)
{
    if (!value->known) {
        /* An empty line would not be read as a row. */
        if (csv->head->column_count == 1) {
            sv_out_puts(&csv->out, "\"\"");
        }
    } else if (column->type == SV_COLUMN_TEXT) {
        sv_csv_write_text(csv, value->text, value->length);
    } else {
        sv_csv_write_other(csv, column, value);
    }
}

static void
sv_csv_end_cell(sv_csv_t *csv, size_t column)
{
    if (column + 1 < csv->head->column_count) {
        sv_out_write(&csv->out, &csv->head->options.delimiter, 1);
    } else {
        sv_out_write(&csv->out, "\r\n", 2);
    }
}

static void
sv_csv_close(void *writer)
{
    sv_csv_t *csv = writer;

    sv_out_close(&csv->out);
    free(csv);
}

static void *
sv_csv_open(const char *path, const sv_export_head_t *head, sv_error_t *error)
{
    sv_csv_t *csv = calloc(1, sizeof(*csv));

    if (csv == NULL || sv_out_open(&csv->out, path, error) != SV_OK) {
        free(csv);
        return NULL;
    }
    csv->head = head;
    csv->needs_quotes['"'] = csv->needs_quotes['\r'] = csv->needs_quotes['\n'] = true;
    csv->needs_quotes[(unsigned char) head->options.delimiter] = true;
    if (head->options.bom) {
        sv_out_puts(&csv->out, "\xef\xbb\xbf");
    }
    for (size_t i = 0; i < head->column_count; i++) {
        const char *header = head->options.titles ? head->columns[i].title : head->columns[i].name;

        sv_csv_write_text(csv, header, strlen(header));
        sv_csv_end_cell(csv, i);
    }
    return csv;
}

static sv_status_t
sv_csv_row(void *writer, const sv_row_value_t *values, sv_error_t *error)
{
    sv_csv_t *csv = writer;

    for (size_t i = 0; i < csv->head->column_count; i++) {
        sv_csv_write_value(csv, &csv->head->columns[i], &values[i]);
        sv_csv_end_cell(csv, i);
    }
    return sv_out_check(&csv->out, error);
}

static sv_status_t
sv_csv_finish(void *writer, const sv_export_totals_t *totals, sv_error_t *error)
{
    sv_csv_t *csv = writer;

    (void) totals; /* a CSV is rows only */
    sv_out_flush(&csv->out);
    return sv_out_check(&csv->out, error);
}

const sv_export_writer_t sv_csv_writer = { "csv", sv_csv_open, sv_csv_row, sv_csv_finish, sv_csv_close };
