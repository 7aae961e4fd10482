/*
 * What the approval of a count cannot be faster than:
 *
 *     MONGODB_URI=... MONGODB_DATABASE=... bench_approve ADJUSTMENT_ID
 *
 * Bare libmongoc inserting the documents that the approval has written, the lines of the adjustment a thousand a
 * transaction and then its head.  They are read into memory before the time begins, and go into a database of its own
 * with the same indexes, dropped at the end.  Prints one JSON object.
 */
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/codec.h"
#include "core/store/indexes.h"

enum { INSERTS = 1000, READ_MS = 600000 };

typedef struct {
    bson_t **documents;
    size_t count;
} documents_t;

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "bench_approve: %s: %s\n", what, why);
    exit(1);
}

static documents_t
load(sv_store_t *store, sv_collection_t collection, const char *adjustment_id)
{
    bson_t *filter = BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id));
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(store->collections[collection], filter, NULL, NULL);
    documents_t found = { 0 };
    const bson_t *document;
    bson_error_t reason;

    while (mongoc_cursor_next(cursor, &document)) {
        found.documents = bson_realloc(found.documents, (found.count + 1) * sizeof(bson_t *));
        found.documents[found.count++] = bson_copy(document);
    }
    if (mongoc_cursor_error(cursor, &reason)) {
        die("read", reason.message);
    }
    mongoc_cursor_destroy(cursor);
    bson_destroy(filter);
    return found;
}

static void
insert_some(sv_store_t *store, mongoc_client_session_t *session, sv_collection_t collection,
            const documents_t *documents, size_t first)
{
    size_t count = documents->count - first < INSERTS ? documents->count - first : INSERTS;
    bson_t options = BSON_INITIALIZER, reply;
    bson_error_t reason;

    if (!mongoc_client_session_start_transaction(session, NULL, &reason) ||
        !mongoc_client_session_append(session, &options, &reason)) {
        die("transaction", reason.message);
    }
    if (!mongoc_collection_insert_many(store->collections[collection], (const bson_t **) documents->documents + first,
                                       count, &options, NULL, &reason)) {
        die("insert", reason.message);
    }
    if (!mongoc_client_session_commit_transaction(session, &reply, &reason)) {
        die("commit", reason.message);
    }
    bson_destroy(&reply);
    bson_destroy(&options);
}

static double
insert_all(sv_store_t *store, const documents_t *lines, const documents_t *heads)
{
    mongoc_client_session_t *session = mongoc_client_start_session(store->client, NULL, NULL);
    double begun = now_s();

    for (size_t first = 0; first < lines->count; first += INSERTS) {
        insert_some(store, session, SV_COLLECTION_ADJUSTMENT_LINES, lines, first);
    }
    for (size_t first = 0; first < heads->count; first += INSERTS) {
        insert_some(store, session, SV_COLLECTION_ADJUSTMENTS, heads, first);
    }
    begun = now_s() - begun;
    mongoc_client_session_destroy(session);
    return begun;
}

static sv_store_t *
open_store(sv_settings_t *settings, sv_store_pool_t **pool, sv_error_t *error)
{
    sv_store_t *store;

    *pool = sv_store_pool_create_limited(settings, 1, READ_MS, error);
    store = *pool == NULL ? NULL : sv_store_acquire(*pool);
    if (store == NULL) {
        die("MongoDB", error->cause != NULL ? error->cause : error->message);
    }
    return store;
}

static void
measure(const char *adjustment_id, sv_arena_t *arena)
{
    sv_settings_t settings;
    sv_index_summary_t summary;
    sv_store_pool_t *pool;
    sv_store_t *store;
    sv_error_t error;
    documents_t lines, heads;
    uint8_t random[8];
    char hex[sizeof(random) * 2 + 1];
    double seconds;

    sv_error_init(&error, arena);
    sv_settings_defaults(&settings);
    settings.mongodb_uri = getenv("MONGODB_URI");
    settings.mongodb_database = getenv("MONGODB_DATABASE");
    store = open_store(&settings, &pool, &error);
    lines = load(store, SV_COLLECTION_ADJUSTMENT_LINES, adjustment_id);
    heads = load(store, SV_COLLECTION_ADJUSTMENTS, adjustment_id);
    sv_store_release(store);
    sv_store_pool_destroy(pool);
    sv_random_bytes(random, sizeof(random));
    sv_hex_encode(random, sizeof(random), hex);
    settings.mongodb_database = sv_arena_printf(arena, "sv_bench_%s", hex);
    store = open_store(&settings, &pool, &error);
    if (sv_indexes_ensure(store, NULL, NULL, &summary, &error) != SV_OK) {
        die("indexes", error.cause != NULL ? error.cause : error.message);
    }
    seconds = insert_all(store, &lines, &heads);
    printf("{\"lines\":%zu,\"heads\":%zu,\"seconds\":%.3f}\n", lines.count, heads.count, seconds);
    mongoc_database_drop(store->database, NULL);
    sv_store_release(store);
    sv_store_pool_destroy(pool);
}

int
main(int argc, char **argv)
{
    sv_arena_t *arena;

    if (argc != 2 || getenv("MONGODB_URI") == NULL || getenv("MONGODB_DATABASE") == NULL) {
        fprintf(stderr, "usage: MONGODB_URI=... MONGODB_DATABASE=... bench_approve ADJUSTMENT_ID\n");
        return 2;
    }
    mongoc_init();
    arena = sv_arena_create();
    measure(argv[1], arena);
    sv_arena_destroy(arena);
    mongoc_cleanup();
    return 0;
}
