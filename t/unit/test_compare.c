/* The merge join of two tables: against a computation of its own over random tables, and its edges. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/report/compare/compare.h"
#include "core/report/rows/ratio.h"
#include "core/report/rows/row_sort.h"
#include "t/unit/random.h"
#include "t/unit/report_rows.h"

/* A row as this test knows it. */
typedef struct {
    char rack[8];
    bool has_lot;
    int64_t lot;
    bool has_quantity;
    int64_t quantity; /* millionths */
    int64_t records;
    const char *remark; /* NULL: null */
    int64_t at_ms;
    int random; /* for shuffling */
} line_t;

enum { MOST = 200, ROUNDS = 60 };

static const sv_column_t columns[] = {
    { "remark", "Remark", SV_COLUMN_TEXT, false, false, false },
    { "rack_id", "Rack", SV_COLUMN_TEXT, true, false, false },
    { "verified_qty", "Verified quantity", SV_COLUMN_QUANTITY, false, false, true },
    { "lot", "Lot", SV_COLUMN_INT, true, false, false },
    { "records", "Records", SV_COLUMN_INT, false, false, true },
    { "at", "At", SV_COLUMN_TIME, false, false, false },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const sv_compare_side_t table = { columns, COLUMNS };

typedef struct {
    line_t lines[MOST];
    int count;
    sv_rows_t rows;
} table_t;

static sv_arena_t *arena;
static sv_error_t error;
static sv_row_layout_t layout;
static sv_row_packer_t packer;

static int
setup(void **state)
{
    (void) state;
    arena = sv_arena_create();
    sv_error_init(&error, arena);
    sv_row_layout_init(&layout, columns, COLUMNS, arena);
    sv_row_packer_init(&packer, &layout, arena);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    sv_arena_destroy(arena);
    return 0;
}

static sv_packed_source_t
source(sv_rows_t *rows)
{
    return sv_rows_packed_source(rows, columns, COLUMNS, arena);
}

static sv_value_sink_t
sink(sv_rows_t *rows, const sv_compare_plan_t *plan)
{
    return sv_rows_value_sink(rows, plan->columns, plan->column_count, arena);
}

static sv_status_t
sort(sv_row_sorter_t *sorter, const bson_t *row)
{
    return sv_row_sorter_add(sorter, sv_row_packer_document(&packer, row, &error), packer.values, &error);
}

static void
put_int(bson_t *row, const char *name, bool known, int64_t value)
{
    if (known) {
        BSON_APPEND_INT64(row, name, value);
    } else {
        BSON_APPEND_NULL(row, name);
    }
}

static void
add_row(sv_rows_t *rows, const line_t *line)
{
    bson_t row = BSON_INITIALIZER;

    if (line->remark != NULL) {
        BSON_APPEND_UTF8(&row, "remark", line->remark);
    } else {
        BSON_APPEND_NULL(&row, "remark");
    }
    BSON_APPEND_UTF8(&row, "rack_id", line->rack);
    put_int(&row, "verified_qty", line->has_quantity, line->quantity);
    put_int(&row, "lot", line->has_lot, line->lot);
    BSON_APPEND_INT64(&row, "records", line->records);
    BSON_APPEND_DATE_TIME(&row, "at", line->at_ms);
    sv_rows_add(rows, &row);
    bson_destroy(&row);
}

static int
same_key(const line_t *a, const line_t *b)
{
    return strcmp(a->rack, b->rack) == 0 && a->has_lot == b->has_lot && (!a->has_lot || a->lot == b->lot);
}

static const line_t *
look_up(const table_t *in, const line_t *key)
{
    for (int i = 0; i < in->count; i++) {
        if (same_key(&in->lines[i], key)) {
            return &in->lines[i];
        }
    }
    return NULL;
}

static line_t
random_line(random_t *random)
{
    static const char *const remarks[] = { NULL, "", "torn", "tornado", "\xc3\xa9t\xc3\xa9" };
    line_t line = { 0 };

    snprintf(line.rack, sizeof(line.rack), "R%d", (int) random_between(random, 0, 25));
    line.has_lot = random_between(random, 0, 9) > 0;
    line.lot = line.has_lot ? random_between(random, -3, 3) : 0;
    line.has_quantity = random_between(random, 0, 9) > 0;
    line.quantity = line.has_quantity ? random_magnitude(random, SV_QUANTITY_MAX) : 0;
    line.records = random_between(random, 0, 3);
    line.remark = remarks[random_between(random, 0, 4)];
    line.at_ms = random_between(random, 1, 3);
    line.random = (int) random_between(random, 0, 1000000);
    return line;
}

/* Fresh keys, or those of the other table, with some of its figures. */
static void
random_table(random_t *random, table_t *made, const table_t *like)
{
    int wanted = (int) random_between(random, 0, MOST);

    made->count = 0;
    for (int i = 0; i < wanted; i++) {
        line_t line = random_line(random);

        if (like != NULL && like->count > 0 && random_between(random, 0, 2) > 0) {
            const line_t *twin = &like->lines[random_between(random, 0, like->count - 1)];
            line_t mine = random_between(random, 0, 1) ? *twin : line;

            memcpy(mine.rack, twin->rack, sizeof(mine.rack));
            mine.has_lot = twin->has_lot;
            mine.lot = twin->lot;
            if (twin->has_quantity && random_between(random, 0, 3) == 0) {
                mine.has_quantity = true;
                mine.quantity = twin->quantity + random_between(random, -3, 3);
            }
            line = mine;
        }
        if (look_up(made, &line) == NULL) {
            made->lines[made->count++] = line;
        }
    }
}

static int
by_key(const void *a, const void *b)
{
    const line_t *x = a, *y = b;
    int order = strcmp(x->rack, y->rack);

    if (order == 0) {
        order = x->has_lot - y->has_lot;
    }
    return order != 0 ? order : (x->lot > y->lot) - (x->lot < y->lot);
}

static int
by_chance(const void *a, const void *b)
{
    return ((const line_t *) a)->random - ((const line_t *) b)->random;
}

static void
fill(table_t *made, int (*order)(const void *, const void *))
{
    qsort(made->lines, (size_t) made->count, sizeof(made->lines[0]), order);
    for (int i = 0; i < made->count; i++) {
        add_row(&made->rows, &made->lines[i]);
    }
}

static bool
apart(int64_t a, int64_t b, int64_t tolerance)
{
    return (a > b ? a - b : b - a) > tolerance;
}

/* What this test expects of a pair of lines, figure by figure. */
static bool
quantity_differs(const line_t *a, const line_t *b, int64_t tolerance)
{
    return a->has_quantity && b->has_quantity ? apart(a->quantity, b->quantity, tolerance)
                                              : a->has_quantity != b->has_quantity;
}

static bool
remark_differs(const line_t *a, const line_t *b)
{
    return a->remark == NULL || b->remark == NULL ? a->remark != b->remark : strcmp(a->remark, b->remark) != 0;
}

static sv_row_change_t
expected_change(const line_t *before, const line_t *after, int64_t tolerance)
{
    if (before == NULL || after == NULL) {
        return before == NULL ? SV_ROW_ADDED : SV_ROW_REMOVED;
    }
    return quantity_differs(before, after, tolerance) || remark_differs(before, after) ||
                   apart(before->records, after->records, tolerance / 1000000) || before->at_ms != after->at_ms
               ? SV_ROW_CHANGED
               : SV_ROW_UNCHANGED;
}

/* delta x 1000000 / |before|, off by half at most. */
static void
check_percent(const bson_t *row, const line_t *before, int64_t delta)
{
    __int128 size, off;

    if (before == NULL || !before->has_quantity || before->quantity == 0) {
        assert_false(sv_rows_known(row, "verified_qty_percent"));
        return;
    }
    size = before->quantity < 0 ? -(__int128) before->quantity : before->quantity;
    if (!sv_rows_known(row, "verified_qty_percent")) { /* more than can be told */
        assert_true((__int128) llabs(delta) * 1000000 / size > INT64_MAX);
        return;
    }
    off = (__int128) sv_rows_number(row, "verified_qty_percent") * size - (__int128) delta * 1000000;
    assert_true(2 * (off < 0 ? -off : off) <= size);
}

static void
check_row(const bson_t *row, const line_t *before, const line_t *after, int64_t tolerance)
{
    const line_t *known = before != NULL ? before : after;
    int64_t was = before != NULL ? before->quantity : 0, is = after != NULL ? after->quantity : 0;
    bool was_known = before != NULL && before->has_quantity, is_known = after != NULL && after->has_quantity;
    sv_row_change_t change = expected_change(before, after, tolerance);

    assert_string_equal(sv_rows_text(row, "rack_id"), known->rack);
    assert_int_equal(sv_rows_known(row, "lot"), known->has_lot);
    assert_string_equal(sv_rows_text(row, "change"), sv_row_changes[change]);
    assert_int_equal(sv_rows_known(row, "verified_qty_before"), was_known);
    assert_int_equal(sv_rows_known(row, "verified_qty_after"), is_known);
    assert_int_equal(sv_rows_known(row, "verified_qty_delta"), was_known || is_known);
    if (was_known || is_known) {
        assert_int_equal(sv_rows_number(row, "verified_qty_delta"), is - was);
    }
    check_percent(row, before, is - was);
    if (change == SV_ROW_CHANGED) {
        const char *fields = sv_rows_text(row, "changed_fields");

        assert_int_equal(strstr(fields, "verified_qty") != NULL, quantity_differs(before, after, tolerance));
        assert_int_equal(strstr(fields, "remark") != NULL, remark_differs(before, after));
        assert_int_equal(sv_rows_number(row, "records_delta"), after->records - before->records);
    } else {
        assert_false(sv_rows_known(row, "changed_fields"));
    }
}

static const sv_compare_plan_t *
make_plan(const sv_compare_options_t *options)
{
    const sv_compare_plan_t *plan = sv_compare_plan(&table, &table, options, arena, &error);

    if (plan == NULL) {
        fail_msg("%s: %s", error.details[0].field, error.details[0].message);
    }
    return plan;
}

/* Everything that comes of two random tables, computed another way: by looking each key up in the other. */
static void
check_against_look_ups(const table_t *a, const table_t *b, const sv_compare_options_t *options, sv_rows_t *rows,
                       const sv_compare_result_t *result)
{
    int64_t counts[SV_ROW_CHANGE_COUNT] = { 0 }, changed = 0, up = 0, down = 0;
    __int128 sums[2] = { 0, 0 };
    size_t at = 0;
    line_t *keys = calloc((size_t) (a->count + b->count) + 1, sizeof(*keys));
    int key_count = 0;

    for (int i = 0; i < a->count; i++) {
        sums[0] += a->lines[i].quantity;
        keys[key_count++] = a->lines[i];
    }
    for (int i = 0; i < b->count; i++) {
        sums[1] += b->lines[i].quantity;
        if (look_up(a, &b->lines[i]) == NULL) {
            keys[key_count++] = b->lines[i];
        }
    }
    qsort(keys, (size_t) key_count, sizeof(keys[0]), by_key);
    for (int i = 0; i < key_count; i++) {
        const line_t *before = look_up(a, &keys[i]), *after = look_up(b, &keys[i]);
        sv_row_change_t change = expected_change(before, after, options->tolerance);

        counts[change]++;
        if (before != NULL && after != NULL && quantity_differs(before, after, options->tolerance)) {
            changed++;
            up += after->quantity > before->quantity;
            down += after->quantity < before->quantity;
        }
        if (change != SV_ROW_UNCHANGED || options->include_unchanged) {
            assert_true(at < rows->count);
            check_row(rows->rows[at++], before, after, options->tolerance);
        }
    }
    free(keys);
    assert_int_equal(at, rows->count);
    for (int i = 0; i < SV_ROW_CHANGE_COUNT; i++) {
        assert_int_equal(result->counts[i], counts[i]);
    }
    assert_int_equal(result->rows[0], a->count);
    assert_int_equal(result->rows[1], b->count);
    /* fields in the columns' order: remark, verified_qty, records, at */
    assert_true(result->fields[1].sums[0] == sums[0] && result->fields[1].sums[1] == sums[1]);
    assert_int_equal(result->fields[1].changed, changed);
    assert_int_equal(result->fields[1].increased, up);
    assert_int_equal(result->fields[1].decreased, down);
}

static void
random_tables_compare_as_looked_up(void **state)
{
    static table_t a, b;

    (void) state;
    for (int round = 0; round < ROUNDS; round++) {
        random_t random = random_seeded((uint64_t) round + 1);
        sv_compare_options_t options = { .tolerance = round % 3 == 0   ? 0
                                                      : round % 3 == 1 ? 2
                                                                       : 1000000,
                                         .include_unchanged = round % 2 == 0 };
        const sv_compare_plan_t *plan = make_plan(&options);
        sv_compare_figures_t fields[COLUMNS];
        sv_compare_result_t result = { .fields = fields };
        sv_rows_t rows = { 0 };

        random_table(&random, &a, NULL);
        random_table(&random, &b, &a);
        fill(&a, by_key);
        fill(&b, by_key);
        assert_int_equal(sv_compare_run(plan, (sv_packed_source_t[]){ source(&a.rows), source(&b.rows) },
                                        sink(&rows, plan), arena, &result, &error),
                         SV_OK);
        assert_int_equal(result.unsorted, -1);
        check_against_look_ups(&a, &b, &options, &rows, &result);
        sv_rows_free(&a.rows);
        sv_rows_free(&b.rows);
        sv_rows_free(&rows);
    }
}

/* In little memory, so that rows go through many files, more than are kept apart. */
static void
unsorted_tables_are_found_and_sorted(void **state)
{
    static table_t a, b;

    (void) state;
    for (int round = 0; round < ROUNDS; round++) {
        random_t random = random_seeded((uint64_t) round + 1000);
        sv_compare_options_t options = { .include_unchanged = true };
        const sv_compare_plan_t *plan = make_plan(&options);
        sv_compare_figures_t fields[COLUMNS];
        sv_compare_result_t result = { .fields = fields };
        sv_rows_t rows = { 0 };
        sv_packed_source_t sorted;
        sv_row_sorter_t *sorter =
            sv_row_sorter_create("/tmp", &layout, &plan->keys[SV_BASELINE], round % 2 ? 200 : 4096);
        bool in_order = true;

        random_table(&random, &a, NULL);
        random_table(&random, &b, &a);
        fill(&a, by_chance);
        fill(&b, by_key);
        for (int i = 1; i < a.count; i++) {
            in_order = in_order && by_key(&a.lines[i - 1], &a.lines[i]) < 0;
        }
        assert_int_equal(sv_compare_run(plan, (sv_packed_source_t[]){ source(&a.rows), source(&b.rows) },
                                        sink(&rows, plan), arena, &result, &error),
                         SV_OK);
        assert_int_equal(result.unsorted, in_order ? -1 : SV_BASELINE);
        sv_rows_free(&rows);
        for (int i = 0; i < a.count; i++) {
            assert_int_equal(sort(sorter, a.rows.rows[i]), SV_OK);
        }
        assert_int_equal(sv_row_sorter_finish(sorter, &sorted, &error), SV_OK);
        assert_int_equal(sv_compare_run(plan, (sv_packed_source_t[]){ sorted, source(&b.rows) }, sink(&rows, plan),
                                        arena, &result, &error),
                         SV_OK);
        assert_int_equal(result.unsorted, -1);
        check_against_look_ups(&a, &b, &options, &rows, &result);
        sv_row_sorter_destroy(sorter);
        sv_rows_free(&a.rows);
        sv_rows_free(&b.rows);
        sv_rows_free(&rows);
    }
}

static void
a_disk_that_takes_nothing_is_an_error(void **state)
{
    sv_compare_options_t options = { 0 };
    const sv_compare_plan_t *plan = make_plan(&options);
    sv_row_sorter_t *sorter = sv_row_sorter_create("/nowhere", &layout, &plan->keys[SV_BASELINE], 10);
    random_t random = random_seeded(5);
    sv_rows_t rows = { 0 };
    line_t line = random_line(&random);

    (void) state;
    add_row(&rows, &line);
    assert_int_equal(sort(sorter, rows.rows[0]), SV_OK);
    assert_int_equal(sort(sorter, rows.rows[0]), SV_ERR_INTERNAL);
    assert_non_null(strstr(error.cause, "/nowhere"));
    sv_row_sorter_destroy(sorter);
    sv_rows_free(&rows);
}

static void
a_key_that_stands_twice_is_refused(void **state)
{
    sv_compare_options_t options = { 0 };
    const sv_compare_plan_t *plan = make_plan(&options);
    sv_compare_figures_t fields[COLUMNS];
    sv_compare_result_t result = { .fields = fields };
    sv_rows_t twice = { 0 }, none = { 0 }, rows = { 0 };
    line_t line = { .rack = "R1", .has_lot = true, .lot = 7 };

    (void) state;
    add_row(&twice, &line);
    line.quantity = 5;
    add_row(&twice, &line);
    assert_int_equal(sv_compare_run(plan, (sv_packed_source_t[]){ source(&none), source(&twice) }, sink(&rows, plan),
                                    arena, &result, &error),
                     SV_ERR_KEY_NOT_UNIQUE);
    assert_non_null(strstr(error.message, "comparison"));
    assert_non_null(strstr(error.message, "rack_id R1, lot 7"));
    sv_rows_free(&twice);
    sv_rows_free(&rows);
}

/* A sink or a source that fails is what the join gives back. */
static sv_status_t
refuse(void *context, const sv_row_value_t *values, sv_error_t *sink_error)
{
    (void) context;
    (void) values;
    return sv_fail(sink_error, SV_ERR_UNAVAILABLE, "full");
}

static sv_status_t
break_off(void *context, const sv_packed_row_t **row, sv_error_t *source_error)
{
    (void) context;
    *row = NULL;
    return sv_fail(source_error, SV_ERR_INTERNAL, "gone");
}

static void
failures_are_passed_on(void **state)
{
    sv_compare_options_t options = { 0 };
    const sv_compare_plan_t *plan = make_plan(&options);
    sv_compare_figures_t fields[COLUMNS];
    sv_compare_result_t result = { .fields = fields };
    sv_rows_t one = { 0 }, none = { 0 };
    line_t line = { .rack = "R1" };
    bson_t strange = BSON_INITIALIZER;

    (void) state;
    add_row(&one, &line);
    assert_int_equal(sv_compare_run(plan, (sv_packed_source_t[]){ source(&one), source(&none) },
                                    (sv_value_sink_t){ refuse, NULL }, arena, &result, &error),
                     SV_ERR_UNAVAILABLE);
    sv_error_clear(&error);
    assert_int_equal(sv_compare_run(plan, (sv_packed_source_t[]){ source(&one), { break_off, NULL } },
                                    sink(&none, plan), arena, &result, &error),
                     SV_ERR_INTERNAL);
    sv_error_clear(&error);
    BSON_APPEND_INT64(&strange, "remark", 5);
    sv_rows_add(&none, &strange);
    assert_int_equal(sv_compare_run(plan, (sv_packed_source_t[]){ source(&one), source(&none) },
                                    (sv_value_sink_t){ refuse, NULL }, arena, &result, &error),
                     SV_ERR_INTERNAL);
    bson_destroy(&strange);
    sv_rows_free(&one);
    sv_rows_free(&none);
}

/* ---- plans */

static sv_status_t
plan_status(const char *json, const sv_compare_side_t *other, const char **field)
{
    const json_t *object = sv_json_parse_object(json, strlen(json), arena, &error);
    sv_json_fields_t fields = { object, "", &error };
    sv_compare_options_t options;

    sv_error_clear(&error);
    if (sv_compare_options_read(&fields, arena, &options)) {
        sv_compare_plan(&table, other, &options, arena, &error);
    }
    *field = error.detail_count > 0 ? error.details[0].field : "";
    return error.status;
}

static void
wrong_requests_name_the_field(void **state)
{
    static const sv_column_t other_columns[] = {
        { "rack_id", "Rack", SV_COLUMN_TEXT, true, false, false },
        { "verified_qty", "Verified quantity", SV_COLUMN_MONEY, false, false, true },
        { "records", "Records", SV_COLUMN_INT, false, false, true },
    };
    static const sv_compare_side_t other = { other_columns, 3 };
    static const struct {
        const char *json, *field;
        bool differing;
    } wrong[] = {
        { "{\"key_fields\": []}", "key_fields", false },
        { "{\"key_fields\": \"lot\"}", "key_fields", false },
        { "{\"key_fields\": [\"lot\", \"shelf\"]}", "key_fields[1]", false },
        { "{\"key_fields\": [\"lot\", \"lot\"]}", "key_fields[1]", false },
        { "{\"key_fields\": [\"$where\"]}", "key_fields[0]", false },
        { "{\"compare_fields\": [\"lot\"]}", "compare_fields[0]", false },
        { "{\"compare_fields\": [\"records\", \"records\"]}", "compare_fields[1]", false },
        { "{\"compare_fields\": [\"\"]}", "compare_fields[0]", false },
        { "{\"tolerance\": -1}", "tolerance", false },
        { "{\"tolerance\": \"1\"}", "tolerance", false },
        { "{\"tolerance\": {\"verified_qty\": -1}}", "tolerance.verified_qty", false },
        { "{\"tolerance\": {\"remark\": 1}}", "tolerance.remark", false },
        { "{\"tolerance\": {\"verified_qty\": 1}, \"compare_fields\": [\"records\"]}", "tolerance.verified_qty",
          false },
        { "{\"include_unchanged\": 1}", "include_unchanged", false },
        { "{}", "key_fields", true },
        { "{\"key_fields\": [\"rack_id\"], \"compare_fields\": [\"verified_qty\"]}", "compare_fields[0]", true },
        { "{\"key_fields\": [\"rack_id\"], \"compare_fields\": [\"remark\"]}", "compare_fields[0]", true },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *field;

        assert_int_equal(plan_status(wrong[i].json, wrong[i].differing ? &other : &table, &field),
                         SV_ERR_VALIDATION_FAILED);
        assert_string_equal(field, wrong[i].field);
    }
}

static void
tables_that_differ_compare_what_they_share(void **state)
{
    static const sv_column_t other_columns[] = {
        { "records", "Records", SV_COLUMN_INT, false, false, true },
        { "rack_id", "Rack", SV_COLUMN_TEXT, true, false, false },
        { "verified_qty", "Verified quantity", SV_COLUMN_MONEY, false, false, true },
        { "floor", "Floor", SV_COLUMN_TEXT, false, false, true },
    };
    static const sv_compare_side_t other = { other_columns, 4 };
    const char *key[] = { "rack_id" };
    sv_compare_options_t options = { .key_fields = key, .key_count = 1 };
    const sv_compare_plan_t *plan = sv_compare_plan(&table, &other, &options, arena, &error);

    (void) state;
    assert_non_null(plan);
    assert_int_equal(plan->field_count, 1);
    assert_string_equal(plan->fields[0].column->name, "records");
    assert_int_equal(plan->fields[0].comparison, 0);
    assert_int_equal(plan->column_count, 1 + 2 + 4);
    assert_string_equal(plan->columns[6].name, "records_percent");
    assert_int_equal(plan->columns[6].type, SV_COLUMN_RATIO);
}

static void
ratios_are_rounded_and_bounded(void **state)
{
    static const struct {
        int64_t part, whole, ratio;
        bool told;
    } ratios[] = {
        { 1, 3, 333333, true },
        { 2, 3, 666667, true },
        { -2, 3, -666667, true },
        { 1, -2, 500000, true },
        { -1, -2, -500000, true },
        { 0, 5, 0, true },
        { 1, 0, 0, false },
        { 1, 2000000, 1, true },
        { -1, 2000000, -1, true },
        { 1, 2000001, 0, true },
        { INT64_MAX, 1, 0, false },
        { INT64_MAX, INT64_MAX, 1000000, true },
        { 9223372036854, 1, 9223372036854000000, true },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
        int64_t ratio = 0;

        assert_int_equal(sv_ratio(ratios[i].part, ratios[i].whole, &ratio), ratios[i].told);
        assert_int_equal(ratio, ratios[i].ratio);
    }
}

static void
keys_are_ordered_like_their_values(void **state)
{
    static const sv_column_t text[] = { { "t", "T", SV_COLUMN_TEXT, true, false, false } };
    static const struct {
        bool known;
        const char *bytes;
        uint32_t length;
    } ordered[] = {
        { false, NULL, 0 },   { true, "", 0 },   { true, "\0", 1 },  { true, "\0\0", 2 },
        { true, "\0a", 2 },   { true, "a", 1 },  { true, "a\0", 2 }, { true, "a\0b", 3 },
        { true, "a\x01", 2 }, { true, "ab", 2 }, { true, "b", 1 },   { true, "\xc3\xa9", 2 },
    };
    static const int64_t numbers[] = { INT64_MIN, -2, -1, 0, 1, 255, 256, INT64_MAX };
    static const sv_column_t number[] = { { "n", "N", SV_COLUMN_INT, true, false, false } };
    const size_t first = 0;
    const sv_row_key_t key = { &first, 1 };
    sv_buffer_t bytes[12];

    (void) state;
    for (size_t i = 0; i < 12; i++) {
        sv_row_value_t value = { ordered[i].known, 0, ordered[i].bytes, ordered[i].length };

        sv_buffer_init(&bytes[i], arena, 16);
        sv_row_key_append(&key, text, &value, &bytes[i]);
        assert_true(i == 0 ||
                    sv_row_key_compare(bytes[i - 1].data, bytes[i - 1].length, bytes[i].data, bytes[i].length) < 0);
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sv_row_value_t value = { .known = true, .number = numbers[i] };

        sv_buffer_init(&bytes[i], arena, 16);
        sv_row_key_append(&key, number, &value, &bytes[i]);
        assert_true(i == 0 ||
                    sv_row_key_compare(bytes[i - 1].data, bytes[i - 1].length, bytes[i].data, bytes[i].length) < 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_tables_compare_as_looked_up, setup, teardown),
        cmocka_unit_test_setup_teardown(unsorted_tables_are_found_and_sorted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_disk_that_takes_nothing_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_stands_twice_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(failures_are_passed_on, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_requests_name_the_field, setup, teardown),
        cmocka_unit_test_setup_teardown(tables_that_differ_compare_what_they_share, setup, teardown),
        cmocka_unit_test_setup_teardown(ratios_are_rounded_and_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_ordered_like_their_values, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
