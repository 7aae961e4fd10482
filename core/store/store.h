#ifndef SV_STORE_H
#define SV_STORE_H

#include <mongoc/mongoc.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/settings/settings.h"
#include "core/store/left_sessions.h"
#include "core/store/store_error.h"

/*
 * MongoDB: a pool of clients, made after fork; one client (sv_store_t) at a
 * time for one thread.  All reads and writes are w: majority, j: true,
 * readConcern majority unless a function says otherwise.
 */
typedef struct sv_store_pool_s  sv_store_pool_t;

/* Collections, by name in docs/data-model.md: SV_COLLECTION_RACK_REGISTRY, ... */
typedef enum {
#define SV_COLLECTION(name, collection)  SV_COLLECTION_##name,
#include "core/store/collections.def"
#undef SV_COLLECTION
    SV_COLLECTION_COUNT
} sv_collection_t;

const char *sv_collection_name(sv_collection_t collection);

typedef struct sv_store_s {
    mongoc_client_t          *client;
    mongoc_database_t        *database;
    mongoc_collection_t      *collections[SV_COLLECTION_COUNT];
    const sv_settings_t      *settings;
    mongoc_client_session_t  *session;         /* of its transactions, kept for the next; NULL before the first */
    mongoc_client_session_t  *transaction;     /* set while sv_transaction_run runs its body, else NULL */
    sv_store_pool_t          *pool;
    /* kept by the transaction loop (core/store/transaction.c) */
    bool                      transient;       /* a call of the running body failed with TransientTransactionError */
    bool                      outcome_unknown; /* the last transaction failed without saying whether it was committed */
    bool                      cut_off;         /* the connection broke in the last transaction */
    bool                      contended;       /* its last failure was another transaction's change */
    size_t                    number;          /* of this client in its pool */
    struct sv_store_s        *next_idle;
} sv_store_t;

/* Makes the pool (no connection yet); max_clients >= threads that use it.  NULL with
 * `error` for a bad URI.  Call after fork. */
sv_store_pool_t *sv_store_pool_create(const sv_settings_t *settings, unsigned max_clients, sv_error_t *error);
/* The same for programs that keep no client waiting: a call may take worker_mongodb_timeout. */
sv_store_pool_t *sv_store_pool_create_patient(const sv_settings_t *settings, unsigned max_clients, sv_error_t *error);
/* The same for reads that may take `limit_ms` and no longer, whatever the URI says: a call that takes longer fails as
 * SV_ERR_UNAVAILABLE, also on a server that keeps no time limits, and is not tried again by the driver. */
sv_store_pool_t *sv_store_pool_create_limited(const sv_settings_t *settings, unsigned max_clients, int64_t limit_ms, sv_error_t *error);
void             sv_store_pool_destroy(sv_store_pool_t *pool);

/* The sessions that a transaction first ends, because nobody goes on with them. */
sv_left_sessions_t *sv_store_left_sessions(sv_store_pool_t *pool);

/* What belongs to a pool and is shared by all who use it, on any thread: made by the first who asks,
 * destroyed with the pool. */
typedef enum { SV_POOL_KEEPS_ITEM_CACHE, SV_POOL_KEEPS_PREVIEWS, SV_POOL_KEEPS_ZONES, SV_POOL_KEEPS_SERIALS,
               SV_POOL_KEEPS_CATALOG, SV_POOL_KEEPS_CATALOG_BUILD, SV_POOL_KEEPS_COUNT } sv_pool_keeps_t;

void *sv_store_pool_keep(sv_store_pool_t *pool, sv_pool_keeps_t which, void *(*make)(void),
                         void (*destroy)(void *kept));

/* One client for the calling thread, with its collections open; sv_store_t structs are kept
 * by the pool and reused.  NULL when none came free within mongodb_timeout. */
sv_store_t *sv_store_acquire(sv_store_pool_t *pool);
void        sv_store_release(sv_store_t *store);

/* SV_OK, SV_ERR_UNAVAILABLE, or SV_ERR_INTERNAL with the one-line remedy in `cause` for a
 * standalone server without transactions. */
sv_status_t sv_store_check_server(sv_store_t *store, sv_error_t *error);
sv_status_t sv_store_ping(sv_store_t *store, sv_error_t *error);

/* sv_store_fail() for a call that a transaction's body may have made: its loop learns whether to run the body again. */
sv_status_t sv_store_call_fail(sv_store_t *store, const bson_error_t *driver_error, const bson_t *reply,
                               sv_error_t *error);
/* What a failure inside a transaction says of the connection, and of others in its way. */
void        sv_store_note_failure(sv_store_t *store, const bson_error_t *driver_error);

/* The id of the session this store's transactions run in, until it changes after a failure of the network; NULL with
 * `error` when none can be had.  Whoever takes over from a dead process kills its session by this id
 * (sv_store_kill_session), so that documents a transaction left changed need not wait for the server's time limit. */
const bson_t *sv_store_session_id(sv_store_t *store, sv_error_t *error);
sv_status_t   sv_store_kill_session(sv_store_t *store, const bson_t *session_id, sv_error_t *error);

/* Options for a driver call: carries the transaction's session when there is one.  The
 * result is a bson_t in the arena; append to it freely. */
bson_t *sv_store_options(sv_store_t *store, sv_arena_t *arena);

/* The server's clock in UTC ms: costs a round trip; only where no document carries it. */
sv_status_t sv_store_now(sv_store_t *store, int64_t *ms, sv_error_t *error);

/* Small reads and writes, each inside the transaction when there is one.  Results are copies
 * registered with the arena (no destroy by the caller); NULL when nothing matched. */
sv_status_t sv_store_find_one(sv_store_t *store, sv_collection_t collection, const bson_t *filter,
                              const bson_t *projection, sv_arena_t *arena, const bson_t **document, sv_error_t *error);
/* The first of an order that the options (sort, projection) give. */
sv_status_t sv_store_find_first(sv_store_t *store, sv_collection_t collection, const bson_t *filter,
                                const bson_t *options, sv_arena_t *arena, const bson_t **document, sv_error_t *error);
sv_status_t sv_store_find(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *options,
                          mongoc_cursor_t **cursor, sv_error_t *error);      /* caller destroys the cursor */
/* How many match. */
sv_status_t sv_store_count(sv_store_t *store, sv_collection_t collection, const bson_t *filter, int64_t *count,
                           sv_error_t *error);
/* Whether at least so many match; reads no more than that. */
sv_status_t sv_store_reaches(sv_store_t *store, sv_collection_t collection, const bson_t *filter, int64_t count,
                             bool *reached, sv_error_t *error);
/* Gives every row that a find has to `row`, as long as the call lasts. */
typedef void (*sv_store_row_t)(const bson_t *row, void *context);
sv_status_t sv_store_each(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *options,
                          sv_store_row_t row, void *context, sv_error_t *error);
/* SV_OK when the cursor ended because there was no more; a failure is told as sv_store_find would. */
sv_status_t sv_store_cursor_end(sv_store_t *store, mongoc_cursor_t *cursor, sv_error_t *error);
/* SV_ERR_ALREADY_EXISTS on a duplicate key. */
sv_status_t sv_store_insert(sv_store_t *store, sv_collection_t collection, const bson_t *document, sv_error_t *error);
sv_status_t sv_store_update_one(sv_store_t *store, sv_collection_t collection, const bson_t *filter, const bson_t *update,
                                int64_t *matched, sv_error_t *error);
sv_status_t sv_store_update_many(sv_store_t *store, sv_collection_t collection, const bson_t *filter,
                                 const bson_t *update, int64_t *matched, sv_error_t *error);
sv_status_t sv_store_delete_many(sv_store_t *store, sv_collection_t collection, const bson_t *filter, int64_t *deleted,
                                 sv_error_t *error);
/* findAndModify; *document is the old or the new one (new_document), NULL when nothing matched. */
sv_status_t sv_store_find_and_update(sv_store_t *store, sv_collection_t collection, const bson_t *filter,
                                     const bson_t *update, bool new_document, bool upsert, sv_arena_t *arena,
                                     const bson_t **document, sv_error_t *error);

#endif
