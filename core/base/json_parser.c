#include "core/base/json_parser.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/text.h"

enum { SV_JSON_MANY_PLACES = 1 << 30, SV_JSON_CONTAINER_WEIGHT = 8 };

static const char sv_incomplete[] = "it ends before the value is complete";

typedef struct {
    const char *start, *at, *end;
    const char *message; /* set once, at the place of the fault */
    unsigned depth, weight, weight_max;
    const char *loose_member; /* of the top-level object; NULL: none */
    bool loose;               /* inside of it */
    sv_arena_t *arena;
    sv_buffer_t scratch; /* a string or a number that cannot be read in place; made when needed */
} sv_json_parser_t;

/* A string's content: in the text, or in the scratch until the next string. */
typedef struct {
    const char *bytes;
    size_t length;
} sv_json_span_t;

/* Bytes a string may hold as they are; the others are '"', '\\', controls and the first bytes of longer characters. */
static const bool sv_json_plain[256] = { [0x20 ... 0x21] = true, [0x23 ... 0x5b] = true, [0x5d ... 0x7f] = true };

static json_t *sv_json_value(sv_json_parser_t *p);

static bool
sv_json_fault(sv_json_parser_t *p, const char *message)
{
    p->message = message;
    return false;
}

static bool
sv_json_weigh(sv_json_parser_t *p, unsigned weight)
{
    p->weight += weight;
    return p->weight <= p->weight_max || sv_json_fault(p, "it has too many values");
}

static void
sv_json_skip_blanks(sv_json_parser_t *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t')) {
        p->at++;
    }
}

/* Skips blanks and takes `c`. */
static bool
sv_json_take(sv_json_parser_t *p, char c)
{
    sv_json_skip_blanks(p);
    if (p->at < p->end && *p->at == c) {
        p->at++;
        return true;
    }
    return false;
}

static bool
sv_json_unexpected(sv_json_parser_t *p, const char *message)
{
    return sv_json_fault(p, p->at < p->end ? message : sv_incomplete);
}

static sv_buffer_t *
sv_json_scratch(sv_json_parser_t *p)
{
    if (p->scratch.data == NULL) {
        sv_buffer_init(&p->scratch, p->arena, 256);
    }
    p->scratch.length = 0;
    return &p->scratch;
}

/* The four hexadecimal digits of \uXXXX. */
static bool
sv_json_code_unit(sv_json_parser_t *p, unsigned *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        char c = p->at < p->end ? *p->at : '\0';

        if (c >= '0' && c <= '9') {
            *unit = *unit << 4 | (unsigned) (c - '0');
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            *unit = *unit << 4 | (unsigned) ((c | 0x20) - 'a' + 10);
        } else {
            return sv_json_unexpected(p, "\\u must be followed by four hexadecimal digits");
        }
    }
    return true;
}

/* What no text may hold is taken where the reader of the string refuses it. */
static bool
sv_json_loose_fault(sv_json_parser_t *p, const char *message)
{
    return p->loose || sv_json_fault(p, message);
}

/* A character written as \uXXXX, or as a pair of them beyond the basic plane. */
static bool
sv_json_code_point(sv_json_parser_t *p, unsigned *code)
{
    const char *second;
    unsigned low;

    if (!sv_json_code_unit(p, code)) {
        return false;
    }
    if (*code == 0) {
        return sv_json_loose_fault(p, "\\u0000 is not allowed");
    }
    if (*code < 0xd800 || *code > 0xdfff) {
        return true;
    }
    if (*code > 0xdbff || p->end - p->at < 2 || p->at[0] != '\\' || p->at[1] != 'u') {
        return sv_json_loose_fault(p, "half of a surrogate pair stands alone");
    }
    second = p->at;
    p->at += 2;
    if (!sv_json_code_unit(p, &low)) {
        return false;
    }
    if (low < 0xdc00 || low > 0xdfff) {
        if (p->loose) {
            p->at = second; /* it is a character of its own */
        }
        return sv_json_loose_fault(p, "half of a surrogate pair stands alone");
    }
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static void
sv_json_add_utf8(sv_buffer_t *out, unsigned code)
{
    char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char) (0x80 | (code & 0x3f));
        code >>= 6;
    }
    bytes[0] = (char) (leads[length] | code);
    sv_buffer_append(out, bytes, length);
}

/* What stands behind a backslash. */
static bool
sv_json_escape_sequence(sv_json_parser_t *p, sv_buffer_t *out)
{
    static const char meanings[128] = {
        ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
    };
    unsigned char c = p->at < p->end ? (unsigned char) *p->at : '\0';
    unsigned code;

    if (c == 'u') {
        p->at++;
        if (!sv_json_code_point(p, &code)) {
            return false;
        }
        sv_json_add_utf8(out, code);
        return true;
    }
    if (c >= sizeof(meanings) || meanings[c] == '\0') {
        return sv_json_unexpected(p, "an escape in a string is none of JSON's");
    }
    sv_buffer_putc(out, meanings[c]);
    p->at++;
    return true;
}

/* Passes over what a string holds as it is, to the next '"' or '\\'. */
static bool
sv_json_plain_run(sv_json_parser_t *p)
{
    const char *at = p->at, *end = p->end;
    size_t size = 1;

    for (;;) {
        while (at < end && sv_json_plain[(unsigned char) *at]) {
            at++;
        }
        p->at = at;
        if (at == end) {
            return sv_json_fault(p, sv_incomplete);
        }
        if (*at == '"' || *at == '\\') {
            return true;
        }
        if ((unsigned char) *at < 0x20) {
            if (!sv_json_loose_fault(p, "a control character in a string must be escaped")) {
                return false;
            }
            at++;
            continue;
        }
        size = sv_utf8_sequence(at, (size_t) (end - at));
        if (size == 0) {
            return sv_json_fault(p, "a string is not valid UTF-8");
        }
        at += size;
    }
}

/* Reads a string whose first quote is taken. */
static bool
sv_json_string_span(sv_json_parser_t *p, sv_json_span_t *span)
{
    const char *start = p->at;
    sv_buffer_t *out;

    if (!sv_json_plain_run(p)) {
        return false;
    }
    if (*p->at == '"') {
        *span = (sv_json_span_t){ start, (size_t) (p->at++ - start) };
        return true;
    }
    out = sv_json_scratch(p);
    for (;;) {
        sv_buffer_append(out, start, (size_t) (p->at - start));
        if (*p->at++ == '"') {
            *span = (sv_json_span_t){ out->data, out->length };
            return true;
        }
        if (!sv_json_escape_sequence(p, out)) {
            return false;
        }
        start = p->at;
        if (!sv_json_plain_run(p)) {
            return false;
        }
    }
}

static json_t *
sv_json_string(sv_json_parser_t *p)
{
    sv_json_span_t span;

    return sv_json_string_span(p, &span) ? json_stringn_nocheck(span.bytes, span.length) : NULL;
}

/* A decimal as its digits and its power of ten. */
typedef struct {
    const char *text;
    uint64_t digits; /* the significant ones, when there are at most 19 */
    unsigned count;  /* of significant digits */
    int places;      /* behind the point */
    int exponent;    /* as written, clamped */
    bool negative, real;
} sv_json_number_t;

/* Adds digits to the number; returns how many there were. */
static size_t
sv_json_digits(sv_json_parser_t *p, sv_json_number_t *number)
{
    const char *start = p->at;

    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        if (number->count > 0 || *p->at != '0') {
            if (++number->count <= 19) {
                number->digits = number->digits * 10 + (uint64_t) (*p->at - '0');
            }
        }
    }
    return (size_t) (p->at - start);
}

static bool
sv_json_exponent(sv_json_parser_t *p, sv_json_number_t *number)
{
    bool negative = false;
    const char *start;

    if (p->at < p->end && (*p->at == '+' || *p->at == '-')) {
        negative = *p->at++ == '-';
    }
    for (start = p->at; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        if (number->exponent < 100000000) {
            number->exponent = number->exponent * 10 + (*p->at - '0');
        }
    }
    if (negative) {
        number->exponent = -number->exponent;
    }
    return p->at > start || sv_json_unexpected(p, "an exponent has no digits");
}

/* The grammar of a number. */
static bool
sv_json_scan_number(sv_json_parser_t *p, sv_json_number_t *number)
{
    *number = (sv_json_number_t){ .text = p->at, .negative = *p->at == '-' };
    p->at += number->negative;
    if (p->at < p->end && *p->at == '0') {
        p->at++;
        if (p->at < p->end && *p->at >= '0' && *p->at <= '9') {
            return sv_json_fault(p, "a number begins with a needless zero");
        }
    } else if (sv_json_digits(p, number) == 0) {
        return sv_json_unexpected(p, "a minus is not followed by a digit");
    }
    if (p->at < p->end && *p->at == '.') {
        size_t places;

        p->at++;
        places = sv_json_digits(p, number);
        if (places == 0) {
            return sv_json_unexpected(p, "a decimal point is not followed by a digit");
        }
        number->places = places < SV_JSON_MANY_PLACES ? (int) places : SV_JSON_MANY_PLACES;
        number->real = true;
    }
    if (p->at < p->end && (*p->at == 'e' || *p->at == 'E')) {
        p->at++;
        number->real = true;
        return sv_json_exponent(p, number);
    }
    return true;
}

/* A number whose digits and power of ten are both exact doubles is one exact
 * operation (W. Clinger, 1990); any other is strtod's. */
static double
sv_json_real_value(sv_json_parser_t *p, const sv_json_number_t *number)
{
    static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    int power = number->exponent - number->places;

    if (number->count <= 15 && power >= -22 && power <= 22) {
        double value = (double) number->digits;

        value = power < 0 ? value / powers[-power] : value * powers[power];
        return number->negative ? -value : value;
    }
    sv_json_scratch(p);
    sv_buffer_append(&p->scratch, number->text, (size_t) (p->at - number->text));
    return strtod(p->scratch.data, NULL);
}

static json_t *
sv_json_number(sv_json_parser_t *p)
{
    sv_json_number_t number;
    double value;

    if (!sv_json_scan_number(p, &number)) {
        return NULL;
    }
    if (!number.real && number.count <= 19 && number.digits <= (uint64_t) INT64_MAX + number.negative) {
        return json_integer((json_int_t) (number.negative ? -number.digits : number.digits));
    }
    value = sv_json_real_value(p, &number);
    if (isfinite(value)) {
        return json_real(value);
    }
    p->at = number.text;
    sv_json_fault(p, "a number is out of range");
    return NULL;
}

static json_t *
sv_json_literal(sv_json_parser_t *p)
{
    static const struct {
        const char *word;
        size_t length;
        json_t *(*make)(void);
    } literals[] = { { "true", 4, json_true }, { "false", 5, json_false }, { "null", 4, json_null } };

    for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        if ((size_t) (p->end - p->at) >= literals[i].length &&
            memcmp(p->at, literals[i].word, literals[i].length) == 0) {
            p->at += literals[i].length;
            return literals[i].make();
        }
    }
    sv_json_unexpected(p, "a value is expected");
    return NULL;
}

static bool
sv_json_elements(sv_json_parser_t *p, json_t *array)
{
    if (sv_json_take(p, ']')) {
        return true;
    }
    do {
        /* A NULL value is refused by the append; its fault is told already. */
        if (json_array_append_new(array, sv_json_value(p)) != 0) {
            return false;
        }
    } while (sv_json_take(p, ','));
    return sv_json_take(p, ']') || sv_json_unexpected(p, "a comma or ] is expected");
}

/* A member's name out of a string that may hold anything: what is no text is U+FFFD. */
static void
sv_json_mend_name(sv_json_parser_t *p, sv_json_span_t *key)
{
    sv_buffer_t mended;

    if (sv_utf8_valid(key->bytes, key->length)) {
        return;
    }
    sv_buffer_init(&mended, p->arena, key->length * 3 + 1);
    for (size_t at = 0, size; at < key->length; at += size) {
        size = sv_utf8_sequence(key->bytes + at, key->length - at);
        if (size == 0 || key->bytes[at] == '\0') {
            size = 1;
            sv_buffer_puts(&mended, "\xef\xbf\xbd");
        } else {
            sv_buffer_append(&mended, key->bytes + at, size);
        }
    }
    *key = (sv_json_span_t){ mended.data, mended.length };
}

/* The value of a member; only the loose one of the top-level object is read loosely. */
static json_t *
sv_json_member_of(sv_json_parser_t *p, const sv_json_span_t *key)
{
    bool opens = p->depth == 1 && p->loose_member != NULL && key->length == strlen(p->loose_member) &&
                 memcmp(key->bytes, p->loose_member, key->length) == 0;
    json_t *value;

    p->loose |= opens;
    value = sv_json_value(p);
    p->loose &= !opens;
    return value;
}

static bool
sv_json_member_value(sv_json_parser_t *p, json_t *object)
{
    const char *start = p->at;
    size_t size = json_object_size(object);
    sv_json_span_t key;
    int status;

    if (!sv_json_take(p, '"')) {
        return sv_json_unexpected(p, "a member's name in quotes is expected");
    }
    if (!sv_json_weigh(p, 1) || !sv_json_string_span(p, &key)) {
        return false;
    }
    if (!sv_json_take(p, ':')) {
        return sv_json_unexpected(p, "a colon is expected");
    }
    if (key.bytes == p->scratch.data) { /* the value may need the scratch too */
        key.bytes = sv_arena_strndup(p->arena, key.bytes, key.length);
    }
    if (p->loose) {
        sv_json_mend_name(p, &key);
    }
    status = json_object_setn_new_nocheck(object, key.bytes, key.length, sv_json_member_of(p, &key));
    if (status == 0 && json_object_size(object) == size) { /* it took the place of another */
        p->at = start;
        sv_json_skip_blanks(p);
        return sv_json_fault(p, "an object has the same member twice");
    }
    return status == 0;
}

static bool
sv_json_members(sv_json_parser_t *p, json_t *object)
{
    if (sv_json_take(p, '}')) {
        return true;
    }
    do {
        if (!sv_json_member_value(p, object)) {
            return false;
        }
    } while (sv_json_take(p, ','));
    return sv_json_take(p, '}') || sv_json_unexpected(p, "a comma or } is expected");
}

/* An array or an object, whose first bracket is taken. */
static json_t *
sv_json_container(sv_json_parser_t *p, json_t *container, bool (*fill)(sv_json_parser_t *p, json_t *container))
{
    bool filled;

    if (p->depth == SV_JSON_READ_DEPTH) {
        p->at--;
        filled = sv_json_fault(p, "it is nested deeper than 32 levels");
    } else {
        p->depth++;
        filled = container != NULL && fill(p, container);
        p->depth--;
    }
    if (!filled) {
        json_decref(container);
        return NULL;
    }
    return container;
}

static json_t *
sv_json_value(sv_json_parser_t *p)
{
    sv_json_skip_blanks(p);
    if (p->at == p->end) {
        sv_json_fault(p, sv_incomplete);
        return NULL;
    }
    if (!sv_json_weigh(p, *p->at == '{' || *p->at == '[' ? SV_JSON_CONTAINER_WEIGHT : 1)) {
        return NULL;
    }
    switch (*p->at) {
    case '"':
        p->at++;
        return sv_json_string(p);
    case '{':
        p->at++;
        return sv_json_container(p, json_object(), sv_json_members);
    case '[':
        p->at++;
        return sv_json_container(p, json_array(), sv_json_elements);
    case '-':
    case '0' ... '9':
        return sv_json_number(p);
    default:
        return sv_json_literal(p);
    }
}

static void
sv_json_locate(const sv_json_parser_t *p, sv_json_fault_t *fault)
{
    *fault = (sv_json_fault_t){ p->message, (size_t) (p->at - p->start), 1, 1 };
    for (const char *c = p->start; c < p->at; c++) {
        if (*c == '\n') {
            fault->line++;
            fault->column = 1;
        } else {
            fault->column += ((unsigned char) *c & 0xc0) != 0x80;
        }
    }
}

json_t *
sv_json_build(const char *text, size_t length, const char *loose, unsigned weight_max, sv_arena_t *arena,
              sv_json_fault_t *fault)
{
    sv_json_parser_t parser = {
        .start = text, .at = text, .end = text + length, .weight_max = weight_max, .loose_member = loose, .arena = arena
    };
    json_t *value = sv_json_value(&parser);

    if (value != NULL) {
        sv_json_skip_blanks(&parser);
        if (parser.at == parser.end) {
            return value;
        }
        json_decref(value);
        sv_json_fault(&parser, "something follows the value");
    }
    sv_json_locate(&parser, fault);
    return NULL;
}
