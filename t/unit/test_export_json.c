/* JSON and NDJSON: to the byte. */
#include "t/unit/export_world.h"

#include <string.h>

#include "core/store/document.h"

static void
json_is_one_object_of_head_rows_and_totals(void **state)
{
    export_world_t *world = *state;
    const bson_t *rows[] = { export_row(world, "a\"\n", 12500000, 1), export_row(world, "b", -500000, INT64_MAX),
                             export_empty_row(world) };

    world->head.column_count = 3;
    for (size_t i = 0; i < 3; i++) {
        bson_t *row = sv_doc_new(world->arena);

        bson_copy_to_excluding_noinit(rows[i], row, "share", "scans", "at", "day", "sure", NULL);
        rows[i] = row;
    }
    assert_string_equal(
        export_written(world, "json", rows, 3),
        "{\"title\":\"A \\\"count\\\"\",\"subtitle\":\"items\",\"made_by\":\"Asha\","
        "\"taken_at\":\"2026-11-22T10:20:00.123Z\",\"source\":\"snapshot 1\",\"digest\":null,\"columns\":["
        "{\"name\":\"code\",\"title\":\"Item code\",\"type\":\"text\",\"key\":true,\"grouped\":false,\"total\":false},"
        "{\"name\":\"qty\",\"title\":\"Quantity\",\"type\":\"quantity\",\"key\":false,\"grouped\":false,\"total\":true}"
        ","
        "{\"name\":\"value\",\"title\":\"Value\",\"type\":\"money\",\"key\":false,\"grouped\":false,\"total\":true}],"
        "\"rows\":[\n"
        "{\"code\":\"a\\\"\\n\",\"qty\":12.5,\"value\":0.000001}\n"
        ",{\"code\":\"b\",\"qty\":-0.5,\"value\":9223372036854.775807}\n"
        ",{\"code\":null,\"qty\":null,\"value\":null}\n"
        /* the money's sum passes what can be told exactly: no wrong one is told */
        "],\"row_count\":3,\"totals\":{\"qty\":12}}\n");
}

static void
ndjson_has_a_row_a_line(void **state)
{
    export_world_t *world = *state;
    const bson_t *rows[] = { export_row(world, "A1", 12500000, 1), export_row(world, "=1", 0, 0) };

    assert_string_equal(export_written(world, "ndjson", rows, 2),
                        "{\"code\":\"A1\",\"qty\":12.5,\"value\":0.000001,\"share\":0.9875,\"scans\":-7,"
                        "\"at\":\"2026-11-22T10:20:00.123Z\",\"day\":\"2028-01-01\",\"sure\":true}\n"
                        "{\"code\":\"=1\",\"qty\":0,\"value\":0,\"share\":0.9875,\"scans\":-7,"
                        "\"at\":\"2026-11-22T10:20:00.123Z\",\"day\":\"2028-01-01\",\"sure\":true}\n");
    assert_string_equal(export_written(world, "ndjson", rows, 0), "");
}

/* Boxes and pieces have no sum; their values have. */
static void
quantities_of_several_units_have_no_total(void **state)
{
    static const sv_column_t columns[] = {
        { "uom", "Unit", SV_COLUMN_TEXT, true, false, false },
        { "qty", "Quantity", SV_COLUMN_QUANTITY, false, false, true },
        { "value", "Value", SV_COLUMN_MONEY, false, false, true },
    };
    static const struct {
        const char *units[2];
        const char *totals;
    } cases[] = {
        { { "PCS", "PCS" }, "\"totals\":{\"qty\":5,\"value\":7}}\n" },
        { { "PCS", "BOX" }, "\"totals\":{\"value\":7}}\n" },
        { { "PCS", "PC" }, "\"totals\":{\"value\":7}}\n" },
        { { NULL, "BOX" }, "\"totals\":{\"value\":7}}\n" },
        { { NULL, NULL }, "\"totals\":{\"qty\":5,\"value\":7}}\n" },
    };
    export_world_t *world = *state;

    world->head.columns = columns;
    world->head.column_count = 3;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bson_t *rows[2];

        for (size_t j = 0; j < 2; j++) {
            bson_t *row = sv_doc_new(world->arena);

            if (cases[i].units[j] != NULL) {
                BSON_APPEND_UTF8(row, "uom", cases[i].units[j]);
            } else {
                BSON_APPEND_NULL(row, "uom");
            }
            BSON_APPEND_INT64(row, "qty", j == 0 ? 2000000 : 3000000);
            BSON_APPEND_INT64(row, "value", 3500000);
            rows[j] = row;
        }
        assert_non_null(strstr(export_written(world, "json", rows, 2), cases[i].totals));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(json_is_one_object_of_head_rows_and_totals, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(quantities_of_several_units_have_no_total, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(ndjson_has_a_row_a_line, export_set_up, export_tear_down),
    };

    return export_run_tests("export_json", tests, sizeof(tests) / sizeof(tests[0]));
}
