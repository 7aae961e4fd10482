#include "core/import/field_text.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/csv_input.h"
#include "core/base/text.h"

static const char sv_blanks[][4] = { " ", "\t", "\n", "\r", "\xc2\xa0", "\xef\xbb\xbf" };

enum { SV_BLANKS = sizeof(sv_blanks) / sizeof(sv_blanks[0]) };

/* Bytes of the blank that stands at `text` (from_end: before it); 0: none. */
static size_t
sv_field_blank(const char *text, size_t room, bool from_end)
{
    for (size_t i = 0; i < SV_BLANKS; i++) {
        size_t length = strlen(sv_blanks[i]);

        if (length <= room && memcmp(from_end ? text - length : text, sv_blanks[i], length) == 0) {
            return length;
        }
    }
    return 0;
}

char *
sv_field_trim(char *field)
{
    size_t length = strlen(field), blank;

    while ((blank = sv_field_blank(field, length, false)) > 0) {
        field += blank;
        length -= blank;
    }
    while ((blank = sv_field_blank(field + length, length, true)) > 0) {
        length -= blank;
    }
    field[length] = '\0';
    return field;
}

/* U+0080 to U+009F: their second byte is that of Windows-1252. */
static bool
sv_field_is_c1(const char *text, size_t length)
{
    return length == 2 && (unsigned char) text[0] == 0xc2 && (unsigned char) text[1] < 0xa0;
}

static void
sv_field_put_blank(sv_buffer_t *out)
{
    if (out->length > 0 && out->data[out->length - 1] != ' ') {
        sv_buffer_putc(out, ' ');
    }
}

static bool
sv_field_is_control(char c)
{
    return (unsigned char) c < 0x20 || (unsigned char) c == 0x7f;
}

/* Copies the character of `length` bytes at `text`; `before` is the byte it follows, NUL at the beginning. */
static void
sv_field_put(sv_buffer_t *out, const char *text, size_t length, char before, bool paragraphs)
{
    unsigned char c = (unsigned char) text[0];

    if (sv_field_is_c1(text, length)) {
        sv_buffer_puts(out, sv_windows_1252_text((unsigned char) text[1]));
    } else if (length == 2 && c == 0xc2 && (unsigned char) text[1] == 0xa0) {
        sv_buffer_putc(out, ' ');
    } else if (paragraphs && (c == '\n' || c == '\t')) {
        sv_buffer_putc(out, (char) c);
    } else if (paragraphs && (c == '\r' || c == '\v' || c == '\f')) {
        if (text[1] != '\n') {
            sv_buffer_putc(out, '\n');
        }
    } else if (sv_field_is_control(text[0]) || (c == ' ' && !paragraphs && sv_field_is_control(before))) {
        sv_field_put_blank(out);
    } else {
        sv_buffer_append(out, text, length);
    }
}

static const char *
sv_field_text(const char *field, bool paragraphs, sv_arena_t *arena)
{
    size_t length = strlen(field), step;
    char before = '\0';
    sv_buffer_t out;

    sv_buffer_init(&out, arena, length + 1);
    sv_buffer_puts(&out, "");
    for (; length > 0 && (step = sv_utf8_sequence(field, length)) > 0; field += step, length -= step) {
        sv_field_put(&out, field, step, before, paragraphs);
        before = field[0];
    }
    return sv_field_trim(out.data);
}

const char *
sv_field_text_line(const char *field, sv_arena_t *arena)
{
    return sv_field_text(field, false, arena);
}

const char *
sv_field_text_paragraphs(const char *field, sv_arena_t *arena)
{
    return sv_field_text(field, true, arena);
}
