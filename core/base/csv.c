#include "core/base/csv.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/text.h"

enum { SV_CSV_MAX_FIELD = 64 * 1024, SV_CSV_REASON_SIZE = 256 };

struct sv_csv_reader_s {
    sv_arena_t *arena;
    sv_csv_input_t input;
    bool started;
    char separator;
    bool cr_ends_lines;
    long line;                          /* of the next byte */
    sv_buffer_t text;                   /* the row's fields, each with its NUL */
    size_t offsets[SV_CSV_MAX_COLUMNS]; /* where in `text` each begins */
    size_t count;
    bool bad;                        /* something is wrong with the row; its rest is then only skipped */
    char reason[SV_CSV_REASON_SIZE]; /* the first thing that is */
    char *fields[SV_CSV_MAX_COLUMNS];
};

/* What comes behind a field. */
typedef enum { SV_CSV_SEPARATOR, SV_CSV_LINE_END, SV_CSV_FILE_END } sv_csv_delimiter_t;

sv_csv_reader_t *
sv_csv_reader_create(FILE *stream, const sv_csv_options_t *options)
{
    sv_arena_t *arena = sv_arena_create();
    sv_csv_reader_t *reader = sv_arena_zalloc(arena, sizeof(*reader));

    reader->arena = arena;
    reader->separator = options == NULL ? ',' : options->separator;
    reader->line = 1;
    sv_csv_input_init(&reader->input, stream, options == NULL ? SV_ENCODING_UTF8 : options->encoding, arena);
    sv_buffer_init(&reader->text, arena, 1024);
    return reader;
}

void
sv_csv_reader_destroy(sv_csv_reader_t *reader)
{
    if (reader != NULL) {
        sv_arena_destroy(reader->arena);
    }
}

static void __attribute__((format(printf, 2, 3))) sv_csv_refuse(sv_csv_reader_t *reader, const char *format, ...)
{
    va_list args;

    if (!reader->bad) {
        reader->bad = true;
        va_start(args, format);
        vsnprintf(reader->reason, sizeof(reader->reason), format, args);
        va_end(args);
    }
}

/* The next byte; a CR that ends lines is an LF. */
static int
sv_csv_next_byte(sv_csv_reader_t *reader)
{
    int c = sv_csv_input_next(&reader->input);

    if (c == '\r' && reader->cr_ends_lines) {
        c = '\n';
    }
    if (c == '\n') {
        reader->line++;
    }
    return c;
}

/* The next byte outside of quotes: CRLF is one LF there. */
static int
sv_csv_next(sv_csv_reader_t *reader)
{
    int c = sv_csv_next_byte(reader);

    if (c == '\r') {
        int behind = sv_csv_input_next(&reader->input);

        if (behind == '\n') {
            reader->line++;
            return behind;
        }
        sv_csv_input_return(&reader->input, behind);
    }
    return c;
}

/* The separator that the line has most of outside of quotes: names of columns hold none of them. */
static char
sv_csv_find_separator(const char *line, size_t length)
{
    static const char separators[] = ",;\t";
    size_t counts[sizeof(separators) - 1] = { 0 }, best = 0;
    bool quoted = false;

    for (size_t i = 0; i < length; i++) {
        const char *separator = line[i] == '\0' ? NULL : strchr(separators, line[i]);

        quoted = line[i] == '"' ? !quoted : quoted;
        if (separator != NULL && !quoted) {
            counts[separator - separators]++;
        }
    }
    for (size_t i = 1; i < sizeof(counts) / sizeof(counts[0]); i++) {
        best = counts[i] > counts[best] ? i : best;
    }
    return separators[best];
}

/* Learns from the first line how the file is written. */
static void
sv_csv_start(sv_csv_reader_t *reader)
{
    const sv_buffer_t *head = sv_csv_input_first_line(&reader->input);
    size_t begin = 0, end;
    bool quoted = false;

    reader->started = true;
    while (begin < head->length && (head->data[begin] == '\n' || head->data[begin] == '\r')) {
        begin++;
    }
    for (end = begin; end < head->length && head->data[end] != '\n' && head->data[end] != '\r'; end++) {
        quoted = head->data[end] == '"' ? !quoted : quoted;
    }
    reader->cr_ends_lines = !quoted && end + 1 < head->length && head->data[end] == '\r' && head->data[end + 1] != '\n';
    if (reader->separator != SV_CSV_SEPARATOR_FOUND) {
        return;
    }
    if (end - begin == 5 && strncmp(head->data + begin, "sep=", 4) == 0 && head->data[end - 1] != '"') {
        reader->separator = head->data[end - 1];
        for (size_t i = 0; i < end; i++) {
            sv_csv_next(reader);
        }
        return;
    }
    reader->separator = sv_csv_find_separator(head->data + begin, end - begin);
}

static void
sv_csv_begin_field(sv_csv_reader_t *reader)
{
    if (reader->count == SV_CSV_MAX_COLUMNS) {
        sv_csv_refuse(reader, "the row has more than %d columns", SV_CSV_MAX_COLUMNS);
        return;
    }
    reader->offsets[reader->count++] = reader->text.length;
}

static void
sv_csv_add(sv_csv_reader_t *reader, int c)
{
    if (reader->bad) {
        return;
    }
    if (c == '\0') {
        sv_csv_refuse(reader, "field %zu has a NUL byte%s", reader->count,
                      reader->line == 1 ? ": is the file UTF-16? Save it as CSV UTF-8" : "");
    } else if (reader->text.length - reader->offsets[reader->count - 1] >= SV_CSV_MAX_FIELD) {
        sv_csv_refuse(reader, "field %zu is longer than %d bytes", reader->count, SV_CSV_MAX_FIELD);
    } else {
        sv_buffer_putc(&reader->text, (char) c);
    }
}

static void
sv_csv_check_text(sv_csv_reader_t *reader, const char *field, size_t length)
{
    size_t good = 0, step;

    while (good < length && (step = sv_utf8_sequence(field + good, length - good)) > 0) {
        good += step;
    }
    if (good < length) {
        sv_csv_refuse(reader,
                      "field %zu is not UTF-8 (byte 0x%02X behind %zu): save the file as CSV UTF-8, or name its "
                      "encoding (--encoding windows-1252)",
                      reader->count, (unsigned char) field[good], good);
    }
}

static void
sv_csv_end_field(sv_csv_reader_t *reader)
{
    if (!reader->bad) {
        size_t begin = reader->offsets[reader->count - 1];

        sv_csv_check_text(reader, reader->text.data + begin, reader->text.length - begin);
        sv_buffer_putc(&reader->text, '\0');
    }
}

/* Leaves a row whose quotes cannot be understood at the end of its line. */
static sv_csv_delimiter_t
sv_csv_skip_line(sv_csv_reader_t *reader, int c)
{
    while (c != '\n' && c != EOF) {
        c = sv_csv_next(reader);
    }
    return c == EOF ? SV_CSV_FILE_END : SV_CSV_LINE_END;
}

/* Whether `c` ends a field, and how. */
static bool
sv_csv_is_delimiter(const sv_csv_reader_t *reader, int c, sv_csv_delimiter_t *delimiter)
{
    if (c != EOF && c == (unsigned char) reader->separator) {
        *delimiter = SV_CSV_SEPARATOR;
    } else if (c == '\n') {
        *delimiter = SV_CSV_LINE_END;
    } else if (c == EOF) {
        *delimiter = SV_CSV_FILE_END;
    } else {
        return false;
    }
    return true;
}

static bool
sv_csv_is_blank(const sv_csv_reader_t *reader, int c)
{
    return c != reader->separator && (c == ' ' || c == '\t');
}

/* Behind the closing quote of a field. */
static sv_csv_delimiter_t
sv_csv_read_behind_quote(sv_csv_reader_t *reader, int c, long opened)
{
    sv_csv_delimiter_t delimiter;

    while (sv_csv_is_blank(reader, c)) {
        c = sv_csv_next(reader);
    }
    if (sv_csv_is_delimiter(reader, c, &delimiter)) {
        return delimiter;
    }
    sv_csv_refuse(reader, "something follows the closing quote of field %zu, whose opening one is on line %ld",
                  reader->count, opened);
    return sv_csv_skip_line(reader, c);
}

static sv_csv_delimiter_t
sv_csv_read_quoted(sv_csv_reader_t *reader)
{
    long opened = reader->line;

    for (;;) {
        int c = sv_csv_next_byte(reader);

        if (c == EOF) {
            reader->bad = false; /* whatever else seemed wrong with a field that is the rest of the file */
            sv_csv_refuse(reader, "the quote opened on line %ld is never closed: nothing behind it was read", opened);
            return SV_CSV_FILE_END;
        }
        if (c == '"') {
            c = sv_csv_next(reader);
            if (c != '"') {
                return sv_csv_read_behind_quote(reader, c, opened);
            }
        }
        sv_csv_add(reader, c);
    }
}

static sv_csv_delimiter_t
sv_csv_read_field(sv_csv_reader_t *reader, int c)
{
    size_t begin = reader->text.length;
    sv_csv_delimiter_t delimiter;
    bool blank = true; /* so far, as some write before an opening quote */

    for (; !sv_csv_is_delimiter(reader, c, &delimiter); c = sv_csv_next(reader)) {
        if (c == '"' && blank) {
            reader->text.length = begin;
            return sv_csv_read_quoted(reader);
        }
        if (c == '"') {
            sv_csv_refuse(reader, "a quote stands inside field %zu, which does not begin with one", reader->count);
            return sv_csv_skip_line(reader, c);
        }
        if (c == '\r') {
            sv_csv_refuse(reader, "a carriage return stands without a line feed in field %zu", reader->count);
        }
        blank = blank && sv_csv_is_blank(reader, c);
        sv_csv_add(reader, c);
    }
    return delimiter;
}

/* Reads fields to the end of the row; `c` is its first byte. */
static void
sv_csv_read_fields(sv_csv_reader_t *reader, int c)
{
    sv_csv_delimiter_t delimiter;

    for (;; c = sv_csv_next(reader)) {
        sv_csv_begin_field(reader);
        delimiter = sv_csv_read_field(reader, c);
        sv_csv_end_field(reader);
        if (delimiter != SV_CSV_SEPARATOR) {
            return;
        }
    }
}

sv_csv_result_t
sv_csv_read(sv_csv_reader_t *reader, sv_csv_row_t *row, const char **reason)
{
    int c;

    if (!reader->started) {
        sv_csv_start(reader);
    }
    reader->text.length = 0;
    reader->count = 0;
    reader->bad = false;
    do {
        row->line = reader->line;
        c = sv_csv_next(reader);
    } while (c == '\n'); /* blank lines */
    if (c == EOF) {
        return ferror(reader->input.stream) ? SV_CSV_IO_ERROR : SV_CSV_END;
    }
    sv_csv_read_fields(reader, c);
    if (ferror(reader->input.stream)) {
        return SV_CSV_IO_ERROR;
    }
    if (reader->bad) {
        *reason = reader->reason;
        return SV_CSV_BAD_ROW;
    }
    for (size_t i = 0; i < reader->count; i++) {
        reader->fields[i] = reader->text.data + reader->offsets[i];
    }
    row->fields = reader->fields;
    row->count = reader->count;
    return SV_CSV_ROW;
}
