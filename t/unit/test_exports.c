/* Files of rows in every format: that they are whole, that none is left when they fail, and what they are called.
 * t/exports.t opens them with programs not made here. */
#include "t/unit/export_world.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "core/report/files/export_request.h"
#include "core/store/document.h"

static void
too_many_rows_are_refused_before_and_while(void **state)
{
    static const sv_format_t narrow = { "csv", "csv", "text/csv", 2 };
    export_world_t *world = *state;
    sv_exporter_t *exporter;

    world->head.rows = 50001;
    assert_null(sv_exporter_create(sv_format("pdf"), world->path, &world->head, &world->error));
    assert_int_equal(world->error.status, SV_ERR_TOO_MANY_ROWS);
    sv_error_clear(&world->error);
    world->head.rows = -1;
    exporter = sv_exporter_create(&narrow, world->path, &world->head, &world->error);
    assert_int_equal(export_add_rows(world, exporter, 3), SV_ERR_TOO_MANY_ROWS);
    sv_exporter_destroy(exporter);
    assert_int_equal(export_files(), 0);
}

static void
what_is_given_up_leaves_nothing(void **state)
{
    export_world_t *world = *state;

    for (size_t i = 0; i < sv_format_count; i++) {
        sv_exporter_t *exporter = sv_exporter_create(&sv_formats[i], world->path, &world->head, &world->error);

        assert_non_null(exporter);
        export_must(world, export_add_rows(world, exporter, 250));
        sv_exporter_destroy(exporter);
        assert_int_equal(export_files(), 0);
    }
}

static void
a_folder_that_is_none_is_told(void **state)
{
    export_world_t *world = *state;

    for (size_t i = 0; i < sv_format_count; i++) {
        sv_exporter_t *exporter =
            sv_exporter_create(&sv_formats[i], "/nonexistent/folder/file", &world->head, &world->error);
        sv_status_t status = exporter == NULL
                                 ? world->error.status
                                 : sv_exporter_finish(exporter, &world->size, world->sha256, &world->error);

        assert_int_equal(sv_status_kind(status), SV_KIND_UNAVAILABLE);
        sv_exporter_destroy(exporter);
        sv_error_clear(&world->error);
    }
}

/* As a full disk: files may have 32 KiB. */
static void
a_file_that_cannot_grow_is_told_and_removed(void **state)
{
    enum { ROWS = 1000, MOST = 32 * 1024 };
    export_world_t *world = *state;
    struct rlimit before, small;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = MOST;
    for (size_t i = 0; i < sv_format_count; i++) {
        sv_exporter_t *exporter;
        sv_status_t status;

        setrlimit(RLIMIT_FSIZE, &small);
        exporter = sv_exporter_create(&sv_formats[i], world->path, &world->head, &world->error);
        status = export_add_rows(world, exporter, ROWS);
        if (status == SV_OK) {
            status = sv_exporter_finish(exporter, &world->size, world->sha256, &world->error);
        }
        sv_exporter_destroy(exporter);
        setrlimit(RLIMIT_FSIZE, &before);
        if (sv_status_kind(status) != SV_KIND_UNAVAILABLE) {
            fail_msg("%s: %s", sv_formats[i].name, sv_status_code(status));
        }
        assert_int_equal(export_files(), 0);
        sv_error_clear(&world->error);
    }
}

static void
a_row_of_other_columns_is_refused(void **state)
{
    export_world_t *world = *state;
    sv_exporter_t *exporter = sv_exporter_create(sv_format("csv"), world->path, &world->head, &world->error);
    bson_t *row = sv_doc_take(BCON_NEW("code", BCON_INT64(1)), world->arena);

    assert_int_equal(sv_exporter_row(exporter, row, &world->error), SV_ERR_INTERNAL);
    sv_exporter_destroy(exporter);
}

static void
file_names_hold_on_every_system(void **state)
{
    static const char *const names[][2] = {
        { "2026-11-22 stock count A", "2026-11-22 stock count A.csv" },
        { "../../etc/passwd", "-..-etc-passwd.csv" },
        { "a/b\\c:d*e?f\"g<h>i|j", "a-b-c-d-e-f-g-h-i-j.csv" },
        { " . hidden. ", "hidden.csv" },
        { "line\r\nX-Header: 1", "line--X-Header- 1.csv" },
        { "", "export.csv" },
        { "...", "export.csv" },
        { "NUL", "export.csv" },
        { "com1.txt", "export.csv" },
        { "cod\xe2\x80\xaexcod", "codxcod.csv" },
        { "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe5\x9c\xa8", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe5\x9c\xa8.csv" },
        { "bad\xff"
          "byte",
          "bad-byte.csv" },
    };
    char name[200], long_title[1001];

    (void) state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_string_equal(sv_format_file_name(names[i][0], sv_format("csv"), name, sizeof(name)), names[i][1]);
    }
    for (size_t i = 0; i < 500; i++) {
        memcpy(long_title + 2 * i, "\xc3\xa9", 2);
    }
    long_title[1000] = '\0';
    sv_format_file_name(long_title, sv_format("xlsx"), name, sizeof(name));
    assert_int_equal(strlen(name), 160 + strlen(".xlsx"));
    assert_string_equal(sv_format_file_name("title", sv_format("csv"), name, 8), "tit.csv");
    assert_string_equal(sv_format_file_name("title", sv_format("csv"), name, 3), "");
}

static void
what_is_asked_is_read_back_and_has_a_key(void **state)
{
    export_world_t *world = *state;
    sv_export_request_t request = { "id-1",
                                    sv_format("csv"),
                                    { .bom = true, .delimiter = '\t', .raw = true, .decimal = '.' } };
    const bson_t *params = sv_export_request_params(&request, "snapshot_id", world->arena);
    const char *key = sv_export_request_key(&request, world->arena);
    sv_format_options_t options;
    const sv_format_t *format;

    assert_string_equal(sv_doc_text(params, "snapshot_id", world->arena), "id-1");
    assert_true(sv_format_options_load(params, &format, &options, world->arena));
    assert_ptr_equal(format, sv_format("csv"));
    assert_true(options.bom && options.raw && options.delimiter == '\t' && options.decimal == '.' && !options.titles);
    request.options.raw = false;
    assert_string_not_equal(sv_export_request_key(&request, world->arena), key);
    params = sv_doc_take(BCON_NEW("format", "doc"), world->arena);
    assert_false(sv_format_options_load(params, &format, &options, world->arena));
    assert_null(sv_format("XLSX"));
    assert_null(sv_format(NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(too_many_rows_are_refused_before_and_while, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(what_is_given_up_leaves_nothing, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_is_none_is_told, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_grow_is_told_and_removed, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(a_row_of_other_columns_is_refused, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(file_names_hold_on_every_system, export_set_up, export_tear_down),
        cmocka_unit_test_setup_teardown(what_is_asked_is_read_back_and_has_a_key, export_set_up, export_tear_down),
    };

    return export_run_tests("exports", tests, sizeof(tests) / sizeof(tests[0]));
}
