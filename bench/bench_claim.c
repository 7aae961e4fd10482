/*
 * The bare driver doing what a claim and a release write, in the same transactions:
 *
 *     MONGODB_URI=... MONGODB_DATABASE=... bench_claim PAIRS THREADS
 *
 * The database is a running stack's, with racks X00000, X00001, ... imported.
 * Each pair is: read rack and counts, take the rack, insert the session, audit, commit, read the count; then read rack and
 * session, complete the session, free the rack, audit, commit.  Prints one JSON object.
 */
#include <mongoc/mongoc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_THREADS = 64, ID_SIZE = 96 };

typedef struct {
    pthread_t thread;
    mongoc_client_t *client;
    mongoc_client_session_t *session;
    mongoc_collection_t *racks, *sessions, *counts, *audit;
    int id, threads;
    long pairs;
} load_t;

static const char *database_name;

static void
die(const bson_error_t *reason)
{
    fprintf(stderr, "bench_claim: %s\n", reason->message);
    exit(1);
}

static bson_t *
in_transaction(const load_t *load)
{
    bson_t *options = bson_new();
    bson_error_t reason;

    if (!mongoc_client_session_append(load->session, options, &reason)) {
        die(&reason);
    }
    return options;
}

static void
read_one(load_t *load, mongoc_collection_t *collection, bson_t *filter, bool transaction)
{
    bson_t *options = transaction ? in_transaction(load) : bson_new();
    const bson_t *row;
    bson_error_t reason;

    BSON_APPEND_INT64(options, "limit", 1);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(collection, filter, options, NULL);
    while (mongoc_cursor_next(cursor, &row)) {
    }
    if (mongoc_cursor_error(cursor, &reason)) {
        die(&reason);
    }
    mongoc_cursor_destroy(cursor);
    bson_destroy(options);
    bson_destroy(filter);
}

static void
find_and_update(load_t *load, mongoc_collection_t *collection, bson_t *filter, bson_t *update)
{
    mongoc_find_and_modify_opts_t *options = mongoc_find_and_modify_opts_new();
    bson_t *session = in_transaction(load), reply;
    bson_error_t reason;

    mongoc_find_and_modify_opts_set_update(options, update);
    mongoc_find_and_modify_opts_set_flags(options, MONGOC_FIND_AND_MODIFY_RETURN_NEW);
    mongoc_find_and_modify_opts_append(options, session);
    if (!mongoc_collection_find_and_modify_with_opts(collection, filter, options, &reply, &reason)) {
        die(&reason);
    }
    bson_destroy(&reply);
    bson_destroy(session);
    bson_destroy(filter);
    bson_destroy(update);
    mongoc_find_and_modify_opts_destroy(options);
}

static void
insert(load_t *load, mongoc_collection_t *collection, bson_t *document)
{
    bson_t *options = in_transaction(load);
    bson_error_t reason;

    if (!mongoc_collection_insert_one(collection, document, options, NULL, &reason)) {
        die(&reason);
    }
    bson_destroy(options);
    bson_destroy(document);
}

static void
audit(load_t *load, const char *action, const char *session_id, const char *rack_id)
{
    insert(load, load->audit,
           BCON_NEW("at", BCON_DATE_TIME((int64_t) time(NULL) * 1000), "action", BCON_UTF8(action), "user_id",
                    BCON_UTF8("bench"), "role", BCON_UTF8("staff"), "session_id", BCON_UTF8(session_id), "rack_id",
                    BCON_UTF8(rack_id), "count_id", BCON_UTF8("bench"), "warehouse", BCON_UTF8("BARE"), "details", "{",
                    "fence", BCON_INT64(1), "resumed", BCON_BOOL(false), "}", "sealed", BCON_BOOL(false)));
}

static void
commit(load_t *load)
{
    bson_error_t reason;

    if (!mongoc_client_session_commit_transaction(load->session, NULL, &reason)) {
        die(&reason);
    }
}

static void
begin(load_t *load)
{
    bson_error_t reason;

    if (!mongoc_client_session_start_transaction(load->session, NULL, &reason)) {
        die(&reason);
    }
}

static void
claim(load_t *load, const char *rack_id, const char *session_id)
{
    int64_t now = (int64_t) time(NULL) * 1000;

    begin(load);
    read_one(load, load->racks, BCON_NEW("rack_id", BCON_UTF8(rack_id)), true);
    read_one(load, load->counts, BCON_NEW("warehouse", BCON_UTF8("BARE"), "status", BCON_UTF8("OPEN")), true);
    find_and_update(load, load->racks, BCON_NEW("rack_id", BCON_UTF8(rack_id), "$or", "[", "{", "session_id", BCON_NULL, "}",
                                                "{", "hold_ms", BCON_INT64(0), "}", "]"),
                    BCON_NEW("$set", "{", "session_id", BCON_UTF8(session_id), "user_id", BCON_UTF8("bench"), "count_id",
                             BCON_UTF8("bench"), "status", BCON_UTF8("claimed"), "hold_ms", BCON_INT64(70000), "}", "$inc",
                             "{", "fence", BCON_INT64(1), "}", "$currentDate", "{", "held_at", BCON_BOOL(true),
                             "updated_at", BCON_BOOL(true), "}"));
    insert(load, load->sessions,
           BCON_NEW("session_id", BCON_UTF8(session_id), "user_id", BCON_UTF8("bench"), "username", BCON_UTF8("bench"),
                    "full_name", BCON_UTF8("Bench"), "rack_id", BCON_UTF8(rack_id), "warehouse", BCON_UTF8("BARE"), "floor",
                    BCON_UTF8("F1"), "count_id", BCON_UTF8("bench"), "count_state", BCON_UTF8("OPEN"), "blind",
                    BCON_BOOL(false), "strict", BCON_BOOL(false), "fence", BCON_INT64(1), "round", BCON_INT32(1), "status",
                    BCON_UTF8("active"), "superseded", BCON_BOOL(false), "rack_completed", BCON_BOOL(false), "plain", BCON_BOOL(true), "writes",
                    BCON_INT64(0), "started_at", BCON_DATE_TIME(now), "last_heartbeat", BCON_DATE_TIME(now)));
    audit(load, "rack.claim", session_id, rack_id);
    commit(load);
    read_one(load, load->counts, BCON_NEW("session_id", BCON_UTF8("bench")), false);
}

static void
release(load_t *load, const char *rack_id, const char *session_id)
{
    begin(load);
    read_one(load, load->racks, BCON_NEW("rack_id", BCON_UTF8(rack_id)), true);
    read_one(load, load->sessions, BCON_NEW("session_id", BCON_UTF8(session_id)), true);
    find_and_update(load, load->sessions, BCON_NEW("session_id", BCON_UTF8(session_id), "superseded", BCON_BOOL(false)),
                    BCON_NEW("$set", "{", "status", BCON_UTF8("completed"), "}", "$inc", "{", "writes", BCON_INT64(1), "}",
                             "$currentDate", "{", "completed_at", BCON_BOOL(true), "}"));
    find_and_update(load, load->racks, BCON_NEW("rack_id", BCON_UTF8(rack_id), "session_id", BCON_UTF8(session_id)),
                    BCON_NEW("$set", "{", "status", BCON_UTF8("available"), "hold_ms", BCON_INT64(0), "}", "$currentDate",
                             "{", "held_at", BCON_BOOL(true), "updated_at", BCON_BOOL(true), "}"));
    audit(load, "rack.release", session_id, rack_id);
    commit(load);
}

static void *
run(void *data)
{
    load_t *load = data;
    char rack_id[ID_SIZE], session_id[ID_SIZE];

    for (long n = load->id; n < load->pairs; n += load->threads) {
        snprintf(rack_id, sizeof rack_id, "X%05ld", n);
        snprintf(session_id, sizeof session_id, "session_bench_X%05ld_%ld", n, (long) time(NULL));
        claim(load, rack_id, session_id);
        release(load, rack_id, session_id);
    }
    return NULL;
}

static void
open_load(load_t *load, mongoc_client_pool_t *pool)
{
    mongoc_session_opt_t *session_options = mongoc_session_opts_new();
    mongoc_transaction_opt_t *transaction_options = mongoc_transaction_opts_new();
    mongoc_read_concern_t *read_concern = mongoc_read_concern_new();
    mongoc_write_concern_t *write_concern = mongoc_write_concern_new();
    bson_error_t reason;

    mongoc_read_concern_set_level(read_concern, MONGOC_READ_CONCERN_LEVEL_SNAPSHOT);
    mongoc_write_concern_set_w(write_concern, MONGOC_WRITE_CONCERN_W_MAJORITY);
    mongoc_write_concern_set_journal(write_concern, true);
    mongoc_transaction_opts_set_read_concern(transaction_options, read_concern);
    mongoc_transaction_opts_set_write_concern(transaction_options, write_concern);
    mongoc_session_opts_set_causal_consistency(session_options, false);
    mongoc_session_opts_set_default_transaction_opts(session_options, transaction_options);
    load->client = mongoc_client_pool_pop(pool);
    load->session = mongoc_client_start_session(load->client, session_options, &reason);
    if (load->session == NULL) {
        die(&reason);
    }
    load->racks = mongoc_client_get_collection(load->client, database_name, "rack_registry");
    load->sessions = mongoc_client_get_collection(load->client, database_name, "verification_sessions");
    load->counts = mongoc_client_get_collection(load->client, database_name, "sessions");
    load->audit = mongoc_client_get_collection(load->client, database_name, "activity_logs");
    mongoc_write_concern_destroy(write_concern);
    mongoc_read_concern_destroy(read_concern);
    mongoc_transaction_opts_destroy(transaction_options);
    mongoc_session_opts_destroy(session_options);
}

static void
close_load(load_t *load, mongoc_client_pool_t *pool)
{
    mongoc_collection_destroy(load->audit);
    mongoc_collection_destroy(load->counts);
    mongoc_collection_destroy(load->sessions);
    mongoc_collection_destroy(load->racks);
    mongoc_client_session_destroy(load->session);
    mongoc_client_pool_push(pool, load->client);
}

int
main(int argc, char **argv)
{
    static load_t loads[MAX_THREADS];
    const char *text = getenv("MONGODB_URI");
    struct timespec from, to;
    bson_error_t reason;

    database_name = getenv("MONGODB_DATABASE");
    if (argc != 3 || text == NULL || database_name == NULL || atoi(argv[2]) < 1 || atoi(argv[2]) > MAX_THREADS) {
        fprintf(stderr, "usage: MONGODB_URI=... MONGODB_DATABASE=... bench_claim PAIRS THREADS\n");
        return 2;
    }
    mongoc_init();
    mongoc_uri_t *uri = mongoc_uri_new_with_error(text, &reason);
    if (uri == NULL) {
        die(&reason);
    }
    mongoc_client_pool_t *pool = mongoc_client_pool_new(uri);
    int threads = atoi(argv[2]);
    long pairs = atol(argv[1]);

    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < threads; i++) {
        loads[i].id = i;
        loads[i].threads = threads;
        loads[i].pairs = pairs;
        open_load(&loads[i], pool);
        pthread_create(&loads[i].thread, NULL, run, &loads[i]);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(loads[i].thread, NULL);
        close_load(&loads[i], pool);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (double) (to.tv_sec - from.tv_sec) + (double) (to.tv_nsec - from.tv_nsec) / 1e9;
    printf("{\"pairs\":%ld,\"seconds\":%.3f,\"per_s\":%.1f}\n", pairs, seconds, (double) pairs / seconds);
    mongoc_client_pool_destroy(pool);
    mongoc_uri_destroy(uri);
    mongoc_cleanup();
    return 0;
}
