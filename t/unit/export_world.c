#include "t/unit/export_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/report/files/export_request.h"
#include "core/store/document.h"

const sv_column_t export_columns[EXPORT_COLUMNS] = {
    { "code", "Item code", SV_COLUMN_TEXT, true, false, false },
    { "qty", "Quantity", SV_COLUMN_QUANTITY, false, false, true },
    { "value", "Value", SV_COLUMN_MONEY, false, false, true },
    { "share", "Share", SV_COLUMN_RATIO, false, false, false },
    { "scans", "Scans", SV_COLUMN_INT, false, false, true },
    { "at", "Counted at", SV_COLUMN_TIME, false, false, false },
    { "day", "Expiry", SV_COLUMN_DATE, false, false, false },
    { "sure", "Confirmed", SV_COLUMN_BOOL, false, false, false },
};

const sv_column_t export_text_column[1] = { { "text", "Text", SV_COLUMN_TEXT, false, false, false } };

static char folder[64];

int
export_set_up(void **state)
{
    export_world_t *world = calloc(1, sizeof(*world));

    world->arena = sv_arena_create();
    sv_error_init(&world->error, world->arena);
    snprintf(world->path, sizeof(world->path), "%s/file", folder);
    world->head = (sv_export_head_t){ .title = "A \"count\"",
                                      .subtitle = "items",
                                      .made_by = "Asha",
                                      .taken_at_ms = 1795342800123,
                                      .source = "snapshot 1",
                                      .digest = "",
                                      .rows = -1,
                                      .columns = export_columns,
                                      .column_count = EXPORT_COLUMNS,
                                      .options = sv_format_options_default };
    *state = world;
    return 0;
}

int
export_tear_down(void **state)
{
    export_world_t *world = *state;

    unlink(world->path);
    sv_arena_destroy(world->arena);
    free(world);
    return 0;
}

bson_t *
export_row(export_world_t *world, const char *code, int64_t qty, int64_t value)
{
    bson_t *row = sv_doc_new(world->arena);

    sv_doc_put_text(row, "code", code);
    BSON_APPEND_INT64(row, "qty", qty);
    BSON_APPEND_INT64(row, "value", value);
    BSON_APPEND_INT64(row, "share", 987500);
    BSON_APPEND_INT64(row, "scans", -7);
    BSON_APPEND_DATE_TIME(row, "at", 1795342800123);
    BSON_APPEND_DATE_TIME(row, "day", 1830297600000);
    BSON_APPEND_BOOL(row, "sure", true);
    return row;
}

bson_t *
export_empty_row(export_world_t *world)
{
    bson_t *row = sv_doc_new(world->arena);

    for (size_t i = 0; i < EXPORT_COLUMNS; i++) {
        BSON_APPEND_NULL(row, export_columns[i].name);
    }
    return row;
}

void
export_must(export_world_t *world, sv_status_t status)
{
    if (status != SV_OK) {
        fail_msg("%s: %s", sv_status_code(status),
                 world->error.cause != NULL ? world->error.cause : world->error.message);
    }
}

static char *
read_file(export_world_t *world, const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    sv_buffer_t out;
    char bytes[4096];
    size_t got;

    assert_non_null(file);
    sv_buffer_init(&out, world->arena, 4096);
    while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        sv_buffer_append(&out, bytes, got);
    }
    fclose(file);
    sv_buffer_append(&out, "", 0);
    *length = out.length;
    return out.data;
}

size_t
export_files(void)
{
    char command[128];
    FILE *list;
    size_t count = 0;

    snprintf(command, sizeof(command), "ls -A %s | wc -l", folder);
    list = popen(command, "r");
    assert_non_null(list);
    assert_int_equal(fscanf(list, "%zu", &count), 1);
    pclose(list);
    return count;
}

/* The file that `rows` make, told sizes and sums checked. */
char *
export_written(export_world_t *world, const char *format, const bson_t *const *rows, size_t count)
{
    sv_exporter_t *exporter = sv_exporter_create(sv_format(format), world->path, &world->head, &world->error);
    char sha256[SV_SHA256_HEX_SIZE];
    size_t length;
    char *contents;

    export_must(world, world->error.status);
    for (size_t i = 0; i < count; i++) {
        export_must(world, sv_exporter_row(exporter, rows[i], &world->error));
    }
    export_must(world, sv_exporter_finish(exporter, &world->size, world->sha256, &world->error));
    sv_exporter_destroy(exporter);
    contents = read_file(world, world->path, &length);
    assert_int_equal(world->size, length);
    sv_sha256_hex(contents, length, sha256);
    assert_string_equal(world->sha256, sha256);
    assert_int_equal(export_files(), 1);
    return contents;
}

/* What `unzip -p` shows of a part of the workbook. */
const char *
export_part(export_world_t *world, const char *part)
{
    const char *command = sv_arena_printf(
        world->arena,
        "python3 -c 'import sys,zipfile;sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' %s %s",
        world->path, part);
    FILE *in = popen(command, "r");
    sv_buffer_t out;
    char bytes[4096];
    size_t got;

    assert_non_null(in);
    sv_buffer_init(&out, world->arena, 4096);
    while ((got = fread(bytes, 1, sizeof(bytes), in)) > 0) {
        sv_buffer_append(&out, bytes, got);
    }
    assert_int_equal(pclose(in), 0);
    return out.data;
}

void
export_must_have(const char *text, const char *piece)
{
    if (strstr(text, piece) == NULL) {
        fail_msg("no %s in %.2000s", piece, text);
    }
}

sv_status_t
export_add_rows(export_world_t *world, sv_exporter_t *exporter, size_t count)
{
    sv_status_t status = SV_OK;

    for (size_t i = 0; status == SV_OK && i < count; i++) {
        status = sv_exporter_row(exporter, export_row(world, "code", (int64_t) i * 1000000, 0), &world->error);
    }
    return status;
}

int
export_run_tests(const char *name, const struct CMUnitTest *tests, size_t count)
{
    int failed;

    snprintf(folder, sizeof(folder), "/tmp/stockverify-exports-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    failed = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
    rmdir(folder);
    return failed;
}
