/*
 * What the approval of a count cannot be faster than:
 *
 *     MONGODB_URI=... MONGODB_DATABASE=... bench_approve ADJUSTMENT_ID
 *
 * Bare libmongoc inserting the documents that the approval has written, the lines of the adjustment a thousand a
 * transaction and then its head.  They are read into memory before the time begins, and go into a database of its own
 * with the same indexes, dropped at the end.  Prints one JSON object: seconds, and CPU seconds of this program and of
 * the server (SERVER_PID).
 */
#include <mongoc/mongoc.h>

#include <time.h>

#include "bench/lib/bare_store.h"
#include "bench/lib/server_cpu.h"

enum { INSERTS = 1000 };

typedef struct {
    bson_t **documents;
    size_t count;
} documents_t;

static void
keep(const bson_t *document, void *context)
{
    documents_t *kept = context;

    kept->documents = bson_realloc(kept->documents, (kept->count + 1) * sizeof(bson_t *));
    kept->documents[kept->count++] = bson_copy(document);
}

static void
insert_some(sv_store_t *store, mongoc_client_session_t *session, sv_collection_t collection,
            const documents_t *documents, size_t first)
{
    size_t count = documents->count - first < INSERTS ? documents->count - first : INSERTS;
    bson_t options = BSON_INITIALIZER;
    bson_error_t reason;

    bare_transaction_begin(session, &options);
    if (!mongoc_collection_insert_many(store->collections[collection], (const bson_t **) documents->documents + first,
                                       count, &options, NULL, &reason)) {
        die("insert", reason.message);
    }
    bare_transaction_commit(session);
    bson_destroy(&options);
}

static double
cpu_s(void)
{
    return (double) clock() / CLOCKS_PER_SEC;
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

static void
measure(const char *adjustment_id, sv_arena_t *arena)
{
    bson_t *filter = BCON_NEW("adjustment_id", BCON_UTF8(adjustment_id));
    documents_t lines = { 0 }, heads = { 0 };
    bare_store_t tested, own;
    double seconds, driver, server;

    bare_store_open_tested(&tested, arena);
    bare_store_each(&tested, SV_COLLECTION_ADJUSTMENT_LINES, filter, keep, &lines);
    bare_store_each(&tested, SV_COLLECTION_ADJUSTMENTS, filter, keep, &heads);
    bare_store_close(&tested);
    bson_destroy(filter);
    bare_store_open_own(&own, arena);
    driver = cpu_s();
    server = server_cpu_s();
    seconds = insert_all(own.store, &lines, &heads);
    printf("{\"lines\":%zu,\"heads\":%zu,\"seconds\":%.3f,\"driver\":%.3f,\"server\":%.3f}\n", lines.count, heads.count,
           seconds, cpu_s() - driver, server_cpu_s() - server);
    mongoc_database_drop(own.store->database, NULL);
    bare_store_close(&own);
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
