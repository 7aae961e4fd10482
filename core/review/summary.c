#include "core/review/summary.h"

#include <string.h>

#include "core/review/line_derive.h"
#include "core/store/document.h"

typedef struct {
    const char *uom; /* NULL: none is known */
    int64_t lines;
    sv_quantity_t net, gross;
} sv_unit_summary_t;

typedef struct {
    int64_t by_state[SV_LINE_STATES];
    int64_t undecided;
    sv_unit_summary_t *units;
    size_t count, capacity;
    int64_t values; /* lines with a known value */
    sv_quantity_t net_value, gross_value;
    sv_arena_t *arena;
} sv_summary_t;

static sv_unit_summary_t *
sv_summary_unit(sv_summary_t *summary, const char *uom)
{
    for (size_t i = 0; i < summary->count; i++) {
        const char *other = summary->units[i].uom;

        if (uom == NULL ? other == NULL : other != NULL && strcmp(uom, other) == 0) {
            return &summary->units[i];
        }
    }
    summary->units =
        sv_arena_grow(summary->arena, summary->units, summary->count, &summary->capacity, sizeof(summary->units[0]));
    summary->units[summary->count] = (sv_unit_summary_t){ .uom = uom };
    return &summary->units[summary->count++];
}

static void
sv_summary_take_unit(const bson_t *row, void *context)
{
    sv_summary_t *summary = context;
    sv_unit_summary_t *unit = sv_summary_unit(summary, sv_doc_text(row, "uom", summary->arena));

    unit->lines = sv_doc_int(row, "lines");
    unit->net = sv_doc_quantity(row, "net");
    unit->gross = sv_doc_quantity(row, "gross");
}

static void
sv_summary_read(const bson_t *count, sv_summary_t *summary, sv_arena_t *arena)
{
    memset(summary, 0, sizeof(*summary));
    summary->arena = arena;
    for (int state = 0; state < SV_LINE_STATES; state++) {
        summary->by_state[state] =
            sv_doc_int(count, sv_arena_printf(arena, "summary.by_state.%s", sv_line_states[state]));
    }
    summary->undecided = sv_doc_int(count, "summary.undecided");
    summary->values = sv_doc_int(count, "summary.values");
    summary->net_value = sv_doc_quantity(count, "summary.net_value");
    summary->gross_value = sv_doc_quantity(count, "summary.gross_value");
    sv_doc_each(count, "summary.units", sv_summary_take_unit, summary, arena);
}

static sv_quantity_t
sv_without_sign(sv_quantity_t quantity)
{
    return quantity < 0 ? -quantity : quantity;
}

/* Adds (1) or takes away (-1) a variance or a value. */
static void
sv_summary_add(sv_quantity_t *net, sv_quantity_t *gross, int64_t *lines, int sign, sv_quantity_t quantity)
{
    sv_totals_add(net, sign * quantity);
    sv_totals_add(gross, sign * sv_without_sign(quantity));
    *lines += sign;
}

static void
sv_summary_move(sv_summary_t *summary, const sv_totals_line_t *line)
{
    const sv_review_line_t *review = &line->review;

    if (review->old_state < SV_LINE_STATES) {
        summary->by_state[review->old_state]--;
    }
    summary->by_state[sv_review_told_state(line)]++;
    summary->undecided += review->undecided - review->was_undecided;
    if (review->had_variance) {
        sv_unit_summary_t *unit = sv_summary_unit(summary, line->old_uom);

        sv_summary_add(&unit->net, &unit->gross, &unit->lines, -1, review->old_variance);
    }
    if (review->has_variance) {
        sv_unit_summary_t *unit = sv_summary_unit(summary, line->book.uom);

        sv_summary_add(&unit->net, &unit->gross, &unit->lines, 1, review->variance);
    }
    if (review->had_value) {
        sv_summary_add(&summary->net_value, &summary->gross_value, &summary->values, -1, review->old_value);
    }
    if (review->has_value) {
        sv_summary_add(&summary->net_value, &summary->gross_value, &summary->values, 1, review->value);
    }
}

/* Of lines that are not counted the count knows itself: those of its book that are in no other state. */
static void
sv_summary_put(const sv_summary_t *summary, bson_t *set)
{
    bson_t child, states, units, row;
    char digits[16];
    const char *key;
    uint32_t n = 0;

    BSON_APPEND_DOCUMENT_BEGIN(set, "summary", &child);
    BSON_APPEND_DOCUMENT_BEGIN(&child, "by_state", &states);
    for (int state = SV_LINE_NOT_COUNTED + 1; state < SV_LINE_STATES; state++) {
        BSON_APPEND_INT64(&states, sv_line_states[state], summary->by_state[state]);
    }
    bson_append_document_end(&child, &states);
    BSON_APPEND_INT64(&child, "undecided", summary->undecided);
    BSON_APPEND_ARRAY_BEGIN(&child, "units", &units);
    for (size_t i = 0; i < summary->count; i++) {
        const sv_unit_summary_t *unit = &summary->units[i];

        if (unit->lines <= 0) {
            continue;
        }
        bson_uint32_to_string(n++, &key, digits, sizeof(digits));
        BSON_APPEND_DOCUMENT_BEGIN(&units, key, &row);
        sv_doc_put_text(&row, "uom", unit->uom);
        BSON_APPEND_INT64(&row, "lines", unit->lines);
        sv_doc_put_quantity(&row, "net", unit->net);
        sv_doc_put_quantity(&row, "gross", unit->gross);
        bson_append_document_end(&units, &row);
    }
    bson_append_array_end(&child, &units);
    BSON_APPEND_INT64(&child, "values", summary->values);
    sv_doc_put_quantity(&child, "net_value", summary->net_value);
    sv_doc_put_quantity(&child, "gross_value", summary->gross_value);
    bson_append_document_end(set, &child);
}

void
sv_review_put_summary(const bson_t *count, const sv_totals_lines_t *lines, bson_t *set)
{
    sv_summary_t summary;

    sv_summary_read(count, &summary, lines->arena);
    for (size_t i = 0; i < lines->count; i++) {
        sv_summary_move(&summary, &lines->lines[i]);
    }
    sv_summary_put(&summary, set);
}

void
sv_review_put_accepted(const bson_t *count, const int64_t accepted[SV_LINE_STATES], int64_t decided, bson_t *set,
                       sv_arena_t *arena)
{
    sv_summary_t summary;

    sv_summary_read(count, &summary, arena);
    for (int state = 0; state < SV_LINE_STATES; state++) {
        summary.by_state[state] -= accepted[state];
        summary.by_state[SV_LINE_ACCEPTED] += accepted[state];
    }
    summary.undecided -= decided;
    sv_summary_put(&summary, set);
}

static void
sv_summary_write_sums(sv_json_writer_t *w, const char *name, const sv_summary_t *summary, bool gross)
{
    sv_json_object(w, name);
    sv_json_array(w, "quantities");
    for (size_t i = 0; i < summary->count; i++) {
        const sv_unit_summary_t *unit = &summary->units[i];

        sv_json_object(w, NULL);
        sv_json_text(w, "uom", unit->uom);
        sv_json_quantity(w, "quantity", gross ? unit->gross : unit->net);
        sv_json_int(w, "lines", unit->lines);
        sv_json_end(w);
    }
    sv_json_end(w);
    sv_json_quantity(w, "value", gross ? summary->gross_value : summary->net_value);
    sv_json_end(w);
}

void
sv_review_write_summary(sv_json_writer_t *w, const bson_t *count, sv_arena_t *arena)
{
    int64_t others = 0;
    sv_summary_t summary;

    sv_summary_read(count, &summary, arena);
    for (int state = SV_LINE_NOT_COUNTED + 1; state < SV_LINE_STATES; state++) {
        others += summary.by_state[state];
    }
    summary.by_state[SV_LINE_NOT_COUNTED] = sv_doc_int(count, "book_items") - others;
    sv_json_object(w, "summary");
    sv_json_int(w, "lines", sv_doc_int(count, "book_items"));
    sv_json_object(w, "by_state");
    for (int state = 0; state < SV_LINE_STATES; state++) {
        sv_json_int(w, sv_line_states[state], summary.by_state[state]);
    }
    sv_json_end(w);
    sv_json_int(w, "undecided", summary.undecided);
    sv_summary_write_sums(w, "net", &summary, false);
    sv_summary_write_sums(w, "gross", &summary, true);
    sv_json_end(w);
}
