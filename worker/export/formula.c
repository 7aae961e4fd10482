#include "worker/export/formula.h"

#include <string.h>

/* What ends a cell in some country's Excel, or a line. */
static const bool sv_formula_ends_cell[256] = {
    [','] = true, [';'] = true, ['\t'] = true, ['\n'] = true, ['\r'] = true,
};

/* What some programs overlook before the sign: blanks, and `inside`, behind a separator, quotes, which may open a cell
 * there, but not what ends a cell: behind that another begins. */
static size_t
sv_formula_skip_blanks(const char *text, size_t length, size_t at, bool inside)
{
    static const char wide[][4] = { "\xef\xbb\xbf", "\xe2\x80\x8b", "\xe3\x80\x80" };

    while (at < length) {
        unsigned char c = (unsigned char) text[at];
        size_t step = inside ? c == '"' || (c <= ' ' && !sv_formula_ends_cell[c]) : c <= ' ';

        if (c == 0xc2 && length - at >= 2 && (unsigned char) text[at + 1] == 0xa0) {
            step = 2;
        }
        for (size_t w = 0; c >= 0xe2 && step == 0 && w < sizeof(wide) / sizeof(wide[0]); w++) {
            step = length - at >= 3 && memcmp(text + at, wide[w], 3) == 0 ? 3 : 0;
        }
        if (step == 0) {
            break;
        }
        at += step;
    }
    return at;
}

/* Whether a cell that began here would be a formula. */
static bool
sv_formula_begins(const char *text, size_t length, size_t at, bool inside)
{
    /* The wide forms of = + - @, which some input methods type. */
    static const char wide[][4] = { "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0" };

    at = sv_formula_skip_blanks(text, length, at, inside);
    if (at == length) {
        return false;
    }
    if (text[at] == '=' || text[at] == '+' || text[at] == '-' || text[at] == '@') {
        return true;
    }
    for (size_t w = 0; (unsigned char) text[at] == 0xef && w < sizeof(wide) / sizeof(wide[0]); w++) {
        if (length - at >= 3 && memcmp(text + at, wide[w], 3) == 0) {
            return true;
        }
    }
    return false;
}

size_t
sv_formula_next(const char *text, size_t length, size_t from)
{
    if (from == 0 && length > 0 &&
        (text[0] == '\t' || text[0] == '\r' || text[0] == '\n' || sv_formula_begins(text, length, 0, false))) {
        return 0;
    }
    for (size_t at = from > 0 ? from : 1; at < length; at++) {
        if (sv_formula_ends_cell[(unsigned char) text[at - 1]] && sv_formula_begins(text, length, at, true)) {
            return at;
        }
    }
    return length;
}
