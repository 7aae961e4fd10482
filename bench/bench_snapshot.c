/*
 * Snapshots and previews beside the bare driver on the same server and documents:
 *
 *     MONGODB_URI=... bench_snapshot [ROWS] [ROUNDS]
 *
 *   snapshot  ours: the work of one snapshot job, from its claim to the published head, twelve fields of each record;
 *             bare: a libmongoc cursor with the same filter, sort, projection and snapshot session, rows only counted
 *   preview   ours: records by rack with count, sum and average; bare: the same pipeline by libmongoc.  A preview has
 *             five seconds: what needs more is refused, and said so
 *
 * `ours` and `bare` take turns; the medians are compared.  Uses a database of its own, dropped at the end.  The largest
 * resident size is that after the first snapshot: what a worker needs for one.  Where others take of the processors,
 * CPU says more than time: this process's, and the server's (SERVER_PID), a round.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/lib/server_cpu.h"
#include "core/base/codec.h"
#include "core/report/query/point_in_time.h"
#include "core/report/query/preview.h"
#include "core/report/query/query_cursor.h"
#include "core/report/snapshots/snapshot_take.h"
#include "core/store/document.h"
#include "core/store/indexes.h"

enum { MAX_ROUNDS = 32, INSERT_ROWS = 1000, READ_MS = 3600000 };

/* Of what was refused because it takes too long: seconds that none takes. */
static const double refused_s = -1;

static const char snapshot_query[] =
    "{\"collection\": \"verification_records\", \"filters\": [{\"field\": \"warehouse\", \"op\": \"eq\", \"value\": "
    "\"BENCH\"}], \"fields\": [\"client_record_id\", \"session_id\", \"floor\", \"rack_id\", \"user_id\", "
    "\"item_code\", "
    "\"verified_qty\", \"damage_qty\", \"status\", \"round\", \"created_at\", \"changed_at\"]}";
static const char preview_query[] =
    "{\"collection\": \"verification_records\", \"group_by\": [\"rack_id\"], \"aggregations\": [{\"op\": \"count\"}, "
    "{\"op\": \"sum\", \"field\": \"verified_qty\"}, {\"op\": \"avg\", \"field\": \"verified_qty\"}]}";

static sv_settings_t settings;
static sv_store_t *store;

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
die(const char *what, const sv_error_t *error)
{
    fprintf(stderr, "bench_snapshot: %s: %s\n", what, error->cause != NULL ? error->cause : error->message);
    exit(1);
}

static bson_t *
make_record(int64_t number)
{
    bson_t *record = bson_new();
    char text[64];

    /* As scattered as ids of phones are. */
    snprintf(text, sizeof(text), "%08llx-%lld",
             (unsigned long long) (number * UINT64_C(2654435761) % UINT64_C(4294967296)), (long long) number);
    BSON_APPEND_UTF8(record, "client_record_id", text);
    snprintf(text, sizeof(text), "session_u%lld_R%lld_%lld", (long long) (number / 50 % 40),
             (long long) (number / 50 % 1000), (long long) (1767600000 + number / 50));
    BSON_APPEND_UTF8(record, "session_id", text);
    BSON_APPEND_UTF8(record, "count_id", "6b1f0c6e-2b0e-4a5c-9c55-0f3ad1c7f5d2");
    snprintf(text, sizeof(text), "R%05lld", (long long) (number / 50 % 1000));
    BSON_APPEND_UTF8(record, "rack_id", text);
    BSON_APPEND_UTF8(record, "warehouse", "BENCH");
    BSON_APPEND_UTF8(record, "floor", number % 3 == 0 ? "Ground" : "First");
    snprintf(text, sizeof(text), "u%lld", (long long) (number / 50 % 40));
    BSON_APPEND_UTF8(record, "user_id", text);
    BSON_APPEND_INT64(record, "fence", number % 1000);
    BSON_APPEND_INT64(record, "round", 1 + number % 2);
    snprintf(text, sizeof(text), "ITEM-%06lld", (long long) (number % 20000));
    BSON_APPEND_UTF8(record, "item_code", text);
    sv_doc_put_quantity(record, "verified_qty", number % 5000 * SV_QUANTITY_ONE + number % 1000);
    sv_doc_put_quantity(record, "damage_qty", number % 7 == 0 ? SV_QUANTITY_ONE / 2 : 0);
    sv_doc_put_quantity(record, "non_returnable_damaged_qty", 0);
    BSON_APPEND_UTF8(record, "status", "finalized");
    BSON_APPEND_BOOL(record, "partial", false);
    BSON_APPEND_BOOL(record, "whole", true);
    BSON_APPEND_UTF8(record, "standing", "counts");
    BSON_APPEND_BOOL(record, "counts", true);
    BSON_APPEND_INT64(record, "order", 1767600000000 + number);
    BSON_APPEND_DATE_TIME(record, "created_at", 1767600000000 + number * 37);
    BSON_APPEND_DATE_TIME(record, "updated_at", 1767600000000 + number * 37);
    BSON_APPEND_UTF8(record, "uom", "PCS");
    BSON_APPEND_UTF8(record, "remark", number % 10 == 0 ? "box opened, two pieces beside it" : "");
    BSON_APPEND_UTF8(record, "content_hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    BSON_APPEND_DATE_TIME(record, "received_at", 1767600001000 + number * 37);
    BSON_APPEND_DATE_TIME(record, "changed_at", 1767600001000 + number * 37);
    return record;
}

static void
fill(int64_t rows, sv_error_t *error)
{
    bson_t *records[INSERT_ROWS];
    bson_error_t reason;

    for (int64_t first = 0; first < rows; first += INSERT_ROWS) {
        size_t count = rows - first < INSERT_ROWS ? (size_t) (rows - first) : INSERT_ROWS;

        for (size_t i = 0; i < count; i++) {
            records[i] = make_record(first + (int64_t) i);
        }
        if (!mongoc_collection_insert_many(store->collections[SV_COLLECTION_VERIFICATION_RECORDS],
                                           (const bson_t **) records, count, NULL, NULL, &reason)) {
            sv_store_fail(&reason, error);
            die("fill", error);
        }
        for (size_t i = 0; i < count; i++) {
            bson_destroy(records[i]);
        }
    }
}

static sv_report_query_t *
query_of(const char *text, sv_arena_t *arena, sv_error_t *error)
{
    const json_t *json = sv_json_parse_object(text, strlen(text), arena, error);
    sv_report_query_t *query = json != NULL ? sv_report_query_parse(json, arena, error) : NULL;

    if (query == NULL) {
        die("query", error);
    }
    return query;
}

static sv_status_t
told(void *context, const char *stage, int64_t rows, sv_error_t *error)
{
    (void) context;
    (void) stage;
    (void) rows;
    (void) error;
    return SV_OK;
}

/* Seconds from the claim to the published head. */
static double
take_snapshot(int64_t rows, sv_arena_t *arena, sv_error_t *error)
{
    sv_principal_t who = { .user_id = "bench", .role = SV_ROLE_SUPERVISOR };
    sv_snapshot_watch_t watch = { .progress = told };
    bson_t *params = sv_doc_new(arena);
    sv_job_claim_t *claim = NULL;
    const bson_t *job;
    const char *id;
    sv_snapshot_t head;
    bool created;
    double begun;

    BSON_APPEND_UTF8(params, "name", "bench");
    BSON_APPEND_DOCUMENT(params, "query", sv_report_query_to_bson(query_of(snapshot_query, arena, error), arena));
    if (sv_snapshot_request(store, &who, params, arena, &job, &created, error) != SV_OK ||
        sv_job_start(store, sv_doc_text(job, "job_id", arena), "bench", arena, &claim, NULL, error) != SV_OK) {
        die("job", error);
    }
    begun = now_s();
    if (sv_snapshot_take(store, claim, ".", &watch, arena, &id, error) != SV_OK) {
        die("snapshot", error);
    }
    begun = now_s() - begun;
    if (sv_snapshot_load(store, id, arena, &head, error) != SV_OK || head.rows != rows) {
        die("snapshot is short", error);
    }
    sv_job_end_cancelled(store, claim, &created, error);
    sv_snapshot_remove(store, &who, id, error);
    sv_blocks_remove(store, &head.blocks, error);
    return begun;
}

static double
read_bare(int64_t rows, sv_arena_t *arena, sv_error_t *error)
{
    sv_report_query_t *query = query_of(snapshot_query, arena, error);
    bson_t *options = sv_doc_new(arena), *whole = sv_report_query_find_options(query, 0, arena);
    sv_point_in_time_t point;
    mongoc_collection_t *collection;
    mongoc_cursor_t *cursor;
    const bson_t *row;
    bson_error_t reason;
    int64_t count = 0;
    double begun = now_s();

    if (sv_point_in_time_begin(store, &point, error) != SV_OK) {
        die("session", error);
    }
    /* The driver's own batches. */
    bson_copy_to_excluding_noinit(whole, options, "batchSize", NULL);
    mongoc_client_session_append(point.session, options, &reason);
    collection = sv_point_in_time_collection(store, SV_COLLECTION_VERIFICATION_RECORDS, point.session);
    cursor = mongoc_collection_find_with_opts(collection, sv_report_query_filter(query, arena), options, NULL);
    while (mongoc_cursor_next(cursor, &row)) {
        count++;
    }
    if (sv_report_cursor_end(cursor, 0, error) != SV_OK || count != rows) {
        die("bare cursor", error);
    }
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    sv_point_in_time_end(&point);
    return now_s() - begun;
}

static double
preview_ours(int64_t rows, sv_arena_t *arena, sv_error_t *error)
{
    sv_report_query_t *query = query_of(preview_query, arena, error);
    sv_json_writer_t w;
    sv_buffer_t text;
    double begun = now_s();

    (void) rows;
    sv_buffer_init(&text, arena, 65536);
    sv_json_writer_init(&w, &text);
    switch (sv_report_preview(store, query, SV_PREVIEW_ROWS, &w, error)) {
    case SV_OK:
        return now_s() - begun;
    case SV_ERR_QUERY_TOO_SLOW:
        return refused_s;
    default:
        die("preview", error);
        return refused_s;
    }
}

static double
preview_bare(int64_t rows, sv_arena_t *arena, sv_error_t *error)
{
    sv_report_query_t *query = query_of(preview_query, arena, error);
    mongoc_cursor_t *cursor;
    const bson_t *row;
    int64_t count = 0;
    double begun = now_s();

    (void) rows;
    cursor = mongoc_collection_aggregate(store->collections[SV_COLLECTION_VERIFICATION_RECORDS], MONGOC_QUERY_NONE,
                                         sv_report_query_pipeline(query, SV_PREVIEW_ROWS, false, arena), NULL, NULL);
    while (mongoc_cursor_next(cursor, &row)) {
        count++;
    }
    if (sv_report_cursor_end(cursor, 0, error) != SV_OK || count == 0) {
        die("bare aggregate", error);
    }
    mongoc_cursor_destroy(cursor);
    return now_s() - begun;
}

typedef double (*measured_t)(int64_t rows, sv_arena_t *arena, sv_error_t *error);

/* Of one way: by round, and the CPU of all rounds together. */
typedef struct {
    double wall_s[MAX_ROUNDS];
    double own_s, server_s;
} spent_t;

static double
own_cpu_s(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int
by_size(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;

    return (left > right) - (left < right);
}

static double
run_once(measured_t measured, int64_t rows)
{
    sv_arena_t *arena = sv_arena_create();
    sv_error_t error;
    double seconds;

    sv_error_init(&error, arena);
    seconds = measured(rows, arena, &error);
    sv_arena_destroy(arena);
    return seconds;
}

static void
spend(spent_t *spent, int round, measured_t measured, int64_t rows)
{
    double own = own_cpu_s(), server = server_cpu_s();

    spent->wall_s[round] = run_once(measured, rows);
    spent->own_s += own_cpu_s() - own;
    spent->server_s += server_cpu_s() - server;
}

static void
compare(const char *name, measured_t ours, measured_t bare, int64_t rows, int rounds)
{
    spent_t our = { 0 }, other = { 0 };
    double our_s, bare_s;

    run_once(bare, rows);
    for (int i = 0; i < rounds; i++) {
        spend(&our, i, ours, rows);
        spend(&other, i, bare, rows);
    }
    qsort(our.wall_s, (size_t) rounds, sizeof(our.wall_s[0]), by_size);
    qsort(other.wall_s, (size_t) rounds, sizeof(other.wall_s[0]), by_size);
    our_s = our.wall_s[rounds / 2];
    bare_s = other.wall_s[rounds / 2];
    if (our.wall_s[0] == refused_s) {
        printf("  %-10s %9lld rows   ours refused as too slow   bare %8.1f ms\n", name, (long long) rows, bare_s * 1e3);
        return;
    }
    printf("  %-10s %9lld rows   ours %8.1f ms   bare %8.1f ms   rate %5.1f %% of bare, time %.2f times\n", name,
           (long long) rows, our_s * 1e3, bare_s * 1e3, 100 * bare_s / our_s, our_s / bare_s);
    printf("  %-10s %9s CPU    ours %8.1f ms and %8.1f ms of the server   bare %8.1f ms and %8.1f ms\n", "", "",
           our.own_s * 1e3 / rounds, our.server_s * 1e3 / rounds, other.own_s * 1e3 / rounds,
           other.server_s * 1e3 / rounds);
}

int
main(int argc, char **argv)
{
    int64_t rows = argc > 1 ? atoll(argv[1]) : 100000;
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    sv_arena_t *arena = sv_arena_create();
    sv_store_pool_t *pool;
    sv_index_summary_t summary;
    struct rusage usage;
    sv_error_t error;
    uint8_t random[6];
    char hex[13];

    sv_error_init(&error, arena);
    sv_settings_defaults(&settings);
    sv_random_bytes(random, sizeof(random));
    sv_hex_encode(random, sizeof(random), hex);
    settings.mongodb_uri = getenv("MONGODB_URI");
    settings.mongodb_database = sv_arena_printf(arena, "sv_bench_%s", hex);
    if (settings.mongodb_uri == NULL || rows < 1 || rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "usage: MONGODB_URI=... bench_snapshot [ROWS] [ROUNDS up to %d]\n", MAX_ROUNDS);
        return 2;
    }
    pool = sv_store_pool_create_limited(&settings, 2, READ_MS, &error);
    store = pool != NULL ? sv_store_acquire(pool) : NULL;
    if (store == NULL || sv_indexes_ensure(store, NULL, NULL, &summary, &error) != SV_OK) {
        die("MongoDB", &error);
    }
    fill(rows, &error);
    run_once(take_snapshot, rows);
    getrusage(RUSAGE_SELF, &usage);
    printf("  largest resident size: %.1f MB\n", (double) usage.ru_maxrss / 1024);
    compare("snapshot", take_snapshot, read_bare, rows, rounds);
    compare("preview", preview_ours, preview_bare, rows, rounds);
    mongoc_database_drop(store->database, NULL);
    sv_store_release(store);
    sv_store_pool_destroy(pool);
    sv_arena_destroy(arena);
    return 0;
}
