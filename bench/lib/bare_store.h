#ifndef SV_BENCH_BARE_STORE_H
#define SV_BENCH_BARE_STORE_H

#include "bench/lib/measure.h"
#include "core/base/codec.h"
#include "core/store/indexes.h"

/* Databases of benchmarks that have bare libmongoc write what the system under test has written. */
enum { SV_BENCH_READ_MS = 600000 };

typedef struct {
    sv_settings_t settings;
    sv_store_pool_t *pool;
    sv_store_t *store;
    sv_error_t error;
} bare_store_t;

static inline const char *
why(const sv_error_t *error)
{
    return error->cause != NULL ? error->cause : error->message;
}

static inline void
bare_store_open(bare_store_t *bare, const char *database, sv_arena_t *arena)
{
    sv_error_init(&bare->error, arena);
    sv_settings_defaults(&bare->settings);
    bare->settings.mongodb_uri = getenv("MONGODB_URI");
    bare->settings.mongodb_database = database;
    bare->pool = sv_store_pool_create_limited(&bare->settings, 1, SV_BENCH_READ_MS, &bare->error);
    bare->store = bare->pool == NULL ? NULL : sv_store_acquire(bare->pool);
    if (bare->store == NULL) {
        die("MongoDB", why(&bare->error));
    }
}

/* The one under test. */
static inline void
bare_store_open_tested(bare_store_t *bare, sv_arena_t *arena)
{
    bare_store_open(bare, getenv("MONGODB_DATABASE"), arena);
}

/* One of its own, with the same indexes. */
static inline void
bare_store_open_own(bare_store_t *bare, sv_arena_t *arena)
{
    sv_index_summary_t summary;
    uint8_t random[8];
    char hex[sizeof(random) * 2 + 1];

    sv_random_bytes(random, sizeof(random));
    sv_hex_encode(random, sizeof(random), hex);
    bare_store_open(bare, sv_arena_printf(arena, "sv_bench_%s", hex), arena);
    if (sv_indexes_ensure(bare->store, NULL, NULL, &summary, &bare->error) != SV_OK) {
        die("indexes", why(&bare->error));
    }
}

static inline void
bare_store_close(bare_store_t *bare)
{
    sv_store_release(bare->store);
    sv_store_pool_destroy(bare->pool);
}

/* Each document that the filter finds, until the next is taken. */
static inline void
bare_store_each(bare_store_t *bare, sv_collection_t collection, const bson_t *filter,
                void (*take)(const bson_t *document, void *context), void *context)
{
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(bare->store->collections[collection], filter, NULL, NULL);
    const bson_t *document;
    bson_error_t reason;

    while (mongoc_cursor_next(cursor, &document)) {
        take(document, context);
    }
    if (mongoc_cursor_error(cursor, &reason)) {
        die("read", reason.message);
    }
    mongoc_cursor_destroy(cursor);
}

/* Begins a transaction: `options` name it. */
static inline void
bare_transaction_begin(mongoc_client_session_t *session, bson_t *options)
{
    bson_error_t reason;

    if (!mongoc_client_session_start_transaction(session, NULL, &reason) ||
        !mongoc_client_session_append(session, options, &reason)) {
        die("transaction", reason.message);
    }
}

static inline void
bare_transaction_commit(mongoc_client_session_t *session)
{
    bson_error_t reason;

    if (!mongoc_client_session_commit_transaction(session, NULL, &reason)) {
        die("commit", reason.message);
    }
}

#endif
