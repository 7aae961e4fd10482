/*
 * The bare driver finding items by what was scanned, as an uncached lookup does: one find by a key, one document.
 *
 *     MONGODB_URI=... MONGODB_DATABASE=... bench_lookup ITEMS THREADS
 *
 * The database is a running stack's, with the items BENCH-00000, BENCH-00001, ... imported; each is found once.  Prints
 * one JSON object.
 */
#include <mongoc/mongoc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_THREADS = 64, CODE_SIZE = 32 };

typedef struct {
    pthread_t thread;
    mongoc_client_t *client;
    mongoc_collection_t *items;
    long first, step, end;
    long found;
} load_t;

static void
die(const char *what, const bson_error_t *reason)
{
    fprintf(stderr, "bench_lookup: %s: %s\n", what, reason->message);
    exit(1);
}

static void
find_one(load_t *load, long number)
{
    char code[CODE_SIZE];
    bson_t *filter, *options = BCON_NEW("limit", BCON_INT64(1));
    mongoc_cursor_t *cursor;
    const bson_t *item;
    bson_error_t reason;

    snprintf(code, sizeof(code), "BENCH-%05ld", number);
    filter = BCON_NEW("lookup_keys", "{", "$in", "[", BCON_UTF8(code), "]", "}");
    cursor = mongoc_collection_find_with_opts(load->items, filter, options, NULL);
    while (mongoc_cursor_next(cursor, &item)) {
        load->found++;
    }
    if (mongoc_cursor_error(cursor, &reason)) {
        die(code, &reason);
    }
    mongoc_cursor_destroy(cursor);
    bson_destroy(filter);
    bson_destroy(options);
}

static void *
run(void *argument)
{
    load_t *load = argument;

    for (long i = load->first; i < load->end; i += load->step) {
        find_one(load, i);
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    static load_t loads[MAX_THREADS];
    const char *text = getenv("MONGODB_URI"), *database = getenv("MONGODB_DATABASE");
    long items = argc > 1 ? atol(argv[1]) : 0, threads = argc > 2 ? atol(argv[2]) : 0, found = 0;
    mongoc_client_pool_t *pool;
    mongoc_uri_t *uri;
    struct timespec from, to;
    bson_error_t reason;
    double seconds;

    if (text == NULL || database == NULL || items < 1 || threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: MONGODB_URI=... MONGODB_DATABASE=... bench_lookup ITEMS THREADS\n");
        return 2;
    }
    mongoc_init();
    uri = mongoc_uri_new_with_error(text, &reason);
    if (uri == NULL) {
        die("MONGODB_URI", &reason);
    }
    pool = mongoc_client_pool_new(uri);
    for (long i = 0; i < threads; i++) {
        loads[i] = (load_t){ .client = mongoc_client_pool_pop(pool), .first = i, .step = threads, .end = items };
        loads[i].items = mongoc_client_get_collection(loads[i].client, database, "erp_items");
    }
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (long i = 0; i < threads; i++) {
        pthread_create(&loads[i].thread, NULL, run, &loads[i]);
    }
    for (long i = 0; i < threads; i++) {
        pthread_join(loads[i].thread, NULL);
        found += loads[i].found;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    for (long i = 0; i < threads; i++) {
        mongoc_collection_destroy(loads[i].items);
        mongoc_client_pool_push(pool, loads[i].client);
    }
    seconds = (double) (to.tv_sec - from.tv_sec) + (double) (to.tv_nsec - from.tv_nsec) / 1e9;
    printf("{\"items\":%ld,\"found\":%ld,\"seconds\":%.3f,\"per_s\":%.1f}\n", items, found, seconds,
           (double) items / seconds);
    mongoc_client_pool_destroy(pool);
    mongoc_uri_destroy(uri);
    mongoc_cleanup();
    return 0;
}
