/*
 * Files from stored blocks beside bare loops over the same rows, which lie decoded in memory:
 *
 *     MONGODB_URI=... bench_export [ROWS [ROUNDS]]
 *
 *   csv   ours: blocks read from MongoDB, unpacked, checked, written, hashed, flushed to the disk
 *         bare: one snprintf a row and fwrite, flushed to the disk
 *   xlsx  ours: the same from blocks
 *         bare: libxlsxwriter in constant memory mode, the same cells with the same formats
 *   json, ndjson, pdf: ours alone (pdf: at most its 50,000 rows, once)
 *
 * `ours` and `bare` take turns.  Uses a database of its own, dropped at the end, and files in the current directory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "core/base/codec.h"
#include "core/base/quantity.h"
#include "core/report/blocks/blocks.h"
#include "core/report/files/export_request.h"
#include "core/store/document.h"
#include "core/store/indexes.h"
#include "worker/export/export.h"

enum { ROWS = 200000, ROUNDS = 3, COLUMNS = 12, FILE_BUFFER = 256 * 1024, PDF_ROWS = 20000 };

static const sv_column_t columns[COLUMNS] = {
    { "client_record_id", "Record", SV_COLUMN_TEXT, true, false, false },
    { "item_code", "Item code", SV_COLUMN_TEXT, false, false, false },
    { "item_name", "Item name", SV_COLUMN_TEXT, false, false, false },
    { "warehouse", "Warehouse", SV_COLUMN_TEXT, false, false, false },
    { "rack_id", "Rack", SV_COLUMN_TEXT, false, false, false },
    { "user_id", "User", SV_COLUMN_TEXT, false, false, false },
    { "verified_qty", "Verified quantity", SV_COLUMN_QUANTITY, false, false, true },
    { "damage_qty", "Damage", SV_COLUMN_QUANTITY, false, false, true },
    { "value", "Value", SV_COLUMN_MONEY, false, false, true },
    { "round", "Round", SV_COLUMN_INT, false, false, false },
    { "received_at", "Received at", SV_COLUMN_TIME, false, false, false },
    { "partial", "Partial", SV_COLUMN_BOOL, false, false, false },
};

/* A row as C has it. */
typedef struct {
    char record[40], item[12], name[40], rack[12], user[12];
    int64_t verified, damage, value, round, received;
    bool partial;
} row_t;

static sv_settings_t settings;
static sv_store_pool_t *pool;
static sv_store_t *store;
static const sv_block_place_t place = { SV_COLLECTION_REPORT_SNAPSHOT_BLOCKS, "snapshot_id", "bench.1" };
static row_t *rows;
static int64_t row_count = ROWS;

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "bench_export: %s: %s\n", what, why != NULL ? why : "?");
    exit(1);
}

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
make_row(int64_t i, row_t *row)
{
    snprintf(row->record, sizeof(row->record), "phone-%03d:%08" PRId64 "-4f1c-9e2b", (int) (i % 200), i);
    snprintf(row->item, sizeof(row->item), "%09d", (int) (100000 + i % 5000));
    snprintf(row->name, sizeof(row->name), "Hex bolt M%d x %d zinc plated", (int) (4 + i % 12), (int) (20 + i % 80));
    snprintf(row->rack, sizeof(row->rack), "R-%02d-%03d", (int) (i % 40), (int) (i % 300));
    snprintf(row->user, sizeof(row->user), "user-%03d", (int) (i % 120));
    row->verified = (i % 500) * SV_QUANTITY_ONE + (i % 4) * 250000;
    row->damage = i % 17 == 0 ? SV_QUANTITY_ONE : 0;
    row->value = row->verified / 100 * (i % 977);
    row->round = 1 + i % 3;
    row->received = INT64_C(1795342800000) + i * 1000;
    row->partial = i % 11 == 0;
}

static void
put_row(const row_t *row, bson_t *to)
{
    bson_reinit(to);
    BSON_APPEND_UTF8(to, "client_record_id", row->record);
    BSON_APPEND_UTF8(to, "item_code", row->item);
    BSON_APPEND_UTF8(to, "item_name", row->name);
    BSON_APPEND_UTF8(to, "warehouse", "WH1");
    BSON_APPEND_UTF8(to, "rack_id", row->rack);
    BSON_APPEND_UTF8(to, "user_id", row->user);
    BSON_APPEND_INT64(to, "verified_qty", row->verified);
    BSON_APPEND_INT64(to, "damage_qty", row->damage);
    BSON_APPEND_INT64(to, "value", row->value);
    BSON_APPEND_INT64(to, "round", row->round);
    BSON_APPEND_DATE_TIME(to, "received_at", row->received);
    BSON_APPEND_BOOL(to, "partial", row->partial);
}

static void
store_rows(sv_arena_t *arena)
{
    sv_block_writer_t *writer;
    sv_block_totals_t totals;
    sv_row_layout_t layout;
    sv_row_packer_t packer;
    sv_error_t error;
    bson_t document = BSON_INITIALIZER;

    sv_error_init(&error, arena);
    rows = malloc((size_t) row_count * sizeof(*rows));
    sv_row_layout_init(&layout, columns, COLUMNS, arena);
    sv_row_packer_init(&packer, &layout, arena);
    writer = sv_block_writer_create(store, &place, &layout, NULL, &error);
    if (writer == NULL || rows == NULL) {
        die("rows", "out of memory");
    }
    for (int64_t i = 0; i < row_count; i++) {
        make_row(i, &rows[i]);
        put_row(&rows[i], &document);
        if (sv_block_writer_add(writer, sv_row_packer_document(&packer, &document, &error), &error) != SV_OK) {
            die("blocks", error.cause);
        }
    }
    if (sv_block_writer_finish(writer, &totals, &error) != SV_OK ||
        sv_block_writer_insert_last(writer, store, &error) != SV_OK) {
        die("blocks", error.cause);
    }
    printf("%" PRId64 " rows of %d columns in %" PRId64 " blocks, %.1f MB\n", totals.rows, COLUMNS, totals.blocks,
           (double) totals.bytes / 1e6);
    sv_block_writer_destroy(writer);
    bson_destroy(&document);
}

/* Seconds from the first block to a file that is on the disk. */
static double
write_ours(const char *format, int64_t count)
{
    sv_arena_t *arena = sv_arena_create();
    sv_export_head_t head = { .title = "Bench",
                              .subtitle = "",
                              .made_by = "bench",
                              .taken_at_ms = 1795342800000,
                              .source = "blocks",
                              .digest = "",
                              .rows = count,
                              .columns = columns,
                              .column_count = COLUMNS,
                              .options = sv_format_options_default };
    const char *path = sv_arena_printf(arena, "bench_export.%s", format);
    double from_s = now_s();
    sv_block_reader_t *reader = sv_block_reader_create(store, &place, columns, COLUMNS, 0);
    sv_exporter_t *exporter;
    const bson_t *row;
    char sha256[65];
    int64_t size;
    sv_error_t error;

    sv_error_init(&error, arena);
    exporter = sv_exporter_create(sv_format(format), path, &head, &error);
    for (int64_t i = 0; error.status == SV_OK && i < count; i++) {
        if (sv_block_reader_next_document(reader, &row, &error) == SV_OK) {
            sv_exporter_row(exporter, row, &error);
        }
    }
    if (error.status != SV_OK || sv_exporter_finish(exporter, &size, sha256, &error) != SV_OK) {
        die(format, error.cause != NULL ? error.cause : sv_status_code(error.status));
    }
    sv_exporter_destroy(exporter);
    sv_block_reader_destroy(reader);
    from_s = now_s() - from_s;
    unlink(path);
    sv_arena_destroy(arena);
    return from_s;
}

static double
write_bare_csv(void)
{
    double from_s = now_s();
    FILE *file = fopen("bench_export.bare", "wb");
    char line[1024];

    if (file == NULL) {
        die("bench_export.bare", "cannot be written");
    }
    setvbuf(file, NULL, _IOFBF, FILE_BUFFER);
    for (int64_t i = 0; i < row_count; i++) {
        const row_t *row = &rows[i];
        time_t seconds = (time_t) (row->received / 1000);
        struct tm at;
        int length;

        gmtime_r(&seconds, &at);
        length =
            snprintf(line, sizeof(line),
                     "%s,%s,%s,%s,%s,%s,%" PRId64 ".%06" PRId64 ",%" PRId64 ".%06" PRId64 ",%" PRId64 ".%06" PRId64
                     ",%" PRId64 ",%04d-%02d-%02dT%02d:%02d:%02dZ,%s\r\n",
                     row->record, row->item, row->name, "WH1", row->rack, row->user, row->verified / SV_QUANTITY_ONE,
                     row->verified % SV_QUANTITY_ONE, row->damage / SV_QUANTITY_ONE, row->damage % SV_QUANTITY_ONE,
                     row->value / SV_QUANTITY_ONE, row->value % SV_QUANTITY_ONE, row->round, at.tm_year + 1900,
                     at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec, row->partial ? "true" : "false");
        fwrite(line, 1, (size_t) length, file);
    }
    fflush(file);
    fsync(fileno(file));
    fclose(file);
    from_s = now_s() - from_s;
    unlink("bench_export.bare");
    return from_s;
}

static double
write_bare_xlsx(void)
{
    lxw_workbook_options options = { .constant_memory = LXW_TRUE, .tmpdir = "." };
    double from_s = now_s();
    lxw_workbook *book = workbook_new_opt("bench_export.bare", &options);
    lxw_worksheet *sheet = workbook_add_worksheet(book, "Rows");
    lxw_format *money = workbook_add_format(book), *time_format = workbook_add_format(book),
               *integer = workbook_add_format(book);

    format_set_num_format(money, "#,##0.00####");
    format_set_num_format(time_format, "yyyy-mm-dd hh:mm:ss");
    format_set_num_format(integer, "0");
    for (lxw_col_t i = 0; i < COLUMNS; i++) {
        worksheet_write_string(sheet, 0, i, columns[i].title, NULL);
    }
    for (int64_t i = 0; i < row_count; i++) {
        const row_t *row = &rows[i];
        lxw_row_t to = (lxw_row_t) i + 1;

        worksheet_write_string(sheet, to, 0, row->record, NULL);
        worksheet_write_string(sheet, to, 1, row->item, NULL);
        worksheet_write_string(sheet, to, 2, row->name, NULL);
        worksheet_write_string(sheet, to, 3, "WH1", NULL);
        worksheet_write_string(sheet, to, 4, row->rack, NULL);
        worksheet_write_string(sheet, to, 5, row->user, NULL);
        worksheet_write_number(sheet, to, 6, (double) row->verified / 1e6, NULL);
        worksheet_write_number(sheet, to, 7, (double) row->damage / 1e6, NULL);
        worksheet_write_number(sheet, to, 8, (double) row->value / 1e6, money);
        worksheet_write_number(sheet, to, 9, (double) row->round, integer);
        worksheet_write_number(sheet, to, 10, 25569.0 + (double) row->received / 86400000.0, time_format);
        worksheet_write_boolean(sheet, to, 11, row->partial, NULL);
    }
    if (workbook_close(book) != LXW_NO_ERROR) {
        die("bench_export.bare", "libxlsxwriter could not write it");
    }
    from_s = now_s() - from_s;
    unlink("bench_export.bare");
    return from_s;
}

static int
by_size(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;

    return (left > right) - (left < right);
}

static double
median(double *values, int count)
{
    qsort(values, (size_t) count, sizeof(values[0]), by_size);
    return values[count / 2];
}

static void
compare(const char *format, double (*bare)(void), int rounds)
{
    double ours_s[rounds], bare_s[rounds], ours, limit;

    for (int i = 0; i < rounds; i++) {
        ours_s[i] = write_ours(format, row_count);
        bare_s[i] = bare();
    }
    ours = (double) row_count / median(ours_s, rounds);
    limit = (double) row_count / median(bare_s, rounds);
    printf("%s: ours %.0f rows/s from blocks, bare %.0f rows/s; ours / bare %.2f\n", format, ours, limit, ours / limit);
}

static void
open_server(sv_arena_t *arena)
{
    sv_index_summary_t summary;
    sv_error_t error;
    char suffix[SV_UUID_SIZE];

    if (getenv("MONGODB_URI") == NULL) {
        die("MONGODB_URI", "it must name the server");
    }
    sv_error_init(&error, arena);
    sv_settings_defaults(&settings);
    sv_uuid_v4(suffix);
    settings.mongodb_uri = getenv("MONGODB_URI");
    settings.mongodb_database = sv_arena_printf(arena, "sv_bench_%.8s", suffix);
    pool = sv_store_pool_create_patient(&settings, 2, &error);
    store = pool != NULL ? sv_store_acquire(pool) : NULL;
    if (store == NULL || sv_indexes_ensure(store, NULL, NULL, &summary, &error) != SV_OK) {
        die("MongoDB", error.cause);
    }
}

int
main(int argc, char **argv)
{
    static const char *const others[] = { "json", "ndjson" };
    int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS;
    sv_arena_t *arena = sv_arena_create();
    int64_t pdf_rows;

    row_count = argc > 1 ? atoll(argv[1]) : ROWS;
    if (row_count < 1 || rounds < 1) {
        die("usage", "bench_export [ROWS [ROUNDS]]");
    }
    open_server(arena);
    store_rows(arena);
    compare("csv", write_bare_csv, rounds);
    compare("xlsx", write_bare_xlsx, rounds);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        printf("%s: ours %.0f rows/s from blocks\n", others[i], (double) row_count / write_ours(others[i], row_count));
    }
    pdf_rows = row_count < PDF_ROWS ? row_count : PDF_ROWS;
    printf("pdf: ours %.0f rows/s from blocks\n", (double) pdf_rows / write_ours("pdf", pdf_rows));
    mongoc_database_drop(store->database, NULL);
    sv_store_release(store);
    sv_store_pool_destroy(pool);
    sv_arena_destroy(arena);
    free(rows);
    return 0;
}
