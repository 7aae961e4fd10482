#include "core/report/blocks/block_inserter.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    SV_INSERT_DOCUMENTS = 64,
    SV_INSERT_BYTES = 1024 * 1024, /* or as many as make so much */
};

typedef struct {
    bson_t *documents[SV_INSERT_DOCUMENTS];
    size_t count, bytes;
} sv_insert_batch_t;

/* One batch is gathered by the writer, the other is the thread's while `given`. */
struct sv_block_inserter_s {
    sv_collection_t collection;
    sv_block_announce_t announce; /* once it was called it is none any more */
    sv_store_t *store;            /* the thread's, while it runs */
    sv_insert_batch_t batches[2];
    int gathering;
    sv_arena_t *arena; /* of the failure; the thread's while `given` */
    sv_error_t failure;
    bool given, stopped; /* by turns under the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool started;
};

static void
sv_batch_forget(sv_insert_batch_t *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        bson_destroy(batch->documents[i]);
    }
    batch->count = 0;
    batch->bytes = 0;
}

static sv_status_t
sv_batch_insert(const sv_insert_batch_t *batch, sv_store_t *store, sv_collection_t collection, sv_error_t *error)
{
    bson_t *options = sv_store_options(store, error->arena);
    bson_t reply;
    bson_error_t reason;

    if (!mongoc_collection_insert_many(store->collections[collection], (const bson_t **) batch->documents, batch->count,
                                       options, &reply, &reason)) {
        sv_store_call_fail(store, &reason, &reply, error);
    }
    bson_destroy(&reply);
    return error->status;
}

/* ---- the thread */

static void
sv_inserter_insert(sv_block_inserter_t *inserter, sv_insert_batch_t *batch)
{
    sv_block_announce_t announce = inserter->announce;

    inserter->announce = (sv_block_announce_t){ 0 };
    if (announce.call == NULL || announce.call(announce.context, inserter->store, &inserter->failure) == SV_OK) {
        sv_batch_insert(batch, inserter->store, inserter->collection, &inserter->failure);
    }
    sv_batch_forget(batch);
}

static void *
sv_inserter_thread(void *context)
{
    sv_block_inserter_t *inserter = context;

    pthread_mutex_lock(&inserter->lock);
    for (;;) {
        while (!inserter->given && !inserter->stopped) {
            pthread_cond_wait(&inserter->changed, &inserter->lock);
        }
        if (inserter->stopped) {
            break;
        }
        pthread_mutex_unlock(&inserter->lock);
        sv_inserter_insert(inserter, &inserter->batches[!inserter->gathering]);
        pthread_mutex_lock(&inserter->lock);
        inserter->given = false;
        pthread_cond_broadcast(&inserter->changed);
    }
    pthread_mutex_unlock(&inserter->lock);
    return NULL;
}

/* ---- the writer */

sv_block_inserter_t *
sv_block_inserter_create(sv_store_pool_t *pool, sv_collection_t collection, const sv_block_announce_t *announce,
                         sv_error_t *error)
{
    sv_block_inserter_t *inserter = calloc(1, sizeof(*inserter));

    if (inserter == NULL) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&inserter->lock, NULL);
    pthread_cond_init(&inserter->changed, NULL);
    inserter->arena = sv_arena_create();
    sv_error_init(&inserter->failure, inserter->arena);
    inserter->collection = collection;
    inserter->announce = announce != NULL ? *announce : (sv_block_announce_t){ 0 };
    inserter->store = sv_store_acquire(pool);
    if (inserter->store == NULL) {
        sv_fail_cause(error, SV_ERR_UNAVAILABLE, "no client for writing blocks");
    } else if (pthread_create(&inserter->thread, NULL, sv_inserter_thread, inserter) != 0) {
        sv_fail_cause(error, SV_ERR_INTERNAL, "no thread for writing blocks");
    } else {
        inserter->started = true;
        return inserter;
    }
    sv_block_inserter_destroy(inserter);
    return NULL;
}

sv_status_t
sv_block_inserter_settle(sv_block_inserter_t *inserter, sv_error_t *error)
{
    pthread_mutex_lock(&inserter->lock);
    while (inserter->given) {
        pthread_cond_wait(&inserter->changed, &inserter->lock);
    }
    pthread_mutex_unlock(&inserter->lock);
    if (inserter->failure.status == SV_OK) {
        return SV_OK;
    }
    return sv_fail_cause(error, inserter->failure.status, "%s",
                         inserter->failure.cause != NULL ? inserter->failure.cause
                                                         : sv_status_code(inserter->failure.status));
}

/* What is gathered goes to the thread, once it has done with what it was given before. */
static sv_status_t
sv_inserter_give(sv_block_inserter_t *inserter, sv_error_t *error)
{
    sv_insert_batch_t *batch = &inserter->batches[inserter->gathering];

    if (sv_block_inserter_settle(inserter, error) != SV_OK) {
        sv_batch_forget(batch);
        return error->status;
    }
    pthread_mutex_lock(&inserter->lock);
    inserter->gathering = !inserter->gathering;
    inserter->given = true;
    pthread_cond_broadcast(&inserter->changed);
    pthread_mutex_unlock(&inserter->lock);
    return SV_OK;
}

sv_status_t
sv_block_inserter_add(sv_block_inserter_t *inserter, bson_t *document, sv_error_t *error)
{
    sv_insert_batch_t *batch = &inserter->batches[inserter->gathering];

    batch->documents[batch->count++] = document;
    batch->bytes += document->len;
    return batch->count == SV_INSERT_DOCUMENTS || batch->bytes >= SV_INSERT_BYTES ? sv_inserter_give(inserter, error)
                                                                                  : SV_OK;
}

sv_status_t
sv_block_inserter_insert_last(sv_block_inserter_t *inserter, sv_store_t *store, sv_error_t *error)
{
    const sv_insert_batch_t *batch = &inserter->batches[inserter->gathering];

    return batch->count > 0 ? sv_batch_insert(batch, store, inserter->collection, error) : SV_OK;
}

void
sv_block_inserter_destroy(sv_block_inserter_t *inserter)
{
    if (inserter == NULL) {
        return;
    }
    if (inserter->started) {
        pthread_mutex_lock(&inserter->lock);
        inserter->stopped = true;
        pthread_cond_broadcast(&inserter->changed);
        pthread_mutex_unlock(&inserter->lock);
        pthread_join(inserter->thread, NULL);
    }
    sv_batch_forget(&inserter->batches[0]);
    sv_batch_forget(&inserter->batches[1]);
    sv_store_release(inserter->store);
    sv_arena_destroy(inserter->arena);
    pthread_cond_destroy(&inserter->changed);
    pthread_mutex_destroy(&inserter->lock);
    free(inserter);
}
