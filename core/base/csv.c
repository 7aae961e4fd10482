#include "core/base/csv.h"

#include <string.h>

#include "core/base/buffer.h"
#include "core/base/text.h"

enum { SV_CSV_MAX_COLUMNS = 256, SV_CSV_MAX_FIELD = 64 * 1024 };

struct sv_csv_reader_s {
    sv_arena_t *arena;
    FILE *stream;
    long line;                          /* of the next byte */
    bool started;                       /* a byte-order mark may only come before */
    sv_buffer_t text;                   /* the row's fields, each with its NUL */
    size_t offsets[SV_CSV_MAX_COLUMNS]; /* where in `text` each begins */
    size_t count;
    const char *reason; /* the first thing that is wrong with the row; its rest is then only skipped */
    char *fields[SV_CSV_MAX_COLUMNS];
};

/* What comes behind a field. */
typedef enum { SV_CSV_COMMA, SV_CSV_LINE_END, SV_CSV_FILE_END } sv_csv_delimiter_t;

sv_csv_reader_t *
sv_csv_reader_create(FILE *stream)
{
    sv_arena_t *arena = sv_arena_create();
    sv_csv_reader_t *reader = sv_arena_zalloc(arena, sizeof(*reader));

    reader->arena = arena;
    reader->stream = stream;
    reader->line = 1;
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

static void
sv_csv_refuse(sv_csv_reader_t *reader, const char *reason)
{
    if (reader->reason == NULL) {
        reader->reason = reason;
    }
}

/* The next byte. */
static int
sv_csv_next_byte(sv_csv_reader_t *reader)
{
    int c = getc(reader->stream);

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
        int behind = getc(reader->stream);

        if (behind == '\n') {
            reader->line++;
            return behind;
        }
        if (behind != EOF) {
            ungetc(behind, reader->stream);
        }
    }
    return c;
}

static void
sv_csv_skip_mark(sv_csv_reader_t *reader)
{
    static const unsigned char mark[] = { 0xef, 0xbb, 0xbf };

    if (reader->started) {
        return;
    }
    reader->started = true;
    for (size_t i = 0; i < sizeof(mark); i++) {
        int c = getc(reader->stream);

        if (c != mark[i]) {
            if (c != EOF) {
                ungetc(c, reader->stream);
            }
            if (i > 0) {
                sv_csv_refuse(reader, "the text is not valid UTF-8"); /* half a mark */
            }
            return;
        }
    }
}

static void
sv_csv_begin_field(sv_csv_reader_t *reader)
{
    if (reader->count == SV_CSV_MAX_COLUMNS) {
        sv_csv_refuse(reader, "the row has more than 256 columns");
        return;
    }
    reader->offsets[reader->count++] = reader->text.length;
}

static void
sv_csv_add(sv_csv_reader_t *reader, int c)
{
    if (reader->reason != NULL) {
        return;
    }
    if (c == '\0') {
        sv_csv_refuse(reader, "a field has a NUL byte");
    } else if (reader->text.length - reader->offsets[reader->count - 1] >= SV_CSV_MAX_FIELD) {
        sv_csv_refuse(reader, "a field is longer than 65536 bytes");
    } else {
        sv_buffer_putc(&reader->text, (char) c);
    }
}

static void
sv_csv_end_field(sv_csv_reader_t *reader)
{
    const char *field;

    if (reader->reason != NULL) {
        return;
    }
    field = reader->text.data + reader->offsets[reader->count - 1];
    if (!sv_utf8_valid(field, reader->text.length - reader->offsets[reader->count - 1])) {
        sv_csv_refuse(reader, "the text is not valid UTF-8");
    }
    sv_buffer_putc(&reader->text, '\0');
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

static sv_csv_delimiter_t
sv_csv_read_plain(sv_csv_reader_t *reader, int c)
{
    for (;; c = sv_csv_next(reader)) {
        switch (c) {
        case ',':
            return SV_CSV_COMMA;
        case '\n':
            return SV_CSV_LINE_END;
        case EOF:
            return SV_CSV_FILE_END;
        case '"':
            sv_csv_refuse(reader, "a quote stands inside a field that does not begin with one");
            return sv_csv_skip_line(reader, c);
        case '\r':
            sv_csv_refuse(reader, "a carriage return stands without a line feed");
            break;
        default:
            sv_csv_add(reader, c);
        }
    }
}

static sv_csv_delimiter_t
sv_csv_read_quoted(sv_csv_reader_t *reader)
{
    for (;;) {
        int c = sv_csv_next_byte(reader);

        if (c == EOF) {
            sv_csv_refuse(reader, "a quoted field is not closed");
            return SV_CSV_FILE_END;
        }
        if (c != '"') {
            sv_csv_add(reader, c);
            continue;
        }
        c = sv_csv_next(reader);
        switch (c) {
        case '"':
            sv_csv_add(reader, c);
            continue;
        case ',':
            return SV_CSV_COMMA;
        case '\n':
            return SV_CSV_LINE_END;
        case EOF:
            return SV_CSV_FILE_END;
        default:
            sv_csv_refuse(reader, "something follows the closing quote of a field");
            return sv_csv_skip_line(reader, c);
        }
    }
}

/* Reads fields to the end of the row; `c` is its first byte. */
static void
sv_csv_read_fields(sv_csv_reader_t *reader, int c)
{
    sv_csv_delimiter_t delimiter;

    for (;; c = sv_csv_next(reader)) {
        sv_csv_begin_field(reader);
        delimiter = c == '"' ? sv_csv_read_quoted(reader) : sv_csv_read_plain(reader, c);
        sv_csv_end_field(reader);
        if (delimiter != SV_CSV_COMMA) {
            return;
        }
    }
}

sv_csv_result_t
sv_csv_read(sv_csv_reader_t *reader, sv_csv_row_t *row, const char **reason)
{
    int c;

    reader->text.length = 0;
    reader->count = 0;
    reader->reason = NULL;
    sv_csv_skip_mark(reader);
    do {
        row->line = reader->line;
        c = sv_csv_next(reader);
    } while (c == '\n'); /* blank lines */
    if (c == EOF && reader->reason == NULL) {
        return ferror(reader->stream) ? SV_CSV_IO_ERROR : SV_CSV_END;
    }
    sv_csv_read_fields(reader, c);
    if (ferror(reader->stream)) {
        return SV_CSV_IO_ERROR;
    }
    if (reader->reason != NULL) {
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
