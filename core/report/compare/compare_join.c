#include <string.h>

#include "core/base/clock.h"
#include "core/base/quantity.h"
#include "core/base/text.h"
#include "core/report/compare/compare.h"
#include "core/report/rows/ratio.h"

const char *const sv_row_changes[] = { "added", "removed", "changed", "unchanged", NULL };

/* One of the two streams: its present row and the key of the one before. */
typedef struct {
    sv_packed_source_t source;
    const sv_compare_side_t *table;
    sv_row_layout_t layout;
    const sv_row_key_t *key;
    const sv_packed_row_t *row;
    const sv_row_value_t *values; /* of the row: its own, or its twin's */
    sv_row_value_t *own;
    sv_buffer_t keys[2]; /* of this row and the last, taking turns */
    int at;              /* which of them is this row's */
    bool ended;
} sv_stream_t;

/* A field that is added up: where it is in the plan and in the two tables, and sums as long as they are no wider than
 * the numbers. */
typedef struct {
    size_t field, places[2];
    int64_t sums[2];
} sv_number_field_t;

typedef struct {
    const sv_compare_plan_t *plan;
    sv_stream_t streams[2];
    sv_value_sink_t sink;
    sv_arena_t *arena;
    sv_compare_result_t *result;
    bool twins;   /* the two present rows are the same in every byte */
    bool abreast; /* the rows before them had the same key */
    sv_number_field_t *numbers;
    size_t number_count;
    sv_row_value_t *written;    /* the values of the row that is */
    bool *differs;              /* each field of the present one */
    sv_buffer_t changed_fields; /* the names of those that differed in the last row that was changed: */
    bool *named;
    sv_row_value_t *nothing; /* the values of a row that is not there */
} sv_join_t;

/* ---- reading */

/* The beginning of a text that may be long, in whole characters. */
static int
sv_text_beginning(const sv_row_value_t *value)
{
    enum { SV_SHOWN_BYTES = 100 };
    uint32_t shown = 0;

    while (shown < value->length && shown < SV_SHOWN_BYTES) {
        size_t sequence = sv_utf8_sequence(value->text + shown, value->length - shown);

        shown += sequence > 0 ? (uint32_t) sequence : value->length;
    }
    return shown > value->length ? 0 : (int) shown;
}

static const char *
sv_value_describe(const sv_column_t *column, const sv_row_value_t *value, sv_arena_t *arena)
{
    char *text = sv_arena_alloc(arena, SV_TIME_TEXT_SIZE);

    if (!value->known) {
        return "null";
    }
    switch (column->type) {
    case SV_COLUMN_TEXT:
        return sv_arena_strndup(arena, value->text, (size_t) sv_text_beginning(value));
    case SV_COLUMN_TIME:
    case SV_COLUMN_DATE:
        sv_time_format(value->number, text);
        return text;
    case SV_COLUMN_INT:
    case SV_COLUMN_BOOL:
        return sv_arena_printf(arena, "%lld", (long long) value->number);
    default:
        sv_quantity_to_text(value->number, text);
        return text;
    }
}

static const char *
sv_stream_describe_key(const sv_stream_t *stream, sv_arena_t *arena)
{
    const char *text = "";

    for (size_t i = 0; i < stream->key->count; i++) {
        const sv_column_t *column = &stream->table->columns[stream->key->columns[i]];

        text = sv_arena_printf(arena, "%s%s%s %s", text, i == 0 ? "" : ", ", column->name,
                               sv_value_describe(column, &stream->values[stream->key->columns[i]], arena));
    }
    return text;
}

/* Whether the comparison's row is the baseline's present one. */
static bool
sv_join_is_twin(const sv_join_t *join, const sv_packed_row_t *row)
{
    const sv_stream_t *baseline = &join->streams[SV_BASELINE];

    return join->plan->alike && !baseline->ended && baseline->row->length == row->length &&
           memcmp(baseline->row->bytes, row->bytes, row->length) == 0;
}

/* Reads values and key of the stream's row: most rows of two tables are the same, and what is known of the one is
 * known of the other. */
static sv_status_t
sv_stream_read(sv_join_t *join, int side, sv_buffer_t *key, sv_error_t *error)
{
    sv_stream_t *stream = &join->streams[side], *baseline = &join->streams[SV_BASELINE];

    key->length = 0;
    if (side == SV_COMPARISON) {
        join->twins = sv_join_is_twin(join, stream->row);
        if (join->twins) {
            stream->values = baseline->values;
            sv_buffer_append(key, baseline->keys[baseline->at].data, baseline->keys[baseline->at].length);
            return SV_OK;
        }
    }
    stream->values = stream->own;
    if (sv_row_unpack(&stream->layout, stream->row, stream->own, error) != SV_OK) {
        return error->status;
    }
    sv_row_key_append(stream->key, stream->table->columns, stream->values, key);
    return SV_OK;
}

/* Goes to the next row; its place is checked against the one before.  The baseline goes first where both do. */
static sv_status_t
sv_stream_advance(sv_join_t *join, int side, sv_error_t *error)
{
    static const char *const names[] = { "baseline", "comparison" };
    sv_stream_t *stream = &join->streams[side];
    sv_buffer_t *last = &stream->keys[stream->at], *mine = &stream->keys[!stream->at];
    int order;
    sv_status_t status = stream->source.next(stream->source.context, &stream->row, error);

    join->twins = false;
    stream->ended = stream->row == NULL;
    if (status != SV_OK || stream->ended) {
        return status;
    }
    status = sv_stream_read(join, side, mine, error);
    if (status != SV_OK) {
        return status;
    }
    stream->at = !stream->at;
    if (join->result->rows[side]++ == 0 || (side == SV_COMPARISON && join->twins && join->abreast)) {
        return SV_OK; /* the first; or the baseline's keys, which were looked at */
    }
    order = sv_row_key_compare(last->data, last->length, mine->data, mine->length);
    if (order == 0) {
        return sv_fail(
            error, SV_ERR_KEY_NOT_UNIQUE,
            "Two rows of the %s have the same key (%s): name key_fields that tell all rows apart, or compare "
            "snapshots grouped by them",
            names[side], sv_stream_describe_key(stream, error->arena));
    }
    if (order > 0) {
        join->result->unsorted = side;
    }
    return SV_OK;
}

/* ---- comparing */

static bool
sv_field_differs(const sv_compare_field_t *field, const sv_row_value_t *before, const sv_row_value_t *after)
{
    __int128 difference;

    if (!before->known || !after->known || !field->number) {
        return !sv_row_value_equal(before, after);
    }
    if (after->number == before->number) {
        return false;
    }
    difference = ((__int128) after->number - before->number) * field->millionths;
    return difference > field->tolerance || -difference > field->tolerance;
}

/* Whether any field differs, and which. */
static bool
sv_join_compare(sv_join_t *join)
{
    const sv_compare_plan_t *plan = join->plan;
    bool any = false;

    for (size_t i = 0; i < plan->field_count; i++) {
        const sv_compare_field_t *field = &plan->fields[i];
        const sv_row_value_t *before = &join->streams[SV_BASELINE].values[field->baseline];
        const sv_row_value_t *after = &join->streams[SV_COMPARISON].values[field->comparison];
        sv_compare_figures_t *figures = &join->result->fields[i];

        join->differs[i] = sv_field_differs(field, before, after);
        if (join->differs[i]) {
            any = true;
            figures->changed++;
            if (field->number) {
                figures->increased += after->number > before->number;
                figures->decreased += after->number < before->number;
            }
        }
    }
    return any;
}

static void
sv_join_add_sums(sv_join_t *join, int side)
{
    const sv_row_value_t *values = join->streams[side].values;

    for (size_t i = 0; i < join->number_count; i++) {
        sv_number_field_t *field = &join->numbers[i];
        int64_t number = values[field->places[side]].number, sum;

        if (__builtin_add_overflow(field->sums[side], number, &sum)) {
            join->result->fields[field->field].sums[side] += field->sums[side];
            sum = number;
        }
        field->sums[side] = sum;
    }
}

static void
sv_join_end_sums(sv_join_t *join)
{
    for (size_t i = 0; i < join->number_count; i++) {
        for (int side = 0; side < 2; side++) {
            join->result->fields[join->numbers[i].field].sums[side] += join->numbers[i].sums[side];
        }
    }
}

/* ---- writing */

static void
sv_join_put_number(sv_row_value_t *delta, sv_row_value_t *percent, const sv_row_value_t *before,
                   const sv_row_value_t *after)
{
    __int128 difference = (__int128) after->number - before->number;

    *delta = (sv_row_value_t){ .known = before->known || after->known };
    *percent = (sv_row_value_t){ .known = false };
    if (difference == 0) {
        percent->known = before->number != 0;
    } else if (difference > INT64_MAX || difference < INT64_MIN) {
        delta->known = false;
    } else {
        delta->number = (int64_t) difference;
    }
    if (before->known && difference != 0) {
        percent->known = sv_ratio(difference, before->number, &percent->number);
    }
}

static sv_row_value_t
sv_text_value(const char *text, size_t length)
{
    return (sv_row_value_t){ .known = length > 0, .text = text, .length = (uint32_t) length };
}

static sv_row_value_t
sv_join_changed_fields(sv_join_t *join, sv_row_change_t change)
{
    sv_buffer_t *names = &join->changed_fields;
    size_t count = join->plan->field_count;

    if (change != SV_ROW_CHANGED) {
        return sv_text_value(NULL, 0);
    }
    if (memcmp(join->differs, join->named, count) != 0) { /* else they are those of the changed row before */
        names->length = 0;
        for (size_t i = 0; i < count; i++) {
            if (join->differs[i]) {
                sv_buffer_puts(names, names->length == 0 ? "" : ", ");
                sv_buffer_puts(names, join->plan->fields[i].column->name);
            }
        }
        memcpy(join->named, join->differs, count);
    }
    return sv_text_value(names->data, names->length);
}

static sv_status_t
sv_join_write(sv_join_t *join, sv_row_change_t change, sv_error_t *error)
{
    const sv_compare_plan_t *plan = join->plan;
    const sv_row_value_t *before = change == SV_ROW_ADDED ? join->nothing : join->streams[SV_BASELINE].values;
    const sv_row_value_t *after = change == SV_ROW_REMOVED ? join->nothing : join->streams[SV_COMPARISON].values;
    int keyed = change == SV_ROW_ADDED ? SV_COMPARISON : SV_BASELINE;
    sv_row_value_t *written = join->written;

    join->result->counts[change]++;
    if (change == SV_ROW_UNCHANGED && !plan->include_unchanged) {
        return SV_OK;
    }
    for (size_t i = 0; i < plan->keys[keyed].count; i++) {
        *written++ = join->streams[keyed].values[plan->keys[keyed].columns[i]];
    }
    *written++ = sv_text_value(sv_row_changes[change], strlen(sv_row_changes[change]));
    *written++ = sv_join_changed_fields(join, change);
    for (size_t i = 0; i < plan->field_count; i++) {
        const sv_compare_field_t *field = &plan->fields[i];

        *written++ = before[field->baseline];
        *written++ = after[field->comparison];
        if (field->delta != NULL) {
            sv_join_put_number(written, written + 1, &before[field->baseline], &after[field->comparison]);
            written += 2;
        }
    }
    return join->sink.row(join->sink.context, join->written, error);
}

/* ---- the join */

/* Which side's key comes first: negative the baseline's, 0 both have it. */
static int
sv_join_order(const sv_join_t *join)
{
    const sv_stream_t *a = &join->streams[SV_BASELINE], *b = &join->streams[SV_COMPARISON];

    if (a->ended || b->ended) {
        return a->ended - b->ended;
    }
    if (join->twins) {
        return 0;
    }
    return sv_row_key_compare(a->keys[a->at].data, a->keys[a->at].length, b->keys[b->at].data, b->keys[b->at].length);
}

/* Settles the row or rows of the least key, and goes past them. */
static sv_status_t
sv_join_step(sv_join_t *join, sv_error_t *error)
{
    int order = sv_join_order(join);
    sv_row_change_t change = order < 0 ? SV_ROW_REMOVED : order > 0 ? SV_ROW_ADDED : SV_ROW_UNCHANGED;
    sv_status_t status;

    if (order <= 0) {
        sv_join_add_sums(join, SV_BASELINE);
    }
    if (order >= 0) {
        sv_join_add_sums(join, SV_COMPARISON);
    }
    if (order == 0 && !join->twins && sv_join_compare(join)) {
        change = SV_ROW_CHANGED;
    }
    status = sv_join_write(join, change, error);
    join->abreast = order == 0;
    if (status == SV_OK && order <= 0) {
        status = sv_stream_advance(join, SV_BASELINE, error);
    }
    if (status == SV_OK && order >= 0 && join->result->unsorted < 0) {
        status = sv_stream_advance(join, SV_COMPARISON, error);
    }
    return status;
}

static void
sv_join_open(sv_join_t *join, const sv_packed_source_t sources[2])
{
    enum { SV_KEY_ROOM = 256 };
    const sv_compare_plan_t *plan = join->plan;
    size_t most = plan->sides[0].count > plan->sides[1].count ? plan->sides[0].count : plan->sides[1].count;

    for (int i = 0; i < 2; i++) {
        sv_stream_t *stream = &join->streams[i];

        stream->source = sources[i];
        stream->table = &plan->sides[i];
        sv_row_layout_init(&stream->layout, plan->sides[i].columns, plan->sides[i].count, join->arena);
        stream->key = &plan->keys[i];
        stream->own = sv_arena_zalloc(join->arena, (plan->sides[i].count + 1) * sizeof(sv_row_value_t));
        stream->values = stream->own;
        sv_buffer_init(&stream->keys[0], join->arena, SV_KEY_ROOM);
        sv_buffer_init(&stream->keys[1], join->arena, SV_KEY_ROOM);
    }
    join->numbers = sv_arena_zalloc(join->arena, (plan->field_count + 1) * sizeof(join->numbers[0]));
    for (size_t i = 0; i < plan->field_count; i++) {
        if (plan->fields[i].number) {
            join->numbers[join->number_count++] =
                (sv_number_field_t){ .field = i, .places = { plan->fields[i].baseline, plan->fields[i].comparison } };
        }
    }
    join->nothing = sv_arena_zalloc(join->arena, (most + 1) * sizeof(sv_row_value_t));
    join->differs = sv_arena_zalloc(join->arena, plan->field_count + 1);
    join->named = sv_arena_zalloc(join->arena, plan->field_count + 1);
    sv_buffer_init(&join->changed_fields, join->arena, SV_KEY_ROOM);
    join->written = sv_arena_zalloc(join->arena, (plan->column_count + 1) * sizeof(sv_row_value_t));
}

sv_status_t
sv_compare_run(const sv_compare_plan_t *plan, const sv_packed_source_t sources[2], sv_value_sink_t sink,
               sv_arena_t *arena, sv_compare_result_t *result, sv_error_t *error)
{
    sv_join_t join = { .plan = plan, .sink = sink, .arena = arena, .result = result };
    sv_compare_figures_t *fields = result->fields;
    sv_status_t status;

    *result = (sv_compare_result_t){ .fields = fields, .unsorted = -1 };
    memset(fields, 0, plan->field_count * sizeof(fields[0]));
    sv_join_open(&join, sources);
    status = sv_stream_advance(&join, SV_BASELINE, error);
    if (status == SV_OK) {
        status = sv_stream_advance(&join, SV_COMPARISON, error);
    }
    while (status == SV_OK && result->unsorted < 0 &&
           !(join.streams[SV_BASELINE].ended && join.streams[SV_COMPARISON].ended)) {
        status = sv_join_step(&join, error);
    }
    sv_join_end_sums(&join);
    return status;
}
