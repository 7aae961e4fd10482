/*
 * A durable batch of 100 new records beside the bare driver on the same server and collections:
 *
 *     MONGODB_URI=... bench_batch [SECONDS [THREADS SERIALS [DATABASE RUN]]]
 *
 * Three ways take turns in slices of half a second, at 1 and 4 threads, with and without a serial number a record, or
 * as it is told:
 *
 * - ours: the body parsed, checked and stored by sv_sync_parse() and sv_sync_batch();
 * - bare: libmongoc writing the same documents in the same transaction: the session's write, records, serials, audit
 *   entry, touched items, commit;
 * - inserts: libmongoc inserting only the records and serials in a transaction.
 *
 * CPU is the client's, a batch, and with SERVER_PID that of the server beside it, whatever else it does meanwhile.
 * Floor sessions are made between slices, outside the time measured.  The database is dropped at the end, which a
 * server may be busy with for long after; one that is named, with a number for each run on it from 0, stays and grows
 * from run to run, as that of whoever is measured in turn with this.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/lib/server_cpu.h"
#include "core/base/codec.h"
#include "core/base/json_reader.h"
#include "core/store/document.h"
#include "core/store/indexes.h"
#include "core/sync/batch.h"

enum {
    RECORDS = 100,
    ITEMS = 2000,
    BATCHES_A_SESSION = ITEMS / RECORDS,
    MAX_THREADS = 8,
    FEW_THREADS = 4,
    SLICE_MS = 500,
    WAYS = 3,
    LOADS_A_RUN = 1000
};

typedef struct load_s load_t;
typedef bool (*way_t)(load_t *load);

struct load_s {
    pthread_t thread;
    sv_store_t *store;
    mongoc_client_session_t *transaction; /* of the bare ways */
    way_t way;
    int id, serials;
    long batch; /* names things */
    int used;   /* batches of the floor session */
    char session_id[64], rack_id[32];
    long done;
    double busy_s, cpu_s;
};

static const char *const way_names[WAYS] = { "ours", "bare", "inserts" };

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* Of the calling thread. */
static double
cpu_s(void)
{
    struct timespec used;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double) used.tv_sec + (double) used.tv_nsec / 1e9;
}

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "bench_batch: %s: %s\n", what, why != NULL ? why : "?");
    exit(1);
}

static void
new_session(load_t *load)
{
    bson_t session = BSON_INITIALIZER;
    bson_error_t reason;

    snprintf(load->rack_id, sizeof(load->rack_id), "B%d-%ld", load->id, load->batch);
    snprintf(load->session_id, sizeof(load->session_id), "session_U%d_%s_1795342800", load->id, load->rack_id);
    BSON_APPEND_UTF8(&session, "session_id", load->session_id);
    BSON_APPEND_UTF8(&session, "user_id", "U1");
    BSON_APPEND_UTF8(&session, "full_name", "Asha Rao");
    BSON_APPEND_UTF8(&session, "rack_id", load->rack_id);
    BSON_APPEND_UTF8(&session, "warehouse", "W1");
    BSON_APPEND_UTF8(&session, "floor", "F1");
    BSON_APPEND_UTF8(&session, "count_id", "11111111-2222-4333-8444-555555555555");
    BSON_APPEND_UTF8(&session, "count_state", "OPEN");
    BSON_APPEND_INT64(&session, "fence", 1);
    BSON_APPEND_INT64(&session, "round", 1);
    BSON_APPEND_UTF8(&session, "status", "active");
    BSON_APPEND_BOOL(&session, "superseded", false);
    BSON_APPEND_BOOL(&session, "plain", true);
    BSON_APPEND_INT64(&session, "writes", 0);
    BSON_APPEND_DATE_TIME(&session, "started_at", (int64_t) time(NULL) * 1000);
    BSON_APPEND_DATE_TIME(&session, "last_heartbeat", (int64_t) time(NULL) * 1000);
    if (!mongoc_collection_insert_one(load->store->collections[SV_COLLECTION_VERIFICATION_SESSIONS], &session, NULL,
                                      NULL, &reason)) {
        die("session", reason.message);
    }
    bson_destroy(&session);
    load->used = 0;
}

static int
item_of(const load_t *load, int i)
{
    return load->used * RECORDS + i;
}

static void
write_body(load_t *load, sv_buffer_t *body)
{
    sv_buffer_printf(body, "{\"batch_id\":\"b-%d-%ld\",\"records\":[", load->id, load->batch);
    for (int i = 0; i < RECORDS; i++) {
        sv_buffer_printf(body,
                         "%s{\"client_record_id\":\"r-%d-%ld-%d\",\"session_id\":\"%s\",\"floor\":\"F1\",\"rack_id\":"
                         "\"%s\",\"item_code\":\"ITM-%05d\",\"verified_qty\":%d,\"damage_qty\":%d,\"status\":"
                         "\"finalized\",\"created_at\":\"2026-01-05T08:%02d:01Z\",\"updated_at\":\"2026-01-05T09:%02d:"
                         "01Z\"",
                         i > 0 ? "," : "", load->id, load->batch, i, load->session_id, load->rack_id, item_of(load, i),
                         i % 50 + 1, i % 2, i % 60, i % 60);
        if (load->serials) {
            sv_buffer_printf(body, ",\"serial_numbers\":[\"SN-%d-%ld-%d\"]", load->id, load->batch, i);
        }
        sv_buffer_puts(body, "}");
    }
    sv_buffer_puts(body, "]}");
}

static bool
store_ours(load_t *load)
{
    const sv_principal_t who = { .user_id = "U1",
                                 .username = "asha",
                                 .full_name = "Asha Rao",
                                 .warehouse = "W1",
                                 .role = SV_ROLE_STAFF,
                                 .request_id = "bench" };
    sv_arena_t *arena = sv_arena_create();
    sv_sync_batch_t batch;
    sv_sync_result_t result = { 0 };
    sv_buffer_t body, answer;
    sv_json_writer_t writer;
    sv_error_t error;
    const json_t *value;
    double start, cpu_start;
    bool good;

    sv_error_init(&error, arena);
    sv_buffer_init(&body, arena, 40000);
    write_body(load, &body);
    start = now_s();
    cpu_start = cpu_s();
    value = sv_json_parse_object(body.data, body.length, arena, &error);
    good = value != NULL && sv_sync_parse(value, load->store->settings, &batch, &error) == SV_OK &&
           sv_sync_batch(load->store, &who, &batch, &result, &error) == SV_OK && result.ok == RECORDS;
    if (good) {
        sv_buffer_init(&answer, arena, 8192);
        sv_json_writer_init(&writer, &answer);
        sv_sync_result_write_json(&writer, &result);
    }
    load->busy_s += now_s() - start;
    load->cpu_s += cpu_s() - cpu_start;
    if (!good) {
        fprintf(stderr, "ours: %zu ok, %zu conflicts, %zu errors, %s\n", result.ok, result.conflicts, result.errors,
                error.cause != NULL ? error.cause : "");
    }
    sv_arena_destroy(arena);
    return good;
}

static void
append_decimal(bson_t *document, const char *name, int value)
{
    bson_decimal128_t decimal;

    sv_quantity_to_decimal128((sv_quantity_t) value * SV_QUANTITY_ONE, &decimal);
    BSON_APPEND_DECIMAL128(document, name, &decimal);
}

static bson_t *
bare_record(const load_t *load, int i, int64_t ms)
{
    static const char hash[] = "2:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    bson_t *document = bson_sized_new(1024), serials;
    char id[64], item[32], serial[64], batch[64];
    bson_oid_t oid;

    snprintf(id, sizeof(id), "r-%d-%ld-%d", load->id, load->batch, i);
    snprintf(item, sizeof(item), "ITM-%05d", item_of(load, i));
    snprintf(batch, sizeof(batch), "b-%d-%ld", load->id, load->batch);
    snprintf(serial, sizeof(serial), "SN-%d-%ld-%d", load->id, load->batch, i);
    bson_oid_init(&oid, NULL);
    BSON_APPEND_OID(document, "_id", &oid);
    BSON_APPEND_UTF8(document, "session_id", load->session_id);
    BSON_APPEND_UTF8(document, "count_id", "11111111-2222-4333-8444-555555555555");
    BSON_APPEND_UTF8(document, "rack_id", load->rack_id);
    BSON_APPEND_UTF8(document, "warehouse", "W1");
    BSON_APPEND_UTF8(document, "floor", "F1");
    BSON_APPEND_UTF8(document, "user_id", "U1");
    BSON_APPEND_INT64(document, "fence", 1);
    BSON_APPEND_INT64(document, "seq", load->used + 1);
    BSON_APPEND_UTF8(document, "client_record_id", id);
    BSON_APPEND_UTF8(document, "item_code", item);
    append_decimal(document, "verified_qty", i % 50 + 1);
    append_decimal(document, "damage_qty", i % 2);
    append_decimal(document, "non_returnable_damaged_qty", 0);
    BSON_APPEND_UTF8(document, "status", "finalized");
    BSON_APPEND_BOOL(document, "partial", false);
    BSON_APPEND_DATE_TIME(document, "created_at", ms);
    BSON_APPEND_DATE_TIME(document, "updated_at", ms);
    BSON_APPEND_ARRAY_BEGIN(document, "serial_numbers", &serials);
    if (load->serials) {
        BSON_APPEND_UTF8(&serials, "0", serial);
    }
    bson_append_array_end(document, &serials);
    BSON_APPEND_NULL(document, "revision");
    BSON_APPEND_INT64(document, "order", ms);
    BSON_APPEND_UTF8(document, "content_hash", hash);
    BSON_APPEND_UTF8(document, "lot_key", "");
    BSON_APPEND_INT64(document, "round", 1);
    BSON_APPEND_UTF8(document, "standing", "counts");
    BSON_APPEND_BOOL(document, "counts", true);
    BSON_APPEND_BOOL(document, "whole", true);
    BSON_APPEND_NULL(document, "replaced_by");
    BSON_APPEND_NULL(document, "decision");
    BSON_APPEND_DATE_TIME(document, "counted_at", ms);
    BSON_APPEND_UTF8(document, "batch_id", batch);
    BSON_APPEND_DATE_TIME(document, "received_at", ms);
    BSON_APPEND_DATE_TIME(document, "changed_at", ms);
    return document;
}

static bson_t *
bare_serial(const load_t *load, int i, int64_t ms)
{
    bson_t *document = bson_sized_new(512), child;
    char id[64], item[32], serial[64];
    bson_oid_t oid;

    snprintf(id, sizeof(id), "r-%d-%ld-%d", load->id, load->batch, i);
    snprintf(item, sizeof(item), "ITM-%05d", item_of(load, i));
    snprintf(serial, sizeof(serial), "SN-%d-%ld-%d", load->id, load->batch, i);
    bson_oid_init(&oid, NULL);
    BSON_APPEND_OID(document, "_id", &oid);
    BSON_APPEND_UTF8(document, "serial_number", serial);
    BSON_APPEND_UTF8(document, "serial_key", serial);
    BSON_APPEND_UTF8(document, "item_scope", "");
    BSON_APPEND_UTF8(document, "item_code", item);
    BSON_APPEND_DOCUMENT_BEGIN(document, "current", &child);
    BSON_APPEND_UTF8(&child, "count_id", "11111111-2222-4333-8444-555555555555");
    BSON_APPEND_UTF8(&child, "client_record_id", id);
    BSON_APPEND_UTF8(&child, "session_id", load->session_id);
    BSON_APPEND_UTF8(&child, "rack_id", load->rack_id);
    BSON_APPEND_UTF8(&child, "user_id", "U1");
    BSON_APPEND_UTF8(&child, "full_name", "Asha Rao");
    BSON_APPEND_DATE_TIME(&child, "at", ms);
    bson_append_document_end(document, &child);
    BSON_APPEND_INT64(document, "moves", 0);
    return document;
}

static bool
bare_insert(load_t *load, sv_collection_t collection, bson_t *(*make)(const load_t *, int, int64_t),
            const bson_t *options)
{
    bson_t *documents[RECORDS], reply;
    int64_t ms = (int64_t) time(NULL) * 1000;
    bson_error_t reason;
    bool good;

    for (int i = 0; i < RECORDS; i++) {
        documents[i] = make(load, i, ms);
    }
    good = mongoc_collection_insert_many(load->store->collections[collection], (const bson_t **) documents, RECORDS,
                                         options, &reply, &reason);
    if (!good) {
        fprintf(stderr, "bare: %s\n", reason.message);
    }
    bson_destroy(&reply);
    for (int i = 0; i < RECORDS; i++) {
        bson_destroy(documents[i]);
    }
    return good;
}

static bool
bare_fence(load_t *load, const bson_t *session)
{
    mongoc_find_and_modify_opts_t *options = mongoc_find_and_modify_opts_new();
    bson_t *filter =
        BCON_NEW("session_id", BCON_UTF8(load->session_id), "user_id", "U1", "superseded", BCON_BOOL(false));
    bson_t *update =
        BCON_NEW("$inc", "{", "writes", BCON_INT64(1), "}", "$currentDate", "{", "written_at", BCON_BOOL(true), "}");
    bson_t reply;
    bson_error_t reason;
    bool good;

    mongoc_find_and_modify_opts_set_update(options, update);
    mongoc_find_and_modify_opts_set_flags(options, MONGOC_FIND_AND_MODIFY_RETURN_NEW);
    mongoc_find_and_modify_opts_append(options, session);
    good = mongoc_collection_find_and_modify_with_opts(load->store->collections[SV_COLLECTION_VERIFICATION_SESSIONS],
                                                       filter, options, &reply, &reason);
    bson_destroy(&reply);
    bson_destroy(filter);
    bson_destroy(update);
    mongoc_find_and_modify_opts_destroy(options);
    return good;
}

static bool
bare_rest(load_t *load, const bson_t *session)
{
    bson_t *audit = BCON_NEW(
        "action", "sync.batch", "user_id", "U1", "role", "staff", "session_id", BCON_UTF8(load->session_id), "rack_id",
        BCON_UTF8(load->rack_id), "count_id", "11111111-2222-4333-8444-555555555555", "warehouse", "W1", "request_id",
        "bench", "at", BCON_DATE_TIME((int64_t) time(NULL) * 1000), "details", "{", "batch_id", "b", "inserted",
        BCON_INT64(RECORDS), "edited", BCON_INT64(0), "gave_way", BCON_INT64(0), "}", "sealed", BCON_BOOL(false));
    bson_t *touched = BCON_NEW("count_id", "11111111-2222-4333-8444-555555555555", "warehouse", "W1", "at",
                               BCON_DATE_TIME((int64_t) time(NULL) * 1000));
    bson_t items;
    char key[16], item[32];
    bool good;

    BSON_APPEND_ARRAY_BEGIN(touched, "item_codes", &items);
    for (int i = 0; i < RECORDS; i++) {
        snprintf(key, sizeof(key), "%d", i);
        snprintf(item, sizeof(item), "ITM-%05d", item_of(load, i));
        BSON_APPEND_UTF8(&items, key, item);
    }
    bson_append_array_end(touched, &items);
    good = mongoc_collection_insert_one(load->store->collections[SV_COLLECTION_ACTIVITY_LOGS], audit, session, NULL,
                                        NULL) &&
           mongoc_collection_insert_one(load->store->collections[SV_COLLECTION_TOUCHED_ITEMS], touched, session, NULL,
                                        NULL);
    bson_destroy(audit);
    bson_destroy(touched);
    return good;
}

static mongoc_transaction_opt_t *
transaction_options(void)
{
    mongoc_transaction_opt_t *options = mongoc_transaction_opts_new();
    mongoc_read_concern_t *read_concern = mongoc_read_concern_new();
    mongoc_write_concern_t *write_concern = mongoc_write_concern_new();

    mongoc_read_concern_set_level(read_concern, MONGOC_READ_CONCERN_LEVEL_SNAPSHOT);
    mongoc_write_concern_set_w(write_concern, MONGOC_WRITE_CONCERN_W_MAJORITY);
    mongoc_write_concern_set_journal(write_concern, true);
    mongoc_transaction_opts_set_read_concern(options, read_concern);
    mongoc_transaction_opts_set_write_concern(options, write_concern);
    mongoc_read_concern_destroy(read_concern);
    mongoc_write_concern_destroy(write_concern);
    return options;
}

static bool
store_bare(load_t *load, bool all)
{
    mongoc_transaction_opt_t *options = transaction_options();
    bson_t session = BSON_INITIALIZER, many;
    double start = now_s(), cpu_start = cpu_s();
    bson_error_t reason;
    bool good;

    mongoc_client_session_append(load->transaction, &session, &reason);
    bson_copy_to(&session, &many);
    BSON_APPEND_BOOL(&many, "ordered", false);
    good = mongoc_client_session_start_transaction(load->transaction, options, &reason) &&
           (!all || bare_fence(load, &session)) &&
           bare_insert(load, SV_COLLECTION_VERIFICATION_RECORDS, bare_record, &many) &&
           (!load->serials || bare_insert(load, SV_COLLECTION_ITEM_SERIALS, bare_serial, &many)) &&
           (!all || bare_rest(load, &session)) &&
           mongoc_client_session_commit_transaction(load->transaction, NULL, &reason);
    load->busy_s += now_s() - start;
    load->cpu_s += cpu_s() - cpu_start;
    bson_destroy(&session);
    bson_destroy(&many);
    mongoc_transaction_opts_destroy(options);
    return good;
}

static bool
store_same(load_t *load)
{
    return store_bare(load, true);
}

static bool
store_inserts(load_t *load)
{
    return store_bare(load, false);
}

static void *
run_slice(void *argument)
{
    load_t *load = argument;
    double end = now_s() + SLICE_MS / 1e3;

    while (now_s() < end) {
        if (load->used == BATCHES_A_SESSION || load->batch == 0) {
            load->batch++;
            new_session(load);
        }
        load->batch++;
        if (!load->way(load)) {
            die("a batch", "not stored");
        }
        load->used++;
        load->done++;
    }
    return NULL;
}

/* Batches a second by the time spent in them. */
static double
run_way(load_t *loads, int threads)
{
    double rate = 0;

    for (int i = 0; i < threads; i++) {
        pthread_create(&loads[i].thread, NULL, run_slice, &loads[i]);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(loads[i].thread, NULL);
    }
    for (int i = 0; i < threads; i++) {
        rate += (double) loads[i].done / loads[i].busy_s;
    }
    return rate;
}

static void
measure(sv_store_t **stores, int run, int threads, int serials, double seconds)
{
    static const way_t ways[WAYS] = { store_ours, store_same, store_inserts };
    static int loads_made;
    load_t loads[WAYS][MAX_THREADS] = { 0 };
    double rates[WAYS] = { 0 }, server[WAYS] = { 0 }, end;

    for (int way = 0; way < WAYS; way++) {
        for (int i = 0; i < threads; i++) {
            loads[way][i] = (load_t){
                .store = stores[i], .way = ways[way], .id = run * LOADS_A_RUN + ++loads_made, .serials = serials
            };
            loads[way][i].transaction = mongoc_client_start_session(stores[i]->client, NULL, NULL);
        }
    }
    for (int way = 0; way < WAYS; way++) {
        run_way(loads[way], threads); /* connections, caches */
        for (int i = 0; i < threads; i++) {
            loads[way][i].done = 0;
            loads[way][i].busy_s = 0;
            loads[way][i].cpu_s = 0;
        }
    }
    for (end = now_s() + seconds; now_s() < end;) {
        for (int way = 0; way < WAYS; way++) {
            double before = server_cpu_s();

            rates[way] = run_way(loads[way], threads);
            server[way] += server_cpu_s() - before;
        }
    }
    printf("%d thread%s, %d serial%s a record:", threads, threads > 1 ? "s" : "", serials, serials == 1 ? "" : "s");
    for (int way = 0; way < WAYS; way++) {
        double cpu = 0, done = 0;

        for (int i = 0; i < threads; i++) {
            cpu += loads[way][i].cpu_s;
            done += (double) loads[way][i].done;
        }
        printf(" %s %.1f/s (%.0f us CPU, %.0f us of the server's)%s", way_names[way], rates[way], cpu / done * 1e6,
               server[way] / done * 1e6, way < WAYS - 1 ? "," : "");
        for (int i = 0; i < threads; i++) {
            mongoc_client_session_destroy(loads[way][i].transaction);
        }
    }
    printf("; ours is %.2f of bare (limit 0.75), %.2f of the inserts alone\n", rates[0] / rates[1],
           rates[0] / rates[2]);
    fflush(stdout);
}

static void
add_items(sv_store_t *store)
{
    bson_error_t reason;

    for (int i = 0; i < ITEMS; i++) {
        char code[32];
        bson_t *item;

        snprintf(code, sizeof(code), "ITM-%05d", i);
        item = BCON_NEW("item_code", BCON_UTF8(code), "item_name", BCON_UTF8(code));
        if (!mongoc_collection_insert_one(store->collections[SV_COLLECTION_ERP_ITEMS], item, NULL, NULL, &reason)) {
            die("items", reason.message);
        }
        bson_destroy(item);
    }
}

int
main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 6;
    const char *kept = argc > 5 ? argv[4] : NULL;
    int run = argc > 5 ? atoi(argv[5]) : 0;
    sv_arena_t *arena = sv_arena_create();
    sv_store_t *stores[MAX_THREADS];
    sv_index_summary_t summary;
    sv_store_pool_t *pool;
    sv_settings_t settings;
    sv_error_t error;
    char suffix[SV_UUID_SIZE];

    if (argc > 3 && (atoi(argv[2]) < 1 || atoi(argv[2]) > MAX_THREADS)) {
        die("THREADS", "1 to 8");
    }
    if (getenv("MONGODB_URI") == NULL) {
        die("MONGODB_URI", "it must name the MongoDB server");
    }
    sv_error_init(&error, arena);
    sv_settings_defaults(&settings);
    sv_uuid_v4(suffix);
    settings.mongodb_uri = getenv("MONGODB_URI");
    settings.mongodb_database = kept != NULL ? kept : sv_arena_printf(arena, "sv_bench_%.8s", suffix);
    pool = sv_store_pool_create(&settings, MAX_THREADS, &error);
    if (pool == NULL) {
        die("MONGODB_URI", error.cause);
    }
    for (int i = 0; i < MAX_THREADS; i++) {
        stores[i] = sv_store_acquire(pool);
    }
    if (sv_indexes_ensure(stores[0], NULL, NULL, &summary, &error) != SV_OK) {
        die("indexes", error.cause);
    }
    if (run == 0) {
        add_items(stores[0]);
    }
    if (argc > 3) {
        measure(stores, run, atoi(argv[2]), atoi(argv[3]), seconds);
    }
    for (int threads = 1; argc <= 3 && threads <= FEW_THREADS; threads += FEW_THREADS - 1) {
        for (int serials = 0; serials <= 1; serials++) {
            measure(stores, run, threads, serials, seconds);
        }
    }
    if (kept == NULL) {
        mongoc_database_drop(stores[0]->database, NULL);
    }
    for (int i = 0; i < MAX_THREADS; i++) {
        sv_store_release(stores[i]);
    }
    sv_store_pool_destroy(pool);
    sv_arena_destroy(arena);
    return 0;
}
