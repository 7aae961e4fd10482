/* CSV (RFC 4180): CRLF, quotes where they are needed, a header of the columns' names. */
#include <stdlib.h>
#include <string.h>

#include "worker/export/cell_text.h"
#include "worker/export/out.h"
#include "worker/export/writer.h"

typedef struct {
    sv_out_t out;
    const sv_export_head_t *head;
    bool needs_quotes[256];
} sv_csv_t;

/*
 * Spreadsheets run a text that begins like a formula.  A quote before it makes it a text again; numbers are written by
 * this program and begin with '-' only where they are negative.  Blanks before the sign don't stop some programs.
 * (OWASP, CSV injection)
 */
static bool
sv_csv_looks_like_formula(const char *text, size_t length)
{
    /* The wide forms of = + - @, which some input methods type. */
    static const char wide[][4] = { "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0" };
    size_t i = 0;

    if (length == 0) {
        return false;
    }
    if (text[0] == '\t' || text[0] == '\r' || text[0] == '\n') {
        return true;
    }
    while (i < length && text[i] == ' ') {
        i++;
    }
    if (i == length) {
        return false;
    }
    if (text[i] == '=' || text[i] == '+' || text[i] == '-' || text[i] == '@') {
        return true;
    }
    for (size_t w = 0; (unsigned char) text[i] == 0xef && w < sizeof(wide) / sizeof(wide[0]); w++) {
        if (length - i >= 3 && memcmp(text + i, wide[w], 3) == 0) {
            return true;
        }
    }
    return false;
}

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

static void
sv_csv_write_quoted(sv_out_t *out, const char *text, size_t length, bool neutral)
{
    sv_out_puts(out, neutral ? "\"'" : "\"");
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
    sv_out_puts(out, "\"");
}

static void
sv_csv_write_text(sv_csv_t *csv, const char *text, size_t length)
{
    bool neutral = !csv->head->options.raw && sv_csv_looks_like_formula(text, length);

    if (sv_csv_needs_quotes(csv, text, length)) {
        sv_csv_write_quoted(&csv->out, text, length, neutral);
        return;
    }
    if (neutral) {
        sv_out_puts(&csv->out, "'");
    }
    sv_out_write(&csv->out, text, length);
}

static void
sv_csv_write_value(sv_csv_t *csv, sv_column_type_t type, const sv_row_value_t *value)
{
    if (!value->known) {
        /* An empty line would not be read as a row. */
        if (csv->head->column_count == 1) {
            sv_out_puts(&csv->out, "\"\"");
        }
    } else if (type == SV_COLUMN_TEXT) {
        sv_csv_write_text(csv, value->text, value->length);
    } else {
        csv->out.used += sv_cell_text(type, value, sv_out_reserve(&csv->out, SV_CELL_TEXT_SIZE));
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
        sv_csv_write_text(csv, head->columns[i].name, strlen(head->columns[i].name));
        sv_csv_end_cell(csv, i);
    }
    return csv;
}

static sv_status_t
sv_csv_row(void *writer, const sv_row_value_t *values, sv_error_t *error)
{
    sv_csv_t *csv = writer;

    for (size_t i = 0; i < csv->head->column_count; i++) {
        sv_csv_write_value(csv, csv->head->columns[i].type, &values[i]);
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
