#include "core/base/json_writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/text.h"

enum { SV_INT_TEXT_SIZE = 24, SV_DOUBLE_TEXT_SIZE = 32 };

/* What a byte needs inside a string: 0 nothing, 1 a look at its UTF-8 sequence,
 * 'u' a \u00XX escape, else the letter behind the backslash. */
static const char sv_json_escape[256] = {
    [0x00 ... 0x07] = 'u', ['\b'] = 'b',          ['\t'] = 't', ['\n'] = 'n',  [0x0b] = 'u',        ['\f'] = 'f',
    ['\r'] = 'r',          [0x0e ... 0x1f] = 'u', ['"'] = '"',  ['\\'] = '\\', [0x80 ... 0xff] = 1,
};

void
sv_json_writer_init(sv_json_writer_t *w, sv_buffer_t *out)
{
    w->out = out;
    w->depth = 0;
    w->has_member[0] = false;
}

/* Where the bytes that need nothing end, looked for eight at a time. */
static const char *
sv_json_plain_end(const char *text, const char *end)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;

    while (end - text >= 8) {
        uint64_t bytes, quotes, backslashes;

        memcpy(&bytes, text, 8);
        quotes = bytes ^ ones * '"';
        backslashes = bytes ^ ones * '\\';
        /* The first such byte borrows from none before it, and a byte marked wrongly behind it only ends the run. */
        if (((bytes | (bytes - ones * 0x20) | (quotes - ones) | (backslashes - ones)) & tops) != 0) {
            break;
        }
        text += 8;
    }
    while (text < end && sv_json_escape[(unsigned char) *text] == 0) {
        text++;
    }
    return text;
}

/* Writes one string with its quotes.  What is no UTF-8 becomes U+FFFD, so that
 * the output is valid whatever an old document holds. */
static void
sv_json_quote(sv_buffer_t *out, const char *text, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    const char *end = text + length;
    /* The worst case of a byte is \u00XX, six; reserving for plain text and escapes as they come. */
    char *to = sv_buffer_reserve(out, length + 2);
    const char *start = text;

    *to++ = '"';
    out->length++;
    while ((text = sv_json_plain_end(text, end)) < end) {
        char escape = sv_json_escape[(unsigned char) *text];
        size_t size;

        if (escape == 1 && (size = sv_utf8_sequence(text, (size_t) (end - text))) > 0) {
            text += size;
            continue;
        }
        sv_buffer_append(out, start, (size_t) (text - start));
        if (escape == 1) {
            sv_buffer_append(out, "\xef\xbf\xbd", 3);
        } else if (escape == 'u') {
            char code[6] = { '\\', 'u', '0', '0', hex[(unsigned char) *text >> 4], hex[*text & 15] };

            sv_buffer_append(out, code, sizeof(code));
        } else {
            char pair[2] = { '\\', escape };

            sv_buffer_append(out, pair, sizeof(pair));
        }
        start = ++text;
    }
    to = sv_buffer_reserve(out, (size_t) (text - start) + 1);
    memcpy(to, start, (size_t) (text - start));
    to += text - start;
    *to++ = '"';
    *to = '\0';
    out->length = (size_t) (to - out->data);
}

/* The comma and the name.  False below the deepest level, where nothing is written. */
static bool
sv_json_begin(sv_json_writer_t *w, const char *name)
{
    if (w->depth > SV_JSON_MAX_DEPTH) {
        return false;
    }
    if (w->has_member[w->depth]) {
        sv_buffer_putc(w->out, ',');
    }
    w->has_member[w->depth] = true;
    if (name != NULL) {
        sv_json_quote(w->out, name, strlen(name));
        sv_buffer_putc(w->out, ':');
    }
    return true;
}

static void
sv_json_open(sv_json_writer_t *w, const char *name, char opener, char closer)
{
    if (sv_json_begin(w, name)) {
        if (w->depth < SV_JSON_MAX_DEPTH) {
            sv_buffer_putc(w->out, opener);
            w->closer[w->depth + 1] = closer;
            w->has_member[w->depth + 1] = false;
        } else {
            sv_buffer_append(w->out, "null", 4); /* too deep: left out, the rest stays valid */
        }
    }
    w->depth++;
}

void
sv_json_object(sv_json_writer_t *w, const char *name)
{
    sv_json_open(w, name, '{', '}');
}

void
sv_json_array(sv_json_writer_t *w, const char *name)
{
    sv_json_open(w, name, '[', ']');
}

void
sv_json_end(sv_json_writer_t *w)
{
    if (w->depth == 0) {
        return;
    }
    if (w->depth <= SV_JSON_MAX_DEPTH) {
        sv_buffer_putc(w->out, w->closer[w->depth]);
    }
    w->depth--;
}

void
sv_json_raw(sv_json_writer_t *w, const char *name, const char *json, size_t length)
{
    if (sv_json_begin(w, name)) {
        sv_buffer_append(w->out, json, length);
    }
}

void
sv_json_text_n(sv_json_writer_t *w, const char *name, const char *text, size_t length)
{
    if (text == NULL) {
        sv_json_null(w, name);
    } else if (sv_json_begin(w, name)) {
        sv_json_quote(w->out, text, length);
    }
}

void
sv_json_text(sv_json_writer_t *w, const char *name, const char *text)
{
    sv_json_text_n(w, name, text, text == NULL ? 0 : strlen(text));
}

void
sv_json_int(sv_json_writer_t *w, const char *name, int64_t value)
{
    char text[SV_INT_TEXT_SIZE];
    char *start = text + sizeof(text);
    uint64_t rest = value < 0 ? -(uint64_t) value : (uint64_t) value;

    do {
        *--start = (char) ('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        *--start = '-';
    }
    sv_json_raw(w, name, start, (size_t) (text + sizeof(text) - start));
}

void
sv_json_bool(sv_json_writer_t *w, const char *name, bool value)
{
    sv_json_raw(w, name, value ? "true" : "false", value ? 4 : 5);
}

void
sv_json_null(sv_json_writer_t *w, const char *name)
{
    sv_json_raw(w, name, "null", 4);
}

void
sv_json_double(sv_json_writer_t *w, const char *name, double value)
{
    char text[SV_DOUBLE_TEXT_SIZE];
    int length = 0;

    if (!isfinite(value)) {
        sv_json_null(w, name); /* JSON has no such number */
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        length = snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    sv_json_raw(w, name, text, (size_t) length);
}

void
sv_json_quantity(sv_json_writer_t *w, const char *name, sv_quantity_t value)
{
    char text[SV_QUANTITY_TEXT_SIZE];
    int length = sv_quantity_to_text(value, text);

    sv_json_raw(w, name, text, (size_t) length);
}

void
sv_json_time(sv_json_writer_t *w, const char *name, int64_t ms)
{
    char text[SV_TIME_TEXT_SIZE + 1];
    int length;

    if (ms == 0) {
        sv_json_null(w, name);
        return;
    }
    text[0] = '"';
    length = sv_time_format(ms, text + 1);
    text[length + 1] = '"';
    sv_json_raw(w, name, text, (size_t) length + 2);
}
