/*
 * A comparison of two snapshots beside reading both:
 *
 *     MONGODB_URI=... bench_compare [ROWS [ROUNDS [KIND]]]
 *
 *   ours     the work of one comparison's job, from its claim to the published head: blocks read, joined, compared, the
 *            rows that differ written; by several threads, whose CPU is told together
 *   reading  the rows of both snapshots out of their blocks, unpacked and checked, and nothing done with them; by one
 *            thread, as files are
 *
 * Of each hundred rows one changed; then of each thousand a hundred changed, ten were removed and ten added; then all
 * of them changed; then in another order than that of the key, so that one side is sorted first.  `ours` and `reading`
 * take turns; the medians are compared.  KIND is a part of the name of the only one to measure.  Uses a database of its own, dropped at the end, and sorts in the current
 * directory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/base/codec.h"
#include "core/report/compare/comparison.h"
#include "core/store/document.h"
#include "core/store/indexes.h"

enum { ROWS = 100000, ROUNDS = 5, MAX_ROUNDS = 32, COLUMNS = 12, CLIENTS = 4 };

static const sv_column_t columns[COLUMNS] = {
    { "client_record_id", "Record", SV_COLUMN_TEXT, true, false, false },
    { "item_code", "Item code", SV_COLUMN_TEXT, false, false, false },
    { "item_name", "Item", SV_COLUMN_TEXT, false, false, false },
    { "warehouse", "Warehouse", SV_COLUMN_TEXT, false, false, false },
    { "rack_id", "Rack", SV_COLUMN_TEXT, false, false, false },
    { "user_id", "User", SV_COLUMN_TEXT, false, false, false },
    { "verified_qty", "Verified quantity", SV_COLUMN_QUANTITY, false, false, true },
    { "damage_qty", "Damaged quantity", SV_COLUMN_QUANTITY, false, false, true },
    { "value", "Value", SV_COLUMN_MONEY, false, false, true },
    { "round", "Round", SV_COLUMN_INT, false, false, false },
    { "changed_at", "Last stored at", SV_COLUMN_TIME, false, false, false },
    { "partial", "Partial", SV_COLUMN_BOOL, false, false, false },
};

static sv_settings_t settings;
static sv_store_t *store;

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* Of all threads of this process. */
static double
cpu_s(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double) used.tv_sec + (double) used.tv_nsec / 1e9;
}

/* What was measured once. */
typedef struct {
    double s, cpu_s;
} took_t;

static took_t
took_since(took_t from)
{
    return (took_t){ now_s() - from.s, cpu_s() - from.cpu_s };
}

static void
die(const char *what, const sv_error_t *error)
{
    fprintf(stderr, "bench_compare: %s: %s\n", what, error->cause != NULL ? error->cause : error->message);
    exit(1);
}

static void
put_row(bson_t *row, int64_t number, bool changed)
{
    char text[64];

    /* In the order of the key; as long as ids of phones are. */
    snprintf(text, sizeof(text), "%08lld-2b0e-4a5c-9c55-0f3ad1c7f5d2", (long long) number);
    BSON_APPEND_UTF8(row, "client_record_id", text);
    snprintf(text, sizeof(text), "ITEM-%06lld", (long long) (number % 20000));
    BSON_APPEND_UTF8(row, "item_code", text);
    snprintf(text, sizeof(text), "Sunrise Basmati Rice %lld kg", (long long) (number % 25));
    BSON_APPEND_UTF8(row, "item_name", text);
    BSON_APPEND_UTF8(row, "warehouse", "WH-NORTH");
    snprintf(text, sizeof(text), "R%05lld", (long long) (number / 50 % 1000));
    BSON_APPEND_UTF8(row, "rack_id", text);
    snprintf(text, sizeof(text), "u%lld", (long long) (number / 50 % 40));
    BSON_APPEND_UTF8(row, "user_id", text);
    BSON_APPEND_INT64(row, "verified_qty", number % 5000 * SV_QUANTITY_ONE + number % 1000 + changed);
    BSON_APPEND_INT64(row, "damage_qty", number % 7 == 0 ? SV_QUANTITY_ONE / 2 : 0);
    BSON_APPEND_INT64(row, "value", number % 9973 * 12345);
    BSON_APPEND_INT64(row, "round", 1 + number % 2);
    BSON_APPEND_DATE_TIME(row, "changed_at", 1767600000000 + number * 37 + changed);
    BSON_APPEND_BOOL(row, "partial", false);
}

/* What is different in a snapshot. */
typedef struct {
    const char *id;
    int64_t rows;
    int changed, missing; /* of a thousand rows */
    int missing_at;       /* which of the thousand they are */
    bool backwards;
} kind_t;

static void
make_snapshot(const kind_t *kind, sv_error_t *error)
{
    sv_block_place_t place = sv_snapshot_blocks(sv_arena_printf(error->arena, "%s.1", kind->id));
    sv_block_writer_t *writer;
    sv_row_layout_t layout;
    sv_row_packer_t packer;
    bson_t *head = sv_doc_new(error->arena), row;
    sv_block_totals_t totals;

    sv_row_layout_init(&layout, columns, COLUMNS, error->arena);
    sv_row_packer_init(&packer, &layout, error->arena);
    writer = sv_block_writer_create(store, &place, &layout, NULL, error);
    bson_init(&row);
    for (int64_t i = 0; i < kind->rows; i++) {
        int64_t number = kind->backwards ? kind->rows - 1 - i : i;
        int place_of = (int) (number % 1000);

        if (place_of >= kind->missing_at && place_of < kind->missing_at + kind->missing) {
            continue;
        }
        bson_reinit(&row);
        put_row(&row, number, place_of < kind->changed);
        if (sv_block_writer_add(writer, sv_row_packer_document(&packer, &row, error), error) != SV_OK) {
            die("blocks", error);
        }
    }
    bson_destroy(&row);
    if (sv_block_writer_finish(writer, &totals, error) != SV_OK ||
        sv_block_writer_insert_last(writer, store, error) != SV_OK) {
        die("blocks", error);
    }
    sv_block_writer_destroy(writer);
    BCON_APPEND(head, "snapshot_id", BCON_UTF8(kind->id), "name", BCON_UTF8(kind->id), "owner", BCON_UTF8(place.owner),
                "rows", BCON_INT64(totals.rows), "digest", BCON_UTF8(totals.digest), "taken_at", BCON_DATE_TIME(1000));
    sv_columns_append(head, "columns", columns, COLUMNS);
    if (sv_store_insert(store, SV_COLLECTION_REPORT_SNAPSHOTS, head, error) != SV_OK) {
        die("head", error);
    }
}

static took_t
measure_reading(const char *a, const char *b, sv_arena_t *arena, sv_error_t *error)
{
    const char *const ids[] = { a, b };
    took_t from = { now_s(), cpu_s() };

    for (int i = 0; i < 2; i++) {
        sv_block_place_t place = sv_snapshot_blocks(sv_arena_printf(arena, "%s.1", ids[i]));
        sv_block_reader_t *reader = sv_block_reader_create(store, &place, columns, COLUMNS, 0);
        const sv_packed_row_t *row;

        do {
            if (sv_block_reader_next(reader, &row, error) != SV_OK) {
                die("reading", error);
            }
        } while (row != NULL);
        sv_block_reader_destroy(reader);
    }
    return took_since(from);
}

static sv_status_t
told(void *context, const char *stage, int64_t done, int64_t total, sv_error_t *error)
{
    (void) context;
    (void) stage;
    (void) done;
    (void) total;
    (void) error;
    return SV_OK;
}

static took_t
measure_ours(const char *a, const char *b, int64_t *rows, sv_arena_t *arena, sv_error_t *error)
{
    const char *json = sv_arena_printf(arena, "{\"baseline_id\": \"%s\", \"comparison_id\": \"%s\"}", a, b);
    sv_json_fields_t fields = { sv_json_parse_object(json, strlen(json), arena, error), "", error };
    sv_principal_t who = { .user_id = "bench", .role = SV_ROLE_ADMIN };
    sv_comparison_watch_t watch = { told, NULL };
    sv_comparison_t made;
    sv_job_claim_t *claim = NULL;
    const bson_t *job;
    const char *id;
    bool created, held;
    took_t from, took;

    if (sv_comparison_request(store, &who, &fields, arena, &job, &created, error) != SV_OK) {
        die("request", error);
    }
    id = sv_doc_text(job, "job_id", arena);
    from = (took_t){ now_s(), cpu_s() };
    if (sv_job_start(store, id, "bench", arena, &claim, NULL, error) != SV_OK || claim == NULL ||
        sv_comparison_make(store, claim, ".", &watch, arena, error) != SV_OK) {
        die("ours", error);
    }
    took = took_since(from);
    if (sv_job_succeed(store, claim, NULL, &held, error) != SV_OK ||
        sv_comparison_load(store, id, arena, &made, error) != SV_OK) {
        die("ours", error);
    }
    *rows = made.kept.rows;
    return took;
}

static int
by_size(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;

    return (left > right) - (left < right);
}

static took_t
median(const took_t *took, int rounds)
{
    double s[MAX_ROUNDS], cpu[MAX_ROUNDS];

    for (int i = 0; i < rounds; i++) {
        s[i] = took[i].s;
        cpu[i] = took[i].cpu_s;
    }
    qsort(s, (size_t) rounds, sizeof(s[0]), by_size);
    qsort(cpu, (size_t) rounds, sizeof(cpu[0]), by_size);
    return (took_t){ s[rounds / 2], cpu[rounds / 2] };
}

static void
measure(const char *what, const char *a, const char *b, int rounds, const char *only)
{
    took_t ours[MAX_ROUNDS], reading[MAX_ROUNDS], our, read;
    int64_t rows = 0;
    struct rusage used;

    if (strstr(what, only) == NULL) {
        return;
    }
    for (int i = 0; i < rounds; i++) {
        sv_arena_t *arena = sv_arena_create();
        sv_error_t error;

        sv_error_init(&error, arena);
        reading[i] = measure_reading(a, b, arena, &error);
        ours[i] = measure_ours(a, b, &rows, arena, &error);
        sv_arena_destroy(arena);
    }
    our = median(ours, rounds);
    read = median(reading, rounds);
    getrusage(RUSAGE_SELF, &used);
    printf("compare, %s: ours %.0f ms (%lld rows written), reading both %.0f ms; ours / reading %.2f; CPU here %.0f ms "
           "and %.0f ms, %.2f; %ld MiB resident\n",
           what, our.s * 1e3, (long long) rows, read.s * 1e3, our.s / read.s, our.cpu_s * 1e3, read.cpu_s * 1e3,
           our.cpu_s / read.cpu_s, used.ru_maxrss / 1024);
}

int
main(int argc, char **argv)
{
    int64_t rows = argc > 1 ? atoll(argv[1]) : ROWS;
    int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS;
    const char *only = argc > 3 ? argv[3] : "";
    sv_arena_t *arena = sv_arena_create();
    sv_index_summary_t summary;
    sv_store_pool_t *pool;
    sv_error_t error;
    char suffix[SV_UUID_SIZE];

    sv_error_init(&error, arena);
    if (getenv("MONGODB_URI") == NULL || rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "bench_compare: MONGODB_URI must name the server; at most %d rounds\n", MAX_ROUNDS);
        return 1;
    }
    sv_settings_defaults(&settings);
    sv_uuid_v4(suffix);
    settings.mongodb_uri = getenv("MONGODB_URI");
    settings.mongodb_database = sv_arena_printf(arena, "sv_bench_%.8s", suffix);
    pool = sv_store_pool_create_patient(&settings, CLIENTS, &error);
    store = pool != NULL ? sv_store_acquire(pool) : NULL;
    if (store == NULL || sv_indexes_ensure(store, NULL, NULL, &summary, &error) != SV_OK) {
        die("MongoDB", &error);
    }
    make_snapshot(&(kind_t){ "before", rows, 0, 10, 500, false }, &error);
    make_snapshot(&(kind_t){ "hundredth", rows, 10, 10, 500, false }, &error);
    make_snapshot(&(kind_t){ "after", rows, 100, 10, 600, false }, &error);
    make_snapshot(&(kind_t){ "all-changed", rows, 1000, 10, 500, false }, &error);
    make_snapshot(&(kind_t){ "backwards", rows, 100, 10, 600, true }, &error);
    measure("a hundredth changed", "before", "hundredth", rounds, only);
    measure("a tenth changed", "before", "after", rounds, only);
    measure("all changed", "before", "all-changed", rounds, only);
    measure("one side to be sorted", "before", "backwards", rounds, only);
    mongoc_database_drop(store->database, NULL);
    sv_store_release(store);
    sv_store_pool_destroy(pool);
    sv_arena_destroy(arena);
    return 0;
}
