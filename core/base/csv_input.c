#include "core/base/csv_input.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { SV_CTRL_Z = 0x1a, SV_FIRST_LINE_MAX = 64 * 1024, SV_NO_UTF8 = 0xff };

bool
sv_encoding_parse(const char *name, sv_encoding_t *encoding)
{
    static const struct {
        const char *name;
        sv_encoding_t encoding;
    } names[] = {
        { "utf-8", SV_ENCODING_UTF8 },
        { "utf8", SV_ENCODING_UTF8 },
        { "windows-1252", SV_ENCODING_WINDOWS_1252 },
        { "cp1252", SV_ENCODING_WINDOWS_1252 },
        { "latin-1", SV_ENCODING_WINDOWS_1252 },
        { "latin1", SV_ENCODING_WINDOWS_1252 },
        { "iso-8859-1", SV_ENCODING_WINDOWS_1252 },
        { "utf-16le", SV_ENCODING_UTF16_LE },
        { "utf-16be", SV_ENCODING_UTF16_BE },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(names[i].name, name) == 0) {
            *encoding = names[i].encoding;
            return true;
        }
    }
    return false;
}

void
sv_csv_input_init(sv_csv_input_t *input, FILE *stream, sv_encoding_t encoding, sv_arena_t *arena)
{
    *input = (sv_csv_input_t){ .stream = stream, .encoding = encoding, .behind = EOF, .returned = EOF };
    sv_buffer_init(&input->head, arena, 256);
}

/* Looks for a byte-order mark; what was read and is none is kept for reading. */
static void
sv_csv_input_start(sv_csv_input_t *input)
{
    static const struct {
        const char *bytes;
        size_t length;
        sv_encoding_t encoding;
    } marks[] = {
        { "\xef\xbb\xbf", 3, SV_ENCODING_UTF8 },
        { "\xff\xfe", 2, SV_ENCODING_UTF16_LE },
        { "\xfe\xff", 2, SV_ENCODING_UTF16_BE },
    };
    int c;

    input->started = true;
    while (input->raw_count < 3 && (c = getc(input->stream)) != EOF) {
        input->raw[input->raw_count++] = (unsigned char) c;
    }
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (input->raw_count >= marks[i].length && memcmp(input->raw, marks[i].bytes, marks[i].length) == 0) {
            input->encoding = marks[i].encoding;
            input->raw_count -= marks[i].length;
            memmove(input->raw, input->raw + marks[i].length, input->raw_count);
            return;
        }
    }
}

static int
sv_csv_input_raw(sv_csv_input_t *input)
{
    int c;

    if (!input->started) {
        sv_csv_input_start(input);
    }
    if (input->raw_count == 0) {
        return getc(input->stream);
    }
    c = input->raw[0];
    memmove(input->raw, input->raw + 1, --input->raw_count);
    return c;
}

/* Puts a character's UTF-8 where the next bytes come from. */
static void
sv_csv_input_encode(sv_csv_input_t *input, uint32_t character)
{
    unsigned char *out = input->pending + input->pending_count;

    if (character < 0x80) {
        *out++ = (unsigned char) character;
    } else if (character < 0x800) {
        *out++ = (unsigned char) (0xc0 | character >> 6);
        *out++ = (unsigned char) (0x80 | (character & 0x3f));
    } else if (character < 0x10000) {
        *out++ = (unsigned char) (0xe0 | character >> 12);
        *out++ = (unsigned char) (0x80 | (character >> 6 & 0x3f));
        *out++ = (unsigned char) (0x80 | (character & 0x3f));
    } else {
        *out++ = (unsigned char) (0xf0 | character >> 18);
        *out++ = (unsigned char) (0x80 | (character >> 12 & 0x3f));
        *out++ = (unsigned char) (0x80 | (character >> 6 & 0x3f));
        *out++ = (unsigned char) (0x80 | (character & 0x3f));
    }
    input->pending_count = (size_t) (out - input->pending);
}

const char *
sv_windows_1252_text(unsigned char byte)
{
    static const char *const texts[32] = {
        "\u20ac", "",       "\u201a", "\u0192", "\u201e", "\u2026", "\u2020", "\u2021", "\u02c6", "\u2030", "\u0160",
        "\u2039", "\u0152", "",       "\u017d", "",       "",       "\u2018", "\u2019", "\u201c", "\u201d", "\u2022",
        "\u2013", "\u2014", "\u02dc", "\u2122", "\u0161", "\u203a", "\u0153", "",       "\u017e", "\u0178",
    };

    return byte >= 0x80 && byte < 0xa0 ? texts[byte - 0x80] : "";
}

/* Windows-1252 is Latin-1 but for 0x80 to 0x9f; what it leaves undefined stays a control character. */
static void
sv_csv_input_decode_windows(sv_csv_input_t *input, int byte)
{
    const char *text = sv_windows_1252_text((unsigned char) byte);

    if (text[0] == '\0') {
        sv_csv_input_encode(input, (uint32_t) byte);
    } else {
        input->pending_count = strlen(text);
        memcpy(input->pending, text, input->pending_count);
    }
}

/* One 16-bit unit; -1 at the end, -2 when the file ends inside one. */
static int32_t
sv_csv_input_unit(sv_csv_input_t *input)
{
    int first = sv_csv_input_raw(input), second;

    if (first == EOF) {
        return -1;
    }
    second = sv_csv_input_raw(input);
    if (second == EOF) {
        return -2;
    }
    return input->encoding == SV_ENCODING_UTF16_LE ? second << 8 | first : first << 8 | second;
}

/* A surrogate without its other half, or half a unit, becomes a byte that no UTF-8 has: the row is refused. */
static void
sv_csv_input_decode_utf16(sv_csv_input_t *input)
{
    int32_t unit = sv_csv_input_unit(input), low;

    if (unit == -1) {
        return;
    }
    if (unit >= 0xd800 && unit < 0xdc00) {
        low = sv_csv_input_unit(input);
        if (low >= 0xdc00 && low < 0xe000) {
            sv_csv_input_encode(input, (uint32_t) (0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)));
            return;
        }
        input->pending[input->pending_count++] = SV_NO_UTF8;
        if (low < 0 || (low >= 0xd800 && low < 0xdc00)) {
            return;
        }
        unit = low;
    }
    if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) {
        input->pending[input->pending_count++] = SV_NO_UTF8;
        return;
    }
    sv_csv_input_encode(input, (uint32_t) unit);
}

static int
sv_csv_input_decoded(sv_csv_input_t *input)
{
    int c;

    if (input->pending_next < input->pending_count) {
        return input->pending[input->pending_next++];
    }
    input->pending_next = input->pending_count = 0;
    if (!input->started) {
        sv_csv_input_start(input);
    }
    switch (input->encoding) {
    case SV_ENCODING_UTF8:
        return sv_csv_input_raw(input);
    case SV_ENCODING_WINDOWS_1252:
        c = sv_csv_input_raw(input);
        if (c < 0x80) {
            return c;
        }
        sv_csv_input_decode_windows(input, c);
        break;
    case SV_ENCODING_UTF16_LE:
    case SV_ENCODING_UTF16_BE:
        sv_csv_input_decode_utf16(input);
        break;
    }
    return input->pending_count == 0 ? EOF : input->pending[input->pending_next++];
}

/* The next byte, but for Ctrl-Zs that only the end follows. */
static int
sv_csv_input_trimmed(sv_csv_input_t *input)
{
    int c;

    if (input->substitutes > 0) {
        input->substitutes--;
        return SV_CTRL_Z;
    }
    if (input->behind != EOF) {
        c = input->behind;
        input->behind = EOF;
        return c;
    }
    c = sv_csv_input_decoded(input);
    if (c != SV_CTRL_Z) {
        return c;
    }
    do {
        input->substitutes++;
        c = sv_csv_input_decoded(input);
    } while (c == SV_CTRL_Z);
    if (c == EOF) {
        input->substitutes = 0;
        return EOF;
    }
    input->behind = c;
    input->substitutes--;
    return SV_CTRL_Z;
}

int
sv_csv_input_next(sv_csv_input_t *input)
{
    int c = input->returned;

    if (c != EOF) {
        input->returned = EOF;
        return c;
    }
    if (input->head_next < input->head.length) {
        return (unsigned char) input->head.data[input->head_next++];
    }
    return sv_csv_input_trimmed(input);
}

void
sv_csv_input_return(sv_csv_input_t *input, int c)
{
    input->returned = c;
}

const sv_buffer_t *
sv_csv_input_first_line(sv_csv_input_t *input)
{
    bool begun = false, after_cr = false;
    int c;

    /* The byte behind a CR is read too: it tells whether the CR ends the line alone. */
    while (input->head.length < SV_FIRST_LINE_MAX && (c = sv_csv_input_trimmed(input)) != EOF) {
        sv_buffer_putc(&input->head, (char) c);
        if (begun && (c == '\n' || after_cr)) {
            break;
        }
        begun = begun || (c != '\n' && c != '\r');
        after_cr = c == '\r';
    }
    return &input->head;
}
