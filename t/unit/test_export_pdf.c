/* PDF, and the charts that it shares with workbooks. */
#include "t/unit/export_world.h"

#include <string.h>
#include <sys/resource.h>

#include "core/store/document.h"
#include "worker/export/chart.h"

static void
a_pdf_is_whole_and_says_what_it_left_out(void **state)
{
    export_world_t *world = *state;
    char *text = sv_arena_zalloc(world->arena, 40001);
    const bson_t *rows[] = { export_row(world, "A1", 12500000, 1), export_row(world, memset(text, 'x', 40000), 0, 0),
                             export_row(world, "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d\nabc", 0, 0) };
    char *contents = export_written(world, "pdf", rows, 3);

    assert_memory_equal(contents, "%PDF-1.", 7);
    export_must_have(contents + world->size - 10, "%%EOF");
    contents = export_written(world, "pdf", rows, 0); /* an empty table is a page too */
    export_must_have(contents + world->size - 10, "%%EOF");
}

/* Valid UTF-8 that is no character, cut sequences and controls, wherever a text is printed. */
static void
a_pdf_prints_any_text(void **state)
{
    static const char *const texts[] = { "\xef\xbf\xbe",
                                         "\xef\xbf\xbf",
                                         "\xef\xb7\x90",
                                         "\xef\xb7\xaf",
                                         "\xf0\x9f\xbf\xbe",
                                         "\xf4\x8f\xbf\xbf",
                                         "\x01\x1f\x7f",
                                         "\xc2\x85",
                                         "\xe2\x80\xae"
                                         "abc" };
    export_world_t *world = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        enum { KEPT = 2007 }; /* of a long text the first bytes, which may end within a character */
        const char *cut = sv_arena_printf(world->arena, "%*s%s%s", KEPT, "x", texts[i], texts[i]);
        const bson_t *rows[] = { export_row(world, texts[i], 0, 0), export_row(world, cut, 0, 0) };
        char *contents;

        world->head.title = world->head.subtitle = world->head.made_by = world->head.source = texts[i];
        contents = export_written(world, "pdf", rows, 2);
        export_must_have(contents + world->size - 10, "%%EOF");
    }
}

static long
resident_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* The first rows are kept until widths are decided: of each text, what can be printed. */
static void
a_pdf_keeps_little_of_long_texts(void **state)
{
    enum { LENGTH = 1000000, ROWS = 150, MOST_KIB = 64 * 1024 };
    export_world_t *world = *state;
    const bson_t *row = export_row(world, memset(sv_arena_zalloc(world->arena, LENGTH + 1), 'x', LENGTH), 0, 0);
    sv_exporter_t *exporter = sv_exporter_create(sv_format("pdf"), world->path, &world->head, &world->error);
    long before = resident_kib();

    assert_non_null(exporter);
    for (int i = 0; i < ROWS; i++) {
        export_must(world, sv_exporter_row(exporter, row, &world->error));
    }
    assert_in_range(resident_kib() - before, 0, MOST_KIB);
    sv_exporter_destroy(exporter);
}

static void
a_chart_needs_groups_and_numbers(void **state)
{
    sv_column_t grouped[] = {
        { "floor", "Floor", SV_COLUMN_TEXT, true, true, false }, { "day", "Day", SV_COLUMN_DATE, true, true, false },
        { "n", "Records", SV_COLUMN_INT, false, false, true },   { "q", "Qty", SV_COLUMN_QUANTITY, false, false, true },
        { "m", "Distinct", SV_COLUMN_INT, false, false, false },
    };
    sv_chart_plan_t plan;

    (void) state;
    assert_true(sv_chart_plan(grouped, 5, &plan));
    assert_int_equal(plan.axis, 0);
    assert_int_equal(plan.axis_count, 2);
    assert_int_equal(plan.series_count, 2);
    assert_int_equal(plan.series[0], 2);
    assert_int_equal(plan.series[1], 4);
    assert_false(plan.line);
    assert_true(sv_chart_plan(grouped + 1, 4, &plan) && plan.line);
    assert_false(sv_chart_plan(grouped, 2, &plan));
    assert_false(sv_chart_plan(export_columns, EXPORT_COLUMNS, &plan));
}

/* Groups as a chart meets them at worst: no value, negative ones, one group, a date. */
static void
charts_are_drawn_of_any_groups(void **state)
{
    static const sv_column_t grouped[] = {
        { "day", "Day", SV_COLUMN_DATE, true, true, false },
        { "q", "Quantity", SV_COLUMN_QUANTITY, false, false, true },
        { "r", "Other", SV_COLUMN_QUANTITY, false, false, true },
    };
    export_world_t *world = *state;
    const bson_t *rows[40];

    for (int64_t i = 0; i < 40; i++) {
        bson_t *row = sv_doc_new(world->arena);

        if (i == 7) {
            BSON_APPEND_NULL(row, "day");
            BSON_APPEND_NULL(row, "q");
        } else {
            BSON_APPEND_DATE_TIME(row, "day", 1795305600000 + i * 86400000);
            BSON_APPEND_INT64(row, "q", (i % 11 - 5) * 1234567);
        }
        BSON_APPEND_INT64(row, "r", 0);
        rows[i] = row;
    }
    world->head.columns = grouped;
    world->head.column_count = 3;
    for (size_t count = 0; count <= 40; count += count < 2 ? 1 : 38) {
        char *contents = export_written(world, "pdf", rows, count);

        export_must_have(contents + world->size - 10, "%%EOF");
        export_written(world, "xlsx", rows, count);
        if (count > 0) {
            export_must_have(export_part(world, "xl/charts/chart1.xml"), "<c:lineChart>");
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pdf_is_whole_and_says_what_it_left_out, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(a_pdf_prints_any_text, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(a_pdf_keeps_little_of_long_texts, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(a_chart_needs_groups_and_numbers, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(charts_are_drawn_of_any_groups, export_set_up, export_tear_down),
    };

    return export_run_tests("export_pdf", tests, sizeof(tests) / sizeof(tests[0]));
}
