#include "core/base/text_gate.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "core/base/codec.h"
#include "core/base/text.h"

enum {
    SV_GS = 0x1d,
    /* A character may be written in this many bytes before it is composed and what nobody sees is removed.  What is
     * longer is refused unread: a body of marks must not be worked on for one name. */
    SV_BYTES_A_CHARACTER = 16,
    SV_BYTES_SPARE = 64,
    SV_LONGEST_DECOMPOSITION = 8 /* code points of one; the longest has four */
};

/* What each kind does with what stands in a text. */
typedef struct {
    bool keeps_gs;
    bool keeps_lines;         /* LF and TAB */
    bool keeps_unseen;        /* marks that writing needs */
    bool blanks_for_controls; /* and one blank for a run of them */
} sv_text_rule_t;

static const sv_text_rule_t sv_text_rules[] = {
    [SV_TEXT_CODE] = { .keeps_gs = true },
    [SV_TEXT_NAME] = { 0 },
    [SV_TEXT_SEARCH] = { .blanks_for_controls = true },
    [SV_TEXT_LINE] = { .keeps_unseen = true },
    [SV_TEXT_NOTE] = { .keeps_unseen = true, .keeps_lines = true },
};

/* Code points on their way through the gate. */
typedef struct {
    const sv_text_rule_t *rule;
    int32_t *points;
    size_t count;
} sv_text_flow_t;

static bool
sv_is_end_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Nearly every text: ASCII with nothing to remove between its ends. */
static bool
sv_text_is_plain(const char *text, size_t length, bool single_blanks)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char) text[i];

        if (c < 0x20 || c > 0x7e || (single_blanks && c == ' ' && text[i + 1] == ' ')) {
            return false;
        }
    }
    return true;
}

static bool
sv_is_line_end(int32_t point)
{
    return point == '\n' || point == '\v' || point == '\f' || point == 0x85 || point == 0x2028 || point == 0x2029;
}

static bool
sv_is_control(int32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

/* Blanks of every width, and the Braille pattern that has no dots. */
static bool
sv_is_blank(int32_t point, const utf8proc_property_t *property)
{
    return property->category == UTF8PROC_CATEGORY_ZS || property->category == UTF8PROC_CATEGORY_ZL ||
           property->category == UTF8PROC_CATEGORY_ZP || point == 0x2800;
}

/* What Unicode calls default ignorable, and the anchors of annotations. */
static bool
sv_is_unseen(int32_t point, const utf8proc_property_t *property)
{
    return property->ignorable || (point >= 0xfff9 && point <= 0xfffb);
}

/* The code point to put in the place of a control character; 0 where none may stand. */
static int32_t
sv_text_for_control(const sv_text_rule_t *rule, int32_t point)
{
    if (rule->keeps_lines && (point == '\t' || sv_is_line_end(point))) {
        return point == '\t' ? '\t' : '\n';
    }
    if (rule->keeps_gs && point == SV_GS) {
        return point;
    }
    if (rule->blanks_for_controls) {
        return ' ';
    }
    return point < 0x80 && sv_is_end_blank((char) point) ? point : 0; /* it may turn out to stand at an end */
}

static void
sv_text_put(sv_text_flow_t *flow, int32_t point)
{
    if (point == ' ' && flow->rule->blanks_for_controls && flow->count > 0 && flow->points[flow->count - 1] == ' ') {
        return;
    }
    flow->points[flow->count++] = point;
}

/* One character that is no control: removed, a blank, or its canonical decomposition. */
static void
sv_text_take(sv_text_flow_t *flow, int32_t point)
{
    const utf8proc_property_t *property = utf8proc_get_property(point);
    int32_t parts[SV_LONGEST_DECOMPOSITION];
    int boundary = UTF8PROC_BOUNDCLASS_START;
    utf8proc_ssize_t count;

    if (sv_is_unseen(point, property) && (point == 0xfeff || !flow->rule->keeps_unseen)) {
        return;
    }
    if (sv_is_blank(point, property)) {
        sv_text_put(flow, flow->rule->keeps_lines && sv_is_line_end(point) ? '\n' : ' ');
        return;
    }
    count = utf8proc_decompose_char(point, parts, SV_LONGEST_DECOMPOSITION, UTF8PROC_DECOMPOSE, &boundary);
    for (utf8proc_ssize_t i = 0; i < count && i < SV_LONGEST_DECOMPOSITION; i++) {
        sv_text_put(flow, parts[i]);
    }
}

/* Decodes the whole text, which is valid UTF-8, into the flow; false at a control character that may not be there. */
static bool
sv_text_decode(sv_text_flow_t *flow, const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        int32_t point;

        at += (size_t) utf8proc_iterate((const uint8_t *) text + at, (utf8proc_ssize_t) (length - at), &point);
        if (flow->rule->keeps_lines && point == '\r') { /* CR LF is one end of a line */
            point = at < length && text[at] == '\n' ? -1 : '\n';
        }
        if (point >= 0 && sv_is_control(point)) {
            point = sv_text_for_control(flow->rule, point);
            if (point == 0) {
                return false;
            }
            sv_text_put(flow, point);
        } else if (point >= 0) {
            sv_text_take(flow, point);
        }
    }
    return true;
}

static int
sv_text_compare_marks(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

    return (x > y) - (x < y);
}

/* Puts the marks on each letter into canonical order.  utf8proc does it too, by neighbours changing places, which a
 * long run of marks makes quadratic. */
static void
sv_text_order_marks(sv_text_flow_t *flow, sv_arena_t *arena)
{
    uint64_t *marks = NULL;

    for (size_t at = 0; at < flow->count; at++) {
        size_t start = at;
        bool ordered = true;

        for (utf8proc_propval_t before = 0; at < flow->count; at++) {
            utf8proc_propval_t class = utf8proc_get_property(flow->points[at])->combining_class;

            if (class == 0) {
                break;
            }
            ordered &= before <= class;
            before = class;
        }
        if (ordered) {
            continue;
        }
        if (marks == NULL) {
            marks = sv_arena_alloc(arena, flow->count * sizeof(*marks));
        }
        for (size_t i = start; i < at; i++) { /* class, place, code point */
            uint64_t class = (uint64_t) utf8proc_get_property(flow->points[i])->combining_class;

            marks[i - start] = class << 56 | (uint64_t) (i - start) << 24 | (uint64_t) flow->points[i];
        }
        qsort(marks, at - start, sizeof(*marks), sv_text_compare_marks);
        for (size_t i = start; i < at; i++) {
            flow->points[i] = (int32_t) (marks[i - start] & 0xffffff);
        }
    }
}

static const char *
sv_text_encode(const sv_text_flow_t *flow, sv_arena_t *arena)
{
    char *text = sv_arena_alloc(arena, flow->count * 4 + 1), *end = text;

    for (size_t i = 0; i < flow->count; i++) {
        end += utf8proc_encode_char(flow->points[i], (uint8_t *) end);
    }
    *end = '\0';
    return text;
}

/* Cuts the ends; false when what a scanner adds stands between them: two codes are not one. */
static bool
sv_text_trim(sv_text_flow_t *flow)
{
    while (flow->count > 0 && flow->points[flow->count - 1] < 0x80 &&
           sv_is_end_blank((char) flow->points[flow->count - 1])) {
        flow->count--;
    }
    while (flow->count > 0 && flow->points[0] < 0x80 && sv_is_end_blank((char) flow->points[0])) {
        flow->points++;
        flow->count--;
    }
    for (size_t i = 0; i < flow->count && !flow->rule->keeps_lines; i++) {
        if (flow->points[i] < ' ' && flow->points[i] != SV_GS) {
            return false;
        }
    }
    return true;
}

/* The whole way, for texts that are not plain. */
static sv_text_fault_t
sv_text_normalize(const sv_text_rule_t *rule, const char *text, size_t length, size_t max_characters, sv_arena_t *arena,
                  const char **clean)
{
    sv_text_flow_t flow = { .rule = rule };
    utf8proc_ssize_t composed;

    /* A character of two bytes has three code points at most, one of three bytes four. */
    flow.points = sv_arena_alloc(arena, length * 2 * sizeof(*flow.points));
    if (!sv_text_decode(&flow, text, length)) {
        return SV_TEXT_CONTROL;
    }
    sv_text_order_marks(&flow, arena);
    composed = utf8proc_normalize_utf32(flow.points, (utf8proc_ssize_t) flow.count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    flow.count = composed > 0 ? (size_t) composed : 0;
    if (!sv_text_trim(&flow)) {
        return SV_TEXT_CONTROL;
    }
    if (flow.count > max_characters) {
        return SV_TEXT_TOO_LONG;
    }
    *clean = sv_text_encode(&flow, arena);
    return SV_TEXT_OK;
}

sv_text_fault_t
sv_text_gate(sv_text_kind_t kind, const char *text, size_t length, size_t max_characters, sv_arena_t *arena,
             const char **clean)
{
    const sv_text_rule_t *rule = &sv_text_rules[kind];
    const char *end = text + length;

    if (length > max_characters * SV_BYTES_A_CHARACTER + SV_BYTES_SPARE) {
        return SV_TEXT_TOO_LONG;
    }
    while (text < end && sv_is_end_blank(*text)) {
        text++;
    }
    while (text < end && sv_is_end_blank(end[-1])) {
        end--;
    }
    length -= length - (size_t) (end - text);
    if (sv_text_is_plain(text, length, rule->blanks_for_controls)) {
        if (length > max_characters) {
            return SV_TEXT_TOO_LONG;
        }
        *clean = *end == '\0' ? text : sv_arena_strndup(arena, text, length);
        return SV_TEXT_OK;
    }
    if (!sv_utf8_valid(text, length)) {
        return SV_TEXT_NOT_UTF8;
    }
    return sv_text_normalize(rule, text, length, max_characters, arena, clean);
}

const char *
sv_text_pass(sv_text_kind_t kind, const char *text, size_t max_characters, sv_arena_t *arena)
{
    const char *clean;

    if (sv_text_gate(kind, text, strlen(text), max_characters, arena, &clean) != SV_TEXT_OK || clean[0] == '\0') {
        return NULL;
    }
    return clean;
}

const char *
sv_text_fold(const char *text, sv_arena_t *arena)
{
    const char *capital = text;
    char *folded;

    while (*capital != '\0' && (*capital < 'A' || *capital > 'Z')) {
        capital++;
    }
    if (*capital == '\0') {
        return text;
    }
    folded = sv_arena_strdup(arena, text);
    for (char *c = folded + (capital - text); *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c = (char) (*c - 'A' + 'a');
        }
    }
    return folded;
}

const char *
sv_text_fold_uuid(const char *text, sv_arena_t *arena)
{
    return sv_uuid_has_form(text) ? sv_text_fold(text, arena) : text;
}

const char *
sv_text_fault_code(sv_text_fault_t fault)
{
    static const char *const codes[] = {
        [SV_TEXT_OK] = "ok",
        [SV_TEXT_NOT_UTF8] = "invalid_text",
        [SV_TEXT_CONTROL] = "invalid_character",
        [SV_TEXT_TOO_LONG] = "too_long",
    };

    return codes[fault];
}

const char *
sv_text_fault_sentence(sv_text_fault_t fault, sv_text_kind_t kind, size_t max_characters, sv_arena_t *arena)
{
    switch (fault) {
    case SV_TEXT_NOT_UTF8:
        return "must be valid UTF-8 without NUL";
    case SV_TEXT_TOO_LONG:
        return sv_arena_printf(arena, "must have at most %zu character%s", max_characters,
                               max_characters == 1 ? "" : "s");
    default:
        return sv_text_rules[kind].keeps_lines ? "must not have control characters other than tabs and line breaks"
                                               : "must not have control characters";
    }
}
